"""Learning where processes share a log on PostgreSQL."""

from __future__ import annotations

import anyio

from common.errors import LearningError
from events.catalogue.guideline import GuidelineProposed
from events.catalogue.learning import LearningCycleFinished
from events.store import EventStore
from tests.services.postgres_server import postgres, postgres_url
from tests.supervisor.learning.learning_help import learning_over, log, told, traces

__all__ = ["postgres", "postgres_url"]


async def test_cycles_of_several_processes_take_turns(postgres_url: str) -> None:
    busy = 0
    async with await EventStore.open(postgres_url) as one, await EventStore.open(postgres_url) as other:
        await log(one, traces(400))

        async def learn(store: EventStore) -> None:
            nonlocal busy
            async with learning_over(store) as learning:
                try:
                    await learning.cycle()
                except LearningError:
                    busy += 1

        with anyio.fail_after(60):
            async with anyio.create_task_group() as group:
                for store in (one, other, one, other):
                    group.start_soon(learn, store)
        finished = [event for event in await told(one, LearningCycleFinished) if event.agent_type == ""]  # type: ignore[attr-defined]
        assert len(finished) == 4 - busy > 0
        assert len(await told(one, GuidelineProposed)) == 1
        async with learning_over(other) as learning:
            assert (await learning.cycle()).new_traces == 0
