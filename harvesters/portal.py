"""The portal as the harvester sees it: a ckanapi client, and patience when it does not answer."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import stamina
from ckanapi import errors

from harvesters.errors import PortalError, PortalUnavailableError
from harvesters.model import Client, Organisation

T = TypeVar("T")

# Names, as these come from libraries that this room does not import: CKAN's search, its database
# driver, and the HTTP client of ckanapi's RemoteCKAN.
_PASSING = frozenset({
    "SearchIndexError", "SearchError", "SolrError", "SolrConnectionError", "OperationalError",
    "InterfaceError", "ConnectionError", "ConnectTimeout", "ReadTimeout", "Timeout",
    "ServerIncompatibleError",
})  # fmt: skip
_PAGE = 1000  # CKAN gives no more at once unless it is told to (ckan.search.rows_max)
_REMOTE_TIMEOUT = (10, 120)  # seconds to connect, and for an answer
_FIELDS = (
    "id,name,harvest_source,harvest_source_id,harvest_hash,harvest_fingerprint,"
    "harvest_gone_since,title"
)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a call is repeated while the portal does not answer. Times in seconds."""

    seconds: float = 60.0
    first_wait: float = 0.5
    longest_wait: float = 8.0


@dataclass(slots=True)
class Known:
    """A record of the source that the portal has, as its index says.

    ``certain`` when the database lists it too: after a crash the index may be ahead of it.
    """

    id: str
    name: str
    identity: str
    hash: str
    title: str = ""
    gone_since: str = ""
    fingerprint: str = ""
    certain: bool = False


class Portal:
    """Calls of the CKAN action API that the writer needs, each with a clear error."""

    def __init__(self, client: Client, patience: Patience | None = None) -> None:
        self._client = client
        self._patience = patience or Patience()
        self._organisations: set[str] = set()

    @property
    def is_remote(self) -> bool:
        """Whether files travel by HTTP: then they cannot ride along with the record."""
        return hasattr(self._client, "address")

    def call(self, action: str, data: Mapping[str, Any] | None = None, **kwargs: Any) -> Any:
        """Call ``action`` once, leaving nothing half-written behind when it is refused.

        Raises PortalUnavailableError if it may work later; CKAN's own errors otherwise.
        """
        if self.is_remote:
            kwargs["requests_kwargs"] = {"timeout": _REMOTE_TIMEOUT}
        try:
            return self._client.call_action(action, dict(data or {}), **kwargs)
        except Exception as error:
            self.rollback()
            if is_passing(error):
                raise PortalUnavailableError(_reason(error)) from error
            raise

    def patiently(self, work: Callable[[], T]) -> T:
        """Do ``work``, again and again with growing pauses while the portal does not answer."""
        patience = self._patience
        for attempt in stamina.retry_context(
            on=PortalUnavailableError,
            attempts=None,
            timeout=patience.seconds,
            wait_initial=patience.first_wait,
            wait_max=patience.longest_wait,
            wait_jitter=patience.first_wait,
        ):
            with attempt:
                return work()
        raise PortalUnavailableError("the portal did not answer")  # pragma: no cover

    @property
    def takes_many(self) -> bool:
        """Whether new records can be created many at a time."""
        return hasattr(self._client, "create_together")

    def create_together(self, packages: Sequence[dict[str, Any]]) -> None:
        """Create all of ``packages``, or none of them. Raises CKAN's own errors."""
        self._client.create_together(packages)  # type: ignore[attr-defined]

    def rollback(self) -> None:
        """Forget what a refused write left in the client's database session."""
        undo = getattr(self._client, "rollback", None)
        if callable(undo):
            with contextlib.suppress(Exception):
                undo()

    # -- reading ---------------------------------------------------------------------------------

    def known(self, source: str) -> dict[str, Known]:
        """The records of ``source`` by identity, from the index. It may be behind the database."""
        found = {record.identity: record for record in self._known(source)}
        if found:
            listed = self.names()
            for record in found.values():
                record.certain = record.name in listed
        return found

    def names(self) -> set[str]:
        """The names of all public records that there are, from the database."""
        return set(self.patiently(lambda: self.call("package_list")))

    def _known(self, source: str) -> Iterator[Known]:
        start = 0
        while True:
            query = {
                "q": "*:*",
                "fq": f'harvest_source:"{source}"',
                "fl": _FIELDS,
                "rows": _PAGE,
                "start": start,
                "sort": "id asc",
                "include_private": True,
                "include_drafts": True,
            }
            answer = self.patiently(lambda query=query: self.call("package_search", query))  # type: ignore[misc]
            for found in answer["results"]:
                identity = found.get("harvest_source_id")
                if identity:
                    yield Known(
                        id=found["id"],
                        name=found.get("name", ""),
                        identity=identity,
                        hash=found.get("harvest_hash") or "",
                        title=found.get("title") or "",
                        gone_since=found.get("harvest_gone_since") or "",
                        fingerprint=found.get("harvest_fingerprint") or "",
                    )
            start += len(answer["results"])  # CKAN may be set to give fewer
            if start >= answer["count"] or not answer["results"]:
                return

    def show(self, id_or_name: str) -> dict[str, Any] | None:
        """The record from the database, also a deleted one; None if there is none."""
        try:
            found: dict[str, Any] = self.call("package_show", {"id": id_or_name})
        except errors.NotFound:
            return None
        except errors.NotAuthorized:
            # Someone else's private record of that name: there, but not ours to see.
            return {"id": "", "name": id_or_name, "private": True}
        return found

    # -- organisations and groups ----------------------------------------------------------------

    def ensure_organisation(self, organisation: Organisation) -> str:
        """The name of the organisation, made if it does not exist. Raises PortalError."""
        name = organisation.name
        if name in self._organisations:
            return name
        try:
            self.call("organization_show", {"id": name, "include_users": False})
        except errors.NotFound:
            self._create_organisation(organisation)
        self._organisations.add(name)
        return name

    def _create_organisation(self, organisation: Organisation) -> None:
        data = {
            "name": organisation.name,
            "title": organisation.title or organisation.name,
            "description": organisation.description,
        }
        try:
            self.call("organization_create", data)
        except errors.NotAuthorized as error:
            raise PortalError(
                f"the organisation {organisation.name} does not exist, and this user may not make "
                "it; make it in the portal, or name another with --org"
            ) from error
        except errors.ValidationError as error:
            raise PortalError(
                f"the organisation {organisation.name} cannot be made: {explain(error)}"
            ) from error

    def existing_groups(self) -> set[str]:
        """Names of the groups (hubs) that the portal has."""
        return set(self.call("group_list", {"all_fields": False}))


