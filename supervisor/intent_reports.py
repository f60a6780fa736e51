"""How intents and their faults are told to people."""

from __future__ import annotations

from common.errors import NotFound
from common.intents import IntentStatus
from common.results import IntentReport
from events.state.intent import IntentState

__all__ = ["fault_in_words", "report_of", "unknown_intent"]


def report_of(state: IntentState) -> IntentReport:
    """Where an intent stands."""
    detail = state.detail or state.summary
    if state.status is not IntentStatus.PROCESSED and state.detail:
        detail = f"{state.summary}: {state.detail}"
    if state.status is IntentStatus.REGISTERED and state.waits_for:
        detail = f"{state.summary} (waits for {', '.join(state.waits_for)})"
    return IntentReport(id=state.intent_id, type=state.type, status=state.status, detail=detail)


def unknown_intent(intent_id: str) -> NotFound:
    """There is no such intent, or it is somebody else's."""
    return NotFound(f"there is no intent {intent_id!r}", where="approvals", todo="List them with approvals list.")


def fault_in_words(error: BaseException) -> str:
    """Why an attempt has no clear outcome."""
    if isinstance(error, TimeoutError):
        return "it took too long"
    return str(error) or type(error).__name__
