"""Events of the log as people and programs are shown them: redacted, and on one line each."""

from __future__ import annotations

import json
from typing import Any

from pydantic import JsonValue

from common.redaction import Redactor
from events.recorded import Erased, RecordedEvent, Unknown
from supervisor.cli.output import one_line

__all__ = ["event_data", "event_line", "value_text"]

_EMPTY: tuple[JsonValue, ...] = (None, "", [], {})
_WIDTH = 400


def event_data(recorded: RecordedEvent) -> dict[str, Any]:
    """One event as an export line has it, redacted; an event that can't be read is named with why."""
    return {
        "position": recorded.position,
        "stream": recorded.stream,
        "version": recorded.version,
        "topic": recorded.topic,
        "header": {
            "recorded_at": recorded.recorded_at.isoformat(),
            "tenant": recorded.tenant,
            "correlation": recorded.correlation,
            "causation": recorded.causation,
        },
        "payload": _payload(recorded),
    }


def event_line(recorded: RecordedEvent) -> str:
    """One event on one line: position, time, id, topic, and what of its payload says something."""
    fields = _payload(recorded)
    told = (f"{name}={value_text(value)}" for name, value in fields.items() if value not in _EMPTY)
    when = recorded.recorded_at.isoformat(timespec="milliseconds")
    head = f"{recorded.position:>6}  {when}  {one_line(recorded.id, _WIDTH)}  {recorded.topic}"
    return f"{head}  {one_line(' '.join(told), _WIDTH)}".rstrip()


def value_text(value: JsonValue) -> str:
    """A value as it stands in a line."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _payload(recorded: RecordedEvent) -> dict[str, JsonValue]:
    match recorded.event:
        case Unknown(problem=problem):
            return {"unreadable": problem or "a newer kind than this version knows"}
        case Erased():
            return {"erased": True}
        case event:
            shown = Redactor().value(event.model_dump(mode="json"))
            return shown if isinstance(shown, dict) else {}
