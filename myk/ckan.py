"""CKAN in this process: its environment, and a client for the rooms that write to it."""

from __future__ import annotations

import ctypes.util
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from myk.settings import Settings
from myk.stack.layout import Layout


class CkanUnavailable(RuntimeError):
    """CKAN cannot be loaded; the message says what to do."""


def provide_libmagic() -> None:
    """Let CKAN's file recognition find libmagic where the system has none (also in children)."""
    if ctypes.util.find_library("magic") is None:
        import pylibmagic  # noqa: F401 (importing it is what it does)


@contextmanager
def ckan_environment(settings: Settings) -> Iterator[Any]:
    """Load CKAN as the home's ``ckan.ini`` says, and yield its Flask app, inside a context.

    :raises CkanUnavailable: when the home has no configuration or its database is away.
    """
    ini = Layout(settings.folder).ckan_ini
    if not ini.exists():
        raise CkanUnavailable("the portal has not been started here yet; start it with: make up")
    provide_libmagic()
    # What goes wrong reaches the user as one sentence of ours, not as CKAN's log.
    logging.disable(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import sqlalchemy.exc
        from ckan.cli import CKANConfigLoader
        from ckan.config.middleware import make_app

        try:
            config = CKANConfigLoader(str(ini)).get_config()
            # The portal was started with this folder, too; unless somebody works beside it.
            config["ckanext.myk.config_folder"] = str(settings.config_folder)
            app = make_app(config)
        except sqlalchemy.exc.OperationalError:
            raise CkanUnavailable(
                "the database does not answer; is the portal running? Start it with: make up"
            ) from None
    flask_app = getattr(app, "_wsgi_app", app)
    with flask_app.test_request_context():
        yield flask_app


@contextmanager
def local_ckan(settings: Settings) -> Iterator[Any]:
    """Yield a ``ckanapi.LocalCKAN`` for the site user, inside CKAN's context.

    :raises CkanUnavailable: when CKAN cannot be loaded.
    """
    with ckan_environment(settings):
        from ckan import model
        from ckanapi import LocalCKAN

        from myk.together import create_together

        client = LocalCKAN()
        # CKAN does not roll back when indexing fails: whoever goes on after a refused record must,
        # or the next commit would save it.
        client.rollback = model.Session.rollback
        client.create_together = partial(create_together, client)
        yield client
