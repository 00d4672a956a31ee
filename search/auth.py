"""Who may do what: one secret, shared with CKAN and the portal."""

from __future__ import annotations

import hmac

from flask import current_app, request


def _right(given: str) -> bool:
    token: str = current_app.config["SEARCH_TOKEN"]
    return bool(token) and hmac.compare_digest(given.encode(), token.encode())


def basic_password_is_right() -> bool:
    """Tell whether the request carries the secret as its basic password (Solr's wire)."""
    authorization = request.authorization
    if authorization is None or authorization.type != "basic":
        return False
    return _right(authorization.password or "")


def bearer_token_is_right() -> bool:
    """Tell whether the request carries the secret as its bearer token (JSON API)."""
    authorization = request.authorization
    if authorization is None or authorization.type != "bearer":
        return False
    return _right(authorization.token or "")
