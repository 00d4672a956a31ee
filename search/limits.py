"""When more is asked than can be answered: say so at once, instead of letting all wait."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, Response, jsonify, request

#: Answered even then: whoever watches the service must see it.
_ALWAYS = ("/healthz", "/metrics", "/readyz")


class Limits:
    """Knows how many requests wait, and how many may."""

    def __init__(self, most: int) -> None:
        self.most = most
        #: Set by the server: how many requests wait to be worked on.
        self.waiting: Callable[[], int] = lambda: 0

    def refuse_when_busy(self) -> Response | None:
        """Return 503 with ``Retry-After`` when too many wait; ``None`` lets the request go on."""
        if request.path in _ALWAYS or self.waiting() <= self.most:
            return None
        response = jsonify(message="too many requests wait; try again in a second")
        response.status_code = 503
        response.headers["Retry-After"] = "1"
        return response


def install(app: Flask, most: int) -> Limits:
    """Let an application refuse what it cannot answer soon."""
    limits = Limits(most)
    app.extensions["limits"] = limits
    app.before_request(limits.refuse_when_busy)
    return limits
