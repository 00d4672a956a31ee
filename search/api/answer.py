"""``/api/v1/answer``: the sentences of documents that answer a question, each with its source."""

from __future__ import annotations

import time
from html import escape
from typing import Any

from apiflask import APIBlueprint, HTTPError, Schema, fields, validators
from flask import current_app

from search import query
from search.api import callers, documents, highlights
from search.generations import Index
from search.passages import answering

blueprint = APIBlueprint("answer", __name__, url_prefix="/api/v1", tag="Documents")


class AnswerQuery(Schema):
    """A question."""

    q = fields.String(required=True, validate=validators.Length(min=1, max=2_000))
    limit = fields.Integer(load_default=3, validate=validators.Range(min=1, max=answering.READ))


class AnswerOut(Schema):
    """A sentence that answers, and the passage that it stands in."""

    sentence = fields.String(required=True, metadata={"description": "Word for word."})
    html = fields.String(
        required=True,
        metadata={"description": "The same as safe HTML, with the question's words in <mark>."},
    )
    before = fields.String(required=True, metadata={"description": "The sentence before it."})
    after = fields.String(required=True, metadata={"description": "The sentence behind it."})
    score = fields.Float(required=True)
    passage = fields.Nested(documents.PassageHit, required=True)


class Answers(Schema):
    """The best answers of different passages, the best first; none where nothing answers."""

    answered = fields.Boolean(required=True)
    answers = fields.List(fields.Nested(AnswerOut), required=True)
    took_ms = fields.Float(required=True)


@blueprint.get("/answer")
@blueprint.input(AnswerQuery, location="query")
@blueprint.output(Answers)
@blueprint.doc(summary="Answer a question from documents", responses=[400, 401])
def answer(query_data: dict[str, Any]) -> dict[str, Any]:
    """Return sentences of documents that the caller may see, word for word, with their sources.

    None at all where no document seems to answer: then nothing is made up.
    """
    began = time.perf_counter()
    index: Index = current_app.extensions["index"]
    service, labels, text = index.live, callers.labels(), query_data["q"].strip()
    if index.passages is None:
        raise HTTPError(503, "this service holds no passages")
    try:
        considered = index.passages.consider(
            text,
            documents.seen_by(service, labels),
            answering.READ,
            meaning=service.mode != "lexical",
        )
        model = service.model if service.mode != "lexical" else None
        found = answering.answers(text, considered, model, query_data["limit"])
        shown = documents.shown(service, labels, text, [one.hit for one in found])
    except query.QueryError as error:
        raise HTTPError(400, str(error)) from None
    concepts = service.reader.read(text)
    passages = {one["id"]: one for one in shown}
    answers = [
        {
            "sentence": one.sentence,
            "html": highlights.marked(one.sentence, concepts) or escape(one.sentence),
            "before": one.before,
            "after": one.after,
            "score": round(one.score, 4),
            "passage": passages[one.hit.passage.id],
        }
        for one in found
        if one.hit.passage.id in passages
    ]
    return {
        "answered": bool(answers),
        "answers": answers,
        "took_ms": round((time.perf_counter() - began) * 1000, 2),
    }
