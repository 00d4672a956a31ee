"""The documents of many records, as CKAN makes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import pysolr
from ckan import logic, model
from ckan.lib import plugins as forms
from ckan.lib.dictization import model_dictize
from ckan.lib.search import index as search_index
from ckan.logic.schema import default_show_package_schema
from ckanext.scheming import plugins as scheming

from myk.reindexing import NotIndexed
from myk.reindexing.rows import Rows
from myk.reindexing.validation import Prepared

#: Records that are read together and sent in one request.
BATCH = 200


def index(ids: Sequence[str]) -> list[str]:
    """Index the records of one batch; say which had to be done CKAN's way, and why.

    A record that does not exist any more is left out.

    :raises NotIndexed: when CKAN's own code cannot index a record either.
    """
    documents, left = prepare(ids)
    try:
        if documents:
            search_index.make_connection().add(docs=documents, commit=False)
    except pysolr.SolrError as error:
        # Away, or one record is refused and the others with it: CKAN's way shows which.
        left = dict.fromkeys(ids, f"the batch was refused: {error}")
    said = [f"{key}: {reason}" for key, reason in left.items() if _ckans_way(key)]
    model.Session.remove()
    return said


def _ckans_way(key: str) -> bool:
    """Index a record as CKAN does; false when there is none."""
    try:
        if model.Package.get(key) is None:
            return False
        logic.index_update_package({"ignore_auth": True}, key)
    except Exception as error:
        model.Session.remove()
        raise NotIndexed(f"{key} cannot be indexed: {_reason(error)}") from error
    return True


def prepare(ids: Sequence[str]) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Return the documents of records, and what has to be done CKAN's way: id and reason.

    What CKAN removes from the index in place of adding it (``remove_deleted_packages``) is removed.
    """
    documents: list[dict[str, Any]] = []
    left: dict[str, str] = {}
    try:
        rows = Rows(ids)
    except Exception as error:  # noqa: BLE001 (CKAN's way shows whether it is the database)
        model.Session.rollback()
        return documents, dict.fromkeys(ids, _reason(error))
    with _instead(model_dictize, "package_dictize", rows.dictize), _collected(documents):
        for key in ids:
            try:
                if key in rows.packages:
                    logic.index_update_package_dicts(_shown(key), defer_commit=True)
            except Exception as error:  # noqa: BLE001 (extensions raise anything)
                model.Session.rollback()
                left[key] = _reason(error)
    return documents, left


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


class _Collector:
    """Stands where CKAN's connection to the search service is, and keeps what is added."""

    def __init__(self, connection: Any, documents: list[dict[str, Any]]) -> None:
        self._connection = connection
        self._documents = documents

    def add(self, docs: list[dict[str, Any]], **_: Any) -> None:
        self._documents.extend(docs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


@contextmanager
def _collected(documents: list[dict[str, Any]]) -> Iterator[None]:
    collector = _Collector(search_index.make_connection(), documents)
    with _instead(search_index, "make_connection", lambda *_, **__: collector):
        yield


@contextmanager
def _instead(module: Any, name: str, other: Any) -> Iterator[None]:
    usual = getattr(module, name)
    setattr(module, name, other)
    try:
        yield
    finally:
        setattr(module, name, usual)


def _shown(key: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a record by CKAN's schema and by its type's own.

    CKAN: ``logic.package_show_default_and_custom_schemas``.
    """
    context = logic.fresh_context(
        {"ignore_auth": True}, ignore_auth=True, use_cache=False, validate=False
    )
    record = logic.get_action("package_show")(context, {"id": key})
    by_default = _default_schema().validated(record, context)
    form = forms.lookup_package_plugin(record["type"])
    if type(form) is scheming.SchemingDatasetsPlugin:
        by_type = _by_scheming(form, record, context)
    else:
        schema = form.show_package_schema()
        if schema == default_show_package_schema():
            by_type = by_default
        else:
            by_type, _ = forms.plugin_validate(form, context, record, schema, "package_show")
    logic.apply_after_dataset_show_plugins(context, by_type)
    return by_default, by_type


@cache
def _default_schema() -> Prepared:
    return Prepared(default_show_package_schema())


def _by_scheming(form: Any, record: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    """Return a record by its scheming schema.

    ckanext-scheming: ``SchemingDatasetsPlugin.validate``, the part for ``package_show``.
    """
    if record["type"] not in form._schemas:
        return record
    schema, composite = _scheming_schema(form, record["type"])
    for extra in record["extras"]:
        if extra["key"] in composite:
            record[extra["key"]] = scheming.json.loads(extra["value"])
    record["extras"] = [extra for extra in record["extras"] if extra["key"] not in composite]
    return schema.validated(record, context)


@cache
def _scheming_schema(form: Any, package_type: str) -> tuple[Prepared, frozenset[str]]:
    """Return a type's schema, and its fields that are lists of objects and lie in extras."""
    schema = form.show_package_schema()
    described = form._expanded_schemas[package_type]
    composite = set()
    for field in described["dataset_fields"]:
        name = field["field_name"]
        from_extras = name not in schema
        schema[name] = scheming._field_output_validators(field, described, from_extras)
        if from_extras and "repeating_subfields" in field:
            composite.add(name)
    for field in described["resource_fields"]:
        schema["resources"][field["field_name"]] = scheming._field_output_validators(
            field, described, False
        )
    return Prepared(schema), frozenset(composite)
