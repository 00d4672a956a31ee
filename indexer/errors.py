"""What can go wrong with a file, each with one plain line that a person can act on."""

from __future__ import annotations


class IndexerError(Exception):
    """Base of all errors of this room; its text is one line, made for the person who reads it."""


class ExtractError(IndexerError):
    """The file cannot be read at all; reading it again changes nothing."""
