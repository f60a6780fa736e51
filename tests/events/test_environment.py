"""Faults of the environment: each is a typed error that helps, loses nothing acknowledged, and is outlived."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import pytest

from common.errors import StoreDamaged, StoreUnavailable
from events.projection import RecordedEvent, Views
from events.recorded import Unknown
from events.seal import Sealer
from events.store import EventStore
from events.time_travel import position_at
from events.verify import verify
from supervisor.testing import MovableClock
from tests.events.example_views import CountView, FactView
from tests.events.samples import fact

ROOT = Path(__file__).parents[2]
NOBODY = 65_534


def url_of(folder: Path) -> str:
    return f"sqlite:///{folder}/events.db"


def mount(*arguments: str) -> None:
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"mounting is not allowed here: {done.stderr.strip()}")


def unmount(folder: Path) -> None:
    subprocess.run(["umount", "--lazy", folder], check=True)


def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


# ---- a full disk


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount("-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder))
    yield folder
    unmount(folder)


async def fill(store: EventStore, views: Views, numbers: range, acknowledged: list[str]) -> None:
    for number in numbers:
        await store.append("a", [fact(number, "x" * 4_000)])
        acknowledged.append(str(number))
        await views.get("facts", (str(number),))


async def test_a_full_disk_is_told_and_outlived(small_disk: Path) -> None:
    acknowledged: list[str] = []
    async with await EventStore.open(url_of(small_disk), timeout=5) as store:
        views = Views(store, [FactView(), CountView()])
        with pytest.raises(StoreUnavailable, match="the disk is full") as caught:
            await fill(store, views, range(400), acknowledged)
        assert caught.value.where.startswith(str(small_disk))
        assert "Free some space" in caught.value.todo
        assert len(acknowledged) > 10
        with pytest.raises(StoreUnavailable, match="the disk is full"):
            await fill(store, views, range(400, 800), acknowledged)
        assert len(await store.read("a")) == len(acknowledged)
        mount("-o", "remount,size=40m", str(small_disk))
        await fill(store, views, range(800, 820), acknowledged)
        assert [entry.event.fact_id for entry in await store.read("a")] == acknowledged  # type: ignore[union-attr]
        assert (await views.get("counts", ("all", "-")) or {})["events"] == len(acknowledged)
        assert (await verify(store, views)).ok
        await views.close()


# ---- what may not be written

UNPRIVILEGED = """
import os, sys
from pathlib import Path
import anyio
from common.errors import StoreUnavailable
from events.store import EventStore
from events.verify import verify
from tests.events.samples import fact

async def once(url: str) -> int:
    async with await EventStore.open(url, timeout=2) as store:
        return await store.append("a", [fact(1)])

async def main(folder: str, change: str, back: str) -> None:
    url = f"sqlite:///{folder}/events.db"
    await once(url)  # which also imports what cannot be imported as nobody
    if os.geteuid() == 0:
        for path in (Path(folder), *Path(folder).rglob("*")):
            os.chown(path, 65534, 65534)
        os.setresgid(65534, 65534, 65534)
        os.setresuid(65534, 65534, 65534)
    target = Path(folder) if change.startswith("folder") else Path(folder, "events.db")
    target.chmod(0o555 if target.is_dir() else 0o444)
    try:
        print(await once(url))
    except StoreUnavailable as error:
        print(error.what, "|", error.where, "|", error.todo)
    target.chmod(0o755 if target.is_dir() else 0o600)
    print(await once(url))
    async with await EventStore.open(url) as store:
        print((await verify(store)).ok)

