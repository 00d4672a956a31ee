"""What kind of value each catalogue field holds.

CKAN's Solr schema (``ckan/config/solr/schema.xml``, version ckan-2.12) fixes the kinds that its
queries rely on; every field that it does not name is a string, as there.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

Kind = Literal["string", "text", "ngram", "date", "number"]

_TEXT = frozenset(
    {
        "title", "notes", "text", "urls", "author", "author_email", "maintainer",
        "maintainer_email", "res_name", "res_description", "depends_on", "dependency_of",
        "derives_from", "has_derivation", "links_to", "linked_from", "child_of", "parent_of",
    }
)  # fmt: skip
_NGRAM = {"title_ngram": "title", "name_ngram": "name"}
_DATE = frozenset({"metadata_created", "metadata_modified", "indexed_ts"})
_NUMBER = frozenset(
    {"views_total", "views_recent", "resources_accessed_total", "resources_accessed_recent"}
)

#: Fields whose words also make up ``text``, the field that a bare word is looked for in.
CATCH_ALL = frozenset(
    {
        "url", "ckan_url", "download_url", "res_url", "name", "title", "license", "notes", "tags",
        "groups", "organization", "res_name", "res_description", "maintainer", "author", "text",
    }
)  # fmt: skip
CATCH_ALL_PREFIXES = ("extras_", "res_extras_", "vocab_")

#: Large JSON texts that CKAN stores with a record and only ever wants back.
STORED_ONLY = frozenset({"data_dict", "validated_data_dict"})

#: Never handed out: whoever knows a label could ask for what it guards.
NEVER_RETURNED = frozenset({"permission_labels"})


@lru_cache(maxsize=10_000)
def kind(field: str) -> Kind:
    """Return how a field's values are compared."""
    if field in _NGRAM:
        return "ngram"
    if field in _TEXT or field.startswith(("extras_", "res_extras_")):
        return "text"
    if field in _DATE or field.endswith("_date"):
        return "date"
    if field in _NUMBER:
        return "number"
    return "string"


def ngram_source(field: str) -> str:
    """Return the field that an ``…_ngram`` field is a copy of."""
    return _NGRAM[field]


@lru_cache(maxsize=10_000)
def in_catch_all(field: str) -> bool:
    """Tell whether a bare word is also looked for in this field."""
    return field in CATCH_ALL or field.startswith(CATCH_ALL_PREFIXES)
