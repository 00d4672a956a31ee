"""Feeds, as publishing systems really write them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvesters.errors import HarvestError, RefusedError, SourceError
from harvesters.fetch import Limits
from harvesters.model import Record, SourceConfig
from harvesters.run import harvest
from harvesters.sources import registry
from harvesters.sources.web import entries
from harvesters.sources.web.feed import FeedSource
from tests.unit.harvesters.conftest import FakeCkan
from tests.unit.harvesters.json_answers import opened, read
from tests.unit.harvesters.web_server import Reply, Site, serving

QUICK = Limits(seconds=5, connect=1, read=1, attempts=2, first_wait=0.01, longest_wait=0.05)

RSS2 = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/">
<channel><title>Stadt Mayen &amp; Umland</title><link>https://stadt.example/</link>
<language>de-DE</language>
<item><title>Straße &amp;amp; Weg gesperrt</title><guid isPermaLink="false">n-1</guid>
<link>https://stadt.example/n/1?utm_source=rss#oben</link>
<pubDate>Mon, 02 Sep 2024 08:30:00 +0200</pubDate>
<category>Verkehr</category><category>Bau/Straße</category>
<dc:creator>presse@stadt.example (Pressestelle)</dc:creator>
<description>Kurz.</description>
<content:encoded><![CDATA[<p>Die <b>Straße</b> ist zu.</p><script>x()</script>
<a href="/f/plan.pdf">Plan (PDF, 1 MB)</a>]]></content:encoded>
<enclosure url="https://stadt.example/f/lage.pdf" length="1234" type="application/pdf"/>
<media:content url="/f/plan.pdf" type="application/pdf"/>
</item>
<item><title>Ohne alles</title><pubDate>gestern</pubDate></item>
<item><guid>https://stadt.example/n/3</guid>
<description>Nur ein Text ohne Titel</description></item>
<item><guid>n-1</guid><title>Zweimal</title></item>
<item></item>
</channel></rss>"""

RSS1 = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel rdf:about="https://x.example/"><title>Amt</title><link>https://x.example/</link></channel>
<item rdf:about="https://x.example/a"><title>Eins</title><link>https://x.example/a</link>
<dc:date>2023-05-06T07:08:09Z</dc:date><dc:subject>Müll</dc:subject></item></rdf:RDF>"""

RSS091 = """<?xml version="1.0" encoding="ISO-8859-1"?>
<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN"
 "http://my.netscape.com/publish/formats/rss-0.91.dtd">
