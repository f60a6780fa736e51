"""An approved improvement that a person carried out: assigned to that person, and ended, in one step."""

from __future__ import annotations

from events.catalogue.improvement import ImprovementAssigned, ImprovementCompleted, ImprovementFailed
from events.state.improvement import ImprovementState, assign
from events.state.improvement_limits import check_note

__all__ = ["HandWork", "by_hand"]

HandWork = tuple[ImprovementAssigned, ImprovementCompleted | ImprovementFailed]
"""What is appended together, so that nobody else is assigned in between."""


def by_hand(state: ImprovementState, *, by: str, note: str, done: bool) -> HandWork:
    """The person `by` carried it out, or found that it can't be; `note` says what was done, or why not.

    Nothing can take it back but a person. Raises `ImprovementError` for one that is not approved, and without a name
    or a note.
    """
    check_note(by, note, needed=True)
    assigned = assign(state, by)
    if done:
        return assigned, ImprovementCompleted(improvement_id=state.improvement_id, agent=by, text=note)
    return assigned, ImprovementFailed(improvement_id=state.improvement_id, agent=by, error=note, by_hand=True)
