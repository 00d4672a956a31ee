"""Which of CKAN's tests are run, with which options, and which failures are known."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

MODES = ("hybrid", "lexical")


@dataclass(frozen=True)
class Suite:
    """A part of CKAN's tests: folders and files, from where CKAN is installed."""

    name: str
    paths: tuple[str, ...]
    #: How many tests CKAN 2.12.0 has there: fewer means that some were not found.
    tests: int

    def has(self, test: str) -> bool:
        """Tell whether a test, named as in ``known.yaml``, is part of this suite."""
        return test.startswith(
            tuple(path.removesuffix(".py").replace("/", ".") for path in self.paths)
        )


_CONTROLLERS = (
    "feed", "pagination", "home", "api", "package", "group", "organization", "admin",
)  # fmt: skip
_ACTIONS = ("get", "init", "delete", "update")
_EXTENSIONS = (
    "activity", "stats", "example_idatasetform", "example_ipermissionlabels",
    "example_igroupform", "multilingual", "expire_api_token",
)  # fmt: skip

#: What is run when nothing else is asked for.
SUITES = (
    Suite(
        "core",
        (
            "ckan/tests/lib/search",
            "ckan/tests/cli/test_search_index.py",
            *(f"ckan/tests/controllers/test_{name}.py" for name in _CONTROLLERS),
            *(f"ckan/tests/logic/action/test_{name}.py" for name in _ACTIONS),
            "ckan/tests/lib/dictization/test_model_dictize.py",
        ),
        889,
    ),
    Suite("extensions", tuple(f"ckanext/{name}/tests" for name in _EXTENSIONS), 385),
)
#: The part of ``core`` that `make test` runs, too.
QUICK = Suite("quick", ("ckan/tests/lib/search",), 127)

#: What CKAN's repository has in ``test-core.ini`` (which the wheel lacks), as far as 2.12 reads it.
#: Without storages CKAN falls back on its older uploader, which two of its tests do not expect.
OPTIONS = {
    "testing": "true",
    "debug": "false",
    "SECRET_KEY": "only for tests",
    "WTF_CSRF_ENABLED": "false",
    "ckan.site_id": "test.ckan.net",
    "ckan.site_title": "CKAN",
    "ckan.site_url": "http://test.ckan.net",
    "ckan.site_logo": "/images/ckan_logo_fullname_long.png",
    "ckan.plugins": "",
    "ckan.extra_resource_fields": "alt_url",
    "package_new_return_url": "http://localhost/dataset/<NAME>?test=new",
    "package_edit_return_url": "http://localhost/dataset/<NAME>?test=edit",
    "ckan.auth.user_create_organizations": "true",
    "ckan.auth.user_create_groups": "true",
    "ckan.auth.user_delete_organizations": "true",
    "ckan.auth.user_delete_groups": "true",
    "ckan.auth.create_user_via_api": "false",
    "ckan.auth.create_user_via_web": "true",
    "ckan.auth.create_dataset_if_not_in_organization": "true",
    "ckan.auth.anon_create_dataset": "false",
    "ckan.auth.create_unowned_dataset": "true",
    "ckan.template_head_end": '<link rel="stylesheet" href="TEST_TEMPLATE_HEAD_END.css"/>',
    "ckan.template_footer_end": "<strong>TEST TEMPLATE_FOOTER_END TEST</strong>",
    "ckan.locale_default": "en",
    "ckan.locale_order": "en pt_BR ja it cs_CZ ca es fr el sv sr sr@latin no sk fi ru de pl nl bg "
    "ko_KR hu sa sl lv",
    "ckan.datasets_per_page": "20",
    "ckan.activity_streams_email_notifications": "true",
    "ckan.jobs.timeout": "180",
    "ckanext.stats.cache_enabled": "0",
    "smtp.mail_from": "info@test.ckan.net",
}

#: CKAN's storages and their kinds; images must have an address that lasts.
STORAGES = {
    "default": "ckan:fs",
    "resources": "ckan:fs",
    "users": "ckan:fs:public",
    "groups": "ckan:fs:public",
    "admins": "ckan:fs:public",
}


@dataclass(frozen=True)
class Known:
    """A test that is known not to pass, and why."""

    test: str
    kind: str
    reason: str
    modes: tuple[str, ...]


def known() -> tuple[Known, ...]:
    """Read ``known.yaml``."""
    listed = yaml.safe_load(Path(__file__).with_name("known.yaml").read_text("utf-8")) or []
    return tuple(
        Known(item["test"], item["kind"], item["reason"], tuple(item.get("modes", MODES)))
        for item in listed
    )
