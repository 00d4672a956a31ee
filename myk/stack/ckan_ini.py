"""CKAN's configuration file: what the stack decides, then what the operator adds."""

from __future__ import annotations

import os
from configparser import ConfigParser, Error
from pathlib import Path

from myk.settings import Settings, SettingsError

#: Types of records, each with its schema in the extension.
TYPES = ("dataset", "document", "event")
PLUGINS = "myk scheming_datasets dcat structured_data activity datastore"

#: Where things are is the stack's to say, in its own settings.
_OWNED = frozenset(
    {
        "sqlalchemy.url", "ckan.datastore.write_url", "ckan.datastore.read_url", "ckan.redis.url",
        "solr_url", "solr_user", "solr_password", "ckan.site_url", "ckan.storage_path",
        "SECRET_KEY",
    }
)  # fmt: skip

_LOGGING = """
[loggers]
keys = root, ckan, ckanext, werkzeug, questions

[handlers]
keys = console

[formatters]
keys = generic

[logger_root]
level = WARNING
handlers = console

[logger_werkzeug]
level = WARNING
handlers = console
qualname = werkzeug
propagate = 0

[logger_ckan]
level = WARNING
handlers = console
qualname = ckan
propagate = 0

[logger_ckanext]
level = WARNING
handlers = console
qualname = ckanext
propagate = 0

# It would write what a visitor asked, when that cannot be read.
[logger_questions]
level = CRITICAL
handlers = console
qualname = ckan.views.dataset
propagate = 0

[handler_console]
class = StreamHandler
args = (sys.stderr,)
level = NOTSET
formatter = generic

[formatter_generic]
format = %(levelname)s [%(name)s] %(message)s
"""


def options(
    settings: Settings,
    session_secret: str,
    search_token: str,
    storage: Path,
    *,
    database_url: str,
    redis_url: str,
    datastore: tuple[str, str] | None,
) -> dict[str, str]:
    """Return CKAN's options as the stack decides them."""
    decided = {
        "SECRET_KEY": session_secret,
        "sqlalchemy.url": database_url,
        "ckan.redis.url": redis_url,
        "solr_url": f"{settings.search_url}/solr/ckan",
        "solr_user": "ckan",
        # Seconds: a search that takes longer is one that hangs, and a page must not hang with it.
        "solr_timeout": "5",
        "solr_password": search_token,
        "ckan.site_url": settings.public_url,
        "ckan.site_id": "myk",
        "ckan.site_title": settings.site_title,
        "ckan.storage_path": str(storage),
        "ckan.plugins": PLUGINS if datastore else PLUGINS.replace(" datastore", ""),
        # ckanext-dcat's croissant profile breaks dataset pages where this is only a default.
        "ckan.locale_default": "de",
        "ckan.locales_offered": "de en",
        "ckan.locale_order": "de en",
        "ckan.display_timezone": "Europe/Berlin",
        "ckan.datasets_per_page": "20",
        "ckan.hide_version": "true",
        "ckan.max_resource_size": "100",
        "ckan.auth.create_user_via_web": "false",
        "ckan.auth.create_user_via_api": "false",
        "ckan.auth.public_user_details": "false",
        "ckan.auth.user_create_organizations": "false",
        "ckan.auth.user_create_groups": "false",
        "ckan.auth.create_unowned_dataset": "false",
        "ckan.gravatar_default": "disabled",
        "ckan.recaptcha.privatekey": "",
        "ckan.upload.user.types": "image",
        "ckan.feeds.author_name": settings.site_title,
        "ckan.feeds.authority_name": settings.public_url,
        # CKAN only strips the scheme: a path with spaces must stand as it is.
        "licenses_group_url": f"file://{settings.config_folder / 'licenses.json'}",
        "scheming.dataset_schemas": " ".join(f"ckanext.myk:schemas/{name}.yaml" for name in TYPES),
        "scheming.presets": (
            "ckanext.scheming:presets.json ckanext.dcat.schemas:presets.yaml "
            "ckanext.myk:schemas/presets.yaml"
        ),
        # One search page for all types; those of a single type keep theirs.
        "ckan.search.show_all_types": "dataset",
        "ckanext.dcat.rdf.profiles": "euro_dcat_ap_3 dcat_ap_de",
        "ckanext.dcat.base_uri": settings.public_url,
        "ckanext.dcat.enable_content_negotiation": "true",
        "ckanext.dcat.clean_tags": "false",
        "ckanext.myk.search_url": settings.search_url,
        "ckanext.myk.search_token": search_token,
        "ckanext.myk.config_folder": str(settings.config_folder),
        "ckanext.myk.harvest_allow_hosts": settings.harvest_allow_hosts,
    }
    if datastore:
        decided["ckan.datastore.write_url"], decided["ckan.datastore.read_url"] = datastore
    return decided


def write(path: Path, decided: dict[str, str], operators: Path) -> None:
    """Write ``ckan.ini`` for its owner alone; the operator's file adds and overrides.

    :raises SettingsError: when the operator's file cannot be read or claims what is not its own.
    """
    added = check(operators)
    parser = ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser["DEFAULT"] = {"debug": "false"}
    parser["app:main"] = {
        name: value.replace("%", "%%") for name, value in {**decided, **added}.items()
    }
    draft = path.with_suffix(".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        parser.write(file)
        file.write(_LOGGING)
    draft.replace(path)


def check(path: Path) -> dict[str, str]:
    """Return the operator's options.

    :raises SettingsError: when the file cannot be read or claims what is not its own.
    """
    added = _operators(path)
    owned = sorted(_OWNED & added.keys())
    if owned:
        raise SettingsError(
            f"{path} sets {', '.join(owned)}: that is decided by config/myk.toml "
            "(see docs/configuration.md)"
        )
    return added


def _operators(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    parser = ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read(path, encoding="utf-8")
    except (Error, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {' '.join(str(error).split())}") from None
    if not parser.has_section("app:main"):
        return {}
    return dict(parser["app:main"])
