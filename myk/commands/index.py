"""``myk index``: compare, mend and rebuild the search index."""

from __future__ import annotations

import json
import sys

import click

from myk import reconcile
from myk import settings as settings_module


@click.group()
def index() -> None:
    """Compare, mend and rebuild the search index."""


@index.command()
@click.option("--repair", is_flag=True, help="Mend exactly what differs.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(repair: bool, as_json: bool) -> None:
    """Compare database and index by id and revision. Exit code 1 when they differ."""
    settings = settings_module.load()
    found = reconcile.compare(settings)
    if repair and found.differences:
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
        click.echo(f"{found.differences} differences")
    sys.exit(1 if found.differences else 0)


@index.command()
def rebuild() -> None:
    """Index every record of the database again. Searches are answered meanwhile."""
    settings = settings_module.load()
    count = reconcile.rebuild(settings)
    click.echo(f"{count} records indexed")
