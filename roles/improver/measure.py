"""Measures an agent inside a sandbox: alone, or the original and a candidate in turn."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, cast

from common.errors import SandboxError
from common.sandbox import Project, Sandbox, SandboxLimits
from roles.improver.agent import AgentSource, History, RecordedRequest
from roles.improver.places import Place

__all__ = ["HotSpot", "Measurement", "Sample", "Workbench"]

_HERE = Path(__file__).parent
# the interpreter gets the code that measures as text; the modules that it imports are made first, and then hidden
_BOOT = """
import sys, types
for name, text in {below!r}.items():
    sys.modules[name] = module = types.ModuleType(name)
    exec(compile(text, name, "exec"), module.__dict__)
code = compile({inside!r}, "inside", "exec")
space = {{"__name__": "inside"}}
exec(code, space)
for name in {below!r}:
    del sys.modules[name]
del name, text, module
space["main"]()
"""
_BELOW = ("canonical", "recorded_rows", "time_limit", "timed_functions")
_MOST_TIMED = 40
_HELD = 1_000
_INSTANTIATIONS = 1_000
_IN_ROUNDS = 150
_IN_A_RUN = 24
_OUTPUT = 8 * 2**20


@dataclass(frozen=True, slots=True)
class HotSpot:
    """A place where much goes: share of the requests' own time, or bytes for each instance."""

    file: str
    line: int
    function: str
    share: float
    bytes: float = 0.0
    calls: int = 0


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one agent takes.

    `instantiation` is in seconds (median of 1,000 after warm-up), `live_memory` in bytes for each of 1,000 instances
    held (None for an agent of plain functions); `load_time` and `load_memory` are those of importing it; `latency` is
    seconds for each recorded request, median over passes, `first_pass` those of the first one; `success` the share of
    recorded requests that end in an answer.
    """

    instantiation: float | None
    live_memory: float | None
    load_time: float
    load_memory: float
    latency: tuple[float, ...]
    first_pass: tuple[float, ...]
    success: float
    history: History = field(default_factory=History)
    hot_spots: tuple[HotSpot, ...] = ()


@dataclass(frozen=True, slots=True)
class Sample:
    """Figures of one side in the rounds of one A/B run, one value a round; requests apart from each other.

    `later` is the fastest of several passes for each request: what else the machine does makes none faster. `fetches`:
    how often all requests together asked for rows, in their first pass. `places`: of functions, the seconds that the
    first pass spent in them, and a later one.
    """

    load: tuple[float, ...]
    cold: tuple[float, ...]
    instantiation: tuple[float, ...]
    first: tuple[tuple[float, ...], ...]
    later: tuple[tuple[float, ...], ...]
    load_memory: float
    live_memory: float | None
    fetches: int = 0
    places: Mapping[Place, tuple[tuple[float, float], ...]] = field(default_factory=dict[Place, Any])


class Workbench:
    """Runs the code that measures, in a sandbox; nothing of an agent is imported in this process."""

    def __init__(self, sandbox: Sandbox, limits: SandboxLimits | None = None, *, packages: bool = False) -> None:
        """`limits` bound each run; `packages` lets agents import this Python's packages."""
        self._sandbox = sandbox
        limits = limits or SandboxLimits()
        self._limits = replace(limits, output=max(limits.output, _OUTPUT), seconds=max(limits.seconds, 60.0))
        self._packages = packages

    async def work(self, sides: Mapping[str, Mapping[str, str]], pieces: Sequence[Sequence[Any]]) -> list[Any]:
        """The answers to pieces of work (see `inside.py`), given the files of each side, in folders of these names.

        Raises `SandboxError` where the run as a whole failed; a piece that failed has the key `crashed`.
        """
        files = {f"{side}/{path}": text.encode() for side, own in sides.items() for path, text in own.items()}
        work, pool = _pooled(pieces)
        job = json.dumps({"folders": [f"/work/{side}" for side in sides], "rows": pool, "work": work})
        project = Project(
            files or {"empty": b""}, arguments=("-c", _code()), stdin=job.encode(), packages=self._packages
        )
        result = await self._sandbox.run(project, self._limits)
        if not result.ok:
            raise SandboxError(
                f"a measuring run did not end well: {result.killed_by or f'exit status {result.exit_status}'}",
                where=result.stderr.decode(errors="replace")[-300:].strip(),
                todo="Look at the agent's requests: they may take more time or memory than the sandbox allows.",
            )
        try:
            answers: Any = json.loads(result.stdout)
        except ValueError:
            answers = None
        if not isinstance(answers, list) or len(cast("list[Any]", answers)) != len(pieces):
            raise SandboxError("a measuring run gave no usable answer", where=self._sandbox.name)
        return cast("list[Any]", answers)

    async def measure(self, agent: AgentSource) -> Measurement:
        """The figures of an agent by itself. Raises `SandboxError` where it can't be loaded or its requests run."""
        timed = [request.to_json() for request in agent.requests[:_MOST_TIMED]]
        side = "/work/a"
        pieces = [
            ["time", side, timed, _INSTANTIATIONS, 5.0],
            ["weigh", side, timed, _HELD],
            ["profile", side, timed],
            ["replay", side, [request.to_json() for request in agent.requests], 5.0],
        ]
        times, weights, profile, outcomes = await self.work({"a": agent.files}, pieces)
        for answer in (times, weights, profile, outcomes):
            _check(answer)
        good = sum("answer" in outcome for outcome in outcomes)
        return Measurement(
            instantiation=times["instantiation"],
            live_memory=weights["instance"],
            load_time=times["load"],
            load_memory=weights["load"],
            latency=tuple(times["later"]),
            first_pass=tuple(times["first"]),
            success=good / len(outcomes) if outcomes else 1.0,
            history=agent.history,
            hot_spots=_hot_spots(profile),
        )

    async def compare(
        self,
        original: Mapping[str, str],
        candidate: Mapping[str, str],
        requests: Sequence[RecordedRequest],
        rounds: int,
        seed: int = 0,
        places: Sequence[Place] = (),
        processes: int = 1,
    ) -> tuple[Sample, Sample]:
        """Original and candidate measured in turn, each time in a process of its own.

        `places` are timed by themselves, apart from the agent's own figures: a clock around a function takes time.
        In each round that is done in so many `processes` of each side, of which the fastest counts.
        Which of the two goes first is drawn anew for each round, so that what drifts on the machine falls on both.
        Raises `SandboxError` where one of them can't be measured.
        """
        draw = random.Random(seed)  # noqa: S311 - an order, not a secret
        timed = [request.to_json() for request in requests[:_MOST_TIMED]]
        order = [side for _ in range(rounds) for side in draw.sample(("a", "b"), 2)]
        pieces: list[list[Any]] = [["weigh", f"/work/{side}", timed, _HELD] for side in ("a", "b")]
        pieces += [["time", f"/work/{side}", timed, _IN_ROUNDS, 0.02] for side in order]
        again = [side for at in range(0, len(order), 2) for side in order[at : at + 2] * processes]
        if places:
            pieces += [["places", f"/work/{side}", timed, [list(place) for place in places]] for side in again]
        # no run is so long that a busy machine ends it, and both sides of a round are in the same one
        parts = [pieces[:2], *(pieces[at : at + _IN_A_RUN] for at in range(2, len(pieces), _IN_A_RUN))]
        answers = [one for part in parts for one in await self.work({"a": original, "b": candidate}, part)]
        for answer in answers:
            _check(answer)
        weights = dict(zip(("a", "b"), answers[:2], strict=True))
        whole, clocked = answers[2 : 2 + len(order)], answers[2 + len(order) :]
        by_side = {side: [row for own, row in zip(order, whole, strict=True) if own == side] for side in weights}
        a, b = _sample(by_side["a"], weights["a"]), _sample(by_side["b"], weights["b"])
        if not places:
            return a, b
        spent = {side: [row for own, row in zip(again, clocked, strict=True) if own == side] for side in weights}
        return replace(a, places=_places(places, spent["a"], processes)), replace(
            b, places=_places(places, spent["b"], processes)
        )


