"""``python -m search``: run the search service until it is told to stop."""

from __future__ import annotations

import logging
import signal
import sys
from types import FrameType

import waitress
from pydantic import ValidationError

from search import logs
from search.app import create_app
from search.encoder import ModelError
from search.generations import Index
from search.settings import SearchSettings
from search.text.synonyms import SynonymError


def main() -> int:
    """Serve; return 1 when the service cannot start, 2 when its settings are wrong."""
    try:
        settings = SearchSettings()
    except ValidationError as error:
        for problem in error.errors():
            print(f"MYK_{str(problem['loc'][0]).upper()}: {problem['msg']}", file=sys.stderr)
        return 2
    logs.set_up(settings.search_log)
    if not settings.search_token:
        print(
            "MYK_SEARCH_TOKEN is missing: the secret that CKAN and the portal use", file=sys.stderr
        )
        return 2
    try:
        index = Index.open(settings)
    except (ModelError, SynonymError, RuntimeError, OSError) as error:
        print(f"the search service cannot start: {error}", file=sys.stderr)
        return 1
    app = create_app(index, settings)
    server = waitress.create_server(
        app,
        host=settings.search_host,
        port=settings.search_port,
        threads=settings.search_threads,
        ident="myk-search",
        # Notices when a caller has gone (see search.solr.wire.update).
        channel_request_lookahead=1,
        clear_untrusted_proxy_headers=True,
    )

    queue = server.task_dispatcher.queue
    app.extensions["limits"].waiting = lambda: len(queue)

    def stop(signum: int, frame: FrameType | None) -> None:
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, stop)
    logging.getLogger("search").info(
        "ready: %d records on %s:%d",
        len(index.live.catalogue),
        settings.search_host,
        settings.search_port,
    )
    try:
        server.run()
    except (SystemExit, KeyboardInterrupt):
        pass
    finally:
        server.close()
        index.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
