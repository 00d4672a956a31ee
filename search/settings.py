"""The settings of the search service, from the environment (``MYK_…``)."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class SearchSettings(BaseSettings):
    """What the search service needs to know. ``myk up`` sets all of it by itself."""

    model_config = SettingsConfigDict(env_prefix="MYK_", extra="ignore")

    search_host: str = Field(
        "127.0.0.1",
        description="Address that the search service listens on. Whoever reaches it can ask for "
        "public records; only whoever knows the token can write or see others.",
    )
    search_port: int = Field(
        5001, ge=1, le=65535, description="Port of the search service and its JSON API."
    )
    config: Path = Field(
        Path("config"),
        description="Folder of what an operator edits: `synonyms.txt` and `organisations.yaml` "
        "(whose places) are read from it.",
    )
    search_folder: Path = Field(
        Path(".myk/index"),
        description="Folder of the index. `myk up` puts it into `MYK_HOME`.",
    )
    search_token: str = Field(
        "",
        description="Secret of CKAN and the portal for the search service. Made by the first "
        "`myk up`; to be set by hand only where the service runs on its own.",
    )
    search_threads: int = Field(
        8, ge=1, le=256, description="Requests that the search service works on at once."
    )
    search_queue: int = Field(
        100,
        ge=0,
        description="Requests that may wait; further ones are answered at once with 503 and "
        "`Retry-After`.",
    )
    search_log: Literal["text", "json"] = Field(
        "text", description="Form of the search service's log lines. Queries never stand in them."
    )
    search_mode: Literal["hybrid", "lexical"] = Field(
        "hybrid",
        description="How free text is searched by default: words and meaning (`hybrid`), or "
        "words alone (`lexical`; the model is not loaded then).",
    )
    model: str = Field(
        "",
        description="Embedding model: empty for the bundled one, else the folder or name of a "
        "sentence-transformers model (needs the extra `models`). After a change the index is "
        "rebuilt by itself.",
    )
    qdrant_url: str = Field(
        "",
        description="Address of a Qdrant server or cluster (needs the extra `server`). Empty: the "
        "embedded engine.",
    )
    qdrant_api_key: str = Field("", description="API key of that Qdrant server.")
    qdrant_collection: str = Field(
        "myk-records",
        description="Beginning of the names of the collections on that Qdrant server (one per "
        "generation of the index).",
    )
    qdrant_shards: int = Field(
        1, ge=1, description="Shards of a new collection: at least one per node of a cluster."
    )
    qdrant_replicas: int = Field(
        1, ge=1, description="Copies of each shard of a new collection, on different nodes."
    )
    site_url: str = Field(
        "http://localhost:5000",
        description="Public address of the portal, without a slash at the end. Addresses in "
        "results, feeds and exports begin with it.",
    )
