"""Kills processes at random moments while they append, fold, rebuild, archive and act, and looks at what they left.

    python -m tests.crash --kills 1000 [--only append,intents] [--on sqlite] [--seed 7] [--keep FOLDER]

The kills are shared over scenarios and databases. Progress is on stderr, a line for each scenario and database on
stdout, and at the end one line over all: ``kills 1000 acknowledged 123456 lost 0 doubled 0 falsely done 0 (seed 7)``.
Exits 1 when any of the last three is not 0, when a log does not verify, or when a view differs from its rebuild.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import itertools
import logging
import os
import random
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.crash.databases import DATABASES
from tests.crash.forgetting import Forgets
from tests.crash.logs import Appends, Pages, Rebuilds
from tests.crash.requests import Requests, learn_the_role
from tests.crash.result import Result
from tests.crash.series import Log, Scenario, run_calls, run_series
from tests.events import crash_archive
from tests.services.postgres_server import PostgresServer, own_server

_WEIGHTS = {"append": 30, "pages": 22, "rebuild": 18, "intents": 14, "archive": 6, "forget": 10}
"""How the kills are shared: those of whole requests take ten times as long, and so do those of archiving."""
_NEEDED = ("events.persistence.postgres", "events.persistence.sqlite", "events.persistence.sqlite_views")
"""What is imported when it is needed, and would cost each child its time."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Some of the kills: one scenario on one database."""

    scenario: str
    database: str
    kills: int

    @property
    def name(self) -> str:
        return f"{self.scenario} on {self.database}"


def _shares(kills: int, scenarios: Sequence[str], databases: Sequence[str]) -> list[_Part]:
    """The kills shared by weight; what rounding leaves goes to the first ones."""
    pairs = [(scenario, database) for scenario in scenarios for database in databases]
    weight = sum(_WEIGHTS[scenario] for scenario, _ in pairs)
    shares = [kills * _WEIGHTS[scenario] // weight for scenario, _ in pairs]
    for index in range(kills - sum(shares)):
        shares[index % len(shares)] += 1
    return [_Part(*pair, share) for pair, share in zip(pairs, shares, strict=True) if share]


class _Logs:
    """Places for the rounds: of each part only the last is kept."""

    def __init__(self, folder: Path, server: PostgresServer | None) -> None:
        self._folder = folder
        self._numbers = itertools.count(1)
        self._url = server.new_database() if server is not None else ""
        self.last: dict[str, Log] = {}

    def of(self, part: _Part) -> Callable[[], Log]:
        """Gives the log of each round of a part."""
        folder = self._folder / f"{part.scenario}-{part.database}"

        def new() -> Log:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            url = f"sqlite:///{folder}/events.db"
            if part.database == "postgres":
                url = f"{self._url}?schema=round_{next(self._numbers)}"
            self.last[part.name] = Log(url, folder)
            return self.last[part.name]

        return new


class _Progress:
    """Says on stderr how far a part is."""

    def __init__(self, part: _Part) -> None:
        self._part = part
        self._done = 0
        self._began = self._said = time.monotonic()

    def __call__(self, kills: int) -> None:
        self._done += kills
        now = time.monotonic()
        if now - self._said >= 1 or self._done == self._part.kills:
            self._said = now
            rate = self._done / max(0.001, now - self._began)
            self.say(f"{self._done} of {self._part.kills} kills, {rate:.1f} a second")

    def say(self, text: str) -> None:
        end = "" if sys.stderr.isatty() and self._done < self._part.kills else "\n"
        start = "\r" if sys.stderr.isatty() else ""
        print(f"{start}{self._part.name}: {text}", end=end, file=sys.stderr, flush=True)


@contextmanager
def _server(wanted: bool) -> Generator[PostgresServer | None]:
    url = os.environ.get("SUPERVISOR_TEST_POSTGRES_URL")
    if not wanted:
        yield None
    elif url:
        server = PostgresServer(url)
        yield server
        server.drop_databases()
    else:
        with own_server() as server:
            yield server


@contextmanager
def _scenarios(names: Sequence[str]) -> Generator[Mapping[str, Scenario]]:
    """What is to be run, with everything imported that the children need, so that a fork is all they cost."""
    for module in _NEEDED:
        importlib.import_module(module)
    made: dict[str, Scenario] = {each.name: each for each in (Appends(), Pages(), Rebuilds(), Forgets())}
    learned = learn_the_role() if "intents" in names else None
    try:
        if learned is not None:
            made[Requests.name] = Requests(learned)
        while threading.active_count() > 1:  # the threads of the loop that has ended are ending
            time.sleep(0.01)
        gc.freeze()
        yield made
    finally:
        if learned is not None:
            shutil.rmtree(learned, ignore_errors=True)


def _run(arguments: argparse.Namespace, folder: Path) -> Result:
    dice = random.Random(arguments.seed)
    total = Result()
    parts = _shares(arguments.kills, arguments.only, arguments.on)
    with ExitStack() as stack:
        scenarios = stack.enter_context(_scenarios(list(dict.fromkeys(part.scenario for part in parts))))
        logs = _Logs(folder, stack.enter_context(_server("postgres" in arguments.on)))
        for part in parts:
            series = random.Random(dice.random())
            new, progress = logs.of(part), _Progress(part)
            if part.scenario == "archive":
                result = run_calls(crash_archive.crash, new, part.kills, series, progress)
            else:
                result = run_series(scenarios[part.scenario], new, part.kills, series, progress)
            print(f"{part.name}: {result.line}", flush=True)
            for problem in result.problems:
                print(f"{part.name}: {problem}", file=sys.stderr)
            total.add(result)
        if arguments.keep is not None or not total.good:
            _tell_how_to_look(logs.last.values())
    return total


def _tell_how_to_look(logs: Iterable[Log]) -> None:
    """The commands that verify what was left."""
    for log in logs:
        if log.url.startswith("sqlite"):
            print(f"SUPERVISOR_DATA_DIR={log.folder} agent-supervisor events verify", file=sys.stderr)


def _names(allowed: Sequence[str]) -> Callable[[str], list[str]]:
    def parse(text: str) -> list[str]:
        names = text.split(",")
        unknown = [name for name in names if name not in allowed]
        if unknown:
            raise argparse.ArgumentTypeError(f"there is no {', '.join(unknown)}; there are {', '.join(allowed)}")
        return names

    return parse


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.crash", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--only", type=_names(list(_WEIGHTS)), default=list(_WEIGHTS), help="scenarios, by commas")
    parser.add_argument("--on", type=_names(DATABASES), default=list(DATABASES), help="databases, by commas")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    parser.add_argument("--keep", type=Path, help="leave the last log of each scenario there, and say how to verify it")
    arguments = parser.parse_args()
    logging.getLogger().addHandler(logging.NullHandler())
    folder = (arguments.keep or Path(tempfile.mkdtemp(prefix="crash-"))).absolute()
    result = _run(arguments, folder)
    print(f"{result.line} (seed {arguments.seed})", flush=True)
    if result.good and arguments.keep is None:
        shutil.rmtree(folder)
    return 0 if result.good else 1


if __name__ == "__main__":
    sys.exit(main())
