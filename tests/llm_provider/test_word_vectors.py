"""The shipped word vectors: what they make of any text, that likeness is seen in them, and how they are fitted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.language.encoders import Encoder
from llm_provider import word_vectors
from llm_provider.word_vectors import Known, WordVectors, as_said, packed
from llm_provider.word_vectors_fit import Reader, Seen, fit, store
from llm_provider.word_vectors_texts import framed, told

VECTORS = WordVectors()


def test_they_are_an_encoder() -> None:
    assert isinstance(VECTORS, Encoder)
    assert VECTORS.encode([]).shape == (0, 256)


@settings(max_examples=100)
@given(st.lists(st.text(max_size=80), max_size=5))
def test_any_text_gets_a_row_of_length_one_or_zero(texts: list[str]) -> None:
    rows = VECTORS.encode(texts)
    assert rows.shape == (len(texts), 256)
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
    assert as_said("getHTTPStatus of 42 Invoices") == ["get", "http", "status", "of", "invoices"]
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
    nothing = np.zeros((len(words), 384), dtype=np.float32)
    seen = Seen(wanted[:500], nothing, np.ones(len(words), dtype=np.float32))
    vectors = fit(words, [None] * len(words), texts[:500], seen, Seen(alone, nothing, np.ones(len(words))))
    assert store(tmp_path / word_vectors.VECTORS, words, vectors)
    word_vectors._table.cache_clear()  # pyright: ignore[reportPrivateUsage]

    def folder(_: str) -> Path:
        return tmp_path

    monkeypatch.setattr(word_vectors, "files", folder)
    rows = VECTORS.encode(texts[500:])
    word_vectors._table.cache_clear()  # pyright: ignore[reportPrivateUsage]
    goals = wanted[500:] / np.linalg.norm(wanted[500:], axis=1, keepdims=True)
    likeness, goal = rows @ rows.T, goals @ goals.T
    assert np.corrcoef(likeness.ravel(), goal.ravel())[0, 1] > 0.7


def test_an_unknown_word_is_put_together_from_the_longest_pieces() -> None:
    known = Known(["chat", "chatter", "b", "##bo", "##bot", "##s"])
    assert known.rows("chatbots") == [0, 4, 5]
    assert known.rows("chatter, bots") == [1]
    assert known.rows("x chat") == [0]
    assert known.rows("chat" + "s" * 40) == []


@settings(max_examples=50)
@given(st.integers(1, 6), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_four_bits_keep_what_a_vector_says(rows: int, half: int, seed: int) -> None:
    vectors = np.random.default_rng(seed).normal(size=(rows, 2 * half + 20)).astype(np.float32)
    table, steps = packed(vectors)
    assert table.shape == (rows, half + 10)
    assert table.dtype == np.uint8
    back = word_vectors._unpacked(table, steps)  # pyright: ignore[reportPrivateUsage]
    for one, other in zip(vectors, back, strict=True):
        assert one @ other > 0.95 * np.linalg.norm(one) * np.linalg.norm(other)


@pytest.mark.parametrize("make", [framed, told])
def test_the_texts_to_fit_are_the_same_each_time(make: Callable[..., list[str]]) -> None:
    words = [f"word{number}" for number in range(2_000)] + ["garden", "price"]
    near = (np.arange(len(words))[:, None] + np.arange(1, 31)) % len(words)
    texts = make(500, 9, words, near)
    assert texts == make(500, 9, words, near)
    assert texts != make(500, 10, words, near)
    assert len(set(texts)) > 300
    assert not any("{" in text for text in texts)


def test_lots_that_were_read_are_not_read_again(tmp_path: Path) -> None:
    class Encoder:
        read = 0

        def tokens(self, texts: Sequence[str]) -> list[list[int]]:
            return [[1, *(2 + len(word) for word in text.split())] for text in texts]

        def states(self, tokens: Any) -> Any:
            self.read += 1
            return np.repeat(tokens[:, :, None], 384, axis=2).astype(np.float32)

    encoder = Encoder()
    reader = Reader(encoder, 10, tmp_path)
    first = reader.read(["a b", "abc", "b a"])
    assert encoder.read == 2
    again = Reader(encoder, 10, tmp_path).read(["a b", "abc", "b a"])
    assert encoder.read == 2
    assert np.array_equal(first.whole, again.whole)
    assert first.whole[:, 0] == pytest.approx([7 / 3, 3.0, 7 / 3], abs=0.01)
    assert first.times.tolist() == [0, 3, 0, 4, 0, 1, 0, 0, 0, 0]
    assert first.sums[3, 0] == 12.0
