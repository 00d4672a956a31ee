"""What can go wrong, each with one plain line that a person can act on."""

from __future__ import annotations


class HarvestError(Exception):
    """Base of all errors of this room; its text is one line, made for the person who reads it."""


class ConfigError(HarvestError):
    """The operator's configuration or command is wrong (exit code 2)."""


class SourceError(HarvestError):
    """A source could not be reached or read (exit code 1)."""


class RefusedError(SourceError):
    """A request or a file that the guard does not allow."""


class AnswerError(SourceError):
    """A server answered that it will not give this (401, 403, 404 …); trying again is no use."""

    def __init__(self, text: str, status: int = 0) -> None:
        super().__init__(text)
        self.status = status


class HostError(SourceError):
    """The host did not answer, or with an error of its own; trying again later may help."""


class HostDownError(SourceError):
    """So many requests failed that the source is not asked again in this run."""


class RecordError(HarvestError):
    """One record cannot be used; the others go on."""


class PortalError(HarvestError):
    """CKAN did not take a write, or could not be asked."""


class PortalUnavailableError(PortalError):
    """CKAN, its database or its search service does not answer; trying later may help."""


class Stopped(BaseException):
    """The run was told to end; not an error of any record, so that none takes it for its own."""
