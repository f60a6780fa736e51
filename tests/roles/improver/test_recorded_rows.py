"""Requests that read a database, replayed with the rows that were fetched for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from common.sandbox import Sandbox
from common.sandbox_settings import SandboxSettings
from roles.improver.acceptance import AcceptanceRules, Acceptor, Candidate, Verdict
from roles.improver.agent import PlainAgent, RecordedRequest, RecordedRows
from roles.improver.behaviour import compare_behaviour, variants
from roles.improver.measure import Workbench
from roles.improver.recorded_rows import RowSource
from roles.sandbox.bubblewrap import BubblewrapSandbox
from tests.roles.sandbox.contract import usable
from tests.system_parts import requires

HEAD = """
class Agent:
    def __init__(self, source):
        self._source = source
        self._known = {}

    def call(self, operation, arguments):
        return getattr(self, operation)(**arguments)

"""
TWICE = (
    HEAD
    + """
    def total(self, town):
        rows = self._source.fetch("visits", {"town": town})
        first = sum(row["visits"] for row in rows)
        again = self._source.fetch("visits", {"town": town})
        return {"total": first, "towns": sorted({row["town"] for row in again})}
"""
)
ONCE = TWICE.replace('self._source.fetch("visits", {"town": town})\n        return', "rows\n        return")
KEPT = TWICE.replace(
    '        rows = self._source.fetch("visits", {"town": town})\n',
    "        if town not in self._known:\n"
    '            self._known[town] = self._source.fetch("visits", {"town": town})\n'
    "        rows = self._known[town]\n",
)
OTHER = TWICE.replace('{"town": town}', '{"town": town, "more": 1}')
OFTEN = TWICE.replace("        again =", '        self._source.fetch("visits", {"town": town})\n        again =')
ERRORS = """
class AgentError(Exception):
    def __init__(self, code, message, todo):
        super().__init__(message)
        self.code = code
"""
QUICK = AcceptanceRules(screening_rounds=2, rounds=8, finalists=1, tolerance=50.0)


def request(town: str, counts: Sequence[int]) -> RecordedRequest:
    rows = [{"town": town, "visits": count} for count in counts]
    return RecordedRequest(
        "house.agent:Agent.call", ("total", {"town": town}), rows=(RecordedRows("visits", {"town": town}, rows),)
    )


REQUESTS = [request("York", [1, 2, 3]), request("Hull", [5] * 20), request("Leeds", [])]


def files(code: str) -> dict[str, str]:
    return {"house/__init__.py": "", "house/agent.py": code, "house/errors.py": ERRORS}


def agent(code: str = TWICE) -> PlainAgent:
    return PlainAgent("house", files(code), requests=REQUESTS)


@pytest.fixture
async def bench() -> Workbench:
    requires("bwrap", "apt-get install bubblewrap", everywhere=False)
    sandbox: Sandbox = await usable(BubblewrapSandbox(SandboxSettings(concurrent=2)))
    return Workbench(sandbox)


async def test_both_versions_are_given_the_same_rows(bench: Workbench) -> None:
    told = await compare_behaviour(bench, agent(), files(ONCE))
    assert (told.difference, told.failures_before, told.failures_after) == (None, 0, 0)
    told = await compare_behaviour(bench, agent(), files(TWICE.replace("sum(", "1 + sum(")))
    assert told.difference is not None


@pytest.mark.parametrize(
    ("code", "why"), [(KEPT, "answers a variant differently"), (OTHER, "no rows were recorded of visits")]
)
async def test_what_asks_for_other_rows_or_keeps_old_ones_is_refused(bench: Workbench, code: str, why: str) -> None:
    """A database may answer otherwise the next time; and nobody knows what it says to a question that was not asked."""
    told = await compare_behaviour(bench, agent(), files(code))
    assert told.difference is not None
    assert why in told.difference


async def judged(bench: Workbench, code: str) -> Verdict:
    candidate = Candidate("x", files(code), aims=frozenset({"fetches"}))
    return (await Acceptor(bench, QUICK, types=False).judge(agent(), [candidate]))[0]


async def test_fewer_fetches_are_a_gain_and_more_are_none(bench: Workbench) -> None:
    fewer = await judged(bench, ONCE)
    assert fewer.accepted, fewer.reason
    assert fewer.best is not None
    assert (fewer.best.before, fewer.best.after) == (6, 3)
    rules = AcceptanceRules(rounds=8)
    more = await Acceptor(bench, rules, types=False).final(agent(), Candidate("x", files(OFTEN)))
    fetches = next(figure for figure in more.figures if figure.measure == "fetches")
    assert (more.code, fetches.before, fetches.after) == ("something_worse", 6, 9)


def test_variants_have_other_rows_too() -> None:
    made = variants(REQUESTS, 40, seed=1)
    assert all(one.lenient for one in made)
    assert any(one.rows == REQUESTS[0].rows for one in made)
    assert any(one.rows not in [request.rows for request in REQUESTS] for one in made)
    without = variants([replace(REQUESTS[0], rows=None)], 3)
    assert {one.rows for one in without} == {None}


def test_rows_are_read_anew_for_each_fetch() -> None:
    pool = ['[["visits", {"town": "York", "day": 1}, [{"visits": 1}]]]', "[]"]
    source = RowSource(pool, "no_such_package")
    source.turn_to(0, lenient=False)
    first: Any = source.fetch("visits", {"day": 1, "town": "York"})
    first[0]["visits"] = 9
    assert source.fetch("visits", {"town": "York", "day": 1}) == [{"visits": 1}]
    with pytest.raises(RuntimeError, match="no rows were recorded"):
        source.fetch("visits", {"town": "Hull", "day": 1})
    source.turn_to(0, lenient=True)
    assert source.fetch("visits", {"town": "Hull", "day": 1}) == [{"visits": 1}]
    with pytest.raises(RuntimeError):
        source.fetch("others", {})
    source.turn_to(1, lenient=True)
    with pytest.raises(RuntimeError):
        source.fetch("visits", {"town": "York", "day": 1})
    assert source.fetches == 6
