"""``config/sources.yaml``, and what a path or an address on the command line stands for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ValidationError

from harvesters import rdf
from harvesters.errors import ConfigError, SourceError
from harvesters.fetch import Fetcher
from harvesters.identity import short_hash
from harvesters.model import SourceConfig
from harvesters.sources import registry
from harvesters.suggest import did_you_mean
from harvesters.text import slug

_HEAD = 4096  # bytes that a kind of source is recognised by


def load_sources(path: Path) -> dict[str, SourceConfig]:
    """The configured sources by name, in the file's order; none if there is no file.

    Raises ConfigError with file and line for anything wrong: unknown keys, missing or doubled
    names, unknown types, options that the type does not take.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    try:
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
        entries = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        problem = getattr(error, "problem", None) or "not valid YAML"
        raise ConfigError(f"{where}: {problem}.") from error
    if entries is None:
        return {}
    if not isinstance(tree, yaml.SequenceNode):
        raise ConfigError(f"{path}:1: must be a list of sources, each beginning with `- name:`.")
    out: dict[str, SourceConfig] = {}
    for node, entry in zip(tree.value, entries, strict=True):
        source = _source(path, node, entry)
        if source.name in out:
            raise ConfigError(
                f"{path}:{_line(node, ['name'])}: there are two sources named `{source.name}`."
            )
        out[source.name] = source
    return out


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one value of a source.

    ``where`` are the keys that lead to it (none: the source as a whole), ``kind`` is pydantic's
    name for the mistake with the limits in ``context``; ``message`` says it in plain English.
    """

    where: tuple[str, ...]
    message: str
    kind: str = ""
    context: Mapping[str, Any] = field(default_factory=dict)


def check(entry: Mapping[str, Any]) -> tuple[SourceConfig | None, list[Problem]]:
    """Read one source, from the file or from a form, and say all that is wrong with it."""
    problems: list[Problem] = []
    source: SourceConfig | None = None
    try:
        source = SourceConfig.model_validate(dict(entry))
    except ValidationError as error:
        for one in error.errors():
            where = tuple(str(part) for part in one["loc"])
            problems.append(_problem(where, one, SourceConfig.model_fields, "key"))
    kind = entry.get("type")
    if isinstance(kind, str):
        try:
            options = registry.source_class(kind).options_type
        except ConfigError as error:
            return None, [*problems, Problem(("type",), str(error).rstrip("."), "unknown_type")]
        given = entry.get("options")
        problems += _wrong_options(kind, options, given if isinstance(given, Mapping) else {})
    return (None, problems) if problems else (source, [])


def _wrong_options(
    kind: str, options: type[BaseModel], given: Mapping[str, Any]
) -> Iterator[Problem]:
    try:
        options.model_validate(dict(given))
    except ValidationError as error:
        for one in error.errors():
            where = ("options", *(str(part) for part in one["loc"]))
            yield _problem(where, one, options.model_fields, "option", f" of {kind}")


def _problem(
    where: tuple[str, ...], error: Any, known: Iterable[str], word: str, of: str = ""
) -> Problem:
    kind, key = str(error["type"]), ".".join(where[1:] if where[:1] == ("options",) else where)
    message = str(error["msg"]).removeprefix("Value error, ")
    if kind == "extra_forbidden":
        hint = did_you_mean(key, known).removesuffix(".")
        message = f"unknown {word} `{key}`{of}{f'.{hint}' if hint else ''}"
    elif kind == "missing":
        message = f"the {word} `{key}` is missing"
    elif key:
        message = f"option `{key}`: {message}" if word == "option" else f"{key}: {message}"
    return Problem(where, message, kind, dict(error.get("ctx") or {}))


def _source(path: Path, node: yaml.Node, entry: Any) -> SourceConfig:
    if not isinstance(entry, dict):
        raise ConfigError(f"{path}:{_line(node, [])}: must be a source, beginning with `name:`.")
    source, problems = check(entry)
    if source is None:
        first = problems[0]
        end = "" if first.message.endswith("?") else "."
        raise ConfigError(f"{path}:{_line(node, list(first.where))}: {first.message}{end}")
    return source


def _line(node: yaml.Node, keys: list[str]) -> int:
    """The line of the key that ``keys`` lead to, or of the nearest one above it."""
    line = int(node.start_mark.line) + 1
    for wanted in keys:
        if not isinstance(node, yaml.MappingNode):
            break
        for key, value in node.value:
            if key.value == wanted:
                line, node = int(key.start_mark.line) + 1, value
                break
        else:
            break
    return line


def is_address(text: str) -> bool:
    """Whether ``text`` is a URL (of any scheme) rather than a path or a name."""
    return "://" in text


def from_location(
    location: str,
    *,
    type_: str | None = None,
    org: str | None = None,
    name: str | None = None,
    fetcher: Fetcher | None = None,
) -> SourceConfig:
    """A source for a path or URL that is in no configuration.

    Its name is made from the location, so that the next run of the same one finds its records
    again. Raises ConfigError (no such type; not recognised) or SourceError (no such file).
    """
    if is_address(location):
        parts = urlsplit(location)
        words = f"{parts.hostname or ''}-{parts.path}"
        place: dict[str, Any] = {"url": location}
        key = location
    else:
        path = Path(location).expanduser().resolve()
        if not path.exists():
            raise SourceError(f"{location} does not exist.")
        words, place, key = path.stem, {"path": path}, str(path)
    kind = type_ or _recognise(location, fetcher)
    registry.source_class(kind)
    made = name or f"{slug(words, 60) or 'source'}-{short_hash(key)}"
    try:
        return SourceConfig(name=made, type=kind, org=org, **place)
    except ValidationError as error:
        raise ConfigError(f"{made}: {error.errors()[0]['msg']}.") from error


def _recognise(location: str, fetcher: Fetcher | None) -> str:
    """The kind of source, from the first kilobytes."""
    if len(registry.names()) == 1:
        # Nothing to choose; the source's own message is the better one if it cannot read it.
        return registry.names()[0]
    if is_address(location):
        head = fetcher.get(location).content[:_HEAD] if fetcher else b""
    else:
        path = Path(location).expanduser()
        try:
            with path.open("rb") as stream:
                head = stream.read(_HEAD)
        except IsADirectoryError as error:
            raise ConfigError(
                f"{location} is a folder; give the catalogue's file, or say --type folder to read "
                "its documents."
            ) from error
        except OSError as error:
            raise SourceError(f"{location} cannot be read: {error.strerror}.") from error
    if kind := registry.recognise(location, head):
        return kind
    known = ", ".join(registry.names())
    if rdf.sniff(head) == "html":
        raise SourceError(
            f"{location} is a web page (HTML). Give the address of the data themselves, which its "
            f"pages about interfaces or downloads name; known kinds: {known}. To read the website "
            "itself: --type website."
        )
    raise ConfigError(
        f"{location} is of no kind that is known here ({known}); say which with --type."
    )
