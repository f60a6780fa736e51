"""Changing guidelines on a log that others write, too: compare-and-set, decided anew; several streams, all or none."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any, cast

import anyio
import pytest

from common.errors import GuidelineError, NotFound, StoreError, StreamConflict
from common.intents import StreamAppend
from events.catalogue.guideline import GuidelineActivated, GuidelineProposed
from events.recorded import RecordedEvent
from events.state.guideline import fold_guideline
from events.store import EventStore
from supervisor.commands.guidelines import GuidelineCommands, guideline_stream
from tests.events.newer import append_newer
from tests.events.samples import fact

STREAM = "guideline/agent"
IMPROVEMENT = "improvement/i1"
"""Stands in for the stream that proposes a guideline with its change."""


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[EventStore]:
    url = "memory://" if request.param == "memory" else f"sqlite:///{tmp_path / 'events.db'}"
    async with await EventStore.open(url) as opened:
        yield opened


class Faster:
    """A store where somebody else appends between reading and appending, as often as told."""

    def __init__(self, store: EventStore, meanwhile: Callable[[], Awaitable[object]], times: int = 1) -> None:
        self._store = store
        self._meanwhile = meanwhile
        self.left = times
        self.appends = 0

    async def read(self, stream: str) -> list[RecordedEvent]:
        found = await self._store.read(stream)
        if self.left:
            self.left -= 1
            await self._meanwhile()
        return found

    async def append(self, *arguments: Any) -> int:
        self.appends += 1
        return await self._store.append(*arguments)


def racing(store: EventStore, meanwhile: Callable[[], Awaitable[object]], times: int = 1) -> GuidelineCommands:
    return GuidelineCommands(cast("EventStore", Faster(store, meanwhile, times)))


async def nothing() -> None:
    return None


def proposal(*texts: str, **values: Any) -> dict[str, Any]:
    return {"rules": texts, "by": "ann", **values}


async def statuses(store: EventStore, agent_type: str = "agent") -> dict[str, str]:
    state = fold_guideline(agent_type, await store.read(guideline_stream(agent_type)))
    return {name: known.status.value for name, known in state.versions.items()}


async def test_every_agent_type_has_a_stream_of_its_own(store: EventStore) -> None:
    commands = GuidelineCommands(store)
    first = await commands.propose("agent", **proposal("be brief", reason="why not"))
    assert isinstance(first, GuidelineProposed)
    assert (first.version, first.rules[0].origin, first.reason) == ("1.0.0", "ann", "why not")
    await commands.propose("a/b ü", **proposal("be long"))
    assert [entry.event for entry in await store.read(STREAM)] == [first]
    assert await statuses(store, "a/b ü") == {"1.0.0": "proposed"}
    with pytest.raises(NotFound, match=r"no version '2\.0\.0'"):
        await commands.activate("agent", "2.0.0", by="ann")
    for bad in ("", "\n"):
        with pytest.raises(GuidelineError, match="is no agent type"):
            await commands.activate(bad, "1.0.0", by="ann")


async def test_the_whole_way(store: EventStore) -> None:
    commands = GuidelineCommands(store)
    await commands.propose("agent", **proposal("one"))
    await commands.activate("agent", "1.0.0", by="ann", evidence={"n": 1})
    await commands.propose("agent", **proposal("one", "two"))
    await commands.start_trial("agent", "1.1.0", share=0.25, by="learning")
    await commands.activate("agent", "1.1.0", by="learning")
    await commands.propose("agent", **proposal("one", "two", "three"))
    await commands.reject("agent", "1.2.0", by="ann", reason="no")
    assert (await commands.roll_back("agent", by="learning")).restored == "1.0.0"
    assert await statuses(store) == {"1.0.0": "active", "1.1.0": "rolled_back", "1.2.0": "rejected"}


async def test_who_comes_second_decides_anew(store: EventStore) -> None:
    commands = GuidelineCommands(store)

    async def other() -> None:
        await commands.propose("agent", **proposal("theirs"))

    mine = await racing(store, other).propose("agent", **proposal("mine"))
    assert mine.version == "1.1.0", "the number was taken meanwhile"
    assert await statuses(store) == {"1.0.0": "proposed", "1.1.0": "proposed"}

    async def rejected() -> None:
        await commands.reject("agent", "1.1.0", by="bob")

    with pytest.raises(GuidelineError, match=r"version 1\.1\.0 can't be activated: it is rejected"):
        await racing(store, rejected).activate("agent", "1.1.0", by="ann")


async def test_proposals_at_once_all_get_a_number(store: EventStore) -> None:
    commands = GuidelineCommands(store)
    async with anyio.create_task_group() as group:
        for number in range(5):
            group.start_soon(partial(commands.propose, "agent", **proposal(f"rule {number}")))
    assert list(await statuses(store)) == ["1.0.0", "1.1.0", "1.2.0", "1.3.0", "1.4.0"]


async def test_activations_at_once_leave_one_in_service(store: EventStore) -> None:
    commands = GuidelineCommands(store)
    for number in range(4):
        await commands.propose("agent", **proposal(f"rule {number}"))

    async def activate(version: str) -> None:
        await commands.activate("agent", version, by="ann")

    async with anyio.create_task_group() as group:
        for number in range(4):
            group.start_soon(activate, f"1.{number}.0")
    found = list((await statuses(store)).values())
    assert sorted(found) == ["active", "retired", "retired", "retired"]


async def test_a_race_that_never_ends_is_given_up(store: EventStore) -> None:
    commands = GuidelineCommands(store)
    numbers = iter(range(100))

    async def other() -> None:
        await commands.propose("agent", **proposal(f"theirs {next(numbers)}"))

    with pytest.raises(StreamConflict):
        await racing(store, other, times=100).propose(
            "agent", **proposal("mine"), beside=[StreamAppend(IMPROVEMENT, [fact(1)], 0)]
        )
    assert await store.version(IMPROVEMENT) == 0
    assert "mine" not in str(await store.read(STREAM))


# --- an improvement and its guideline change: both or neither ---


async def test_what_belongs_to_a_change_is_in_the_same_append(store: EventStore) -> None:
    commands = GuidelineCommands(store)
    await commands.propose("agent", **proposal("one"), beside=[StreamAppend(IMPROVEMENT, [fact(1)], 0)])
    await commands.activate("agent", "1.0.0", by="ann", beside=[StreamAppend(IMPROVEMENT, [fact(2)], 1)])
    streams = [entry.stream for entry in await store.read_all()]
    assert streams == [STREAM, IMPROVEMENT, STREAM, IMPROVEMENT]


async def test_a_conflict_beside_leaves_neither(store: EventStore) -> None:
    commands = GuidelineCommands(store)
    await commands.propose("agent", **proposal("one"))
    await store.append(IMPROVEMENT, [fact(1)])
    before = await store.head()
    beside = [StreamAppend(IMPROVEMENT, [fact(2)], 0)]
    counting = Faster(store, nothing, times=0)
    with pytest.raises(StreamConflict) as caught:
        await GuidelineCommands(cast("EventStore", counting)).activate("agent", "1.0.0", by="ann", beside=beside)
    assert (caught.value.where, counting.appends) == (IMPROVEMENT, 1)
    assert await store.head() == before
    assert await statuses(store) == {"1.0.0": "proposed"}


async def test_a_conflict_of_the_guideline_is_decided_anew_with_all_that_belongs_to_it(store: EventStore) -> None:
    commands = GuidelineCommands(store)
    await commands.propose("agent", **proposal("one"))

    async def other() -> None:
        await commands.propose("agent", **proposal("two"))

    beside = [StreamAppend(IMPROVEMENT, [fact(1)], 0)]
    await racing(store, other).activate("agent", "1.0.0", by="ann", beside=beside)
    assert await statuses(store) == {"1.0.0": "active", "1.1.0": "proposed"}
    assert await store.version(IMPROVEMENT) == 1


async def test_a_change_that_is_refused_the_second_time_leaves_neither(store: EventStore) -> None:
    commands = GuidelineCommands(store)
    await commands.propose("agent", **proposal("one"))

    async def other() -> None:
        await commands.reject("agent", "1.0.0", by="bob")

    with pytest.raises(GuidelineError):
        await racing(store, other).activate(
            "agent", "1.0.0", by="ann", beside=[StreamAppend(IMPROVEMENT, [fact(1)], 0)]
        )
    assert await store.version(IMPROVEMENT) == 0
    assert await statuses(store) == {"1.0.0": "rejected"}


async def test_a_conflict_in_both_leaves_neither(store: EventStore) -> None:
    commands = GuidelineCommands(store)
    await commands.propose("agent", **proposal("one"))

    async def other() -> None:
        await commands.propose("agent", **proposal("two"))
        await store.append(IMPROVEMENT, [fact(1)])

    with pytest.raises(StreamConflict) as caught:
        await racing(store, other).activate(
            "agent", "1.0.0", by="ann", beside=[StreamAppend(IMPROVEMENT, [fact(2)], 0)]
        )
    assert caught.value.where == IMPROVEMENT
    assert not any(isinstance(entry.event, GuidelineActivated) for entry in await store.read_all())
    assert await store.version(IMPROVEMENT) == 1


async def test_nothing_is_decided_beside_a_newer_version(store: EventStore) -> None:
    commands = GuidelineCommands(store)
    await commands.propose("agent", **proposal("one"))
    await append_newer(store, STREAM, "guideline.merged")
    beside = [StreamAppend(IMPROVEMENT, [fact(1)], 0)]
    with pytest.raises(StoreError, match="newer version can not be read, so this guideline is not changed"):
        await commands.activate("agent", "1.0.0", by="ann", beside=beside)
    assert await store.version(STREAM) == 2
    assert await store.version(IMPROVEMENT) == 0
