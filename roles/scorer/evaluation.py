"""How well requests are routed, measured on labelled rows: what `eval routing` and the benchmark print."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, Field

from common.errors import ConfigurationError
from roles.scorer.labels import NONE, REMINDERS, role_of

__all__ = [
    "PUBLIC_ROLES",
    "LabelledRow",
    "Latency",
    "Reliability",
    "RoutingReport",
    "Shipped",
    "calibration_error",
    "coverage",
    "evaluate",
    "public_label",
]

PUBLIC_ROLES = ("weather", "timer", "calendar", "smart_home", "search")
"""The roles that public collections of requests are labelled with; every other role counts as none there."""
_BINS = 15


class LabelledRow(BaseModel):
    """A request with the role it should get; `ambiguous` where reasonable people could disagree."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    text: str
    role: str
    ambiguous: bool = False
    split: str | None = None
    source_intent: str | None = None

    @property
    def wanted(self) -> str:
        """The role, or "none" for one that public collections don't have."""
        return self.role if self.role in PUBLIC_ROLES else NONE


class Latency(BaseModel):
    """Milliseconds a request."""

    model_config = ConfigDict(frozen=True)

    p50: float
    p95: float


class Shipped(BaseModel):
    """What the threshold for the configured precision does: the share it answers, and how much of that is right."""

    model_config = ConfigDict(frozen=True)

    coverage: float
    precision: float


class Reliability(BaseModel):
    """One bin of the reliability diagram."""

    model_config = ConfigDict(frozen=True)

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


class RoutingReport(BaseModel):
    """The figures over rows that are not ambiguous; `ambiguous` has the same over the others."""

    model_config = ConfigDict(frozen=True)

    rows: int
    accuracy: float
    in_role_recall: float
    role_recall: dict[str, float]
    none_recall: float
    ece: float
    coverage: dict[str, float]
    shipped: Shipped
    latency_ms: Latency
    confusion: dict[str, dict[str, int]] = Field(description="role -> predicted role -> rows")
    reliability: list[Reliability]
    ambiguous: RoutingReport | None = None


def public_label(label: str) -> str:
    """What a label of ours is called in public collections: they count reminders among the calendar's requests."""
    if label == REMINDERS:
        return "calendar"
    role = role_of(label)
    return role if role in PUBLIC_ROLES else NONE


@dataclass(slots=True)
class _Judged:
    wanted: list[str] = field(default_factory=list[str])
    predicted: list[str] = field(default_factory=list[str])
    confidences: list[float] = field(default_factory=list[float])
    seconds: list[float] = field(default_factory=list[float])

    @property
    def right(self) -> list[bool]:
        return [wanted == predicted for wanted, predicted in zip(self.wanted, self.predicted, strict=True)]


def evaluate(
    rows: Iterable[LabelledRow],
    probabilities: Callable[[str], Mapping[str, float]],
    threshold: float,
    label: Callable[[str], str] = public_label,
) -> RoutingReport:
    """Judge `probabilities` (text -> label -> probability); `label` says what its labels are called in the rows.

    `threshold` is the confidence from which a request is answered at the configured precision. Raises
    `ConfigurationError` where there are no unambiguous rows.
    """
    groups: dict[bool, _Judged] = {False: _Judged(), True: _Judged()}
    for row in rows:
        started = time.perf_counter()
        found = probabilities(row.text)
        seconds = time.perf_counter() - started
        merged: dict[str, float] = defaultdict(float)
        for name, probability in found.items():
            merged[label(name)] += probability
        best = max(merged, key=merged.__getitem__)
        judged = groups[row.ambiguous]
        judged.wanted.append(row.wanted)
        judged.predicted.append(best)
        judged.confidences.append(merged[best])
        judged.seconds.append(seconds)
    if not groups[False].wanted:
        raise ConfigurationError(
            "there are no unambiguous rows to judge", where="eval routing", todo="Give other rows, or another split."
        )
    apart = _report(groups[True], threshold) if groups[True].wanted else None
    return _report(groups[False], threshold).model_copy(update={"ambiguous": apart})


def _report(judged: _Judged, threshold: float) -> RoutingReport:
    right = judged.right
    counts, hits = Counter(judged.wanted), Counter(w for w, good in zip(judged.wanted, right, strict=True) if good)
    in_role = sum(count for role, count in counts.items() if role != NONE)
    confusion: dict[str, dict[str, int]] = {}
    for wanted, predicted in zip(judged.wanted, judged.predicted, strict=True):
        row = confusion.setdefault(wanted, {})
        row[predicted] = row.get(predicted, 0) + 1
    answered = [good for good, sure in zip(right, judged.confidences, strict=True) if sure >= threshold]
    ordered = sorted(judged.seconds)
    bins = _bins(judged.confidences, right)
    return RoutingReport(
        rows=len(right),
        accuracy=sum(right) / len(right),
        in_role_recall=sum(hits[role] for role in counts if role != NONE) / in_role if in_role else 0.0,
        role_recall={role: hits[role] / count for role, count in sorted(counts.items()) if role != NONE},
        none_recall=hits[NONE] / counts[NONE] if counts[NONE] else 0.0,
        ece=calibration_error(judged.confidences, right),
        coverage={f"{wanted:.2f}": coverage(judged.confidences, right, wanted) for wanted in (0.9, 0.95, 0.99)},
        shipped=Shipped(
            coverage=len(answered) / len(right), precision=sum(answered) / len(answered) if answered else 1.0
        ),
        latency_ms=Latency(
            p50=1000 * ordered[len(ordered) // 2], p95=1000 * ordered[min(len(ordered) - 1, len(ordered) * 95 // 100)]
        ),
        confusion=confusion,
        reliability=bins,
    )


def _bins(confidences: Sequence[float], right: Sequence[bool]) -> list[Reliability]:
    members: dict[int, list[int]] = defaultdict(list)
    for index, confidence in enumerate(confidences):
        members[min(int(confidence * _BINS), _BINS - 1)].append(index)
    return [
        Reliability(
            low=number / _BINS,
            high=(number + 1) / _BINS,
            count=len(indices),
            confidence=sum(confidences[index] for index in indices) / len(indices),
            accuracy=sum(right[index] for index in indices) / len(indices),
        )
        for number, indices in sorted(members.items())
    ]


def calibration_error(confidences: Sequence[float], right: Sequence[bool]) -> float:
    """Expected calibration error over 15 bins of equal width: how far confidence is from the share that is right."""
    bins = _bins(confidences, right)
    return sum(each.count * abs(each.confidence - each.accuracy) for each in bins) / len(confidences)


def coverage(confidences: Sequence[float], right: Sequence[bool], precision: float) -> float:
    """The largest share of rows, surest first, of which at least `precision` are right."""
    order = sorted(range(len(confidences)), key=lambda index: -confidences[index])
    hits, best = 0, 0
    for count, index in enumerate(order, 1):
        hits += right[index]
        if hits >= precision * count:
            best = count
    return best / len(confidences)
