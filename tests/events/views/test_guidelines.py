"""The view of guidelines: it says what the streams say, now and at any position."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given

from common.errors import GuidelineError, NotFound
from events.catalogue import Event
from events.catalogue.guideline import GuidelineActivated, GuidelineRolledBack
from events.projection import Views
from events.state.guideline import Proposal, activate, propose, reject, roll_back, start_trial
from events.store import EventStore, stream_name
from events.verify import verify
from events.views.guidelines import GuidelineView
from supervisor.testing import MovableClock
from tests.events.guideline_histories import COMMANDS, History, run
from tests.events.newer import append_newer
from tests.events.samples import MOMENT


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(MOMENT)


@pytest.fixture
async def store(clock: MovableClock) -> AsyncGenerator[EventStore]:
    async with await EventStore.open("memory://", clock=clock) as opened:
        yield opened


@pytest.fixture
async def views(store: EventStore) -> AsyncGenerator[Views]:
    opened = Views(store, [GuidelineView()])
    yield opened
    await opened.close()


def proposal(*texts: str, **values: Any) -> Proposal:
    return Proposal(texts, by="ann", **values)


async def append(store: EventStore, event: Event, agent_type: str = "agent") -> int:
    return await store.append(stream_name("guideline", agent_type), [event])


async def statuses(views: Views, position: int | None = None) -> list[tuple[str, str, str]]:
    name = GuidelineView.name
    rows = await (views.query(name) if position is None else views.query_at(name, position))
    return [(row["agent_type"], row["version"], row["status"]) for row in rows]


@given(COMMANDS)
def test_the_view_agrees_with_the_stream(commands: list[tuple[Any, ...]]) -> None:
    history = History()
    for command in commands:
        try:
            run(history, command)
        except (GuidelineError, NotFound):
            continue
    view, rows = GuidelineView(), dict[Any, Any]()
    for entry in history.events:
        for key in view.keys(entry):
            rows[key] = view.evolve(key, rows.get(key), entry)
    assert {key[1]: row["status"] for key, row in rows.items()} == history.statuses
    assert [key[1] for key, row in rows.items() if row.get("active_since")] == [
        version for version in [history.state.active] if version
    ]
    assert [key[1] for key, row in rows.items() if row.get("share")] == [
        version for version in [history.state.trial] if version
    ]


async def test_what_a_row_says(store: EventStore, views: Views, clock: MovableClock) -> None:
    history = History()
    values: dict[str, Any] = {"reason": "it helps", "patterns": ["p1"], "evidence": {"support": 12}}
    await append(store, history.take(propose, proposal("avoid a.b", "Be brief.", **values)))
    row = await views.get("guidelines", ("agent", "1.0.0"))
    assert row is not None
    assert (row["status"], row["base_version"], row["position"], row["decided_by"]) == ("proposed", None, 1, None)
    assert [rule["text"] for rule in row["rules"]] == ["avoid a.b", "Be brief."]
    assert [change["kind"] for change in row["diff"]] == ["added", "added"]
    assert (row["patterns"], row["evidence"], row["proposed_why"]) == (["p1"], {"support": 12}, "it helps")
    assert (row["proposed_by"], row["proposed_at"]) == ("ann", MOMENT)
    clock.move(timedelta(minutes=1))
    await append(store, history.take(start_trial, "1.0.0", share=0.25, by="learning", reason="to see"))
    row = await views.get("guidelines", ("agent", "1.0.0")) or {}
    assert (row["status"], row["share"], row["decided_by"], row["active_since"]) == ("trial", 0.25, "learning", None)
    clock.move(timedelta(minutes=1))
    await append(store, history.take(activate, "1.0.0", by="bob", reason="yes"))
    row = await views.get("guidelines", ("agent", "1.0.0")) or {}
    assert (row["status"], row["share"], row["decided_by"], row["decided_why"]) == ("active", None, "bob", "yes")
    assert row["active_since"] == row["decided_at"] == MOMENT + timedelta(minutes=2)


async def test_every_agent_type_has_its_own_versions_at_every_position(store: EventStore, views: Views) -> None:
    agent, timer = History("agent"), History("timer")
    await append(store, agent.take(propose, proposal("one")))
    await append(store, timer.take(propose, proposal("one")), "timer")
    await append(store, agent.take(activate, "1.0.0", by="ann"))
    await append(store, agent.take(propose, proposal("one", "two")))
    await append(store, agent.take(activate, "1.1.0", by="ann"))
    await append(store, timer.take(reject, "1.0.0", by="ann"), "timer")
    await append(store, agent.take(roll_back, by="ann"))
    at = {position: await statuses(views, position) for position in range(8)}
    assert at[0] == []
    assert at[2] == [("agent", "1.0.0", "proposed"), ("timer", "1.0.0", "proposed")]
    assert at[3][0] == ("agent", "1.0.0", "active")
    assert at[5][:2] == [("agent", "1.0.0", "retired"), ("agent", "1.1.0", "active")]
    assert at[7] == await statuses(views)
    assert at[7] == [
        ("agent", "1.0.0", "active"),
        ("agent", "1.1.0", "rolled_back"),
        ("timer", "1.0.0", "rejected"),
    ]
    assert [row["active_since"] is not None for row in await views.query("guidelines")] == [True, False, False]
    retired = (await views.query_at("guidelines", 5))[0]
    assert (retired["status"], retired["active_since"], retired["decided_by"]) == ("retired", None, "ann")
    report = await verify(store, views)
    assert (report.ok, report.views["guidelines"].rows) == (True, 3)


async def test_events_that_fit_nothing_are_passed_over(store: EventStore, views: Views) -> None:
    await append(store, GuidelineActivated(agent_type="agent", version="1.0.0", by="x"))
    await append(store, GuidelineRolledBack(agent_type="agent", version="1.0.0", restored="0.9.0", by="x"))
    await append_newer(store, "guideline/agent", "guideline.merged")
    assert await statuses(views) == []
    assert await views.parked() == []
