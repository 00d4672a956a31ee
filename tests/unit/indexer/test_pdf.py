"""PDF files: reading order, headings, tables, hyphens, headers and footers."""

from __future__ import annotations

import ctypes
import random
import re

import pytest
from fpdf import FPDF

from indexer.extract import extract
from indexer.limits import Limits
from indexer.model import Extracted
from tests.unit.indexer import papers


def blocks(result: Extracted) -> list[tuple[str, str]]:
    return [(block.kind, block.text) for page in result.pages for block in page.blocks]


def squeezed(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture(scope="module")
def paper() -> Extracted:
    return extract(papers.council_paper(4), "vorlage.pdf")


def test_headings_text_and_tables(paper: Extracted) -> None:
    assert (paper.kind, paper.language, paper.state) == ("pdf", "de", "read")
    assert [page.number for page in paper.pages] == [1, 2, 3, 4]
    kinds = [block for block in paper.pages[1].blocks if block.kind == "heading"]
    assert [(block.text, block.level) for block in kinds] == [
        ("2. Bericht zum Abschnitt 2", 1), ("2.1 Kosten", 2),
    ]  # fmt: skip
    rows = [text for kind, text in blocks(paper) if kind == "table_row"]
    assert rows[0] == "Maßnahme | Betrag | Jahr"
    assert len(rows) == 4 * 9
    assert all(re.match(r"Weg \d \| \d{4},00 \| 2026$", row) for row in rows if "Weg" in row)


def test_running_headers_footers_and_page_numbers_are_left_out(paper: Extracted) -> None:
    text = paper.text()
    assert "Verbandsgemeinde Maifeld" not in text
    assert "Seite" not in text


def test_two_columns_are_read_one_after_the_other() -> None:
    source = random.Random(3)
    left, right = papers.paragraph(source, 7), papers.paragraph(source, 6)
    pdf = FPDF()
    pdf.add_page()
    papers.heading(pdf, "Bericht über beide Spalten und ihre Reihenfolge", 14)
    papers.two_columns(pdf, left, right)
    papers.heading(pdf, "Danach", 14)
    papers.text(pdf, "Dieser Satz steht unter den Spalten und geht über ihre ganze Breite hinweg.")
    found = squeezed(extract(papers.bytes_of(pdf), "a.pdf").text().replace("\n", " "))
    assert f"{left} {right} Danach" in found
    assert found.endswith("über ihre ganze Breite hinweg.")


def test_three_columns() -> None:
    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("Helvetica", size=8)
    source = random.Random(5)
    texts = [papers.paragraph(source, 5) for _ in range(3)]
    width = (pdf.epw - 16) / 3
    for place, text in enumerate(texts):
        pdf.set_xy(pdf.l_margin + place * (width + 8), 30)
        pdf.multi_cell(width, 4, text, align="L")
    found = squeezed(extract(papers.bytes_of(pdf), "a.pdf").text().replace("\n", " "))
    assert found == " ".join(texts)


def test_words_broken_at_a_lines_end() -> None:
    content = papers.lines(
        [
            "Im Landkreis Mayen-Koblenz ist die Zuständigkeit für die gesamte Abfall-",
            "wirtschaft geklärt, ebenso die für die Energie-",
            "und Wasserversorgung in den Städten an Rhein-",
            "Mosel und Nette sowie für den Ausbau der B9-",
            "Brücke, die im kommenden Jahr begonnen wird.",
        ]
    )
    text = extract(content, "a.pdf").text().replace("\n", " ")
    assert "gesamte Abfallwirtschaft geklärt" in text
    assert "die Energie- und Wasserversorgung" in text
    assert "an Rhein-Mosel und Nette" in text


def test_ligatures_soft_hyphens_and_composed_letters() -> None:
    from indexer.extract.cleaning import clean

    assert clean("O\ufb03zielle Pﬂicht") == "Offizielle Pflicht"
    assert clean("Zu\u00adschuss") == "Zuschuss"
    assert clean("Mu\u0308nster\u200bmaifeld") == "Münstermaifeld"
    assert clean("a\ue000\x02b\u202e") == "ab"


def test_a_table_with_cells_of_several_lines() -> None:
    pdf = FPDF()
    pdf.add_page()
    long = "Bau eines Radweges entlang der Nette bis zur Landesstraße mit Brücke und Beleuchtung"
    papers.table(
        pdf, [("Maßnahme", "Kosten", "Stand"), (long, "120.000", "Plan"), ("Weg", "80.000", "Bau")]
    )
    rows = [text for kind, text in blocks(extract(papers.bytes_of(pdf), "a.pdf"))]
    assert rows == ["Maßnahme | Kosten | Stand", f"{long} | 120.000 | Plan", "Weg | 80.000 | Bau"]


def test_lists_agenda_items_and_dates_at_a_lines_beginning() -> None:
    content = papers.lines(
        ["TOP 1 Haushalt 2027", "", "Der Rat beschließt den Haushalt.", "", "- Schulen", "- Wege",
         "", "TOP 2 Verschiedenes", "",
         "Die nächste Sitzung findet am letzten Donnerstag statt, also am",
         "5. November 2026 im Rathaus."]
    )  # fmt: skip
    found = blocks(extract(content, "a.pdf"))
    assert found == [
        ("agenda_item", "TOP 1 Haushalt 2027"), ("paragraph", "Der Rat beschließt den Haushalt."),
        ("list", "Schulen"), ("list", "Wege"), ("agenda_item", "TOP 2 Verschiedenes"),
        ("paragraph", "Die nächste Sitzung findet am letzten Donnerstag statt, also am 5. November"
                      " 2026 im Rathaus."),
    ]  # fmt: skip


def test_a_row_of_numbers_is_a_list_not_headings() -> None:
    content = papers.lines(["Tagesordnung", "1. Einwohnerfragen", "2. Haushalt", "3. Mitteilungen"])
    assert [kind for kind, _ in blocks(extract(content, "a.pdf"))][1:] == ["list"] * 3


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_pages_that_are_turned(turn: int) -> None:
    """What was drawn turned and stands upright once the page is turned is read; the other not."""
    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("Helvetica", size=10)
    middle = pdf.w / 2, pdf.h / 2
    for row, words in enumerate(("Erste Zeile des Blattes.", "Zweite Zeile des Blattes.")):
        with pdf.rotation(turn, *middle):
            pdf.text(middle[0], middle[1] + 30 * row, words)
    content = papers.bytes_of(pdf)
    turned = content.replace(b"/Type /Page\n", b"/Type /Page\n/Rotate %d\n" % turn, 1)
    assert turned != content
    assert extract(turned, "a.pdf").text().split("\n") == [
        "Erste Zeile des Blattes.", "Zweite Zeile des Blattes.",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("own", "title"),
    [
        ("Hochwasserbericht 2026", "Hochwasserbericht 2026"),
        ("Microsoft Word - entwurf_3.docx", "Andere Überschrift"),
        ("", "Andere Überschrift"),
    ],
)
def test_the_title_is_the_files_own_or_the_first_heading(own: str, title: str) -> None:
    pdf = FPDF()
    pdf.set_title(own)
    pdf.add_page()
    papers.heading(pdf, "Andere Überschrift", 18)
    papers.text(pdf, papers.SENTENCES[0])
    assert extract(papers.bytes_of(pdf), "a.pdf").title == title


def test_encrypted() -> None:
    pdf = FPDF()
    pdf.set_encryption(owner_password="a", user_password="b")
    pdf.add_page()
    papers.text(pdf, "geheim")
    result = extract(papers.bytes_of(pdf), "a.pdf")
    assert (result.state, result.kind, result.pages) == ("failed", "pdf", [])
    assert "password" in result.reason


def test_encrypted_for_the_owner_alone_is_read() -> None:
    pdf = FPDF()
    pdf.set_encryption(owner_password="a")
    pdf.add_page()
    papers.text(pdf, "lesbar")
    assert extract(papers.bytes_of(pdf), "a.pdf").text() == "lesbar"


def test_a_damaged_table_of_contents_is_mended_and_a_stump_is_refused() -> None:
    content = papers.lines(["Der Text ist noch da."])
    damaged = re.sub(rb"startxref\n\d+", b"startxref\n99", content)
    assert damaged != content
    assert extract(damaged, "a.pdf").text() == "Der Text ist noch da."
    stump = extract(content[:200], "a.pdf")
    assert stump.state == "failed"
    assert "damaged" in stump.reason


def test_scripts_are_not_run() -> None:
    script = (
        b"/OpenAction << /S /JavaScript /JS (app.alert\\(1\\);this.submitForm\\('http://x'\\)) >>"
    )
    content = papers.lines(["Nur Text."]).replace(
        b"/Type /Catalog", b"/Type /Catalog\n" + script, 1
    )
    assert b"JavaScript" in content
    assert extract(content, "a.pdf").text() == "Nur Text."


def test_a_thousand_pages_and_the_limit() -> None:
    content = papers.council_paper(30)
    result = extract(content, "a.pdf", limits=Limits(pages=12))
    assert (result.state, result.truncated, len(result.pages)) == ("partly", True, 12)
    assert result.reason == "Only the first 12 of 30 pages were read."


def test_letters_without_a_table_count_as_not_read() -> None:
    from indexer.extract.cleaning import letters_share

    assert letters_share("Haushalt") == 1.0
    assert letters_share("\ue001\ue002\ufffda") == 0.25


def test_ctypes_structures_are_not_shared_between_pages() -> None:
    # The box that pdfium fills is reused for speed: places of words must be copies.
    from indexer.extract.words import Pdf

    opened = Pdf(papers.lines(["eins zwei drei"]))
    first = opened.page(0).words
    again = opened.page(0).words
    opened.close()
    assert [word.x0 for word in first] == [word.x0 for word in again]
    assert first[0].x0 < first[1].x0 < first[2].x0
    assert isinstance(first[0].x0, float) and not isinstance(first[0].x0, ctypes.c_float)
