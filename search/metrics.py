"""What the service tells Prometheus, and one log line per request (never what was asked)."""

from __future__ import annotations

import re
import secrets
import time

import structlog
from apiflask import APIBlueprint, APIFlask
from flask import Flask, Response, current_app, g, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)

from search.generations import Index
from search.limits import Limits

log = structlog.get_logger("search.requests")
blueprint = APIBlueprint("metrics", __name__, tag="Health")

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_TEXT = {
    200: {
        "description": "Prometheus' text format",
        "content": {"text/plain": {"schema": {"type": "string"}}},
    }
}
#: Seconds from which on an answer is worth a line.
_SLOW = 0.5
_REQUEST_ID = re.compile(r"^[\w.-]{1,64}$")


class Metrics:
    """The service's own registry: one per application, so that tests do not share numbers."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "myk_search_requests", "Requests by kind and status.", ["kind", "status"],
            registry=self.registry,
        )  # fmt: skip
        self.latency = Histogram(
            "myk_search_latency_seconds", "Time to answer, by kind.", ["kind"],
            buckets=_BUCKETS, registry=self.registry,
        )  # fmt: skip
        self.records = Gauge(
            "myk_search_records", "Records in the served index.", registry=self.registry
        )
        self.vectors = Gauge(
            "myk_search_vectors", "Vectors in the served index.", registry=self.registry
        )
        self.waiting = Gauge(
            "myk_search_waiting", "Requests that wait to be worked on.", registry=self.registry
        )
        self.drift = Gauge(
            "myk_search_drift", "Records that differed at the last comparison with the database.",
            registry=self.registry,
        )  # fmt: skip
        self.model = Gauge(
            "myk_search_model", "The embedding model (1), by name.", ["name"],
            registry=self.registry,
        )  # fmt: skip


def install(app: APIFlask) -> None:
    """Count, time and log every request of an application."""
    app.extensions["metrics"] = Metrics()
    app.register_blueprint(blueprint)
    app.before_request(_begin)
    app.after_request(_end)


def metrics_of(app: Flask | None = None) -> Metrics:
    """Return the metrics of an application (of the current one)."""
    found: Metrics = (app or current_app).extensions["metrics"]
    return found


def _begin() -> None:
    g.began = time.perf_counter()
    sent = request.headers.get("X-Request-Id", "")
    # Whoever asks us may follow a request through the logs; what is no plain id is not taken.
    g.request_id = sent if _REQUEST_ID.match(sent) else secrets.token_hex(8)


def _end(response: Response) -> Response:
    seconds = time.perf_counter() - g.get("began", time.perf_counter())
    kind = str(request.url_rule.rule) if request.url_rule else "unknown"
    metrics = metrics_of()
    metrics.requests.labels(kind, str(response.status_code)).inc()
    metrics.latency.labels(kind).observe(seconds)
    response.headers["X-Request-Id"] = g.get("request_id", "")
    refused = response.status_code >= 400
    if refused or seconds >= _SLOW:
        # Never what was asked: the path is the rule's, and parameters are left out.
        log.info(
            "refused" if refused else "slow",
            request_id=g.get("request_id"),
            kind=kind,
            status=response.status_code,
            ms=round(seconds * 1000, 1),
        )
    return response


@blueprint.get("/metrics")
@blueprint.doc(summary="Numbers for Prometheus", responses=_TEXT)
def metrics() -> Response:
    """Return counts, latencies, sizes and the model in Prometheus' text format."""
    found = metrics_of()
    index: Index = current_app.extensions["index"]
    limits: Limits = current_app.extensions["limits"]
    found.records.set(len(index.live.catalogue))
    found.vectors.set(len(index.live.vectors))
    found.waiting.set(limits.waiting())
    found.model.clear()
    found.model.labels(index.live.model.traits.name if index.live.model else "none").set(1)
    return Response(generate_latest(found.registry), content_type=CONTENT_TYPE_LATEST)
