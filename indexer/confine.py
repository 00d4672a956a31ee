"""What a worker may not do: connect, write files, read the operator's files, use much of anything.

Linux gives each process the means to lock itself in, without root: resource limits, seccomp (which
calls the kernel answers) and Landlock (which files exist for it). What a kernel lacks is told, not
hidden: ``Walls`` says which of them stand.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import resource
import shutil
import struct
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 4, 22, 38
_FILTER_MODE = 2

# Calls by machine: socket, connect, bind, sendto, ptrace, process_vm_readv, process_vm_writev, bpf,
# io_uring_setup (which opens sockets by itself), mount, keyctl.
_REFUSED = {
    "x86_64": (0xC000003E, (41, 42, 49, 44, 101, 310, 311, 321, 425, 165, 250)),
    "aarch64": (0xC00000B7, (198, 203, 200, 206, 117, 270, 271, 280, 425, 40, 219)),
}
_X32 = 0x40000000  # the same calls by other numbers
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050001, 0x80000000  # refuse: "not permitted"


@dataclass(frozen=True)
class Walls:
    """What keeps a worker in, beside the limits on memory and time."""

    network: bool
    files: bool


def confine() -> Walls:
    """Lock this process in for good. What it needs must be imported before."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return Walls(network=False, files=False)
    files = _landlock(libc)
    return Walls(network=_seccomp(libc), files=files)


def memory(limit: int) -> None:
    """Let this process have so many more bytes of address space than it has now."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + limit
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))


def processor(seconds: int) -> None:
    """Let this process work so many more seconds; the kernel ends it then."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    most = int(used.ru_utime + used.ru_stime) + seconds + 1
    resource.setrlimit(resource.RLIMIT_CPU, (most, hard))


# -- seccomp ---------------------------------------------------------------------------------------


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("steps", ctypes.c_void_p)]


def _seccomp(libc: ctypes.CDLL) -> bool:
    known = _REFUSED.get(platform.machine())
    if known is None:
        return False
    machine, calls = known

    def step(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
        return struct.pack("=HBBI", code, yes, no, value)

    steps = [
        step(_LOAD, 4), step(_EQUAL, machine, yes=1), step(_RETURN, _KILL),
        step(_LOAD, 0), step(_AT_LEAST, _X32, no=1), step(_RETURN, _REFUSE),
    ]  # fmt: skip
    for call in calls:
        steps += [step(_EQUAL, call, no=1), step(_RETURN, _REFUSE)]
    steps.append(step(_RETURN, _ALLOW))
    held = ctypes.create_string_buffer(b"".join(steps))
    program = _Program(len(steps), ctypes.addressof(held))
    return bool(libc.prctl(_PR_SET_SECCOMP, _FILTER_MODE, ctypes.byref(program), 0, 0) == 0)


# -- Landlock --------------------------------------------------------------------------------------

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # the same on all machines
_READ_FILE, _READ_FOLDER = 1 << 2, 1 << 3
#: Write, remove, make files, folders, links, sockets, devices. All that the first version knows.
_CHANGE = (1 << 1) | sum(1 << bit for bit in range(4, 13))
_PATH_BENEATH = 1


def _landlock(libc: ctypes.CDLL) -> bool:
    handled = struct.pack("=Q", _READ_FILE | _READ_FOLDER | _CHANGE)
    ruleset = libc.syscall(_CREATE, handled, ctypes.c_size_t(len(handled)), 0)
    if ruleset < 0:
        return False
    try:
        for path in _readable():
            _allow(libc, ruleset, path, _READ_FILE | _READ_FOLDER)
        _allow(libc, ruleset, Path("/dev/null"), _READ_FILE | (1 << 1))
        return bool(libc.syscall(_RESTRICT, ruleset, 0) == 0)
    finally:
        os.close(ruleset)


def _allow(libc: ctypes.CDLL, ruleset: int, path: Path, rights: int) -> None:
    with contextlib.suppress(OSError):
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            if not path.is_dir():
                rights &= ~_READ_FOLDER
            rule = struct.pack("=Qi", rights, opened)
            libc.syscall(_ADD, ruleset, _PATH_BENEATH, rule, 0)
        finally:
            os.close(opened)


def _readable() -> Iterable[Path]:
    """Programs and libraries: what the worker or Tesseract may still load."""
    yield from (Path(sys.prefix), Path(sys.base_prefix))
    room = Path(__file__).resolve().parent
    yield from (room, room.parent / "harvesters")
    # Not all of /opt, /proc or /dev: a portal may live in the first.
    for path in (
        "/usr",
        "/lib",
        "/lib64",
        "/bin",
        "/etc/ld.so.cache",
        "/proc/self",
        "/dev/urandom",
    ):
        yield Path(path)
    tesseract = shutil.which("tesseract")
    if tesseract:
        yield Path(tesseract).resolve().parent
        yield Path(tesseract).parent
    if os.environ.get("TESSDATA_PREFIX"):
        yield Path(os.environ["TESSDATA_PREFIX"])
