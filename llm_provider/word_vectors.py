"""Vectors of words and their pieces, shipped: what a text is about is the sum of its words, whatever else it says.

They were fitted so that the sum comes near to what all-MiniLM-L6-v2 makes of the whole text
(`llm_provider.word_vectors_fit`): a request meets a tool that says the same in other words, without that model. A word
that says little got a short vector there, so that no list of such words is needed. A word that is not known is put
together from the longest pieces that are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from importlib.resources import files
from itertools import islice
from typing import Any

__all__ = ["PIECE", "VECTORS", "Known", "WordVectors", "as_said", "packed"]

VECTORS = "word_vectors.npz"
PIECE = "##"
"""Begins the name of a piece that stands within a word, not at its start."""
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_MOST_WORDS, _MOST_CHARS = 300, 24
"""So many words of a text are read; a longer word is none."""
_TEXTS_AT_ONCE = 500
_STEP = 0.3352
"""The best step, in standard deviations, between 16 even values for normally distributed numbers (Max 1960)."""


def as_said(text: str) -> list[str]:
    """The words of a text as the table knows them: lower case, joined names taken apart, no numbers."""
    return [match.group().lower() for match in islice(_WORD.finditer(text), _MOST_WORDS)]


class Known:
    """Finds the rows of a table for the words of a text. `names` are the rows' words and pieces."""

    def __init__(self, names: Sequence[str]) -> None:
        self._rows = {name: row for row, name in enumerate(names)}

    def rows(self, text: str) -> list[int]:
        """The row of each word in its order, or the rows of its pieces."""
        found: list[int] = []
        for word in as_said(text):
            row = self._rows.get(word)
            found += self._of_pieces(word) if row is None else (row,)
        return found

    def _of_pieces(self, word: str) -> list[int]:
        """The longest known beginning, then the longest piece of the rest, and so on; nothing if a rest is unknown."""
        found: list[int] = []
        start, end = 0, len(word)
        while start < end <= _MOST_CHARS:
            row = self._rows.get(f"{PIECE}{word[start:end]}" if start else word[:end])
            if row is None:
                end -= 1
            else:
                found.append(row)
                start, end = end, len(word)
        return found if start == len(word) else []


class WordVectors:
    """Implements `common.language.encoders.Encoder` with 256 dimensions. The table is read at the first use (4 MB).

    A text without a known word gets the vector of zeros, which is like nothing.
    """

    name = "word-vectors-2"

    def encode(self, texts: Sequence[str]) -> Any:
        """A row of length 1 for each text, 32-bit floats."""
        numpy: Any = import_module("numpy")
        known, table, scales = _table()
        sums = numpy.zeros((len(texts), 2 * table.shape[1]), dtype=numpy.float32)
        for start in range(0, len(texts), _TEXTS_AT_ONCE):
            places: list[int] = []
            rows: list[int] = []
            for place, text in enumerate(texts[start : start + _TEXTS_AT_ONCE], start):
                found = known.rows(text)
                rows += found
                places += [place] * len(found)
            if rows:
                firsts = numpy.flatnonzero(numpy.diff(places, prepend=-1))
                sums[numpy.asarray(places)[firsts]] = numpy.add.reduceat(_unpacked(table[rows], scales[rows]), firsts)
        return sums / numpy.maximum(numpy.linalg.norm(sums, axis=1, keepdims=True), 1e-9)


def packed(vectors: Any) -> tuple[Any, Any]:
    """Vectors of an even width in 4 bits: two numbers in a byte, the first half in the low bits, and the step of each
    row."""
    numpy: Any = import_module("numpy")
    steps = numpy.maximum(vectors.std(axis=1), 1e-9) * _STEP
    values = numpy.clip(numpy.floor(vectors / steps[:, None]), -8, 7).astype(numpy.int8) + 8
    half = vectors.shape[1] // 2
    return (values[:, :half] | (values[:, half:] << 4)).astype(numpy.uint8), steps.astype(numpy.float32)


def _unpacked(rows: Any, steps: Any) -> Any:
    """The middle of each value's range."""
    numpy: Any = import_module("numpy")
    values = numpy.concatenate([rows & 15, rows >> 4], axis=1).astype(numpy.float32)
    return (values - numpy.float32(7.5)) * steps[:, None]


@cache
def _table() -> tuple[Known, Any, Any]:
    """Finds rows; the rows, packed, and their steps."""
    numpy: Any = import_module("numpy")
    with files("llm_provider").joinpath(VECTORS).open("rb") as file, numpy.load(file, allow_pickle=False) as stored:
        words = stored["words"].tobytes().decode("ascii").split("\n")
        return Known(words), stored["table"], stored["scales"]
