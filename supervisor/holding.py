"""Holds intents back that build on what a person has not approved yet, or what policy denied."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from common.intents import IntentStatus
from common.language.parts import split
from common.task_graph import TaskGraph
from events.catalogue.base import Event
from events.catalogue.intent import IntentRegistered
from events.state.intent import IntentState
from supervisor.runs import Run

__all__ = ["Drafted", "hold_back", "why_held"]

Drafted = tuple[IntentRegistered, Sequence[Event]]
"""A registration, and what policy says of it at once (nothing: it may be carried out)."""

_NOT_DONE = (IntentStatus.DENIED, IntentStatus.FAILED)
_UNDONE = "what it depends on was not done"


def hold_back(run: Run, drafted: Sequence[Drafted]) -> list[IntentRegistered]:
    """The registrations of a run, each with the intents that it waits for.

    An intent builds on those of the tasks that its own depends on, however far back. Within one task, an agent or a
    role made the calls in order, and it is not known which of them needed which: where the parts of what it was asked
    depend on each other, each builds on all before it.
    """
    registered = [one for one, _ in drafted]
    open_places = {place for place, (_, decision) in enumerate(drafted) if decision}
    if not open_places or len(drafted) == 1:
        return registered
    needs = [_needed(run, registered, place) for place in range(len(registered))]
    held = set(open_places)
    while more := {place for place, needed in enumerate(needs) if place not in held and needed & held}:
        held |= more
    waits = [sorted(needed & held) for needed in needs]
    ids = [one.intent_id for one in registered]
    return [
        one.model_copy(
            update={
                "waits_for": [ids[other] for other in waits[place]],
                "needed_by": [ids[other] for other, needed in enumerate(waits) if place in needed],
            }
        )
        for place, one in enumerate(registered)
    ]


async def why_held(state: IntentState, read: Callable[[str], Awaitable[IntentState]]) -> str | None:
    """Why an intent can't be carried out: empty while it waits, a reason where it never can be; None where it can."""
    waits = False
    for intent_id in state.waits_for:
        needed = await read(intent_id)
        if needed.status in _NOT_DONE:
            return f"{_UNDONE} ({needed.summary})"
        waits = waits or needed.status is not IntentStatus.PROCESSED
    return "" if waits else None


def _needed(run: Run, registered: Sequence[IntentRegistered], place: int) -> set[int]:
    """The places of the intents that one builds on."""
    task = registered[place].task
    before: set[str] = set() if run.graph is None else _ancestors(run.graph, task)
    linked = _is_linked(run, task)
    return {
        other
        for other, one in enumerate(registered)
        if one.task in before or (one.task == task and other < place and linked)
    }


def _ancestors(graph: TaskGraph, task: str) -> set[str]:
    tasks = {one.id: one for one in graph.tasks}
    found: set[str] = set()
    ahead = [task]
    while ahead:
        known = tasks.get(ahead.pop())
        new = set(known.depends_on) - found if known is not None else set[str]()
        found |= new
        ahead += new
    return found


def _is_linked(run: Run, task: str) -> bool:
    """Whether parts of what one task was asked depend on each other."""
    asked = run.request
    if run.graph is not None:
        asked = next((one.request for one in run.graph.tasks if one.id == task), asked)
    return any(part.depends_on for part in split(asked))
