"""``python -m search``: run the search service until it is told to stop."""

from __future__ import annotations

import logging
import signal
import sys
from types import FrameType

import waitress
from pydantic import ValidationError

from search.app import create_app
from search.encoder import ModelError
from search.generations import Index
from search.settings import SearchSettings


def main() -> int:
    """Serve; return 1 when the service cannot start, 2 when its settings are wrong."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    try:
        settings = SearchSettings()
    except ValidationError as error:
        for problem in error.errors():
            print(f"MYK_{str(problem['loc'][0]).upper()}: {problem['msg']}", file=sys.stderr)
        return 2
    if not settings.search_token:
        print(
            "MYK_SEARCH_TOKEN is missing: the secret that CKAN and the portal use", file=sys.stderr
        )
        return 2
    try:
        index = Index.open(settings)
    except (ModelError, RuntimeError, OSError) as error:
        print(f"the search service cannot start: {error}", file=sys.stderr)
        return 1
    server = waitress.create_server(
        create_app(index, settings),
        host=settings.search_host,
        port=settings.search_port,
        threads=settings.search_threads,
        ident="myk-search",
        clear_untrusted_proxy_headers=True,
    )

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
