"""Many new records in one go: one transaction, one write to the index."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ckan import model
from ckan.lib.search import index as search_index
from ckan.lib.search.common import SearchIndexError

from myk.reindexing import documents


def create_together(client: Any, packages: Sequence[dict[str, Any]]) -> None:
    """Create ``packages`` (each as for ``package_create``): all of them, or none.

    As with a single record they are indexed inside their transaction: what is saved is found by
    the next request, and if the index does not take them nothing is saved. ``client`` is a
    ``ckanapi.LocalCKAN``.

    Raises CKAN's own error for the first record that is refused.
    """
    context = {**client.context, "defer_commit": True, "return_id_only": True}
    try:
        ids = [
            client.call_action("package_create", package, context=context) for package in packages
        ]
        made, left = documents.prepare(ids)
        if left or len(made) != len(ids):
            raise SearchIndexError("; ".join(left.values()) or "not all of them can be indexed")
        try:
            search_index.make_connection().add(docs=made, commit=True)
        except OSError as error:
            raise SearchIndexError(str(error)) from error
        model.repo.commit()
    except BaseException:
        model.Session.rollback()
        raise
