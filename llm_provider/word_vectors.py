"""Vectors of whole words, shipped: what a text is about is the sum of its words, whatever else it says.

They were fitted so that the sum comes near to what all-MiniLM-L6-v2 makes of the whole text
(`llm_provider.word_vectors_fit`): a request meets a tool that says the same in other words, without that model. A word
that says little got a short vector there, so that no list of such words is needed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from importlib.resources import files
from itertools import islice
from typing import Any

__all__ = ["NUMBER", "VECTORS", "WordVectors", "as_said"]

VECTORS = "word_vectors.npz"
NUMBER = "0"
"""Stands for every number."""
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_MOST_WORDS = 300
_TEXTS_AT_ONCE = 500


def as_said(text: str) -> list[str]:
    """The words of a text as the table knows them: lower case, joined names taken apart, every number the same."""
    words = (match.group() for match in islice(_WORD.finditer(text), _MOST_WORDS))
    return [NUMBER if word[0].isdigit() else word.lower() for word in words]


class WordVectors:
    """Implements `common.language.encoders.Encoder` with 128 dimensions. The table is read at the first use (3 MB).

    A text without a known word gets the vector of zeros, which is like nothing.
    """

    name = "word-vectors-1"

    def encode(self, texts: Sequence[str]) -> Any:
        """A row of length 1 for each text, 32-bit floats."""
        numpy: Any = import_module("numpy")
        places, table, scales = _table()
        sums = numpy.zeros((len(texts), table.shape[1]), dtype=numpy.float32)
        for start in range(0, len(texts), _TEXTS_AT_ONCE):
            rows: list[int] = []
            words: list[int] = []
            for row, text in enumerate(texts[start : start + _TEXTS_AT_ONCE], start):
                known = [places[word] for word in as_said(text) if word in places]
                words += known
                rows += [row] * len(known)
            if words:
                firsts = numpy.flatnonzero(numpy.diff(rows, prepend=-1))
                found = table[words].astype(numpy.float32) * scales[words, None]
                sums[numpy.asarray(rows)[firsts]] = numpy.add.reduceat(found, firsts, axis=0)
        return sums / numpy.maximum(numpy.linalg.norm(sums, axis=1, keepdims=True), 1e-9)


@cache
def _table() -> tuple[Mapping[str, int], Any, Any]:
    """Word -> row, the rows as 8-bit integers, and what each row is multiplied by."""
    numpy: Any = import_module("numpy")
    with files("llm_provider").joinpath(VECTORS).open("rb") as file, numpy.load(file, allow_pickle=False) as stored:
        words = stored["words"].tobytes().decode("ascii").split("\n")
        return {word: row for row, word in enumerate(words)}, stored["table"], stored["scales"]
