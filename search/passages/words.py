"""The words of a passage as a sparse vector, and of a question as what is asked of it.

BM25 in two halves. A passage's value for a word is its term frequency, saturated and by length,
divided by its ceiling: 0 to 1. A question's value for a word is the share that it has of the
question (by rarity). Their product is the share of the question that the passage holds: near 0 to
1, comparable between questions, and added to a similarity as records' is.
"""

from __future__ import annotations

import math
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from search import ranking
from search.query import Concept
from search.text import compounds, german

#: BM25's usual saturation, and how far a passage's length counts: passages are made of one length.
_K1, _B = 1.2, 0.4
#: Words of a passage of the usual length; what it is measured against must not change later.
_USUAL_LENGTH = 200
#: Parts of compounds are words of the passage too, but not quite what was written.
_PART = 0.6

Sparse = Mapping[int, float]


def number_of(token: str) -> int:
    """Return the number of a token in sparse vectors. Two of 100,000 words share one by chance."""
    return zlib.crc32(token.encode())


def of_passage(text: str) -> dict[int, float]:
    """Return a passage's sparse vector: numbers of its words, each 0 to 1."""
    found: Counter[str] = Counter()
    parts: Counter[str] = Counter()
    words = german.words(text)
    for word in words:
        token = german.token(word)
        found[token] += 1
        for part in compounds.parts(word):
            if part != token:
                parts[part] += 1
    length = 1 - _B + _B * len(words) / _USUAL_LENGTH
    out: dict[int, float] = {}
    for token, count in parts.items():
        out[number_of(token)] = _PART * _saturated(count, length)
    for token, count in found.items():
        number = number_of(token)
        out[number] = max(out.get(number, 0.0), _saturated(count, length))
    return out


def _saturated(count: int, length: float) -> float:
    return count / (count + _K1 * length)


@dataclass(frozen=True)
class Asked:
    """What a question asks of passages.

    ``things``: for each thing its share (they add up to 1) and the ways to hold it: words that must
    all be there, and what that way counts. ``needed``: those of the things that must be met.
    ``forbidden``: words that must not be there. ``phrases``: tokens that must stand side by side.
    ``evidence``: see :func:`search.ranking.trust`.
    """

    things: tuple[tuple[float, tuple[tuple[tuple[int, ...], float], ...]], ...]
    needed: tuple[int, ...]
    forbidden: tuple[tuple[int, ...], ...]
    evidence: float
    phrases: tuple[tuple[str, ...], ...] = ()

    @property
    def demands(self) -> bool:
        """Whether something must be met, or must not."""
        return bool(self.needed or self.forbidden or self.phrases)

    @property
    def sparse(self) -> dict[int, float]:
        """The question as one sparse vector, to find candidates with."""
        out: dict[int, float] = {}
        for share, ways in self.things:
            for tokens, trust in ways:
                for token in tokens:
                    weight = share * trust / len(tokens)
                    out[token] = max(out.get(token, 0.0), weight)
        return out

    def held_by(self, passage: Sparse) -> float:
        """Return the share of the question that a passage holds; 0 where it must not be shown."""
        if any(all(token in passage for token in tokens) for tokens in self.forbidden):
            return 0.0
        held = 0.0
        for number, (share, ways) in enumerate(self.things):
            best = max((trust * _all(passage, tokens) for tokens, trust in ways), default=0.0)
            if not best and number in self.needed:
                return 0.0
            held += share * best
        return held

    def allows(self, passage: Sparse, text: str) -> bool:
        """Tell whether a passage has what must be met, and nothing that must not."""
        if any(all(token in passage for token in tokens) for tokens in self.forbidden):
            return False
        if not all(
            any(all(token in passage for token in tokens) for tokens, _ in self.things[number][1])
            for number in self.needed
        ):
            return False
        # The text is looked at last, and only where it has all of their words.
        there = all(number_of(token) in passage for phrase in self.phrases for token in phrase)
        return not self.phrases or (there and _holds(text, self.phrases))


def _holds(text: str, phrases: Iterable[tuple[str, ...]]) -> bool:
    """Tell whether a text has the words of each phrase side by side."""
    there = f" {' '.join(german.tokens(text))} "
    return all(f" {' '.join(phrase)} " in there for phrase in phrases)


def _all(passage: Sparse, tokens: Sequence[int]) -> float:
    values = [passage.get(token, 0.0) for token in tokens]
    return sum(values) / len(values) if values and all(values) else 0.0


def of_question(concepts: Iterable[Concept], idf: Callable[[int], float], total: int) -> Asked:
    """Read a question against passages; ``idf`` by a token's number, ``total``: of passages."""
    wanted = [concept for concept in concepts if concept.sign != "-"]
    weights = [_weight(concept, idf) for concept in wanted]
    whole = sum(weights) or 1.0
    things = tuple(
        (weight / whole, _ways(concept)) for concept, weight in zip(wanted, weights, strict=True)
    )
    unwanted = [concept for concept in concepts if concept.sign == "-"]
    return Asked(
        things,
        tuple(at for at, concept in enumerate(wanted) if concept.sign == "+"),
        tuple(_tokens(concept.whole.split()) for concept in unwanted),
        sum(weights) / math.log(total + 1) if total else 0.0,
        tuple(tuple(concept.whole.split()) for concept in wanted if concept.phrase),
    )


def _weight(concept: Concept, idf: Callable[[int], float]) -> float:
    return concept.weight * sum(idf(token) for token in _tokens(concept.whole.split()))


def _ways(concept: Concept) -> tuple[tuple[tuple[int, ...], float], ...]:
    ways = [(_tokens(concept.whole.split()), 1.0)]
    if concept.parts and concept.parts != (concept.whole,):
        ways.append((_tokens(concept.parts), ranking.ALL_PARTS + ranking.SOME_PARTS))
    ways += [(_tokens(tokens), trust) for tokens, trust in concept.others]
    return tuple(ways)


def _tokens(tokens: Iterable[str]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(map(number_of, tokens)))
