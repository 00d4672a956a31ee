"""A Unigram tokenizer without a word-boundary marker, so that compounds share their parts.

``station`` is the same piece alone and inside ``Messstation``. The stock Unigram trainer splits
badly without the marker (``k|indertagesstätte``): it seeds with every frequent substring. This one
seeds with whole words and with the beginnings and ends of words, which is where German compounds
are joined, and then lets eight rounds of segmenting and pruning choose.
"""

from __future__ import annotations

import logging
import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

from search.training.text import normalise

_log = logging.getLogger(__name__)

UNKNOWN = "[UNK]"
VOCABULARY_SIZE = 44_000
ROUNDS = 8
MAX_PIECE = 24
"""Longest piece in letters; a longer word is nearly always a compound."""

_AFFIX_LENGTHS = range(2, 8)
_SHORT_PIECE_PENALTY = {2: 1.5, 3: 1.0}
"""Taken from the log probability: without it, short pieces glue words together from rubble."""


def count_words(texts: Iterable[str], weight: int = 1) -> Counter[str]:
    """Count the words of *texts* after normalisation, each *weight* times."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(normalise(text).split())
    return Counter({word: weight * count for word, count in counts.items()})


def _seed(counts: Mapping[str, int]) -> dict[str, float]:
    """Return the first pieces with their weights; counts are damped by the square root."""
    weights: defaultdict[str, float] = defaultdict(float)
    affixes: defaultdict[str, float] = defaultdict(float)
    affix_types: Counter[str] = Counter()
    common = {word for word, count in counts.items() if count >= 20 and len(word) >= 4}
    for word, count in counts.items():
        damped = math.sqrt(count)
        if len(word) <= MAX_PIECE and (count >= 20 or (count >= 2 and len(word) >= 4)):
            weights[word] += damped
        for length in _AFFIX_LENGTHS:
            if length < len(word):
                for affix in {word[:length], word[-length:]}:
                    affixes[affix] += damped
                    affix_types[affix] += 1
        for end in range(5, len(word) - 3):
            # "bebauungs|plan": the linking s belongs to what stands before it.
            if word[end - 1] == "s" and word[: end - 1] in common and word[end:] in common:
                weights[word[:end]] += damped
    for affix, weight in affixes.items():
        wrong_link = affix[0] == "s" and affix[1:] in common and affix not in common
        # A beginning that only a handful of words share is no part of the language.
        if affix_types[affix] >= 10 and not wrong_link:
            weights[affix] += 0.1 * weight
    return dict(weights)


def _letters(counts: Mapping[str, int]) -> dict[str, float]:
    """Return the single characters that stay in the vocabulary whatever happens."""
    letters: Counter[str] = Counter()
    for word, count in counts.items():
        for letter in word:
            letters[letter] += count
    alphabet = "abcdefghijklmnopqrstuvwxyzäöüéèàáç0123456789"
    return dict.fromkeys(alphabet, 1.0) | {
        letter: 1.0 for letter, count in letters.items() if count >= 50
    }


def _scores(weights: Mapping[str, float]) -> list[tuple[str, float]]:
    """Return the vocabulary with log probabilities, the unknown piece first, in a fixed order."""
    total = sum(weights.values())
    scored = [
        (piece, math.log(weight / total) - _SHORT_PIECE_PENALTY.get(len(piece), 0.0))
        for piece, weight in sorted(weights.items())
    ]
    # Three decimals change no segmentation and keep the shipped file small.
    return [(UNKNOWN, 0.0), *((piece, round(score, 3)) for piece, score in scored)]


def build_tokenizer(vocabulary: list[tuple[str, float]]) -> Tokenizer:
    """Return the tokenizer of *vocabulary*, whose first piece is the unknown one.

    Its normaliser does what :func:`search.training.text.normalise` does, so that every reader of
    the model sees texts alike. It neither cuts nor pads, and adds no special pieces.
    """
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=0))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.NFKC(),
            normalizers.Lowercase(),
            normalizers.Replace("ß", "ss"),
            normalizers.Replace(Regex(r"[^\p{L}\p{N}]+"), " "),
            normalizers.Strip(),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return tokenizer


def train_tokenizer(
    counts: Mapping[str, int],
    size: int = VOCABULARY_SIZE,
    rounds: int = ROUNDS,
    always: Collection[str] = (),
) -> Tokenizer:
    """Train a tokenizer of *size* pieces (the unknown one included) on word *counts*.

    The words *always* stay whole, however rare they are.

    Each round segments all words with Viterbi, counts the pieces anew, and prunes the least used,
    in equal ratios from the seed down to *size*. Raises ``ValueError`` where *counts* is empty.
    """
    if not counts:
        raise ValueError("no words to train a tokenizer on")
    fixed = _letters(counts) | dict.fromkeys(always, 3.0)
    weights = _seed(counts) | fixed
    words = sorted(counts)
    damped = [math.sqrt(counts[word]) for word in words]
    ratio = (max(len(weights), size) / size) ** (1 / rounds)
    for number in range(1, rounds + 1):
        vocabulary = _scores(weights)
        tokenizer = build_tokenizer(vocabulary)
        used: defaultdict[str, float] = defaultdict(float)
        for start in range(0, len(words), 50_000):
            batch = words[start : start + 50_000]
            for encoding, weight in zip(
                tokenizer.encode_batch_fast(batch, add_special_tokens=False),
                damped[start : start + 50_000],
                strict=True,
            ):
                for piece in encoding.ids:  # the fast encoder leaves the texts of pieces empty
                    used[vocabulary[piece][0]] += weight
        room = max(size, round(len(weights) / ratio)) if number < rounds else size
        room -= 1 + len(fixed)  # the unknown piece, and those that always stay
        kept = sorted(
            ((piece, weight) for piece, weight in used.items() if piece in weights),
            key=lambda item: (-item[1], item[0]),
        )
        best = dict([item for item in kept if item[0] not in fixed][: max(room, 0)])
        weights = best | {piece: used[piece] or 0.1 for piece in fixed}
        _log.info("tokenizer round %d of %d: %d pieces", number, rounds, len(weights) + 1)
    return build_tokenizer(_scores(weights))
