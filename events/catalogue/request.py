"""request/<tenant>/<user>/<request id>: who claimed the id; beside a trace, which only its owner appends to:
outcome/<trace>: what people said of the answer later; cancellation/<trace>: that somebody wants it stopped."""

from __future__ import annotations

from typing import ClassVar

from events.catalogue.base import Event

__all__ = ["CancellationRequested", "OutcomeReported", "RequestAccepted"]


class RequestAccepted(Event):
    """A request id was claimed for one trace; `attempt` counts from 1, later ones follow an interrupted trace."""

    TOPIC: ClassVar[str] = "request.accepted"
    request_id: str
    trace_id: str
    attempt: int = 1
    text_hash: str


class OutcomeReported(Event):
    """Somebody said how good an answer was; score from 0 to 1."""

    TOPIC: ClassVar[str] = "outcome.reported"
    trace_id: str
    score: float
    comment: str = ""
    by: str = ""


class CancellationRequested(Event):
    """Somebody wants a running request stopped; whoever handles it sees this within a second."""

    TOPIC: ClassVar[str] = "request.cancellation_requested"
    trace_id: str
    by: str = ""
    reason: str = ""
