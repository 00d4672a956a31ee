"""DOCX, ODT, ODP, PPTX, XLSX, ODS, CSV, HTML, EML, text and archives of these."""

from __future__ import annotations

from datetime import date
from email.message import EmailMessage

import pytest

from indexer.extract import extract
from indexer.extract.kinds import recognise
from indexer.extract.plain import decode
from indexer.model import Extracted
from tests.unit.indexer import papers
from tests.unit.indexer.papers import w_paragraph


def blocks(result: Extracted) -> list[tuple[str, str, int]]:
    return [(b.kind, b.text, b.level) for page in result.pages for b in page.blocks]


def test_docx() -> None:
    numbered = (
        '<w:p><w:pPr><w:numPr><w:ilvl w:val="1"/></w:numPr></w:pPr>'
        "<w:r><w:t>Punkt</w:t></w:r></w:p>"
    )
    cell = "<w:tc>{}</w:tc>"
    table = "<w:tbl>" + "".join(
        "<w:tr>" + "".join(cell.format(w_paragraph(value)) for value in row) + "</w:tr>"
        for row in (("Ort", "Kosten"), ("Mayen", "5 €"))
    ) + "</w:tbl>"  # fmt: skip
    body = (
        w_paragraph("Bericht", "berschrift1")
        + w_paragraph("Wege", "Eigen")
        + "<w:p><w:r><w:t>Der </w:t></w:r><w:ins><w:r><w:t>neue</w:t></w:r></w:ins>"
        "<w:del><w:r><w:delText>alte</w:delText></w:r></w:del><w:r><w:t> Weg.</w:t></w:r></w:p>"
        + numbered
        + table
        + w_paragraph("TOP 2 Haushalt")
        + w_paragraph("Fettes Wort allein", more="<w:rPr><w:b/></w:rPr>")
    )
    notes = (
        f'<w:footnotes {papers._W}><w:footnote w:type="separator"><w:p/></w:footnote>'
        f"<w:footnote>{w_paragraph('Siehe Anlage.')}</w:footnote></w:footnotes>"
    )
    result = extract(papers.docx(body, {"word/footnotes.xml": notes}), "a.docx")
    assert result.state == "read"
    assert blocks(result) == [
        ("heading", "Bericht", 1), ("heading", "Wege", 2), ("paragraph", "Der neue Weg.", 0),
        ("list", "Punkt", 2), ("table_row", "Ort | Kosten", 0), ("table_row", "Mayen | 5 €", 0),
        ("agenda_item", "TOP 2 Haushalt", 0), ("heading", "Fettes Wort allein", 3),
        ("paragraph", "Siehe Anlage.", 0),
    ]  # fmt: skip
    assert result.title == "Bericht"


def test_odt() -> None:
    body = (
        '<text:h text:outline-level="2">Ziele</text:h><text:p>Ein<text:s text:c="3"/>Satz mit '
        "<text:span>Span</text:span>.<text:note><text:note-citation>1</text:note-citation>"
        "<text:note-body><text:p>Fußnote</text:p></text:note-body></text:note></text:p>"
        "<text:list><text:list-item><text:p>Eins</text:p><text:list><text:list-item><text:p>Tief"
        "</text:p></text:list-item></text:list></text:list-item></text:list>"
        "<table:table><table:table-row><table:table-cell><text:p>A</text:p></table:table-cell>"
        "<table:table-cell><text:p>B</text:p></table:table-cell></table:table-row></table:table>"
        "<text:tracked-changes><text:p>gelöscht</text:p></text:tracked-changes>"
    )
    result = extract(papers.opendocument("text", body), "a.odt")
    assert blocks(result) == [
        ("heading", "Ziele", 2), ("paragraph", "Ein Satz mit Span. (Fußnote)", 0),
        ("list", "Eins", 1), ("list", "Tief", 2), ("table_row", "A | B", 0),
    ]  # fmt: skip


def test_slides() -> None:
    slides = [
        papers.shape(["Punkt eins", "Punkt zwei"], "body") + papers.shape(["Leitbild"], "title")
        + papers.shape(["7"], "sldNum"),
        papers.shape(["Zweite"], "title"),
    ]  # fmt: skip
    result = extract(papers.pptx(slides), "a.pptx")
    assert [page.number for page in result.pages] == [1, 2]
    assert blocks(result)[:3] == [
        ("heading", "Leitbild", 1), ("list", "Punkt eins", 1), ("list", "Punkt zwei", 1),
    ]  # fmt: skip
    odp = papers.opendocument(
        "presentation",
        '<draw:page><draw:frame presentation:class="title"><draw:text-box><text:p>Titel</text:p>'
        "</draw:text-box></draw:frame></draw:page>",
    )
    assert blocks(extract(odp, "a.odp")) == [("heading", "Titel", 1)]


