"""Makes files as offices publish them: real PDFs, DOCX, ODT, PPTX, XLSX … and hostile ones."""

from __future__ import annotations

import io
import random
import zipfile
from typing import Any

from fpdf import FPDF

SENTENCES = (
    "Der Rat nimmt den Bericht der Verwaltung zur Kenntnis und dankt allen Beteiligten.",
    "Die Kosten der Maßnahme betragen gem. § 5 Abs. 2 der Satzung rund 1,2 Mio. Euro.",
    "Am 12. Mai 2026 beginnt die Auslegung des Bebauungsplans im Rathaus der Stadt Mayen.",
    "Für die Abfallwirtschaft sind z. B. neue Behälter an den Schulen vorgesehen.",
    "Die Energie- und Wasserversorgung bleibt während der Bauarbeiten gesichert.",
    "Der Ausschuss bittet um eine Übersicht der Straßenschäden nach dem strengen Winter.",
    "Zuschüsse des Landes werden beantragt, sobald die Förderrichtlinie veröffentlicht ist.",
    "Über die Gewässerunterhaltung entscheidet der Zweckverband in seiner nächsten Sitzung.",
)


class Paper(FPDF):
    """A council paper with running header and footer."""

    header_text = "Verbandsgemeinde Maifeld, Vorlage 2026/017"

    def header(self) -> None:
        self.set_font("Helvetica", size=8)
        self.cell(0, 6, self.header_text)
        self.ln(12)

    def footer(self) -> None:
        self.set_y(-15)
        self.set_font("Helvetica", size=8)
        self.cell(0, 6, f"Seite {self.page_no()} von {{nb}}", align="C")


def paragraph(source: random.Random, sentences: int = 5) -> str:
    return " ".join(source.choice(SENTENCES) for _ in range(sentences))


def bytes_of(pdf: FPDF) -> bytes:
    return bytes(pdf.output())


def council_paper(pages: int, seed: int = 7) -> bytes:
    """A born-digital PDF with headings, text, a table and two columns on each page."""
    source = random.Random(seed)
    pdf = Paper()
    pdf.alias_nb_pages()
    for page in range(1, pages + 1):
        pdf.add_page()
        heading(pdf, f"{page}. Bericht zum Abschnitt {page}", 14)
        text(pdf, paragraph(source, 9))
        heading(pdf, f"{page}.1 Kosten", 11)
        table(
            pdf,
            [("Maßnahme", "Betrag", "Jahr")]
            + [(f"Weg {row}", f"{source.randrange(1000, 9999)},00", "2026") for row in range(8)],
        )
        pdf.ln(4)
        two_columns(pdf, paragraph(source, 8), paragraph(source, 8))
    return bytes_of(pdf)


def heading(pdf: FPDF, words: str, size: int, *, bold: bool = True) -> None:
    pdf.set_font("Helvetica", "B" if bold else "", size)
    pdf.multi_cell(0, size * 0.5, words, new_x="LMARGIN", new_y="NEXT")
    pdf.ln(2)


def text(pdf: FPDF, words: str) -> None:
    pdf.set_font("Helvetica", size=10)
    pdf.multi_cell(0, 5, words, new_x="LMARGIN", new_y="NEXT")
    pdf.ln(3)


def table(pdf: FPDF, rows: list[tuple[str, ...]]) -> None:
    pdf.set_font("Helvetica", size=10)
    with pdf.table(borders_layout="NONE") as made:
        for row in rows:
            line = made.row()
            for cell in row:
                line.cell(cell)


def two_columns(pdf: FPDF, left: str, right: str, gutter: float = 8) -> None:
    """Two columns, written line by line across both: the file's order is not the reading order."""
    pdf.set_font("Helvetica", size=10)
    width = (pdf.epw - gutter) / 2
    sides = [
        pdf.multi_cell(width, 5, words, dry_run=True, output="LINES") for words in (left, right)
    ]
    top = pdf.get_y()
    for row in range(max(map(len, sides))):
        for side, lines in enumerate(sides):
            if row < len(lines):
                pdf.set_xy(pdf.l_margin + side * (width + gutter), top + row * 5)
                pdf.cell(width, 5, lines[row])
    pdf.set_xy(pdf.l_margin, top + max(map(len, sides)) * 5)


