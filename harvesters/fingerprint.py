"""One short text for what a document says about a record, whatever the order it says it in."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

from harvesters.statements import BLANK
from harvesters.subjects import About

_LENGTH = 32  # hexadecimal digits


def of(root: str, said: Mapping[str, About], also: Callable[[str], str] | None = None) -> str:
    """A hash of all that ``said`` says. ``root`` is the record's own name in it.

    Blank nodes count by what is said about them, not by their names, which change from one export
    to the next. ``also`` adds to a value what it stands for, such as the content of a file.
    """
    names: dict[str, str] = {}

    def named(node: str, on_the_way: tuple[str, ...]) -> str:
        """A blank node's own hash. Where they point in circles: how far back."""
        if node in on_the_way:
            return f"back {len(on_the_way) - on_the_way.index(node)}"
        if node not in names:
            names[node] = _hash(lines(node, (*on_the_way, node)))
        return names[node]

    def lines(node: str, on_the_way: tuple[str, ...]) -> list[str]:
        found = []
        for predicate, (kind, value, extra) in said.get(node, {}):
            if kind == BLANK:
                told = named(value, on_the_way)
            else:
                told = f"{len(value)} {value}{also(value) if also else ''}"
            found.append(f"{kind} {extra} {predicate} {told}")
        return sorted(found)

    parts = [_hash(lines(root, (root,)))]
    parts += sorted(
        f"{node} {_hash(lines(node, ()))}"
        for node in said
        if node != root and not node.startswith("_:")
    )
    return _hash(parts)


def together(*parts: str) -> str:
    """One fingerprint of several texts, whose order counts."""
    return _hash(list(parts))


def _hash(parts: list[str]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        digest.update(b"%d:" % len(data))
        digest.update(data)
    return digest.hexdigest()[:_LENGTH]
