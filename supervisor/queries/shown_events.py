"""Events of the log as people and programs are shown them: redacted, by what their traces tell to be secrets, too."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, cast

from pydantic import JsonValue

from common.redaction import Redactor
from events.catalogue.trace import TraceStarted
from events.recorded import Erased, RecordedEvent, Unknown

if TYPE_CHECKING:
    from events.store import EventStore

__all__ = ["TraceSecrets", "event_data", "event_payload"]

_TRACES = 1_000
"""Traces whose secrets are remembered at a time."""


class TraceSecrets:
    """Knows what the requests of traces tell to be a secret, so that no event of theirs shows it.

    A tool may have been called with a password alone, which no pattern knows without the words before it. `base` gives
    the redactor that holds for everything.
    """

    def __init__(self, store: EventStore, base: Callable[[], Redactor]) -> None:
        self._store = store
        self._base = base
        self._known: OrderedDict[str, Redactor] = OrderedDict()

    async def redactor_for(self, recorded: RecordedEvent) -> Redactor:
        """The redactor for an event; the trace it belongs to is looked up where it was not seen from its start."""
        trace = recorded.correlation
        if trace is None:
            return self._base()
        if trace not in self._known:
            first: Sequence[RecordedEvent] = (recorded,)
            if not isinstance(recorded.event, TraceStarted):
                from events.store import stream_name

                first = (await self._store.read(stream_name("trace", trace)))[:1]
            known = self._base()
            for entry in first:
                known = known.knowing(entry.event.request) if isinstance(entry.event, TraceStarted) else known
            self._known[trace] = known
            if len(self._known) > _TRACES:
                self._known.popitem(last=False)
        return self._known[trace]


def event_data(recorded: RecordedEvent, redactor: Redactor) -> dict[str, Any]:
    """One event as an export line has it, redacted; an event that can't be read is named with why."""
    data = redactor.value(
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
            "payload": event_payload(recorded),
        }
    )
    return cast("dict[str, Any]", data)


def event_payload(recorded: RecordedEvent) -> dict[str, JsonValue]:
    """What an event says, not redacted; one that can't be read says why."""
    match recorded.event:
        case Unknown(problem=problem):
            return {"unreadable": problem or "a newer kind than this version knows"}
        case Erased():
            return {"erased": True}
        case event:
            return event.model_dump(mode="json")
