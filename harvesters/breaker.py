"""When to stop asking a source that does not answer."""

from __future__ import annotations

from harvesters.errors import HostDownError, SourceError

#: So many requests in a row that failed for good, each after its retries, are no coincidence.
GIVE_UP_AFTER = 5


class Breaker:
    """Counts the requests in a row that failed because of the host.

    Each failure halves how often the next request is tried, so that a dead host costs minutes, not
    hours. One answer, also a refusal (404), and all is as before. After ``GIVE_UP_AFTER`` failures
    nothing is asked any more.
    """

    def __init__(self) -> None:
        self._failures = 0
        #: Why nothing is asked any more; empty as long as all is well.
        self.reason = ""

    def attempts(self, most: int) -> int:
        """How often the next request may be tried. Raises HostDownError when not at all."""
        if self.reason:
            raise HostDownError(self.reason)
        return max(1, most >> self._failures)

    def answered(self) -> None:
        """The host is there."""
        self._failures = 0

    def failed(self, error: SourceError) -> None:
        """A request failed for good."""
        self._failures += 1
        if self._failures >= GIVE_UP_AFTER:
            self.reason = (
                f"the source does not answer: {self._failures} requests in a row failed, and it "
                f"was not asked again; the last one: {error}"
            )
