"""Write the model folder that both ``model2vec`` and ``sentence-transformers`` read.

Both find ``model.safetensors`` and ``tokenizer.json`` in the folder itself. A ``config.json`` must
not be there: it would make ``model2vec`` look for its own layout. ``model2vec`` takes from
``config_sentence_transformers.json`` that vectors are normalised and texts not cut; for
``sentence-transformers`` the module ``Normalize`` says so.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

NAME = "myk-static-de-en"
MAX_BYTES = 24_000_000
"""The model is part of the repository; this is what a clone is allowed to cost."""

_MODULES = [
    {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.StaticEmbedding"},
    {
        "idx": 1,
        "name": "1",
        "path": "1_Normalize",
        "type": "sentence_transformers.models.Normalize",
    },
]
_CONFIG = {
    "model_type": "SentenceTransformer",
    "prompts": {"query": "", "document": ""},
    "default_prompt_name": None,
    "similarity_fn_name": "cosine",
    "normalize": True,
    "max_length": None,
}


def write_json(path: Path, content: Any) -> None:
    """Write *content* as indented JSON with a final line break."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def export_model(folder: Path, table: NDArray[np.float32], tokenizer: Path) -> int:
    """Write the model of *table* (shape (vocabulary, dimension)) and return its size in bytes.

    *tokenizer* is the path of the ``tokenizer.json`` it belongs to. Raises ``ValueError`` where
    the two differ in size, or the folder would be larger than :data:`MAX_BYTES`.
    """
    raw = json.loads(tokenizer.read_text("utf-8"))
    if len(raw["model"]["vocab"]) != len(table):
        raise ValueError(f"{len(table)} rows for {len(raw['model']['vocab'])} pieces")
    folder.mkdir(parents=True, exist_ok=True)
    save_file({"embedding.weight": table.astype(np.float16)}, folder / "model.safetensors")
    # The folder's rights must not depend on the library that wrote the file.
    (folder / "model.safetensors").chmod(0o644)
    packed = json.dumps(raw, ensure_ascii=False, separators=(",", ":"))
    (folder / "tokenizer.json").write_text(packed, encoding="utf-8")
    write_json(folder / "modules.json", _MODULES)
    write_json(folder / "config_sentence_transformers.json", _CONFIG)
    write_json(folder / "1_Normalize/config.json", {})
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    if size > MAX_BYTES:
        raise ValueError(f"{folder} has {size} bytes, more than {MAX_BYTES}")
    return size


def write_card_data(folder: Path, dimension: int, threshold: float, calibration: Any) -> None:
    """Write ``myk.json``, which tells the search service what it must know of the model.

    *threshold* is the cosine above which a dense neighbour counts as relevant.
    """
    write_json(
        folder / "myk.json",
        {
            "name": NAME,
            "dimension": dimension,
            "query_prefix": "",
            "passage_prefix": "",
            "threshold": threshold,
            "calibration": calibration,
        },
    )
