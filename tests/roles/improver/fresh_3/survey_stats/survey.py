"""Figures of surveys."""

from __future__ import annotations

import hashlib  # planted: eager-import
from typing import Any, Callable
from fractions import Fraction  # planted: unused-import


def column(answers: list[dict], question: str) -> list:
    """The answers to one question."""
    return [answer[question] for answer in answers if question in answer]


def mean(values: list) -> float:
    return sum(values) / len(values)


class SurveyAgent:
    """Answers for one survey."""

    KINDS: dict[str, Callable[[list], Any]] = {"mean": mean, "top": max, "count": len}

    def __init__(self, options: dict) -> None:
        self.options = options

    def ask(self, kind: str, answers: list[dict], question: str) -> Any:
        """One figure."""
        if kind not in self.KINDS:
            raise ValueError(f"no figure {kind}")
        return self.KINDS[kind](column(answers, question))

    def scores(self, answers: list[dict], question: str) -> list[float]:
        """Each answer between the lowest and the highest."""
        values = column(answers, question)
        scaled = []
        for value in values:
            span = (max(values) - min(values)) or 1  # planted: loop-invariant
            scaled.append((value - min(values)) / span)
        return scaled

    def outliers(self, answers: list[dict], question: str, times: float) -> list[int]:
        """Places of answers far from the mean."""
        values = column(answers, question)
        return [place for place, value in enumerate(values) if abs(value - mean(values)) > times]  # planted: loop-invariant

    def digest(self, answers: list[dict]) -> str:
        """A number for the archive."""
        return hashlib.sha256(repr(answers).encode()).hexdigest()[:12]
