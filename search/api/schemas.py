"""The shapes of the JSON API, as OpenAPI describes them."""

from __future__ import annotations

from typing import Any

from apiflask import Schema, fields, validators

MODES = ("hybrid", "lexical", "semantic")
SORTS = ("relevance", "title", "-title", "modified", "-modified", "created", "-created")
#: What people call a facet → the catalogue's field.
FACETS = {
    "type": "dataset_type",
    "org": "organization",
    "hub": "groups",
    "tag": "tags",
    "license": "license_id",
    "format": "res_format",
}


class SearchQuery(Schema):
    """The parameters of a search."""

    q = fields.String(
        load_default="",
        validate=validators.Length(max=2_000),
        metadata={"description": "What is looked for, as people say it. Empty: everything."},
    )
    mode = fields.String(
        load_default=None,
        validate=validators.OneOf(MODES),
        metadata={"description": "Words and meaning, words alone, or meaning alone."},
    )
    type = fields.List(fields.String(), metadata={"description": "Record type, e.g. dataset."})
    org = fields.List(fields.String(), metadata={"description": "Name of the publisher."})
    hub = fields.List(fields.String(), metadata={"description": "Name of a hub."})
    tag = fields.List(fields.String(), metadata={"description": "Keyword, exactly."})
    license = fields.List(fields.String(), metadata={"description": "Id of a licence."})
    format = fields.List(fields.String(), metadata={"description": "File format, e.g. CSV."})
    bbox = fields.String(
        load_default=None,
        validate=validators.Regexp(r"^-?\d{1,3}(\.\d{1,9})?(,-?\d{1,3}(\.\d{1,9})?){3}$"),
        metadata={"description": "west,south,east,north in degrees: records that touch this box."},
    )
    from_ = fields.Date(
        data_key="from", load_default=None, metadata={"description": "First day of the period."}
    )
    to = fields.Date(load_default=None, metadata={"description": "Last day of the period."})
    sort = fields.String(
        load_default="relevance",
        validate=validators.OneOf(SORTS),
        metadata={"description": "A minus sign turns the order round."},
    )
    limit = fields.Integer(load_default=20, validate=validators.Range(min=0, max=1_000))
    offset = fields.Integer(load_default=0, validate=validators.Range(min=0, max=1_000_000))
    facets = fields.String(
        load_default="",
        validate=validators.Regexp(
            rf"^(({'|'.join(FACETS)})(,({'|'.join(FACETS)}))*)?$",
            error="Known facets: " + ", ".join(FACETS) + ".",
        ),
        metadata={"description": "Comma-separated: " + ", ".join(FACETS) + "."},
    )


class Result(Schema):
    """One record of a page."""

    id = fields.String(required=True)
    type = fields.String(required=True)
    title = fields.String(required=True)
    url = fields.String(required=True)
    score = fields.Float(allow_none=True)
    highlights = fields.List(
        fields.String(), metadata={"description": "Sentences with the matched words in <mark>."}
    )
    passages = fields.List(fields.Dict(), metadata={"description": "Best passages of its files."})


class FacetValue(Schema):
    """One value of a facet."""

    value = fields.String(required=True)
    count = fields.Integer(required=True)


class SearchAnswer(Schema):
    """A page of one result set, with that set's size and facets."""

    count = fields.Integer(required=True)
    results = fields.List(fields.Nested(Result), required=True)
    facets = fields.Dict(keys=fields.String(), values=fields.List(fields.Nested(FacetValue)))
    took_ms = fields.Float(required=True)


class Health(Schema):
    """Whether the service is alive."""

    status = fields.String(required=True)


class Readiness(Schema):
    """Whether the service can answer, and from what."""

    status = fields.String(required=True)
    records = fields.Integer(required=True)
    vectors = fields.Integer(required=True)
    mode = fields.String(required=True)
    model = fields.String(allow_none=True)
    applied = fields.Integer(
        required=True, metadata={"description": "Number of the last change that is applied."}
    )
    needs_rebuild = fields.Boolean(
        required=True,
        metadata={"description": "The index was begun afresh, or is of another model."},
    )
    rebuilding = fields.Boolean(
        required=True, metadata={"description": "A new index is being built beside this one."}
    )


class RecordsQuery(Schema):
    """Which fields of the index's records are wanted."""

    fields_ = fields.String(
        data_key="fields",
        load_default="id,metadata_modified",
        metadata={"description": "Comma-separated field names."},
    )


class RebuildBegin(Schema):
    """Where the vectors of the new index shall lie."""

    qdrant_url = fields.String(
        load_default=None,
        allow_none=True,
        validate=validators.Regexp(r"^(https?://[\w.:/-]{1,200})?$"),
        metadata={"description": "A Qdrant server; empty for the embedded engine."},
    )


class Whole(fields.Integer):
    """A whole number as JSON knows it: 3 and 3.0, but not 3.5 or "3"."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> int | None:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        found: int | None = super()._deserialize(value, *args, **kwargs)
        return found


class Drift(Schema):
    """What a comparison of database and index found."""

    differences = Whole(
        required=True, strict=True, validate=validators.Range(min=0, max=1_000_000_000)
    )


class Done(Schema):
    """That something was done."""

    done = fields.Boolean(required=True)


class Records(Schema):
    """All records of the index, with the wanted fields."""

    records = fields.List(fields.Dict(), required=True)
