"""The Tantivy schema: which columns a record becomes.

``LAYOUT`` is stored beside the index; an index of another layout is never served but rebuilt.
"""

from __future__ import annotations

import tantivy

from search import fields

LAYOUT = 7

#: Between a field's name and its value where many fields share one column.
SEPARATOR = "\x1f"

#: Solr fields whose analysed words have a column, and so statistics, of their own.
WORD_COLUMNS = {"title": "title", "notes": "notes", "text": "text"}
#: Further word columns, fed from several fields, for the ranking of people's questions.
EXTRA_WORD_COLUMNS = ("tags", "organisation", "files")
#: What a record is about, as tokens alone: words with the parts of compounds, of the whole record
#: and of its title; and its words side by side.
MEANT, MEANT_TITLE, PAIRS = "meant", "meant_title", "pairs"
#: Words as people type them, and values to choose from, for ``search.suggest``.
SUGGEST_COLUMNS = ("title_words", "words", "offers")

#: Solr sort fields with a column that the engine sorts by itself.
SORT_COLUMNS = {
    "title_string": "sort_title",
    "title": "sort_title",
    "name": "sort_name",
    "id": "sort_id",
    "metadata_created": "created",
    "metadata_modified": "modified",
    "current_date": "current",
}
#: Date fields with an integer column (microseconds since 1970, UTC). ``current_date`` is how
#: current a record's content is, as its publisher says; CKAN's own dates are those of the entry.
DATE_COLUMNS = {
    "metadata_created": "created",
    "metadata_modified": "modified",
    "current_date": "current",
}
BBOX_COLUMNS = ("west", "south", "east", "north")
PERIOD_COLUMNS = ("period_start", "period_end")


def build() -> tantivy.Schema:
    """Return the schema of the catalogue."""
    builder = tantivy.SchemaBuilder()
    # The record's key in both engines (CKAN's index_id).
    builder.add_text_field(
        "key", stored=True, fast=True, tokenizer_name="raw", index_option="basic"
    )
    # field SEPARATOR value, for every field: equality, wildcards, ranges on any field.
    builder.add_text_field("exact", tokenizer_name="raw", index_option="basic")
    # The names of the fields that have a value.
    builder.add_text_field("has", tokenizer_name="raw", index_option="basic")
    # field SEPARATOR lower-case value, of the fields that are completed while typing.
    builder.add_text_field("ngram", tokenizer_name="raw", index_option="basic")
    # What is suggested while typing, and what spelling is corrected with (search.suggest.terms).
    for column in SUGGEST_COLUMNS:
        builder.add_text_field(column, tokenizer_name="raw", index_option="basic")
    # Every field's values as a column, to be counted.
    builder.add_json_field("facets", fast=True, tokenizer_name="raw", index_option="basic")
    for column in (*WORD_COLUMNS.values(), *EXTRA_WORD_COLUMNS):
        builder.add_text_field(column, tokenizer_name="raw", index_option="position")
    # Without positions, and split by the engine at spaces: three times the tokens in less time.
    for column in (MEANT, MEANT_TITLE, PAIRS):
        builder.add_text_field(column, tokenizer_name="whitespace", index_option="freq")
    # field SEPARATOR token, for text fields without a column of their own.
    builder.add_text_field("fielded", tokenizer_name="raw", index_option="position")
    for column in ("sort_title", "sort_name", "sort_id"):
        builder.add_text_field(column, fast=True, tokenizer_name="raw", index_option="basic")
    for column in (*DATE_COLUMNS.values(), *PERIOD_COLUMNS):
        builder.add_integer_field(column, indexed=True, fast=True)
    for column in BBOX_COLUMNS:
        builder.add_float_field(column, indexed=True, fast=True)
    # The record as it came: its small fields as JSON, and each large one whole, so that a page can
    # hand it on without reading it.
    builder.add_bytes_field("source", stored=True)
    for field in sorted(fields.STORED_ONLY):
        builder.add_bytes_field(field, stored=True)
    return builder.build()
