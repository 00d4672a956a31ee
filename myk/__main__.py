"""``python -m myk`` is ``myk``."""

from myk.cli import main

main()
