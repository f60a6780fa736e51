"""An approved improvement that a person carried out: assigned to that person, and ended, in one step.

One that is assigned already is ended by a person where the specialist that it is assigned to is gone.
"""

from __future__ import annotations

from collections.abc import Collection

from common.errors import ImprovementError
from events.catalogue.improvement import ImprovementAssigned, ImprovementCompleted, ImprovementFailed
from events.state.improvement import ImprovementState, ImprovementStatus, assign
from events.state.improvement_limits import check_note

__all__ = ["HandWork", "by_hand"]

Ended = ImprovementCompleted | ImprovementFailed
HandWork = tuple[ImprovementAssigned, Ended] | tuple[Ended]
"""What is appended together, so that nobody else is assigned in between; the last one ends it."""


def by_hand(
    state: ImprovementState, *, by: str, note: str, done: bool, present: Collection[str] = frozenset()
) -> HandWork:
    """The person `by` carried it out, or found that it can't be; `note` says what was done, or why not.

    `present` are the specialists that go on with what is assigned to them. Nothing can take it back but a person.
    Raises `ImprovementError` for one that is neither approved nor assigned to one that is gone, and without a name or
    a note.
    """
    check_note(by, note, needed=True)
    if state.status is ImprovementStatus.ASSIGNED and state.agent is not None:
        if state.agent in present:
            raise ImprovementError(
                f"{state.agent} carries it out", where=state.improvement_id, todo="Wait for its end, and undo it then."
            )
        return (_ended(state.improvement_id, state.agent, note, done=done, by=by),)
    return assign(state, by), _ended(state.improvement_id, by, note, done=done)


def _ended(improvement_id: str, agent: str, note: str, *, done: bool, by: str = "") -> Ended:
    if done:
        return ImprovementCompleted(improvement_id=improvement_id, agent=agent, text=note, by=by)
    return ImprovementFailed(improvement_id=improvement_id, agent=agent, error=note, by_hand=True, by=by)
