"""The embedding model: texts in, vectors of length 1 out.

The bundled model is static (a table of word pieces) and is read with ``model2vec``: no torch.
Any other sentence-transformers model is read by ``sentence-transformers`` (the extra ``models``).
"""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from search.text import german, headings
from search.vectors.base import Vector

BUNDLED = Path(__file__).parent / "models" / "myk-static-de-en"

#: A record is embedded by its beginning: more dilutes it (measured on short topic labels).
MAX_CHARACTERS = 300

#: The same for a record's whole text, and what it and the title alone count beside that beginning.
_MAX_WHOLE = 4_000
_WHOLE, _TITLE = 0.95, 0.95

#: Changes with what is done to texts before they are embedded: an index holds none of two kinds.
_PREPARED = "plain"

#: For a model without a calibrated threshold: rather no neighbour than a wrong one.
_CAUTIOUS_THRESHOLD = 0.6


#: A question must say at least this share of its letters in words that the model knows.
_LEAST_KNOWN = 0.5
_LETTERS = re.compile(r"[^\W\d_]+")
#: Letters and digits in turn ("k3j4h5g6") are no words.
_SCATTERED = re.compile(r"(?:[^\W\d_]+\d+){2,}[^\W_]*|(?:\d+[^\W\d_]+){2,}\d*")

#: An element of HTML: publishers leave them in descriptions.
_TAG = re.compile(r"</?[a-zA-Z!][^<>]{0,300}>")
#: A word that may have umlauts written out, of no more letters than German words have; and how many
#: are remembered. From a word's first letter: from each it would take a page of letters squared.
_WRITTEN_OUT = re.compile(r"(?<![^\W_])[^\W\d_]{0,60}[aou]e[^\W\d_]{0,60}", re.IGNORECASE)
_REMEMBERED = 50_000


class ModelError(RuntimeError):
    """The model cannot be loaded; the message says what to do."""


@dataclass(frozen=True)
class Traits:
    """What is known of a model beside its weights (``myk.json`` in its folder)."""

    name: str
    dimension: int
    query_prefix: str = ""
    passage_prefix: str = ""
    threshold: float = _CAUTIOUS_THRESHOLD
    revision: str = ""

    @property
    def identity(self) -> str:
        """What an index must have been built with to be searched with this model."""
        return f"{self.name}/{self.dimension}/{self.passage_prefix}/{self.revision}/{_PREPARED}"


class Encoder:
    """Embeds queries and records with one model."""

    def __init__(
        self, backend: Any, traits: Traits, pieces: Callable[[str], list[str]] | None = None
    ) -> None:
        """Wrap a model; ``pieces`` splits one word as the model does (static models only)."""
        self._backend = backend
        self._pieces = pieces
        self._spelt = None if pieces is None else spelling(pieces)
        self.traits = traits

    def query(self, text: str) -> Vector:
        """Return the vector of a question, shape ``(dimension,)``; zeros if it says nothing."""
        if self._spelt is not None:
            text = self._spelt(text)
        if self._pieces is not None and not says_something(text, self._pieces):
            return np.zeros(self.traits.dimension, dtype=np.float32)
        return self._encode([self.traits.query_prefix + text])[0]

    def passages(self, texts: Sequence[str]) -> Vector:
        """Return the vectors of texts, shape ``(len(texts), dimension)``."""
        if self._spelt is not None:
            texts = [self._spelt(text) for text in texts]
        prefix = self.traits.passage_prefix
        return self._encode([prefix + text for text in texts])

    def knows(self, word: str) -> bool:
        """Tell whether the model learnt a word as a whole: then it is no slip of the pen."""
        pieces = self._pieces(word.lower()) if self._pieces is not None else []
        return len(pieces) == 1 and not pieces[0].startswith("[")

    def _encode(self, texts: list[str]) -> Vector:
        vectors = np.asarray(self._backend.encode(texts), dtype=np.float32)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)


def says_something(text: str, pieces: Callable[[str], list[str]]) -> bool:
    """Tell whether a text is language, as far as a static model can know."""
    return known_share(text, pieces) >= _LEAST_KNOWN


def pieces_of(backend: Any) -> Callable[[str], list[str]]:
    """Return the function that splits one word as a static model does."""
    return lambda word: list(backend.tokenizer.encode(word, add_special_tokens=False).tokens)


