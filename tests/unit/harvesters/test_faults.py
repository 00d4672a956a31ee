"""What a run says and does when its source misbehaves; the same for three kinds of sources."""

from __future__ import annotations

import dataclasses
import re
import time
from pathlib import Path
from typing import Any

import pytest

from harvesters.fetch import Limits
from harvesters.model import Outcome, Report, Verdict
from tests.unit.harvesters import fault_server as faults
from tests.unit.harvesters.conftest import FakeCkan, FaultServer, body
from tests.unit.harvesters.fault_server import FEEDS, Entry, Feed

XML_KINDS = ("dcat", "csw")


@pytest.fixture(params=FEEDS)
def feed(request: pytest.FixtureRequest, server: FaultServer, config: Path) -> Feed:
    return FEEDS[request.param](server, config)


def _titles(ckan: FakeCkan) -> list[str]:
    return sorted(package["title"] for package in ckan.packages.values())


def _check(report: Report, verdict: Verdict, added: int, reason: str = "") -> None:
    said = " | ".join([report.error, *report.warnings])
    assert (report.verdict, report.count(Outcome.ADDED)) == (verdict, added), said
    assert re.search(reason, said), said
    assert "Traceback" not in said and "object at 0x" not in said
    assert report.count(Outcome.GONE) == 0


def _second_page(
    feed: Feed, ckan: FakeCkan, quick: Limits, *answers: Any, reason: str = "", **options: Any
) -> None:
    """All is well at first; then page 2 has a fault: what was there stays, and page 1 is read."""
    feed.run(ckan, quick)
    assert len(ckan.packages) == 5
    feed.fault(2, *answers)
    page_one = [Entry("baeume", "Neue Bäume"), *feed.entries[1:]]
    feed.entries = page_one
    report = feed.run(ckan, quick, **options)
    _check(report, Verdict.PARTIAL, 0, rf"page 2 could not be read: .*{reason}")
    assert report.count(Outcome.CHANGED) == 1
    assert report.count(Outcome.UNCHANGED) == 1
    assert not report.complete
    assert len(_titles(ckan)) == 5


def test_nothing_wrong(feed: Feed, ckan: FakeCkan, quick: Limits) -> None:
    _check(feed.run(ckan, quick), Verdict.SUCCEEDED, 5)
    assert _titles(ckan) == sorted(entry.title for entry in feed.entries)
    identities = {package["harvest_source_id"] for package in ckan.packages.values()}
    assert identities == {entry.identity for entry in feed.entries}
    again = feed.run(ckan, quick)
    assert again.count(Outcome.UNCHANGED) == 5


def test_errors_that_pass(feed: Feed, ckan: FakeCkan, quick: Limits) -> None:
    feed.fault(2, body("", 500), faults.reset, faults.as_it_is)
    feed.fault(3, body("", 429, {"Retry-After": "1"}), faults.broken_off, faults.as_it_is)
    _check(feed.run(ckan, quick), Verdict.SUCCEEDED, 5)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (body("Traceback (most recent call last)", 500), "500 Internal Server Error"),
        (body("", 429, {"Retry-After": "7200"}), "429 Too Many Requests"),
        (body("", 404), "404 Not Found"),
        (faults.truncated, "is cut off"),
        (faults.invalid, "is not valid"),
        (faults.broken_off, "cannot be reached|closed"),
        (faults.reset, "cannot be reached"),
        (faults.silent, "does not answer in time"),
        (faults.gzip_bomb(), "more than"),
        (faults.gzip_bomb(2), "packed as 'gzip, gzip'"),
        (body("", headers={"Content-Encoding": "br"}), "packed as 'br'"),
        (body("<html><body>Wartung</body></html>"), "is a web page"),
        (body(""), "is empty"),
        (body(faults.BILLION_LAUGHS), "entities|not JSON"),
        (body(faults.XXE), "entities|not JSON"),
        (body(faults.DTD), "external document type|not JSON"),
        (body("", 302, {"Location": "http://10.0.0.1/"}), "is inside the network"),
        (body("", 302, {"Location": "http://[::ffff:7f00:1]/"}), "is inside the network"),
        (body("", 302, {"Location": "file:///etc/passwd"}), "only http and https"),
    ],
)
def test_a_later_page_fails(
    feed: Feed, ckan: FakeCkan, quick: Limits, answer: Any, reason: str
) -> None:
    limits = dataclasses.replace(quick, attempts=2)
    _second_page(feed, ckan, limits, answer, reason=f"({reason})")


