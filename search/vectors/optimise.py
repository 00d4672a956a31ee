"""``python -m search.vectors.optimise FOLDER``: build the neighbour graph of a closed shard.

Qdrant Edge answers nothing while it optimises (it keeps the interpreter's lock), so a process of
its own does it, on a shard that nobody has open.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import qdrant_edge as qdrant

#: Below this many vectors a scan of all is as quick as the graph.
WORTH_IT = 5_000


def in_a_process_of_its_own(folder: Path) -> bool:
    """Optimise the shard in ``folder``; tell whether that went well."""
    done = subprocess.run(
        [sys.executable, "-m", "search.vectors.optimise", str(folder)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        check=False,
    )
    return done.returncode == 0


def main(arguments: list[str]) -> int:
    """Optimise the shard in the folder that is named."""
    shard = qdrant.EdgeShard.load(arguments[0])
    shard.optimize()
    shard.flush()
    shard.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
