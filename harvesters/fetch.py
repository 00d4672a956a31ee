"""A web client for sources that nobody vouches for."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from urllib.parse import urljoin, urlsplit

import httpx
import stamina

from harvesters.breaker import Breaker
from harvesters.cache import Answer, Cache
from harvesters.errors import AnswerError, HostError, RefusedError, SourceError
from harvesters.network import allowed_hosts, guarded_transport
from harvesters.politeness import Pace

USER_AGENT = "MYK-Competence-Hub harvester (open data portal; DCAT-AP.de)"

# One layer of these alone: they unpack to a thousandfold at most, piece by piece. What is packed
# twice, or with br or zstd, could fill the memory before the first piece is seen.
_ENCODINGS = "gzip, deflate"
_UNPACKED = frozenset({"", "identity", "gzip", "deflate"})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Limits:
    """What one download may cost. Sizes in bytes, times in seconds."""

    size: int = 256 * 1024 * 1024  # after decompression
    seconds: float = 300.0  # for the whole download
    connect: float = 10.0
    read: float = 60.0  # between two pieces
    redirects: int = 5
    attempts: int = 4
    first_wait: float = 0.5  # before the second attempt; then doubled each time, and jittered
    longest_wait: float = 60.0  # what a Retry-After may ask for


@dataclass(frozen=True, slots=True)
class Download:
    """What came back: ``url`` is the address after redirects, ``headers`` have lower-case names."""

    url: str
    content: bytes
    content_type: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Request:
    """What is asked. ``headers`` may hold a password: they go to ``origin`` alone."""

    method: str
    accept: str
    headers: Mapping[str, str]
    body: bytes | None
    size: int
    origin: tuple[str, str]

    @property
    def is_plain(self) -> bool:
        """Whether anybody who asks gets the same answer."""
        return self.method == "GET" and not self.headers and self.body is None

    def headers_for(self, url: str) -> dict[str, str]:
        """The headers for ``url``, which may be another host after a redirect."""
        own = self.headers if _origin(url) == self.origin else {}
        return {"Accept": self.accept, **own}


class _TryAgainError(SourceError):
    """A failure that may pass: 5xx, 429, a timeout, a broken connection."""

    def __init__(self, text: str, wait: float | None = None) -> None:
        super().__init__(text)
        self.wait = wait


class Fetcher:
    """Fetches addresses; every connection, also after a redirect, passes the network guard.

    Use it as a context manager, for one source and one run. ``allow`` names hosts on the inside
    that may be asked; without it ``MYK_HARVEST_ALLOW_HOSTS`` does. With a ``cache`` a server is
    asked whether what it sent last time has changed. ``pause``: seconds between two requests to
    the same host.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        *,
        allow: frozenset[str] | None = None,
        cache: Cache | None = None,
        pause: float = 0.0,
    ) -> None:
        self.limits = limits or Limits()
        self.breaker = Breaker()
        #: When what is being done has to be finished (``time.monotonic()``).
        self.deadline = math.inf
        self._cache = cache
        self._pace = Pace(pause)
        timeout = httpx.Timeout(self.limits.read, connect=self.limits.connect)
        self._client = httpx.Client(
            transport=guarded_transport(allowed_hosts() if allow is None else allow),
            timeout=timeout,
            follow_redirects=False,
            trust_env=False,  # a proxy would resolve names behind the guard's back
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": _ENCODINGS},
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

    def slow_down(self, pause: float) -> None:
        """Leave at least ``pause`` seconds between two requests to the same host."""
        self._pace.pause = max(self._pace.pause, pause)

    def get(self, url: str, accept: str = "*/*") -> Download:
        """Download ``url``. Raises SourceError (RefusedError where the guard said no)."""
        return self.request("GET", url, accept=accept)

    def request(
        self,
        method: str,
        url: str,
        *,
        accept: str = "*/*",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        size: int | None = None,
    ) -> Download:
        """Ask with any method that changes nothing (GET, HEAD, PROPFIND), with the same guards.

        ``headers`` are not sent to another host after a redirect; ``size`` is the most that may
        come back, in bytes, where that is less than the limit. Raises as ``get`` does.
        """
        _check_address(url)
        limit = min(size or self.limits.size, self.limits.size)
        asked = _Request(method, accept, headers or {}, body, limit, _origin(url))
        attempts = self.breaker.attempts(self.limits.attempts)
        try:
            answer = self._tried(url, asked, attempts)
        except HostError as error:
            self.breaker.failed(error)
            raise
        except RefusedError:
            raise  # says nothing of the host
        except SourceError:
            self.breaker.answered()
            raise
        self.breaker.answered()
        return answer

    def _tried(self, url: str, asked: _Request, attempts: int) -> Download:
        """Ask until there is an answer. Raises HostError if there is none, else SourceError."""
        limits, tried = self.limits, 0
        try:
            for attempt in stamina.retry_context(
                on=_backoff(limits.longest_wait),
                attempts=attempts,
                timeout=self._seconds(url),
                wait_initial=limits.first_wait,
                wait_jitter=limits.first_wait,
                wait_max=limits.longest_wait,
            ):
                with attempt:
                    tried += 1
                    return self._follow(url, asked)
        except _TryAgainError as error:
            times = "once" if tried == 1 else f"{tried} times"
            raise HostError(f"{error} (tried {times})") from error
        raise SourceError(f"{url} could not be fetched.")  # pragma: no cover - not reached

    def _seconds(self, url: str) -> float:
        """How long a download may take. Raises SourceError if there is no time left."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise SourceError(f"{url} was not asked: the time for the record is over.")
        return min(self.limits.seconds, left)

    def _follow(self, url: str, asked: _Request) -> Download:
        deadline = time.monotonic() + self._seconds(url)
        address = url
        for _ in range(self.limits.redirects + 1):
            _check_address(address)
            answer = self._once(address, asked, deadline)
            if isinstance(answer, Download):
                return answer
            address = urljoin(address, answer)
        raise SourceError(f"{url} redirects more than {self.limits.redirects} times.")

    def _once(self, url: str, asked: _Request, deadline: float) -> Download | str:
        """One request: the download, or the address that it redirects to."""
        cache = self._cache if asked.is_plain else None
        kept = cache.find(url, asked.accept) if cache else None
        headers = asked.headers_for(url) | (kept.conditions if kept else {})
        self._pace.wait(urlsplit(url).netloc)
        try:
            with self._client.stream(
                asked.method, url, headers=headers, content=asked.body
            ) as response:
                status, location = response.status_code, response.headers.get("Location", "")
                if status in _REDIRECTS and location:
                    return location
                if status == 304 and kept:
                    return Download(url, kept.content, kept.content_type, kept.headers)
                _check_status(url, response)
                content = b""
                if asked.method != "HEAD":  # whose Content-Length is that of the GET
                    content = self._body(url, response, deadline, asked.size)
                kind = response.headers.get("Content-Type", "").split(";")[0].strip().lower()
                answer = Answer(content, kind, dict(response.headers))
        except httpx.TimeoutException as error:
            raise _TryAgainError(f"{url} does not answer in time.") from error
        except httpx.DecodingError as error:
            raise SourceError(f"{url} sends a body that cannot be decompressed.") from error
        except httpx.TransportError as error:
            raise _TryAgainError(f"{url} cannot be reached: {_plain(error)}.") from error
        except (httpx.InvalidURL, UnicodeError) as error:
            raise SourceError(f"{url} is not a usable address: {_plain(error)}.") from error
        if cache and status == 200:
            cache.keep(url, asked.accept, answer)
        return Download(url, answer.content, answer.content_type, answer.headers)

    def _body(self, url: str, response: httpx.Response, deadline: float, size: int) -> bytes:
        packed = response.headers.get("Content-Encoding", "").strip().lower()
        if packed not in _UNPACKED:
            raise SourceError(f"{url} sends a body packed as {packed[:40]!r}; that is refused.")
        declared = response.headers.get("Content-Length", "")
        if declared.isdigit() and int(declared) > size:
            raise SourceError(_too_large(url, size))
        content = bytearray()
        # Small pieces in, so that a gzip bomb unpacks little beyond the limit before it is seen.
        for piece in response.iter_bytes():
            content += piece
            if len(content) > size:
                raise SourceError(_too_large(url, size))
            if time.monotonic() > deadline:
                raise HostError(f"{url} is too slow: it did not finish in time.")
        return bytes(content)


def _too_large(url: str, size: int) -> str:
    return f"{url} sends more than {size / 1e6:.0f} MB; that is refused."


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme.lower(), parts.netloc.lower()


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
    if status < 300:
        return
    text = f"{url} answers with an error: {status} {response.reason_phrase}".rstrip() + "."
    if status >= 500 or status in (408, 429):
        raise _TryAgainError(text, _retry_after(response.headers.get("Retry-After", "")))
    raise AnswerError(text, status)


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
