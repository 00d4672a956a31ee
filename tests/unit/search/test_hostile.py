"""Hostile questions: each is answered or refused, in bounded time and memory, and nothing dies.

They are asked of the real application in a process of its own with little memory, so that one that
brings it down fails its test and not the run. Run as a script this file is that process.
"""

from __future__ import annotations

import base64
import json
import os
import re
import resource
import selectors
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

ROOT = Path(__file__).resolve().parents[3]
TOKEN = "geheim"
BASIC = {"Authorization": "Basic " + base64.b64encode(f"ckan:{TOKEN}".encode()).decode()}
BEARER = {"Authorization": f"Bearer {TOKEN}"}
SELECT = "/solr/ckan/select"
UPDATE = "/solr/ckan/update"
API = "/api/v1/search"

#: Processor seconds: the machine may be busy with something else.
MOST_SECONDS = 2.0
#: Seconds by the clock after which the process is given up.
_PATIENCE = 60.0
MOST_MEGABYTES = 400
#: Address space of the process: what asks for more is killed, as in a container.
_ADDRESS_SPACE = 4 * 1024**3

REFUSED = {400, 401, 413, 414, 431}
ANSWERED = {200} | REFUSED


@dataclass(frozen=True)
class Ask:
    """One request, and what may come of it."""

    name: str
    path: str
    params: Sequence[tuple[str, str]] = ()
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    allowed: frozenset[int] = frozenset(ANSWERED)

    @property
    def sent(self) -> dict[str, Any]:
        """The request as one JSON object. Solr's wire is asked by POST: its lines may be long."""
        post = self.path == SELECT and self.params
        form = urlencode(self.params, errors="surrogatepass")
        body = form.encode() if post else self.body
        kind = {"Content-Type": "application/x-www-form-urlencoded"} if post else {}
        return {
            "method": "GET" if body is None else "POST",
            "path": self.path + ("" if post or not self.params else f"?{form}"),
            "body": None if body is None else base64.b64encode(body).decode(),
            "headers": {**kind, **self.headers},
        }


# -- the questions -----------------------------------------------------------------------------


def _is_four_numbers(box: str) -> bool:
    """A box that holds nothing ("5,0,1,1") is none to refuse: nothing touches it."""
    return re.fullmatch(r"-?\d{1,3}(\.\d{1,9})?(,-?\d{1,3}(\.\d{1,9})?){3}", box) is not None


def _wire(name: str, q: str = "*:*", *, refused: bool = False, **params: Any) -> Ask:
    pairs = [("q", q)]
    for key, value in params.items():
        values = value if isinstance(value, list) else [value]
        pairs += [(key.replace("__", "."), str(item)) for item in values]
    allowed = frozenset(REFUSED if refused else ANSWERED)
    return Ask(f"wire: {name}", SELECT, pairs, headers=BASIC, allowed=allowed)


def _api(name: str, *pairs: tuple[str, str], refused: bool = False, **headers: str) -> Ask:
    allowed = frozenset(REFUSED if refused else ANSWERED)
    return Ask(f"api: {name}", API, pairs, headers=headers, allowed=allowed)


def _update(name: str, body: bytes, kind: str = "application/json", refused: bool = True) -> Ask:
    allowed = frozenset(REFUSED if refused else ANSWERED)
    headers = {**BASIC, "Content-Type": kind}
    return Ask(f"update: {name}", UPDATE, body=body, headers=headers, allowed=allowed)


_NINES = "9" * 400
_MANY_NINES = "9" * 5_000
_DISMAX = {"defType": "dismax", "qf": "title^4 text", "mm": "2<-1 5<80%", "tie": "0.1"}
_STACKS = {"(": ")", "title:(": ")", "-(": ")", "+(+": ")", "(a OR (": "))"}


