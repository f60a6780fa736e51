"""Kills processes that append, and checks that everything they acknowledged is there, once.

    python -m tests.events.crash_append --kills 100 [--on sqlite|postgres]

Children append to one log from several tasks (appends, posts, several streams at once), read views over it, and print
what was acknowledged; they are killed by SIGKILL at random moments. Without ``--on`` half of the kills is for each
database. Ends in one line a database: ``sqlite: kills 100 acknowledged 12345 lost 0 doubled 0 problems 0``;
exits 1 when anything but zero is lost, doubled or wrong.
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
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import anyio

from common.intents import StreamAppend
from events.catalogue.memory import FactRemembered
from events.projection import Views
from events.store import EventStore
from events.verify import verify
from tests.events.example_views import CountView, FactView

__all__ = ["DATABASES", "Result", "crash", "database"]

DATABASES = ("sqlite", "postgres")
_TASKS = 8
_ROOT = Path(__file__).parents[2]


@dataclass(slots=True)
class Result:
    """What a series of kills did."""

    kills: int = 0
    acknowledged: set[str] = field(default_factory=set[str])
    lost: set[str] = field(default_factory=set[str])
    doubled: set[str] = field(default_factory=set[str])
    problems: list[str] = field(default_factory=list[str])

    @property
    def line(self) -> str:
        """The result on one line."""
        return (
            f"kills {self.kills} acknowledged {len(self.acknowledged)} lost {len(self.lost)} "
            f"doubled {len(self.doubled)} problems {len(self.problems)}"
        )

    @property
    def good(self) -> bool:
        """Whether every promise was kept."""
        return not (self.lost or self.doubled or self.problems)


def crash(url: str, kills: int, seed: int, *, at_once: int = 2, longest: float = 0.25) -> Result:
    """Kill `kills` processes, `at_once` at a time, within `longest` seconds of their first acknowledgement."""
    dice = random.Random(seed)
    result = Result()
    while result.kills < kills:
        count = min(at_once, kills - result.kills)
        command = [sys.executable, "-m", "tests.events.crash_append", "--child", url]
        children = [subprocess.Popen(command, stdout=subprocess.PIPE, cwd=_ROOT) for _ in range(count)]
        for child in children:
            assert child.stdout is not None
            first = child.stdout.readline().decode()
            time.sleep(dice.uniform(0, longest))
            child.kill()
            rest = child.stdout.read().decode()
            child.stdout.close()
            child.wait()
            whole_lines = (first + rest).split("\n")[:-1]
            result.acknowledged.update(whole_lines)
            result.kills += 1
        anyio.run(_check, url, result)
    return result


async def _check(url: str, result: Result) -> None:
    async with await EventStore.open(url) as store:
        found: Counter[str] = Counter()
        after = 0
        while page := await store.read_all(after):
            found.update(entry.event.fact_id for entry in page if isinstance(entry.event, FactRemembered))
            after = page[-1].position
        result.lost |= {fact for fact in result.acknowledged if fact not in found}
        result.doubled |= {fact for fact, times in found.items() if times > 1}
        views = Views(store, [CountView(), FactView()])
        try:
            result.problems += (await verify(store, views)).problems
            total = await views.get("counts", ("all", "-"))
            if (total or {"events": 0})["events"] != found.total():
                result.problems.append("the view has counted otherwise")
        finally:
            await views.close()


async def _child(url: str) -> None:
    store = await EventStore.open(url)
    views = Views(store, [CountView(), FactView()], page_size=50)
    run = uuid.uuid4().hex

    def fact(task: int, number: int, more: str = "") -> FactRemembered:
        return FactRemembered(fact_id=f"{run}-{task}-{number}{more}", text="x" * (number % 200), user=f"u{task}")

    async def work(task: int) -> None:
        number = 0
        while True:
            number += 1
            one, other = fact(task, number), fact(task, number, "-other")
            if number % 3 == 0:
                await store.append([StreamAppend(f"{run}/{task}", [one]), StreamAppend("shared", [other])])
                _acknowledge(one, other)
            elif number % 3 == 1:
                first = store.post(f"{run}/{task}", [one])
                await store.post(f"{run}/{task}", [other], follows=first).durable()
                _acknowledge(one, other)
            else:
                await store.append(f"{run}/{task}", [one])
                _acknowledge(one)

    async def look() -> None:
        while True:
            await views.get("counts", ("all", "-"))
            await views.get("facts", ("none",))

    async with anyio.create_task_group() as group:
        for task in range(_TASKS):
            group.start_soon(work, task)
        group.start_soon(look)


def _acknowledge(*facts: FactRemembered) -> None:
    os.write(1, "".join(f"{fact.fact_id}\n" for fact in facts).encode())


@contextmanager
def database(kind: str) -> Generator[str]:
    """The URL of a new log, which is gone afterwards."""
    if kind == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite:///{folder}/events.db"
    else:
        from tests.services.postgres_server import own_server

        with own_server() as server:
            yield server.new_database()


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--on", choices=DATABASES, action="append", help="the database (default: each)")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    parser.add_argument("--child", metavar="URL")
    arguments = parser.parse_args()
    if arguments.child:
        anyio.run(_child, arguments.child)
        return 0
    kinds: list[str] = arguments.on or list(DATABASES)
    good = True
    for kind in kinds:
        with database(kind) as url:
            result = crash(url, -(-arguments.kills // len(kinds)), arguments.seed)
        for problem in result.problems:
            print(problem, file=sys.stderr)
        print(f"{kind}: {result.line} (seed {arguments.seed})", flush=True)
        good = good and result.good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
