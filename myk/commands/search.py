"""``myk search``: the catalogue from the terminal."""

from __future__ import annotations

import json

import click

from myk import settings as settings_module
from search.client import SearchClient


@click.command()
@click.argument("query")
@click.option("--mode", type=click.Choice(["hybrid", "lexical", "semantic"]), default=None)
@click.option("--limit", type=click.IntRange(1, 1000), default=10, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def search(query: str, mode: str | None, limit: int, as_json: bool) -> None:
    """Search the public records, as anybody can."""
    settings = settings_module.load()
    client = SearchClient(settings.search_url)
    answer = client.search(query, limit=limit, mode=mode)
    if as_json:
        click.echo(json.dumps(answer, ensure_ascii=False))
        return
    count = answer["count"]
    click.echo(f"{count} {'record' if count == 1 else 'records'} ({answer['took_ms']} ms)")
    for place, result in enumerate(answer["results"], 1):
        click.echo(f"{place:3}. {click.style(result['title'], bold=True)}")
        click.echo(f"     {result['url']}")
