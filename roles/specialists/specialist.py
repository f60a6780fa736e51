"""What the specialists have in common: how a plan is drawn up, carried out and taken back.

A specialist never decides whether something is done. It draws up a plan when an improvement is suggested, so that the
person who approves sees exactly what will change; it carries out that plan and nothing else once there is an
`ApprovedImprovement`, which the log alone gives. What it changes by events is appended together with the assignment
(`prepare`), so it happens once or not at all; other work is done after it (`carry_out`) and can be found again
(`applied`), whatever was killed in between.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from pydantic import JsonValue

from common.errors import ImprovementError
from common.intents import StreamAppend
from events.catalogue.improvement import ImprovementPlan
from events.state.improvement import ApprovedImprovement

__all__ = [
    "AgentBuilder",
    "Agents",
    "Applied",
    "CodeImprover",
    "Measure",
    "Permits",
    "Proposals",
    "Seen",
    "Specialist",
    "Tuner",
    "WorkSeen",
    "component_of",
    "leave_for",
    "text_of",
]

Permits = Callable[[ApprovedImprovement], Awaitable[ApprovedImprovement]]
"""Gives a leave as the log gives it now, or raises `ImprovementError`: asked right before anything is done."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What was done, in a sentence, and what `Specialist.undo` needs to take it back (None: nothing can)."""

    text: str
    undo: JsonValue = None


@dataclass(frozen=True, slots=True)
class Measure:
    """What tells whether it helped: a figure of a component, such as ``response_time`` of ``tool:search.web``."""

    component: str
    metric: str


@dataclass(frozen=True, slots=True)
class Seen:
    """The latest calls of a component.

    `seconds` of those that succeeded; how many `failed`; `repeated` is the share of all that asked what the same
    tenant had asked shortly before; `longest_run` is how many failed in a row at most.
    """

    seconds: Sequence[float] = ()
    failed: int = 0
    repeated: float = 0.0
    longest_run: int = 0

    @property
    def calls(self) -> int:
        """All of them."""
        return len(self.seconds) + self.failed


class WorkSeen(Protocol):
    """Where a specialist looks up how a component did lately."""

    async def seen(self, component: str) -> Seen:
        """The latest calls of a role, a tool, a model or of ``requests``. Raises `StoreError`."""
        ...


class Tuner(Protocol):
    """Where settings are changed; see `supervisor.tuning.Tuning`."""

    def value(self, key: str) -> float:
        """What is in force. Raises `NotFound`."""
        ...

    def bounds(self, key: str) -> tuple[float, float] | None:
        """The least and the most it may be; None for a setting that can't be tuned."""
        ...

    async def carrying_out(self, leave: ApprovedImprovement, *, by: str) -> Sequence[StreamAppend]:
        """What changes the settings that an approved plan names. Raises `ImprovementError`."""
        ...

    async def carried_out(self, improvement_id: str, keys: Sequence[str]) -> Mapping[str, float | None]:
        """Of these settings, those that an improvement changed, with the value before."""
        ...

    async def taking_back(
        self, improvement_id: str, before: Mapping[str, float | None], *, by: str, reason: str
    ) -> Sequence[StreamAppend]:
        """What takes an improvement's changes back, of settings that nobody changed since."""
        ...


class Agents(Protocol):
    """Where agents are registered and switched."""

    def is_enabled(self, name: str) -> bool:
        """Whether requests may be routed to it. Raises `NotFound`."""
        ...

    async def switching(
        self, name: str, *, enabled: bool, by: str, reason: str, improvement: str | None
    ) -> Sequence[StreamAppend]:
        """What switches an agent on or off; nothing where it is so already. Raises `NotFound`."""
        ...

    async def registering(
        self, name: str, description: str, tools: Sequence[str], *, improvement: str
    ) -> Sequence[StreamAppend]:
        """What registers an agent. Raises `ImprovementError` where one of this name is there."""
        ...

    async def changed_by(self, improvement_id: str, names: Sequence[str]) -> Sequence[str]:
        """Of these agents, those that an improvement changed."""
        ...

    async def last_changed_by(self, name: str) -> str | None:
        """The improvement that switched or registered an agent last; None where a person did, or nobody."""
        ...


