from __future__ import annotations

from pathlib import Path

import pytest

from harvesters.config import from_location, load_sources
from harvesters.errors import ConfigError, SourceError
from harvesters.sources import source_class

ROOT = Path(__file__).resolve().parents[3]


def _write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "sources.yaml"
    path.write_text(text)
    return path


GOOD = "# a comment\n- name: a\n  type: dcat\n  path: a.ttl\n"


def test_the_shipped_sources_can_be_read() -> None:
    sources = load_sources(ROOT / "config" / "sources.yaml")
    assert sources["sample"].enabled
    assert [source.name for source in sources.values() if source.enabled] == ["sample"]
    for source in sources.values():
        source_class(source.type)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            GOOD + "  enabeld: false\n",
            r"sources\.yaml:5: unknown key `enabeld`. Did you mean `enabled`",
        ),
        (GOOD + "- nam: b\n", r"sources\.yaml:5: the key `name` is missing|:5: unknown key `nam`"),
        (GOOD.replace("dcat", "dcta"), r":3: there is no source type `dcta`. Did you mean `dcat`"),
        (GOOD + "  url: http://x\n", r":2: needs either `url` or `path`"),
        (GOOD + "  options: {max_page: 2}\n", r":5: unknown option `max_page`.*`max_pages`"),
        (GOOD + GOOD, r":6: there are two sources named `a`"),
        (GOOD.replace("name: a", "name: Ä b"), r":2: name: "),
        ("name: a\n", r":1: must be a list"),
        ("- name: [\n", r"sources\.yaml:\d+: "),
        ("- just text\n", r":1: must be a source"),
    ],
)
def test_typos_are_named_with_their_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_sources(_write(tmp_path, text))


def test_no_file_is_no_sources(tmp_path: Path) -> None:
    assert load_sources(tmp_path / "sources.yaml") == {}
    assert load_sources(_write(tmp_path, "# nothing\n")) == {}


def test_the_same_location_has_the_same_name(tmp_path: Path) -> None:
    file = tmp_path / "Mein Katalog.ttl"
    file.touch()
    first, second = from_location(str(file)), from_location(str(file))
    assert first.name == second.name
    assert first.name.startswith("mein-katalog-")
    other = tmp_path / "b" / "Mein Katalog.ttl"
    other.parent.mkdir()
    other.touch()
    assert from_location(str(other)).name != first.name
    assert from_location("https://x.example/catalog.rdf").name.startswith("x-example-catalog-rdf-")


def test_what_cannot_be_a_source(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="does not exist"):
        from_location(str(tmp_path / "no.ttl"))
    with pytest.raises(ConfigError, match=r"Known types: arcgis, .*dcat"):
        from_location("https://x.example/", type_="fax")
