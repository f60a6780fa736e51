"""The earlier turns of a session as the log tells them: what each spoke of, for requests that refer to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from pydantic import ValidationError

from common.context import Owner, TaskContext
from common.intents import IntentHandler, IntentStatus
from common.language.session_things import Turn
from common.logs import get_logger
from common.tool import Fact
from events.catalogue.intent import IntentProcessed, IntentRegistered
from events.catalogue.trace import FollowUpRead, TaskFinished, TraceEnded, TraceStarted
from events.recorded import RecordedEvent
from events.store import EventStore, stream_name

__all__ = ["SessionTurns"]

_log = get_logger(__name__)
_MAX_THINGS = 50
_GOOD = ("success", "partial", "awaiting_approval")


@dataclass(slots=True)
class _Trace:
    """One turn while its events are read."""

    started: TraceStarted | None = None
    ended: TraceEnded | None = None
    read: FollowUpRead | None = None
    facts: list[Fact] = field(default_factory=list[Fact])


class SessionTurns:
    """Reads turns; `handlers` know what the intents of their types were about."""

    def __init__(self, store: EventStore, handlers: Mapping[str, IntentHandler]) -> None:
        self._store = store
        self._handlers = handlers

    async def read(self, trace_ids: Sequence[str], owner: Owner, now: datetime, within: timedelta) -> list[Turn]:
        """The turns of these traces, in this order; those of others, of long ago, or that can't be read are left out.

        `now` is the request's own clock, which a turn's is compared with.
        """
        turns: list[Turn] = []
        for trace_id in trace_ids:
            recorded = await self._store.read(stream_name("trace", trace_id))
            trace = _folded(recorded)
            if trace.started is None or trace.ended is None:
                continue
            context = TaskContext.model_validate(trace.started.context)
            if context.owner != owner or recorded[0].tenant != owner.tenant:
                continue
            if context.current_time is not None and abs(now - context.current_time) > within:
                continue
            turns.append(await self._turn(trace, trace.started, trace.ended, owner))
        return turns

    async def _turn(self, trace: _Trace, started: TraceStarted, ended: TraceEnded, owner: Owner) -> Turn:
        things = trace.facts[:_MAX_THINGS]
        unclear = ended.outcome not in _GOOD
        for intent_id in _intent_ids(ended):
            recorded = await self._store.read(stream_name("intent", intent_id))
            found = self._things(recorded, owner)
            if found is None:
                unclear = True
            else:
                things += found
        read = trace.read
        asked = read.request if read is not None and read.question else ""
        return Turn(
            request=read.request if read is not None and read.request else started.request,
            things=tuple(things),
            unclear=unclear and not asked,
            asked=asked,
            choices=tuple(_facts(read.meant)) if read is not None and asked else (),
        )

    def _things(self, recorded: Sequence[RecordedEvent], owner: Owner) -> list[Fact] | None:
        """What an intent was about; None where it did not take effect."""
        first = recorded[0].event if recorded else None
        if not isinstance(first, IntentRegistered) or Owner(recorded[0].tenant, first.user) != owner:
            return None
        done = next((entry.event for entry in recorded if isinstance(entry.event, IntentProcessed)), None)
        handler = self._handlers.get(first.type)
        if done is None:
            return None
        things = getattr(handler, "things", None)
        if handler is None or things is None:
            return []
        try:
            intent = handler.intent_type.model_validate(first.arguments)
            return list(things(intent, done.data))
        except (ValidationError, ValueError):
            _log.info("what intent %s was about can't be read", first.intent_id)
            return []


def _folded(recorded: Sequence[RecordedEvent]) -> _Trace:
    trace = _Trace()
    for entry in recorded:
        match entry.event:
            case TraceStarted() as event:
                trace.started = event
            case TraceEnded() as event:
                trace.ended = event
            case FollowUpRead() as event:
                trace.read = event
            case TaskFinished() as event:
                trace.facts += [fact for fact in _facts(event.facts) if "id" in fact.data]
            case _:
                pass
    return trace


def _facts(found: Sequence[Mapping[str, Any]]) -> list[Fact]:
    return [Fact.model_validate(fact) for fact in found]


def _intent_ids(ended: TraceEnded) -> list[str]:
    reports = cast("list[dict[str, Any]]", ended.response.get("intents") or [])
    known = {status.value for status in IntentStatus}
    return [str(report["id"]) for report in reports if report.get("status") in known]
