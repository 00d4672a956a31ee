"""``python -m myk.stack.setup``: the steps of the first start, each of which can be repeated."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2

from myk import ckan, region
from myk.settings import Settings, SettingsError, load
from myk.stack.layout import Secrets
from myk.stack.postgres import DATASTORE
from myk.stack.services import Stack

ADMIN = "admin"


class SetupFailed(RuntimeError):
    """A step failed; the message says which."""


def main() -> int:
    """Run all steps; return 0, or 1 when one failed."""
    try:
        settings = load()
        stack = Stack.of(settings)
        with _step("database"):
            _ckan_command(stack, "db", "upgrade")
        with _step("texts of CKAN's scripts"):
            _ckan_command(stack, "translation", "js")
        with ckan.local_ckan(settings) as client:
            if stack.datastore:
                with _step("store for the contents of tables"):
                    _permit_datastore(stack)
            with _step("administrator"):
                _administrator(settings, stack.secrets)
            with _step("publishers and hubs"):
                region.load(client, settings.config_folder)
        if settings.sample:
            with _step("sample region"):
                _harvest("sample")
    except (SettingsError, SetupFailed, ckan.CkanUnavailable, region.RegionError) as error:
        _say(f"setting up failed: {error}")
        return 1
    return 0


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201


@contextmanager
def _step(name: str) -> Iterator[None]:
    began = time.monotonic()
    _say(f"{name} …")
    yield
    _say(f"{name}: done ({time.monotonic() - began:.1f} s)")


def _ckan_command(stack: Stack, *words: str) -> None:
    program = str(Path(sys.executable).parent / "ckan")
    _run([sys.executable, program, "-c", str(stack.layout.ckan_ini), *words], quiet=True)


def _run(command: list[str], *, quiet: bool = False) -> None:
    done = subprocess.run(
        command, capture_output=quiet, text=True, stdin=subprocess.DEVNULL, check=False
    )
    if done.returncode:
        if quiet:
            _say(f"{done.stdout}{done.stderr}".strip())
        raise SetupFailed(f"'{' '.join(command[1:4])} …' ended with code {done.returncode}")


def _harvest(source: str) -> None:
    """Harvest a configured source, saying every fifty records how far it is."""
    command = [sys.executable, "-m", "myk", "harvest", "run", source]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        last, records = "", 0
        for line in child.stdout or ():
            last = line.strip()
            records += last.startswith("added ")
            if last.startswith("failed"):
                _say(last)
            elif records and records % 50 == 0 and last.startswith("added  "):
                _say(f"{records} records …")
    _say(last)
    if child.returncode:
        raise SetupFailed(f"the harvest of '{source}' ended with code {child.returncode}")


def _permit_datastore(stack: Stack) -> None:
    """Give the reading role its rights, with CKAN's own SQL."""
    from ckan.common import config
    from ckan.model import parse_db_config
    from ckanext.datastore.cli import permissions_sql

    catalogue, writer, reader = (
        parse_db_config(option)
        for option in ("sqlalchemy.url", "ckan.datastore.write_url", "ckan.datastore.read_url")
    )
    script = permissions_sql(
        catalogue["db_name"],
        writer["db_name"],
        catalogue["db_user"],
        writer["db_user"],
        reader["db_user"],
    )
    # Lines for psql itself are left out: we are connected to that database already.
    statements = "\n".join(line for line in script.splitlines() if not line.startswith("\\"))
    if stack.postgres:
        stack.postgres.as_superuser(DATASTORE, statements)
        return
    connection = psycopg2.connect(config["ckan.datastore.write_url"])
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(statements)
    except psycopg2.Error as error:
        raise SetupFailed(
            f"the DataStore's rights could not be set ({' '.join(str(error).split())}); let the "
            f"database's administrator run: ckan -c {stack.layout.ckan_ini} datastore "
            "set-permissions | psql"
        ) from None
    finally:
        connection.close()


def _administrator(settings: Settings, secrets: Secrets) -> None:
    from ckan import model
    from ckan.logic import get_action

    user = model.User.get(ADMIN)
    if user is None:
        get_action("user_create")(
            {"ignore_auth": True, "user": ""},
            {
                "name": ADMIN,
                "email": settings.admin_email,
                "password": secrets.admin_password,
                "fullname": "Administration",
            },
        )
        user = model.User.get(ADMIN)
    user.sysadmin = True
    model.Session.commit()


if __name__ == "__main__":
    sys.exit(main())
