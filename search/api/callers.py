"""Who asks: the labels that a request of the JSON API carries."""

from __future__ import annotations

from apiflask import HTTPError
from flask import request

from search import query
from search.auth import bearer_token_is_right

#: Who may see what is said by CKAN; the portal passes its user's labels on, with the token.
LABELS_HEADER = "X-Myk-Labels"


def labels() -> tuple[str, ...]:
    """Return the caller's permission labels: without a header those of the public.

    Aborts with 401 when labels are sent without the service token.
    """
    sent = request.headers.get(LABELS_HEADER)
    if sent is None:
        return (query.PUBLIC_LABEL,)
    if not bearer_token_is_right():
        raise HTTPError(401, "labels are only taken with the service token")
    return tuple(label.strip() for label in sent.split(",") if label.strip())
