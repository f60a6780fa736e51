"""Events of the log as people and programs are shown them: redacted, and on one line each."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from pydantic import JsonValue

from common.redaction import Redactor
from events.catalogue.trace import TraceStarted
from events.recorded import Erased, RecordedEvent, Unknown
from supervisor.cli.output import one_line, redactor

if TYPE_CHECKING:
    from events.store import EventStore

__all__ = ["TraceSecrets", "event_data", "event_line", "value_text"]

_TRACES = 1_000
"""Traces whose secrets are remembered at a time."""

_EMPTY: tuple[JsonValue, ...] = (None, "", [], {})
_WIDTH = 400


class TraceSecrets:
    """Knows what the requests of traces tell to be a secret, so that no event of theirs shows it.

    A tool may have been called with a password alone, which no pattern knows without the words before it.
    """

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self._known: OrderedDict[str, Redactor] = OrderedDict()

    async def redactor_for(self, recorded: RecordedEvent) -> Redactor:
        """The redactor for an event; the trace it belongs to is looked up where it was not seen from its start."""
        trace = recorded.correlation
        if trace is None:
            return redactor()
        if trace not in self._known:
            first: Sequence[RecordedEvent] = (recorded,)
            if not isinstance(recorded.event, TraceStarted):
                from events.store import stream_name

                first = (await self._store.read(stream_name("trace", trace)))[:1]
            known = redactor()
            for entry in first:
                known = known.knowing(entry.event.request) if isinstance(entry.event, TraceStarted) else known
            self._known[trace] = known
            if len(self._known) > _TRACES:
                self._known.popitem(last=False)
        return self._known[trace]


def event_data(recorded: RecordedEvent, redact: Redactor | None = None) -> dict[str, Any]:
    """One event as an export line has it, redacted; an event that can't be read is named with why."""
    data = (redact or redactor()).value(
        {
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
    )
    return cast("dict[str, Any]", data)


def event_line(recorded: RecordedEvent, redact: Redactor | None = None) -> str:
    """One event on one line: position, time, id, topic, and what of its payload says something; redacted."""
    fields = cast("dict[str, JsonValue]", (redact or redactor()).value(_payload(recorded)))
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
            return event.model_dump(mode="json")