def _syntax() -> Iterator[Ask]:
    for opening, closing in _STACKS.items():
        for depth in (30, 100, 5_000, 20_000):
            deep = opening * depth + "a" + closing * depth
            yield _wire(f"{depth} times {opening!r}", deep, refused=depth > 50)
        yield _wire(f"only {opening!r}", opening * 20_000, refused=True)
    yield _wire("only quotation marks", '"' * 100_001)
    yield _wire("only backslashes", "\\" * 100_001)
    yield _wire("only stars", "*" * 100_000)
    yield _wire("only signs", "+-" * 50_000, refused=True)
    yield _wire("only brackets", "[" * 100_000, refused=True)
    yield _wire("only ORs", "OR " * 30_000, refused=True)
    yield _wire("only colons", ":" * 100_000, refused=True)
    yield _wire("a million characters", "a" * 1_000_000, refused=True)
    yield _wire("thousands of clauses", "a " * 5_000, refused=True)
    yield _wire("many clauses", "a " * 1_900)
    yield _wire("many phrases", '"a b" ' * 1_900)
    yield _wire("many ranges", "name:[a TO b] " * 1_900)
    yield _wire("many of a group", f"name:({' OR '.join(f'n{n}' for n in range(1_900))})")
    yield _wire("thousands of filters", fq=[f"name:n{n}" for n in range(900)])
    yield _wire("100 KB of text", "wort " * 20_000, refused=True)
    yield _wire("100 KB in one phrase", '"' + "wort " * 20_000 + '"')
    yield _wire("100 KB in one word", "ä" * 100_000)
    yield _wire("100 KB of one field", f"{'f' * 100_000}:x")
    yield _wire("local parameters without end", "{!" + 'a="' * 30_000)
    yield _wire("local parameters of escapes", "{!a='" + "\\a" * 40_000 + "}x")
    yield _wire("local parameters in each other", "{!lucene v='" * 1_000 + "x")


def _people() -> Iterator[Ask]:
    yield _wire("people: 100 KB of text", "wort " * 20_000, **_DISMAX)
    yield _wire("people: 100 KB in one word", "x" * 100_000, **_DISMAX)
    yield _wire("people: 100 KB in a phrase", '"' + "wort " * 20_000 + '"', **_DISMAX)
    yield _wire("people: half quoted", '"a ' * 30_000, **_DISMAX)
    yield _wire("people: signs", "+a -" * 20_000, **_DISMAX)
    for mm in (_NINES, _NINES + "%", _MANY_NINES, "-" + _NINES, "1<" * 9_000, "nan", "inf%", "²"):
        yield _wire(f"mm {mm[:6]}", "a b", **{**_DISMAX, "mm": mm})
    for weight in ("nan", "inf", "-inf", "-1", "1e400", _NINES, "", "²"):
        yield _wire(f"weight {weight[:6]}", "spielplatz", **{**_DISMAX, "qf": f"title^{weight}"})
        yield _wire(f"tie {weight[:6]}", "spielplatz", **{**_DISMAX, "tie": weight})
    many = " ".join(f"f{n}^{n}" for n in range(3_000))
    yield _wire("thousands of weights", "a b c d e f", **{**_DISMAX, "qf": many})


def _patterns() -> Iterator[Ask]:
    for one in ("name", "title", "text", "extras_x", "nirgends"):
        for times in (5, 30, 300, 3_000):
            yield _wire(f"{one}: *a x {times}", f"{one}:{'*a' * times}*b")
        yield _wire(f"{one}: ? x 3000", f"{one}:{'?' * 3_000}*b")
        yield _wire(f"{one}: *? x 2000", f"{one}:{'*?' * 2_000}b")
        yield _wire(f"{one}: long prefix", f"{one}:{'a' * 100_000}*")
        yield _wire(f"{one}: near a long word", f"{one}:{'a' * 100_000}~2")
        yield _wire(f"{one}: near a word", f"{one}:{'a' * 3_000}~2")
    yield _wire("many prefixes", " ".join(f"name:n{n}*" for n in range(1_900)))
    yield _wire("many infixes", " ".join(f"name:*n{n}*" for n in range(1_900)))
    yield _wire("many near words", " ".join(f"name:n{n}~2" for n in range(1_900)))
    yield _wire("many starred letters", " ".join(["name:*a*a*a*a*a*a*b"] * 1_900))
    yield _wire("completion of 100 KB", f'title_ngram:"{"a b " * 25_000}"')
    yield _wire("completion of a bomb", f'title_ngram:"{"(a+)+.*" * 2_000}"')
    yield _wire("a regular expression", "name:/(a+)+$/", refused=True)


