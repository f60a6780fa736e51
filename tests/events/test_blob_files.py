"""Blobs in databases that outlive a store: several processes, kills, logs of before, and keys that come and go."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import anyio
import pytest

from common.errors import StoreError
from events.blobs import DamagedBlob
from events.key_folder import KeyFolder
from events.store import EventStore
from events.transfer import import_lines
from events.verify import verify
from tests.events.blobs import keep, names_of
from tests.events.export_lines import lines_of
from tests.events.samples import fact

ROOT = Path(__file__).parents[2]

WRITER = """
import sys
import anyio
from common.blob import Blob
from events.store import EventStore
from tests.events.samples import fact

async def main(url: str, name: str) -> None:
    async with await EventStore.open(url, timeout=20) as store:
        for number in range(30):
            blob = Blob(b"%d " % number * 1_000)
            await store.append(name, [fact(number, blob.reference)], blobs=[blob])
            print(number, flush=True)

anyio.run(main, *sys.argv[1:])
"""


@pytest.fixture(params=["sqlite", "postgres"])
def shared_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return request.getfixturevalue("postgres_url") if request.param == "postgres" else f"sqlite:///{tmp_path / 'e.db'}"


def start(url: str, name: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", WRITER, url, name], cwd=ROOT, stdout=subprocess.PIPE, text=True)


async def test_processes_that_write_the_same_content(shared_url: str) -> None:
    processes = [start(shared_url, name) for name in ("a", "b")]
    assert [await anyio.to_thread.run_sync(process.wait, abandon_on_cancel=True) for process in processes] == [0, 0]
    for process in processes:
        process.communicate()
    async with await EventStore.open(shared_url) as store:
        names = await names_of(store, "a")
        assert names == await names_of(store, "b")
        assert len(set(names)) == 30
        assert [await store.blob(name) for name in names] == [b"%d " % number * 1_000 for number in range(30)]
        assert (await verify(store)).ok


async def test_whoever_is_killed_leaves_events_with_their_blobs(shared_url: str) -> None:
    acknowledged: list[int] = []
    for round_ in range(3):
        with start(shared_url, f"r{round_}") as process:
            assert process.stdout is not None
            threading.Timer(0.05 * round_, process.kill).start() if round_ else None
            lines = [process.stdout.readline() for _ in range(5)]
            process.kill()
            lines += process.stdout.read().splitlines()
        acknowledged.append(len([line for line in lines if line.strip()]))
    async with await EventStore.open(shared_url) as store:
        for round_, count in enumerate(acknowledged):
            names = await names_of(store, f"r{round_}")
            assert len(names) >= count
            assert [await store.blob(name) for name in names] == [
                b"%d " % number * 1_000 for number in range(len(names))
            ]
        assert (await verify(store)).ok
    assert acknowledged[0] >= 5


@pytest.mark.parametrize("value", ["'text'", "7", "x''"])
async def test_a_row_that_holds_anything_else_is_damaged(tmp_path: Path, value: str) -> None:
    async with await EventStore.open(f"sqlite:///{tmp_path / 'e.db'}") as store:
        name = await keep(store, b"content")
        with closing(sqlite3.connect(tmp_path / "e.db")) as database, database:
            database.execute(f"UPDATE blobs SET content = {value}")
        with pytest.raises(DamagedBlob):
            await store.blob(name)
        assert len((await verify(store)).problems) == 1
        lines = await lines_of(store)
        async with await EventStore.open("memory://") as other:
            await import_lines(other, lambda: lines)
            assert await lines_of(other) == lines


def remove_table(url: str, postgres: Any) -> None:
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as database, database:
            database.execute("DROP TABLE blobs")
    else:
        with postgres.connect(url) as other:
            other.execute("DROP TABLE agent_supervisor.blobs")


async def test_a_log_of_before_gets_its_table_when_it_is_opened(
    request: pytest.FixtureRequest, shared_url: str
) -> None:
    async with await EventStore.open(shared_url) as store:
        await store.append("a", [fact(1)])
        identity = store.backend.identity
    postgres = request.getfixturevalue("postgres") if shared_url.startswith("postgres") else None
    await anyio.to_thread.run_sync(remove_table, shared_url, postgres)
    async with await EventStore.open(shared_url) as store:
        assert store.backend.identity == identity
        assert await store.blob(await keep(store, b"new", "b")) == b"new"
        assert await store.head() == 2


def move_keys(source: Path, target: Path) -> None:
    for path in source.glob("*.key"):
        path.rename(target / path.name)


async def test_a_missing_key_is_another_thing_than_a_forgotten_one(shared_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    async with await EventStore.open(shared_url, keys=KeyFolder(folder)) as store:
        name = await keep(store, b"content")
    move_keys(folder, tmp_path)
    async with await EventStore.open(shared_url, keys=KeyFolder(folder), allow_missing_keys=True) as store:
        with pytest.raises(StoreError, match=f"its key {name.rpartition(':')[0]} is missing"):
            await store.blob(name)
        assert not any("blob" in problem for problem in (await verify(store)).problems)
        move_keys(tmp_path, folder)
        assert await store.blob(name) == b"content"
