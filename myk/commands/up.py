"""``myk up``: start the portal and stay in the foreground."""

from __future__ import annotations

import sys

import click

from myk import settings as settings_module
from myk.ckan import provide_libmagic
from myk.stack.lock import AlreadyRunning, Lock
from myk.stack.postgres import PostgresError
from myk.stack.services import Stack, StackError
from myk.stack.supervisor import Supervisor


@click.command()
def up() -> None:
    """Start the portal and stay in the foreground; Ctrl-C stops everything.

    The first start creates the database and loads the sample region. State lies in MYK_HOME
    alone (.myk unless set otherwise).
    """
    settings = settings_module.load()
    provide_libmagic()
    try:
        stack = Stack.of(settings)
        lock = Lock(stack.layout.lock)
        lock.take({"url": settings.public_url})
    except AlreadyRunning as running:
        url = running.holder.get("url", settings.public_url)
        pid = running.holder.get("pid", "?")
        click.echo(f"The portal already runs: {url} (process {pid}). Nothing was changed.")
        return
    except OSError as error:
        raise click.ClickException(
            f"{error.filename or settings.folder} cannot be used: {error.strerror}; "
            "choose another folder with MYK_HOME"
        ) from None
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    try:
        code = Supervisor(stack, lock).run()
    except (StackError, PostgresError) as error:
        raise click.ClickException(str(error)) from None
    finally:
        lock.release()
    sys.exit(code)
