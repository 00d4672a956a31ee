"""What is wrong with a feed, in so many words."""

from __future__ import annotations


class Problems:
    """Each kind of problem once, with the number of cases and the first of them."""

    def __init__(self) -> None:
        self._said: list[str] = []
        self._cases: dict[str, list[str | int]] = {}

    def say(self, text: str) -> None:
        """Something that is wrong once."""
        if text not in self._said:
            self._said.append(text)

    def add(self, kind: str, example: str) -> None:
        """One more case of ``kind``."""
        case = self._cases.get(kind)
        if case is None:
            self._cases[kind] = [1, example]
        else:
            case[0] = int(case[0]) + 1

    def notes(self) -> list[str]:
        """All of it for the report."""
        counted = [
            f"{kind}: {count} {'case' if count == 1 else 'cases, the first'} ({example:.80})"
            for kind, (count, example) in self._cases.items()
        ]
        return [*self._said, *counted]
