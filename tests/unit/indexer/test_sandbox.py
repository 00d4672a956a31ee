"""The sandbox: limits hold, a killed worker is replaced, and a worker is locked in."""

from __future__ import annotations

import os
import signal
import stat
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import run

import psutil
import pytest

from indexer.limits import MEGA, Limits
from indexer.sandbox import Sandbox
from tests.unit.indexer import papers

TEXT = papers.SENTENCES[0].encode()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(1) as made:
        yield made


def children() -> list[psutil.Process]:
    return [
        child for child in psutil.Process().children()
        if "indexer.worker" in " ".join(child.cmdline())
    ]  # fmt: skip


def test_files_are_read_by_one_process(sandbox: Sandbox) -> None:
    assert sandbox.extract(TEXT, "a.txt").text() == papers.SENTENCES[0]
    first = children()
    result = sandbox.extract(papers.council_paper(3), "a.pdf")
    assert (result.kind, result.language, len(result.pages)) == ("pdf", "de", 3)
    assert [child.pid for child in children()] == [child.pid for child in first]
    assert len(first) == 1


def test_a_worker_is_replaced_after_some_files() -> None:
    with Sandbox(1, files=2) as made:
        pids = []
        for _ in range(4):
            made.extract(TEXT, "a.txt")
            pids.append(children()[-1].pid)
    assert pids[0] == pids[1] != pids[2] == pids[3]


def test_a_worker_that_dies_takes_one_file_with_it(sandbox: Sandbox) -> None:
    # Busy for long enough to be killed in the middle.
    paper = papers.council_paper(20)
    long = papers.zipped({f"{at}.pdf": paper for at in range(60)})
    sandbox.extract(TEXT, "a.txt")
    victim = children()[0].pid
    killer = threading.Timer(0.5, os.kill, (victim, signal.SIGSEGV))
    killer.start()
    result = sandbox.extract(long, "a.zip")
    killer.join()
    assert result.state == "failed"
    assert "crashed" in result.reason
    assert sandbox.extract(TEXT, "a.txt").state == "read"


def test_too_slow() -> None:
    paper = papers.council_paper(20)
    long = papers.zipped({f"{at}.pdf": paper for at in range(60)})
    with Sandbox(1, Limits(seconds=0.2)) as made:
        began = time.monotonic()
        result = made.extract(long, "a.zip")
        # Extraction ends by itself a little before the sandbox ends it; either may be first.
        assert result.state in ("partly", "failed")
        assert time.monotonic() - began < 10
    assert not children()


def test_too_much_memory() -> None:
    rows = "<w:p><w:r><w:t>x</w:t></w:r></w:p>" * 400_000
    content = papers.docx(rows)
    with Sandbox(1, Limits(memory=60 * MEGA, ratio=10_000)) as made:
        result = made.extract(content, "a.docx")
        assert result.state == "failed"
        assert "memory" in result.reason
        assert made.extract(TEXT, "a.txt").state == "read"


def test_an_answer_that_is_too_large_is_cut() -> None:
    text = b"\f".join(b"Ein Satz von vielen auf dieser Seite." for _ in range(1000))
    with Sandbox(1, Limits(output=20_000)) as made:
        result = made.extract(text, "a.txt")
    assert (result.state, result.truncated) == ("partly", True)
    assert 0 < len(result.pages) < 200


def test_many_threads() -> None:
    with Sandbox(2) as made, ThreadPoolExecutor(6) as threads:
        jobs = [threads.submit(made.extract, f"Text {at}.".encode(), "a.txt") for at in range(40)]
        assert [job.result().text() for job in jobs] == [f"Text {at}." for at in range(40)]
        assert len(children()) == 2
    assert not children()


def test_a_worker_is_locked_in(tmp_path: Path) -> None:
    secret = tmp_path / "secrets.json"
    secret.write_text("geheim")
    script = textwrap.dedent(
        f"""
        import os, socket, sys
        from indexer import confine
        walls = confine.confine()
        told = [str(walls.network), str(walls.files)]
        for what in (
            lambda: socket.socket(),
            lambda: socket.create_connection(("127.0.0.1", 1)),
            lambda: open({str(secret)!r}).read(),
            lambda: open({str(tmp_path / "neu")!r}, "w"),
            lambda: os.remove({str(secret)!r}),
        ):
            try:
                what()
                told.append("open")
            except OSError as error:
                told.append(type(error).__name__)
        os.write(1, "\\n".join(told).encode())
        """
    )
    done = run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    network, files, *tries = done.stdout.split("\n")
    if network == "False" or files == "False":
        pytest.skip(f"this kernel has no means for it: network {network}, files {files}")
    assert tries == ["PermissionError"] * 5
    assert secret.read_text() == "geheim"


def test_the_workers_know_no_secrets(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox.extract(TEXT, "a.txt")
    assert set(children()[0].environ()) <= {"PATH", "LANG", "TESSDATA_PREFIX", "LD_LIBRARY_PATH"}


# -- OCR with a program that plays Tesseract -------------------------------------------------------


def play_tesseract(folder: Path, body: str) -> None:
    program = folder / "tesseract"
    program.write_text(f"#!{sys.executable} -I\n{textwrap.dedent(body)}")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)


READS = """
import sys
assert sys.argv[1:5] == ["stdin", "stdout", "-l", "deu"], sys.argv
head, size, depth, grey = sys.stdin.buffer.read().split(b"\\n", 3)
width, height = map(int, size.split())
assert head == b"P5" and depth == b"255" and len(grey) == width * height
print(f"Gescannt: Helligkeit {grey[len(grey) // 2]}, der Text der Seite.")
"""


def with_path(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_scanned_pages_are_read_by_ocr(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    play_tesseract(tmp_path, READS)
    with_path(monkeypatch, tmp_path)
    with Sandbox(1) as made:
        result = made.extract(papers.scanned(2), "a.pdf")
        born = made.extract(papers.council_paper(1), "b.pdf")
    assert (result.state, result.ocr_used) == ("read", True)
    assert result.text().split("\n") == [
        "Gescannt: Helligkeit 200, der Text der Seite.",
        "Gescannt: Helligkeit 199, der Text der Seite.",
    ]
    assert not born.ocr_used


def test_without_tesseract_the_reason_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with Sandbox(1) as made:
        result = made.extract(papers.scanned(2), "a.pdf")
    assert result.state == "failed"
    assert "Tesseract" in result.reason
    assert "not installed" in result.reason


@pytest.mark.parametrize(
    ("body", "told"),
    [("import sys; sys.exit('kein deu')", "kein deu"), ("import time; time.sleep(60)", "longer")],
)
def test_a_tesseract_that_fails_or_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, told: str
) -> None:
    play_tesseract(tmp_path, body)
    with_path(monkeypatch, tmp_path)
    with Sandbox(1, Limits(ocr_page_seconds=1.5)) as made:
        result = made.extract(papers.scanned(1), "a.pdf")
    assert result.state == "failed"
    assert told in result.reason


def test_text_is_kept_when_drawing_a_page_kills_the_worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    play_tesseract(tmp_path, "import os, signal; os.kill(os.getppid(), signal.SIGSEGV)")
    with_path(monkeypatch, tmp_path)
    mixed = papers.zipped({"a.pdf": papers.lines(["Lesbar."]), "b.pdf": papers.scanned(1)})
    with Sandbox(1) as made:
        result = made.extract(mixed, "a.zip")
    assert result.state == "partly"
    assert "Lesbar." in result.text()
    assert "OCR" in result.reason
