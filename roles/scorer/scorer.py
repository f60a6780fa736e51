"""Tells how likely each role covers a text: by the shipped weights, and by what was learned of a host's roles."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files

from common.language.encoders import Encoder
from roles.scorer.calibration import PrecisionCurve
from roles.scorer.dense import DenseHead
from roles.scorer.features import extract
from roles.scorer.labels import NONE, route_of
from roles.scorer.table import LinearTable, softmax

__all__ = ["REST", "WEIGHTS", "Scorer"]

WEIGHTS = "weights.bin"
REST = ""
"""The label of a learned table that stands for everything the shipped one knows."""


class Scorer:
    """Immutable; a scorer that knows more takes its place as a whole."""

    def __init__(
        self,
        shipped: LinearTable,
        learned: LinearTable | None = None,
        head: DenseHead | None = None,
        encoder: Encoder | None = None,
    ) -> None:
        self.shipped = shipped
        self.learned = learned
        self._head = head if encoder is not None else None
        self._encoder = encoder
        self.curve = PrecisionCurve.from_json((shipped if self._head is None else self._head).facts["curve"])

    @classmethod
    def load(cls) -> Scorer:
        """The scorer of the shipped roles (reads a file). Raises `ConfigurationError` for a damaged one."""
        data = files("roles.scorer").joinpath(WEIGHTS).read_bytes()
        return cls(LinearTable.from_bytes(data, where=f"roles/scorer/{WEIGHTS}"))

    def with_learned(self, learned: LinearTable | None) -> Scorer:
        """The same scorer, knowing a host's roles as well; None: the shipped ones alone."""
        return Scorer(self.shipped, learned, self._head, self._encoder)

    def with_encoder(self, encoder: Encoder, head: DenseHead) -> Scorer:
        """The same scorer, reading an encoder's vectors beside the words."""
        return Scorer(self.shipped, self.learned, head, encoder)

    @property
    def digests(self) -> Mapping[str, str]:
        """Role -> digest of the examples that the shipped weights were fitted on."""
        return self.shipped.facts["examples"]

    def probabilities(self, text: str) -> dict[str, float]:
        """Label -> calibrated probability; they add up to 1. Never raises, whatever the text."""
        blocks = extract(text)
        scores = self.shipped.scores(blocks)
        if self._head is not None and self._encoder is not None:
            scores = self._head.scores(scores, self._encoder.encode([text])[0])
        found = dict(zip(self.shipped.labels, softmax(scores), strict=True))
        if self.learned is None:
            return found
        shares = dict(zip(self.learned.labels, self.learned.probabilities(blocks), strict=True))
        rest = max(shares.pop(REST), 1e-12)
        nobody = sum(probability for label, probability in found.items() if route_of(label) == NONE)
        common = nobody * self.learned.facts["beside_nobody"] + (1.0 - nobody) * self.learned.facts["beside_roles"]
        for name, share in shares.items():
            found[name] = found.get(name, 0.0) + common * share / rest
        total = sum(found.values())
        return {label: probability / total for label, probability in found.items()}
