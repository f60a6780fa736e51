"""One build: stages in order, what goes back, what may not be."""

from __future__ import annotations

from typing import Any

import pytest

from common.errors import BuildError, NotFound
from events.catalogue import Event
from events.catalogue.build import BuildStarted
from events.catalogue.timer import TimerCancelled
from events.state.build import (
    STAGES,
    BuildState,
    BuildStatus,
    Stage,
    fail,
    finish,
    fold_build,
    resume,
    send_back,
    stage_finished,
)
from events.store import EventStore, stream_name

STARTED = BuildStarted(build_id="b1", requirements="double", folder="b1", owner="p1", by="ann")
NOTHING: dict[str, Any] = {"seconds": 1.0, "model_calls": 2, "tokens": 10}


def done(state: BuildState, stage: Stage) -> Event:
    return stage_finished(state, stage, text="", artifacts={}, reused=False, **NOTHING)


def back(state: BuildState, stage: Stage, to: Stage, component: str = "library") -> Event:
    return send_back(state, stage, component=component, error="wrong", back_to=to, **NOTHING)


class Log:
    """A build's stream."""

    def __init__(self, store: EventStore) -> None:
        self._store = store

    async def add(self, *events: Event) -> BuildState:
        await self._store.append(stream_name("build", "b1"), events)
        return await self.state()

    async def state(self) -> BuildState:
        return fold_build(await self._store.read(stream_name("build", "b1")))

    async def through(self, last: Stage) -> BuildState:
        state = await self.state()
        for stage in STAGES[: STAGES.index(last) + 1]:
            if stage not in state.done:
                state = await self.add(done(state, stage))
        return state


@pytest.fixture
async def log() -> Any:
    async with await EventStore.open("memory://") as store:
        made = Log(store)
        await made.add(STARTED)
        yield made


async def test_all_stages_in_their_order(log: Log) -> None:
    state = await log.state()
    with pytest.raises(BuildError, match="not the stage that comes next"):
        done(state, Stage.WRITE)
    with pytest.raises(BuildError, match="is not done"):
        finish(state, name="x", version="1", specification_hash="", deployed=True, figures={})
    state = await log.through(Stage.HEALTH)
    assert (state.next_stage, state.model_calls, state.tokens, state.seconds) == (None, 24, 120, 12.0)
    state = await log.add(finish(state, name="x", version="1", specification_hash="", deployed=True, figures={}))
    assert state.status is BuildStatus.FINISHED
    with pytest.raises(BuildError, match="finished already"):
        resume(state, owner="p2", by="bea")
    with pytest.raises(BuildError, match="is finished already"):
        fail(state, Stage.HEALTH, code="build", error="")


async def test_what_goes_back_is_done_again_and_counted_by_component(log: Log) -> None:
    state = await log.through(Stage.SECURITY)
    with pytest.raises(BuildError, match="can't go back"):
        back(state, Stage.WRITE, Stage.TEST)
    state = await log.add(back(state, Stage.TEST, Stage.WRITE), back(state, Stage.TEST, Stage.WRITE, "agent"))
    assert state.next_stage is Stage.WRITE
    assert [one.component for one in state.to_mend] == ["library", "agent"]
    state = await log.add(done(state, Stage.WRITE))
    assert (state.to_mend, state.attempts("library"), state.attempts("report")) == ((), 1, 0)
    assert Stage.SECURITY not in state.done


async def test_a_failed_build_goes_on_with_its_attempts_anew(log: Log) -> None:
    state = await log.through(Stage.WRITE)
    state = await log.add(back(state, Stage.WRITE_TESTS, Stage.WRITE))
    state = await log.add(fail(state, Stage.WRITE, code="build", error="no", model_calls=1, tokens=5))
    assert (state.status, state.failed is not None, state.model_calls) == (BuildStatus.FAILED, True, 13)
    state = await log.add(resume(state, owner="p2", by="bea"))
    assert (state.status, state.owner, state.attempts("library"), state.failed) == (BuildStatus.RUNNING, "p2", 0, None)
    assert [one.error for one in state.to_mend] == ["wrong"]


async def test_histories_that_no_build_can_have() -> None:
    with pytest.raises(NotFound):
        fold_build([])
    async with await EventStore.open("memory://") as store:
        await store.append("build/x", [TimerCancelled(timer_id="t")])
        with pytest.raises(BuildError, match="begins with its start"):
            fold_build(await store.read("build/x"))
        await store.append("build/y", [STARTED, TimerCancelled(timer_id="t")])
        with pytest.raises(BuildError, match="does not belong"):
            fold_build(await store.read("build/y"))
