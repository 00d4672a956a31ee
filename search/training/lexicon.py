"""``python -m search.training.lexicon``: the words that the German analysis knows, from Debian.

Reads the spelling dictionary igerman98 (``hunspell-de-de``) and OpenThesaurus (``mythes-de``) and
writes ``search/text/lexicon/``: what can begin a compound, what can end one, which words are no
compounds though they look like one or mean nothing of their parts, which forms of nouns the stemmer
does not know, and which nouns mean the same.
"""

from __future__ import annotations

import argparse
import gzip
import logging
import sys
from collections.abc import Iterable
from pathlib import Path

from search import encoder
from search.text import compounds, german
from search.training import dictionary, forms, sources, wholes
from search.training import thesaurus as names

_log = logging.getLogger(__name__)

PACKAGES = ("hunspell-de-de", "mythes-de")
_FORMS = ("s", "es", "e", "en", "n")


def main(arguments: list[str] | None = None) -> int:
    """Build the lexicon; return 1 when a source cannot be fetched."""
    parser = argparse.ArgumentParser(prog="python -m search.training.lexicon", description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder for what is downloaded")
    parser.add_argument("--out", type=Path, default=compounds.LEXICON, help="where to write")
    asked = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        tree = sources.fetch_debian(asked.work, PACKAGES) / "usr/share"
    except sources.SourceError as error:
        _log.error("%s", error)
        return 1
    model = encoder.load()
    thesaurus = names.read_synonyms(tree / "mythes/th_de_DE_v2.dat")
    listed = {noun for nouns in thesaurus for noun in nouns if noun.isalpha()}
    heads, modifiers, nouns, words = dictionary.build_parts(tree / "hunspell")
    heads = wholes.usable_heads(heads, nouns)
    modifiers = {word for word in modifiers if len(word) > 2 and word not in compounds.PARTICLES}
    unusual = wholes.find_unusual(heads)
    splitter = compounds.Splitter(heads, modifiers, (), unusual)
    atoms = wholes.find_atoms(splitter, modifiers, nouns, words, listed, model)
    folded = compounds.Splitter(
        *(map(german.fold, one) for one in (heads, modifiers, atoms, unusual))
    )
    atoms |= wholes.find_robbed(splitter, folded, nouns | listed | words, model)
    # Of a compound of three parts, a modifier of the dictionary is two ("haushalts").
    bases = {word.removesuffix("s") for word in modifiers if word.endswith("s")}
    opaque = wholes.find_opaque(
        (heads, modifiers, atoms, unusual),
        nouns | listed | bases,
        {word for word in words - nouns if word.endswith("n")},
        model,
    )
    opaque |= {noun + form for noun in opaque for form in _FORMS}
    asked.out.mkdir(parents=True, exist_ok=True)
    # What is whole is whole in longer words too: "Waldorfschule", "Privathaushalt".
    heads |= opaque | wholes.OPAQUE | {word for word in atoms & listed if len(word) > 5}
    _write(asked.out / "heads.txt.gz", sorted(heads))
    _write(asked.out / "modifiers.txt.gz", sorted(modifiers))
    _write(asked.out / "unusual.txt.gz", sorted(unusual))
    _write(asked.out / "atoms.txt.gz", sorted(atoms | opaque))
    shapes = forms.find_forms(tree / "hunspell", listed, model)
    others = (f"{form}:{token}" for form, token in sorted(shapes.others.items()))
    changed = [
        _write(asked.out / "agents.txt.gz", sorted(shapes.agents)),
        _write(asked.out / "feminines.txt.gz", sorted(shapes.feminines)),
        _write(asked.out / "short.txt.gz", sorted(shapes.short)),
        _write(asked.out / "forms.txt.gz", others),
    ]
    same = names.sort_synonyms(thesaurus, model)
    single = {noun: others for noun, others in same.items() if len(german.words(noun)) == 1}
    presets = sources.fetch_npm(asked.work) / "id-tagging-schema/dist/translations"
    kinds = {name: sorted(others) for name, others in names.read_presets(presets).items()}
    twins = names.find_twins([*single, *kinds])
    _write(asked.out / "synonyms.txt.gz", names.as_lines(single, twins, names.MOST_SYNONYMS))
    _write(asked.out / "presets.txt.gz", names.as_lines(kinds, twins))
    counts = (len(heads), len(modifiers), len(atoms | opaque), len(same))
    _log.info("%d heads, %d modifiers, %d atoms, synonyms of %d nouns", *counts)
    if any(changed):
        _log.warning("forms of words have changed, and with them the analysis: run this once more")
    return 0


def _write(path: Path, lines: Iterable[str]) -> bool:
    """Write a list; tell whether it is another than before."""
    # No time in the file: the same words are the same bytes.
    made = gzip.compress("".join(f"{line}\n" for line in lines).encode(), 9, mtime=0)
    before = path.read_bytes() if path.exists() else b""
    path.write_bytes(made)
    return made != before


if __name__ == "__main__":
    sys.exit(main())