def lines(rows: list[str], size: int = 10, pitch: float = 5) -> bytes:
    """A page with these lines, broken as they are."""
    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("Helvetica", size=size)
    for row in rows:
        pdf.cell(0, pitch, row, new_x="LMARGIN", new_y="NEXT")
    return bytes_of(pdf)


def scanned(pages: int) -> bytes:
    """Pages that are pictures of grey noise."""
    from PIL import Image

    pdf = FPDF()
    for page in range(pages):
        picture = Image.new("L", (300, 400), 200 - page)
        pdf.add_page()
        pdf.image(picture, x=0, y=0, w=pdf.w, h=pdf.h)
    return bytes_of(pdf)


# -- zip-based formats -----------------------------------------------------------------------------


def zipped(files: dict[str, str | bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return held.getvalue()


_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def relations(*entries: tuple[str, str, str]) -> str:
    made = "".join(
        f'<Relationship Id="{key}" Type="{_R}/{kind}" Target="{target}"/>'
        for key, kind, target in entries
    )
    return f'<Relationships xmlns="{_PACKAGE}">{made}</Relationships>'


def docx(body: str, extra: dict[str, str] | None = None, prolog: str = "") -> bytes:
    styles = f"""<w:styles {_W}>
      <w:style w:type="paragraph" w:styleId="berschrift1"><w:name w:val="heading 1"/></w:style>
      <w:style w:type="paragraph" w:styleId="Eigen"><w:name w:val="Eigen"/>
        <w:basedOn w:val="berschrift2"/></w:style>
      <w:style w:type="paragraph" w:styleId="berschrift2"><w:name w:val="heading 2"/></w:style>
    </w:styles>"""
    return zipped(
        {
            "[Content_Types].xml": "<Types/>",
            "_rels/.rels": relations(("r1", "officeDocument", "word/document.xml")),
            "word/_rels/document.xml.rels": relations(
                ("s", "styles", "styles.xml"), ("f", "footnotes", "footnotes.xml")
            ),
            "word/document.xml": f"{prolog}<w:document {_W}><w:body>{body}</w:body></w:document>",
            "word/styles.xml": styles,
            **(extra or {}),
        }
    )


def w_paragraph(words: str, style: str = "", more: str = "") -> str:
    kind = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f'<w:p>{kind}<w:r>{more}<w:t xml:space="preserve">{words}</w:t></w:r></w:p>'


_ODF = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{part}:1.0"'
    for name, part in (
        ("office", "office"), ("text", "text"), ("table", "table"), ("draw", "drawing"),
        ("presentation", "presentation"),
    )
)  # fmt: skip


def opendocument(kind: str, body: str, extra: dict[str, str] | None = None) -> bytes:
    return zipped(
        {
            "mimetype": f"application/vnd.oasis.opendocument.{kind}",
            "content.xml": f"<office:document-content {_ODF}><office:body><office:{kind}>{body}"
            f"</office:{kind}></office:body></office:document-content>",
            **(extra or {}),
        }
    )


def pptx(slides: list[str]) -> bytes:
    names = f'xmlns:p="http://p" xmlns:a="http://a" xmlns:r="{_R}"'
    order = "".join(f'<p:sldId r:id="s{at}"/>' for at in range(len(slides)))
    return zipped(
        {
            "[Content_Types].xml": "<Types/>",
            "_rels/.rels": relations(("r1", "officeDocument", "ppt/presentation.xml")),
            "ppt/presentation.xml": f"<p:presentation {names}><p:sldIdLst>{order}</p:sldIdLst>"
            "</p:presentation>",
            "ppt/_rels/presentation.xml.rels": relations(
                *((f"s{at}", "slide", f"slides/slide{at}.xml") for at in range(len(slides)))
            ),
            **{
                f"ppt/slides/slide{at}.xml": f"<p:sld {names}>{slide}</p:sld>"
                for at, slide in enumerate(slides)
            },
        }
    )


def shape(words: list[str], role: str = "") -> str:
    place = f'<p:nvPr><p:ph type="{role}"/></p:nvPr>' if role else ""
    made = "".join(f"<a:p><a:r><a:t>{item}</a:t></a:r></a:p>" for item in words)
    return f"<p:sp>{place}<p:txBody>{made}</p:txBody></p:sp>"


def workbook(sheets: dict[str, list[list[Any]]]) -> bytes:
    from openpyxl import Workbook

    made = Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    held = io.BytesIO()
    made.save(held)
    return held.getvalue()
