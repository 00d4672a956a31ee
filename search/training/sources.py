"""Fetch the raw sources with the ordinary clients of two package registries; no root is needed."""

from __future__ import annotations

import logging
import subprocess
import tarfile
from collections.abc import Sequence
from pathlib import Path

_log = logging.getLogger(__name__)

DICTIONARY = ("trans-de-en",)
"""The Ding dictionary (GPL-2+)."""

CATALOGUES = (
    "iso-codes", "libreoffice-l10n-de", "gnucash-common", "gramps", "kmymoney", "homebank",
    "gnome-control-center-data", "evolution-common", "evolution-data-server-common",
    "wordpress-l10n", "python3-django", "digikam-data", "plasma-desktop-data", "gnome-maps",
    "viking", "zim", "gimp-data", "gnumeric-common", "libgtk-3-common", "nautilus-data",
    "gnome-software-common", "epiphany-browser-data", "marble-data", "freeciv-data",
    "korganizer", "shotwell-common", "apt", "dpkg", "coreutils", "josm-l10n", "mediawiki",
    "util-linux", "mount", "systemd", "procps", "man-db", "passwd", "login", "debhelper",
    "dpkg-dev", "e2fsprogs", "cpio", "tar", "gzip", "findutils", "grep", "diffutils", "bash",
)  # fmt: skip
"""Software with German message catalogues; each package keeps its own licence (mostly GPL)."""

HANDBOOKS = (
    "libreoffice-help-de", "libreoffice-help-en-us", "gnome-user-docs", "debian-edu-doc-de",
    "debian-edu-doc-en", "developers-reference", "developers-reference-de", "debian-reference-de",
    "debian-reference-en", "debian-faq", "debian-faq-de", "debian-handbook",
    "installation-guide-amd64",
)  # fmt: skip
"""Handbooks in both languages, aligned by identifier or by paragraph."""

NPM_PACKAGES = (
    "cldr-localenames-full@48.2.0",
    "cldr-annotations-full@48.2.0",
    "cldr-units-full@48.2.0",
    "cldr-dates-full@48.2.0",
    "@openstreetmap/id-tagging-schema@6.19.2",
)
"""Names of the world (Unicode licence) and OpenStreetMap tagging presets (ISC)."""


class SourceError(RuntimeError):
    """A client of a package registry failed; the message ends with what it printed."""


def _run(command: Sequence[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SourceError(f"{' '.join(command[:2])} failed: {(done.stderr or done.stdout)[-500:]}")


def _apt_options(state: Path) -> list[str]:
    """Options that give apt lists and a cache of its own, with descriptions in both languages."""
    (state / "lists/partial").mkdir(parents=True, exist_ok=True)
    (state / "cache/archives/partial").mkdir(parents=True, exist_ok=True)
    settings = {
        "Dir::State": state, "Dir::State::lists": state / "lists", "Dir::Cache": state / "cache",
        "Dir::State::status": "/var/lib/dpkg/status",
        "Acquire::Languages": "en,de", "Acquire::GzipIndexes": "false",
        # Without this apt wants to drop to a user that may not read the work folder.
        "APT::Sandbox::User": "root",
    }  # fmt: skip
    return [part for name, value in settings.items() for part in ("-o", f"{name}={value}")]


def fetch_descriptions(work: Path) -> Path:
    """Bring apt's package lists with German and English descriptions; return their folder.

    Raises :class:`SourceError` where apt is missing or reaches no archive.
    """
    state = (work / "apt").resolve()
    lists = state / "lists"
    if not any(lists.glob("*Translation-de")):
        options = _apt_options(state)
        try:
            _run(["apt-get", *options, "update"], work)
        except FileNotFoundError as missing:
            raise SourceError(
                "apt-get is not installed: the sources are Debian packages"
            ) from missing
        if not any(lists.glob("*Translation-de")):
            raise SourceError("apt brought no German package descriptions")
    return lists


def fetch_debian(work: Path, packages: Sequence[str]) -> Path:
    """Download and unpack Debian *packages* below one folder and return it.

    A package that the archive does not have is reported and left out, as releases differ.
    """
    fetch_descriptions(work)
    tree = (work / "sources/debian").resolve()
    archives, marks = tree.parent / "archives", tree.parent / "unpacked"
    for folder in (tree, archives, marks):
        folder.mkdir(parents=True, exist_ok=True)
    for package in packages:
        if (marks / package).exists():
            continue
        try:
            options = _apt_options((work / "apt").resolve())
            _run(["apt-get", *options, "download", package], archives)
        except SourceError as problem:
            _log.warning("left out: %s", problem)
            continue
        (archive,) = sorted(archives.glob(f"{package}_*.deb"))[:1]
        _run(["dpkg-deb", "-x", str(archive), str(tree)], archives)
        # Its name tells which version was used; the bytes are not needed again.
        (marks / package).write_text(archive.name + "\n", encoding="utf-8")
        archive.unlink()
        _log.info("unpacked %s", archive.name)
    return tree


def fetch_npm(work: Path) -> Path:
    """Download and unpack :data:`NPM_PACKAGES`, each below its name, and return the folder."""
    tree = (work / "sources/npm").resolve()
    for package in NPM_PACKAGES:
        name = package.rsplit("@", 1)[0].rsplit("/", 1)[-1]
        target = tree / name
        if target.exists():
            continue
        archives = tree / f".{name}"
        archives.mkdir(parents=True, exist_ok=True)
        _run(["npm", "pack", "--silent", package], archives)
        (archive,) = archives.glob("*.tgz")
        with tarfile.open(archive) as packed:
            packed.extractall(archives, filter="data")
        (archives / "package").rename(target)
        archive.unlink()
        archives.rmdir()
        _log.info("unpacked %s", package)
    return tree
