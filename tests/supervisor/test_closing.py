"""An intent whose effect is an event ends its trace in one append: all of it, or nothing and then anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pydantic import Field

from common.errors import IntentError
from common.intents import Effect, Intent, IntentExecution, IntentResult, Policy, StreamAppend
from common.results import RoleResult
from common.run_context import RunContext
from common.settings import IntentSettings
from events.catalogue.memory import FactRemembered
from events.recorded import RecordedEvent
from supervisor import Supervisor
from tests.supervisor.scripted_role import Mark, ScriptedRole, settings_that_know_the_role

ASK = "play the script"
FACT = FactRemembered(fact_id="f", text="marked", user="local")


@dataclass
class Remember:
    """A handler whose effect is a fact on a stream that it takes to be at the next of the `expected` versions."""

    error: Exception | None = None
    expected: list[int] = field(default_factory=lambda: [0])
    attempts: int = 0
    intent_type: type[Intent] = Mark
    effect: Effect = Effect.LOG

    async def carry_out(self, intent: Intent, execution: IntentExecution) -> IntentResult:
        self.attempts += 1
        if self.error is not None:
            raise self.error
        expected = self.expected.pop(0) if len(self.expected) > 1 else self.expected[0]
        return IntentResult("It is marked.", appends=[StreamAppend("memory/marks", [FACT], expected)])

    async def happened(self, intent: Intent, execution: IntentExecution) -> IntentResult | None:
        return None


def role(handler: Remember, marks: int = 1) -> ScriptedRole:
    async def mark(_: str, run: RunContext) -> RoleResult:
        for index in range(marks):
            run.collector.register(Mark(text=str(index)))
        return RoleResult("")

    return ScriptedRole(mark, intent_handlers=[handler])


async def ask(
    folder: Path, handler: Remember, *, marks: int = 1, policy: Policy = Policy.AUTO
) -> tuple[str, str, Sequence[RecordedEvent]]:
    settings = settings_that_know_the_role(folder).model_copy(update={"intents": IntentSettings(default_policy=policy)})
    supervisor = Supervisor(settings, background=False)
    supervisor.add_role(role(handler, marks))
    async with supervisor:
        response = await supervisor.process_request(ASK)
        events = await supervisor.store.read_all()
        again = await supervisor.trace(response.trace_id)
    assert again.row["outcome"] == response.outcome
    return response.outcome, response.text, events


def topics(events: Sequence[RecordedEvent]) -> list[str]:
    return [event.topic for event in events if not event.topic.startswith(("agent.", "trace.task"))]


async def test_registration_effect_and_end_are_side_by_side(tmp_path: Path) -> None:
    handler = Remember()
    outcome, text, events = await ask(tmp_path, handler)
    assert (outcome, text) == ("success", "It is marked.")
    assert topics(events)[-4:] == ["trace.ended", "intent.registered", "intent.processed", FactRemembered.TOPIC]
    assert handler.attempts == 1


async def test_what_came_second_is_decided_anew_and_done_once(tmp_path: Path) -> None:
    handler = Remember(expected=[7, 0])
    outcome, text, events = await ask(tmp_path, handler)
    assert (outcome, text) == ("success", "It is marked.")
    assert handler.attempts == 2
    assert [topics(events).count(topic) for topic in (FactRemembered.TOPIC, "intent.registered", "trace.ended")] == [
        1,
        1,
        1,
    ]


async def test_what_never_fits_is_a_failure_that_leaves_nothing(tmp_path: Path) -> None:
    outcome, text, events = await ask(tmp_path, Remember(expected=[7]))
    assert outcome == "partial"
    assert "Not done" in text
    assert FactRemembered.TOPIC not in topics(events)
    assert topics(events)[-1] == "trace.ended"


@pytest.mark.parametrize("error", [IntentError("the pen is dry"), ValueError("bad ink")])
async def test_a_handler_that_fails_is_told(tmp_path: Path, error: Exception) -> None:
    outcome, text, events = await ask(tmp_path, Remember(error=error))
    assert outcome == "partial"
    assert str(error) in text
    assert topics(events)[-3:] == ["trace.ended", "intent.registered", "intent.failed"]


@pytest.mark.parametrize("policy", [Policy.ASK, Policy.DENY])
async def test_what_policy_holds_back_is_not_done(tmp_path: Path, policy: Policy) -> None:
    handler = Remember()
    outcome, _, events = await ask(tmp_path, handler, policy=policy)
    assert outcome == ("awaiting_approval" if policy is Policy.ASK else "partial")
    assert handler.attempts == 0
    assert FactRemembered.TOPIC not in topics(events)


async def test_several_intents_are_settled_in_turn(tmp_path: Path) -> None:
    handler = Remember(expected=[0, 1])
    outcome, _, events = await ask(tmp_path, handler, marks=2)
    assert outcome == "success"
    assert topics(events).count(FactRemembered.TOPIC) == 2


class Short(Mark):
    text: str = Field(max_length=3)


async def test_arguments_that_are_not_valid_are_a_failed_intent(tmp_path: Path) -> None:
    async def mark(_: str, run: RunContext) -> RoleResult:
        run.collector.register(Short.model_construct(text="too long"))
        return RoleResult("")

    handler = Remember(intent_type=Short)
    supervisor = Supervisor(settings_that_know_the_role(tmp_path), background=False)
    supervisor.add_role(ScriptedRole(mark, intent_handlers=[handler]))
    async with supervisor:
        response = await supervisor.process_request(ASK)
        events = await supervisor.store.read_all()
    assert [intent.status for intent in response.intents] == ["failed"]
    assert "not valid" in response.text
    assert handler.attempts == 0
    assert topics(events)[-2:] == ["intent.failed", "trace.ended"]