@cache
def _code() -> str:
    below = {f"roles.improver.{name}": (_HERE / f"{name}.py").read_text("utf-8") for name in _BELOW}
    return _BOOT.format(below=below, inside=(_HERE / "inside.py").read_text("utf-8"))


def _pooled(pieces: Sequence[Sequence[Any]]) -> tuple[list[list[Any]], list[str]]:
    """The pieces of work with numbers in place of the requests' rows, which all rounds of a run share; and the rows."""
    numbers: dict[str, int] = {}

    def pooled(part: Any) -> Any:
        if not isinstance(part, list):
            return part
        return [numbered(one) for one in cast("list[Any]", part)]

    def numbered(one: Any) -> Any:
        if not isinstance(one, dict):
            return one
        request = cast("dict[str, Any]", one)
        rows = request.get("rows")
        return request if rows is None else {**request, "rows": numbers.setdefault(rows, len(numbers))}

    return [[pooled(part) for part in piece] for piece in pieces], list(numbers)


def _check(answer: Any) -> None:
    if isinstance(answer, dict) and "crashed" in answer:
        names, text = cast("dict[str, Any]", answer)["crashed"]
        raise SandboxError(
            f"the agent can't be measured: {names[0] if names else 'error'}: {text}",
            todo="Mend the agent first: it must load, and its recorded requests must name what it has.",
        )


def _sample(rows: Sequence[Any], weight: Any) -> Sample:
    return Sample(
        load=tuple(row["load"] for row in rows),
        cold=tuple(row["cold"] for row in rows),
        instantiation=tuple(row["instantiation"] for row in rows if row["instantiation"] is not None),
        first=tuple(tuple(row["first"]) for row in rows),
        later=tuple(tuple(row["fastest"]) for row in rows),
        load_memory=weight["load"],
        live_memory=weight["instance"],
        fetches=rows[0]["fetches"],
    )


def _places(
    places: Sequence[Place], rows: Sequence[Any], processes: int
) -> dict[Place, tuple[tuple[float, float], ...]]:
    """The times of each function in all rounds, of those that can be timed; the least of each round's processes."""
    by_place = dict(zip(places, zip(*rows, strict=True), strict=True))
    return {
        place: tuple(_least(times[at : at + processes]) for at in range(0, len(times), processes))
        for place, times in by_place.items()
        if None not in times
    }


def _least(times: Sequence[Any]) -> tuple[float, float]:
    return min(one[0] for one in times), min(one[1] for one in times)


def _hot_spots(profile: Any) -> tuple[HotSpot, ...]:
    total = sum(row[4] for row in profile["times"]) or 1.0
    spots = [HotSpot(row[0], row[1], row[2], row[4] / total, calls=row[3]) for row in profile["times"]]
    spots += [HotSpot(row[0], row[1], "", 0.0, bytes=row[2]) for row in profile["bytes"]]
    return tuple(spots)
