"""Kinds of sources, one class each, found by entry point."""

from __future__ import annotations

from harvesters.sources.base import Options, Source
from harvesters.sources.registry import names, recognise, source_class

__all__ = ["Options", "Source", "names", "recognise", "source_class"]
