"""Puts the answer together: what the tasks said, and what became of every intent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from common.intents import IntentStatus
from common.results import IntentReport
from common.tool import Fact

__all__ = ["TaskOutput", "compose_text", "outcome_of"]


@dataclass(frozen=True, slots=True)
class TaskOutput:
    """How one task (or the one agent, or the one role) ended."""

    task: str
    text: str
    ok: bool
    partly: bool = False
    facts: tuple[Fact, ...] = field(default=())
    tools_called: tuple[str, ...] = ()
    iterations: int = 0


def compose_text(outputs: Sequence[TaskOutput], intents: Sequence[IntentReport]) -> str:
    """The user's answer: first what was found out, then what was done, not done, or waits.

    A processed intent's detail is a sentence of its handler; nothing is stated as done that was not.
    """
    lines = [output.text.strip() for output in outputs if output.text.strip()]
    lines += [_intent_line(report) for report in intents]
    return "\n".join(lines) or "There was nothing to do."


def _intent_line(report: IntentReport) -> str:
    match report.status:
        case IntentStatus.PROCESSED:
            return report.detail
        case IntentStatus.AWAITING_APPROVAL:
            return f"Waiting for your approval ({report.id}): {report.detail}"
        case IntentStatus.UNCERTAIN:
            return f"It can't be told whether this took effect, please check: {report.detail}"
        case IntentStatus.REGISTERED:
            return f"Not begun, it depends on what is not done yet: {report.detail}"
        case IntentStatus.DENIED:
            return f"Not allowed: {report.detail}"
        case IntentStatus.FAILED:
            return f"Not done: {report.detail}"
        case _:
            return f"Not finished: {report.detail}"


def outcome_of(outputs: Sequence[TaskOutput], intents: Sequence[IntentReport]) -> str:
    """success, partial, failure or awaiting_approval; limits, cancellation and interruption are decided elsewhere."""
    good = [output.ok for output in outputs]
    done = [report.status is IntentStatus.PROCESSED for report in intents]
    asked = any(report.status is IntentStatus.AWAITING_APPROVAL for report in intents)
    open_ones = (IntentStatus.AWAITING_APPROVAL, IntentStatus.REGISTERED) if asked else ()
    waiting = [report.status in open_ones for report in intents]  # itself, or what it depends on
    settled = [finished or waits for finished, waits in zip(done, waiting, strict=True)]
    if all(good) and all(settled):
        return "awaiting_approval" if any(waiting) else "success"
    if any(good) or any(settled) or any(output.partly for output in outputs):
        return "partial"
    return "failure"