def test_slow_bytes(feed: Feed, ckan: FakeCkan, quick: Limits) -> None:
    feed.run(ckan, quick)
    feed.fault(2, faults.dripping)
    report = feed.run(ckan, Limits(seconds=1, read=1, attempts=2, first_wait=0.02))
    _check(report, Verdict.PARTIAL, 0, "page 2 could not be read: .* is too slow")


@pytest.mark.parametrize("answer", [body("", 503), faults.truncated, faults.silent])
def test_the_first_page_fails(feed: Feed, ckan: FakeCkan, quick: Limits, answer: Any) -> None:
    feed.run(ckan, quick)
    feed.fault(1, answer)
    report = feed.run(ckan, dataclasses.replace(quick, attempts=2))
    assert report.verdict is Verdict.FAILED
    assert report.error.startswith(feed.server.url)
    assert not report.portal_failed
    assert len(_titles(ckan)) == 5


def test_paging_that_does_not_end(feed: Feed, ckan: FakeCkan, quick: Limits) -> None:
    feed.endless = True
    report = feed.run(ckan, quick, {"options": {"max_pages": 4}})
    _check(report, Verdict.PARTIAL, 8, r"stopped after 4 pages \(option max_pages\)")


def test_a_page_that_repeats(feed: Feed, ckan: FakeCkan, quick: Limits) -> None:
    feed.repeats = True
    report = feed.run(ckan, quick)
    assert report.verdict is Verdict.PARTIAL
    assert re.search("paging does not end|paging goes in circles", " ".join(report.warnings))
    assert len(feed.server.requests) < 6
    assert len(ckan.packages) == 2


def test_ids_that_come_twice(feed: Feed, ckan: FakeCkan, quick: Limits) -> None:
    feed.entries = [*feed.entries, Entry("baeume", "Noch einmal Bäume")]
    report = feed.run(ckan, quick)
    assert report.count(Outcome.FAILED) == 0
    said = " ".join([*report.warnings, *(one.reason for one in report.results)])
    assert re.search("twice|two datasets|announced", said), said
    assert "Bäume" in _titles(ckan)
    assert len(ckan.packages) in (5, 6)
    names = [package["name"] for package in ckan.packages.values()]
    assert len(set(names)) == len(names)


def test_latin_1_that_calls_itself_utf_8(feed: Feed, ckan: FakeCkan, quick: Limits) -> None:
    feed.fault(1, faults.latin_1)
    report = feed.run(ckan, quick)
    if feed.kind in XML_KINDS:
        assert report.verdict is Verdict.FAILED
        assert re.search(r"is not valid .*\(line 1\)", report.error), report.error
    else:
        _check(report, Verdict.SUCCEEDED, 5, "read as Windows-1252")
        assert "Bäume" in _titles(ckan)


def test_another_encoding_that_is_named(feed: Feed, ckan: FakeCkan, quick: Limits) -> None:
    for page, encoding in enumerate(("utf-16", "iso-8859-1", "utf-16"), 1):
        named = encoding if feed.kind in XML_KINDS else "utf-16"
        feed.fault(page, faults.encoded(named))
    _check(feed.run(ckan, quick), Verdict.SUCCEEDED, 5)
    assert "Straßen" in _titles(ckan)


def test_a_record_of_200_megabytes(feed: Feed, ckan: FakeCkan) -> None:
    feed.fault(1, faults.Huge(feed, 200_000_000))
    began = time.monotonic()
    report = feed.run(ckan, Limits(attempts=1))
    assert time.monotonic() - began < 120
    huge = [one for one in report.results if one.identity == "riesig"]
    if feed.kind == "csw":
        # Such a text is refused by the reader of the whole page.
        assert report.verdict is Verdict.FAILED
        assert "is not valid" in report.error
        assert ckan.packages == {}
    else:
        assert [one.reason for one in huge] == ["has more than 10 million characters"]
        assert report.count(Outcome.ADDED) == 5
        assert report.verdict is Verdict.PARTIAL
    assert len(str(report)) < 100_000