anyio.run(main, *sys.argv[1:], "")
"""


@pytest.mark.parametrize("what", ["folder", "file"])
def test_what_may_only_be_read_is_told_and_works_again_once_it_may_be_written(tmp_path: Path, what: str) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    for above in (tmp_path, *tmp_path.parents):
        if not above.stat().st_mode & 0o001 and os.access(above, os.W_OK) and above != Path("/"):
            above.chmod(above.stat().st_mode | 0o011)  # nobody has to get through to the folder
    done = run(UNPRIVILEGED, str(folder), what)
    told, again, ok = done.stdout.splitlines() or [done.stderr, "", ""]
    assert "can't be" in told, done.stderr
    assert str(folder / "events.db") in told
    assert "right to write" in told or "you may write to" in told
    assert (again, ok) == ("2", "True"), done.stderr


async def test_a_file_system_that_becomes_read_only(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    mount("--bind", str(folder), str(folder))
    try:
        async with await EventStore.open(url_of(folder), timeout=2) as store:
            await store.append("a", [fact(1)])
        mount("-o", "remount,ro,bind", str(folder))
        with pytest.raises(StoreUnavailable, match=r"can't be (written|opened)") as caught:
            await append_one(folder, 2)
        assert caught.value.todo
        mount("-o", "remount,rw,bind", str(folder))
        assert await append_one(folder, 3) == 2
    finally:
        unmount(folder)


async def append_one(folder: Path, number: int) -> int:
    async with await EventStore.open(url_of(folder), timeout=2) as store:
        return await store.append("a", [fact(number)])


# ---- damaged files

STREAMS = 30
EVENTS = 300


async def filled(folder: Path) -> dict[int, RecordedEvent]:
    """A log of some pages, all of it in its file; what is in it, by position."""
    async with await EventStore.open(url_of(folder)) as store:
        for number in range(EVENTS):
            store.post(f"s/{number % STREAMS}", [fact(number, "x" * (number * 37 % 900))])
        await store.append("end", [])
        recorded = {entry.position: entry for entry in await store.read_all()}
    with closing(sqlite3.connect(folder / "events.db")) as file:
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return recorded


def damage(folder: Path, page: int, dice: random.Random, kind: str) -> None:
    """Change a page (the first is 1) of the file."""
    with (folder / "events.db").open("r+b") as file:
        size = 4_096
        file.seek((page - 1) * size)
        content = bytearray(file.read(size))
        if kind == "noise":
            content[:] = dice.randbytes(size)
        for _ in range(8 if kind == "flips" else 0):
            content[dice.randrange(size)] ^= dice.randrange(1, 256)
        file.seek((page - 1) * size)
        file.write(bytes(size) if kind == "zeros" else content)


def pages_of(folder: Path, table: str) -> list[int]:
    """The numbers of the pages that hold a table's or an index's entries."""
    with closing(sqlite3.connect(folder / "events.db")) as file:
        try:
            rows = file.execute("SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf'", (table,)).fetchall()
        except sqlite3.OperationalError:
            pytest.skip("this SQLite was built without dbstat")
    return [int(page) for (page,) in rows]


@pytest.mark.parametrize("kind", ["zeros", "noise", "flips"])
async def test_a_damaged_page_is_told_where_it_is_and_the_rest_is_read(tmp_path: Path, kind: str) -> None:
    recorded = await filled(tmp_path)
    pages = pages_of(tmp_path, "stored_events")
    damage(tmp_path, pages[len(pages) // 2], random.Random(1), kind)
    async with await EventStore.open(url_of(tmp_path)) as store:
        found: dict[int, RecordedEvent] = {}
        failed: list[int] = []
        todo = ""
        for position in recorded:
            try:
                for entry in await store.read_all(position - 1, limit=1):
                    if not (isinstance(entry.event, Unknown) and entry.event.problem):
                        found[entry.position] = entry
            except StoreDamaged as error:
                failed.append(position)
                todo = error.todo
        assert not failed or "events verify" in todo
        assert found.items() <= recorded.items(), "what was changed is never given out as what was written"
        assert EVENTS - 40 < len(found) < EVENTS
        report = await verify(store)
        assert not report.ok
        assert report.events + 40 > EVENTS, "it goes on behind the damage"
        if kind != "flips":
            (told,) = [problem for problem in report.problems if "can't be read" in problem]
            assert told.startswith(f"the events at the positions {failed[0]} to {failed[-1]} ")
            streams = [await streams_read(store, number) for number in range(STREAMS)]
            assert "fine" in streams
            assert "damaged" in streams
            assert "short" not in streams


async def streams_read(store: EventStore, number: int) -> str:
    try:
        recorded = await store.read(f"s/{number}")
    except StoreDamaged:
        return "damaged"
    return "fine" if len(recorded) == EVENTS // STREAMS else "short"


async def test_whatever_page_is_damaged_verification_says_so(tmp_path: Path) -> None:
    recorded = await filled(tmp_path)
    dice = random.Random(2)
    sound = (tmp_path / "events.db").read_bytes()
    pages = [*pages_of(tmp_path, "stored_events"), *pages_of(tmp_path, "sqlite_autoindex_stored_events_1")]
    for page in dice.sample(pages, 12):
        (tmp_path / "events.db").write_bytes(sound)
        damage(tmp_path, page, dice, dice.choice(["zeros", "noise"]))
        try:
            async with await EventStore.open(url_of(tmp_path)) as store:
                assert not (await verify(store)).ok, page
                with suppress(StoreDamaged):
                    assert {entry.position: entry for entry in await store.read_all()} == recorded
        except StoreDamaged:
            continue


@contextmanager
def changed(path: Path) -> Generator[bytearray]:
    content = bytearray(path.read_bytes())
    yield content
    path.write_bytes(content)


TORN = """
import os, signal, sys
import anyio
from events.store import EventStore
from tests.events.samples import fact

