"""Translation pairs and their cleaning."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from search.training.text import normalise, plain

MAX_CHARACTERS = 400
"""Longer sides are cut: the teacher reads 96 word pieces at most, about this many letters."""

MAX_LENGTH_RATIO = 3.5
"""Sides whose lengths differ more are not translations of one another, but misaligned."""

HELD_OUT_PER_MILLE = 10
"""Share of English texts kept away from training, for the calibration."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A German and an English text that mean the same; *source* is the group they are from."""

    german: str
    english: str
    source: str


def is_useful(german: str, english: str) -> bool:
    """Say whether two already plain texts can be a pair: both have letters, and similar lengths."""
    if sum(map(str.isalpha, german)) < 2 or sum(map(str.isalpha, english)) < 2:
        return False
    shorter, longer = sorted((len(german), len(english)))
    return longer <= MAX_LENGTH_RATIO * shorter


def clean(pairs: Iterable[Pair], excluded: frozenset[str] = frozenset()) -> Iterator[Pair]:
    """Yield the useful pairs once each, without markup and cut to :data:`MAX_CHARACTERS`.

    *excluded* holds normalised texts that must not be trained on (see :func:`evaluation_texts`).
    Two pairs are the same when both sides are equal after normalisation; the first one stays.
    """
    seen: set[tuple[str, str]] = set()
    for pair in pairs:
        german, english = plain(pair.german)[:MAX_CHARACTERS], plain(pair.english)[:MAX_CHARACTERS]
        if not is_useful(german, english):
            continue
        key = normalise(german), normalise(english)
        if key[0] == key[1] and key[0].count(" ") > 2:
            continue  # left untranslated; names of up to three words are the same in both
        if not all(key) or key in seen or key[0] in excluded or key[1] in excluded:
            continue
        seen.add(key)
        yield Pair(german, english, pair.source)


def evaluation_texts(folder: Path) -> frozenset[str]:
    """Return the normalised texts of every BEIR collection under *folder*, to be kept out.

    Texts of fewer than three words stay allowed: a dictionary cannot do without the word
    "Altglas" because a record is called so.
    """
    texts: set[str] = set()
    for path in sorted(folder.glob("*/*.jsonl")):
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                record = json.loads(line)
                texts.update(normalise(record.get(key, "")) for key in ("title", "text"))
    return frozenset(text for text in texts if text.count(" ") >= 2)


def is_held_out(english: str) -> bool:
    """Say whether the pairs with this English text are kept for the calibration.

    The choice depends on the normalised text alone, so it is the same in every run, and all
    German texts that share one English text fall on the same side.
    """
    return zlib.crc32(normalise(english).encode()) % 1000 < HELD_OUT_PER_MILLE


def write_pairs(path: Path, pairs: Iterable[Pair]) -> int:
    """Write *pairs* as lines ``source TAB German TAB English``; return how many there were.

    The file appears under its name only when it is complete, so that a stage that was stopped
    half-way is done again.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".part")
    count = 0
    with unfinished.open("w", encoding="utf-8") as out:
        for pair in pairs:
            german, english = (" ".join(side.split()) for side in (pair.german, pair.english))
            out.write(f"{pair.source}\t{german}\t{english}\n")
            count += 1
    unfinished.replace(path)
    return count


def read_pairs(path: Path) -> list[Pair]:
    """Read what :func:`write_pairs` wrote.

    Raises ``ValueError`` for a line that has not three columns.
    """
    pairs: list[Pair] = []
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            columns = line.rstrip("\n").split("\t")
            if len(columns) != 3:
                raise ValueError(f"{path}:{number}: three columns expected, got {len(columns)}")
            pairs.append(Pair(columns[1], columns[2], columns[0]))
    return pairs