<rss version="0.91"><channel><title>Alt</title><item><title>Müll &nbsp; & mehr</title>
<link>https://x.example/alt</link></item></channel></rss>"""

ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de" xml:base="https://x.example/a/">
<title type="html">Amt &amp;amp; Rat</title>
<entry><id>tag:x,1</id><title type="text">5 &lt; 6 &amp; mehr</title>
<link rel="enclosure" href="p.pdf" type="application/pdf" length="7" title="Plan"/>
<link rel="alternate" type="application/json" href="1.json"/><link href="1.html"/>
<published>2024-01-02T03:04:05+01:00</published><updated>2024-02-03T00:00:00Z</updated>
<author><name>Erika Muster</name></author><category term="t" label="Thema"/>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">
<p>Ein <em>Text</em></p></div></content>
</entry></feed>"""


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as running:
        yield running


def _read(
    site: Site, config: Path, content: str | bytes, **options: Any
) -> tuple[dict[str, Record], dict[str, str], FeedSource]:
    site.routes["/feed"] = Reply(content.encode() if isinstance(content, str) else content)
    with opened(FeedSource, config, QUICK, url=f"{site.url}/feed", options=options) as source:
        records, failures = read(source)
        return records, failures, source


def test_rss_2(site: Site, config: Path) -> None:
    records, failures, source = _read(site, config, RSS2, kind="notice", license="dl-by-de-2.0")
    assert next(iter(records)) == "n-1"
    package = records["n-1"].package
    assert package["type"] == "document"
    assert package["document_kind"] == "notice"
    assert package["title"] == "Straße & Weg gesperrt"
    assert package["notes"] == (
        f"Die **Straße** ist zu.\n\n[Plan (PDF, 1 MB)]({site.url}/f/plan.pdf)"
    )
    assert package["issued"] == "2024-09-02T08:30:00+02:00"
    assert package["document_date"] == "2024-09-02"
    assert package["url"] == "https://stadt.example/n/1?utm_source=rss#oben"
    assert [tag["name"] for tag in package["tags"]] == ["Verkehr", "Bau-Straße"]
    assert package["license_id"] == "dl-by-de-2.0"
    assert "author" not in package
    assert [(r["name"], r["url"], r.get("size")) for r in package["resources"]] == [
        ("lage.pdf", "https://stadt.example/f/lage.pdf", 1234),
        ("plan.pdf", f"{site.url}/f/plan.pdf", None),
    ]
    assert records["n-1"].organisation.title == "Stadt Mayen & Umland"
    undated = next(r for r in records.values() if r.package["title"] == "Ohne alles")
    assert "date not readable: gestern" in undated.notes
    assert records["https://stadt.example/n/3"].package["title"] == "Nur ein Text ohne Titel"
    assert len(records) == 3
    assert not failures
    assert source.warnings == ["an entry without id, address and title was left out"]


def test_rss_1_and_the_oldest(site: Site, config: Path) -> None:
    (record,) = _read(site, config, RSS1)[0].values()
    assert record.package["title"] == "Eins"
    assert record.package["issued"] == "2023-05-06T07:08:09+00:00"
    assert record.package["tags"] == [{"name": "Müll"}]
    (record,) = _read(site, config, RSS091.encode("latin-1"))[0].values()
    assert record.package["title"] == "Müll & mehr"


def test_atom(site: Site, config: Path) -> None:
    (record,) = _read(site, config, ATOM, authors=True)[0].values()
    package = record.package
    assert package["title"] == "5 < 6 & mehr"
    assert package["notes"] == "Ein *Text*"
    assert package["url"] == "https://x.example/a/1.html"
    assert package["modified"] == "2024-02-03T00:00:00+00:00"
    assert package["author"] == "Erika Muster"
    assert package["tags"] == [{"name": "Thema"}]
    assert package["resources"][0]["url"] == "https://x.example/a/p.pdf"
    assert package["resources"][0]["name"] == "Plan"
    assert package["language"] == ["http://publications.europa.eu/resource/authority/language/DEU"]


@pytest.mark.parametrize("content", [RSS2, RSS1, RSS091, ATOM])
def test_a_feed_is_recognised(content: str) -> None:
    assert registry.recognise("https://x.example/feed", content.encode()) == "feed"
    assert registry.recognise("feed.xml", content.encode()) == "feed"


def test_other_xml_is_no_feed() -> None:
    inspire = ATOM.replace(
        "<feed ", '<feed xmlns:i="http://inspire.ec.europa.eu/schemas/inspire_dls/1.0" '
    )
    assert registry.recognise("x", inspire.encode()) != "feed"


def test_what_fell_out_of_a_feed_is_not_gone(site: Site, config: Path, ckan: FakeCkan) -> None:
    where = SourceConfig(name="neues", type="feed", url=f"{site.url}/feed")
    common = {"config": config, "allow_hosts": "127.0.0.1", "limits": QUICK}
    site.routes["/feed"] = Reply(RSS2.encode())
    first = harvest(where, ckan, **common)
    assert [str(r.outcome) for r in first.results] == ["added"] * 3, first
    assert [str(r.outcome) for r in harvest(where, ckan, **common).results] == ["unchanged"] * 3
    site.routes["/feed"] = Reply(RSS1.encode())
    assert [str(r.outcome) for r in harvest(where, ckan, **common).results] == ["added"]
    site.routes["/feed"] = Reply(b"<rss><channel><title>leer</title></channel></rss>")
    empty = harvest(where, ckan, **common)
    assert (empty.results, empty.error) == ([], "")
    assert len(ckan.packages) == 4


def test_a_real_feed(real_data: Path, config: Path) -> None:
    path = real_data / "oparl" / "karlsruhe" / "gremium-29599.xml"
    assert registry.recognise(str(path), path.read_bytes()[:4000]) == "feed"
    with opened(FeedSource, config, path=path) as source:
        records, failures = read(source)
    assert not failures
    assert len(records) > 100
    first = records["https://web1.karlsruhe.de/oparl/bodies/0001/agendaitems/100031"].package
    assert first["title"].startswith("Konsequenzen für die Kulturförderung")
    assert first["url"].endswith("termin-10501#top4")
    assert first["resources"][0]["format"] == "PDF"
    assert {"name": "Kulturausschuss"} in first["tags"]


def test_older_pages_are_read_and_loops_end(site: Site, config: Path) -> None:
    def older(_method: str, path: str, _headers: dict[str, str]) -> Reply:
        number = int(path.rsplit("=", 1)[-1]) if "=" in path else 0
        link = f'<link rel="next" href="/feed?page={number + 1}"/>'
        entry = f"<entry><id>e{number}</id><title>E {number}</title></entry>"
        return Reply(f'<feed xmlns="http://www.w3.org/2005/Atom">{link}{entry}</feed>'.encode())

    site.otherwise = older
    address = f"{site.url}/feed"
    with opened(FeedSource, config, QUICK, url=address, options={"max_pages": 4}) as source:
        assert list(read(source)[0]) == ["e0", "e1", "e2", "e3"]
    loop = '<feed xmlns="http://www.w3.org/2005/Atom"><link rel="next" href="/feed"/></feed>'
    site.routes["/feed"] = Reply(loop.encode())
    site.asked.clear()
    with opened(FeedSource, config, QUICK, url=address) as source:
        assert not list(source.discover())
    assert site.got() == ["/feed"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<rss><channel><item>", "is cut off"),
        (b"<rss><channel></rss>", "is not valid RSS or Atom"),
        (b"", "is empty"),
        (b"<!DOCTYPE html><html>", "is a web page, not a feed"),
        (b"<catalogue/>", "is no feed: its XML begins with <catalogue>"),
        (b'{"items": []}', "is not valid RSS or Atom"),
        (b'<!DOCTYPE rss [<!ENTITY a "b">]><rss/>', "defines XML entities"),
        (b"<rss>" + b"<a>" * 100_000, "nested too deeply"),
        (b"<rss>" + b"x" * 25_000_000, "more than 21 MB"),
        (b'<?xml version="1.0" encoding="x-unbekannt"?><html/>', "is no feed"),
    ],
)
def test_what_is_no_feed_is_one_line(site: Site, config: Path, content: bytes, reason: str) -> None:
    with pytest.raises(SourceError, match=reason):
        _read(site, config, content)


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
def test_wrong_encodings(site: Site, config: Path, encoding: str) -> None:
    """The declaration says UTF-8 whatever the bytes are."""
    records, _failures, _source = _read(site, config, RSS2.encode(encoding, "replace"))
    assert records["n-1"].package["title"] == "Straße & Weg gesperrt"


def test_a_redirect_inward_is_refused(site: Site, config: Path) -> None:
    site.routes["/feed"] = Reply(b"", 302, {"Location": "http://192.168.1.1/feed"})
    with (
        opened(FeedSource, config, QUICK, url=f"{site.url}/feed") as source,
        pytest.raises(RefusedError, match="is inside the network"),
    ):
        list(source.discover())


@given(st.text(alphabet="<>/rsitemlnk=\"' &;#![]CDATAä\x00", max_size=200))
@settings(max_examples=200, deadline=None)
def test_anything_is_read_or_refused(text: str) -> None:
    for content in (text, f"<rss><channel><item><title>{text}</title></item></channel></rss>"):
        with contextlib.suppress(HarvestError):
            entries.parse(content.encode("utf-8", "replace"), "it")


@pytest.mark.parametrize("text", ["Mon, 02 Sep 2024 08:30:00 +0200", "2024-09-02T08:30:00+02:00"])
def test_dates(text: str) -> None:
    assert entries.read_date(text) == "2024-09-02T08:30:00+02:00"


@pytest.mark.parametrize("text", ["", "gestern", "Mon, 99 Sep 2024", "1" * 400, "\x00"])
def test_dates_that_are_none(text: str) -> None:
    assert entries.read_date(text) == ""
