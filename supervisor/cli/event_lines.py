"""Events of the log on one line each, redacted by what the running command knows."""

from __future__ import annotations

import json
from typing import Any, cast

from pydantic import JsonValue

from common.redaction import Redactor
from events.recorded import RecordedEvent
from supervisor.cli.output import one_line, redactor
from supervisor.queries import shown_events

__all__ = ["event_data", "event_line", "value_text"]

_EMPTY: tuple[JsonValue, ...] = (None, "", [], {})
_WIDTH = 400


def event_data(recorded: RecordedEvent, redact: Redactor | None = None) -> dict[str, Any]:
    """One event as an export line has it, redacted; an event that can't be read is named with why."""
    return shown_events.event_data(recorded, redact or redactor())


def event_line(recorded: RecordedEvent, redact: Redactor | None = None) -> str:
    """One event on one line: position, time, id, topic, and what of its payload says something; redacted."""
    fields = cast("dict[str, JsonValue]", (redact or redactor()).value(shown_events.event_payload(recorded)))
    told = (f"{name}={value_text(value)}" for name, value in fields.items() if value not in _EMPTY)
    when = recorded.recorded_at.isoformat(timespec="milliseconds")
    head = f"{recorded.position:>6}  {when}  {one_line(recorded.id, _WIDTH)}  {recorded.topic}"
    return f"{head}  {one_line(' '.join(told), _WIDTH)}".rstrip()


def value_text(value: JsonValue) -> str:
    """A value as it stands in a line."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
