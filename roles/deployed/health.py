"""Whether a built agent does what its specification says, as seen now."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from pydantic import JsonValue

from common.errors import AgentError
from roles.deployed.broker import DataBroker
from roles.deployed.worker import AgentWorker

if TYPE_CHECKING:
    from roles.engineering.specification import Specification

__all__ = ["AgentHealth", "examine_agent", "unloadable"]

_CLOSE = 1e-9
_MAX_CHECKS = 100


@dataclass(frozen=True, slots=True)
class AgentHealth:
    """What an examination found: `problems` is empty where all is well.

    `checks` are known answers that were calculated anew. `answer_ms` is how long the process took to answer at all,
    its start included where it did not run; `memory` is in bytes, `cpu` in seconds (None: the sandbox can't tell).
    """

    name: str
    version: str
    ok: bool
    problems: tuple[str, ...]
    checks: int
    sources: tuple[str, ...]
    answer_ms: float | None
    memory: int | None
    cpu: float | None

    def told(self) -> str:
        """In a line."""
        if not self.ok:
            return "; ".join(self.problems)
        parts = [f"version {self.version} answers in {self.answer_ms or 0:.0f} ms"]
        parts += [f"{self.checks} known answers are right"] if self.checks else []
        parts += [f"{', '.join(self.sources)} can be reached"] if self.sources else []
        parts += [f"{self.memory / 2**20:.0f} MiB"] if self.memory else []
        return ", ".join(parts)


def unloadable(name: str, version: str, why: str) -> AgentHealth:
    """An agent whose files can't be used."""
    return AgentHealth(name, version, False, (why,), 0, (), None, None, None)


async def examine_agent(
    specification: Specification, version: str, worker: AgentWorker, broker: DataBroker
) -> AgentHealth:
    """Have the process answer, calculate the known answers anew, and look whether the databases are there."""
    problems: list[str] = []
    answer_ms: float | None = None
    started = time.perf_counter()
    try:
        await worker.ping()
        answer_ms = round((time.perf_counter() - started) * 1_000, 2)
    except AgentError as error:
        problems.append(_told(error))
    checks = 0
    if not problems:
        checks, wrong = await _check(specification, worker)
        problems += wrong
    try:
        await broker.probe()
    except AgentError as error:
        problems.append(_told(error))
    sources = tuple(source.name for source in specification.sources)
    state = worker.state
    return AgentHealth(
        specification.name, version, not problems, tuple(problems), checks, sources, answer_ms, state.memory, state.cpu
    )


async def _check(specification: Specification, worker: AgentWorker) -> tuple[int, Sequence[str]]:
    """How many known answers are right, and what is wrong with the others."""
    right, wrong = 0, list[str]()
    known = [(operation, check) for operation in specification.operations for check in operation.checks]
    for operation, check in known[:_MAX_CHECKS]:
        arguments, expected = check.get("arguments"), check.get("expected")
        if not isinstance(arguments, Mapping) or not isinstance(expected, Mapping):
            continue
        try:
            result = await worker.call(operation.name, cast("Mapping[str, JsonValue]", arguments))
        except AgentError as error:
            wrong.append(f"{operation.name}: {_told(error)}")
            continue
        off = [
            f"{name} is {result.get(name)!r}, not {value!r}"
            for name, value in cast("Mapping[str, JsonValue]", expected).items()
            if not _same(result.get(name), value)
        ]
        right += not off
        wrong += [f"{operation.name}: {', '.join(off)}"] if off else []
    return right, wrong


def _same(found: JsonValue, expected: JsonValue) -> bool:
    if isinstance(found, bool) or isinstance(expected, bool):
        return found is expected
    if isinstance(found, int | float) and isinstance(expected, int | float):
        return math.isclose(found, expected, rel_tol=_CLOSE, abs_tol=_CLOSE)
    return found == expected


def _told(error: AgentError) -> str:
    return f"{error.what}. {error.todo}".strip(". ") if error.todo else error.what
