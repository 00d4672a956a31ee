"""The documentation is part of the code: commands, settings and APIs are described."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from myk.cli import cli
from search.app import create_app
from search.catalogue.index import Catalogue
from search.service import SearchService
from search.settings import SearchSettings
from search.vectors.base import NoVectors
from tests.tools import configuration

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


def _commands(group: click.Group, name: str) -> Iterator[str]:
    context = click.Context(group)
    for word in group.list_commands(context):
        command = group.get_command(context, word)
        assert command is not None
        if isinstance(command, click.Group):
            yield from _commands(command, f"{name} {word}")
        else:
            yield f"{name} {word}"


@pytest.mark.parametrize("command", list(_commands(cli, "myk")))  # type: ignore[arg-type]
def test_every_command_is_described(command: str) -> None:
    assert f"`{command}" in (DOCS / "commands.md").read_text()


def test_the_configuration_reference_is_made_from_the_code() -> None:
    assert configuration.PAGE.read_text() == configuration.page(), "run: make docs"


def test_every_address_of_the_search_service_is_described(tmp_path: Path) -> None:
    service = SearchService(Catalogue(tmp_path / "index"), NoVectors(), None)
    app = create_app(service, SearchSettings(search_token="x"))
    described = (DOCS / "search-api.md").read_text()
    for rule in app.url_map.iter_rules():
        if rule.endpoint == "static":
            continue
        assert f"`{rule.rule.rstrip('/')}`" in described, rule.rule
    service.close()


def test_every_make_target_in_the_readme_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    text = "".join(path.read_text() for path in [ROOT / "README.md", *DOCS.glob("*.md")])
    assert set(re.findall(r"`make ([a-z]+)", text)) <= targets


def test_links_between_pages_lead_somewhere() -> None:
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *DOCS.glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
