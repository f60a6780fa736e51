"""Kills processes that archive beside others that append, and checks that nothing is lost, doubled or unreadable.

    python -m tests.events.crash_archive --kills 100 [--on sqlite|postgres]

Children append traces and facts to one log and archive it without pause, a few rows a segment; they are killed by
SIGKILL at random moments. After each round the log is compared with what was acknowledged, event by event and stream
by stream, verified, its views are compared with rebuilt ones, and a last run has to leave no file that is not
registered. Ends in one line a database; exits 1 when anything but zero is lost, doubled or wrong.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from pathlib import Path

import anyio

from common.errors import StoreError
from events.archive.backend import ArchivedBackend
from events.archive.run import archive_log
from events.catalogue.trace import ToolCalled, TraceEnded, TraceStarted
from events.persistence import archive_folder
from events.projection import Views
from events.store import EventStore
from events.verify import verify
from events.views.trace_index import TraceIndex
from tests.crash.databases import DATABASES, database
from tests.crash.result import Result

__all__ = ["crash"]

_TASKS = 4
_ROWS = 12
_ROOT = Path(__file__).parents[2]


def crash(
    url: str, kills: int, seed: int, *, archive: Path | None = None, at_once: int = 2, longest: float = 0.3
) -> Result:
    """Kill `kills` processes, `at_once` at a time, within `longest` seconds of their first acknowledgement.

    `archive` is the folder of segment files (default: the store's own beside a file; else a temporary one, so that a
    log on a server serves one call).
    """
    with tempfile.TemporaryDirectory() as folder:
        return _crash(url, kills, random.Random(seed), archive or archive_folder(url) or Path(folder), at_once, longest)


def _crash(url: str, kills: int, dice: random.Random, archive: Path, at_once: int, longest: float) -> Result:
    result = Result()
    while result.kills < kills:
        count = min(at_once, kills - result.kills)
        command = [sys.executable, "-m", "tests.events.crash_archive", "--child", url, "--archive", str(archive)]
        children = [subprocess.Popen(command, stdout=subprocess.PIPE, cwd=_ROOT) for _ in range(count)]
        for child in children:
            assert child.stdout is not None
            first = child.stdout.readline().decode()
            time.sleep(dice.uniform(0, longest))
            child.kill()
            rest = child.stdout.read().decode()
            child.stdout.close()
            child.wait()
            result.acknowledged.update((first + rest).split("\n")[:-1])
            result.kills += 1
        anyio.run(_check, url, archive, result)
    return result


async def _check(url: str, archive: Path, result: Result) -> None:
    async with await EventStore.open(url, archive=archive) as store:
        found = await _found(store)
        result.lost |= {name for name in result.acknowledged if name not in found}
        result.doubled |= {name for name, times in found.items() if times > 1}
        views = Views(store, [TraceIndex()])
        try:
            result.problems += (await verify(store, views)).problems
            await archive_log(store, await store.head())
            result.problems += (await verify(store, views)).problems
            if await _found(store) != found:
                result.problems.append("a last run of archiving changed what is read")
        finally:
            await views.close()
        registered = {segment.name for segment in store.backend.segments(0)}
        there = {path.name async for path in anyio.Path(archive).glob("*")}
        if registered != there:
            result.problems.append(f"files that nobody knows, or that are gone: {sorted(registered ^ there)}")


async def _found(store: EventStore) -> Counter[str]:
    """What was acknowledged is a line ``stream version``; counted over the log, each stream compared with it."""
    found: Counter[str] = Counter()
    after = 0
    while page := await store.read_all(after):
        found.update(f"{entry.stream} {entry.version}" for entry in page if entry.stream.startswith("trace/"))
        after = page[-1].position
    streams = Counter(name.partition(" ")[0] for name in found)
    for stream, events in streams.items():
        if [entry.version for entry in await store.read(stream)] != list(range(1, events + 1)):
            found[f"{stream} read otherwise"] += 2
    return found


async def _child(url: str, archive: Path) -> None:
    store = await EventStore.open(url, archive=archive)
    assert isinstance(store.backend, ArchivedBackend)
    run = uuid.uuid4().hex

    async def work(task: int) -> None:
        number = 0
        while True:
            number += 1
            stream = f"trace/{run}{task}n{number}"
            begun = [
                TraceStarted(request="r", user="u", request_id=stream, owner="p", context={}),
                *(ToolCalled(call_id=str(call), tool="timer.set", ok=True) for call in range(number % 4)),
            ]
            version = len(begun)
            await store.append(stream, begun, 0)
            _acknowledge(stream, 1, version)
            if number % 5:
                await store.append(stream, [TraceEnded(outcome="success", response={})], version)
                _acknowledge(stream, version + 1, version + 1)

    async def archive_on() -> None:
        while True:
            await archive_log(store, await store.head(), rows=_ROWS)

    try:
        async with anyio.create_task_group() as group:
            for task in range(_TASKS):
                group.start_soon(work, task)
            group.start_soon(archive_on)
    except* StoreError as failed:
        os.write(1, f"{failed.exceptions[0]} failed\n".encode())  # counts as lost, and says why


def _acknowledge(stream: str, first: int, last: int) -> None:
    os.write(1, "".join(f"{stream} {version}\n" for version in range(first, last + 1)).encode())


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--on", choices=DATABASES, action="append", help="the database (default: each)")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    parser.add_argument("--child", metavar="URL")
    parser.add_argument("--archive", type=Path)
    arguments = parser.parse_args()
    if arguments.child:
        anyio.run(_child, arguments.child, arguments.archive)
        return 0
    kinds: list[str] = arguments.on or list(DATABASES)
    good = True
    for kind in kinds:
        with database(kind) as url:
            result = crash(url, -(-arguments.kills // len(kinds)), arguments.seed)
        for problem in result.problems[:20]:
            print(problem, file=sys.stderr)
        print(f"{kind}: {result.line} (seed {arguments.seed})", flush=True)
        good = good and result.good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
