"""The shipped word vectors: what they make of any text, that likeness is seen in them, and how they are fitted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.language.encoders import Encoder
from llm_provider import word_vectors
from llm_provider.word_vectors import WordVectors, as_said
from llm_provider.word_vectors_fit import fit, store
from llm_provider.word_vectors_texts import texts_to_fit

VECTORS = WordVectors()


def test_they_are_an_encoder() -> None:
    assert isinstance(VECTORS, Encoder)
    assert VECTORS.encode([]).shape == (0, 128)


@settings(max_examples=100)
@given(st.lists(st.text(max_size=80), max_size=5))
def test_any_text_gets_a_row_of_length_one_or_zero(texts: list[str]) -> None:
    rows = VECTORS.encode(texts)
    assert rows.shape == (len(texts), 128)
    lengths = np.linalg.norm(rows, axis=1)
    assert all(length == pytest.approx(1.0, abs=1e-4) or length == 0.0 for length in lengths)


def test_a_text_gets_the_same_row_alone_and_among_many() -> None:
    texts = ["", "water the plants", "§§", *(f"room number {number}" for number in range(1200)), "zzqx"]
    rows = VECTORS.encode(texts)
    assert np.allclose(rows[1], VECTORS.encode(["water the plants"])[0], atol=1e-6)
    assert np.allclose(rows[700], VECTORS.encode([texts[700]])[0], atol=1e-6)
    assert not rows[0].any()
    assert not rows[-1].any()


def test_words_are_read_from_joined_names() -> None:
    assert as_said("getHTTPStatus of 42 Invoices") == ["get", "http", "status", "of", "0", "invoices"]
    assert len(as_said("word " * 5000)) == 300


@pytest.mark.parametrize(
    ("said", "near", "far"),
    [
        ("did the ground just shake", "recent earthquakes worldwide", "prices of petrol"),
        ("how do I play this song on six strings", "guitar chords", "rules for visas"),
        ("my boiler died", "plumbing and heating repairs", "poems and verses"),
        ("which bottle goes with salmon", "wine for a dish", "marks for essays"),
    ],
)
def test_what_means_alike_is_alike(said: str, near: str, far: str) -> None:
    one, two, three = VECTORS.encode([said, near, far])
    assert one @ two > one @ three + 0.05


def test_vectors_are_fitted_so_that_sums_point_where_the_texts_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Words whose own vectors say too much (they all share a direction) are mended by the texts they stand in."""
    choose = np.random.default_rng(4)
    words = [a + b + c for a in "bdfgk" for b in "aeiou" for c in "lm"]
    true = choose.normal(size=(len(words), 384)).astype(np.float32)
    texts = [" ".join(choose.choice(words, 3, replace=False)) for _ in range(600)]
    place = {word: at for at, word in enumerate(words)}
    wanted = np.array([sum(true[place[word]] for word in text.split()) for text in texts])
    alone = true + 2.0 * choose.normal(size=384).astype(np.float32)
    vectors = fit(words, texts[:500], wanted[:500], alone)
    assert store(tmp_path / word_vectors.VECTORS, words, vectors)
    word_vectors._table.cache_clear()  # pyright: ignore[reportPrivateUsage]
    monkeypatch.setattr(word_vectors, "files", lambda _: tmp_path)
    rows = VECTORS.encode(texts[500:])
    word_vectors._table.cache_clear()  # pyright: ignore[reportPrivateUsage]
    goals = wanted[500:] / np.linalg.norm(wanted[500:], axis=1, keepdims=True)
    likeness, goal = rows @ rows.T, goals @ goals.T
    assert np.corrcoef(likeness.ravel(), goal.ravel())[0, 1] > 0.7


def test_the_texts_to_fit_are_the_same_each_time() -> None:
    words = [f"word{number}" for number in range(20_000)]
    texts = texts_to_fit(words)
    assert texts == texts_to_fit(words)
    assert len(set(texts)) == len(texts) > 20_000
