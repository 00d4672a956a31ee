"""``myk eval``: measure the search on relevance sets."""

from __future__ import annotations

import json
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TimeRemainingColumn
from rich.table import Table

from myk import settings as settings_module
from search import encoder
from search.evaluation import collection, run

_MEASURES = ("ndcg@10", "recall@100", "mrr@10", "hit@1", "no_answer")
_TITLES = (
    "collection", "mode", "nDCG@10", "recall@100", "MRR@10", "hit@1", "none", "p50 ms", "p95 ms"
)  # fmt: skip


@click.command("eval")
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON: {collection: {mode: …}}.")
def evaluate(folders: tuple[Path, ...], as_json: bool) -> None:
    """Measure lexical, semantic and hybrid search on collections in BEIR form.

    Each FOLDER holds corpus.jsonl, queries.jsonl and qrels/test.tsv. The index is a throw-away
    one, made by the real pipeline with the configured model; the portal need not run.
    """
    settings = settings_module.load()
    try:
        collections = [collection.read(folder) for folder in folders]
        model = encoder.load(settings.model or None)
    except (collection.CollectionError, encoder.ModelError) as error:
        raise click.ClickException(str(error)) from None
    measured = {}
    with Progress(
        "{task.description}",
        BarColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as progress:
        for item in collections:
            task = progress.add_task(item.name, total=len(item.judgements) * len(run.MODES))
            measured[item.name] = run.evaluate(item, model, lambda t=task: progress.advance(t))  # type: ignore[misc]
    if as_json:
        click.echo(json.dumps(measured))
        return
    table = Table(box=None, pad_edge=False)
    for title in _TITLES:
        table.add_column(title, justify="left" if title in ("collection", "mode") else "right")
    for name, modes in measured.items():
        for mode, measures in modes.items():
            table.add_row(
                name, mode,
                *(f"{measures[key]:.3f}" for key in _MEASURES),
                f"{measures['p50_ms']:.1f}", f"{measures['p95_ms']:.1f}",
            )  # fmt: skip
    Console(highlight=False).print(table)
