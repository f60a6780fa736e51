"""A series of kills: rounds of processes on one log, each killed at a random moment, and a look at what they left."""

from __future__ import annotations

import random
import select
import signal
import sys
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from tests.crash.processes import Child, Tell, ask, fork
from tests.crash.result import Result

__all__ = ["Findings", "Log", "Scenario", "run_calls", "run_series"]


_BEGINNING = 0.2
"""The share of the processes that are killed at some moment counted from their start."""
_LATEST = 20.0
"""Seconds after which a process that gave no sign of life is killed."""


@dataclass(frozen=True, slots=True)
class Log:
    """Where the processes of a round work: a log that nobody has opened yet, and an empty folder."""

    url: str
    folder: Path


@dataclass(slots=True)
class Findings:
    """What was found after a round."""

    lost: list[str] = field(default_factory=list[str])
    doubled: list[str] = field(default_factory=list[str])
    falsely_done: list[str] = field(default_factory=list[str])
    problems: list[str] = field(default_factory=list[str])

    def as_json(self) -> dict[str, list[str]]:
        """For the way from the process that looked."""
        return {
            "lost": self.lost,
            "doubled": self.doubled,
            "falsely_done": self.falsely_done,
            "problems": self.problems,
        }


class Scenario(Protocol):
    """What the processes of a series do. Each method is called in a process of its own.

    A child tells what was acknowledged by lines that begin with ``+``, and what should never have been by ``!``; any
    other line is a sign of life.
    """

    name: str
    at_once: int
    """How many processes live at a time."""
    longest: float
    """Seconds that a process lives at most after its first sign of life."""
    in_round: int
    """Kills before the log is looked at, and a new one is begun."""

    def prepare(self, log: Log) -> None:
        """Before the first child."""
        ...

    def beside(self, log: Log, tell: Tell) -> None:
        """What goes on beside the children and is not killed before the round was looked at; tells ``ready``."""
        ...

    def work(self, log: Log, number: int, tell: Tell) -> None:
        """The child of that number in the round: works until it is killed."""
        ...

    def check(self, log: Log, acknowledged: Collection[str], children: int) -> Findings:
        """When all are dead: what is there, and what of it should not be."""
        ...


def run_series(
    scenario: Scenario,
    logs: Callable[[], Log],
    kills: int,
    dice: random.Random,
    progress: Callable[[int], None] = lambda _: None,
) -> Result:
    """Kill that many processes of a scenario; `logs` gives the log of each round, `progress` is told of kills."""
    result = Result()
    while result.kills < kills:
        count = min(scenario.in_round, kills - result.kills)
        result.add(_round(scenario, logs(), count, dice, progress))
        if not result.good:
            break
    return result


def run_calls(
    crash: Callable[[str, int, int], Result],
    logs: Callable[[], Log],
    kills: int,
    dice: random.Random,
    progress: Callable[[int], None] = lambda _: None,
    *,
    in_round: int = 16,
) -> Result:
    """The same for a scenario that starts its processes itself: ``crash(url, kills, seed)`` is a round of it."""
    result = Result()
    while result.kills < kills and result.good:
        count, url, seed = min(in_round, kills - result.kills), logs().url, dice.randrange(2**32)
        result.add(Result.from_json(ask(lambda: crash(url, count, seed).as_json())))  # noqa: B023 - asked at once
        progress(count)
    return result


def _round(scenario: Scenario, log: Log, kills: int, dice: random.Random, progress: Callable[[int], None]) -> Result:
    result = Result()
    ask(lambda: scenario.prepare(log))
    beside = fork(lambda tell: scenario.beside(log, tell))
    try:
        while b"ready\n" not in beside.told:
            select.select([beside.pipe], [], [], 1)
            beside.read()
        _kill(scenario, log, kills, dice, progress, result)
        acknowledged = sorted(result.acknowledged)
        found: Mapping[str, Any] = ask(lambda: scenario.check(log, acknowledged, kills).as_json())
    finally:
        beside.end()
    result.lost |= set(found["lost"])
    result.doubled |= set(found["doubled"])
    result.falsely_done |= set(found["falsely_done"])
    result.problems += [f"{scenario.name}: {problem}" for problem in found["problems"]]
    return result


def _kill(
    scenario: Scenario,
    log: Log,
    kills: int,
    dice: random.Random,
    progress: Callable[[int], None],
    result: Result,
) -> None:
    """Start children one after the other, several at a time, and kill each at its moment."""
    living: list[Child] = []
    started = 0
    try:
        while started < kills or living:
            while started < kills and len(living) < scenario.at_once:
                living.append(_start(scenario, log, started, dice))
                started += 1
            moment = min(child.until for child in living)
            select.select([child.pipe for child in living], [], [], max(0.0, moment - time.monotonic()))
            for child in [*living]:
                child.read()
                if child.until <= time.monotonic():
                    living.remove(child)
                    _end(child, result)
                    progress(1)
    finally:
        for child in living:
            child.end()


def _start(scenario: Scenario, log: Log, number: int, dice: random.Random) -> Child:
    """Most are killed at some moment after their first sign of life; some while they are still beginning."""
    life, beginning = dice.uniform(0, scenario.longest), dice.random() < _BEGINNING
    child = fork(lambda tell: scenario.work(log, number, tell))
    child.until = time.monotonic() + (life if beginning else _LATEST)
    child.life = None if beginning else life
    return child


def _end(child: Child, result: Result) -> None:
    code = child.end()
    result.kills += 1
    for line in child.lines:
        if line.startswith("+"):
            result.acknowledged.add(line[1:])
        elif line.startswith("!"):
            result.problems.append(line[1:])
    if code != -signal.SIGKILL:
        result.problems.append(f"a process ended by itself, with {code}")
        print(f"a process ended by itself, with {code}", file=sys.stderr)
