"""Other words for the same: an operator's own, those that ship, and those of a thesaurus."""

from __future__ import annotations

from pathlib import Path

import pytest

from search.text import german
from search.text.synonyms import OPERATOR, SHIPPED, THESAURUS, SynonymError, Synonyms


def synonyms(folder: Path, text: str | bytes) -> Synonyms:
    """Return the synonyms of an operator's file."""
    path = folder / "synonyms.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return Synonyms(path)


def others(known: Synonyms, name: str) -> dict[str, float]:
    """Return the other names of a name, with their trust."""
    found = known.of(tuple(german.asked_tokens(name)))
    return {" ".join(other.tokens): other.trust for other in found}


def tokens(name: str) -> str:
    return " ".join(german.tokens(name))


@pytest.mark.parametrize(
    ("line", "asked", "found"),
    [
        # Names of one thing: each finds the others.
        ("Zwiebelturm, Wasserturm", "Zwiebelturm", ["Wasserturm"]),
        ("Zwiebelturm, Wasserturm", "Wasserturm", ["Zwiebelturm"]),
        ("Zwiebelturm, Wasserturm, Turm", "Turm", ["Zwiebelturm", "Wasserturm"]),
        # One way: who asks for the left also finds the right.
        ("Zwiebelturm = Wasserturm, Turm", "Zwiebelturm", ["Wasserturm", "Turm"]),
        ("Zwiebelturm => Wasserturm", "Zwiebelturm", ["Wasserturm"]),
        ("Zwiebelturm = Wasserturm", "Wasserturm", []),
        # Both: names of one thing, which is a kind of another.
        ("Zwiebelturm, Glockenturm = Bauwerk", "Glockenturm", ["Bauwerk", "Zwiebelturm"]),
        ("Zwiebelturm, Glockenturm = Bauwerk", "Bauwerk", []),
        # However it is written, asked or inflected.
        ("zwiebeltürme, WASSERTURM", "Zwiebelturm", ["Wasserturm"]),
        ("  Zwiebelturm ,Wasserturm,  # so sagen wir hier", "Zwiebelturm", ["Wasserturm"]),
        # Names of several words, on either side.
        ("Alte Zwiebel = Turm am Wasser", "alte zwiebel", ["Turm am Wasser"]),
        ("Alte Zwiebel = Turm am Wasser", "Zwiebel", []),
        ("Turm am Wasser = Alte Zwiebel", "Turm am Wasser", ["Alte Zwiebel"]),
        # Said twice, said to be its own other name, of no words.
        ("Zwiebelturm, Zwiebelturm, Wasserturm", "Zwiebelturm", ["Wasserturm"]),
        ("Zwiebelturm, !!!, Wasserturm", "Zwiebelturm", ["Wasserturm"]),
    ],
)
def test_a_line(tmp_path: Path, line: str, asked: str, found: list[str]) -> None:
    known = others(synonyms(tmp_path, line), asked)
    expected = {tokens(name) for name in found}
    assert {name for name, trust in known.items() if trust == OPERATOR} == expected


def test_lines_add_up_and_comments_do_not(tmp_path: Path) -> None:
    text = "# Türme\n\nZwiebelturm = Wasserturm\n   # Zwiebelturm = Rathaus\nZwiebelturm = Turm\n"
    known = others(synonyms(tmp_path, text), "Zwiebelturm")
    assert set(known) == {tokens("Wasserturm"), tokens("Turm")}


@pytest.mark.parametrize(
    "line",
    [
        "allein",
        "= Wasserturm",
        "Zwiebelturm =",
        "Zwiebelturm = ,",
        ",",
        "=",
        "Zwiebelturm,",
        "a =>",
    ],
)
def test_a_line_that_says_nothing_is_named(tmp_path: Path, line: str) -> None:
    with pytest.raises(SynonymError) as told:
        synonyms(tmp_path, f"# Kommentar\na, b\n{line}\n")
    assert str(tmp_path / "synonyms.txt") in str(told.value)
    assert "line 3" in str(told.value)
    assert line in str(told.value)


def test_another_encoding_is_named(tmp_path: Path) -> None:
    with pytest.raises(SynonymError, match=r"synonyms\.txt is not UTF-8"):
        synonyms(tmp_path, "Bücherei, Bibliothek".encode("latin-1"))


def test_an_editors_mark_at_the_beginning_is_no_letter(tmp_path: Path) -> None:
    known = synonyms(tmp_path, "Zwiebelturm, Wasserturm\r\n".encode("utf-8-sig"))
    assert tokens("Wasserturm") in others(known, "Zwiebelturm")


def test_without_a_file_only_what_ships(tmp_path: Path) -> None:
    assert others(Synonyms(tmp_path / "keine.txt"), "Zwiebelturm") == {}
    assert others(Synonyms(), "VHS")["volkshochschul"] == SHIPPED


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("Kita", "Kindertageseinrichtung"), ("Kita", "Tageseinrichtung für Kinder"),
        ("ÖPNV", "Nahverkehr"), ("öffentlicher Nahverkehr", "ÖPNV"), ("B-Plan", "Bebauungsplan"),
        ("Windrad", "Windenergieanlage"), ("WC", "Toilette"),
    ],
)  # fmt: skip
def test_what_ships(asked: str, found: str) -> None:
    assert others(Synonyms(), asked)[tokens(found)] == SHIPPED


def test_a_thesaurus_is_trusted_least() -> None:
    known = others(Synonyms(), "Fahrrad")
    assert known[tokens("Rad")] <= THESAURUS < SHIPPED
    # It knows single words alone.
    assert others(Synonyms(), "schönes Fahrrad") == {}


def test_the_most_trusted_come_first_and_few(tmp_path: Path) -> None:
    many = ", ".join(f"Rad{number}" for number in range(40))
    known = synonyms(tmp_path, f"Fahrrad = {many}").of(tuple(german.tokens("Fahrrad")))
    assert 0 < len(known) < 20
    assert [other.trust for other in known] == [OPERATOR] * len(known)


def test_only_names_with_others_are_names() -> None:
    known = Synonyms()
    assert known.is_name(tuple(german.tokens("öffentlichen Nahverkehrs")))
    assert not known.is_name(tuple(german.tokens("öffentlicher Parkplatz")))
