"""Improvements for tests: a suggestion, and events as they come back from the log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from events.catalogue.base import Event
from events.catalogue.improvement import EstimatedImpact, Evidence, ImprovementPlan, ImprovementSuggested
from events.recorded import Erased, RecordedEvent, Unknown
from events.state.improvement import ImprovementState, fold_improvement

__all__ = ["START", "Stream", "suggestion"]

START = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def suggestion(
    name: str = "imp-1", *, action: str = "tune", type_: str = "performance", **more: Any
) -> ImprovementSuggested:
    """A suggestion that can be used."""
    fields: dict[str, Any] = {
        "improvement_id": name,
        "fingerprint": "1",
        "analyzer": "thresholds",
        "type": type_,
        "priority": "medium",
        "title": "tool:search.web is slow",
        "description": "It takes 40 s in the mean.",
        "affected_components": ["tool:search.web"],
        "estimated_impact": EstimatedImpact(text="It would take 30 s or less."),
        "implementation_plan": ImprovementPlan(action=action, steps=["Cache it."]),
        "confidence": 0.8,
        "evidence": Evidence(text="40 s", figures={"mean": 40.0}),
    }
    return ImprovementSuggested(**{**fields, **more})


class Stream:
    """The stream of an improvement, in memory."""

    def __init__(self, name: str = "imp-1") -> None:
        self.name = name
        self.recorded: list[RecordedEvent] = []

    @property
    def state(self) -> ImprovementState:
        """What its events add up to."""
        return fold_improvement(self.name, self.recorded)

    def add(self, *events: Event | Unknown | Erased) -> Sequence[RecordedEvent]:
        """Append events, whatever they are."""
        for event in events:
            version = len(self.recorded) + 1
            topic = event.topic if isinstance(event, Unknown | Erased) else event.TOPIC
            at = START + timedelta(seconds=version)
            stream = f"improvement/{self.name}"
            self.recorded.append(RecordedEvent(version, stream, version, topic, at, "default", None, None, event))
        return self.recorded
