"""Builds the sample region: `python -m sample.build` writes sample/catalog.ttl and sample/files/.

The words are in sample/records/ (what the catalogue says), sample/contents/ (tables, texts, the
timetable) and sample/reports/ (the PDF reports). The same sources give the same bytes each time.

Needed here only, never by the portal (the dev requirements carry them):
rdflib 7.6.0, PyYAML 6.0.3, openpyxl 3.1.5, fpdf2 2.8.9
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from sample import catalog, files

HERE = Path(__file__).resolve().parent
ORGANISATIONS = HERE.parent / "config" / "organisations.yaml"


def _yaml(path: Path) -> Any:
    # BaseLoader keeps dates, numbers and "no" as they are written.
    return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506


def load_records() -> list[dict[str, Any]]:
    """All records, each with the publisher its file is named after."""
    found = []
    for path in sorted((HERE / "records").glob("*.yaml")):
        for record in _yaml(path):
            found.append({**record, "publisher": path.stem})
    return found


def load_contents() -> dict[str, dict[str, Any]]:
    """What goes into each file, by file name."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted((HERE / "contents").glob("*.yaml")):
        for name, spec in _yaml(path).items():
            if name in found:
                raise ValueError(f"{name} is described twice ({path.name})")
            found[name] = spec
    for path in sorted((HERE / "reports").glob("*.md")):
        found[f"{path.stem}.pdf"] = {"report": path.read_text(encoding="utf-8")}
    return found


def build(target: Path) -> None:
    """Writes catalog.ttl and files/ into target."""
    places: Mapping[str, list[str]] = _yaml(HERE / "places.yaml")
    organisations = {o["name"]: o for o in _yaml(ORGANISATIONS)}
    folder = target / "files"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    sizes = {}
    for name, spec in sorted(load_contents().items()):
        data = files.render(name, spec, places)
        (folder / name).write_bytes(data)
        sizes[name] = len(data)
    text = catalog.turtle(load_records(), organisations, places, sizes)
    (target / "catalog.ttl").write_text(text, encoding="utf-8")


def main() -> None:
    """Builds and says what was written."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--target", type=Path, default=HERE, help="folder to write into")
    target: Path = parser.parse_args().target
    build(target)
    written = list((target / "files").iterdir())
    total = sum(f.stat().st_size for f in written)
    sys.stdout.write(f"{target / 'catalog.ttl'}; {len(written)} files, {total:,} bytes\n")


if __name__ == "__main__":
    main()
