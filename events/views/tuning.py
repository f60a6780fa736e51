"""The settings that were tuned, with their values now."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from events.catalogue.tuning import SettingTuned
from events.projection import Column, RecordedEvent, Row
from events.streams import stream_parts

__all__ = ["TuningView"]


class TuningView:
    """View `tuning`; shared by all tenants. A `value` of None: tuned once, and as configured again."""

    name = "tuning"
    version = 2
    key = (Column("key", "text"),)
    columns = (
        Column("value", "real"),
        Column("before", "real"),
        Column("tuned_by", "text"),
        Column("reason", "text"),
        Column("improvement", "text"),
        Column("tuned_at", "time"),
        Column("changes", "integer"),
        Column("position", "integer"),
    )
    indexes = ()
    topics = frozenset({SettingTuned.TOPIC})

    def keys(self, event: RecordedEvent) -> Iterable[tuple[Any, ...]]:
        """The setting that the event names; what stands in any other stream than its own says nothing of it."""
        if not isinstance(event.event, SettingTuned):
            return ()
        key = event.event.key
        return ((key,),) if stream_parts(event.stream) == ("tuning", key) else ()

    def evolve(self, key: tuple[Any, ...], row: Row | None, event: RecordedEvent) -> Row | None:
        """The setting after the event."""
        if not isinstance(event.event, SettingTuned):
            return row
        tuned = event.event
        return {
            "value": tuned.value,
            "before": tuned.before,
            "tuned_by": tuned.by,
            "reason": tuned.reason,
            "improvement": tuned.improvement,
            "tuned_at": event.recorded_at,
            "changes": 1 + (0 if row is None else row["changes"]),
            "position": event.position,
        }
