"""Places: a village and its union, from an operator's list of organisations."""

from __future__ import annotations

from pathlib import Path

import pytest

from search.text import german
from search.text.places import Places

ORGANISATIONS = """
- name: kreis
  title: Landkreis Auenland
  short: Auenland
  kind: landkreis
  parts: [Birkenthal, Neustadt]
- name: vg
  title: Verbandsgemeinde Birkenthal
  short: Birkenthal
  kind: verbandsgemeinde
  parts: [Altdorf, Bad Auen, Birkenthal]
- name: stadt
  title: Stadt Neustadt am Wehr
  kind: stadt
  localities: [Oberstadt, Altdorf]
- name: einsam
  short: Einsamkeit
  parts:
  localities:
- name: namenlos
  parts: [Niemandsland]
"""


@pytest.fixture
def places(tmp_path: Path) -> Places:
    (tmp_path / "organisations.yaml").write_text(ORGANISATIONS, "utf-8")
    return Places(tmp_path / "organisations.yaml")


def tokens(name: str) -> tuple[str, ...]:
    """Return a name's words as they are asked for: "am" is none of them."""
    return tuple(german.asked_tokens(name))


def others(places: Places, name: str) -> set[str]:
    return {" ".join(other.tokens) for other in places.of(name)}


@pytest.mark.parametrize(
    ("name", "found"),
    [
        # A village's records, and its union's; the other way all of its villages.
        ("Bad Auen", ["Birkenthal"]),
        ("Birkenthal", ["Altdorf", "Bad Auen"]),
        ("birkenthals", ["Altdorf", "Bad Auen"]),
        # Two places of one name.
        ("Altdorf", ["Birkenthal", "Stadt Neustadt am Wehr"]),
        # Without a short name by its title.
        ("Stadt Neustadt am Wehr", ["Oberstadt", "Altdorf"]),
        ("Einsamkeit", []),
        # No places, or not of this name.
        ("Neustadt", []), ("Auen", []), ("Bad", []), ("Rathaus", []),
    ],
)  # fmt: skip
def test_where_else_to_look(places: Places, name: str, found: list[str]) -> None:
    assert others(places, name) == {" ".join(tokens(one)) for one in found}


@pytest.mark.parametrize("name", ["Altdorf", "Bad Auen", "Birkenthal", "Oberstadt", "Einsamkeit"])
def test_places(places: Places, name: str) -> None:
    assert name in places


@pytest.mark.parametrize("name", ["Auenland", "Bad", "Niemandsland", "Dorf", ""])
def test_no_places(places: Places, name: str) -> None:
    """Everything lies in the district; and what has no name has no parts."""
    assert name not in places


def test_what_is_farther_is_trusted_less(places: Places) -> None:
    (union,) = places.of("Bad Auen")
    villages = places.of("Birkenthal")
    assert all(0 < village.trust < union.trust < 1 for village in villages)


@pytest.mark.parametrize("text", ["", "# nur ein Kommentar\n", "[]"])
def test_an_empty_list(tmp_path: Path, text: str) -> None:
    (tmp_path / "organisations.yaml").write_text(text, "utf-8")
    assert "Altdorf" not in Places(tmp_path / "organisations.yaml")


def test_no_list(tmp_path: Path) -> None:
    assert "Altdorf" not in Places()
    assert Places(tmp_path / "nirgends.yaml").of("Altdorf") == ()


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("Burgen", True), ("burgen", True), ("Burgens", True), ("Burg", False), ("Burge", False),
        ("Löf", True), ("Loef", True), ("lof", True), ("Löfs", True),
        # An "-s" of its own is no genitive's.
        ("Kobern-Gondorf", True), ("Kobern Gondorfs", True), ("Gondorf", False),
        ("Oberfells", True), ("Oberfell", False),
        ("Rhens", True), ("Rhen", False),
    ],
)  # fmt: skip
def test_a_word_with_a_villages_stem_is_no_place(tmp_path: Path, name: str, known: bool) -> None:
    parts = "Burgen, Löf, Kobern-Gondorf, Oberfells, Rhens"
    (tmp_path / "organisations.yaml").write_text(f"- {{short: Rhein, parts: [{parts}]}}", "utf-8")
    assert (name in Places(tmp_path / "organisations.yaml")) is known
