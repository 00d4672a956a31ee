"""CKAN's documents beside those of the rebuild, for the portal's records and for odd ones.

Run in a process of its own that loads CKAN (``test_reindexing.py``). The odd records exist only in
a transaction that is rolled back. Prints JSON: how many records there were, and what differs.
"""

from __future__ import annotations

import datetime
import itertools
import json
import random
import sys
from collections.abc import Iterator
from typing import Any

import pysolr
from ckan import authz, logic, model
from ckan.common import config
from ckan.lib import plugins as forms
from ckan.lib.search import index as search_index
from ckan.plugins import SingletonPlugin, core, implements, interfaces, toolkit

from myk import settings as settings_module
from myk.ckan import ckan_environment
from myk.reindexing import NotIndexed, documents, rows


class Probe(SingletonPlugin, toolkit.DefaultDatasetForm):
    """Another extension: takes part wherever CKAN asks while it indexes."""

    implements(interfaces.IPackageController, inherit=True)
    implements(interfaces.IResourceController, inherit=True)
    implements(interfaces.IPermissionLabels)
    implements(interfaces.IDatasetForm, inherit=True)

    def is_fallback(self) -> bool:
        return False

    def package_types(self) -> list[str]:
        return ["probe"]

    def show_package_schema(self) -> Any:
        schema = super().show_package_schema()
        schema["colour"] = [
            toolkit.get_validator("convert_from_extras"),
            toolkit.get_validator("ignore_missing"),
        ]
        return schema

    def read(self, entity: Any) -> None:
        entity.probe_read = True

    def after_dataset_show(self, context: Any, pkg_dict: dict[str, Any]) -> None:
        pkg_dict["probe_shown"] = sorted(key for key in context if not key.startswith("_"))
        pkg_dict["probe_read"] = context["package"].probe_read

    def before_resource_show(self, resource_dict: dict[str, Any]) -> dict[str, Any]:
        resource_dict["probe_seen"] = resource_dict.get("probe_seen", 0) + 1
        if isinstance(resource_dict.get("nested"), list):
            resource_dict["nested"].append("probe")
        return resource_dict

    def before_dataset_index(self, pkg_dict: dict[str, Any]) -> dict[str, Any]:
        record = json.loads(pkg_dict["validated_data_dict"])
        pkg_dict["probe_keys"] = list(record)
        if (pkg_dict.get("extras_colour") or pkg_dict.get("colour")) == "again":
            again = toolkit.get_action("package_show")(
                {"ignore_auth": True, "use_cache": False}, {"id": pkg_dict["id"]}
            )
            pkg_dict["probe_again"] = json.dumps(again)
        return pkg_dict

    def get_dataset_labels(self, dataset_obj: Any) -> list[str]:
        usual = forms.DefaultPermissionLabels().get_dataset_labels(dataset_obj)
        return [*usual, f"probe-{dataset_obj.version}"]

    def get_user_dataset_labels(self, user_obj: Any) -> list[str]:
        return []


class Recorder:
    """Stands where the search service is; keeps what it is told, in order."""

    def __init__(self) -> None:
        self.added: dict[str, dict[str, Any]] = {}
        self.deleted: list[str] = []

    def add(self, docs: list[dict[str, Any]], commit: bool = False) -> None:
        for doc in docs:
            assert doc["id"] not in self.added
            self.added[doc["id"]] = doc

    def delete(self, q: str, commit: bool = False) -> None:
        self.deleted.append(q)


# -- odd records ---------------------------------------------------------------------------

_TEXTS = [
    "", None, " Leerzeichen vorn und hinten ", "Straße „Ä“ 🜨", "a\x0bb\x01c", "2024-13-45", "null",
    "[]", "{}", '["x", "y"]', "http://example.org/a", "42", "x" * 90, "zwei\nZeilen\ttab",
]  # fmt: skip
_AGENTS = ['[{"name": "Amt", "email": ""}]', "[]", '[{"name": "A"}, {}, {"uri": "http://x.de"}]']
_SCHEME = {
    "theme": ['["http://a.de/1", "http://a.de/2"]', "http://a.de/1", "[]", ""],
    "contact": _AGENTS,
    "publisher": _AGENTS,
    "temporal_coverage": ['[{"start": "2020", "end": "2021-02"}]', '[{"start": "x"}]'],
    "spatial_coverage": [
        '[{"geom": "{\\"type\\": \\"Point\\", \\"coordinates\\": [7.2, 50.3]}", "text": "Mayen"}]',
        '[{"text": "ohne Ort"}]',
    ],
    "issued": ["2024-01-01", "gestern", ""],
    "modified": ["2024-05-01T10:00:00", "2024-05"],
    "language": ['["de"]', "de"],
    "foreign_date": ["2001-02-03", "kein Datum", ""],
    "colour": ["red", "again"],
    "schräg & bunt": ["x"],
    "tags_extra": ["y"],
    "title_en": ["English"],
}


