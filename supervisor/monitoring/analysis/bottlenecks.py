"""Bottlenecks: which role, tool, model or queue holds the time of requests.

Of each trace the critical path is walked back from its end: the part that ended last was waited for, before it the one
that had ended last when it began, and so on (as in CRISP, Zhang et al., USENIX ATC 2022). Time on the path belongs to
the innermost span, so a role that waits for a tool holds nothing, and of two calls side by side only the longer one
counts: making the other faster would change nothing.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from common.errors import ValidationFailed

__all__ = ["Bottleneck", "Span", "critical_path", "find_bottlenecks"]

_RESAMPLES = 200
_UNSEEN = ("trace", "unmeasured")


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of work of a trace: `kind` (role, tool, model, queue …) and `name`, from `start` for `seconds`.

    `id` is unique in the trace; `parent` is the id of the span that waited for it or None.
    """

    trace: str
    id: str
    kind: str
    name: str
    start: float
    seconds: float
    parent: str | None = None

    @property
    def end(self) -> float:
        """When it was over."""
        return self.start + self.seconds


@dataclass(frozen=True, slots=True)
class Bottleneck:
    """What holds time, with its evidence.

    `share`: of the time of all traces (0 to 1) that is its own on their critical paths, `low`, `high`: 95 % interval
    (bootstrap over traces; Efron 1979). `seconds`: that time. `calls`: spans on the paths, `typical`: the median of
    their own seconds there. `traces`: with it on the path; `all_traces`: all. `slowest_trace`: where it held most.
    """

    kind: str
    name: str
    share: float
    low: float
    high: float
    seconds: float
    calls: int
    typical: float
    traces: int
    all_traces: int
    slowest_trace: str

    def to_json(self) -> dict[str, str | float | int]:
        """The same for programs."""
        names = ("kind", "name", "share", "low", "high", "seconds", "calls", "typical", "traces", "all_traces")
        return {name: getattr(self, name) for name in names} | {"slowest_trace": self.slowest_trace}

    def __str__(self) -> str:
        return (
            f"{self.kind} {self.name} holds {self.share:.0%} of the time ({self.low:.0%} to {self.high:.0%}): "
            f"{self.seconds:.3g} s in {self.calls} calls of {self.traces} of {self.all_traces} traces, "
            f"{self.typical:.3g} s each; most in {self.slowest_trace}"
        )


@dataclass(slots=True)
class _Held:
    """What one name holds: seconds by trace, and own seconds of each call."""

    by_trace: dict[str, float] = field(default_factory=dict[str, float])
    calls: dict[tuple[str, str], float] = field(default_factory=dict[tuple[str, str], float])


def critical_path(spans: Sequence[Span]) -> list[tuple[Span, float]]:
    """The spans of one trace that its end waited for, each with its own seconds there; a span may come up repeatedly.

    The seconds add up to the trace's time from first start to last end; what no span covers belongs to a span
    `trace unmeasured`. Raises ValidationFailed for spans of several traces, repeated ids, or negative or
    non-finite times.
    """
    if not spans:
        return []
    _check(spans)
    first, last = min(span.start for span in spans), max(span.end for span in spans)
    root = Span(spans[0].trace, "", *_UNSEEN, first, last - first)
    known = {span.id for span in spans}
    children: dict[str, list[Span]] = {}
    for span in spans:
        parent = span.parent if span.parent in known and span.parent != span.id else ""
        children.setdefault(parent or "", []).append(span)
    for group in children.values():
        group.sort(key=lambda span: span.end)
    found: list[tuple[Span, float]] = []
    waiting = [(root, first, last)]
    reached: set[str] = set()
    while waiting:
        span, begin, end = waiting.pop()
        own, cursor = 0.0, end
        for child in reversed(children.get(span.id, [])):
            stops, starts = min(child.end, cursor), max(child.start, begin)
            if child.id in reached or stops <= starts:
                continue
            reached.add(child.id)
            own += cursor - stops
            waiting.append((child, starts, stops))
            cursor = starts
        own += max(cursor - begin, 0.0)
        if own > 0:
            found.append((span, own))
    return found


def _check(spans: Sequence[Span]) -> None:
    trace = spans[0].trace
    seen: set[str] = set()
    for span in spans:
        finite = abs(span.start) < 1e15 and 0 <= span.seconds < 1e15
        if span.trace != trace or not span.id or span.id in seen or not finite:
            raise ValidationFailed(
                f"Span {span.id!r} of trace {span.trace!r} can't be placed",
                where="critical_path",
                todo="Give the spans of one trace, with ids that are unique and times that are not negative.",
            )
        seen.add(span.id)


def find_bottlenecks(spans: Iterable[Span], *, least_share: float = 0.01, seed: int = 0) -> tuple[Bottleneck, ...]:
    """What holds the time of these traces, the most first; shares under `least_share` are left out.

    `seed`: of the resampling, so that equal input gives equal output. Raises ValidationFailed as `critical_path`.
    """
    traces: dict[str, list[Span]] = {}
    for span in spans:
        traces.setdefault(span.trace, []).append(span)
    held: dict[tuple[str, str], _Held] = {}
    lasted: dict[str, float] = {}
    for trace, group in traces.items():
        path = critical_path(group)
        lasted[trace] = sum(own for _, own in path)
        for span, own in path:
            one = held.setdefault((span.kind, span.name), _Held())
            one.by_trace[trace] = one.by_trace.get(trace, 0.0) + own
            one.calls[trace, span.id] = one.calls.get((trace, span.id), 0.0) + own
    total = sum(lasted.values())
    if total <= 0:
        return ()
    draws = _draws(list(lasted), seed)
    found = [
        _bottleneck(place, one, lasted, total, draws)
        for place, one in held.items()
        if sum(one.by_trace.values()) / total >= least_share
    ]
    return tuple(sorted(found, key=lambda one: (-one.share, one.kind, one.name)))


def _draws(traces: list[str], seed: int) -> list[list[str]]:
    """Traces drawn with replacement; of many, a fixed part (which makes the interval wider, never narrower)."""
    # Resampling needs no secret randomness.
    random_ = random.Random(seed)  # noqa: S311
    return [random_.choices(traces, k=min(len(traces), 500)) for _ in range(_RESAMPLES)]


def _bottleneck(
    place: tuple[str, str], held: _Held, lasted: Mapping[str, float], total: float, draws: Sequence[Sequence[str]]
) -> Bottleneck:
    shares: list[float] = []
    for draw in draws:
        time = sum(lasted[trace] for trace in draw)
        if time > 0:
            shares.append(sum(held.by_trace.get(trace, 0.0) for trace in draw) / time)
    shares.sort()
    seconds = sum(held.by_trace.values())
    share = seconds / total
    return Bottleneck(
        kind=place[0],
        name=place[1],
        share=share,
        low=min(shares[int(0.025 * len(shares))], share) if shares else 0.0,
        high=max(shares[int(0.975 * (len(shares) - 1))], share) if shares else 1.0,
        seconds=seconds,
        calls=len(held.calls),
        typical=median(held.calls.values()),
        traces=len(held.by_trace),
        all_traces=len(lasted),
        slowest_trace=max(held.by_trace, key=lambda trace: held.by_trace[trace]),
    )
