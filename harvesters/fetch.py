"""A web client for sources that nobody vouches for."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from urllib.parse import urljoin, urlsplit

import httpx
import stamina

from harvesters.errors import AnswerError, RefusedError, SourceError
from harvesters.network import allowed_hosts, guarded_transport

USER_AGENT = "MYK-Competence-Hub harvester (open data portal; DCAT-AP.de)"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one download may cost. Sizes in bytes, times in seconds."""

    size: int = 256 * 1024 * 1024  # after decompression
    seconds: float = 300.0  # for the whole download
    connect: float = 10.0
    read: float = 60.0  # between two pieces
    redirects: int = 5
    attempts: int = 4
    longest_wait: float = 60.0  # what a Retry-After may ask for


@dataclass(frozen=True, slots=True)
class Download:
    """What came back: ``url`` is the address after redirects."""

    url: str
    content: bytes
    content_type: str


class _TryAgainError(SourceError):
    """A failure that may pass: 5xx, 429, a timeout, a broken connection."""

    def __init__(self, text: str, wait: float | None = None) -> None:
        super().__init__(text)
        self.wait = wait


class Fetcher:
    """Fetches addresses; every connection, also after a redirect, passes the network guard.

    Use it as a context manager. ``allow`` names hosts on the inside that may be asked; without it
    ``MYK_HARVEST_ALLOW_HOSTS`` does.
    """

    def __init__(
        self, limits: Limits | None = None, *, allow: frozenset[str] | None = None
    ) -> None:
        self.limits = limits or Limits()
        timeout = httpx.Timeout(self.limits.read, connect=self.limits.connect)
        self._client = httpx.Client(
            transport=guarded_transport(allowed_hosts() if allow is None else allow),
            timeout=timeout,
            follow_redirects=False,
            trust_env=False,  # a proxy would resolve names behind the guard's back
            headers={"User-Agent": USER_AGENT},
        )

    def __enter__(self) -> Fetcher:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def get(self, url: str, accept: str = "*/*") -> Download:
        """Download ``url``. Raises SourceError (RefusedError where the guard said no)."""
        wait = _backoff(self.limits.longest_wait)
        try:
            for attempt in stamina.retry_context(
                on=wait, attempts=self.limits.attempts, timeout=self.limits.seconds
            ):
                with attempt:
                    return self._follow(url, accept)
        except _TryAgainError as error:
            raise SourceError(f"{error} (tried {self.limits.attempts} times)") from error
        raise SourceError(f"{url} could not be fetched.")  # pragma: no cover - not reached

    def _follow(self, url: str, accept: str) -> Download:
        deadline = time.monotonic() + self.limits.seconds
        address = url
        for _ in range(self.limits.redirects + 1):
            _check_address(address)
            answer = self._once(address, accept, deadline)
            if isinstance(answer, Download):
                return answer
            address = urljoin(address, answer)
        raise SourceError(f"{url} redirects more than {self.limits.redirects} times.")

    def _once(self, url: str, accept: str, deadline: float) -> Download | str:
        """One request: the download, or the address that it redirects to."""
        try:
            with self._client.stream("GET", url, headers={"Accept": accept}) as response:
                if response.is_redirect:
                    return response.headers.get("Location", "")
                _check_status(url, response)
                content = self._body(url, response, deadline)
                kind = response.headers.get("Content-Type", "").split(";")[0].strip().lower()
                return Download(url, content, kind)
        except httpx.TimeoutException as error:
            raise _TryAgainError(f"{url} does not answer in time.") from error
        except httpx.DecodingError as error:
            raise SourceError(f"{url} sends a body that cannot be decompressed.") from error
        except httpx.TransportError as error:
            raise _TryAgainError(f"{url} cannot be reached: {_plain(error)}.") from error
        except (httpx.InvalidURL, UnicodeError) as error:
            raise SourceError(f"{url} is not a usable address: {_plain(error)}.") from error

    def _body(self, url: str, response: httpx.Response, deadline: float) -> bytes:
        declared = response.headers.get("Content-Length", "")
        if declared.isdigit() and int(declared) > self.limits.size:
            raise SourceError(self._too_large(url))
        content = bytearray()
        # Small pieces in, so that a gzip bomb unpacks little beyond the limit before it is seen.
        for piece in response.iter_bytes():
            content += piece
            if len(content) > self.limits.size:
                raise SourceError(self._too_large(url))
            if time.monotonic() > deadline:
                raise SourceError(
                    f"{url} is too slow: not finished after {self.limits.seconds:.0f} seconds."
                )
        return bytes(content)

    def _too_large(self, url: str) -> str:
        return f"{url} sends more than {self.limits.size / 1e6:.0f} MB; that is refused."


def _check_address(url: str) -> None:
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError as error:
        raise SourceError(f"{url} is not a usable address: {error}.") from error
    if parts.scheme.lower() not in ("http", "https"):
        raise RefusedError(f"{url}: only http and https addresses are fetched.")
    if not host:
        raise SourceError(f"{url} is not a usable address: it names no host.")


def _check_status(url: str, response: httpx.Response) -> None:
    status = response.status_code
    if status < 400:
        return
    text = f"{url} answers with an error: {status} {response.reason_phrase}".rstrip() + "."
    if status >= 500 or status in (408, 429):
        raise _TryAgainError(text, _retry_after(response.headers.get("Retry-After", "")))
    raise AnswerError(text)


def _retry_after(value: str) -> float | None:
    """Seconds to wait, from a number of seconds or an HTTP date."""
    if value.strip().isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max((moment - datetime.now(UTC)).total_seconds(), 0.0)


def _backoff(longest: float) -> Callable[[Exception], bool | float]:
    """Whether to try again, and after how long if the other side said so."""

    def decide(error: Exception) -> bool | float:
        if not isinstance(error, _TryAgainError):
            return False
        return True if error.wait is None else min(error.wait, longest)

    return decide


def _plain(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text[0].lower() + text[1:].rstrip(".")