def odd_records() -> Iterator[Any]:
    """Add records in the session's transaction, and yield them."""
    source = random.Random(20240719)
    organizations = [_group("org", number, True) for number in range(3)]
    groups = [_group("group", number, False) for number in range(6)]
    groups[0].title = groups[1].title = "Derselbe Titel"
    groups[2].state = organizations[2].state = "deleted"
    user = model.Session.query(model.User).first()
    for group in groups[:3]:
        _add(model.Member(table_name="user", table_id=user.id, group_id=group.id))
    vocabularies = [_add(model.Vocabulary(name=f"probe-{number}")) for number in range(2)]
    model.Session.flush()
    names = ["alpha", "Beta", "ä-tag", "zeta", *(f"wort-{number}" for number in range(9))]
    tags = [
        _add(model.Tag(name=name, vocabulary_id=vocabulary and vocabulary.id))
        for name in names
        for vocabulary in (None, *vocabularies)
    ]
    model.Session.flush()
    made: list[Any] = []
    types = ["dataset"] * 6 + ["probe", "probe", "harvest", "showcase", None]
    states = ["active"] * 6 + ["draft", "deleted", "pending"]
    for number in range(250):
        package = _package(source, number, organizations)
        _add(package)
        model.Session.flush()
        package.type, package.state = source.choice(types), source.choice(states)
        for position in range(60 if number == 7 else source.randrange(5)):
            _add(_resource(source, package, position))
        for tag in source.sample(tags, source.randrange(5)):
            link = model.PackageTag(package, tag)
            link.state = source.choice(["active", "active", "deleted"])
            _add(link)
        for group in source.sample(groups, source.randrange(4)):
            member = model.Member(table_name="package", table_id=package.id, group_id=group.id)
            member.capacity = source.choice(["public", "private", "organization"])
            member.state = source.choice(["active", "active", "deleted"])
            _add(member)
        if made and number % 50 == 0:
            for other in source.sample(made, min(len(made), 3)):
                kind = source.choice(["depends_on", "derives_from", "child_of"])
                _add(
                    model.PackageRelationship(
                        subject=package, object=other, type=kind, comment="probe"
                    )
                )
        model.Session.flush()
        made.append(package)
        yield package


def _add(row: Any) -> Any:
    model.Session.add(row)
    return row


def _group(kind: str, number: int, is_organization: bool) -> Any:
    made = model.Group(name=f"probe-{kind}-{number}", title=["", "Ämter", "zuletzt"][number % 3])
    made.is_organization = is_organization
    made.type = "organization" if is_organization else "group"
    made.image_url = [None, "bild.png", "http://example.org/bild.png"][number % 3]
    made.extras = {"geheim": "x"}
    return _add(made)


def _package(source: random.Random, number: int, organizations: list[Any]) -> Any:
    made = model.Package(name=f"probe-{number}-{source.randrange(10**6)}")
    for column in (
        "title", "version", "url", "author", "author_email", "maintainer", "maintainer_email",
        "notes",
    ):  # fmt: skip
        setattr(made, column, source.choice(_TEXTS))
    made.license_id = source.choice(["cc-by", "unbekannt", "", None, "dl-by-de/2.0"])
    made.owner_org = source.choice([None, *(each.id for each in organizations)])
    made.private = source.choice([True, False, False])
    made.creator_user_id = source.choice([None, "jemand"])
    if number % 4 == 0:
        made.plugin_data = {"probe": {"a": 1}}
    moment = datetime.datetime(2020, 1, 1) + datetime.timedelta(seconds=source.random() * 1e8)
    made.metadata_modified = moment if number % 3 else moment.replace(microsecond=0)
    made.metadata_created = moment
    names = source.sample(sorted(_SCHEME), source.randrange(len(_SCHEME)))
    if names or number % 2:
        made.extras = {name: source.choice(_SCHEME[name]) for name in names}
    return made


def _resource(source: random.Random, package: Any, position: int) -> Any:
    made = model.Resource(package_id=package.id, url=source.choice(_TEXTS) or "")
    made.position = position if source.random() < 0.95 else 0
    for column in ("format", "description", "name", "resource_type", "mimetype", "hash"):
        setattr(made, column, source.choice([*_TEXTS, "csv", "GeoJSON"]))
    made.size = source.choice([None, 0, 12345])
    # CKAN cannot name an upload's address where nobody registered pages for the type.
    uploads = ["upload"] if package.type in ("dataset", None) or source.random() < 0.03 else []
    made.url_type = source.choice([None, "datastore", "", *uploads])
    made.state = source.choice(["active", "active", "active", "deleted"])
    made.last_modified = source.choice([None, datetime.datetime(2023, 1, 2, 3, 4, 5)])
    made.extras = source.choice(
        [
            {}, {"license": "cc-by", "nested": [{"a": [1, {"b": None}]}]}, {"name": "anders"},
            {"availability": None, "access_services": []},
            {"documentation": '["http://a.de"]', "datastore_active": True, "leer": ""},
            {"access_services": [{"title": "WMS", "endpoint_url": ["http://a.de"]}]},
        ]
    )  # fmt: skip
    return made


