"""Is the service alive, and can it answer?"""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import current_app

from search.api import schemas
from search.generations import Index

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
    index: Index = current_app.extensions["index"]
    service = index.live
    return {
        "status": "ready",
        "records": len(service.catalogue),
        "vectors": len(service.vectors),
        "mode": service.mode,
        "model": service.model.traits.name if service.model else None,
        "applied": service.catalogue.applied,
        "needs_rebuild": index.needs_rebuild,
        "rebuilding": index.next is not None,
    }
