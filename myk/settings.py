"""The settings of the whole portal: environment first, then ``config/myk.toml``, then defaults."""

from __future__ import annotations

import difflib
import os
import tomllib
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError
from pydantic_settings import SettingsConfigDict

from search.settings import SearchSettings

#: The project's folder: where `config/` and `sample/` lie.
ROOT = Path(__file__).resolve().parent.parent


class SettingsError(ValueError):
    """The settings cannot be used; the message says which and what to do."""


class Settings(SearchSettings):
    """All settings. Each can be set as ``MYK_NAME`` or as ``name`` in ``config/myk.toml``."""

    model_config = SettingsConfigDict(env_prefix="MYK_", extra="forbid")

    home: Path = Field(
        Path(".myk"),
        description="Folder of all state: database, index, uploads, logs, secrets. A relative "
        "path lies in the project's folder. Two portals on one machine need two homes and ports.",
    )
    config: Path = Field(
        Path("config"), description="Folder of what an operator edits (this file's folder)."
    )
    host: str = Field(
        "127.0.0.1",
        description="Address that the portal listens on. `0.0.0.0` opens it to the network; put "
        "a web server with TLS in front then.",
    )
    port: int = Field(5000, ge=1, le=65535, description="Port of the portal.")
    site_title: str = Field(
        "Wissensportal Mayen-Koblenz", description="Name of the portal, in its header and feeds."
    )
    workers: int = Field(2, ge=1, le=64, description="Processes that answer the portal's pages.")
    database_url: str = Field(
        "",
        description="PostgreSQL database of CKAN (`postgresql://user:password@host/name`). "
        "Empty: a PostgreSQL of the portal's own in `MYK_HOME`.",
    )
    datastore_write_url: str = Field(
        "",
        description="Second database, for the contents of tables (CKAN's DataStore). Only with "
        "`database_url`; empty then: no DataStore.",
    )
    datastore_read_url: str = Field(
        "", description="The same database with a role that may only read."
    )
    redis_url: str = Field(
        "",
        description="Redis or Valkey for jobs (`redis://host:6379/0`). Empty: one of the "
        "portal's own.",
    )
    search_address: str = Field(
        "",
        description="Address of a search service that runs elsewhere (`http://search:5001`), with "
        "`search_token` as its secret. Empty: the portal starts one of its own.",
    )
    admin_email: str = Field(
        "admin@localhost.invalid", description="E-mail address of the first administrator."
    )
    harvest_allow_hosts: str = Field(
        "",
        description="Comma-separated hosts on the inside (private or loopback addresses) that "
        "harvest sources may be fetched from. Empty: none.",
    )
    harvest_at_once: int = Field(
        2, ge=1, le=32, description="Sources that are harvested at once, when they are due."
    )
    harvest_minutes: int = Field(360, ge=1, description="Minutes after which a run is stopped.")
    sample: bool = Field(
        True, description="Whether the first start loads the sample region (marked as sample data)."
    )

    @property
    def folder(self) -> Path:
        """The home as an absolute path."""
        return self.home if self.home.is_absolute() else ROOT / self.home

    @property
    def harvests(self) -> Path:
        """Where it is kept what became of each harvest."""
        return self.folder / "harvests"

    @property
    def config_folder(self) -> Path:
        """The operator's folder as an absolute path."""
        return self.config if self.config.is_absolute() else ROOT / self.config

    @property
    def public_url(self) -> str:
        """The portal's public address, without a slash at the end."""
        if "site_url" in self.model_fields_set:
            return self.site_url.rstrip("/")
        return f"http://localhost:{self.port}"

    @property
    def search_url(self) -> str:
        """The search service's address, seen from the portal."""
        if self.search_address:
            return self.search_address.rstrip("/")
        host = "127.0.0.1" if self.search_host in ("0.0.0.0", "::") else self.search_host  # noqa: S104
        return f"http://{host}:{self.search_port}"


def load() -> Settings:
    """Read the settings.

    :raises SettingsError: naming each wrong setting and where it stands.
    """
    _refuse_unknown(
        [name for name in os.environ if name.startswith("MYK_")], "in the environment", "MYK_"
    )
    folder = Path(os.environ.get("MYK_CONFIG", "config"))
    path = (folder if folder.is_absolute() else ROOT / folder) / "myk.toml"
    stated = _stated(path)
    _refuse_unknown(list(stated), f"in {path}", "")
    from_file = {
        name: value for name, value in stated.items() if f"MYK_{name.upper()}" not in os.environ
    }
    try:
        return Settings(**from_file)
    except ValidationError as error:
        problems = [
            f"{problem['loc'][0]}: {problem['msg']} (found: {problem['input']!r})"
            for problem in error.errors()
        ]
        raise SettingsError("; ".join(problems)) from None


#: Read by other parts of the project than this class.
OTHER_VARIABLES = frozenset(
    {
        "MYK_CKAN_TOKEN",  # `myk harvest run --ckan-url`: the token for a remote CKAN
        "MYK_TEST_DATA",  # tests: where the real input data lie
        "MYK_TEST_BROWSER",  # tests: which Chromium to use
    }
)


def _stated(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from None


def _refuse_unknown(names: list[str], where: str, prefix: str) -> None:
    known = {name if not prefix else f"{prefix}{name.upper()}" for name in Settings.model_fields}
    for name in names:
        if name in known or name in OTHER_VARIABLES:
            continue
        near = difflib.get_close_matches(name, sorted(known), n=1)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        raise SettingsError(
            f"unknown setting '{name}' {where}{hint} (docs/configuration.md lists them all)"
        )
