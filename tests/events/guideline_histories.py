"""A guideline's history without a store, and random commands on it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from events.catalogue import Event
from events.catalogue.guideline import GuidelineProposed
from events.recorded import Erased, RecordedEvent, Unknown
from events.state.guideline import (
    ACTIVE,
    NONE,
    GuidelineState,
    Proposal,
    activate,
    evolve,
    propose,
    reject,
    roll_back,
    start_trial,
)
from events.state.guideline_rules import name_rules
from tests.events.samples import MOMENT

__all__ = ["COMMANDS", "History", "recorded", "run"]


def recorded(version: int, event: Event | Unknown | Erased, stream: str = "guideline/agent") -> RecordedEvent:
    topic = event.TOPIC if isinstance(event, Event) else event.topic
    at = MOMENT + timedelta(seconds=version)
    return RecordedEvent(version, stream, version, topic, at, "default", None, None, event)


class History:
    """A guideline with its events, as the log would have them."""

    def __init__(self, agent_type: str = "agent") -> None:
        self.state = GuidelineState(agent_type)
        self.events: list[RecordedEvent] = []

    def take(self, decide: Callable[..., Event], *arguments: Any, **named: Any) -> Any:
        event = decide(self.state, *arguments, **named)
        self.events.append(recorded(len(self.events) + 1, event))
        self.state = evolve(self.state, self.events[-1])
        return event

    def propose(self, *texts: str, **values: Any) -> GuidelineProposed:
        base = self.state.rules_of(self.state.active)
        return self.take(propose, Proposal(name_rules(texts, base), by="ann", **values))

    @property
    def statuses(self) -> dict[str, str]:
        return {name: known.status.value for name, known in self.state.versions.items()}


NUMBERS = st.integers(0, 5)
TEXTS = st.lists(st.sampled_from([f"rule {n}" for n in range(5)]), unique=True, max_size=4)
COMMANDS = st.lists(
    st.tuples(st.just("propose"), TEXTS, NUMBERS, st.just("") | st.sampled_from(["1.0.0", "1.5.0", "3.1.4", "9.0.0"]))
    | st.tuples(st.sampled_from(["trial", "activate", "reject", "roll_back_to"]), NUMBERS)
    | st.tuples(st.just("roll_back")),
    max_size=25,
)


def run(history: History, command: tuple[Any, ...]) -> Event:
    """One command; the number picks a version that there is, or one that is not."""
    known = [*history.state.versions, "8.8.8"]
    match command:
        case ("propose", texts, number, wanted):
            base = [ACTIVE, NONE, *known][number % (len(known) + 2)]
            rules = name_rules(texts)
            return history.take(propose, Proposal(rules, by="ann", base=base, version=wanted or None))
        case ("trial", number):
            return history.take(start_trial, known[number % len(known)], share=0.2, by="ann")
        case ("activate", number):
            return history.take(activate, known[number % len(known)], by="ann")
        case ("reject", number):
            return history.take(reject, known[number % len(known)], by="ann")
        case ("roll_back_to", number):
            targets = [NONE, *known]
            return history.take(roll_back, targets[number % len(targets)], by="ann")
        case _:
            return history.take(roll_back, by="ann")