def _numbers() -> Iterator[Ask]:
    distances = ("1.2.3", ".", "..", _NINES, _MANY_NINES, "²", "1e9", "99999999999", "-1", "nan")
    for distance in distances:
        yield _wire(f"near ~{distance[:6]}", f"title:spielplatz~{distance}")
        yield _wire(f"slop ~{distance[:6]}", f'title:"a b"~{distance}')
    for factor in (*distances, "inf", "1e400", "0", ""):
        yield _wire(f"boost ^{factor[:6]}", f"title:spielplatz^{factor}")
        yield _wire(f"boosted group ^{factor[:6]}", f"(title:spielplatz name:a)^{factor}")
    bounds = (
        "nan",
        "inf",
        "-inf",
        "1e400",
        _NINES,
        "-" + _NINES,
        _MANY_NINES,
        "a",
        '""',
        "²",
        "0x1",
    )
    places = (
        "extras_x", "name", "views_total", "west", "north", "period_start", "period_end",
        "metadata_modified", "issued_date", "title", "permission_labels",
    )  # fmt: skip
    for place in places:
        for bound in bounds:
            yield _wire(f"range {place} {bound[:6]}", f"{place}:[{bound} TO {bound}]")
            yield _wire(f"open range {place} {bound[:6]}", f"{place}:{{{bound} TO *}}")
    for moment in (
        "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "NOW+999999YEARS",
        "NOW-9999YEARS", "NOW" + "+1DAY" * 20_000,
        "NOW/" * 20_000, f"NOW+{_NINES}DAYS", "2024-01-01T00:00:00Z/EON",
        "NOW+999999DAYS", "9999-12-31T23:59:59Z+1SECOND", "\x00", "²⁰²⁴-01-01",
    ):  # fmt: skip
        yield _wire(f"date {moment[:24]}", f'metadata_modified:["{moment}" TO *]')
        yield _wire(f"is date {moment[:24]}", f'metadata_modified:"{moment}"')
    large = [10**6, 10**8, 10**9, 2**31, 2**32, 2**62, 2**63, 2**64, 10**30]
    for number in (*map(str, large), _MANY_NINES, "-1", "1e3", "nan", "²"):
        for sort in ("", "metadata_modified asc", "name desc, id asc", "score asc", "tags asc"):
            yield _wire(f"start {number[:20]} by {sort}", start=number, sort=sort)
            yield _wire(f"rows {number[:20]} by {sort}", rows=number, sort=sort, fl="id")
        yield _wire(f"start and rows {number[:20]}", start=number, rows=number)
        yield _wire(f"limit {number[:20]}", facet="true", facet__field="tags", facet__limit=number)
        yield _wire(
            f"mincount {number[:20]}", facet="true", facet__field="tags", facet__mincount=number
        )


def _fields() -> Iterator[Ask]:
    odd = (
        "",
        ".",
        "..",
        "a.",
        ".a",
        "\\",
        "a\\",
        "\x00",
        "\x01",
        "*",
        '"',
        "'",
        "{}",
        "a" * 70_000,
    )
    for name in odd:
        yield _wire(f"facet {name[:4]!r}", facet="true", facet__field=name, facet__mincount=0)
        yield _wire(f"sort {name[:4]!r}", sort=f"{name} asc")
        yield _wire(f"fl {name[:4]!r}", fl=name)
    names = [f"f{number}" for number in range(900)]
    yield _wire("900 facets", facet="true", facet__field=names, facet__mincount=0)
    yield _wire("one facet 900 times", facet="true", facet__field=["tags"] * 900)
    yield _wire("thousands of fields", fl=",".join(f"f{number}" for number in range(40_000)))
    yield _wire("thousands of sorts", sort=",".join(f"f{number} asc" for number in range(9_000)))
    yield _wire("one sort thousands of times", sort=",".join(["tags asc"] * 9_000))
    yield _wire("a sort of spaces", sort="a" + " " * 100_000 + "asc")
    yield _wire("default field", "wort", df="\x00" * 1_000)