def test_xlsx() -> None:
    content = papers.workbook(
        {
            "Mengen": [["Abfallmengen"], ["Ort", "Menge", "Stand"]]
            + [[f"Ort {row}", row * 1.5, date(2026, 5, 1)] for row in range(200)],
            "Leer": [],
            "Formel": [["Name", "Wert"], ["Summe", "=1+1"], ["Text", '=HYPERLINK("http://x","k")']],
        }
    )
    result = extract(content, "a.xlsx")
    assert result.state == "read"
    first = blocks(result)
    assert first[:4] == [
        ("heading", "Mengen", 1), ("paragraph", "Abfallmengen", 0),
        ("paragraph", "Spalten: Ort, Menge, Stand", 0),
        ("table_row", "Ort: Ort 0; Menge: 0; Stand: 2026-05-01", 0),
    ]  # fmt: skip
    assert "Zeilen: 200" in result.text()
    assert sum(1 for kind, _, _ in first if kind == "table_row") < 40
    assert "HYPERLINK" not in result.text()


def test_ods_with_repeated_cells() -> None:
    row = (
        '<table:table-row table:number-rows-repeated="{}">'
        "<table:table-cell><text:p>{}</text:p></table:table-cell><table:table-cell>"
        "<text:p>{}</text:p></table:table-cell>"
        '<table:table-cell table:number-columns-repeated="16380"/></table:table-row>'
    )
    body = (
        '<table:table table:name="Blatt">' + row.format(1, "Ort", "Zahl")
        + row.format(3, "Mayen", "4")
        + '<table:table-row table:number-rows-repeated="1048000"><table:table-cell '
        'table:number-columns-repeated="16384"/></table:table-row></table:table>'
    )  # fmt: skip
    result = extract(papers.opendocument("spreadsheet", body), "a.ods")
    assert blocks(result) == [
        ("heading", "Blatt", 1), ("paragraph", "Spalten: Ort, Zahl", 0),
        ("table_row", "Ort: Mayen; Zahl: 4", 0), ("paragraph", "Zeilen: 3", 0),
    ]  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "cp850", "utf-16"])
@pytest.mark.parametrize("mark", [";", ",", "\t"])
def test_csv(encoding: str, mark: str) -> None:
    rows = [("Straße", "Länge"), ("Görresweg", "12"), ("Brückenstraße", "7")]
    text = "\r\n".join(mark.join(row) for row in rows)
    result = extract(text.encode(encoding), "a.csv")
    assert blocks(result) == [
        ("paragraph", "Spalten: Straße, Länge", 0),
        ("table_row", "Straße: Görresweg; Länge: 12", 0),
        ("table_row", "Straße: Brückenstraße; Länge: 7", 0),
    ]


def test_formulas_of_a_csv_say_nothing() -> None:
    text = "Name;Wert\nA;=cmd|' /C calc'!A0\nB;@SUM(1)\nC;-5\nD;+49 2651 1\nE;- Anlage (neu)\n"
    rows = [
        text for kind, text, _ in blocks(extract(text.encode(), "a.csv")) if kind == "table_row"
    ]
    assert rows == [
        "Name: A", "Name: B", "Name: C; Wert: -5", "Name: D; Wert: +49 2651 1",
        "Name: E; Wert: - Anlage (neu)",
    ]  # fmt: skip


def test_html() -> None:
    page = f"""<!DOCTYPE html><html><head><title>Bücherei</title><style>p {{}}</style></head><body>
      <nav><a href="/">Start</a></nav><div><a href="/a">Eins</a> <a href="/b">Zwei</a></div>
      <main><h1>Öffnungszeiten</h1><p>{papers.SENTENCES[0]} <a href="x">Mehr</a>
      <ul><li>Montag<li>Dienstag</ul><script>alert(1)</script><p hidden>versteckt</p>
      <table><tr><th>Tag<th>Zeit</tr><tr><td>Mo<td>9 Uhr</tr></table>{"<p>" + papers.SENTENCES[1]}
      </main><footer>Impressum</footer></body></html>"""
    result = extract(page.encode("cp1252"), "a.html", "text/html; charset=windows-1252")
    assert (result.title, result.language) == ("Bücherei", "de")
    assert blocks(result) == [
        ("heading", "Öffnungszeiten", 1), ("paragraph", f"{papers.SENTENCES[0]} Mehr", 0),
        ("list", "Montag", 1), ("list", "Dienstag", 1), ("table_row", "Tag | Zeit", 0),
        ("table_row", "Mo | 9 Uhr", 0), ("paragraph", papers.SENTENCES[1], 0),
    ]  # fmt: skip


