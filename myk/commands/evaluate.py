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
from search.evaluation import report as report_module

_MEASURES = ("recall@100", "mrr@10", "hit@1", "no_answer")
_TITLES = (
    "collection", "mode", "nDCG@10", "95 %", "recall@100", "MRR@10", "hit@1", "none", "p50 ms",
    "p95 ms",
)  # fmt: skip


@click.command("eval")
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON: {collection: {mode: …}}.")
@click.option(
    "--report",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for a report of every query (hybrid), the worst answered first.",
)
def evaluate(folders: tuple[Path, ...], as_json: bool, report: Path | None) -> None:
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
            runs = run.evaluate(item, model, lambda t=task: progress.advance(t))  # type: ignore[misc]
            measured[item.name] = {mode: one.measures(item) for mode, one in runs.items()}
            if report is not None:
                report.mkdir(parents=True, exist_ok=True)
                text = "\n".join(report_module.lines(item, runs, "hybrid")) + "\n"
                (report / f"{item.name}.md").write_text(text, encoding="utf-8")
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
                f"{measures['ndcg@10']:.3f}",
                f"{measures['ndcg@10_low']:.3f} – {measures['ndcg@10_high']:.3f}",
                *(f"{measures[key]:.3f}" for key in _MEASURES),
                f"{measures['p50_ms']:.1f}", f"{measures['p95_ms']:.1f}",
            )  # fmt: skip
    Console(highlight=False).print(table)
