"""Several processes on one log: appends, followers, and competing projections. (Kills: tests/crash.)"""

from __future__ import annotations

import sys
from pathlib import Path

import anyio
import pytest

from events.catalogue.memory import FactRemembered
from events.projection import Views
from events.store import EventStore
from events.verify import verify
from tests.crash.databases import DATABASES
from tests.events.example_views import CountView
from tests.events.samples import fact

APPENDER = """
import sys
import anyio
from common.errors import StreamConflict
from events.store import EventStore
from tests.events.samples import fact

async def main(url: str, name: str) -> None:
    async with await EventStore.open(url) as store:
        won = 0
        for number in range(60):
            await store.append(f"own/{name}", [fact(number, name)], number)
            await store.append("shared", [fact(number, name)])
            version = await store.version("raced")
            try:
                await store.append("raced", [fact(number, name)], version)
                won += 1
            except StreamConflict:
                pass
        print(won)

anyio.run(main, *sys.argv[1:])
"""

VIEWER = """
import sys
import anyio
from events.projection import Views
from events.store import EventStore
from tests.events.example_views import CountView
from tests.events.samples import fact

async def main(url: str, name: str) -> None:
    async with await EventStore.open(url) as store:
        views = Views(store, [CountView()], page_size=7)
        for number in range(40):
            await store.append(f"s/{name}", [fact(number, user=name)])
            row = await views.get("counts", ("user", name))
            assert row is not None and row["events"] == number + 1, row
        await views.close()

anyio.run(main, *sys.argv[1:])
"""


async def together(program: str, url: str, names: list[str]) -> list[str]:
    told: dict[str, str] = {}

    async def run(name: str) -> None:
        done = await anyio.run_process([sys.executable, "-c", program, url, name], check=False)
        assert done.returncode == 0, done.stderr.decode()
        told[name] = done.stdout.decode().strip()

    async with anyio.create_task_group() as group:
        for name in names:
            group.start_soon(run, name)
    return [told[name] for name in names]


FOLLOWER = """
import sys
import anyio
from events.store import EventStore

async def main(url: str, name: str) -> None:
    async with await EventStore.open(url) as store:
        positions = []
        with anyio.fail_after(60):
            async for entry in store.follow():
                positions.append(entry.position)
                if entry.stream == "end":
                    break
        print(len(positions) if positions == list(range(1, len(positions) + 1)) else positions)

anyio.run(main, *sys.argv[1:])
"""


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return request.getfixturevalue("postgres_url") if request.param == "postgres" else f"sqlite:///{tmp_path}/events.db"


async def test_processes_append_to_one_log(url: str) -> None:
    names = ["one", "two", "three"]
    won = await together(APPENDER, url, names)
    async with await EventStore.open(url) as store:
        assert [await store.version(f"own/{name}") for name in names] == [60, 60, 60]
        shared = [entry.event for entry in await store.read("shared")]
        assert len(shared) == 180
        for name in names:
            own = [event.fact_id for event in shared if isinstance(event, FactRemembered) and event.text == name]
            assert own == [str(number) for number in range(60)]
        assert await store.version("raced") == sum(int(wins) for wins in won)
        report = await verify(store)
        assert (report.ok, report.events, report.streams) == (True, await store.head(), 5)


async def test_competing_projections_count_every_event_once(url: str) -> None:
    await together(VIEWER, url, ["one", "two", "three"])
    async with await EventStore.open(url) as store:
        views = Views(store, [CountView()])
        assert [row["events"] for row in await views.query("counts", order_by="name")] == [120, 40, 40, 40]
        assert (await verify(store, views)).ok
        await views.close()


async def test_followers_miss_nothing_while_processes_append(url: str) -> None:
    async with anyio.create_task_group() as group:
        followers: list[str] = []

        async def follow() -> None:
            followers.extend(await together(FOLLOWER, url, ["one", "two"]))

        group.start_soon(follow)
        await together(APPENDER, url, ["one", "two", "three"])
        async with await EventStore.open(url) as store:
            last = await store.append("end", [fact(1)])
    assert followers == [str(last)] * 2
