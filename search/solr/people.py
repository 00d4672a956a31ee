"""Solr's dismax parser and local parameters, into the service's own query."""

from __future__ import annotations

import re

from search import query, ranking
from search.solr.lucene import MAX_LENGTH

#: People do not type more; programs that do are cut, not refused.
MAX_WORDS = 64

_DOUBLED = re.compile(r"(?:^|\s)[+-]{2,}\S")
_LOCAL = re.compile(r"^\s*\{!([^}]*)\}")
_PAIR = re.compile(r"""([\w.$]+)=("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\S+)|([\w.$]+)""")


def parse(text: str, fields: str, *, mm: str, tie: str) -> query.People | query.Question:
    """Read free text with Solr's field weights (``title^4 text``).

    With those that CKAN sends for its pages it is a person's question, with our ranking.

    :raises query.QueryError: when weights or numbers cannot be understood.
    """
    if len(text) > MAX_LENGTH:
        raise query.QueryError(f"the query is longer than {MAX_LENGTH} characters")
    doubled = _DOUBLED.search(text)
    if doubled:
        # Solr's parser stumbles over these, and CKAN relies on being told so.
        raise query.QueryError(f"syntax error at {doubled.start()}: two signs before a word")
    text = " ".join(text.split()[:MAX_WORDS])
    if fields.split() == ranking.CKAN_FIELDS.split():
        return query.Question(text, mm)
    try:
        return query.People(text, _weights(fields), mm, float(tie))
    except ValueError:
        raise query.QueryError(f"'tie' is a number, not '{tie}'") from None


def _weights(fields: str) -> tuple[tuple[str, float], ...]:
    weights = []
    for part in fields.split():
        field, _, weight = part.partition("^")
        try:
            weights.append((field, float(weight or 1)))
        except ValueError:
            raise query.QueryError(f"'qf' has a weight that is no number: '{part}'") from None
    return tuple(weights)


def local_params(text: str) -> tuple[dict[str, str] | None, str]:
    """Split ``{!type key=value}rest`` into its parameters and the rest."""
    match = _LOCAL.match(text)
    if match is None:
        return None, text
    found: dict[str, str] = {}
    for key, value, bare in _PAIR.findall(match[1]):
        if bare:
            found.setdefault("type", bare)
        else:
            quoted = value[:1] in "\"'" and len(value) > 1
            found[key] = value[1:-1] if quoted else value
    return found, text[match.end() :]