def spelling(pieces: Callable[[str], list[str]]) -> Callable[[str], str]:
    """Return what writes umlauts where a text has them written out, for a static model.

    It learnt "Märkte" and takes "Maerkte" for rubble. A word is changed only where the model then
    splits it into fewer pieces: not "Bauer", "Poesie", "aktuell".
    """

    @lru_cache(maxsize=_REMEMBERED)
    def of_one(word: str) -> str:
        plain = word.lower()
        written = german.with_umlauts(plain)
        return written if written != plain and len(pieces(written)) < len(pieces(plain)) else word

    return lambda text: _WRITTEN_OUT.sub(lambda match: of_one(match.group()), text)


def known_share(text: str, pieces: Callable[[str], list[str]]) -> float:
    """Return the share of a text's letters that stand in words the model knows (0 to 1).

    A static model splits what it never saw ("qkwjfhz") into letters and pairs, whose mean points
    anywhere. Known is a word that is one piece, and a piece of four letters and more. Numbers say
    nothing either way.
    """
    known = total = 0
    for mixed in text.lower().split():
        words = _LETTERS.findall(mixed)
        total += sum(map(len, words))
        if len(words) > 1 and _SCATTERED.fullmatch(mixed):
            continue
        for word in words:
            found = pieces(word)
            known += len(word) if len(found) == 1 else sum(len(p) for p in found if len(p) > 3)
    return known / total if total else 1.0


def record_texts(title: str, notes: str) -> list[tuple[str, float]]:
    """Return the texts that stand for a record, each with how far it does (0 to 1).

    First its title twice and the beginning of its text. What the beginning leaves out, and the
    title that a long beginning drowns, count a little less (measured on four collections). Of
    "Stadt Köln: Museen" that title is what stands behind the colon.
    """
    title = _plain(title).strip().rstrip(".")
    notes = _plain(notes).strip()
    whole = f"{title}. {title}. {notes}" if title else notes
    texts = [(whole[:MAX_CHARACTERS], 1.0)]
    if len(whole) > MAX_CHARACTERS:
        texts.append((whole[:_MAX_WHOLE], _WHOLE))
    if title and notes:
        texts.append((headings.split(title)[1], _TITLE))
    return texts


def _plain(text: str) -> str:
    """Return a text without the elements and entities of HTML."""
    if "&" in text:
        text = html.unescape(text)
    return _TAG.sub(" ", text) if "<" in text else text


def load(model: str | None = None) -> Encoder:
    """Load a model by folder or name; ``None`` is the bundled one.

    :raises ModelError: when it is missing or cannot be read.
    """
    folder = BUNDLED if model is None else Path(model)
    if folder.is_dir():
        stated = _stated(folder)
        if (folder / "modules.json").exists() and not _is_static(folder):
            return _with_torch(str(folder), stated)
        return _static(folder, stated)
    if model is None:
        raise ModelError(f"the bundled model is missing: {folder}")
    return _with_torch(model, {})


def _stated(folder: Path) -> dict[str, Any]:
    path = folder / "myk.json"
    try:
        return dict(json.loads(path.read_text())) if path.exists() else {}
    except ValueError as error:
        raise ModelError(f"{path} is not valid JSON: {error}") from error


def _is_static(folder: Path) -> bool:
    modules = json.loads((folder / "modules.json").read_text())
    return bool(modules) and str(modules[0].get("type", "")).endswith("StaticEmbedding")


def _static(folder: Path, stated: dict[str, Any]) -> Encoder:
    from model2vec import StaticModel

    try:
        backend = StaticModel.from_pretrained(folder)
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"the model in {folder} cannot be read: {error}") from error
    # Trained anew under the same name it is another model.
    revision = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()[:12]
    traits = replace(_traits(stated, folder.name, backend.dim), revision=revision)
    return Encoder(backend, traits, pieces_of(backend))


def _with_torch(model: str, stated: dict[str, Any]) -> Encoder:
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError:
        raise ModelError(
            f"the model '{model}' needs sentence-transformers: pip install -e '.[models]' "
            "(or leave MYK_MODEL empty for the bundled model)"
        ) from None
    try:
        backend = SentenceTransformer(model)
    except (OSError, ValueError) as error:
        raise ModelError(f"the model '{model}' cannot be loaded: {error}") from error
    traits = _traits(stated, model, int(backend.get_sentence_embedding_dimension()))
    if "e5" in model.lower() and not stated:
        # The E5 family was trained with these words before every text.
        traits = Traits(traits.name, traits.dimension, "query: ", "passage: ", threshold=0.82)
    return Encoder(backend, traits)


def _traits(stated: dict[str, Any], name: str, dimension: int) -> Traits:
    return Traits(
        name=str(stated.get("name", name)),
        dimension=dimension,
        query_prefix=str(stated.get("query_prefix", "")),
        passage_prefix=str(stated.get("passage_prefix", "")),
        threshold=float(stated.get("threshold", _CAUTIOUS_THRESHOLD)),
    )
