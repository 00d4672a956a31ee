"""Words that differ by a few letters."""

from __future__ import annotations


def within(word: str, other: str, most: int) -> bool:
    """Tell whether two words are at most ``most`` edits apart.

    An edit inserts, removes or changes a letter, or swaps two neighbours (optimal string
    alignment).
    """
    if abs(len(word) - len(other)) > most:
        return False
    before: list[int] = []
    above = list(range(len(other) + 1))
    for row, letter in enumerate(word, 1):
        current = [row]
        for column, wanted in enumerate(other, 1):
            cost = min(
                above[column] + 1,
                current[column - 1] + 1,
                above[column - 1] + (letter != wanted),
            )
            swapped = row > 1 and column > 1 and letter == other[column - 2]
            if swapped and word[row - 2] == wanted:
                cost = min(cost, before[column - 2] + 1)
            current.append(cost)
        if min(current) > most:
            return False
        before, above = above, current
    return above[-1] <= most
