"""``python -m myk.stack.container setup|web|worker|harvests``: one process of the scaled set-up.

In containers each process is started, watched and stopped by the container engine, and the
foundations (PostgreSQL, Redis, Qdrant, search service) are elsewhere, by address.
"""

from __future__ import annotations

import os
import sys

from myk.ckan import provide_libmagic
from myk.settings import SettingsError, load
from myk.stack import setup
from myk.stack.services import Stack

ROLES = ("setup", "web", "worker", "harvests")


def main(arguments: list[str]) -> int:
    """Become the process of a role; return 1 when it cannot start, 2 for wrong use."""
    if len(arguments) != 1 or arguments[0] not in ROLES:
        print(f"name one of: {', '.join(ROLES)}", file=sys.stderr)  # noqa: T201
        return 2
    role = arguments[0]
    provide_libmagic()
    try:
        settings = load()
        stack = Stack.of(settings)
        stack.write_ckan_ini()
    except (SettingsError, OSError, ValueError) as error:
        print(f"{role} cannot start: {error}", file=sys.stderr)  # noqa: T201
        return 1
    if role == "setup":
        return setup.main()
    spec = next(spec for spec in stack.portal() if spec.name == role)
    os.execve(spec.command[0], list(spec.command), {**os.environ, **spec.env})  # noqa: S606


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
