"""Passages: borders, overlap, pages, headings, agenda items."""

from __future__ import annotations

import gzip
import json
from itertools import pairwise
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from indexer import passages, sentences
from indexer.extract import extract
from indexer.model import Block, BlockKind, Extracted, Page

#: A sentence of ten words; each is told from the others by its number.
SENTENCE = "Der Satz {} hat genau zehn Wörter und endet hier jetzt."


def text(first: int, count: int) -> str:
    return " ".join(SENTENCE.format(number) for number in range(first, first + count))


def made(*pages: list[tuple[BlockKind, str, int]]) -> Extracted:
    return Extracted(
        kind="pdf",
        pages=[
            Page(number, [Block(*block) for block in blocks])
            for number, blocks in enumerate(pages, start=1)
        ],
    )


def test_a_long_section_overlaps_at_sentence_borders() -> None:
    found = passages.split(made([("heading", "Haushalt", 1), ("paragraph", text(0, 60), 0)]), "a")
    assert len(found) >= 3
    assert [passage.ordinal for passage in found] == list(range(len(found)))
    for passage in found:
        assert 120 <= passage.words <= passages.MOST
        assert passage.headings == ("Haushalt",)
        assert passage.text.endswith("jetzt.")
    for before, after in pairwise(found):
        shared = set(sentences.split(before.text)) & set(sentences.split(after.text))
        assert 3 <= len(shared) <= 5  # 30 to 50 words
    every = " ".join(passage.text for passage in found)
    assert all(SENTENCE.format(number) in every for number in range(60))


def test_headings_begin_passages_and_make_the_path() -> None:
    found = passages.split(
        made(
            [("heading", "Bericht", 1), ("heading", "Wege", 2), ("paragraph", text(0, 10), 0)],
            [("heading", "Brücken", 2), ("paragraph", text(10, 10), 0), ("heading", "Fazit", 1),
             ("paragraph", text(20, 10), 0)],
        ),
        "datei",
    )  # fmt: skip
    assert [(item.headings, item.page, item.end_page) for item in found] == [
        (("Bericht", "Wege"), 1, 1), (("Bericht", "Brücken"), 2, 2), (("Fazit",), 2, 2),
    ]  # fmt: skip
    assert found[1].text.startswith("Brücken\n")
    assert {item.file for item in found} == {"datei"}


def test_tiny_sections_join_but_never_over_an_agenda_item() -> None:
    short = [("agenda_item", f"TOP {number} Punkt", 0) for number in range(1, 4)]
    found = passages.split(made([*short, ("paragraph", "Ein Beschluss.", 0)]), "a")
    assert [item.agenda for item in found] == ["TOP 1 Punkt", "TOP 2 Punkt", "TOP 3 Punkt"]
    assert found[2].text == "TOP 3 Punkt\nEin Beschluss."
    joined = passages.split(
        made([("heading", "Eins", 2), ("paragraph", "Kurz.", 0), ("heading", "Zwei", 2),
              ("paragraph", "Auch kurz.", 0)]),
        "a",
    )  # fmt: skip
    assert [item.text for item in joined] == ["Eins\nKurz.\nZwei\nAuch kurz."]
    assert joined[0].headings == ()


def test_a_sentence_that_goes_on_overleaf_is_whole() -> None:
    found = passages.split(
        made([("paragraph", "Die Messwerte werden als offe-", 0)],
             [("paragraph", "ne Daten veröffentlicht. Danach folgt mehr.", 0)]), "a"
    )  # fmt: skip
    assert (
        found[0].text == "Die Messwerte werden als offene Daten veröffentlicht. Danach folgt mehr."
    )
    assert found[0].page == 1


def test_endless_sentences_are_cut() -> None:
    found = passages.split(made([("paragraph", "wort " * 1000, 0)]), "a")
    assert all(item.words <= passages.MOST for item in found)
    assert sum(item.words for item in found) >= 1000


BLOCKS = st.builds(
    Block,
    st.sampled_from(["heading", "paragraph", "list", "table_row", "agenda_item"]),
    st.builds(
        lambda words, end: " ".join(words) + end,
        st.lists(
            st.sampled_from(["Der", "Rat", "tagt", "am", "12.", "Mai", "Abs.", "2"]),
            min_size=1, max_size=90,
        ),
        st.sampled_from([".", "", "!", "-"]),
    ),
    st.integers(0, 6),
)  # fmt: skip


@given(st.lists(st.lists(BLOCKS, max_size=12), max_size=4))
def test_no_word_is_lost_and_no_passage_mixes_items(pages: list[list[Block]]) -> None:
    extracted = Extracted(pages=[Page(at, blocks) for at, blocks in enumerate(pages, start=1)])
    found = passages.split(extracted, "a")
    for item in found:
        assert 0 < item.words <= passages.MOST + passages.WORDS
        assert item.page <= item.end_page
    total = sum(len(block.text.split()) for blocks in pages for block in blocks)
    joined = len(pages)  # a word broken over two pages is one
    assert sum(item.words for item in found) >= total - joined
    items = [block.text for blocks in pages for block in blocks if block.kind == "agenda_item"]
    order = [item.agenda for item in found]
    told = [now for before, now in zip([None, *order], order, strict=False) if now != before]
    assert [name for name in told if name] == [
        now for before, now in zip([None, *items], items, strict=False) if now != before
    ]


def test_real_council_papers(real_data: Path) -> None:
    path = real_data / "oparl" / "karlsruhe" / "file_texts.jsonl.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for _, line in zip(range(300), lines, strict=False)]
    german = 0
    for number, content in enumerate(texts):
        result = extract(content.encode(), "a.txt", "text/plain")
        german += result.language == "de"
        found = passages.split(result, str(number))
        if result.words > 50:
            assert found
        assert all(item.words <= passages.MOST + passages.WORDS for item in found)
    assert german >= 0.97 * len(texts)
