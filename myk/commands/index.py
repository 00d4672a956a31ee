"""``myk index``: compare, mend and rebuild the search index."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from myk import reconcile
from myk import settings as settings_module
from myk.reindexing import NotIndexed


@click.group()
def index() -> None:
    """Compare, mend and rebuild the search index."""


@index.command()
@click.option("--repair", is_flag=True, help="Mend exactly what differs.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(repair: bool, as_json: bool) -> None:
    """Compare database and index by id and revision. Exit code 1 when they differ."""
    settings = settings_module.load()
    with _one_line():
        if repair and reconcile.needs_rebuild(settings):
            reconcile.rebuild(settings)
        found = reconcile.compare(settings)
        if repair and (found.differences or found.files.waiting or found.files.later):
            reconcile.repair(settings, found)
            found = reconcile.compare(settings)
    if as_json:
        click.echo(json.dumps(found.as_dict()))
    else:
        click.echo(
            f"records in PostgreSQL {found.in_database}, in the index {found.in_index}, "
            f"missing {len(found.missing)}, outdated {len(found.outdated)}, "
            f"phantom {len(found.phantom)}"
        )
        for kind in ("missing", "outdated", "phantom"):
            for record in getattr(found, kind)[:20]:
                click.echo(f"  {kind}: {record}")
        files = found.files
        click.echo(
            f"files read {files.in_database}, in the index {files.in_index}, "
            f"waiting {files.waiting}, to be tried again {files.later}, "
            f"missing {len(files.missing)}, phantom {len(files.phantom)}"
        )
        click.echo(f"{found.differences} differences")
    sys.exit(1 if found.differences else 0)


@index.command()
@click.option("--to", "url", metavar="URL", help="Put the vectors on this Qdrant server.")
@click.option("--afresh", is_flag=True, help="Do not go on with a rebuild that was stopped.")
def rebuild(url: str | None, afresh: bool) -> None:
    """Build a new index beside the one in use, then let it take over.

    Searches and writes are answered meanwhile and nothing is lost. Stopped or killed, it goes on
    where it was when it is started again.
    """
    settings = settings_module.load()
    with _one_line():
        count = reconcile.rebuild(settings, qdrant_url=url, afresh=afresh)
    click.echo(f"{count} records indexed; the new index is in use")
    if url:
        click.echo(f'Now set qdrant_url = "{url}" in config/myk.toml, so that it stays in use.')


@contextmanager
def _one_line() -> Iterator[None]:
    try:
        yield
    except NotIndexed as error:
        raise click.ClickException(str(error)) from error
