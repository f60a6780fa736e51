"""Makes an agent cheaper that is over a limit, by the improver's strategies and through its gate."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

import anyio.to_thread

from common.errors import SandboxError
from common.sandbox import Sandbox
from roles.engineering.specification import Specification

if TYPE_CHECKING:
    from roles.improver.acceptance import Candidate
    from roles.improver.agent import PlainAgent, RecordedRequest
    from roles.improver.measure import Sample, Workbench

__all__ = ["Optimiser"]

_NOT_RUN = ("database.py", "aio.py")
"""Modules that reach out of the sandbox; they have to stay as they were written."""
_ROUNDS = 6
_CASES = 12
_WELL_BELOW = 0.9
"""Parts of a limit; time wavers from run to run."""
_LIMITED = frozenset({"instantiation", "live_memory"})


class Optimiser:
    """Implements `roles.builder.parts.Optimise`; the improver is imported when it is first needed."""

    def __init__(self, find: Callable[[], Awaitable[Sandbox]]) -> None:
        self._find = find

    async def __call__(
        self, specification: Specification, files: Mapping[str, str], component: str
    ) -> Mapping[str, str] | None:
        """The files of components that a change makes cheaper, by path; None where no change does for certain.

        `files` are the package and its tests. A change may be of any component, for what instances are made of need not
        stand where they are made. It must bring no new finding, and the changed agent must pass the original's tests
        and answer alike. The first is taken that is well below the limits, else the one that gains most. Raises
        `SandboxError` where there is no sandbox, `ConfigurationError` where the extra ``builder`` is not installed.
        """
        del component
        from roles.improver.measure import Workbench

        bench = Workbench(await self._find())
        agent = await anyio.to_thread.run_sync(_agent, specification, files)
        best, least = None, 1.0
        for candidate in await anyio.to_thread.run_sync(_candidates, specification, agent):
            before, after = await _compared(bench, specification, agent, candidate) or (1.0, 1.0)
            if after / before < least:
                best, least = candidate, after / before
                if after < _WELL_BELOW:
                    break
        if best is None:
            return None
        return {path: text for path, text in best.files.items() if text != agent.files[path]}


def _agent(specification: Specification, files: Mapping[str, str]) -> PlainAgent:
    """The package as the improver sees it."""
    from roles.builder.standalone_tests import standalone_tests
    from roles.engineering.policy import CodePolicy
    from roles.improver.agent import AgentSpecification, PlainAgent

    name = specification.name
    policy = CodePolicy(imports=frozenset(specification.imports), local=frozenset({name}))
    return PlainAgent(
        name=name,
        files={
            path: text
            for path, text in files.items()
            if path.startswith(f"{name}/") and path.endswith(".py") and path.partition("/")[2] not in _NOT_RUN
        },
        tests=standalone_tests(files),
        requests=_requests(specification),
        specification=AgentSpecification(policy=policy),
    )


def _requests(specification: Specification) -> list[RecordedRequest]:
    """Calls of the operations that need no rows, and one of none, which makes an instance in any case."""
    from roles.builder.checking.cases import operation_cases
    from roles.builder.writing.planning import plan_of
    from roles.improver.agent import RecordedRequest

    alone = {one.name for one in specification.operations if one.query is None}
    cases: list[Any] = operation_cases(plan_of(specification), _CASES)
    target = f"{specification.name}.agent:{specification.class_name}.call"
    asked: list[tuple[Any, ...]] = [(one["name"], one["given"]) for one in cases if one["name"] in alone]
    return [RecordedRequest(target, ("", {})), *(RecordedRequest(target, arguments) for arguments in asked)]


def _candidates(specification: Specification, agent: PlainAgent) -> list[Candidate]:
    """All that the strategies change together, and what each of them changes alone; in files of components only."""
    from roles.builder.writing.package import component_of_file
    from roles.improver.acceptance import Candidate
    from roles.improver.catalogue import load_strategies
    from roles.improver.sites import Family

    fixed = {path: text for path, text in agent.files.items() if component_of_file(specification, path) == "frame"}
    useful = [one for one in load_strategies() if one.family is not Family.LOGIC and one.aims & _LIMITED]
    found: list[Candidate] = []
    for name, chosen in (("all changes", useful), *((one.kind, [one]) for one in useful)):
        files: Mapping[str, str] = agent.files
        for strategy in chosen:
            files = {**strategy.change(files, agent.specification, agent.tests).files, **fixed}
        if files != agent.files and all(files != other.files for other in found):
            allowances = frozenset[Any]().union(*(one.allowances for one in chosen))
            found.append(Candidate(name, files, _LIMITED, allowances))
    return found


async def _compared(
    bench: Workbench, specification: Specification, agent: PlainAgent, candidate: Candidate
) -> tuple[float, float] | None:
    """The worst figure of the original and of the changed agent, in parts of its limit.

    None where the gate refuses the change or it can't be run.
    """
    from roles.improver.behaviour import compare_behaviour
    from roles.improver.gate import Original, check_change

    if await check_change(Original(agent), candidate.files) is not None:
        return None
    try:
        behaviour = await compare_behaviour(bench, agent, candidate.files, candidate.allowances)
        if behaviour.difference is not None:
            return None
        before, after = await bench.compare(agent.files, candidate.files, agent.requests, _ROUNDS)
    except SandboxError:
        return None
    return _worst(specification, before), _worst(specification, after)


def _worst(specification: Specification, sample: Sample) -> float:
    """The figure that is the most in parts of its limit, in these; never 0."""
    limits = specification.constraints
    seconds, size = min(sample.instantiation, default=0.0), sample.live_memory or 0.0
    return max(seconds * 1e6 / limits.instantiation_us, size / 1024 / limits.memory_kib, 1e-9)