def _characters() -> Iterator[Ask]:
    for name, text in {
        "NUL": "a\x00b", "control": "".join(map(chr, range(32))), "bidi": "\u202e\u2066abc",
        "combining": "a" + "\u0301" * 20_000, "ligature": "\ufdfa" * 9_000, "BOM": "\ufeff*:*",
        "separators": "\x1f\x1e\u2028\u2029", "not a character": "\uffff\U0010ffff",
        "surrogate": "\ud800", "surrogates": "\udfff\ud800x",
    }.items():  # fmt: skip
        yield _wire(f"characters: {name}", text)
        yield _wire(f"quoted characters: {name}", f'name:"{text}"')
        yield _wire(f"pattern of characters: {name}", f"name:*{text}*")
        yield _wire(f"people's characters: {name}", text, **_DISMAX)
        yield _wire(f"filter of characters: {name}", fq=f'tags:"{text}"')
        yield _api(f"characters: {name}", ("q", text[:2_000]), ("tag", text), ("org", text))
    for raw in ("%ff%fe", "%c3%28", "%ed%a0%80", "%00", "%", "%zz", "%f8%a1%a1%a1%a1"):
        for path in (f"{SELECT}?q={raw}", f"{SELECT}?q=*:*&{raw}={raw}&fq={raw}"):
            yield Ask(f"wire: raw {path[-24:]}", path, headers=BASIC)
        yield Ask(f"api: raw {raw}", f"{API}?q={raw}&facets={raw}&{raw}=1")


def _json_api() -> Iterator[Ask]:
    yield _api("100 KB of text", ("q", "wort " * 20_000), refused=True)
    yield _api("2000 letters", ("q", "a " * 1_000))
    yield _api("2000 signs", ("q", "+-" * 1_000))
    yield _api("2000 quotation marks", ("q", '"' * 2_000))
    yield _api("doubled signs", ("q", "--a ++b"))
    for name in ("type", "org", "hub", "tag", "license", "format"):
        yield _api(f"thousands of {name}", *[(name, f"x{number}") for number in range(5_000)])
        yield _api(f"long {name}", (name, "x" * 100_000))
    yield _api("facets again and again", ("facets", "tag," * 9_000))
    yield _api("facets of commas", ("facets", "," * 100_000))
    yield _api("unknown facets", ("facets", "x" * 50_000), refused=True)
    for number in ("-1", "1e3", "nan", _NINES, _MANY_NINES, "²", "0x10", "1.5", ""):
        yield _api(f"limit {number[:6]}", ("limit", number), refused=True)
        yield _api(f"offset {number[:6]}", ("offset", number), refused=True)
    yield _api("the last offset", ("offset", "1000000"), ("limit", "1000"), ("sort", "modified"))
    boxes = (
        "nan,nan,nan,nan", "inf,0,inf,1", "-inf,-inf,inf,inf", ",,,", "1,2,3", "1e400,0,1,1",
        "0,0,0,0,0", "²,0,1,1", ",".join(["0"] * 9_000), "5,0,1,1", f"{_NINES},0,1,1",
    )  # fmt: skip
    for box in boxes:
        yield _api(f"box {box[:16]}", ("bbox", box), refused=not _is_four_numbers(box))
    yield _api("the whole earth", ("bbox", "-180,-90,180,90"))
    for day in ("0001-01-01", "9999-12-31", "0000-00-00", "99999-01-01", "²", "2024-02-30"):
        yield _api(f"from {day}", ("from", day))
        yield _api(f"to {day}", ("to", day))
    for labels in ("", ",", "," * 9_000, "x" * 60_000, "\xff\xfe", '"\\', "*", "public\x7f"):
        yield _api(f"labels {labels[:4]!r}", **{**BEARER, "X-Myk-Labels": labels})
        yield _api(f"labels without token {labels[:4]!r}", refused=True, **{"X-Myk-Labels": labels})
    for header in ("", "Basic", "Basic !", "Basic /w==", "Bearer", "Bearer \xff", "X", "\xff" * 9):
        given = {"Authorization": header}
        yield Ask(f"authorization {header!r}", SELECT, headers=given, allowed=frozenset({401}))
        yield Ask(
            f"api: authorization {header!r}",
            "/api/v1/records",
            headers=given,
            allowed=frozenset({400, 401}),
        )
    yield Ask("api: fields", f"/api/v1/records?fields={'x,' * 20_000}", headers=BEARER)


