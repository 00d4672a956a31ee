"""A website, read politely: its documents, its datasets, and its traps."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvesters.errors import HostDownError, SourceError
from harvesters.fetch import Download, Fetcher, Limits
from harvesters.model import Record, SourceConfig
from harvesters.run import harvest
from harvesters.sources import documents
from harvesters.sources.web import addresses, robots
from harvesters.sources.web.page import read as read_page
from harvesters.sources.web.website import WebsiteSource
from harvesters.vocabulary import load
from tests.unit.harvesters.conftest import FakeCkan
from tests.unit.harvesters.json_answers import opened, read
from tests.unit.harvesters.web_server import Reply, Site, file, page, serving


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as running:
        yield running


QUICK = Limits(seconds=5, connect=1, read=1, attempts=2, first_wait=0.01, longest_wait=0.05)


def _read(
    site: Site, config: Path, start: str = "/", **options: Any
) -> tuple[dict[str, Record], dict[str, str], WebsiteSource]:
    options.setdefault("pause", 0)
    with opened(WebsiteSource, config, QUICK, url=site.url + start, options=options) as source:
        records, failures = read(source)
        return records, failures, source


def test_linked_documents_become_records(site: Site, config: Path) -> None:
    site.routes = {
        "/": page('<h1>Ortsrecht</h1><a href="/satzungen/?utm_source=x#top">Satzungen</a>'),
        "/satzungen/": page(
            '<h2>Steuern</h2><a href="hunde.pdf?PHPSESSID=1">Hundesteuersatzung (PDF, 120 KB)</a>'
            '<h2>Anträge</h2><a href="/files/Antrag_Wohngeld.docx">Download</a>'
            '<a href="/dump?id=7" type="application/pdf">Niederschrift vom 12.03.2020</a>'
        ),
        "/satzungen/hunde.pdf": file(
            b"%PDF" + b"x" * 96, **{"Last-Modified": formatdate(1_600_000_000, usegmt=True)}
        ),
        "/files/Antrag_Wohngeld.docx": file(kind="application/octet-stream"),
        "/dump?id=7": file(**{"Content-Disposition": 'attachment; filename="ns-2020.pdf"'}),
    }
    records, failures, source = _read(site, config, license="dl-by-de-2.0")
    assert not failures
    assert source.complete
    made = {record.package["title"]: record.package for record in records.values()}
    assert list(made) == ["Hundesteuersatzung", "Antrag Wohngeld", "Niederschrift vom 12.03.2020"]
    statute = made["Hundesteuersatzung"]
    assert statute["type"] == "document"
    assert statute["document_kind"] == "statute"
    assert statute["url"] == f"{site.url}/satzungen/"
    assert statute["modified"] == "2020-09-13T12:26:40+00:00"
    assert statute["license_id"] == "dl-by-de-2.0"
    assert statute["language"] == ["http://publications.europa.eu/resource/authority/language/DEU"]
    (resource,) = statute["resources"]
    assert resource["url"] == f"{site.url}/satzungen/hunde.pdf"
    assert (resource["format"], resource["size"]) == ("PDF", 100)
    assert made["Antrag Wohngeld"]["document_kind"] == "form"
    protocol = made["Niederschrift vom 12.03.2020"]
    assert (protocol["document_kind"], protocol["document_date"]) == ("protocol", "2020-03-12")
    assert protocol["resources"][0]["name"] == "ns-2020.pdf"
    # The session and the campaign are no part of any address that was asked.
    assert set(site.got()) == {"/robots.txt", "/", "/sitemap.xml", "/satzungen/"}
    assert len(site.got("HEAD")) == 3
    assert all(agent.startswith(robots.AGENT) for agent in site.agents)


def test_a_second_run_writes_nothing(site: Site, config: Path, ckan: FakeCkan) -> None:
    site.routes = {
        "/": page('<a href="a.pdf">Satzung A</a><a href="/b">B</a>'),
        "/b": page('<a href="./a.pdf">Dieselbe Datei</a><a href="b.pdf">Bericht B</a>'),
        "/a.pdf": file(**{"Last-Modified": formatdate(usegmt=True)}),  # always "just now"
        "/b.pdf": file(),
    }
    where = SourceConfig(name="site", type="website", url=f"{site.url}/", options={"pause": 0})
    common = {"config": config, "allow_hosts": "127.0.0.1", "limits": QUICK}
    first = harvest(where, ckan, **common)
    assert [r.title for r in first.results] == ["Satzung A", "Bericht B"], first
    writes = len(ckan.writes)
    again = harvest(where, ckan, **common)
    assert [str(r.outcome) for r in again.results] == ["unchanged", "unchanged"]
    assert len(ckan.writes) == writes
    del site.routes["/b.pdf"]
    third = harvest(where, ckan, **common)
    assert [str(r.outcome) for r in third.results] == ["unchanged", "gone"]
    assert any("documents that are not there" in text for text in third.warnings)


def test_datasets_of_schema_org(site: Site, config: Path) -> None:
    graph = {
        "@context": "https://schema.org/",
        "@graph": [
            {
                "@type": "DataCatalog",
                "dataset": [
                    {
                        "@type": "Dataset",
                        "@id": "https://stadt.example/d/1",
                        "name": [{"@value": "Trees", "@language": "en"},
                                 {"@value": "Bäume", "@language": "de"}],
                        "description": "Alle <b>Bäume</b>",
                        "license": "http://dcat-ap.de/def/licenses/dl-by-de/2.0",
                        "keywords": "Grün, Bäume",
                        "dateModified": "2024-05-01",
                        "publisher": {"@type": "Organization", "name": "Grünamt",
                                      "contactPoint": {"email": "amt@stadt.example"}},
                        "creator": {"@type": "Person", "name": "Erika Muster"},
                        "temporalCoverage": "2020-01-01/2020-12-31",
                        "spatialCoverage": {"name": "Mayen", "geo":
                                            {"latitude": 50.3, "longitude": "7.2"}},
                        "distribution": [{"contentUrl": "/baeume.csv",
                                          "encodingFormat": "text/csv"}],
                    }
                ],
            },
            {"@type": "http://schema.org/Dataset", "name": "Ohne Adresse"},
        ],
    }  # fmt: skip
    script = f'<script type="application/ld+json">{json.dumps(graph)}</script>'
    broken = '<script type="application/ld+json">{"@type": "Dataset", </script>'
    deep = f'<script type="application/ld+json">{"[" * 100_000}</script>'
    site.routes = {"/": page("<p>x", script + broken + deep)}
    records, failures, _source = _read(site, config)
    assert not failures
    trees = records["https://stadt.example/d/1"].package
    assert trees["type"] == "dataset"
    assert trees["title"] == "Bäume"
    assert trees["license_id"] == "dl-by-de-2.0"
    assert trees["notes"] == "Alle **Bäume**"
    assert [tag["name"] for tag in trees["tags"]] == ["Grün", "Bäume"]
    assert trees["temporal_coverage"] == [{"start": "2020-01-01", "end": "2020-12-31"}]
    assert json.loads(trees["spatial_coverage"][0]["centroid"])["coordinates"] == [7.2, 50.3]
    assert trees["contact"] == [{"name": "Grünamt", "email": "amt@stadt.example"}]
    assert "creator" not in trees  # a person
    assert trees["resources"][0]["url"] == f"{site.url}/baeume.csv"
    assert trees["resources"][0]["format"] == "CSV"
    assert [r.package["title"] for r in records.values()] == ["Bäume", "Ohne Adresse"]


def test_pages_themselves(site: Site, config: Path) -> None:
    site.routes = {
        "/": page(
            "<header>Kopf</header><nav>Menü <a href='/b'>B</a></nav>"
            "<main><h1>Willkommen</h1><p>Text <b>hier</b><script>böse()</script></p></main>",
            "<meta property='og:site_name' content='Stadt Mayen'>",
        ),
        "/b": page("<h1>B</h1>", "<link rel=canonical href='/b?x=1'><meta name=robots "
                   "content=noindex>"),
    }  # fmt: skip
    records, _failures, source = _read(site, config, pages=True)
    (record,) = records.values()
    assert record.package["title"] == "Willkommen"
    assert record.package["document_kind"] == "page"
    assert record.package["notes"] == "# Willkommen\n\nText **hier**"
    assert record.organisation.title == "Stadt Mayen"
    assert source.complete


def test_robots_that_forbid_all(site: Site, config: Path) -> None:
    site.routes = {"/robots.txt": Reply(b"User-agent: *\nDisallow: /"), "/": page("x")}
    with pytest.raises(SourceError, match=r"not to be read by robots.*User-agent: MYK-"):
        _read(site, config)
    assert site.got() == ["/robots.txt"]


def test_robots_that_cannot_be_read_forbid_all(site: Site, config: Path) -> None:
    site.routes = {"/robots.txt": Reply(b"", 500), "/": page("x")}
    with pytest.raises(SourceError, match=r"robots\.txt answers with an error: 500"):
        _read(site, config)
    assert "/" not in site.got()


def test_robots_are_respected(site: Site, config: Path) -> None:
    site.routes = {
        "/robots.txt": Reply(
            b"User-agent: *\nDisallow: /\n\nUser-agent: MYK-Competence-Hub\n"
            b"Disallow: /intern/\nDisallow: /*.xlsx$\nCrawl-delay: 0.2\n"
        ),
        "/": page(
            "<a href='/intern/a'>A</a><a href='/intern/a.pdf'>A</a><a href='/b.xlsx'>B</a>"
            "<a href='/c.pdf'>Satzung</a>"
        ),
        "/c.pdf": file(),
    }
    with opened(WebsiteSource, config, QUICK, url=site.url, options={"pause": 0}) as source:
        records, _failures = read(source)
        assert source.fetcher._pace.pause == 0.2
    assert [r.package["title"] for r in records.values()] == ["Satzung"]
    assert site.got() == ["/robots.txt", "/", "/sitemap.xml"]
    assert site.got("HEAD") == ["/c.pdf"]


@pytest.mark.parametrize(
    ("lines", "path", "allowed"),
    [
        ("Disallow:", "/a", True),
        ("Disallow: /a", "/a/b", False),
        ("Disallow: /a\nAllow: /a/b", "/a/b/c", True),
        ("Allow: /a\nDisallow: /a", "/a", True),
        ("Disallow: /*?", "/a?x=1", False),
        ("Disallow: /*?utm_", "/a", True),
        ("Disallow: /*.php$", "/a.php5", True),
        ("Disallow: /*.php$", "/x/a.php", False),
        ("Disallow: /straße", "/stra%C3%9Fe/1", False),
        ("Disallow: /$", "/", False),
        ("Disallow: /$", "/a", True),
        ("disallow : /a # nicht", "/a", False),
        ("Disallow /a", "/a", True),
        ("Disallow: " + "/*a" * 600, "/" + "a" * 1900, True),
    ],
)
def test_rules_of_robots(lines: str, path: str, allowed: bool) -> None:
    found = robots.parse(f"User-agent: *\n{lines}\n".encode(), "https://x.example/robots.txt")
    assert found.allows(f"https://x.example{path}") is allowed


def test_sitemaps_say_what_there_is(site: Site, config: Path) -> None:
    index = (
        "<sitemapindex xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>"
        "<sitemap><loc>/one.xml.gz</loc></sitemap><sitemap><loc>/index.xml</loc></sitemap>"
        "<sitemap><loc>/gone.xml</loc></sitemap></sitemapindex>"
    )
    one = (
        "<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>"
        "<url><loc>/tief/im/baum</loc><lastmod>2024-02-03</lastmod></url>"
        "<url><loc>/d/Bericht_2020.pdf</loc></url><url><loc>https://else.example/x</loc></url>"
        "</urlset>"
    )
    site.routes = {
        "/robots.txt": Reply(b"Sitemap: /index.xml"),
        "/index.xml": Reply(index.encode()),
        "/one.xml.gz": Reply(gzip.compress(one.encode())),
        "/": page("<a href='/nicht-gelistet'>x</a>"),
        "/tief/im/baum": page("<h1>Baum</h1><a href='/nicht-gelistet'>x</a>"),
        "/d/Bericht_2020.pdf": file(),
    }
    records, _failures, source = _read(site, config, pages=True)
    titles = {r.package["title"]: r.package for r in records.values()}
    assert set(titles) == {"T", "Baum", "Bericht 2020"}
    assert titles["Baum"]["modified"] == "2024-02-03"
    assert "/nicht-gelistet" not in site.got()
    assert not source.complete  # a sitemap is missing
    assert any("gone.xml" in text for text in source.warnings)


def test_a_sitemap_that_is_a_bomb(site: Site, config: Path) -> None:
    site.routes = {
        "/robots.txt": Reply(b"Sitemap: /bomb.xml.gz"),
        "/bomb.xml.gz": Reply(gzip.compress(b"<urlset>" + b" " * 80_000_000)),
        "/": page("<a href='/a.pdf'>Satzung</a>"),
        "/a.pdf": file(),
    }
    records, _failures, source = _read(site, config)
    assert len(records) == 1  # by its links
    assert any("unpacks to more than 52 MB" in text for text in source.warnings)
    assert not source.complete


@pytest.mark.parametrize(
    "content",
    [
        b"<urlset><url>",
        b"<html>",
        b"\x1f\x8b\x08broken",
        b"",
        b"<!DOCTYPE x [<!ENTITY a 'b'>]><urlset/>",
    ],
)
def test_broken_sitemaps_are_told(site: Site, config: Path, content: bytes) -> None:
    site.routes = {"/sitemap.xml": Reply(content), "/": page("<a href='/a.pdf'>A Satzung</a>"),
                   "/a.pdf": file()}  # fmt: skip
    records, _failures, source = _read(site, config)
    assert len(records) == 1
    assert source.complete is (content == b"")
    assert bool(source.warnings) is (content != b"")


def test_endless_links(site: Site, config: Path) -> None:
    """A calendar without end, and relative links that make a path longer each time."""

    def calendar(_method: str, path: str, _headers: dict[str, str]) -> Reply | None:
        if path.startswith("/kalender/"):
            year, month = map(int, path.split("/")[2:4])
            return page(f"<a href='/kalender/{year + month // 12}/{month % 12 + 1}'>weiter</a>")
        if path.startswith("/kreis"):
            return page(
                "<a href='kreis/x'>weiter</a>" if path == "/kreis" else "<a href='kreis/y/x'>w</a>"
            )
        return None

    site.otherwise = calendar
    site.routes = {"/": page("<a href='/kalender/2026/1'>Kalender</a><a href='/kreis/a'>K</a>")}
    _records, _failures, source = _read(site, config, depth=50, same_shape=12)
    assert len(site.got()) < 30
    assert not source.complete
    assert any("differ in numbers alone" in text for text in source.warnings)
    assert any("go in circles" in text for text in source.warnings)


def test_the_number_of_pages_is_limited(site: Site, config: Path) -> None:
    site.otherwise = lambda _m, path, _h: page(f"<a href='{path}a'>x</a><a href='{path}b'>y</a>")
    site.routes = {"/robots.txt": Reply(b""), "/sitemap.xml": Reply(b"", 404)}
    _records, _failures, source = _read(site, config, depth=50, max_pages=20)
    assert len(site.got()) == 22  # with robots.txt and sitemap.xml
    assert not source.complete
    assert not source.cut_short
    assert any("max_pages" in text for text in source.warnings)


def test_what_is_not_followed(site: Site, config: Path) -> None:
    site.routes = {
        "/rathaus/": page(
            "<a href='/logout'>x</a><a href='?action=delete&id=1'>x</a>"
            "<a href='/rathaus/login.php'>x</a>"
            "<a rel='nofollow' href='/rathaus/nf'>x</a><a rel=nofollow href='/nf.pdf'>x</a>"
            "<a href='/anderswo/'>x</a><a href='https://else.example/y.pdf'>x</a>"
            "<a href='mailto:a@b.de'>m</a><a href='javascript:alert(1)'>j</a>"
            "<a href='http://[x'>k</a>"
            "<a href='/rathaus/geheim'>g</a><a href='/rathaus/nofollow'>n</a>"
            "<a href='/rathaus/../../../etc/a.pdf'>Umweg-Satzung</a>"
        ),
        "/rathaus/geheim": page(
            "<a href='/noindex.pdf'>Satzung</a>", "<meta name=robots content='noindex'>"
        ),
        "/rathaus/nofollow": page("<a href='/x.pdf'>x</a>", **{"X-Robots-Tag": "nofollow"}),
        "/etc/a.pdf": file(),
    }  # fmt: skip
    records, _failures, _source = _read(site, config, "/rathaus/")
    assert [r.package["title"] for r in records.values()] == ["Umweg-Satzung"]
    assert set(site.got()) == {
        "/robots.txt", "/sitemap.xml", "/rathaus/", "/rathaus/geheim", "/rathaus/nofollow",
    }  # fmt: skip


def test_include_exclude_and_other_hosts(site: Site, config: Path) -> None:
    site.routes = {
        "/": page("<a href='/a/1'>x</a><a href='/b/1'>x</a>"
                  f"<a href='{site.url.replace('127.0.0.1', 'localhost')}/f.pdf'>Bericht</a>"),
        "/a/1": page("<a href='/x/alt/1.pdf'>Alt</a><a href='/x/2.pdf'>Neu-Satzung</a>"),
        "/x/2.pdf": file(), "/f.pdf": file(),
    }  # fmt: skip
    other = site.url.replace("127.0.0.1", "localhost").removeprefix("http://")
    options = {"include": ["/a/"], "exclude": ["/*/alt/"], "hosts": [other], "pause": 0}
    with Fetcher(QUICK, allow=frozenset({"127.0.0.1", "localhost"})) as fetcher:
        where = SourceConfig(name="x", type="website", url=site.url, options=options)
        source = WebsiteSource(where, fetcher, load(config), config.parent)
        records, _failures = read(source)
    assert [r.package["title"] for r in records.values()] == ["Bericht", "Neu-Satzung"]
    assert "/b/1" not in site.got()


def test_a_redirect_inward_is_refused(site: Site, config: Path) -> None:
    site.routes = {
        "/": page("<a href='/go'>x</a><a href='/go.pdf'>Satzung</a><a href='/ok.pdf'>Bericht</a>"),
        "/go": Reply(b"", 302, {"Location": "http://10.0.0.1/secret"}),
        "/go.pdf": Reply(b"", 302, {"Location": "http://169.254.169.254/x.pdf"}),
        "/ok.pdf": file(),
    }
    records, failures, source = _read(site, config)
    assert [r.package["title"] for r in records.values()] == ["Bericht"]
    assert "is inside the network" in failures[f"{site.url}/go.pdf"]
    assert any("is inside the network" in text for text in source.warnings)


def test_errors_of_pages_and_files(site: Site, config: Path) -> None:
    site.routes = {
        "/": page(
            "<a href='/weg'>x</a><a href='/kaputt'>x</a><a href='/weg.pdf'>Weg</a>"
            "<a href='/kaputt.pdf'>Kaputt</a><a href='/login.pdf'>L</a>"
            "<a href='/nein.pdf'>Nein-Satzung</a>"
            "<a href='/gross'>Großer Bericht</a><a href='/riesig'>x</a>"
        ),
        "/kaputt": Reply(b"", 503),
        "/kaputt.pdf": Reply(b"", 503),
        "/login.pdf": page("Bitte anmelden"),
        "/nein.pdf": Reply(b"", 405),
        "/gross": file(b"%PDF" + b"x" * 6_000_000),
        "/riesig": page("x" * 6_000_000),
    }  # fmt: skip
    records, failures, source = _read(site, config)
    assert {r.package["title"] for r in records.values()} == {"Nein-Satzung", "Großer Bericht"}
    assert list(failures) == [f"{site.url}/kaputt.pdf"]
    assert not source.complete
    assert source.cut_short
    told = " ".join(source.warnings)
    for words in ("pages that are not there", "documents that are not there", "are web pages",
                  "that are too large"):  # fmt: skip
        assert words in told


def test_a_host_that_goes_down(site: Site, config: Path) -> None:
    links = "".join(f"<a href='/{letter}'>x</a>" for letter in "abcdefghij")
    site.routes = {"/": page(f"<a href='/s.pdf'>Satzung</a>{links}"), "/s.pdf": file()}
    site.otherwise = lambda _m, path, _h: Reply(b"", 503) if len(path) == 2 else None
    with opened(WebsiteSource, config, QUICK, url=site.url, options={"pause": 0}) as source:
        found = source.discover()
        assert next(found).identity == f"{site.url}/s.pdf"
        with pytest.raises(HostDownError):
            list(found)
        assert not source.complete
    assert len(set(site.got())) < 10


def test_a_start_that_is_no_page(site: Site, config: Path) -> None:
    site.routes = {"/a.pdf": file()}
    with pytest.raises(SourceError, match=r"is no web page, but application/pdf"):
        _read(site, config, "/a.pdf")
    with pytest.raises(SourceError, match="404 Not Found"):
        _read(site, config, "/no")


def test_a_start_that_moved(site: Site, config: Path) -> None:
    site.routes = {
        "/": Reply(b"", 301, {"Location": "/de/start.html"}),
        "/de/start.html": page("<a href='/de/a'>a</a><a href='/en/a'>a</a>"),
        "/de/a": page("<a href='x.pdf'>Satzung</a>"),
        "/de/x.pdf": file(),
    }
    records, _failures, _source = _read(site, config)
    assert len(records) == 1
    assert "/en/a" not in site.got()


@pytest.mark.parametrize(
    "declared", ["", "; charset=utf-8", "; charset=ascii", "; charset=x-unbekannt"]
)
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
def test_wrong_encodings(site: Site, config: Path, declared: str, encoding: str) -> None:
    html = "<html><body><a href='/s.pdf'>Gebührensatzung für Straßen</a></body></html>"
    site.routes = {
        "/": Reply(html.encode(encoding), headers={"Content-Type": f"text/html{declared}"}),
        "/s.pdf": file(),
    }
    records, _failures, _source = _read(site, config)
    assert [r.package["title"] for r in records.values()] == ["Gebührensatzung für Straßen"]


def test_umlauts_and_slashes_in_addresses(site: Site, config: Path) -> None:
    site.routes = {
        "/": page("<a href='/d/Übersicht Straßen.pdf'>Übersicht</a>"
                  "<a href='/d/%C3%9Cbersicht%20Stra%C3%9fen.pdf'>Nochmal</a>"
                  "<a href='/d/a%2Fb.pdf'>Schräg-Satzung</a>"),
        "/d/%C3%9Cbersicht%20Stra%C3%9Fen.pdf": file(),
        "/d/a%2Fb.pdf": file(),
    }  # fmt: skip
    records, failures, _source = _read(site, config)
    assert not failures
    assert [r.package["title"] for r in records.values()] == ["Übersicht", "Schräg-Satzung"]


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ("HTTP://WWW.Stadt.Example:80/a/../b/./c#x", "http://www.stadt.example/b/c"),
        ("https://x.example/a;jsessionid=1F/b?utm_source=q&id=3&fbclid=z", "https://x.example/a/b?id=3"),
        ("https://x.example/%7Euser/%c3%bc", "https://x.example/~user/%C3%BC"),
        ("https://x.example/../../etc", "https://x.example/etc"),
        ("https://müller.example/", "https://xn--mller-kva.example/"),
        ("https://user:pw@x.example/", ""),
        ("mailto:a@b.de", ""),
        ("http://[", ""),
        ("https://x.example:99999/", ""),
        ("https://x.example/" + "a" * 3000, ""),
    ],
)  # fmt: skip
def test_addresses_have_one_spelling(given_: str, expected: str) -> None:
    assert addresses.normal(given_) == expected
    assert addresses.normal(expected) == expected


@given(st.text(max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_text_is_an_address_or_nothing(text: str) -> None:
    made = addresses.normal(text, "https://x.example/a/b")
    assert made == "" or (made.isascii() and addresses.normal(made) == made)


@given(st.text(alphabet="<>/abcdivpt='\" &;#\x00\ud800äß", max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_markup_is_read(text: str) -> None:
    found = read_page(
        Download("https://x.example/", text.encode("utf-8", "surrogatepass"), "text/html", {})
    )
    assert found is None or isinstance(found.text(), str)


def test_markup_without_a_bottom(site: Site, config: Path) -> None:
    site.routes = {"/": page("<a href='/a.pdf'>Satzung</a>" + "<div>" * 200_000), "/a.pdf": file()}
    records, _failures, _source = _read(site, config, pages=True)
    assert len(records) == 2


@pytest.mark.parametrize(
    ("link", "title"),
    [
        ("Hundesteuersatzung (PDF, 120 KB)", "Hundesteuersatzung"),
        ("PDF: Antrag auf Wohngeld [1,2 MB]", "Antrag auf Wohngeld"),
        ("Haushaltsplan 2024 - PDF", "Haushaltsplan 2024"),
        ("Abfall (öffnet in einem neuen Fenster)", "Abfall"),
        ("Satzung (Fassung von 2020)", "Satzung (Fassung von 2020)"),
        ("Mehr Demokratie", "Mehr Demokratie"),
        ("Download (PDF)", ""),
        ("hier", ""),
        ("(PDF, " * 60, ""),
    ],
)
def test_titles_from_links(link: str, title: str) -> None:
    assert documents.title_from_link(link) == title


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("Bekanntmachung der Satzung", "notice"),
        ("Antrag nach der Baumschutzsatzung", "form"),
        ("Antrag der SPD-Fraktion", "paper"),
        ("Einladung mit Tagesordnung", "invitation"),
        ("Friedhofsgebührensatzung", "statute"),
        ("Förderrichtlinie", "guideline"),
        ("Jahresbericht", "report"),
        ("Berichtigung", "other"),
        ("Sitzung am Montag", "other"),
    ],
)
def test_kinds_from_titles(title: str, kind: str) -> None:
    assert documents.kind_from_words(title) == kind
