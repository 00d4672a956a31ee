"""For the tests of sources that are read as JSON: a server with routes, and values that lie."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from hypothesis import strategies as st

from harvesters.errors import HarvestError
from harvesters.fetch import Fetcher, Limits
from harvesters.identity import content_hash
from harvesters.model import Record, SourceConfig
from harvesters.sources.base import Source
from harvesters.vocabulary import load
from tests.unit.harvesters.conftest import body

Answer = Callable[[BaseHTTPRequestHandler], None]


class Routes(dict[str, list[Answer]]):
    """Answers by path, made by a function of the query."""

    def __init__(self, **_unused: Any) -> None:
        super().__init__()
        self.routes: dict[str, Callable[[dict[str, str]], Any]] = {}

    def get(self, path: str, default: Any = None) -> Any:
        parts = urlsplit(path)
        if parts.path not in self.routes:
            return super().get(path, default)
        answer = self.routes[parts.path](dict(parse_qsl(parts.query)))
        return answer if isinstance(answer, list) else [answer]


def as_json(data: Any, status: int = 200) -> Answer:
    return body(json.dumps(data), status, {"Content-Type": "application/json"})


@contextmanager
def opened(
    cls: type[Source[Any]], config: Path, limits: Limits | None = None, **where: Any
) -> Iterator[Any]:
    with Fetcher(limits, allow=frozenset({"127.0.0.1"})) as fetcher:
        source = SourceConfig(name="x", type=cls.name, **where)
        yield cls(source, fetcher, load(config), config.parent)


def read(source: Source[Any]) -> tuple[dict[str, Record], dict[str, str]]:
    """Records and failures by identity, as the pipeline would see them."""
    records: dict[str, Record] = {}
    failures: dict[str, str] = {}
    for ref in source.discover():
        assert ref.identity not in records.keys() | failures.keys()
        try:
            record = source.normalise(source.fetch(ref))
            content_hash(record)
            json.dumps(record.package).encode()
        except Exception as error:
            failures[ref.identity] = f"{type(error).__name__}: {error}"
        else:
            assert record.identity == ref.identity
            records[ref.identity] = record
    return records, failures


def discovered(source: Source[Any]) -> list[str]:
    """Identities; only what a harvester may say is let through."""
    found: list[str] = []
    with contextlib.suppress(HarvestError):
        found += [ref.identity for ref in source.discover()]
    return found


LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from(
        ["", "2021-01-01/2021-12-31", "1,2,3,4", '["a", 1, null]', '{"type": "Point"}', "\x00a",
         "http://x.example/ä b", "http://[", "javascript:alert(1)", "de", "R/P1Y", "[[[[", "\ud800"]
    ),
)  # fmt: skip
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                [
                    "name",
                    "title",
                    "id",
                    "key",
                    "value",
                    "uri",
                    "url",
                    "type",
                    "coordinates",
                    "accessURL",
                    "fn",
                    "de",
                    "size",
                ]
            ),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=6,
)


def datasets(keys: list[str]) -> st.SearchStrategy[Any]:
    """Datasets with the fields that a source looks at, and anything in them."""
    return st.one_of(ANYTHING, st.dictionaries(st.sampled_from(keys), ANYTHING, max_size=8))
