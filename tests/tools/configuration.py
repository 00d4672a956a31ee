"""``python -m tests.tools.configuration``: write ``docs/configuration.md`` from the code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from myk.settings import ROOT, Settings
from search.settings import SearchSettings

PAGE = ROOT / "docs" / "configuration.md"
_DECLARED = ROOT / "ckanext-myk" / "ckanext" / "myk" / "config_declaration.yaml"

_HEAD = """# Configuration reference

<!-- Made by `make docs` from myk/settings.py, search/settings.py and the extension's
     config_declaration.yaml; a test fails when it is out of date. -->

Everything that an operator edits lies in the folder `config/`:

| file | what it holds |
|---|---|
| `myk.toml` | the settings below (ports, addresses, title …) |
| `ckan.ini` | CKAN's own options, section `[app:main]`; they add to what the portal decides |
| `organisations.yaml` | the region's publishers; read by the first start |
| `hubs.yaml` | the hubs, their texts, and which records belong to them |
| `sources.yaml` | what is harvested from where ([harvest.md](harvest.md)) |
| `pages/` | Markdown texts: `imprint`, `privacy`, `about`, `intro`, `contact` (`contact.de.md` …) |
| `licenses.json` | the licences that a dataset can have (DCAT-AP.de) |

Each setting can be given as an environment variable (`MYK_PORT=5000`) or in `config/myk.toml`
(`port = 5000`); the environment wins. An unknown name is refused, with the nearest known one.
"""


def page() -> str:
    """Return the page as it should be."""
    parts = [_HEAD, "\n## The portal\n", _table(_own()), "\n## The search service\n"]
    parts += [_table(list(SearchSettings.model_fields.items()))]
    parts += [
        "\n## Options of the CKAN extension\n\n",
        "In `config/ckan.ini`. Address, token and folder are set by the portal itself.\n\n",
        "| option | default | meaning |\n|---|---|---|\n",
    ]
    for group in yaml.safe_load(_DECLARED.read_text())["groups"]:
        for option in group["options"]:
            meaning = " ".join(str(option.get("description", "")).split())
            parts.append(
                f"| `{option['key']}` | {_shown(option.get('default', ''))} | {meaning} |\n"
            )
    return "".join(parts)


def _own() -> list[tuple[str, Any]]:
    return [
        (name, field)
        for name, field in Settings.model_fields.items()
        if name not in SearchSettings.model_fields
    ]


def _table(fields: list[tuple[str, Any]]) -> str:
    rows = ["\n| setting | environment | default | meaning |\n|---|---|---|---|\n"]
    rows += [
        f"| `{name}` | `MYK_{name.upper()}` | {_shown(field.default)} | {field.description} |\n"
        for name, field in fields
    ]
    return "".join(rows)


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`" if str(value) else "–"


if __name__ == "__main__":
    Path(PAGE).write_text(page(), encoding="utf-8")
