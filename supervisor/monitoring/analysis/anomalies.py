"""Anomalies in a series of measured values, point by point, without a training run.

Four statistics are watched: how far a value is from what is usual at this hour of the day, from what is usual at this
hour of the week, how far the last twelve values are from it in the mean, and how much the series moves (the mean step
of the last twenty-four). Each is compared with its own past (`tails`), and the most surprising of them counts, as a
person would look at the one chart that stands out. An alarm that can't be right often must be rarer the more was seen:
the surprise needed grows with what is remembered, by a factor between a constant rate of alarms and a constant number.

An event raises the score over the threshold once: while the detector rests after it, only something a hundred times
rarer does so again.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

from common.errors import ValidationFailed
from supervisor.monitoring.analysis.rhythm import DAY, WEEK, Rhythm
from supervisor.monitoring.analysis.tails import TailMemory

__all__ = ["ALERT_SCORE", "ALERT_SURPRISE", "STATISTICS", "AnomalyDetector", "AnomalyEvidence", "CounterRate"]

ALERT_SCORE = 0.5
"""Scores from here on are anomalies."""

STATISTICS = ("hour_of_day", "hour_of_week", "recent_mean", "movement")
"""What is watched, in the order of the code."""

ALERT_SURPRISE = 2.9
"""−log10 of the probability that a score of `ALERT_SCORE` stands for, with a thousand values remembered. Chosen on the
series of the Numenta Anomaly Benchmark that docs/monitoring.md names, and fixed since."""
_RARER_WITH_MEMORY = 0.7
_REST_SHARE = 0.03
_LEAST_REST = 20
_LEAST_KNOWN = 100
_MUCH_RARER = 2.0
_UNKNOWN = -1.0
_RECENT = 12
_MOVEMENT = 24
_LONGEST_STEP = 3600.0
_LARGEST = 1e140
"""Larger values are taken as this large: their squares must stay finite."""


@dataclass(frozen=True, slots=True)
class AnomalyEvidence:
    """Why a point was scored as it was.

    `probability`: how rare so surprising a value of `statistic` is, by what is remembered. `usual`: what is usual at
    this hour of the day (None: not known yet). `remembered`: values compared with. `resting`: an alarm was raised
    shortly before, and this point is no new one.
    """

    timestamp: float
    value: float
    score: float
    statistic: str | None
    probability: float
    usual: float | None
    remembered: int
    resting: bool

    @property
    def anomalous(self) -> bool:
        """Whether the score reaches `ALERT_SCORE`."""
        return self.score >= ALERT_SCORE

    def to_json(self) -> dict[str, str | float | int | bool | None]:
        """The same for programs."""
        names = ("timestamp", "value", "score", "statistic", "probability", "usual", "remembered", "resting")
        return {name: getattr(self, name) for name in names} | {"anomalous": self.anomalous}

    def __str__(self) -> str:
        if self.statistic is None:
            return f"{self.value:.6g}: too little is known to judge."
        usual = "" if self.usual is None else f", usual at this hour {self.usual:.6g}"
        return (
            f"{self.value:.6g}{usual}; {self.statistic.replace('_', ' ')} this unusual has probability "
            f"{self.probability:.2g} by {self.remembered} remembered values."
        )


class AnomalyDetector:
    """Scores the points of one series; feed it each point once, in the order of time.

    `memory`: values remembered for each statistic (4,032: two weeks of five minutes; 64 bytes a value in all).
    `block`: seconds for which one value, the most surprising, is remembered, so that a series sampled every few
    seconds is compared with two weeks too and not with two hours.
    `alert_surprise`: the surprise that makes an alarm; one more is an alarm ten times rarer.
    """

    __slots__ = (
        "_alert",
        "_block",
        "_block_began",
        "_day",
        "_largest",
        "_last",
        "_moves",
        "_opened",
        "_previous",
        "_quiet",
        "_residuals",
        "_since",
        "_tails",
        "_week",
    )

    def __init__(self, *, memory: int = 4032, block: float = 300.0, alert_surprise: float = ALERT_SURPRISE) -> None:
        if memory < _LEAST_KNOWN:
            raise ValidationFailed(
                f"A memory of {memory} values is too short", where="memory", todo=f"Use at least {_LEAST_KNOWN}."
            )
        if not alert_surprise > 0:
            raise ValidationFailed("The surprise of an alarm must be more than 0", where="alert_surprise")
        self._alert = alert_surprise
        self._block = block
        self._tails = tuple(TailMemory(memory) for _ in STATISTICS)
        self._day = Rhythm(DAY, 24, memory=4.0)
        self._week = Rhythm(WEEK, 168, memory=4.0)
        self._residuals: deque[float] = deque(maxlen=_RECENT)
        self._moves: deque[float] = deque(maxlen=_MOVEMENT)
        self._previous: tuple[float, float] | None = None
        self._block_began: float | None = None
        self._largest = [0.0] * len(STATISTICS)
        self._since = 0
        self._quiet = 0
        self._opened = 0.0
        self._last: AnomalyEvidence | None = None

    @property
    def last(self) -> AnomalyEvidence | None:
        """The evidence for the last point; None before the first."""
        return self._last

    def update(self, timestamp: float, value: float) -> float:
        """The score of a point, 0 to 1: −log10 of its probability over twice that of an alarm.

        `timestamp` in seconds since 1970 UTC; steps may be irregular and points may be missing.
        Raises ValidationFailed for what is not a finite number; nothing is learned from it.
        """
        if not (math.isfinite(timestamp) and math.isfinite(value)):
            raise ValidationFailed(
                f"A point ({timestamp}, {value}) is not finite",
                where="AnomalyDetector.update",
                todo="Leave out points that could not be measured.",
            )
        bounded = min(max(value, -_LARGEST), _LARGEST)
        part, usual, statistics = self._look(timestamp, bounded)
        surprise, which = 0.0, None
        if statistics is not None:
            for number, tail in enumerate(self._tails):
                found = tail.surprise(statistics[number])
                if found > surprise and statistics[number] >= 0:
                    surprise, which = found, number
            self._remember(timestamp, statistics)
        self._learn(timestamp, bounded, part)
        score, resting = self._score(surprise)
        name = None if which is None else STATISTICS[which]
        known = len(self._tails[0])
        self._last = AnomalyEvidence(timestamp, value, score, name, 10**-surprise, usual, known, resting)
        return score

    def _look(self, timestamp: float, value: float) -> tuple[tuple[int, int], float | None, tuple[float, ...] | None]:
        """Parts of day and week, what is usual, and the four statistics (None before anything is usual).

        A statistic of −1 is one that is not known yet.
        """
        part = (self._day.part(timestamp), self._week.part(timestamp))
        usual = self._day.usual(part[0])
        if usual is None:
            return part, None, None
        residual = value - usual
        of_week = self._week.usual(part[1])
        weekly = _UNKNOWN if of_week is None else abs(value - of_week)
        residuals, moves = self._residuals, self._moves
        residuals.append(residual)
        moves.append(0.0 if self._previous is None else abs(value - self._previous[1]))
        recent = abs(math.fsum(residuals)) / len(residuals)
        return part, usual, (abs(residual), weekly, recent, math.fsum(moves) / len(moves))

    def _remember(self, timestamp: float, statistics: tuple[float, ...]) -> None:
        """Take the statistics into the memory, one value of each for a block of time."""
        largest = self._largest
        if self._block_began is None:
            self._block_began = timestamp
            largest[:] = statistics
            return
        if 0 <= timestamp - self._block_began < self._block * 0.99:
            for number, value in enumerate(statistics):
                largest[number] = max(largest[number], value)
            return
        for tail, value in zip(self._tails, largest, strict=True):
            if value >= 0:
                tail.add(value)
        self._since += 1
        self._block_began = timestamp
        largest[:] = statistics

    def _learn(self, timestamp: float, value: float, part: tuple[int, int]) -> None:
        step = 0.0
        if self._previous is not None:
            step = min(max(timestamp - self._previous[0], 0.0), _LONGEST_STEP)
        self._day.learn(part[0], value, step)
        self._week.learn(part[1], value, step)
        self._previous = (timestamp, value)

    def _score(self, surprise: float) -> tuple[float, bool]:
        """The score of a surprise, held under the threshold while an earlier alarm is fresh."""
        known = len(self._tails[0])
        if known < _LEAST_KNOWN:
            return 0.0, False
        level = surprise - _RARER_WITH_MEMORY * math.log10(known / 1000) if surprise > 0 else 0.0
        resting = self._since < self._quiet
        if level >= self._alert and (not resting or level >= self._opened + _MUCH_RARER):
            self._opened = level
            self._since = 0
            self._quiet = max(_LEAST_REST, int(_REST_SHARE * known))
            resting = False
        elif resting:
            level = min(level, self._alert * 0.999)
        return min(max(level * ALERT_SCORE / self._alert, 0.0), 1.0), resting


class CounterRate:
    """Makes a rate of a counter that only grows and begins again at 0 when its process restarts."""

    __slots__ = ("_previous",)

    def __init__(self) -> None:
        self._previous: tuple[float, float] | None = None

    def update(self, timestamp: float, total: float) -> float | None:
        """Growth a second since the point before; None for the first point and where no time has passed.

        After a restart the new total is all that is known to have been counted. Raises ValidationFailed for what is
        not finite.
        """
        if not (math.isfinite(timestamp) and math.isfinite(total)):
            raise ValidationFailed(f"A total ({timestamp}, {total}) is not finite", where="CounterRate.update")
        previous, self._previous = self._previous, (timestamp, total)
        if previous is None or timestamp <= previous[0]:
            return None
        grown = total - previous[1] if total >= previous[1] else total
        return grown / (timestamp - previous[0])
