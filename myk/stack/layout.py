"""Where the stack's state lies below ``MYK_HOME``, and its secrets."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

#: A Unix socket's path may have 107 bytes; PostgreSQL's file name takes 20 of them.
_LONGEST_SOCKET_FOLDER = 85


@dataclass(frozen=True)
class Layout:
    """The folders and files of one home."""

    home: Path

    @property
    def postgres(self) -> Path:
        """The database's data."""
        return self.home / "postgres"

    @property
    def redis(self) -> Path:
        """Redis' data (jobs)."""
        return self.home / "redis"

    @property
    def index(self) -> Path:
        """The search index."""
        return self.home / "index"

    @property
    def storage(self) -> Path:
        """Uploaded files."""
        return self.home / "storage"

    @property
    def logs(self) -> Path:
        """One log file per process."""
        return self.home / "logs"

    @property
    def run(self) -> Path:
        """What is only true while the stack runs."""
        return self.home / "run"

    @property
    def ckan_ini(self) -> Path:
        """CKAN's configuration, written anew at each start."""
        return self.run / "ckan.ini"

    @property
    def lock(self) -> Path:
        """Held by the one stack that runs on this home."""
        return self.home / "lock"

    @property
    def marker(self) -> Path:
        """Written when the first start is complete."""
        return self.home / "ready.json"

    @property
    def sockets(self) -> Path:
        """Folder of the Unix sockets.

        Elsewhere only where the home's path is too long for them, or holds what CKAN's migrations
        cannot take in a database's address (they stumble over the ``%`` of an encoded space).
        """
        inside = self.run / "sockets"
        plain = re.fullmatch(r"[A-Za-z0-9/._-]+", str(inside))
        if plain and len(os.fsencode(inside)) <= _LONGEST_SOCKET_FOLDER:
            return inside
        name = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"myk-{os.getuid()}-{name}"

    def make(self) -> None:
        """Create the folders, closed to other users.

        :raises OSError: when that is not possible.
        """
        self.home.mkdir(parents=True, exist_ok=True)
        for folder in (self.redis, self.index, self.storage, self.logs, self.run, self.sockets):
            folder.mkdir(mode=0o700, exist_ok=True)


@dataclass(frozen=True)
class Secrets:
    """The stack's secrets, made once per home and readable by its owner alone."""

    session: str
    search_token: str
    admin_password: str


def secrets_of(layout: Layout) -> Secrets:
    """Read the home's secrets; make them if there are none.

    :raises ValueError: when the file is damaged.
    """
    path = layout.home / "secrets.json"
    if path.exists():
        try:
            return Secrets(**json.loads(path.read_text()))
        except (TypeError, ValueError):
            raise ValueError(
                f"{path} is damaged; restore it from a backup, or delete it to get new secrets "
                "(everybody must sign in again)"
            ) from None
    made = Secrets(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(12))
    draft = path.with_suffix(".new")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(asdict(made)))
    draft.replace(path)
    return made
