"""Lucene syntax into the service's own query."""

from __future__ import annotations

import pytest

from search.query import (
    All,
    Bool,
    Boost,
    Exists,
    Fuzzy,
    QueryError,
    Range,
    Term,
    Wildcard,
    Words,
)  # fmt: skip
from search.solr import lucene


def _and(text: str) -> object:
    return lucene.parse(text, operator="AND")


@pytest.mark.parametrize("text", ["*:*", "*", ""])
def test_everything(text: str) -> None:
    assert _and(text) == All()


def test_what_ckan_sends_for_a_dataset_page() -> None:
    assert _and('name:"x" OR id:"x"') == Bool(should=(Term("name", "x"), Term("id", "x")))


def test_adjacent_clauses_are_all_required() -> None:
    assert _and(' tags:"a" tags:"b"') == Bool(must=(Term("tags", "a"), Term("tags", "b")))


def test_plus_inside_or_is_still_or() -> None:
    assert _and('+res_format:"csv" OR +res_format:"CSV"') == Bool(
        should=(Term("res_format", "csv"), Term("res_format", "CSV"))
    )


@pytest.mark.parametrize(
    "text", ["-dataset_type:harvest", "NOT dataset_type:harvest", "!dataset_type:harvest"]
)
def test_negatives(text: str) -> None:
    assert _and(text) == Bool(must_not=(Term("dataset_type", "harvest"),))


def test_groups_and_and_or() -> None:
    assert _and("+capacity:public +state:(active OR draft)") == Bool(
        must=(
            Term("capacity", "public"),
            Bool(should=(Term("state", "active"), Term("state", "draft"))),
        )
    )


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ('tags: "x"', Term("tags", "x")),
        ("tags : x", Term("tags", "x")),
        ("title:x^2.5", Boost(Words("title", "x"), 2.5)),
        ('title:"a b"~2', Words("title", "a b", phrase=True, slop=2)),
        ("title:spie*", Wildcard("title", "spie*")),
        ("title:spielplats~1", Fuzzy("title", "spielplats", 1)),
        ("field:*", Exists("field")),
        ("field:[* TO *]", Exists("field")),
        ("text:[* TO *]", All()),
        ("text:*", All()),
        ("title_ngram:*", Exists("title")),
        ("extras_x:[-7.8 TO 7.8}", Range("extras_x", "-7.8", "7.8", True, False)),
        ("2020/0140", Words("text", "2020/0140")),
        (r"name:a\:b", Term("name", "a:b")),
        ("creator_user_id:0a-1b", Term("creator_user_id", "0a-1b")),
    ],
)
def test_values(text: str, node: object) -> None:
    assert _and(text) == node


@pytest.mark.parametrize(
    "text", ["--included", "a AND", "AND a", '"x', "(a", "a)", "[a TO", "f:", "a:[1 2]", "/x.*/"]
)
def test_syntax_errors_are_named(text: str) -> None:
    with pytest.raises(QueryError, match="syntax error at"):
        _and(text)


def test_limits() -> None:
    with pytest.raises(QueryError, match="nests deeper"):
        _and("(" * 100 + "a" + ")" * 100)
    with pytest.raises(QueryError, match="clauses"):
        _and(" ".join(["a"] * 3000))
    with pytest.raises(QueryError, match="longer"):
        _and("a" * 300_000)
