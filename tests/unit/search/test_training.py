"""The training pipeline in small: cleaning, readers, tokenizer, student and export."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

from search.training import handbooks, pairs, readers
from search.training.nonsense import nonsense_text
from search.training.pairs import Pair
from search.training.text import normalise, plain

WORDS = {
    "Schule": "school",
    "Schulen": "schools",
    "Straße": "road",
    "Messstation": "measuring station",
    "Station": "station",
    "Rathaus": "town hall",
    "Haus": "house",
    "Feuerwehr": "fire brigade",
}


def cleaned(*sides: tuple[str, str], excluded: frozenset[str] = frozenset()) -> list[Pair]:
    return list(pairs.clean((Pair(g, e, "test") for g, e in sides), excluded))


def test_normalise_folds_case_sharp_s_compatibility_and_signs() -> None:
    assert normalise("Straßen-Café  Nr._7 ﬁx ½") == "strassen café nr 7 fix 1 2"


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("<b>Datei</b> &amp; Ordner", "Datei & Ordner"),
        ("_Öffnen von %s\\n", "Öffnen von"),
        ("{0} Treffer in %(place)s", "Treffer in"),
        ("50 % der Fläche", "50 % der Fläche"),
    ],
)
def test_plain_takes_markup_and_placeholders_away(raw: str, text: str) -> None:
    assert plain(raw) == text


def test_clean_drops_what_is_no_translation() -> None:
    long = "ein sehr langer Satz über die Feuerwehr und das Rathaus in der Stadt"
    kept = cleaned(
        ("Schule", "school"),
        (long, "fire"),  # lengths differ too much
        ("12", "12"),  # no letters
        ("Press the button to start", "Press the button to start"),  # left untranslated
        ("Mayen", "Mayen"),  # a name
    )
    assert [pair.german for pair in kept] == ["Schule", "Mayen"]


def test_clean_keeps_each_pair_once_and_cuts_long_texts() -> None:
    kept = cleaned(("Schule", "school"), ("SCHULE!", "School"), ("wort " * 200, "word " * 200))
    assert len(kept) == 2
    assert len(kept[1].german) <= pairs.MAX_CHARACTERS


def test_evaluation_texts_stay_out_of_training(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    query = {"_id": "q", "text": "Wo kann ich parken?"}
    (tmp_path / "set/queries.jsonl").write_text(json.dumps(query) + "\n", encoding="utf-8")
    excluded = pairs.evaluation_texts(tmp_path)
    kept = cleaned(("wo kann ich parken", "where to park"), ("parken", "park"), excluded=excluded)
    assert [pair.german for pair in kept] == ["parken"]


def test_pairs_survive_their_file(tmp_path: Path) -> None:
    path = tmp_path / "pairs.tsv"
    assert pairs.write_pairs(path, [Pair("ein\tHaus", "a\nhouse", "test")]) == 1
    assert pairs.read_pairs(path) == [Pair("ein Haus", "a house", "test")]
    path.write_text("only\ttwo\n", encoding="utf-8")
    with pytest.raises(ValueError, match="three columns"):
        pairs.read_pairs(path)


def test_held_out_depends_on_the_meaning_alone() -> None:
    share = sum(pairs.is_held_out(f"text {number}") for number in range(20_000)) / 20_000
    assert 0.005 < share < 0.015
    assert all(pairs.is_held_out(f"Text, {n}") == pairs.is_held_out(f"text {n}") for n in range(99))


def test_dictionary_splits_alternatives(tmp_path: Path) -> None:
    path = tmp_path / "de-en"
    line = "Haus {n}; Gebäude {n} [arch.] | Häuser {pl} :: house; building; home; place | houses\n"
    path.write_text("# comment\n" + line, encoding="utf-8")
    assert [(pair.german, pair.english) for pair in readers.read_dictionary(path)] == [
        ("Haus", "house ; building ; home"),
        ("Gebäude", "house ; building ; home"),
        ("Häuser", "houses"),
    ]


def test_catalogue_of_gettext(tmp_path: Path) -> None:
    texts = [(b"menu\x04File", b"Datei"), (b"%d day\0%d days", b"%d Tag\0%d Tage")]
    start, blob, tables = 28 + 16 * len(texts), b"", [b"", b""]
    for side in (0, 1):
        for entry in texts:
            tables[side] += struct.pack("<2I", len(entry[side]), start + len(blob))
            blob += entry[side] + b"\0"
    head = struct.pack("<7I", 0x950412DE, 0, len(texts), 28, 28 + 8 * len(texts), 0, 0)
    path = tmp_path / "x.mo"
    path.write_bytes(head + tables[0] + tables[1] + blob)
    assert list(readers.read_mo(path)) == [
        ("File", "Datei"),
        ("%d day", "%d Tag"),
        ("%d days", "%d Tage"),
    ]
    path.write_bytes(b"no catalogue at all, though long enough")
    with pytest.raises(ValueError, match="no gettext catalogue"):
        list(readers.read_mo(path))


def test_blocks_of_a_handbook() -> None:
    page = "<head><title>x</title></head><h1>Über  <em>uns</em></h1><pre>code</pre><p>Text</p>"
    assert handbooks.blocks(page) == ["Über uns", "Text"]


def test_tokenizer_shares_parts_of_compounds_and_normalises() -> None:
    tokenizers = pytest.importorskip("tokenizers", reason="the tokenizer library is not installed")
    from search.training import tokenizer

    counts = tokenizer.count_words([*WORDS, *WORDS] * 15 + ["Messung", "Messwert"] * 10)
    trained = tokenizer.train_tokenizer(counts, size=120, rounds=2, always=["vordereifel"])
    assert isinstance(trained, tokenizers.Tokenizer)
    assert trained.encode("STRAẞE, Vordereifel").tokens == ["strasse", "vordereifel"]
    assert trained.encode("Rathausstation").tokens == ["rathaus", "station"]
    assert trained.normalizer.normalize_str("Straßen-Café  ﬁx½") == normalise("Straßen-Café  ﬁx½")
    with pytest.raises(ValueError, match="no words"):
        tokenizer.train_tokenizer({})


def test_student_learns_and_both_readers_agree(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="torch is not installed: only training needs it")
    np = pytest.importorskip("numpy")
    from search.training import export, student, tokenizer

    german = list(WORDS)
    trained = tokenizer.train_tokenizer(tokenizer.count_words(german * 20), size=120, rounds=2)
    targets = np.random.default_rng(1).normal(size=(len(german), 15)).astype(np.float32)
    targets /= np.linalg.norm(targets, axis=1, keepdims=True)
    numbers = list(range(len(german)))
    texts = student.tokenise(trained, german, numbers, [1.0] * len(german))
    recipe = student.Recipe(steps=150, batch=64, nonsense=8)
    table = student.train_student(texts, targets, trained, recipe)
    assert table.shape == (trained.get_vocab_size(), 15 + student.NONSENSE_DIMENSIONS)
    assert not table[0].any()

    trained.save(str(tmp_path / "tokenizer.json"))
    folder = tmp_path / "model"
    export.export_model(folder, table, tmp_path / "tokenizer.json")
    model2vec = pytest.importorskip("model2vec", reason="model2vec is not installed")
    vectors = model2vec.StaticModel.from_pretrained(folder).encode(german).astype(np.float32)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)
    assert (np.einsum("nd,nd->n", vectors[:, :15], targets) > 0.9).all()

    readers_of_both = pytest.importorskip(
        "sentence_transformers", reason="sentence-transformers is not installed"
    )
    other = readers_of_both.SentenceTransformer(str(folder), device="cpu").encode(german)
    assert (np.einsum("nd,nd->n", vectors, other.astype(np.float32)) > 0.999).all()


def test_refining_takes_weight_from_what_says_little() -> None:
    pytest.importorskip("tokenizers", reason="the tokenizer library is not installed")
    np = pytest.importorskip("numpy")
    from search.training import refine, tokenizer
    from search.training.nonsense import NONSENSE_DIMENSIONS

    words = tokenizer.count_words([*WORDS] * 20 + ["Amt"] * 20)
    trained = tokenizer.train_tokenizer(words, size=120, rounds=2)
    chance = np.random.default_rng(1)
    table = chance.normal(size=(trained.get_vocab_size(), 4 + NONSENSE_DIMENSIONS))
    table = table.astype(np.float32)
    table[:, 0] += 3  # one direction that all texts share
    table[0] = 0
    texts = [f"Schule {word}" for word in WORDS] * 4
    piece = {word: trained.token_to_id(word) for word in ("schule", "rathaus", "amt")}

    nothing = refine.Refinement(spread=0, frequency=1e9, longest=1, rubble=1)
    same = refine.refine(table, trained, texts, nothing)
    assert np.allclose(same * np.linalg.norm(table, axis=1).mean(), table, atol=1e-4)

    def shares(**changes: float) -> dict[str, float]:
        off = {"spread": 0.0, "frequency": 1e9, "longest": 1.0, "rubble": 1.0}
        refined = refine.refine(table, trained, texts, refine.Refinement(**(off | changes)))
        assert np.linalg.norm(refined, axis=1).mean() == pytest.approx(1, abs=1e-4)
        assert not refined[0].any()
        return {
            word: float(np.linalg.norm(refined[n]) / np.linalg.norm(same[n]))
            for word, n in piece.items()
        }

    by_frequency = shares(frequency=0.05)
    assert by_frequency["schule"] < by_frequency["rathaus"]
    by_rubble = shares(rubble=0.5)
    assert by_rubble["amt"] == pytest.approx(by_rubble["rathaus"] / 2, rel=1e-4)

    def evenness(spread: float) -> float:
        recipe = refine.Refinement(spread, 1e9, 1, 1)
        rows = refine.refine(table, trained, texts, recipe)[list(piece.values()), :4]
        values = np.linalg.svd(rows, compute_uv=False)
        return float(values[1] / values[0])

    assert evenness(0.8) > evenness(0.0)


def test_nonsense_is_the_same_for_the_same_seed() -> None:
    import random

    assert nonsense_text(random.Random(3)) == nonsense_text(random.Random(3))
