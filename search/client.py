"""The client of the search service: the one door through which other rooms reach it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import httpx

LABELS_HEADER = "X-Myk-Labels"

# It would write each address, and with it what somebody asked.
logging.getLogger("httpx").setLevel(logging.WARNING)


class SearchUnavailable(RuntimeError):
    """The search service does not answer."""


class SearchRefused(RuntimeError):
    """The search service refused the request; the message says why."""


class SearchClient:
    """Asks the JSON API. Without ``labels`` it sees what the public sees."""

    def __init__(self, url: str, token: str = "", *, timeout: float = 30.0) -> None:
        """Prepare a connection to ``url``; ``timeout`` in seconds."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.Client(
            base_url=url.rstrip("/"), headers=headers, timeout=timeout, trust_env=False
        )

    def search(
        self, text: str, *, labels: Sequence[str] | None = None, **params: Any
    ) -> dict[str, Any]:
        """Search; ``params`` as ``/api/v1/search`` names them.

        :raises SearchUnavailable, SearchRefused:
        """
        asked = {name: value for name, value in params.items() if value is not None}
        return self._get("/api/v1/search", {"q": text, **asked}, _labelled(labels))

    def suggest(
        self, text: str, *, labels: Sequence[str] | None = None, limit: int = 8
    ) -> list[dict[str, Any]]:
        """Return suggestions for what was typed so far, as ``/api/v1/suggest`` describes them.

        :raises SearchUnavailable, SearchRefused:
        """
        answer = self._get("/api/v1/suggest", {"q": text, "limit": limit}, _labelled(labels))
        return list(answer["suggestions"])

    def similar(
        self, reference: str, *, labels: Sequence[str] | None = None, limit: int = 5
    ) -> list[dict[str, Any]]:
        """Return the records most like one (id or name), the nearest first.

        :raises SearchUnavailable, SearchRefused: also when the labels do not show that record.
        """
        path = f"/api/v1/similar/{quote(reference, safe='')}"
        return list(self._get(path, {"limit": limit}, _labelled(labels))["results"])

    def highlights(self, text: str, shown: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
        """Return titles and texts as safe HTML in which the words of a question are marked.

        Each with ``title`` and ``sentences``, those of the text that answer best.

        :raises SearchUnavailable, SearchRefused:
        """
        records = [{"title": title, "text": body} for title, body in shown]
        sent = {"q": text, "records": records}
        return list(self._ask("POST", "/api/v1/highlights", json=sent)["records"])

    def passages(
        self,
        text: str,
        *,
        labels: Sequence[str] | None = None,
        records: Sequence[str] = (),
        limit: int = 10,
    ) -> list[dict[str, Any]]:
        """Return the passages that answer a question best, of these records alone if any.

        :raises SearchUnavailable, SearchRefused:
        """
        asked = {"q": text, "limit": limit, "record": list(records)}
        return list(self._get("/api/v1/passages", asked, _labelled(labels))["results"])

    def passage(
        self, passage: str, *, labels: Sequence[str] | None = None, around: int = 0
    ) -> list[dict[str, Any]]:
        """Return a passage by its id, with so many before and behind it, in their order.

        :raises SearchUnavailable, SearchRefused: also when the labels do not show its record.
        """
        path = f"/api/v1/passages/{quote(passage, safe='')}"
        return list(self._get(path, {"around": around}, _labelled(labels))["passages"])

    def answer(self, text: str, *, labels: Sequence[str] | None = None) -> list[dict[str, Any]]:
        """Return the sentences of documents that answer a question; none if none does.

        :raises SearchUnavailable, SearchRefused:
        """
        return list(self._get("/api/v1/answer", {"q": text}, _labelled(labels))["answers"])

    def documents(self, record: str | None = None) -> list[dict[str, Any]]:
        """Return which files are held, in which version (token).

        :raises SearchUnavailable, SearchRefused:
        """
        asked = {"record": record} if record else {}
        return list(self._get("/api/v1/documents", asked, {})["documents"])

    def put_document(
        self, file: str, record: str, version: str, passages: Sequence[dict[str, Any]]
    ) -> None:
        """Replace all passages of a file (token).

        :raises SearchUnavailable, SearchRefused:
        """
        body = {"record": record, "version": version, "passages": list(passages)}
        self._send("PUT", f"/api/v1/documents/{quote(file, safe='')}", body)

    def remove_document(self, file: str) -> None:
        """Forget a file; an unknown one is no error (token).

        :raises SearchUnavailable, SearchRefused:
        """
        self._send("DELETE", f"/api/v1/documents/{quote(file, safe='')}")

    def records(self, fields: Sequence[str] = ("id", "metadata_modified")) -> list[dict[str, Any]]:
        """Return the wanted fields of everything in the index (needs the token).

        :raises SearchUnavailable, SearchRefused:
        """
        answer = self._get("/api/v1/records", {"fields": ",".join(fields)}, {})
        return list(answer["records"])

    def note_drift(self, differences: int) -> None:
        """Let the service's metrics show what a comparison found (token).

        :raises SearchUnavailable, SearchRefused:
        """
        self._send("POST", "/api/v1/drift", {"differences": differences})

    def rebuild_begin(self, qdrant_url: str | None = None) -> None:
        """Begin an index beside the served one, or go on with one that was begun (token).

        :raises SearchUnavailable, SearchRefused:
        """
        self._send("POST", "/api/v1/rebuild", {"qdrant_url": qdrant_url})

    def rebuild_records(self) -> list[dict[str, Any]]:
        """Return id, revision and state of what is in the index being built (token).

        :raises SearchUnavailable, SearchRefused:
        """
        return list(self._get("/api/v1/rebuild", {}, {})["records"])

    def rebuild_finish(self) -> None:
        """Let the new index take over (token).

        :raises SearchUnavailable, SearchRefused:
        """
        self._send("POST", "/api/v1/rebuild/finish")

    def rebuild_abandon(self) -> None:
        """Drop the index being built (token).

        :raises SearchUnavailable, SearchRefused:
        """
        self._send("DELETE", "/api/v1/rebuild")

    def ready(self) -> dict[str, Any]:
        """Return what the service holds.

        :raises SearchUnavailable, SearchRefused:
        """
        return self._get("/readyz", {}, {})

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def _get(self, path: str, params: dict[str, Any], headers: dict[str, str]) -> dict[str, Any]:
        return self._ask("GET", path, params=params, headers=headers)

    def _send(self, method: str, path: str, body: dict[str, Any] | None = None) -> None:
        self._ask(method, path, json=body)

    def _ask(self, method: str, path: str, **sent: Any) -> dict[str, Any]:
        try:
            answer = self._http.request(method, path, **sent)
        except httpx.HTTPError as error:
            raise SearchUnavailable(f"the search service does not answer: {error}") from error
        if answer.status_code != 200:
            raise SearchRefused(_reason(answer))
        body: dict[str, Any] = answer.json()
        return body


def _labelled(labels: Sequence[str] | None) -> dict[str, str]:
    """Return the header that says who asks; ``None``: nobody in particular.

    A label that the header cannot carry whole is left out: less is seen then, never more.
    """
    if labels is None:
        return {}
    plain = (label for label in labels if label.isascii() and label.isprintable())
    return {LABELS_HEADER: ",".join(label for label in plain if "," not in label)}


def _reason(answer: httpx.Response) -> str:
    try:
        said = answer.json()
    except ValueError:
        said = {}
    detail = said.get("detail") or {}
    problems = [
        f"{name}: {' '.join(texts)}"
        for place in detail.values()
        if isinstance(place, dict)
        for name, texts in place.items()
        if isinstance(texts, list)
    ]
    return "; ".join(problems) or str(said.get("message") or f"HTTP {answer.status_code}")
