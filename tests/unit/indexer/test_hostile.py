"""Hostile and broken files: each ends with a sentence, none with a stack trace."""

from __future__ import annotations

import io
import random
import time
import zipfile

import pytest

from indexer.extract import extract
from indexer.limits import MEGA, Limits
from tests.unit.indexer import papers

ENTITY = (
    '<?xml version="1.0"?><!DOCTYPE d [<!ENTITY geheim SYSTEM "file:///etc/passwd">'
    '<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
)


def failed(content: bytes, name: str, limits: Limits | None = None) -> str:
    result = extract(content, name, limits=limits)
    assert result.state == "failed"
    assert result.pages == []
    assert result.reason.endswith(".") and "\n" not in result.reason
    return result.reason


def test_entities_in_docx_and_odt() -> None:
    body = papers.w_paragraph("&geheim;&b;")
    assert "entities" in failed(papers.docx(body, prolog=ENTITY), "a.docx")
    odt = papers.opendocument("text", "<text:p>&geheim;</text:p>")
    with zipfile.ZipFile(io.BytesIO(odt)) as archive:
        files = {name: archive.read(name).decode() for name in archive.namelist()}
    files["content.xml"] = ENTITY + files["content.xml"]
    assert "entities" in failed(papers.zipped(dict(files)), "a.odt")
    files["mimetype"] = "application/vnd.oasis.opendocument.spreadsheet"
    assert "entities" in failed(papers.zipped(dict(files)), "a.ods")


def test_entities_in_html_are_not_fetched() -> None:
    page = ENTITY + "<html><body><p>Text &geheim; Ende</p></body></html>"
    assert "root:" not in extract(page.encode(), "a.html").text()


def test_zip_bombs() -> None:
    zeros = b"\0" * (40 * MEGA)
    assert "times its size" in failed(papers.zipped({"a.txt": zeros}), "a.zip")
    body = "<w:p>" + " " * (20 * MEGA) + "</w:p>"
    assert "times its size" in failed(papers.docx(body), "a.docx")
    many = papers.zipped({f"{at}.txt": "x" for at in range(300)})
    assert "300 files" in failed(many, "a.zip", Limits(entries=100))


def test_a_bomb_that_lies_about_its_size() -> None:
    noise = random.Random(1).randbytes(2 * MEGA)
    files = {f"{at}.txt": noise.hex() for at in range(4)}
    reason = failed(papers.zipped(files), "a.zip", Limits(unpacked=6 * MEGA))
    assert "more than 6 MB" in reason
    # The directory says that it is small; what is unpacked is counted.
    content = papers.zipped({"a.txt": "b" * (3 * MEGA)})
    size = (3 * MEGA).to_bytes(4, "little")
    assert content.count(size) == 2
    result = extract(content.replace(size, (100).to_bytes(4, "little")), "a.zip")
    assert result.state == "failed" or len(result.text()) < 1000


def test_bombs_inside_archives_end_the_whole() -> None:
    bomb = papers.zipped({"a.txt": b"\0" * (40 * MEGA)})
    assert "times its size" in failed(papers.zipped({"b.txt": "Text", "c.zip": bomb}), "a.zip")


def test_encrypted_archives_and_documents() -> None:
    content = bytearray(papers.zipped({"a.txt": "Text"}))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + place] |= 1
    assert "password" in failed(bytes(content), "a.zip")
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le")
    assert "password" in failed(ole, "a.docx")
    manifest = {"META-INF/manifest.xml": '<m xmlns="urn:x"><e><encryption-data/></e></m>'}
    assert "password" in failed(papers.opendocument("text", "", manifest), "a.odt")


def test_deep_xml() -> None:
    body = "<w:sdt>" * 5000 + "</w:sdt>" * 5000
    assert "too deeply" in failed(papers.docx(body), "a.docx")


@pytest.mark.parametrize("name", ["a.docx", "a.odt", "a.pptx", "a.xlsx", "a.ods", "a.zip"])
def test_cut_off_packages(name: str) -> None:
    content = papers.workbook({"A": [["x", "y"], [1, 2]]})
    reason = failed(content[: len(content) // 2], name)
    assert "damaged" in reason or "cut off" in reason


def test_noise_never_raises() -> None:
    source = random.Random(11)
    makers = {
        "a.pdf": papers.lines(["Ein Text."]), "a.docx": papers.docx(papers.w_paragraph("Text")),
        "a.xlsx": papers.workbook({"A": [["x", "y"], [1, 2]]}),
        "a.odt": papers.opendocument("text", "<text:p>Text</text:p>"),
        "a.html": b"<html><body><p>Text</p></body></html>", "a.eml": b"From: a\nSubject: b\n\nText",
        "a.csv": b"a;b\n1;2\n",
    }  # fmt: skip
    for name, content in makers.items():
        for _ in range(40):
            changed = bytearray(content)
            for _ in range(source.randrange(1, 12)):
                changed[source.randrange(len(changed))] = source.randrange(256)
            result = extract(bytes(changed[: source.randrange(1, len(changed) + 1)]), name)
            assert result.state in ("read", "partly", "failed")


def test_too_large_and_too_long() -> None:
    assert "larger than 1 MB" in failed(b"x" * (MEGA + 1), "a.txt", Limits(content=MEGA))
    text = ("Ein Satz von vielen. " * 2000).encode()
    result = extract(text, "a.txt", limits=Limits(characters=5000))
    assert (result.state, result.truncated) == ("partly", True)
    assert len(result.text()) <= 5000


def test_a_page_of_enormous_size_is_not_drawn_in_full() -> None:
    from indexer.extract.words import Pdf

    content = papers.lines(["x"]).replace(
        b"/MediaBox [0 0 595.28 841.89]", b"/MediaBox [0 0 9e9 9e9]"
    )
    opened = Pdf(content)
    width, height, grey = opened.picture(0, 300, 500)
    opened.close()
    assert max(width, height) <= 500
    assert len(grey) == width * height


def test_a_plan_with_thousands_of_words_does_not_take_long() -> None:
    from fpdf import FPDF

    source = random.Random(4)
    pdf = FPDF()
    for _ in range(3):
        pdf.add_page()
        pdf.set_font("Helvetica", size=3)
        for _ in range(6000):
            pdf.text(source.uniform(0, 200), source.uniform(0, 290), str(source.randrange(9999)))
    began = time.process_time()
    result = extract(papers.bytes_of(pdf), "plan.pdf")
    assert result.state == "read"
    assert result.words > 15_000
    assert time.process_time() - began < 10


def test_pdfs_with_endless_loops() -> None:
    content = papers.lines(["Text."])
    looped = content.replace(b"/Count 1", b"/Count 999999999")
    assert extract(looped, "a.pdf").text() in ("Text.", "")
    kids = content.replace(b"/Kids [3 0 R]", b"/Kids [1 0 R]")
    assert extract(kids, "a.pdf").state in ("read", "partly", "failed")
