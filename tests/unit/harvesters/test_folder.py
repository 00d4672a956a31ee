"""A folder of documents: what files, and the words beside them, say."""

from __future__ import annotations

import os
import unicodedata
import zipfile
from pathlib import Path
from typing import Any, get_args

import pypdf
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf.generic import DecodedStreamObject, NameObject, TextStringObject

from harvesters import shape
from harvesters.errors import ConfigError, HarvestError, RecordError, SourceError
from harvesters.model import Record, SourceConfig
from harvesters.run import ROOT, harvest
from harvesters.sources.documents import Kind
from harvesters.sources.files import properties, words
from harvesters.sources.files.folder import FolderSource
from tests.unit.harvesters.conftest import FakeCkan
from tests.unit.harvesters.json_answers import opened, read


def make_pdf(path: Path, xmp: bytes = b"", **info: str) -> Path:
    writer = pypdf.PdfWriter()
    writer.add_blank_page(100, 100)
    writer.add_metadata({f"/{key}": value for key, value in info.items()})
    writer._root_object[NameObject("/Lang")] = TextStringObject("de-DE")
    if xmp:
        stream = DecodedStreamObject()
        stream.set_data(xmp)
        writer._root_object[NameObject("/Metadata")] = writer._add_object(stream)
    path.parent.mkdir(parents=True, exist_ok=True)
    writer.write(path)
    return path


CORE = """<?xml version="1.0" encoding="UTF-8"?>
<cp:coreProperties
 xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/">
<dc:title>{title}</dc:title><dc:creator>Erika Muster</dc:creator>
<cp:keywords>Hund, Steuer</cp:keywords><dc:description>Worum es geht</dc:description>
<dcterms:created>2020-01-02T03:04:05Z</dcterms:created>
</cp:coreProperties>"""


def make_docx(path: Path, title: str = "Antrag auf Hundesteuer", core: str = CORE) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("docProps/core.xml", core.format(title=title) if "{" in core else core)
    return path


