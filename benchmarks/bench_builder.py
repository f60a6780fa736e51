"""Builds an agent for each of the requests in tests/roles/builder/requests.yaml, and asks it what the file asks.

    python -m benchmarks.bench_builder [--requests FILE] [--only ID …] [--twice]

For each: seconds of the build, of the second, unchanged one (``--twice``), what an instance costs, how much of the code
its tests run, and whether every question got the right answer through the supervisor. What is not right is one of
three: not built (it says why), not answered (it says so, or another role was asked), or answered otherwise: the worst.
Needs a sandbox.
"""

from __future__ import annotations

import argparse
import re
import sqlite3
import statistics
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import yaml

from common.builder_settings import BuilderSettings
from common.errors import SupervisorError
from common.settings import Settings
from supervisor import Supervisor

REQUESTS = Path(__file__).parents[1] / "tests" / "roles" / "builder" / "requests.yaml"
TOLD = {"undefined": "not defined", "missing_value": "not known", "not_found": "no such", "invalid_input": ""}
NUMBER = re.compile(r"(-?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?)( ?%)?")
NOTHING = ("", "-", "–", "none", "null", "unknown", "not known")
CLOSE = 6e-4
"""Answers are rounded to four figures where they are shown."""


@dataclass
class Result:
    """What came of one request."""

    name: str
    seconds: float = 0.0
    again: float | None = None
    figures: dict[str, Any] = field(default_factory=dict[str, Any])
    failure: str = ""
    unanswered: list[str] = field(default_factory=list[str])
    wrong: list[str] = field(default_factory=list[str])

    @property
    def ok(self) -> bool:
        """Whether it was built, and every answer was right."""
        return not (self.failure or self.unanswered or self.wrong)

    @property
    def kind(self) -> str:
        """What came of it, in a word."""
        if self.failure:
            return "not built"
        return "WRONG" if self.wrong else "unanswered" if self.unanswered else "ok"


def is_in(value: Any, text: str) -> bool:
    """Whether a value is among what a text says."""
    if value is None:
        return text.strip().lower() in NOTHING
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value).lower() in text.lower()
    found = [(float(number.replace(",", "")), percent) for number, percent in NUMBER.findall(text)]
    said = [one for one, _ in found] + [one / 100 for one, percent in found if percent]
    return any(abs(one - value) <= CLOSE * max(1e-9, abs(value)) for one in said)


def are_rows(columns: list[list[Any]], text: str, *, ordered: bool) -> bool:
    """Whether a text is a table (a heading, then a line a row) of just these rows, each value in a cell of its own."""
    lines = [line.split(" | ") for line in text.strip().splitlines()][1:]
    rows = list(zip(*columns, strict=True))
    if len(lines) != len(rows):
        return False
    for row in rows:
        place = next((n for n, line in enumerate(lines) if all(_is_cell(value, line) for value in row)), None)
        if place is None or (ordered and place):
            return False
        del lines[place]
    return True


def _is_cell(value: Any, cells: list[str]) -> bool:
    if isinstance(value, str):
        return any(one.strip().lower() == value.lower() for one in cells)
    return any(is_in(value, one) for one in cells)


def is_right(ask: dict[str, Any], text: str, outcome: str) -> bool:
    """Whether an answer is what the file expects."""
    if error := ask.get("error"):
        return outcome != "success" and TOLD.get(error, "") in text.lower()
    if outcome != "success":
        return False
    single = all(is_in(value, text) for name, value in ask["expected"].items() if name != "columns")
    columns = ask["expected"].get("columns")
    return single and (columns is None or are_rows(columns, text, ordered=bool(ask.get("ordered"))))


async def one(request: dict[str, Any], databases: dict[str, str], *, twice: bool) -> Result:
    """Build and ask, in a folder and a database of its own."""
    result = Result(request["id"])
    with tempfile.TemporaryDirectory() as folder:
        url = None
        if source := request.get("database"):
            url = f"sqlite:///{folder}/source.db"
            with sqlite3.connect(f"{folder}/source.db") as database:
                database.executescript(databases[source])
            database.close()
        settings = Settings(data_dir=Path(folder), builder=BuilderSettings(database_url=url))
        async with Supervisor(settings) as supervisor:
            started = time.perf_counter()
            try:
                built = await supervisor.builds.create_agent(request["text"], by="benchmark")
                result.seconds = time.perf_counter() - started
                result.figures = dict(built.figures)
                if twice:
                    started = time.perf_counter()
                    await supervisor.builds.create_agent(request["text"], by="benchmark")
                    result.again = time.perf_counter() - started
            except SupervisorError as error:
                result.failure = str(error)
                return result
            except Exception as error:  # a fault of the builder counts, and is no reason to leave the rest out
                result.failure = f"fault: {error!r}"
                return result
            for ask in request["asks"]:
                answer = await supervisor.process_request(ask["question"])
                if not is_right(ask, answer.text, answer.outcome):
                    own = any(tool.startswith(f"{built.name}.") for tool in answer.metadata.tools_used)
                    kind = result.wrong if own and answer.outcome == "success" else result.unanswered
                    kind.append(f"{ask['question']} → {answer.text[:160]!r}")
    return result


async def main() -> None:
    """All requests, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=Path, default=REQUESTS)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--twice", action="store_true")
    options = parser.parse_args()
    document = yaml.safe_load(options.requests.read_text(encoding="utf-8"))
    chosen = [one for one in document["requests"] if not options.only or one["id"] in options.only]
    results: list[Result] = []
    for request in chosen:
        result = await one(request, document["databases"], twice=options.twice)
        results.append(result)
        again = "" if result.again is None else f", again {result.again:.2f} s"
        print(f"{result.kind:10} {result.name}: {result.seconds:.1f} s{again}", flush=True)
        for line in [result.failure, *result.unanswered, *result.wrong]:
            if line:
                print(f"           {line}", flush=True)
    built = [one for one in results if not one.failure]
    print(f"\n{len(built)} of {len(results)} built, {sum(one.ok for one in results)} right in every answer, "
          f"{sum(bool(one.wrong) for one in results)} with an answer that is wrong without saying so")  # fmt: skip
    if built:
        print(f"seconds: median {statistics.median(one.seconds for one in built):.1f}, "
              f"most {max(one.seconds for one in built):.1f}")  # fmt: skip
        for name, pick in (("instantiation_us", max), ("memory_kib", max), ("coverage", min)):
            print(f"{name}: {pick.__name__} {pick(float(one.figures[name]) for one in built)}")
        ratios = [one.seconds / one.again for one in built if one.again]
        if ratios:
            print(f"first to second build: least {min(ratios):.1f}, median {statistics.median(ratios):.1f}")


if __name__ == "__main__":
    anyio.run(main)