def _updates() -> Iterator[Ask]:
    yield _update("brackets", b"[" * 200_000)
    yield _update("objects", b'{"a":' * 100_000)
    for depth in (100, 900, 5_000):
        deep = b"[" * depth + b"]" * depth
        yield _update(
            f"a value {depth} deep", b'[{"index_id":"h","v":' + deep + b"}]", refused=False
        )
    yield _update("a number without end", b'[{"index_id":"h","v":' + b"9" * 9_000 + b"}]")
    yield _update("no document", b'{"add":{}}')
    yield _update("a document that is none", b'{"add":{"doc":5}}')
    yield _update("a number", b"5")
    yield _update("null", b"null")
    yield _update("a key that is none", b'[{"index_id":5}]')
    yield _update("not UTF-8", b'[{"index_id":"\xff"}]')
    for name in ("index_id", "id", "title", "metadata_modified", "tags", "data_dict"):
        record = json.dumps({"index_id": "h", name: "\ud800"})
        yield _update(f"surrogate in {name}", f"[{record}]".encode())
    yield _update("surrogate as field", b'[{"index_id":"h","\\udfff":"x"}]')
    early = b'[{"index_id":"h","metadata_modified":"0001-01-01T00:00:00+14:00"}]'
    yield _update("a date before time", early, refused=False)
    box = b'[{"index_id":"h","bbox":"nan,inf,-inf,1e400"}]'
    yield _update("a box nowhere", box, refused=False)
    yield _update(
        "values that are none", b'[{"index_id":"h","v":[NaN,Infinity,{}]}]', refused=False
    )
    huge = json.dumps([{"index_id": "h", "notes": "wort " * 200_000, "name": "n" * 100_000}])
    yield _update("a megabyte of notes", huge.encode(), refused=False)
    wide = json.dumps([{"index_id": "h", **{f"f{number}": "x" for number in range(5_000)}}])
    yield _update("thousands of fields", wide.encode(), refused=False)
    odd = json.dumps([{"index_id": "h", "": "x", "a\x00": "x", "f" * 70_000: "x", "x\x1fy": "z"}])
    yield _update("odd fields", odd.encode(), refused=False)
    yield _update("delete by nothing", b'{"delete":{"query":"("}}')
    yield _update("delete by surrogate", b'{"delete":{"query":"id:\\ud800"}}')
    yield _update("delete a surrogate", b'{"delete":"\\ud800"}')
    yield _update("delete a list", b'{"delete":[[1]]}', refused=False)
    laughs = "<!DOCTYPE d [<!ENTITY a 'ha'>" + "".join(
        f"<!ENTITY {chr(98 + n)} '{f'&{chr(97 + n)};' * 10}'>" for n in range(9)
    )
    bomb = f"{laughs}]><delete><id>&j;</id></delete>"
    yield _update("a billion laughs", bomb.encode(), "text/xml")
    wide_bomb = f'<?xml version="1.0" encoding="utf-16"?>{bomb}'.encode("utf-16")
    yield _update("a billion laughs in UTF-16", wide_bomb, "text/xml")
    yield _update("deep XML", b"<delete>" * 100_000, "text/xml")
    deep_xml = b"<delete>" * 50_000 + b"</delete>" * 50_000
    yield _update("deep and well-formed XML", deep_xml, "text/xml", refused=False)
    yield _update("an XML query", b"<delete><query>(</query></delete>", "text/xml")
    yield _update("bytes", bytes(range(256)) * 100, "text/xml")


ALL = [
    *_syntax(), *_people(), *_patterns(), *_numbers(), *_fields(), *_characters(), *_json_api(),
    *_updates(),
]  # fmt: skip


# -- asking ------------------------------------------------------------------------------------


