"""Counts over time, as bars: the geometry of a picture that needs no script."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

#: Bars that are shown; the table below the picture has all.
MOST = 40
#: Size of the picture in its own units. It is stretched to the page, so that it holds no text.
WIDTH, HEIGHT = 800, 160
_WIDEST = 40.0

#: What is piled up, from below: class, and the outcomes that it counts.
_PILES = (
    ("same", ("unchanged",)),
    ("new", ("added", "changed")),
    ("bad", ("failed", "skipped")),
)


@dataclass(frozen=True)
class Part:
    """A coloured part of a bar."""

    kind: str
    y: float
    height: float


@dataclass(frozen=True)
class Bar:
    """A run: ``title`` says it in words, ``failed`` marks one that brought nothing."""

    x: float
    width: float
    title: str
    failed: bool
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Chart:
    """The picture: bars from the oldest run to the latest, ``top`` records high."""

    bars: tuple[Bar, ...]
    top: int
    first: str
    last: str
    width: int = WIDTH
    height: int = HEIGHT


def chart(runs: Sequence[dict[str, Any]], say: Callable[[dict[str, Any]], str]) -> Chart | None:
    """Return the picture of the last runs that have ended, if there are at least two.

    ``runs``: the latest first; ``say`` describes one in words.
    """
    shown = [run for run in runs if run["finished"]][:MOST][::-1]
    if len(shown) < 2:
        return None
    top = max(1, *(_total(run) for run in shown))
    step = WIDTH / len(shown)
    width = min(step * 0.8, _WIDEST)
    # The first and the last bar stand at the edges, where their dates are.
    apart = (WIDTH - width) / (len(shown) - 1)
    bars = tuple(
        Bar(
            round(number * apart, 2),
            round(width, 2),
            say(run),
            run["verdict"] == "failed",
            _parts(run, top),
        )
        for number, run in enumerate(shown)
    )
    return Chart(bars, top, shown[0]["started"], shown[-1]["started"])


def _count(run: dict[str, Any], outcomes: Sequence[str]) -> int:
    counts = run["counts"]
    return sum(int(counts.get(outcome) or 0) for outcome in outcomes)


def _total(run: dict[str, Any]) -> int:
    return sum(_count(run, outcomes) for _kind, outcomes in _PILES)


def _parts(run: dict[str, Any], top: int) -> tuple[Part, ...]:
    parts, ground = [], float(HEIGHT)
    for kind, outcomes in _PILES:
        number = _count(run, outcomes)
        if not number:
            continue
        # Few among many must still be seen.
        height = max(2.0, number / top * (HEIGHT - 10))
        ground -= height
        parts.append(Part(kind, round(ground, 2), round(height, 2)))
    return tuple(parts)