def make_odt(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("META-INF/manifest.xml", "<m/>")
        archive.writestr(
            "meta.xml",
            '<o:document-meta xmlns:o="urn:o" xmlns:dc="urn:dc" xmlns:meta="urn:m"><o:meta>'
            "<dc:title>Niederschrift</dc:title><meta:keyword>Rat</meta:keyword>"
            "<meta:initial-creator>Max</meta:initial-creator><dc:date>2021-02-03T04:05:06</dc:date>"
            "<meta:creation-date>2021-02-01</meta:creation-date></o:meta></o:document-meta>",
        )
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "texte"
    made.mkdir()
    return made


def _read(
    folder: Path, config: Path, **options: Any
) -> tuple[dict[str, Record], dict[str, str], FolderSource]:
    with opened(FolderSource, config, path=folder, options=options) as source:
        records, failures = read(source)
        return records, failures, source


def test_what_files_say_of_themselves(folder: Path, config: Path) -> None:
    make_pdf(
        folder / "satzungen" / "hs_2020.pdf", Title="Hundesteuersatzung vom 12.03.2020",
        Author="mmuster", Subject="Wer zahlt", Keywords="Hund; Steuer",
        CreationDate="D:20200312101112+01'00'", ModDate="D:20210101",
    )  # fmt: skip
    make_docx(folder / "antrag.docx")
    make_odt(folder / "ns.odt")
    (folder / "Zahlen_2019.csv").write_text("a;b\n1;2\n")
    records, failures, source = _read(folder, config, license="dl-by-de-2.0")
    assert not failures
    assert source.complete
    assert list(records) == ["Zahlen_2019.csv", "antrag.docx", "ns.odt", "satzungen/hs_2020.pdf"]
    statute = records["satzungen/hs_2020.pdf"]
    package = statute.package
    assert package["type"] == "document"
    assert package["title"] == "Hundesteuersatzung vom 12.03.2020"
    assert package["document_kind"] == "statute"
    assert package["document_date"] == "2020-03-12"
    assert package["notes"] == "Wer zahlt"
    assert [tag["name"] for tag in package["tags"]] == ["Hund", "Steuer"]
    assert package["issued"] == "2020-03-12T10:11:12+01:00"
    assert package["modified"] == "2021-01-01"
    assert package["language"] == ["http://publications.europa.eu/resource/authority/language/DEU"]
    assert "author" not in package
    (resource,) = package["resources"]
    assert (resource["format"], resource["url"]) == ("PDF", "hs_2020.pdf")
    assert statute.files[0].path == folder / "satzungen" / "hs_2020.pdf"
    form = records["antrag.docx"].package
    assert (form["title"], form["document_kind"]) == ("Antrag auf Hundesteuer", "form")
    assert form["issued"] == "2020-01-02T03:04:05+00:00"
    assert records["ns.odt"].package["document_kind"] == "protocol"
    assert records["ns.odt"].package["modified"] == "2021-02-03T04:05:06"
    assert records["Zahlen_2019.csv"].package["title"] == "Zahlen 2019"
    assert _read(folder, config, authors=True)[0]["ns.odt"].package["author"] == "Max"


def test_xmp_where_the_older_properties_are_silent(folder: Path, config: Path) -> None:
    xmp = b"""<?xpacket begin="" id="x"?><x:xmpmeta xmlns:x="adobe:ns:meta/">
    <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
     xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/">
    <rdf:Description><dc:title><rdf:Alt><rdf:li xml:lang="en">Report</rdf:li>
    <rdf:li xml:lang="de">Klimabericht</rdf:li></rdf:Alt></dc:title>
    <xmp:CreateDate>2022-03-04T05:06:07+01:00</xmp:CreateDate></rdf:Description>
    </rdf:RDF></x:xmpmeta>"""
    make_pdf(folder / "a.pdf", xmp)
    make_pdf(folder / "b.pdf", b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>')
    records, failures, _source = _read(folder, config)
    assert not failures
    assert records["a.pdf"].package["title"] == "Klimabericht"
    assert records["a.pdf"].package["issued"] == "2022-03-04T05:06:07+01:00"
    assert records["b.pdf"].package["title"] == "B"


@pytest.mark.parametrize(
    "title", ["Microsoft Word - alt.doc", "untitled", "Dokument1", "neu_v3.indd", "2020", "..."]
)
def test_titles_that_programs_write_do_not_count(folder: Path, config: Path, title: str) -> None:
    make_pdf(folder / "Satzung_Hunde.pdf", Title=title)
    (record,) = _read(folder, config)[0].values()
    assert record.package["title"] == "Satzung Hunde"


def test_words_beside_files(folder: Path, config: Path) -> None:
    make_pdf(folder / "rat" / "a.pdf", Title="Aus der Datei")
    make_pdf(folder / "rat" / "b.pdf", Title="Bericht")
    (folder / "_folder.yaml").write_text("license_id: dl-by-de-2.0\npublisher: Stadt\n")
    (folder / "rat" / "_folder.json").write_text('{"bodies": ["Stadtrat"], "publisher": "Rat"}')
    (folder / "rat" / "a.pdf.yaml").write_text(
        "title: Beschluss über Bäume\nnotes: |\n  Zeile\ndocument_date: 2020-03-12\n"
        "tags: [Baum, Grün]\nbodies: Umweltausschuss\nreference: 2020/0140\n"
        "document_kind: resolution\nvalid_from: 1.4.2020\n"
    )
    records, failures, _source = _read(folder, config)
    assert not failures
    package = records["rat/a.pdf"].package
    assert package["title"] == "Beschluss über Bäume"
    assert package["document_kind"] == "resolution"
    assert package["document_date"] == "2020-03-12"
    assert package["valid_from"] == "2020-04-01"
    assert package["reference"] == "2020/0140"
    assert package["bodies"] == ["Umweltausschuss"]
    assert package["publisher"] == [{"name": "Rat"}]
    assert package["license_id"] == "dl-by-de-2.0"
    assert records["rat/b.pdf"].package["bodies"] == ["Stadtrat"]
    assert set(records) == {"rat/a.pdf", "rat/b.pdf"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("titel: x", "unknown key `titel`. Did you mean `title`"),
        ("document_date: gestern", "document_date: 'gestern' is no date"),
        ("document_kind: brief", "document_kind: "),
        ("url: javascript:alert(1)", "url: must begin with http"),
        ("title: [a", r"is not valid YAML: .*\(line 1\)"),
        ("- a", "must hold lines such as"),
        ("tags: {a: b}", "tags: "),
        ("a: &a [x]\nb: *a", "aliases"),
        ("title: " + "x" * 200_000, "larger than 100 kB"),
        ("title: !!python/object/apply:os.system [id]", "title: "),
    ],
)
def test_wrong_words_fail_their_file_alone(
    folder: Path, config: Path, content: str, reason: str
) -> None:
    make_pdf(folder / "a.pdf")
    make_pdf(folder / "b.pdf")
    (folder / "a.yaml").write_text(content)
    records, failures, _source = _read(folder, config)
    assert list(records) == ["b.pdf"]
    assert "a.yaml" in failures["a.pdf"]
    with pytest.raises(RecordError, match=reason):
        words.parse(content.encode(), "a.yaml")


def test_wrong_words_of_a_folder_fail_what_is_in_it(folder: Path, config: Path) -> None:
    make_pdf(folder / "a.pdf")
    make_pdf(folder / "x" / "y" / "b.pdf")
    (folder / "x" / "_folder.yaml").write_text("title: Für alle")
    records, failures, _source = _read(folder, config)
    assert list(records) == ["a.pdf"]
    assert "a title is that of one file" in failures["x/y/b.pdf"]


def test_what_is_left_out(folder: Path, config: Path, tmp_path: Path) -> None:
    outside = make_pdf(tmp_path / "geheim" / "geheim.pdf")
    for name in (".versteckt.pdf", "~$antrag.docx", ".git/a.pdf", "__MACOSX/a.pdf", "x.exe"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"%PDF-")
    make_pdf(folder / "gut.pdf")
    (folder / "link.pdf").symlink_to(outside)
    (folder / "relativ.pdf").symlink_to("../geheim/geheim.pdf")
    (folder / "kreis.pdf").symlink_to("kreis.pdf")
    (folder / "innen.pdf").symlink_to("gut.pdf")
    (folder / "ordner").symlink_to(outside.parent)
    (folder / "schleife").symlink_to(folder)
    os.mkfifo(folder / "rohr.pdf")
    records, failures, source = _read(folder, config)
    assert set(records) == {"gut.pdf", "innen.pdf"}
    assert not failures
    told = " ".join(source.warnings)
    assert all(name in told for name in ("link.pdf", "relativ.pdf", "kreis.pdf"))


def test_a_side_file_that_leads_elsewhere(folder: Path, config: Path, tmp_path: Path) -> None:
    (tmp_path / "geheim.yaml").write_text("title: geheim")
    make_pdf(folder / "a.pdf")
    (folder / "a.yaml").symlink_to(tmp_path / "geheim.yaml")
    _records, failures, _source = _read(folder, config)
    assert "is a link" in failures["a.pdf"]


def test_damaged_files_fail_alone(folder: Path, config: Path) -> None:
    make_pdf(folder / "gut.pdf")
    (folder / "leer.pdf").touch()
    (folder / "seite.pdf").write_bytes(b"<html>")
    (folder / "kaputt.docx").write_bytes(b"PK\x03\x04kaputt")
    make_odt(folder / "falsch.docx")
    (folder / "halb.pdf").write_bytes((folder / "gut.pdf").read_bytes()[:200])
    make_docx(
        folder / "xxe.docx", core='<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'
    )
    make_docx(folder / "bombe.docx", core="<x>" + " " * 50_000_000)
    (folder / "stumm.pdf").write_bytes(b"%PDF-1.7\nx")
    (folder / "stumm.pdf").chmod(0)
    records, failures, _source = _read(folder, config)
    assert "the file is empty" in failures.pop("leer.pdf")
    assert "is no PDF" in failures.pop("seite.pdf")
    assert "cannot be unpacked" in failures.pop("kaputt.docx")
    assert "is no DOCX" in failures.pop("falsch.docx")
    if os.geteuid():
        assert "cannot be read" in failures.pop("stumm.pdf")
    assert not failures
    assert any("properties cannot be read" in note for note in records["halb.pdf"].notes)
    assert any("defines XML entities" in note for note in records["xxe.docx"].notes)
    assert any("too large" in note for note in records["bombe.docx"].notes)


def test_names_in_both_spellings(folder: Path, config: Path) -> None:
    make_pdf(folder / unicodedata.normalize("NFD", "Übersicht.pdf"), Author="nfd")
    make_pdf(folder / "Vorlage: Straße #1 ?.pdf")
    (folder / unicodedata.normalize("NFD", "Übersicht.yaml")).write_text("title: Übersicht 1")
    records, failures, _source = _read(folder, config)
    assert not failures
    assert records["Übersicht.pdf"].package["title"] == "Übersicht 1"
    assert records["Vorlage: Straße #1 ?.pdf"].package["resources"][0]["url"] == (
        "Vorlage- Straße #1 ?.pdf"
    )
    make_pdf(folder / "Übersicht.pdf")
    records, failures, source = _read(folder, config)
    assert len(records) == 2
    assert any("two files of one name" in text for text in source.warnings)
    assert not failures


def test_names_that_are_no_text(folder: Path, config: Path) -> None:
    make_pdf(folder / "a.pdf")
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff.pdf")).write_bytes(b"%PDF-")
    records, _failures, source = _read(folder, config)
    assert list(records) == ["a.pdf"]
    assert not source.complete


def test_patterns_and_limits(folder: Path, config: Path) -> None:
    for name in ("a.pdf", "b.pdf", "x/c.PDF"):
        make_pdf(folder / name)
    (folder / "d.json").write_text("{}")
    (folder / "a.json").write_text('{"title": "A"}')
    records, _failures, _source = _read(folder, config, patterns=["*.JSON", "x/*.pdf"])
    assert set(records) == {"d.json", "x/c.PDF"}
    records, _failures, source = _read(folder, config, max_files=2)
    assert (len(records), source.complete) == (2, False)


def test_a_folder_that_is_none(folder: Path, config: Path) -> None:
    (folder / "a").touch()
    with pytest.raises(SourceError, match="does not exist"):
        _read(folder / "b", config)
    with pytest.raises(ConfigError, match="is a file"):
        _read(folder / "a", config)


def test_runs(folder: Path, config: Path, ckan: FakeCkan) -> None:
    make_pdf(folder / "a.pdf", Title="Satzung A")
    make_pdf(folder / "b.pdf", Title="Satzung B")
    where = SourceConfig(name="texte", type="folder", path=folder)
    first = harvest(where, ckan, config=config)
    assert [str(r.outcome) for r in first.results] == ["added", "added"], first
    package = ckan.by_name("satzung-a")
    assert package["resources"][0]["content"] == (folder / "a.pdf").read_bytes()
    os.utime(folder / "a.pdf", (1, 1))  # copied elsewhere: nothing changed
    again = harvest(where, ckan, config=config)
    assert [str(r.outcome) for r in again.results] == ["unchanged", "unchanged"]
    make_pdf(folder / "a.pdf", Title="Satzung A", Subject="neu")
    (folder / "b.pdf").unlink()
    third = harvest(where, ckan, config=config)
    assert [str(r.outcome) for r in third.results] == ["changed", "gone"]
    assert ckan.by_name("satzung-a")["resources"][0]["content"] == (folder / "a.pdf").read_bytes()


def test_kinds_and_fields_are_those_of_the_schema(folder: Path, config: Path) -> None:
    schema = yaml.safe_load((ROOT / "ckanext-myk/ckanext/myk/schemas/document.yaml").read_text())
    kinds = next(
        field for field in schema["dataset_fields"] if field.get("field_name") == "document_kind"
    )
    choices = {choice["value"] for choice in kinds["choices"]}
    assert choices == set(get_args(Kind)) - {""}
    make_pdf(folder / "a.pdf", Title="Satzung vom 12.03.2020", Keywords="a, b", Subject="x")
    (folder / "a.yaml").write_text(
        "publisher: x\nbodies: y\nvalid_from: 1.1.2020\nvalid_until: 2021-01-01\noutcome: z\n"
        "reference: 1\nauthor: z\npaper_type: z\nissued: 2020\nmodified: 2020\nlanguage: de\n"
        "url: https://x.example/\ntheme: ENVI\nlicense_id: unbekannt\n"
    )
    (record,) = _read(folder, config)[0].values()
    known = shape.DOCUMENT_TEXTS | shape.DOCUMENT_LISTS | set(shape.DOCUMENT_OBJECTS)
    beside = {"type", "tags", "groups", "resources", "harvest_unread"}
    assert set(record.package) <= known | beside
    assert {"bodies", "outcome", "valid_until", "paper_type", "theme"} <= set(record.package)


@given(st.binary(max_size=300), st.sampled_from(["pdf", "docx", "odt", "csv"]))
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, kind: str
) -> None:
    path = tmp_path_factory.getbasetemp() / f"any.{kind}"
    for data in (content, b"%PDF-1.4\n" + content):
        path.write_bytes(data)
        try:
            found = properties.read(path, kind)
        except HarvestError:
            continue
        assert isinstance(found.title, str)
