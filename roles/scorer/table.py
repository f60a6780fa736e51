"""A fitted linear classifier served as a plain table: feature name -> one whole number per label.

Weights are whole multiples of one `step`, so they take two bytes each and their sums are exact.
"""

from __future__ import annotations

import gzip
import json
import math
import sys
import zlib
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from common.errors import ConfigurationError
from roles.scorer.features import BLOCKS, FeatureBlocks

__all__ = ["LinearTable", "softmax"]

_MAGIC = b"SCORER1\n"


def softmax(scores: Sequence[float]) -> list[float]:
    """Probabilities in the proportion of the exponentials of the scores."""
    top = max(scores)
    powers = [math.exp(score - top) for score in scores]
    total = math.fsum(powers)
    return [power / total for power in powers]


@dataclass(frozen=True)
class LinearTable:
    """Labels, their bias, and the weights: `weights[index[name]:][:len(labels)]`, in multiples of `step`.

    `scales` weigh the blocks of `BLOCKS`. `facts` is free data of whoever fitted it (digests, thresholds).
    """

    labels: tuple[str, ...]
    bias: tuple[float, ...]
    index: Mapping[str, int]
    weights: array[int]
    step: float
    scales: tuple[float, ...]
    facts: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def scores(self, blocks: FeatureBlocks) -> list[float]:
        """The linear score of every label."""
        total = list(self.bias)
        width, weights, position = len(self.labels), self.weights, self.index.get
        for names, scale in zip(blocks, self.scales, strict=True):
            rows = [weights[at : at + width] for name in names if (at := position(name)) is not None]
            if rows:
                factor = self.step * scale / math.sqrt(len(names))
                for label, column in enumerate(zip(*rows, strict=True)):
                    total[label] += factor * sum(column)
        return total

    def probabilities(self, blocks: FeatureBlocks) -> list[float]:
        """The probability of every label, in the order of `labels`; they add up to 1."""
        return softmax(self.scores(blocks))

    def to_bytes(self) -> bytes:
        """The table as a compressed file; the same table gives the same bytes."""
        names = sorted(self.index, key=self.index.__getitem__)
        header = json.dumps(
            {
                "labels": self.labels,
                "bias": self.bias,
                "step": self.step,
                "scales": self.scales,
                "blocks": BLOCKS,
                "features": len(names),
                "facts": self.facts,
            },
            sort_keys=True,
        )
        vocabulary = "\n".join(names).encode()
        head = _MAGIC + header.encode() + b"\n" + str(len(vocabulary)).encode() + b"\n"
        return gzip.compress(head + vocabulary + _little_endian(self.weights).tobytes(), 9, mtime=0)

    @classmethod
    def from_bytes(cls, data: bytes, *, where: str) -> LinearTable:
        """Read what `to_bytes` wrote. Raises `ConfigurationError` that names `where` for anything else."""
        try:
            raw = gzip.decompress(data)
            if not raw.startswith(_MAGIC):
                raise ValueError("not a table of weights")
            header_end = raw.index(b"\n", len(_MAGIC))
            size_end = raw.index(b"\n", header_end + 1)
            header = json.loads(raw[len(_MAGIC) : header_end])
            start = size_end + 1
            split = start + int(raw[header_end + 1 : size_end])
            names = raw[start:split].decode().split("\n")
            weights: array[int] = array("h")
            weights.frombytes(raw[split:])
            weights = _little_endian(weights)
            labels = tuple(map(str, header["labels"]))
            width = len(labels)
            if len(names) != header["features"] or len(weights) != width * len(names) or not width:
                raise ValueError("truncated")
            return cls(
                labels,
                tuple(map(float, header["bias"])),
                dict(zip(names, range(0, width * len(names), width), strict=True)),
                weights,
                float(header["step"]),
                tuple(map(float, header["scales"])),
                header["facts"],
            )
        except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError) as error:
            raise ConfigurationError(
                f"the router's weights can't be read: {error}",
                where=where,
                todo="Install the package again, or write the file anew with `python -m roles.scorer.fit`.",
            ) from None


def _little_endian(weights: array[int]) -> array[int]:
    if sys.byteorder == "big":
        weights = array("h", weights)
        weights.byteswap()
    return weights
