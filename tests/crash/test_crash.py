"""The short form of ``make crash-test``, and whether it would notice."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.services.postgres_server import PostgresServer, postgres

__all__ = ["postgres"]

ROOT = Path(__file__).parents[2]
LAST = re.compile(r"kills 60 acknowledged [1-9]\d* lost 0 doubled 0 falsely done 0 \(seed \d+\)")

LIARS = """
import itertools, random, sys, tempfile
from pathlib import Path
import anyio
from events.store import EventStore
from tests.crash import world
from tests.crash.logs import Appends
from tests.crash.requests import Requests, learn_the_role
from tests.crash.series import Log, run_series
from tests.events.samples import fact

class Forgetful(Appends):
    def work(self, log, number, tell):
        tell("+never appended")
        anyio.run(self.wait)

    async def wait(self):
        await anyio.sleep_forever()

class Repeating(Appends):
    longest = 2.0

    def work(self, log, number, tell):
        tell("begun")
        anyio.run(self.repeat, log.url)

    async def repeat(self, url):
        store = await EventStore.open(url)
        for number in itertools.count():
            await store.append("a", [fact(number), fact(number)])

class Damaging(Appends):
    longest = 2.0

    def check(self, log, acknowledged, children):
        path = log.url.removeprefix("sqlite:///")
        import sqlite3
        with sqlite3.connect(path) as file:
            file.execute("UPDATE stored_events SET state = zeroblob(100) WHERE rowid = 2")
        return super().check(log, acknowledged, children)

class Ending(Appends):
    def work(self, log, number, tell):
        pass

class Boasting(Requests):
    longest = 2.0

    def work(self, log, number, tell):
        async def act(*arguments):
            return True
        world.act = act
        super().work(log, number, tell)

class Restless(Requests):
    longest = 2.0

    def work(self, log, number, tell):
        once = world.act
        async def act(folder, kind, name, key, delay, not_after):
            await once(folder, kind, name, key + "-again", 0, not_after)
            return await once(folder, kind, name, key, 0, not_after)
        world.act = act
        super().work(log, number, tell)

base = Path(sys.argv[1])
learned = learn_the_role()
import threading, time
while threading.active_count() > 1:
    time.sleep(0.01)
for scenario in (Forgetful(), Repeating(), Damaging(), Ending(), Boasting(learned), Restless(learned)):
    name = type(scenario).__name__
    folder = base / name
    folder.mkdir()
    log = Log(f"sqlite:///{folder}/events.db", folder)
    result = run_series(scenario, lambda: log, 4, random.Random(1))
    print(name, bool(result.lost), bool(result.doubled), bool(result.falsely_done), result.good)
    print(*result.problems, sep="\\n", file=sys.stderr)
"""


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip


def test_killed_processes_keep_every_promise(postgres: PostgresServer, tmp_path: Path) -> None:
    done = run(
        "-m", "tests.crash", "--kills", "60", "--keep", str(tmp_path / "kept"),
        SUPERVISOR_TEST_POSTGRES_URL=postgres.url,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    *parts, last = done.stdout.splitlines()
    assert LAST.fullmatch(last), done.stdout
    assert len(parts) == len({line.partition(":")[0] for line in parts}) >= 12
    assert "agent-supervisor events verify" in done.stderr


def test_promises_that_are_not_kept_are_found(tmp_path: Path) -> None:
    done = run("-c", LIARS, str(tmp_path))
    found = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    assert found == {
        "Forgetful": "True False False False",
        "Repeating": "False True False False",
        "Damaging": "True False False False",
        "Ending": "False False False False",
        "Boasting": "False False True False",
        "Restless": "False True False False",
    }, done.stderr


@pytest.mark.parametrize("arguments", [["--only", "append,nothing"], ["--on", "paper"]])
def test_what_is_not_there_is_told(arguments: list[str]) -> None:
    done = run("-m", "tests.crash", *arguments)
    assert done.returncode == 2
    assert "there is no" in done.stderr
