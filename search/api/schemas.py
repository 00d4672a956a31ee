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

#: Where a word of a question can stand in a record (``search.why``).
WHY_FIELDS = ("title", "tags", "organisation", "groups", "place", "files", "notes", "name")
#: What a suggestion can be.
KINDS = ("title", "tag", "organisation", "place", "group")


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
    id = fields.List(fields.String(), metadata={"description": "Only these records."})
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
    explain = fields.Boolean(
        load_default=False,
        truthy={"true"},
        falsy={"false"},
        metadata={"description": "Say of each result why it is one (of the first 100 of a page)."},
    )


class MatchedWord(Schema):
    """A word of the question that a record holds."""

    word = fields.String(required=True)
    field = fields.String(
        required=True,
        metadata={"description": "Where: " + ", ".join(WHY_FIELDS) + "."},
    )
    written = fields.List(
        fields.String(), required=True, metadata={"description": "How it is written there."}
    )


class Why(Schema):
    """Why a record is among the results."""

    words = fields.List(fields.Nested(MatchedWord), required=True)
    meaning = fields.Float(
        required=True,
        allow_none=True,
        metadata={"description": "Nearness in meaning (cosine); none where it was not asked for."},
    )
    score = fields.Float(required=True, allow_none=True)


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
    passages = fields.List(
        fields.Dict(),
        metadata={"description": "Best passages of its files, as `/api/v1/passages` returns them."},
    )
    why = fields.Nested(Why, metadata={"description": "Only where `explain` asks for it."})


class FacetValue(Schema):
    """One value of a facet."""

    value = fields.String(required=True)
    count = fields.Integer(required=True)


class SearchAnswer(Schema):
    """A page of one result set, with that set's size and facets."""

    count = fields.Integer(required=True)
    results = fields.List(fields.Nested(Result), required=True)
    facets = fields.Dict(keys=fields.String(), values=fields.List(fields.Nested(FacetValue)))
    did_you_mean = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "The question in a spelling that finds more, where words of it occur in "
            "no record."
        },
    )
    took_ms = fields.Float(required=True)


class SuggestQuery(Schema):
    """The parameters of a request for suggestions."""

    q = fields.String(
        load_default="",
        validate=validators.Length(max=2_000),
        metadata={"description": "What was typed so far. Empty: no suggestions."},
    )
    limit = fields.Integer(load_default=8, validate=validators.Range(min=1, max=50))


class Suggestion(Schema):
    """A line below a search box."""

    text = fields.String(required=True)
    kind = fields.String(
        required=True,
        validate=validators.OneOf(KINDS),
        metadata={"description": "What it is: a record's title, or a value that records share."},
    )
    name = fields.String(
        required=True,
        metadata={"description": "The name that filters and addresses take."},
    )
    count = fields.Integer(
        metadata={"description": "How many records have the value; none for a title."}
    )
    url = fields.String(metadata={"description": "Address of the record; for a title alone."})


class SuggestAnswer(Schema):
    """Suggestions, the likeliest of each kind first."""

    suggestions = fields.List(fields.Nested(Suggestion), required=True)
    took_ms = fields.Float(required=True)


class SimilarQuery(Schema):
    """The parameters of a request for similar records."""

    limit = fields.Integer(load_default=5, validate=validators.Range(min=1, max=20))


class SimilarResult(Schema):
    """A record about the same."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    type = fields.String(required=True)
    title = fields.String(required=True)
    organization = fields.String(
        required=True, allow_none=True, metadata={"description": "Name of the publisher."}
    )
    url = fields.String(required=True)
    score = fields.Float(required=True, metadata={"description": "How near it is, 0 to 1."})


class SimilarAnswer(Schema):
    """The records most like one, the nearest first."""

    results = fields.List(fields.Nested(SimilarResult), required=True)
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


class Shown(Schema):
    """What a page shows of one record."""

    title = fields.String(required=True, validate=validators.Length(max=1_000))
    text = fields.String(required=True, validate=validators.Length(max=20_000))


class HighlightsQuery(Schema):
    """A question, and what a page shows as the answers to it."""

    q = fields.String(required=True, validate=validators.Length(max=2_000))
    records = fields.List(fields.Nested(Shown), required=True, validate=validators.Length(max=100))


class Highlighted(Schema):
    """The same as safe HTML, with what matched in <mark>."""

    title = fields.String(required=True)
    sentences = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "The sentences that answer best; without a word, the nearest."},
    )


class HighlightsAnswer(Schema):
    """In the order of the question."""

    records = fields.List(fields.Nested(Highlighted), required=True)
