"""One row a decision of evolution: why it was taken, whether a person decides, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from events.catalogue.evolution import EvolutionDecisionEnded, EvolutionDecisionTaken
from events.projection import Column, RecordedEvent, Row

__all__ = ["EvolutionView"]


class EvolutionView:
    """View `evolution`; shared by all tenants. `ended_at` is None while it is carried out, or waits for a person."""

    name = "evolution"
    version = 1
    key = (Column("cycle", "text"), Column("number", "integer"))
    columns = (
        Column("kind", "text"),
        Column("subject", "text"),
        Column("why", "text"),
        Column("figures", "json"),
        Column("causes", "json"),
        Column("by_itself", "boolean"),
        Column("improvement", "text"),
        Column("build", "text"),
        Column("ended", "boolean"),
        Column("ok", "boolean"),
        Column("changed", "boolean"),
        Column("result", "text"),
        Column("agent", "text"),
        Column("agent_version", "text"),
        Column("healthy", "boolean"),
        Column("within", "boolean"),
        Column("gain", "real"),
        Column("after", "json"),
        Column("taken_at", "time"),
        Column("ended_at", "time"),
        Column("position", "integer"),
    )
    indexes = (("position",), ("kind", "subject"), ("ended", "by_itself"))
    topics = frozenset({EvolutionDecisionTaken.TOPIC, EvolutionDecisionEnded.TOPIC})

    def keys(self, event: RecordedEvent) -> Iterable[tuple[Any, ...]]:
        """The decision that the event is about."""
        match event.event:
            case EvolutionDecisionTaken() | EvolutionDecisionEnded() as decision:
                return ((decision.cycle, decision.number),)
            case _:
                return ()

    def evolve(self, key: tuple[Any, ...], row: Row | None, event: RecordedEvent) -> Row | None:
        """The decision after the event."""
        match event.event:
            case EvolutionDecisionTaken() as taken:
                return {
                    **taken.model_dump(mode="json", exclude={"cycle", "number"}),
                    "ended": False,
                    "taken_at": event.recorded_at,
                    "position": event.position,
                }
            case EvolutionDecisionEnded() as ended if row is not None:
                return {
                    **row,
                    "ended": True,
                    "ok": ended.ok,
                    "changed": ended.changed,
                    "result": ended.text,
                    "agent": ended.agent,
                    "agent_version": ended.version,
                    "healthy": ended.healthy,
                    "within": ended.within,
                    "gain": ended.gain,
                    "after": ended.figures,
                    "ended_at": event.recorded_at,
                }
            case _:
                return row
