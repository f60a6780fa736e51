"""What the guard knows of one flag: how requests ended under the reference and under every other variant."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Self, cast

from pydantic import JsonValue

from supervisor.guard.evidence import Reference, Suspicion
from supervisor.guard.two_rates import at_least

__all__ = ["Arm", "FlagRecord", "Slowness"]

_VARIANTS = 8
"""Variants that are watched beside the reference; requests of further ones are not counted."""
_RECENT = 200
_TIMES = 100
_FIRST_TIMES = 50
"""Requests of the reference after which it is known what is slow."""
_EPOCH = 2_000
"""Requests of the reference after which what is slow is told anew from the last of them."""
_WINDOW = 40
_HISTORY = 100
_CHANGED = 1e-5
_FAILED, _SLOW, _CODES = 1, 2, 4
_FIRST_CODE = 48


@dataclass(frozen=True, slots=True)
class Slowness:
    """From when on a request is slow, told by the times of the reference: both must be exceeded."""

    factor: float
    seconds: float

    def limit(self, times: list[float]) -> float:
        """The seconds from which on a request is slow, given those that others took."""
        usual = sorted(times)[min(len(times) - 1, int(0.9 * len(times)))]
        return max(self.factor * usual, usual + self.seconds)


@dataclass(slots=True)
class Arm:
    """The requests of one variant."""

    failures: Suspicion = field(default_factory=Suspicion)
    slowness: Suspicion = field(default_factory=Suspicion)


@dataclass(slots=True)
class FlagRecord:
    """Counts requests in the order in which they ended.

    The evidence takes it that the reference's rate stays what it is. Where it certainly did not (an outage began, or
    ended), everything is counted anew: `regimes` counts these times, from 1 on. `limit` is the time in seconds from
    which on a request is slow (None: not known yet), `epochs` counts how often that was told anew. `recent` holds the
    last requests, one character each. `is_told` says that a person knows of the evidence, and that the guard could do
    nothing about it.
    """

    reference: Reference = field(default_factory=Reference)
    slow_reference: Reference = field(default_factory=Reference)
    times: list[float] = field(default_factory=list[float])
    limit: float | None = None
    regimes: int = 1
    epochs: int = 1
    arms: dict[str, Arm] = field(default_factory=dict[str, Arm])
    recent: str = ""
    is_told: bool = False

    def count(self, variant: str, is_reference: bool, failed: bool, seconds: float | None, slowness: Slowness) -> None:
        """Count a request that ended under a variant; `seconds` None: how long it took says nothing."""
        slow = self.limit is not None and seconds is not None and seconds > self.limit
        if is_reference:
            self.reference.add(failed)
            place = 0
        else:
            if variant not in self.arms:
                if len(self.arms) >= _VARIANTS:
                    return
                self.arms[variant] = Arm()
            place = 1 + list(self.arms).index(variant)
            self.arms[variant].failures.add(failed, self.reference)
        if self.limit is not None and seconds is not None:
            if is_reference:
                self.slow_reference.add(slow)
            else:
                self.arms[variant].slowness.add(slow, self.slow_reference)
        code = place * _CODES + failed * _FAILED + slow * _SLOW
        self.recent = (self.recent + chr(_FIRST_CODE + code))[-_RECENT:]
        if is_reference:
            if seconds is not None:
                self._tell_slow(seconds, slowness)
            if self._has_changed(self.reference, _FAILED):
                self.reference = Reference()
                for arm in self.arms.values():
                    arm.failures = Suspicion()
                self.regimes += 1

    def _tell_slow(self, seconds: float, slowness: Slowness) -> None:
        """Keep the reference's times, and say from them what is slow: of later requests only."""
        self.times = [*self.times, round(seconds, 3)][-_TIMES:]
        if self.limit is None:
            due = len(self.times) >= _FIRST_TIMES
        else:
            due = self.slow_reference.requests >= _EPOCH or self._has_changed(self.slow_reference, _SLOW)
            self.epochs += due
        if due:
            self.limit = slowness.limit(self.times)
            self.slow_reference = Reference()
            for arm in self.arms.values():
                arm.slowness = Suspicion()

    def _has_changed(self, reference: Reference, bit: int) -> bool:
        """Whether the reference's last requests can't be explained by its rate until then."""
        if reference.requests < _HISTORY:
            return False
        codes = [ord(char) - _FIRST_CODE for char in self.recent]
        last = [bool(code & bit) for code in codes if code < _CODES][-_WINDOW:]
        hits = sum(last)
        rate = (reference.failed - hits + 1) / (reference.requests - len(last) + 2)
        if abs(hits - rate * len(last)) <= 3 * math.sqrt(rate * (1 - rate) * len(last)):  # which costs less
            return False
        return at_least(hits, len(last), rate) < _CHANGED or at_least(len(last) - hits, len(last), 1 - rate) < _CHANGED

    def begin_anew(self) -> None:
        """Forget what was held against variants; what is known of the reference stays."""
        self.arms = {}
        self.recent = ""
        self.regimes = self.epochs = 1
        self.is_told = False

    def lately(self, variant: str, *, slow: bool, requests: int) -> tuple[int, int, int, int]:
        """Of the variant's last `requests`: how many there were and how many failed (or were slow); and the same of
        the reference's requests that ended meanwhile.
        """
        place, bit = 1 + list(self.arms).index(variant), _SLOW if slow else _FAILED
        counts = [0, 0, 0, 0]
        for char in reversed(self.recent):
            if counts[0] == requests:
                break
            code = ord(char) - _FIRST_CODE
            of, hit = code // _CODES, bool(code & bit)
            if of == place:
                counts[0] += 1
                counts[1] += hit
            elif of == 0:
                counts[2] += 1
                counts[3] += hit
        return counts[0], counts[1], counts[2], counts[3]

    def dump(self) -> dict[str, JsonValue]:
        """As JSON; `load` reads it back."""
        return {
            "reference": _reference(self.reference),
            "slow_reference": _reference(self.slow_reference),
            "times": [*self.times],
            "limit": self.limit,
            "regimes": self.regimes,
            "epochs": self.epochs,
            "arms": {name: [_suspicion(arm.failures), _suspicion(arm.slowness)] for name, arm in self.arms.items()},
            "recent": self.recent,
            "is_told": self.is_told,
        }

    @classmethod
    def load(cls, dumped: dict[str, Any]) -> Self:
        """The record that `dump` gave."""
        return cls(
            reference=Reference(*dumped["reference"]),
            slow_reference=Reference(*dumped["slow_reference"]),
            times=list(cast("list[float]", dumped["times"])),
            limit=dumped["limit"],
            regimes=dumped["regimes"],
            epochs=dumped["epochs"],
            arms={name: Arm(*[_read_suspicion(one) for one in both]) for name, both in dumped["arms"].items()},
            recent=dumped["recent"],
            is_told=dumped["is_told"],
        )


def _reference(counted: Reference) -> list[JsonValue]:
    return [counted.requests, counted.failed, counted.predicted]


def _suspicion(counted: Suspicion) -> list[JsonValue]:
    bets: list[JsonValue] = [*counted.bets] if counted.requests else []
    looked = counted.looked if counted.looked > -math.inf else None
    return [counted.requests, counted.failed, counted.predicted, bets, counted.placed, looked]


def _read_suspicion(dumped: list[Any]) -> Suspicion:
    if not dumped[0]:
        return Suspicion()
    looked = -math.inf if dumped[5] is None else dumped[5]
    return Suspicion(*dumped[:3], bets=list(dumped[3]), placed=dumped[4], looked=looked)
