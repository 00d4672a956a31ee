"""Text of scanned pages with Tesseract, a program of its own that may be missing."""

from __future__ import annotations

import os
import shutil
import subprocess

from indexer.errors import ExtractError

#: 300 dots an inch is what Tesseract is made for; no page is drawn larger than this.
DOTS = 300
LONGEST = 5000
_LANGUAGE = "deu"
_MOST_OUTPUT = 1_000_000


def program() -> str | None:
    """Where Tesseract lies, or None."""
    return shutil.which("tesseract")


def read(width: int, height: int, grey: bytes, seconds: float) -> str:
    """The text of a picture with a byte per dot. Raises ExtractError.

    The picture goes in and the text comes out through pipes: the worker may not write files.
    """
    tesseract = program()
    if tesseract is None:
        raise ExtractError("Tesseract is not installed.")
    picture = b"P5\n%d %d\n255\n" % (width, height) + grey
    command = [tesseract, "stdin", "stdout", "-l", _LANGUAGE, "--psm", "3"]
    try:
        done = subprocess.run(
            command, input=picture, capture_output=True, timeout=seconds, check=False,
            env={"PATH": os.environ.get("PATH", ""), "OMP_THREAD_LIMIT": "1"}
            | {name: value for name, value in os.environ.items() if name == "TESSDATA_PREFIX"},
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise ExtractError(
            f"Tesseract took longer than {seconds:.0f} seconds for a page."
        ) from error
    except OSError as error:
        raise ExtractError(f"Tesseract does not start: {error.strerror}.") from error
    if done.returncode != 0:
        told = " ".join(done.stderr.decode("utf-8", "replace").split())[:200]
        raise ExtractError(f"Tesseract cannot read a page: {told or done.returncode}.")
    return done.stdout[:_MOST_OUTPUT].decode("utf-8", "replace")
