"""Capacity: how much more a pool of workers can take, and what waiting costs on the way there.

Load is arrivals times time of service over workers (the utilisation law; Little 1961). Waiting is Erlang's formula C
for random arrivals, with Allen and Cunneen's correction for how irregular arrivals and services are (Allen,
"Probability, Statistics and Queueing Theory", 1990).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, pvariance

from common.errors import ValidationFailed

__all__ = ["Capacity", "state_capacity"]

_LEAST_CALLS = 10
_LATEST = 1e13
_FULL = 0.8
"""Load beyond which waiting grows out of proportion."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """What a pool does and could do.

    `load`: share of the workers' time in use, `busiest_load`: in the busiest twelfth of the window. `rate`: calls a
    second, `most_rate`: with all workers always busy, `good_rate`: at a load of 0.8. `service`: mean seconds of a call.
    `wait`: mean seconds a call waits for a worker by formula; None at a load of 1 or more. `calls`, `seconds`: seen.
    """

    workers: int
    load: float
    busiest_load: float
    rate: float
    most_rate: float
    good_rate: float
    service: float
    wait: float | None
    calls: int
    seconds: float

    @property
    def headroom(self) -> float:
        """How many times today's rate can be taken at a load of 0.8; below 1: it is already beyond."""
        return self.good_rate / self.rate

    def to_json(self) -> dict[str, float | int | None]:
        """The same for programs."""
        names = (
            "workers",
            "load",
            "busiest_load",
            "rate",
            "most_rate",
            "good_rate",
            "service",
            "wait",
            "calls",
            "seconds",
        )
        return {name: getattr(self, name) for name in names} | {"headroom": self.headroom}

    def __str__(self) -> str:
        wait = "without end" if self.wait is None else f"{self.wait:.3g} s"
        return (
            f"{self.workers} workers are {self.load:.0%} in use ({self.busiest_load:.0%} in the busiest twelfth of "
            f"{self.seconds / 3600:.3g} h): {self.rate:.3g} calls a second of {self.service:.3g} s, at most "
            f"{self.most_rate:.3g}; a call waits {wait}; {self.headroom:.2g} times this rate can be taken"
        )


def state_capacity(calls: Sequence[tuple[float, float]], workers: int) -> Capacity | None:
    """What calls, as (seconds since 1970 of arrival, seconds of service), say about a pool; None for fewer than ten.

    Raises ValidationFailed for no workers or times that are negative or not finite.
    """
    if workers < 1:
        raise ValidationFailed(f"A pool of {workers} workers has no capacity", where="state_capacity")
    if not all(abs(at) <= _LATEST and 0 <= lasted <= _LATEST for at, lasted in calls):
        raise ValidationFailed("A call's time is negative or not finite", where="state_capacity")
    arrivals = sorted(at for at, _ in calls)
    if len(calls) < _LEAST_CALLS or arrivals[-1] <= arrivals[0]:
        return None
    span = arrivals[-1] - arrivals[0]
    service = fmean(lasted for _, lasted in calls)
    if service <= 0:
        return None
    rate = (len(calls) - 1) / span
    load = rate * service / workers
    busy = [0.0] * 12
    for at, lasted in calls:
        busy[min(int((at - arrivals[0]) / span * 12), 11)] += lasted
    gaps = [later - earlier for earlier, later in pairwise(arrivals)]
    irregular = (_squared_variation(gaps) + _squared_variation([lasted for _, lasted in calls])) / 2
    wait = None if load >= 1 else _erlang_c(load * workers, workers) * service / (workers * (1 - load)) * irregular
    return Capacity(
        workers=workers,
        load=load,
        busiest_load=max(load, max(busy) / (span / 12 * workers)),
        rate=rate,
        most_rate=workers / service,
        good_rate=_FULL * workers / service,
        service=service,
        wait=wait,
        calls=len(calls),
        seconds=span,
    )


def _squared_variation(values: Sequence[float]) -> float:
    mean = fmean(values)
    return pvariance(values) / (mean * mean) if mean > 0 else 1.0


def _erlang_c(offered: float, workers: int) -> float:
    """The probability of waiting, by the recursion of Erlang's formula B (no factorials)."""
    blocked = 1.0
    for busy in range(1, workers + 1):
        blocked = offered * blocked / (busy + offered * blocked)
    return blocked / (1 - offered / workers * (1 - blocked))
