"""What of an agent's figures is too much, how bad that is, and where it comes from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from roles.improver.measure import HotSpot, Measurement
from roles.improver.sites import Site

__all__ = ["Bottleneck", "identify_bottlenecks"]

MOST_MEMORY = 6.0 * 1024
"""Bytes that an instance may take."""
MOST_INSTANTIATION = 2.5e-6
"""Seconds that making one may take."""
LEAST_SUCCESS = 0.95
MOST_GROWTH = 1.25
"""Times its own usual latency or cost."""
_HOT = 0.2
_LARGE = 1024.0

_MEASURES = {
    "table-per-instance": "memory",
    "no-slots": "memory",
    "eager-attribute": "memory",
    "unused-import": "memory",
    "unused-name": "memory",
    "eager-import": "memory",
    "object-per-call": "latency",
    "untyped-error": "logic",
    "complex-condition": "logic",
    "nested-conditions": "logic",
    "unchecked-input": "logic",
    "no-retry": "success",
}


@dataclass(frozen=True, slots=True)
class Bottleneck:
    """One thing that is too much, or a place that is known to be slow.

    `value` and `threshold` are in the measure's own unit (bytes, seconds, a share, a cost); both are 0 where the place
    was found by reading the code. `line` is 0 where no place is known.
    """

    measure: str
    severity: Literal["high", "medium", "low"]
    what: str
    value: float = 0.0
    threshold: float = 0.0
    file: str = ""
    function: str = ""
    line: int = 0


def identify_bottlenecks(measurement: Measurement, sites: Sequence[Site] = ()) -> list[Bottleneck]:
    """The bottlenecks that the figures show, the worst first, then slow shapes that were found by reading the code.

    Memory above 6.0 KiB and instantiation above 2.5 µs are high, success below 0.95 is medium; latency and cost are
    judged against the agent's own past, a quarter more being medium and twice as much high.
    """
    figures = [*_of_figures(measurement)]
    hot = [_of_spot(spot) for spot in measurement.hot_spots if spot.share >= _HOT or spot.bytes >= _LARGE]
    found = [_of_site(site, measurement) for site in sites]
    order = {"high": 0, "medium": 1, "low": 2}
    return sorted([*figures, *hot, *found], key=lambda one: (order[one.severity], one.measure, one.file, one.line))


def _of_figures(measured: Measurement) -> Iterator[Bottleneck]:
    heaviest = max(measured.hot_spots, key=lambda spot: spot.bytes, default=None)
    slowest = max(measured.hot_spots, key=lambda spot: spot.share, default=None)
    if measured.live_memory is not None and measured.live_memory > MOST_MEMORY:
        yield _at(heaviest, "memory", "high", "an instance takes too much memory", measured.live_memory, MOST_MEMORY)
    if measured.instantiation is not None and measured.instantiation > MOST_INSTANTIATION:
        what = "making an instance takes too long"
        yield _at(heaviest, "instantiation", "high", what, measured.instantiation, MOST_INSTANTIATION)
    history = measured.history
    success = measured.success if history.success is None else min(history.success, measured.success)
    if success < LEAST_SUCCESS:
        yield _at(slowest, "success", "medium", "too many requests fail", success, LEAST_SUCCESS)
    for measure, value, usual in (
        ("latency", history.latency, history.usual_latency),
        ("cost", history.cost, history.usual_cost),
    ):
        if value is not None and usual is not None and value > usual * MOST_GROWTH:
            severity = "high" if value > usual * 2 else "medium"
            yield _at(slowest, measure, severity, f"{measure} has grown", value, usual * MOST_GROWTH)


def _at(
    spot: HotSpot | None,
    measure: str,
    severity: Literal["high", "medium", "low"],
    what: str,
    value: float,
    threshold: float,
) -> Bottleneck:
    if spot is None:
        return Bottleneck(measure, severity, what, value, threshold)
    return Bottleneck(measure, severity, what, value, threshold, spot.file, spot.function, spot.line)


def _of_spot(spot: HotSpot) -> Bottleneck:
    if spot.bytes:
        what = f"{spot.bytes / 1024:.1f} KiB of each instance come from here"
        return Bottleneck("memory", "low", what, spot.bytes, _LARGE, spot.file, spot.function, spot.line)
    what = f"{spot.share:.0%} of the requests' time is spent here"
    return Bottleneck("latency", "low", what, spot.share, _HOT, spot.file, spot.function, spot.line)


def _of_site(site: Site, measured: Measurement) -> Bottleneck:
    """A slow shape counts for more where the profile says that the time goes there."""
    name = site.function.rpartition(".")[2]
    hot = any(spot.file == site.file and spot.function == name and spot.share >= _HOT for spot in measured.hot_spots)
    severity: Literal["medium", "low"] = "medium" if hot else "low"
    measure = _MEASURES.get(site.kind, "latency")
    return Bottleneck(measure, severity, f"{site.kind}: {site.what}", 0, 0, site.file, site.function, site.line)
