"""Texts that mean nothing, for the training and for the calibration."""

from __future__ import annotations

import random
import string

NONSENSE_DIMENSIONS = 8
"""The last dimensions of each vector, which say how little of a text is language."""


def nonsense_text(chance: random.Random) -> str:
    """Return a text that means nothing: random letters, keys side by side, or no syllables."""
    kind = chance.random()
    words = []
    for _ in range(1 if chance.random() < 0.7 else chance.randint(2, 4)):
        length = chance.randint(3, 12)
        if kind < 0.5:
            word = "".join(chance.choices(string.ascii_lowercase, k=length))
        elif kind < 0.7:
            row = chance.choice(("qwertzuiopü", "asdfghjklöä", "yxcvbnm", "qwertyuiop", "zxcvbnm"))
            start = chance.randrange(len(row) - 2)
            word = (row[start : start + length] * 2)[:length]
        elif kind < 0.85:
            word = "".join(
                chance.choice("aeiouy" if number % 2 else "bcdfghjklmnpqrstvwxz")
                for number in range(length)
            )
        else:
            word = "".join(chance.choices("xyzqwjkv", k=length))
        words.append(word)
    return " ".join(words)