class Proposals(Protocol):
    """Where versions of guidelines are proposed; see `supervisor.learning`."""

    async def propose(self, agent_type: str, *, by: str) -> tuple[str, str]:
        """The version that the traces of an agent type speak for, and where it stands (``trial``, ``waiting``).

        Asked again, it names the same version. Raises `ImprovementError` where they speak for none.
        """
        ...

    async def withdraw(self, agent_type: str, version: str, *, by: str, reason: str) -> None:
        """Reject a version, or take it out of service; nothing where that was done."""
        ...


class CodeImprover(Protocol):
    """Changes the code of an agent or tool, checks and tests it, and puts it into service."""

    def can_change(self, component: str) -> bool:
        """Whether there is code of this component that may be changed."""
        ...

    async def change(self, leave: ApprovedImprovement) -> Applied:
        """Do it, once however often it is asked. Raises `BuildError`, `ImprovementError`."""
        ...

    async def changed(self, improvement_id: str) -> Applied | None:
        """What was done for an improvement, if anything."""
        ...

    async def take_back(self, improvement_id: str, undo: JsonValue) -> None:
        """Put the earlier code into service again."""
        ...


class AgentBuilder(Protocol):
    """Builds new agents."""

    async def build(self, leave: ApprovedImprovement) -> Applied:
        """Build, test and register an agent, once however often it is asked. Raises `BuildError`."""
        ...

    async def built(self, improvement_id: str) -> Applied | None:
        """What was built for an improvement, if anything."""
        ...

    async def take_back(self, improvement_id: str, undo: JsonValue) -> None:
        """Retire what was built."""
        ...


class Specialist(Protocol):
    """Carries out approved improvements whose plan names it and one of its `actions`."""

    @property
    def name(self) -> str:
        """As plans and events name it."""
        ...

    @property
    def actions(self) -> frozenset[str]:
        """What it can do."""
        ...

    async def draw_up(self, plan: ImprovementPlan) -> ImprovementPlan | None:
        """The plan with everything settled that will be done; None where only a person can do it. Changes nothing."""
        ...

    def measures(self, plan: ImprovementPlan) -> Measure | None:
        """What tells whether it helped; None where nothing is to be measured here."""
        ...

    async def prepare(self, leave: ApprovedImprovement) -> Sequence[StreamAppend]:
        """The events that carry it out, to be appended with the assignment. Changes nothing itself.

        Raises `SupervisorError` where it can't be done.
        """
        ...

    async def applied(self, leave: ApprovedImprovement) -> Applied | None:
        """What the log, or whoever did it, says was done for this improvement; None where nothing was."""
        ...

    async def carry_out(self, leave: ApprovedImprovement) -> Applied:
        """Do what is not done by events; asked again after a crash. Raises `SupervisorError` where it can't be done."""
        ...

    async def undo(self, improvement_id: str, undo: JsonValue, *, by: str, reason: str) -> Sequence[StreamAppend]:
        """Take back what was done: what events do is returned, to be appended; the rest is done. May be repeated."""
        ...


async def leave_for(name: str, permits: Permits, leave: ApprovedImprovement) -> ApprovedImprovement:
    """The leave as the log gives it now, for the specialist of that name. Raises `ImprovementError`."""
    now = await permits(leave)
    if now.agent != name:
        raise ImprovementError(f"it is not assigned to {name}", where=leave.improvement_id)
    return now


def component_of(plan: ImprovementPlan) -> str:
    """The component that a plan names; empty where it names none."""
    return text_of(plan.arguments, "component")


def text_of(arguments: Mapping[str, JsonValue], name: str) -> str:
    """An argument that is text; empty where there is none."""
    value = arguments.get(name)
    return value if isinstance(value, str) else ""