# -- comparing -----------------------------------------------------------------------------


def compare(ids: list[str]) -> list[dict[str, Any]]:
    """Return how the documents of both differ, each with its record and fields."""
    theirs, ours = Recorder(), Recorder()
    refused: dict[str, str] = {}
    search_index.make_connection = lambda *_, **__: theirs
    for key in ids:
        # Hooks leave things at the record's object; each is to find it as it was read.
        model.Session.expunge_all()
        try:
            logic.index_update_package({"ignore_auth": True}, key, True)
        except Exception as error:
            refused[key] = type(error).__name__
    model.Session.expunge_all()
    search_index.make_connection = lambda *_, **__: ours
    made, left = documents.prepare(ids)
    ours.add(made)
    model.Session.expunge_all()
    out: list[dict[str, Any]] = []
    assert len(refused) < len(ids) / 5, refused
    if refused.keys() != left.keys():
        out.append({"refused by CKAN": refused, "by the rebuild": left})
    if theirs.deleted != ours.deleted:
        out.append({"deleted by CKAN": theirs.deleted, "by the rebuild": ours.deleted})
    if list(theirs.added) != list(ours.added):
        out.append({"added": [len(theirs.added), len(ours.added)]})
    for key in theirs.added.keys() & ours.added.keys():
        one, other = theirs.added[key], ours.added[key]
        # As texts: the order of names and the kinds of numbers count.
        if json.dumps(one) != json.dumps(other):
            fields = [name for name in {**one, **other} if one.get(name) != other.get(name)]
            out.append(
                {"id": key, "order": list(one) == list(other), "fields": fields}
                | {name: [one.get(name), other.get(name)] for name in fields[:3]}
            )
    return out


class Refusing(Recorder):
    """Takes no batch, and not every record."""

    def __init__(self, *refused: str) -> None:
        super().__init__()
        self.refused = refused

    def add(self, docs: list[dict[str, Any]], commit: bool = False) -> None:
        if len(docs) > 1 or docs[0]["id"] in self.refused:
            raise pysolr.SolrError("Solr responded with an error (HTTP 400): refused")
        super().add(docs)


def ways_round(ids: list[str]) -> dict[str, Any]:
    """Return what becomes of records that the short way cannot do."""
    out: dict[str, Any] = {}

    def failing(key: str) -> Any:
        if key == ids[0]:
            raise ValueError("a hook failed")
        return shown(key)

    def indexed(service: Recorder) -> Any:
        search_index.make_connection = lambda *_, **__: service
        try:
            return documents.index([*ids, "does-not-exist"])
        except NotIndexed as error:
            return f"not indexed: {error}"

    shown = documents._shown
    documents._shown = failing
    service = Recorder()
    out["failing"] = [indexed(service), sorted(service.added)]
    documents._shown = shown
    service = Refusing()
    out["refused together"] = [len(indexed(service)), sorted(service.added)]
    out["refused"] = indexed(Refusing(ids[1]))
    return out


def main() -> None:
    """Compare the portal's records and the odd ones, in several configurations."""
    told: dict[str, Any] = {"differences": []}
    # What fails must not take the odd records with it.
    model.Session.rollback = lambda: None
    read_by_ckan: list[str] = []
    usual = rows._package_dictize

    def counted(pkg: Any, *rest: Any) -> Any:
        read_by_ckan.append(pkg.id)
        return usual(pkg, *rest)

    rows._package_dictize = counted
    with ckan_environment(settings_module.load()):
        portal = [key for (key,) in model.Session.query(model.Package.id)]
        told["differences"] += compare(portal)
        told["portal"] = {"records": len(portal), "read by CKAN": len(read_by_ckan)}
        read_by_ckan.clear()
        core._PLUGINS_SERVICE["probe"] = Probe(name="probe")
        forms._package_plugins["probe"] = core._PLUGINS_SERVICE["probe"]
        odd = {package.id: f"{package.type} {package.state}" for package in odd_records()}
        for removed, collaborators in itertools.product((True, False), repeat=2):
            config["ckan.search.remove_deleted_packages"] = removed
            config["ckan.auth.allow_dataset_collaborators"] = collaborators
            assert authz.check_config_permission("allow_dataset_collaborators") == collaborators
            read_by_ckan.clear()
            told["differences"] += compare([*odd, *portal[:20]])
        told["odd"] = {"records": len(odd), "read by CKAN": len(read_by_ckan)}
        told["kinds"] = sorted(set(odd.values()))
        model.Session.remove()
        told["ways round"] = ways_round(portal[:3])
        told["ids"] = portal[:3]
        model.Session.remove()
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