def is_passing(error: BaseException) -> bool:
    """Whether a write that failed with ``error`` may work later."""
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if kinds & _PASSING or isinstance(error, OSError):
        return True
    # ckanapi's RemoteCKAN: [url, status, body] of an answer that is not CKAN's, such as a proxy's.
    return "CKANAPIError" in kinds and any(f", {code}, " in str(error) for code in (502, 503, 504))


def _reason(error: BaseException) -> str:
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if kinds & {"SearchIndexError", "SearchError", "SolrError"}:
        return "the search service does not take the record"
    if kinds & {"OperationalError", "InterfaceError"}:
        return "the database does not answer"
    return "the portal does not answer"


def explain(error: BaseException) -> str:
    """CKAN's complaint in one line: ``title: Missing value; resources 2 url: …``."""
    details = getattr(error, "error_dict", None)
    if not isinstance(details, dict):
        # ckanapi hands over a remote refusal as it came: {"__type": …, "message": …}.
        if error.args and isinstance(error.args[0], dict):
            return str(error.args[0].get("message", error)).removeprefix("Access denied: ")
        return " ".join(str(error).split())[:300] or type(error).__name__
    return "; ".join(_flatten(details))[:500]


def _flatten(value: Any, path: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            if key != "__type":
                yield from _flatten(item, f"{path} {key}".strip())
    elif isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        for number, item in enumerate(value, start=1):
            yield from _flatten(item, f"{path} {number}")
    elif isinstance(value, list):
        if value:
            yield f"{path}: {', '.join(str(item) for item in value)}"
    elif value:
        yield f"{path}: {value}"
