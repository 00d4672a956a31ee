"""``myk status``: what runs."""

from __future__ import annotations

import json
import sys

import click
import psutil
from rich.console import Console
from rich.table import Table

from myk import settings as settings_module
from myk.stack.layout import Layout
from myk.stack.lock import holder
from myk.stack.services import answers
from search.client import SearchClient, SearchRefused, SearchUnavailable


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(as_json: bool) -> None:
    """Say what runs, where, and how much is in the index. Exit code 1 when not all runs."""
    settings = settings_module.load()
    layout = Layout(settings.folder)
    running = holder(layout.lock)
    if running is None:
        if as_json:
            click.echo(json.dumps({"running": False, "home": str(layout.home)}))
        else:
            click.echo(f"Nothing runs on {layout.home}. Start the portal with: make up")
        sys.exit(1)
    rows = []
    for name, about in running.get("processes", {}).items():
        pid = about.get("pid")
        alive = pid is not None and psutil.pid_exists(pid)
        memory = _memory_mb(pid) if alive else None
        rows.append(
            {
                "name": name,
                "pid": pid,
                "running": alive,
                "restarts": about.get("restarts", 0),
                "memory_mb": memory,
            }
        )
    portal = f"http://127.0.0.1:{running.get('port', settings.port)}/"
    told = {
        "running": True,
        "home": str(layout.home),
        "url": running.get("url"),
        "portal_answers": answers(portal, 5.0),
        "processes": rows,
        "search": _search(running.get("search_port", settings.search_port)),
    }
    healthy = told["portal_answers"] and told["search"] and all(row["running"] for row in rows)
    if as_json:
        click.echo(json.dumps(told))
    else:
        _print(told)
    sys.exit(0 if healthy else 1)


def _memory_mb(pid: int) -> int | None:
    """Return what a process and its children hold in memory, shared pages counted once each."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        return int(sum(member.memory_info().rss for member in family) // 1_000_000)
    except psutil.Error:
        return None


def _search(port: int) -> dict[str, object] | None:
    client = SearchClient(f"http://127.0.0.1:{port}", timeout=5.0)
    try:
        return client.ready()
    except (SearchUnavailable, SearchRefused):
        return None
    finally:
        client.close()


def _print(told: dict[str, object]) -> None:
    console = Console(highlight=False)
    answer = "answers" if told["portal_answers"] else "does not answer"
    console.print(f"{told['url']} {answer}; state in {told['home']}")
    table = Table(box=None, pad_edge=False)
    for title in ("process", "state", "pid", "MB", "restarts"):
        table.add_column(title, justify="left" if title in ("process", "state") else "right")
    for row in told["processes"]:  # type: ignore[attr-defined]
        state = "runs" if row["running"] else "[red]does not run[/red]"
        table.add_row(
            row["name"], state, str(row["pid"] or "–"), str(row["memory_mb"] or "–"),
            str(row["restarts"]),
        )  # fmt: skip
    console.print(table)
    search = told["search"]
    if isinstance(search, dict):
        console.print(
            f"index: {search['records']} records, {search['vectors']} vectors, "
            f"{search['mode']} search, model {search['model'] or '–'}"
        )
    else:
        console.print("[red]the search service does not answer[/red]")