class Victim:
    """The process that is asked; begun anew after it died."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None

    def ask(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Send a request; return what the process says, or that it died."""
        process = self._running()
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps(asked).encode() + b"\n")
            process.stdin.flush()
        except BrokenPipeError:
            return {"died": "while it was asked"}
        return self._heard(process)

    def _running(self) -> subprocess.Popen[bytes]:
        if self.process is None or self.process.poll() is not None:
            self.process = subprocess.Popen(
                [sys.executable, __file__],
                cwd=ROOT,
                # Not this run's sys.path: CKAN's tests put a folder with a module "types" on it.
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            assert "ready" in self._heard(self.process), "it did not start: see standard error"
        return self.process

    def _heard(self, process: subprocess.Popen[bytes]) -> dict[str, Any]:
        assert process.stdout is not None
        with selectors.DefaultSelector() as waiting:
            waiting.register(process.stdout, selectors.EVENT_READ)
            if not waiting.select(_PATIENCE):
                self.end()
                return {"died": f"no answer within {_PATIENCE:.0f} s"}
        line = process.stdout.readline()
        if not line:
            return {"died": f"exit status {process.wait(10)}"}
        return dict(json.loads(line))

    def end(self) -> None:
        """End the process."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)


@pytest.fixture(scope="module")
def victim() -> Iterator[Victim]:
    running = Victim()
    yield running
    running.end()


@pytest.mark.parametrize("asked", ALL, ids=lambda asked: ascii(asked.name))
def test_hostile_questions(victim: Victim, asked: Ask) -> None:
    answer = victim.ask(asked.sent)
    assert "died" not in answer, answer
    assert answer["status"] in asked.allowed, answer
    assert answer["seconds"] < MOST_SECONDS, answer
    assert answer["megabytes"] < MOST_MEGABYTES, answer
    if answer["status"] != 200:
        assert answer["says"], "a refusal says why"


def test_it_still_answers_afterwards(victim: Victim) -> None:
    asked = _wire("afterwards", "spielplatz", rows=1).sent
    answer = victim.ask(asked)
    assert answer["status"] == 200
    assert answer["body"].count('"numFound": 100,'), answer


# -- the process that is asked -----------------------------------------------------------------


def _records() -> list[dict[str, Any]]:
    return [
        {
            "index_id": f"{number:032x}", "id": f"{number}", 
            "name": f"n{number}" + "a" * (number % 40),
            "title": f"{'Spielplatz' if number % 3 == 0 else 'Amt'} {number}",
            "notes": "Ein Wort " * 20, "tags": [f"t{number % 50}", "aaaaaaaaaaaa"],
            "extras_x": f"{number}", "state": "active", "permission_labels": ["public"],
            "metadata_modified": f"2024-01-{number % 28 + 1:02d}T00:00:00Z", "views_total": number,
            "bbox": "7,50,8,51",
        }
        for number in range(300)
    ]  # fmt: skip


def _serve() -> None:
    from search.app import create_app
    from search.catalogue.index import Catalogue
    from search.service import SearchService
    from search.settings import SearchSettings
    from search.vectors.base import NoVectors

    # The service may log to standard output: what is said to the test goes elsewhere.
    said = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    with tempfile.TemporaryDirectory() as base:
        service = SearchService(Catalogue(Path(base) / "index"), NoVectors(), None)
        service.put(_records())
        settings = SearchSettings(search_token=TOKEN, search_mode="lexical")
        client = create_app(service, settings).test_client()
        _, most = resource.getrlimit(resource.RLIMIT_AS)
        limit = _ADDRESS_SPACE if most == resource.RLIM_INFINITY else min(most, _ADDRESS_SPACE)
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        print(json.dumps({"ready": True}), file=said, flush=True)
        for line in sys.stdin.buffer:
            print(json.dumps(_answer(client, json.loads(line))), file=said, flush=True)


def _answer(client: Any, asked: dict[str, Any]) -> dict[str, Any]:
    body = None if asked["body"] is None else base64.b64decode(asked["body"])
    before, began = _peak(), time.process_time()
    status, text, said = 0, "", ""
    try:
        answer = client.open(
            asked["path"], method=asked["method"], data=body, headers=asked["headers"]
        )
        status, text = answer.status_code, answer.get_data(True)
        told = answer.get_json(silent=True) or {}
        said = str(told.get("message") or (told.get("error") or {}).get("msg") or "")
    except BaseException as error:
        # A panic of the engine is a BaseException, and would end the request's thread.
        status, text = 599, repr(error)
    return {
        "status": status,
        "seconds": round(time.process_time() - began, 3),
        "megabytes": round(_peak() - before),
        "says": said[:200],
        "body": text[:300],
    }


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    _serve()