async def main(url: str) -> None:
    store = await EventStore.open(url)
    for number in range(50):
        await store.append("a", [fact(number, "x" * 500)])
    os.kill(os.getpid(), signal.SIGKILL)

anyio.run(main, sys.argv[1])
"""


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 0.999])
async def test_a_log_whose_write_ahead_log_was_cut_is_whole_up_to_there(tmp_path: Path, share: float) -> None:
    """What is cut off is gone, as a removed end is; nothing behind it is taken for whole, and views notice."""
    assert run(TORN, url_of(tmp_path)).returncode == -signal.SIGKILL
    async with await EventStore.open(url_of(tmp_path)) as store:
        views = Views(store, [CountView()])
        before = (await views.get("counts", ("all", "-")) or {})["events"]
        await views.close()
    assert before == 50
    folder = tmp_path / "cut"
    folder.mkdir()
    (tmp_path / "events-views.db").rename(folder / "events-views.db")
    assert run(TORN, url_of(folder)).returncode == -signal.SIGKILL
    with changed(folder / "events.db-wal") as content:
        del content[int(len(content) * share) :]
    async with await EventStore.open(url_of(folder)) as store:
        recorded = await store.read_all()
        assert [entry.event.fact_id for entry in recorded] == [str(n) for n in range(len(recorded))]  # type: ignore[union-attr]
        assert len(recorded) < 50
        views = Views(store, [CountView()])
        assert (await verify(store, views)).ok
        assert (await views.get("counts", ("all", "-")) or {"events": 0})["events"] == len(recorded)
        assert await store.append("a", [fact(99)], len(recorded)) == len(recorded) + 1
        await views.close()


# ---- many at once

OPENERS = """
import sys
import anyio
import events.persistence.sqlite, events.persistence.postgres
from events.store import EventStore
from tests.crash.processes import fork
from tests.events.samples import fact

def work(tell):
    async def main():
        async with await EventStore.open(sys.argv[1]) as store:
            tell(f"{store.backend.identity} {await store.append('a', [fact(1)])}")
    anyio.run(main)

children = [fork(work) for _ in range(16)]
codes = [child.wait() for child in children]
told = [line.split() for child in children for line in child.lines]
places = sorted(int(place) for _, place in told)
print(codes == [0] * 16, len({identity for identity, _ in told}), places == list(range(1, 17)))
"""


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_many_processes_open_a_new_log_at_once(tmp_path: Path, request: pytest.FixtureRequest, kind: str) -> None:
    url = request.getfixturevalue("postgres_url") if kind == "postgres" else url_of(tmp_path / "new")
    done = await anyio.to_thread.run_sync(run, OPENERS, url)
    assert done.stdout.strip() == "True 1 True", done.stderr
    async with await EventStore.open(url) as store:
        assert (await verify(store)).ok


# ---- clocks

START = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)
STEPS = [timedelta(hours=1), timedelta(hours=-3), timedelta(days=400), timedelta(days=-401), timedelta(seconds=-1)]


async def test_a_clock_that_is_stepped_changes_the_order_of_nothing(url: str) -> None:
    clock = MovableClock(START)
    async with await EventStore.open(url, clock=clock) as store:
        views = Views(store, [CountView()], page_size=2)
        sealer = Sealer(store, seconds=60, events=1_000, clock=clock)
        moments: list[datetime] = []
        for number, step in enumerate([timedelta(0), *STEPS]):
            clock.move(step)
            moments.append(clock.now())
            await store.append("a", [fact(number)], number)
            assert await sealer.seal_if_due() == (step != timedelta(0)), step
            assert (await views.get("counts", ("all", "-")) or {})["events"] == number + 1
        recorded = await store.read("a")
        assert [entry.recorded_at for entry in recorded] == moments
        assert [entry.version for entry in recorded] == list(range(1, len(moments) + 1))
        assert (await verify(store, views)).ok
        for moment in moments:
            place = await position_at(store, moment)
            assert 1 <= place <= await store.head()
            assert (await views.query_at("counts", place, {"kind": "all"}))[0]["events"] >= 1
        await views.close()