def test_deep_html_ends() -> None:
    page = b"<html><body>" + b"<div>" * 50_000 + b"tief" + b"</div>" * 50_000
    assert extract(page, "a.html").state in ("read", "partly", "failed")


def test_mail() -> None:
    mail = EmailMessage()
    mail["From"], mail["To"] = "Bürgerbüro <buero@example.org>", "rat@example.org"
    mail["Subject"], mail["Date"] = "Einladung zur Sitzung", "Mon, 4 May 2026 10:00:00 +0200"
    mail.set_content("Sehr geehrte Damen und Herren,\n\nwir laden ein.\n")
    mail.add_alternative("<p>wir laden ein (HTML)</p>", subtype="html")
    mail.add_attachment(b"x", maintype="application", subtype="pdf", filename="Tagesordnung.pdf")
    result = extract(bytes(mail), "a.eml")
    assert result.title == "Einladung zur Sitzung"
    text = result.text()
    assert "Von: Bürgerbüro <buero@example.org>" in text
    assert "wir laden ein." in text
    assert "HTML" not in text
    assert "Anhang: Tagesordnung.pdf" in text


def test_plain_text() -> None:
    text = (
        "1. Ausgangslage\n\nDie Stadt plant eine Er-\nweiterung der Grund- und Realschule, die"
        " bis\n2027 fertig wird.\n\nTOP 3 Verkehr\n\n• Bus\n• Rad\n\fZweite Seite.\n"
    )
    result = extract(text.encode("cp1252"), "a.txt")
    assert blocks(result) == [
        ("heading", "1. Ausgangslage", 1),
        ("paragraph", "Die Stadt plant eine Erweiterung der Grund- und Realschule, die bis 2027"
                      " fertig wird.", 0),
        ("agenda_item", "TOP 3 Verkehr", 0), ("list", "Bus", 1), ("list", "Rad", 1),
        ("paragraph", "Zweite Seite.", 0),
    ]  # fmt: skip
    assert [page.number for page in result.pages] == [1, 2]


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "cp850", "mac_roman", "utf-16-le"])
def test_encodings_are_recognised(encoding: str) -> None:
    text = "Größere Straßen führen über Brücken: Übermäßig häufig, müsste man wählen. Äcker, Öl."
    assert decode(text.encode(encoding))[0] == text


def test_archives_and_an_archive_in_one() -> None:
    inner = papers.zipped(
        {"tief.txt": "Tiefer Text.", "noch.zip": papers.zipped({"x.txt": "Nein."})}
    )
    content = papers.zipped(
        {"a/vorlage.pdf": papers.lines(["Im PDF."]), "b.txt": "Im Text.", "c.zip": inner,
         "d.png": b"\x89PNG\r\n", "__MACOSX/b.txt": "Nein."}
    )  # fmt: skip
    result = extract(content, "paket.zip")
    texts = [text for _, text, _ in blocks(result)]
    assert texts == [
        "a/vorlage.pdf", "Im PDF.", "b.txt", "Im Text.", "c.zip", "tief.txt", "Tiefer Text.",
    ]  # fmt: skip
    assert [page.number for page in result.pages] == [1, 2, 3]
    assert result.state == "partly"
    assert "d.png" in result.reason
    assert "Archives within archives" in result.reason


def test_kinds_are_told_by_content_before_name() -> None:
    pdf = papers.lines(["x"])
    assert recognise(pdf, "a.docx", "application/msword") == "pdf"
    assert recognise(papers.docx(""), "a.zip", "") == "docx"
    assert recognise(b"nur Text", "a.pdf", "application/pdf") == "text"
    assert recognise(b"a;b\n1;2", "", "text/csv; charset=utf-8") == "csv"
    assert recognise(b"a;b\n1;2", "", "CSV") == "csv"
    assert recognise(b"From: a\nSubject: b\n\nText", "", "") == "eml"
    assert recognise(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "a.doc", "") == "ole"
    assert recognise(b"  \n", "a.txt", "") == "empty"
    assert recognise(b'{"a": 1}', "a.json", "application/json") == "other"
