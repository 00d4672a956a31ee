"""Is the service alive, and can it answer?"""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import current_app

from search.api import schemas
from search.service import SearchService

blueprint = APIBlueprint("health", __name__, tag="Health")


@blueprint.get("/healthz")
@blueprint.output(schemas.Health)
def healthz() -> dict[str, str]:
    """Say that the process is alive."""
    return {"status": "ok"}


@blueprint.get("/readyz")
@blueprint.output(schemas.Readiness)
def readyz() -> dict[str, Any]:
    """Say that both engines are open, and how much they hold."""
    service: SearchService = current_app.extensions["search"]
    return {
        "status": "ready",
        "records": len(service.catalogue),
        "vectors": len(service.vectors),
        "mode": service.mode,
        "model": service.model.traits.name if service.model else None,
    }
