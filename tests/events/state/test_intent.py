"""The life of an intent: only legal steps, and nothing decided on top of what can't be read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import IntentError
from common.intents import IntentStatus
from events.catalogue import Event
from events.catalogue.intent import (
    IntentApproved,
    IntentClaimed,
    IntentProcessed,
    IntentRegistered,
)
from events.recorded import Erased, RecordedEvent, Unknown
from events.state.intent import (
    IntentState,
    approve,
    arguments_hash,
    ask_approval,
    claim,
    deny,
    fail,
    fold_intent,
    leave_uncertain,
    process,
)
from tests.events.samples import MOMENT, fact, json_values, plain_text

REGISTERED = IntentRegistered(
    intent_id="i1",
    type="test.ring",
    arguments={"times": 2, "where": ["hall"]},
    summary="ring twice",
    key="k1",
    trace_id="t1",
    user="ann",
    expires_at=MOMENT,
)
HASH = arguments_hash("test.ring", {"where": ["hall"], "times": 2})
NOT_AFTER = datetime(2026, 11, 28, 10, 0, tzinfo=UTC)


def recorded(events: list[Event | Unknown | Erased]) -> list[RecordedEvent]:
    return [
        RecordedEvent(10 + version, "intent/i1", version, "topic", MOMENT, "acme", "t1", None, event)
        for version, event in enumerate(events, 1)
    ]


def after(*events: Event | Unknown | Erased) -> IntentState:
    return fold_intent(recorded([REGISTERED, *events]))


STATES: dict[str, Callable[[], IntentState]] = {
    "registered": lambda: after(),
    "awaiting_approval": lambda: after(ask_approval(after())),
    "approved": lambda: _approved(),
    "denied": lambda: after(deny(after(), "policy")),
    "claimed": lambda: after(claim(after(), "p1", NOT_AFTER)),
    "processed": lambda: after(process(after(), "rang")),
    "failed": lambda: after(fail(after(), "no bell")),
    "uncertain": lambda: _uncertain(),
}


def _approved() -> IntentState:
    asked = ask_approval(after())
    return after(asked, approve(after(asked), "ann", HASH))


def _uncertain() -> IntentState:
    claimed = claim(after(), "p1", NOT_AFTER)
    return after(claimed, leave_uncertain(after(claimed), "no answer"))


STEPS: dict[str, tuple[Callable[[IntentState], Event], set[str]]] = {
    "ask": (ask_approval, {"registered", "approved"}),
    "approve": (lambda state: approve(state, "ann", HASH), {"awaiting_approval"}),
    "deny": (lambda state: deny(state, "ann", "no"), {"registered", "approved", "awaiting_approval"}),
    "claim": (lambda state: claim(state, "p2", NOT_AFTER), {"registered", "approved", "claimed"}),
    "process": (lambda state: process(state, "rang"), {"registered", "approved", "claimed", "uncertain"}),
    "fail": (
        lambda state: fail(state, "no bell"),
        {"registered", "approved", "awaiting_approval", "claimed", "uncertain"},
    ),
    "uncertain": (lambda state: leave_uncertain(state, "?"), {"claimed"}),
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("state", STATES)
def test_every_step_from_every_state(state: str, step: str) -> None:
    decide, allowed = STEPS[step]
    before = STATES[state]()
    if state in allowed:
        assert decide(before)
    else:
        with pytest.raises(IntentError, match=f"the intent is {before.status.value}"):
            decide(before)


def test_what_a_registered_intent_is() -> None:
    state = after()
    assert (state.status, state.version, state.attempt) == (IntentStatus.REGISTERED, 1, 0)
    assert (state.intent_id, state.type, state.key, state.trace_id) == ("i1", "test.ring", "k1", "t1")
    assert (state.tenant, state.user, state.summary) == ("acme", "ann", "ring twice")
    assert (state.arguments, state.expires_at, state.registered_at) == (REGISTERED.arguments, MOMENT, MOMENT)
    assert state.arguments_hash == HASH


def test_claims_count_and_name_their_owner() -> None:
    first = claim(after(), "p1", NOT_AFTER)
    second = claim(after(first), "p2", MOMENT)
    state = after(first, second)
    assert (first.attempt, second.attempt, first.key) == (1, 2, "k1")
    assert (state.status, state.attempt, state.owner, state.not_after) == (IntentStatus.CLAIMED, 2, "p2", MOMENT)
    assert state.version == 3


def test_an_outcome_has_its_words() -> None:
    assert after(process(after(), "rang", {"times": 2})).data == {"times": 2}
    assert after(process(after(), "rang")).detail == "rang"
    assert after(fail(after(), "no bell")).detail == "no bell"
    assert after(deny(after(), "ann", "too loud")).detail == "denied by ann: too loud"
    assert after(deny(after(), "policy")).detail == "denied by policy"
    assert STATES["uncertain"]().detail == "no answer"


def test_an_approval_holds_for_exactly_these_arguments() -> None:
    asked = ask_approval(after())
    assert asked.arguments_hash == HASH
    with pytest.raises(IntentError, match="not those that were approved"):
        approve(after(asked), "ann", arguments_hash("test.ring", {"times": 3}))
    with pytest.raises(IntentError, match="not those that were approved"):
        after(asked, IntentApproved(intent_id="i1", by="ann", arguments_hash="0" * 64))
    state = STATES["approved"]()
    assert (state.status, state.approved_hash, state.approved_by) == (IntentStatus.REGISTERED, HASH, "ann")
    assert claim(state, "p1", NOT_AFTER).attempt == 1


@given(plain_text, st.dictionaries(plain_text, json_values, max_size=4))
def test_the_hash_depends_on_values_and_not_on_their_order(kind: str, arguments: dict[str, object]) -> None:
    turned = dict(reversed(list(arguments.items())))
    assert arguments_hash(kind, turned) == arguments_hash(kind, arguments)
    assert arguments_hash(kind, {**arguments, "one more": 1}) != arguments_hash(kind, {**arguments, "one more": 2})
    assert arguments_hash(kind + "x", arguments) != arguments_hash(kind, arguments)


@pytest.mark.parametrize("unreadable", [Unknown("intent.newer", 2, b"{}"), Erased("intent.approved", 1)])
def test_nothing_is_decided_on_top_of_what_can_not_be_read(unreadable: Unknown | Erased) -> None:
    with pytest.raises(IntentError, match="can't be read"):
        after(unreadable)
    with pytest.raises(IntentError, match="can't be read"):
        fold_intent(recorded([unreadable]))


@pytest.mark.parametrize(
    "history",
    [
        [],
        [IntentProcessed(intent_id="i1", detail="rang")],
        [REGISTERED, REGISTERED],
        [REGISTERED, fact(1)],
        [REGISTERED, IntentProcessed(intent_id="i1", detail=""), IntentProcessed(intent_id="i1", detail="")],
        [REGISTERED, IntentClaimed(intent_id="i1", attempt=2, key="k1", owner="p", not_after=MOMENT)],
        [REGISTERED, IntentApproved(intent_id="i1", by="ann", arguments_hash=HASH)],
    ],
)
def test_histories_that_no_intent_can_have_are_refused(history: list[Event | Unknown | Erased]) -> None:
    with pytest.raises(IntentError):
        fold_intent(recorded(history))
