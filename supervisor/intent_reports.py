"""How intents and their faults are told to people."""

from __future__ import annotations

from common.intents import IntentStatus
from common.results import IntentReport
from events.state.intent import IntentState

__all__ = ["fault_in_words", "report_of"]


def report_of(state: IntentState) -> IntentReport:
    """Where an intent stands."""
    detail = state.detail or state.summary
    if state.status is not IntentStatus.PROCESSED and state.detail:
        detail = f"{state.summary}: {state.detail}"
    return IntentReport(id=state.intent_id, type=state.type, status=state.status, detail=detail)


def fault_in_words(error: BaseException) -> str:
    """Why an attempt has no clear outcome."""
    if isinstance(error, TimeoutError):
        return "it took too long"
    return str(error) or type(error).__name__
