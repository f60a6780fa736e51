"""The weather answers in the log, so that the last good one can stand in for a service that can't be reached.

Tool calls carry no user; the start of their trace does. So the view has one row a trace: the start makes it, weather
answers join it, and the end drops it where there were none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from common.context import Owner
from events.catalogue.trace import ToolCalled, TraceEnded, TraceStarted
from events.projection import Column, RecordedEvent, Row, Views
from roles.weather.report import WeatherAnswer

__all__ = ["VIEW", "WEATHER_TOOLS", "WeatherAnswers", "last_answers"]

VIEW = "weather_answers"
WEATHER_TOOLS = frozenset({"weather.current", "weather.forecast"})
_PER_TRACE = 20
_LOOK_BACK = 200


class WeatherAnswers:
    """Implements `events.projection.View`: trace -> owner and the weather answers it got."""

    name = VIEW
    version = 1
    key = (Column("trace", "text"),)
    columns = (
        Column("tenant", "text"),
        Column("user", "text"),
        Column("position", "integer"),
        Column("answers", "json"),
    )
    indexes = (("tenant", "user", "position"),)
    topics = frozenset({TraceStarted.TOPIC, ToolCalled.TOPIC, TraceEnded.TOPIC})

    def keys(self, event: RecordedEvent) -> Iterable[tuple[Any, ...]]:
        """The trace, where the event matters here."""
        payload = event.event
        if isinstance(payload, ToolCalled):
            return ((event.stream,),) if _is_answer(payload) else ()
        return ((event.stream,),) if isinstance(payload, (TraceStarted, TraceEnded)) else ()

    def evolve(self, key: tuple[Any, ...], row: Row | None, event: RecordedEvent) -> Row | None:
        """The row after the event."""
        payload = event.event
        if isinstance(payload, TraceStarted):
            return {"tenant": event.tenant, "user": payload.user, "position": event.position, "answers": []}
        if row is None or isinstance(payload, TraceEnded):
            return row if row is not None and row["answers"] else None
        if isinstance(payload, ToolCalled) and len(row["answers"]) < _PER_TRACE:
            return {**row, "position": event.position, "answers": [*row["answers"], payload.data]}
        return row


def _is_answer(call: ToolCalled) -> bool:
    """Whether a call is a good answer of the service itself, not one told again from the log."""
    if call.tool not in WEATHER_TOOLS or not call.ok or not isinstance(call.data, dict):
        return False
    data = cast("Mapping[str, object]", call.data)
    return "kind" in data and not data.get("reused")


async def last_answers(views: Views, owner: Owner) -> list[WeatherAnswer]:
    """The owner's last good answers, newest first; what can't be read any more is left out."""
    where = {"tenant": owner.tenant, "user": owner.user}
    rows = await views.query(VIEW, where, order_by="-position", limit=_LOOK_BACK)
    answers: list[WeatherAnswer] = []
    for row in rows:
        for data in reversed(cast("list[object]", row["answers"])):
            try:
                answers.append(WeatherAnswer.from_data(data))
            except ValueError:
                continue
    return answers
