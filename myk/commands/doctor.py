"""``myk doctor``: what is missing, wrong or in the way, each with its cure."""

from __future__ import annotations

import json
import sys

import click
from rich.console import Console

from myk import checks

_SIGNS = {"good": "[green]✓[/green]", "optional": "[yellow]○[/yellow]", "wrong": "[red]✗[/red]"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def doctor(as_json: bool) -> None:
    """Examine machine, settings and state. Exit code 1 when something must be mended."""
    found = checks.examine()
    if as_json:
        click.echo(json.dumps([finding.as_dict() for finding in found], ensure_ascii=False))
    else:
        console = Console(highlight=False, soft_wrap=True)
        for finding in found:
            console.print(f"{_SIGNS[finding.state]} {finding.what}: ", end="")
            console.print(finding.found, markup=False)
            if finding.cure:
                console.print(f"    → {finding.cure}", markup=False)
    sys.exit(1 if any(finding.state == "wrong" for finding in found) else 0)
