"""A person's question, read: what things it asks for, and by which words each can be met."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path

from search import ranking
from search.query import Concept
from search.text import compounds, german
from search.text.places import Places
from search.text.synonyms import LONGEST, Other, Synonyms

#: A longer question is cut off: nobody types it.
MAX_CONCEPTS = 64
#: From so many on a question says enough by itself, and each other word costs time.
_WORDY = 12
#: What "Opendata" counts for each word of "Open-Data".
_TOGETHER = 0.9

_AROUND = re.compile(r"^\W+|\W+$")
#: A word, and the comma and minus before it.
_LISTED_WORD = re.compile(r"(,\s*-)?((?<![^\W_])[^\W\d_][^\W_]*)")
_WITHOUT = "-"

_CHUNK = re.compile(r'((?:(?<=\s)|^)[+-])?"([^"]*)"|(\S+)')


@dataclass(frozen=True)
class Chunk:
    """A piece of a question between spaces or quotation marks; ``sign``: plus, minus or nothing."""

    sign: str
    text: str
    phrase: bool


def chunks(text: str) -> list[Chunk]:
    """Split a question, without the words of no topic (unless it has no others)."""
    found = _pieces(text)
    return list(filter(_has_topic, found)) or found


def _pieces(text: str) -> list[Chunk]:
    found: list[Chunk] = []
    for match in _CHUNK.finditer(text):
        sign, phrase, bare = match.groups()
        if bare is None:
            found.append(Chunk(sign or "", phrase, True))
            continue
        bare = bare.strip('"')
        # After a quotation mark it is a hyphen: '"Fracking"-Verbot'.
        first = match.start() == 0 or text[match.start() - 1].isspace()
        sign = bare[0] if first and bare[:1] in ("+", "-") and len(bare) > 1 else ""
        found.append(Chunk(sign, bare[len(sign) :], False))
    return found


def _has_topic(chunk: Chunk) -> bool:
    return bool(chunk.sign) or chunk.phrase or german.is_topic(chunk.text)


class Reader:
    """Reads questions with the words of one portal."""

    def __init__(self, config: Path | None = None) -> None:
        """Take an operator's folder for its synonyms and places; without it only what ships.

        :raises search.text.synonyms.SynonymError: when the operator's file cannot be read.
        """
        self.synonyms = Synonyms(config / "synonyms.txt" if config else None)
        self.places = Places(config / "organisations.yaml" if config else None)

    def read(self, text: str) -> tuple[Concept, ...]:
        """Return what a question asks for, each thing once."""
        found: dict[tuple[str, str, bool], Concept] = {}
        split = _with_roads(_pieces(german.mended(_with_signs(text))))
        wordy = len(split) > _WORDY
        for concept in self._concepts(split, wordy):
            key = concept.sign, concept.whole, concept.phrase
            if key not in found or found[key].weight < concept.weight:
                found[key] = concept
            if len(found) == MAX_CONCEPTS:
                break
        return tuple(found.values())

    def _concepts(self, split: Sequence[Chunk], wordy: bool) -> Iterator[Concept]:
        context = _context(split)
        for at, concept in self._placed(split, wordy):
            before = at < context
            yield replace(concept, weight=concept.weight * ranking.CONTEXT) if before else concept

    def _placed(self, split: Sequence[Chunk], wordy: bool) -> Iterator[tuple[int, Concept]]:
        """Yield what the pieces ask for, each with the number of its piece."""
        after = 0
        while after < len(split):
            at, chunk = after, split[after]
            after += 1
            tokens = tuple(german.tokens(chunk.text))
            if not tokens:
                continue
            if chunk.phrase:
                yield at, Concept(chunk.text, " ".join(tokens), sign=chunk.sign, phrase=True)
                continue
            several = 1 if chunk.sign else self._name(split[at : at + LONGEST])
            text = " ".join(one.text for one in split[at : at + several])
            after = at + several
            # Who does not want "2017/0140" does not mean all of 2017.
            if several == 1 and chunk.sign != "-" and self._is_many(text, tokens):
                words = german.words(text)[:MAX_CONCEPTS]
                together = ((german.token("".join(words)),), _TOGETHER)
                for word in words:
                    concept = self._concept(word, chunk.sign, wordy)
                    yield at, replace(concept, others=(*concept.others, together))
            else:
                yield at, self._concept(text, chunk.sign, wordy)

    def _name(self, split: Sequence[Chunk]) -> int:
        """Return how many of the next words are one name ("öffentlicher Nahverkehr")."""
        most = next((n for n, one in enumerate(split) if one.sign or one.phrase), len(split))
        for length in range(most, 1, -1):
            text = " ".join(one.text for one in split[:length])
            if self._is_name(text) or (length == 2 and _is_road(*split[:2])):
                return length
        return 1

    def _is_name(self, text: str) -> bool:
        words = german.words(text)
        return self.synonyms.is_name(tuple(map(german.token, words))) or self.places.holds(words)

    def _is_many(self, text: str, tokens: tuple[str, ...]) -> bool:
        """Tell whether words without a space between them ask for a thing each.

        "CDU-Antrag" does, and "2017/0140"; "B-Plan" and "L98" are one.
        """
        if len(tokens) < 2 or self._is_name(text):
            return False
        return all(len(token) > 1 for token in tokens)

    def _concept(self, text: str, sign: str, wordy: bool) -> Concept:
        words = german.words(text)[:MAX_CONCEPTS]
        tokens = tuple(german.token(word) for word in words)
        if len(words) == 1:
            whole, parts = tokens[0], compounds.parts(words[0])
        else:
            # "B-Plan", "Open-Data-Konzept", "L 98": written as one word, or word by word.
            whole = german.token("".join(words))
            parts = tokens
        others: tuple[Other, ...] = ()
        place = self.places.holds(words)
        if not wordy:
            written = words[0] if len(words) == 1 else ""
            others = self.places.of(text) if place else self.synonyms.of(tokens, written)
        return Concept(
            text,
            whole,
            parts=parts,
            others=tuple((other.tokens, other.trust) for other in others),
            sign=sign,
            weight=ranking.PLACE if place else 1.0,
        )


def _context(pieces: Sequence[Chunk]) -> int:
    """Return how many pieces stand before a last colon that others follow (see ``headings``)."""
    ends = (at for at, one in enumerate(pieces[:-1], 1) if one.text.endswith(":"))
    return max(ends, default=0)


def _with_roads(pieces: list[Chunk]) -> list[Chunk]:
    """Return the pieces that have a topic: of "the A 61" also "A", which alone has none."""
    kept = [
        one
        for one, after in zip_longest(pieces, pieces[1:])
        if _has_topic(one) or (after and len(one.text) == 1 and _is_road(one, after))
    ]
    return kept or pieces


def _is_road(one: Chunk, after: Chunk) -> bool:
    """Tell whether two pieces are few letters and a number."""
    if not after.text[:1].isdigit():
        return False
    return german.is_numbered(_bare(f"{one.text} {after.text}"))


def _bare(text: str) -> str:
    """Return a text without the punctuation around it: "(L 98)", "L 98?"."""
    return _AROUND.sub("", text)


def _with_signs(text: str) -> str:
    """Return a question in which each minus behind a comma that means "without" can be seen.

    "Feuerwehr, -Bendorf" does not want Bendorf, but "Wasserpreise, -gebühren" wants both: what
    begins small and makes a compound with the beginning of the last one is what was left out.
    """
    if "," not in text or "-" not in text:
        return text
    found: list[str] = []
    end = commas = 0
    suspended = ""
    for match in _LISTED_WORD.finditer(text):
        comma, word = match.groups()
        commas += bool(comma)
        if commas > MAX_CONCEPTS:
            break
        left_out = bool(comma) and word[0].islower() and _goes_on(suspended, word)
        if comma and not left_out:
            # Without the comma: with it, the minus would be taken for what is left out.
            found += [text[end : match.start()], f" {_WITHOUT}{word}"]
            end = match.end()
        if not left_out:
            suspended = word
    return "".join([*found, text[end:]])


def _goes_on(word: str, end: str) -> bool:
    """Tell whether ``end`` makes a compound with what a compound begins with."""
    parts = compounds.split(german.normalise(word))
    before = "".join(parts[:-1])
    return bool(before) and bool(compounds.split(before + german.normalise(end)))


def pairs(text: str) -> list[str]:
    """Return the index terms of a question's words that stand side by side, each once."""
    plain = re.sub(r'["+]', " ", text)
    return list(dict.fromkeys(german.pairs(german.tokens(plain))))[: MAX_CONCEPTS - 1]
