"""The part of the classifier that reads an encoder's vectors, beside the table that reads words."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any

from common.errors import ConfigurationError

__all__ = ["DenseHead", "head_name", "read_head"]

_MAGIC = b"HEAD1\n"


def head_name(encoder: str) -> str:
    """The name of the file that holds an encoder's head."""
    return f"head-{re.sub(r'[^a-z0-9]+', '-', encoder.lower()).strip('-')[:80]}.bin"


@dataclass(frozen=True)
class DenseHead:
    """A linear classifier over vectors, and how its scores are added to those of the words.

    `weights` is a numpy array (dimensions, labels) and `bias` one (labels); a text's scores are `lexical` times those
    of the table plus `dense` times its own. `facts` has the digest of the examples and the curve of thresholds.
    """

    encoder: str
    labels: tuple[str, ...]
    weights: Any
    bias: Any
    lexical: float
    dense: float
    facts: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def scores(self, lexical: Sequence[float], vector: Any) -> list[float]:
        """The scores of every label, from those of the words and the vector of one text."""
        own = (vector @ self.weights + self.bias).tolist()
        return [self.lexical * word + self.dense * meant for word, meant in zip(lexical, own, strict=True)]

    def to_bytes(self) -> bytes:
        """The head as a compressed file; the same head gives the same bytes."""
        header = {
            "encoder": self.encoder,
            "labels": self.labels,
            "bias": [float(value) for value in self.bias],
            "shares": [self.lexical, self.dense],
            "facts": self.facts,
        }
        rows = self.weights.astype("<f4").tobytes()
        return gzip.compress(_MAGIC + json.dumps(header, sort_keys=True).encode() + b"\n" + rows, 9, mtime=0)

    @classmethod
    def from_bytes(cls, data: bytes, *, where: str) -> DenseHead:
        """Read what `to_bytes` wrote. Raises `ConfigurationError` that names `where` for anything else."""
        numpy: Any = import_module("numpy")
        try:
            raw = gzip.decompress(data)
            if not raw.startswith(_MAGIC):
                raise ValueError("not a head")
            end = raw.index(b"\n", len(_MAGIC))
            header = json.loads(raw[len(_MAGIC) : end])
            labels = tuple(map(str, header["labels"]))
            weights = numpy.frombuffer(raw[end + 1 :], dtype="<f4").reshape(-1, len(labels))
            bias = numpy.array(header["bias"], dtype=numpy.float32)
            lexical, dense = map(float, header["shares"])
            return cls(str(header["encoder"]), labels, weights, bias, lexical, dense, header["facts"])
        except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError) as error:
            raise ConfigurationError(
                f"what was fitted for the encoder can't be read: {error}",
                where=where,
                todo="Write the file anew with `python -m roles.scorer.fit --encoder NAME`.",
            ) from None


def read_head(encoder: str, corpus: str, cache: Path | None = None) -> DenseHead | None:
    """The head that was fitted for an encoder on the examples with this digest: the shipped one, or one in `cache`.

    None where there is none for these examples. Raises `ConfigurationError` for a damaged one.
    """
    name = head_name(encoder)
    places = [files("roles.scorer").joinpath(name)]
    if cache is not None:
        places.append(cache / name)
    for place in places:
        if place.is_file():
            head = DenseHead.from_bytes(place.read_bytes(), where=name)
            if head.encoder == encoder and head.facts.get("corpus") == corpus:
                return head
    return None
