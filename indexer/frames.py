"""What goes through the pipe between the sandbox and a worker: frames of a kind and a length."""

from __future__ import annotations

import os
import select
import struct
import time

HEAD = struct.Struct(">cQ")
HELLO, JOB, CONTENT, OCR, RESULT = b"H", b"J", b"C", b"O", b"R"
_PIECE = 1 << 20


class Ended(Exception):
    """The other side is gone."""


class TooLate(Exception):
    """The deadline is over."""


class TooLarge(Exception):
    """The other side wants to send more than is taken."""


def pack(kind: bytes, content: bytes) -> bytes:
    """A frame's head and content."""
    return HEAD.pack(kind, len(content)) + content


# -- the worker's side: it waits as long as it takes -----------------------------------------------


def receive(pipe: int) -> tuple[bytes, bytes]:
    """The next frame. Raises Ended."""
    kind, length = HEAD.unpack(_exactly(pipe, HEAD.size))
    return kind, _exactly(pipe, length)


def send(pipe: int, kind: bytes, content: bytes = b"") -> None:
    """Write a frame."""
    rest = memoryview(pack(kind, content))
    while rest:
        rest = rest[os.write(pipe, rest[:_PIECE]) :]


def _exactly(pipe: int, length: int) -> bytes:
    out = bytearray()
    while len(out) < length:
        piece = os.read(pipe, min(_PIECE, length - len(out)))
        if not piece:
            raise Ended
        out += piece
    return bytes(out)


# -- the sandbox's side: it never waits beyond a deadline ------------------------------------------


def receive_until(pipe: int, deadline: float, most: int) -> tuple[bytes, bytes]:
    """The next frame of at most ``most`` bytes. Raises Ended, TooLate, TooLarge."""
    kind, length = HEAD.unpack(_exactly_until(pipe, HEAD.size, deadline))
    if length > most:
        raise TooLarge
    return kind, _exactly_until(pipe, length, deadline)


def send_until(pipe: int, frame: bytes, deadline: float) -> None:
    """Write frames. The pipe must not block. Raises Ended, TooLate."""
    rest = memoryview(frame)
    while rest:
        _wait(pipe, select.POLLOUT, deadline)
        try:
            rest = rest[os.write(pipe, rest[:_PIECE]) :]
        except BlockingIOError:
            continue
        except OSError as error:
            raise Ended from error


def _exactly_until(pipe: int, length: int, deadline: float) -> bytes:
    out = bytearray()
    while len(out) < length:
        _wait(pipe, select.POLLIN, deadline)
        try:
            piece = os.read(pipe, min(_PIECE, length - len(out)))
        except BlockingIOError:
            continue
        except OSError as error:
            raise Ended from error
        if not piece:
            raise Ended
        out += piece
    return bytes(out)


def _wait(pipe: int, what: int, deadline: float) -> None:
    left = deadline - time.monotonic()
    poll = select.poll()
    poll.register(pipe, what)
    if left <= 0 or not poll.poll(left * 1000):
        raise TooLate
