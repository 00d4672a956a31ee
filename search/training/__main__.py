"""``python -m search.training``: from the package registries to the model that ships, resumable."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path

from search.training import handbooks, pairs, readers, sources
from search.training.pairs import Pair

_log = logging.getLogger("search.training")

DIMENSION = 256
"""Of the vectors, those for nonsense included (:mod:`search.training.student`)."""

WEIGHTS = {
    "presets": 4.0,
    "places": 4.0,
    "stw": 2.0,
    "tatoeba": 0.5,
    "catalogues": 0.5,
    "office-help": 0.5,
    "handbooks": 0.5,
}
"""How often a pair of a group is drawn, beside 1: the words of towns and offices count for more."""

ENGLISH_WEIGHT = 0.5
"""The same for English texts: most questions are asked in German."""

WORD_WEIGHTS = {"presets": 10, "stw": 5}
"""How often words of a group are counted for the vocabulary: they are to stay whole."""


def _raw_pairs(work: Path, extra: Path | None) -> Iterator[Pair]:
    """Yield the pairs of every source, the dictionary first."""
    npm = sources.fetch_npm(work)
    packages = (*sources.DICTIONARY, *sources.CATALOGUES, *sources.HANDBOOKS)
    tree = sources.fetch_debian(work, packages)
    yield from readers.read_dictionary(tree / "usr/share/trans/de-en")
    yield from readers.read_catalogues(tree)
    yield from readers.read_json_messages(tree)
    yield from readers.read_josm(tree)
    yield from readers.read_descriptions(sources.fetch_descriptions(work))
    yield from handbooks.read_office_help(tree)
    yield from handbooks.read_handbooks(tree)
    yield from readers.read_cldr(npm)
    yield from readers.read_presets(npm / "id-tagging-schema/dist/translations")
    if extra is None:
        return
    if (extra / "language/osm_presets").exists():
        yield from readers.read_presets(extra / "language/osm_presets")
    if (extra / "training/tatoeba_deu-eng.zip").exists():
        yield from readers.read_tatoeba(extra / "training/tatoeba_deu-eng.zip")
    if (extra / "language/stw_de_en.json").exists():
        yield from readers.read_stw(extra / "language/stw_de_en.json")
    if (extra / "geo/myk_facts.json").exists():
        yield from readers.read_places(extra / "geo/myk_facts.json")


def _collect(work: Path, extra: Path | None, exclude: Path | None) -> list[Pair]:
    """Return the cleaned pairs of all sources; they are fetched on the first run only."""
    path = work / "pairs.tsv"
    if not path.exists():
        excluded = pairs.evaluation_texts(exclude) if exclude else frozenset()
        pairs.write_pairs(path, pairs.clean(_raw_pairs(work, extra), excluded))
    return pairs.read_pairs(path)


def _train(work: Path, collected: list[Pair], seed: int) -> None:
    """Train tokenizer and student; leave ``tokenizer.json`` and ``table.npy`` in *work*."""
    import numpy as np
    from tokenizers import Tokenizer

    from search.training import student, teacher, tokenizer
    from search.training.nonsense import NONSENSE_DIMENSIONS

    training = [pair for pair in collected if not pairs.is_held_out(pair.english)]
    english = sorted({pair.english for pair in training})
    tokenizer_path = work / "tokenizer.json"
    if not tokenizer_path.exists():
        counts = tokenizer.count_words(english)
        for source in sorted({pair.source for pair in training}):
            german = (pair.german for pair in training if pair.source == source)
            counts += tokenizer.count_words(german, WORD_WEIGHTS.get(source, 1))
        places = tokenizer.count_words(p.german for p in training if p.source == "places")
        names = [name for name in places if len(name) >= 5]
        trained = tokenizer.train_tokenizer(counts, always=names)
        trained.save(str(tokenizer_path), pretty=False)
    pieces = Tokenizer.from_file(str(tokenizer_path))
    _log.info("teacher: %d English texts", len(english))
    meanings = DIMENSION - NONSENSE_DIMENSIONS
    targets = teacher.reduce(teacher.encode(english, work / "teacher"), meanings)
    numbers = {text: number for number, text in enumerate(english)}
    texts = student.tokenise(
        pieces,
        [pair.german for pair in training] + english,
        [numbers[pair.english] for pair in training] + list(range(len(english))),
        [WEIGHTS.get(pair.source, 1.0) for pair in training] + [ENGLISH_WEIGHT] * len(english),
    )
    table = student.train_student(texts, targets, pieces, student.Recipe(seed=seed))
    np.save(work / "table.npy", table)


def _finish(work: Path, out: Path, collected: list[Pair]) -> None:
    """Refine the table, write the model folder, read it as the service does, and calibrate it."""
    import numpy as np
    from model2vec import StaticModel
    from tokenizers import Tokenizer

    from search import encoder
    from search.training import calibrate, export, refine

    tokenizer = work / "tokenizer.json"
    german = [pair.german for pair in collected if not pairs.is_held_out(pair.english)]
    trained = np.load(work / "table.npy")
    table = refine.refine(trained, Tokenizer.from_file(str(tokenizer)), german)
    size = export.export_model(out, table, tokenizer)
    _log.info("%s: %d bytes", out, size)
    held_out = [pair for pair in collected if pairs.is_held_out(pair.english)]
    model = StaticModel.from_pretrained(out)
    threshold, report = calibrate.calibrate(
        model, held_out, lambda text: encoder.says_something(text, encoder.pieces_of(model))
    )
    _log.info("threshold %.3f: %s", threshold, json.dumps(report))
    export.write_card_data(out, table.shape[1], threshold, report)


def main(arguments: list[str] | None = None) -> int:
    """Run the stages that are not done yet; return 0, or 1 where a source cannot be had."""
    parser = argparse.ArgumentParser(prog="python -m search.training", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of the model")
    parser.add_argument("--work", type=Path, required=True, help="folder of the stages' results")
    parser.add_argument("--extra", type=Path, help="folder with Tatoeba, STW and presets")
    parser.add_argument("--exclude", type=Path, help="folder of BEIR collections to keep out")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    options.work.mkdir(parents=True, exist_ok=True)
    try:
        collected = _collect(options.work, options.extra, options.exclude)
    except sources.SourceError as problem:
        print(f"Cannot fetch a source: {problem}", file=sys.stderr)
        return 1
    by_source: dict[str, int] = {}
    for pair in collected:
        by_source[pair.source] = by_source.get(pair.source, 0) + 1
    _log.info("%d pairs: %s", len(collected), json.dumps(by_source))
    if not (options.work / "table.npy").exists():
        _train(options.work, collected, options.seed)
    _finish(options.work, options.out, collected)
    return 0


if __name__ == "__main__":
    sys.exit(main())
