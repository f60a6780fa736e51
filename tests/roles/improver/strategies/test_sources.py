# ruff: noqa: E501 - pieces of code stand in one line
"""Queries and awaits."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roles.improver.agent import AgentSpecification, Table
from roles.improver.strategies.awaits import Awaits
from roles.improver.strategies.queries import Queries
from tests.roles.improver.transforms import change, outcome, refusal, text_of

TABLES = AgentSpecification(
    tables={
        "owners": Table({"id": "integer", "name": "text", "age": "integer"}, "id"),
        "houses": Table({"id": "integer", "owner": "integer", "rent": "integer"}, "id"),
    }
)
SETUP = """
import sqlite3
def database(owners, houses):
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE owners (id INTEGER PRIMARY KEY, name TEXT, age INTEGER)")
    db.execute("CREATE TABLE houses (id INTEGER PRIMARY KEY, owner INTEGER, rent INTEGER)")
    for number, age in owners:
        db.execute("INSERT OR IGNORE INTO owners VALUES (?, ?, ?)", (number, "n" + str(number), age))
    for owner, rent in houses:
        db.execute("INSERT INTO houses (owner, rent) VALUES (?, ?)", (owner, rent))
    return db
"""
TUPLES = (
    SETUP
    + """
def f(owners, houses, least=1):
    db = database(owners, houses)
    found = []
    for number, owner, rent in db.execute("SELECT id, owner, rent FROM houses WHERE rent >= ? ORDER BY id", (least,)):
        # who is it?
        row = db.execute("SELECT name, age FROM owners WHERE id = ?", (owner,)).fetchone()
        found.append([number, rent, row])
    db.close()
    return found
"""
)
ROWS = (
    SETUP
    + """
def f(owners, houses):
    db = database(owners, houses)
    found = []
    rows = db.execute("SELECT owner, id FROM houses").fetchall()
    for row in rows:
        name = db.execute("SELECT name FROM owners WHERE id = ?", (row[0],)).fetchone()
        found.append(name[0] if name else None)
    db.close()
    return found
"""
)
CHANGED = {code: text_of(Queries(), code, TABLES) for code in (TUPLES, ROWS)}


@pytest.mark.parametrize("code", [TUPLES, ROWS])
@settings(max_examples=40, deadline=None)
@given(
    owners=st.lists(st.tuples(st.integers(0, 5), st.one_of(st.none(), st.integers(0, 3))), max_size=6),
    houses=st.lists(st.tuples(st.one_of(st.none(), st.integers(0, 7)), st.integers(0, 3)), max_size=8),
)
def test_the_join_answers_as_the_queries_do(code: str, owners: list[Any], houses: list[Any]) -> None:
    assert outcome(CHANGED[code], "f", owners, houses) == outcome(code, "f", owners, houses)


def test_one_join_takes_the_place_of_the_queries() -> None:
    assert CHANGED[TUPLES].count("JOIN") == 1
    assert "WHERE id = ?" not in CHANGED[TUPLES]
    assert "# who is it?" in CHANGED[TUPLES]


LOOP = """
def f(db, g):
    for a, b in db.execute("SELECT id, owner FROM houses"):
        {body}
"""
ASK = 'db.execute("SELECT name FROM owners WHERE id = ?", (b,)).fetchone()'


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (ASK.replace("fetchone", "fetchall"), "several rows"),
        (ASK.replace("WHERE id", "WHERE age"), "whole-number key"),
        (ASK.replace("SELECT name", "SELECT secret"), "secret"),
        (ASK.replace("SELECT name", "SELECT max(age)"), "not of a kind"),
        (ASK.replace("id = ?", "id > ?"), "not of a kind"),
        (ASK.replace("owners", "cats"), "does not name both"),
        (ASK.replace("(b,)", "(b + 1,)"), "no column"),
        (ASK.replace("(b,)", "(g,)"), "no column"),
        (ASK.replace("db.", "other."), "different connections"),
        (f"b = 3; x = {ASK}", "bound again"),
        (f"x = {ASK}; db.execute('DELETE FROM owners')", "write to the database"),
        (f"x = {ASK}; g(x)", "write to the database"),
    ],
)
def test_queries_that_are_not_certain_are_left(body: str, why: str) -> None:
    assert why in refusal(Queries(), LOOP.format(body=body.replace("; ", "\n        ")), TABLES)


def test_without_a_specification_nothing_is_certain() -> None:
    assert "does not name both" in refusal(Queries(), TUPLES)
    code = LOOP.format(body=ASK) + "def g(db):\n    db.row_factory = dict\n"
    assert "rows' type" in refusal(Queries(), code, TABLES)


AWAITS = """
import asyncio
async def one(n):
    await asyncio.sleep(0.001)
    return 10 // n
async def two(n):
    await asyncio.sleep(0)
    if n == 3:
        raise KeyError(n)
    return [n]
async def main(n, m):
    # both
    a = await one(n)
    b = await two(m)
    c = await one(a)
    return a, b, c
"""


def test_awaits_run_together_with_the_same_answers_and_errors() -> None:
    changed = text_of(Awaits(), AWAITS)
    assert "a, b = await _together(one(n), two(m))" in changed
    assert "# both" in changed

    def run(code: str, *args: int) -> Any:
        space: dict[str, Any] = {}
        exec(code, space)
        try:
            return asyncio.run(space["main"](*args))
        except Exception as error:
            return repr(error)

    for n in range(12):
        for m in range(5):
            assert run(changed, n, m) == run(AWAITS, n, m)


@pytest.mark.parametrize(
    ("callee", "why"),
    [
        ("    SEEN.append(n)\n    await asyncio.sleep(0)\n", "SEEN"),
        ("    print(n)\n    await asyncio.sleep(0)\n", "print"),
        ("    await other(n)\n", "awaits other"),
        ("    await n\n", "no call"),
        ("    n.x = 1\n    await asyncio.sleep(0)\n", "changes something"),
        ("    global G\n    G = 1\n    await asyncio.sleep(0)\n", "changes something"),
    ],
)
def test_calls_that_may_write_are_not_run_together(callee: str, why: str) -> None:
    code = f"import asyncio\nSEEN = []\nasync def g(n):\n{callee}async def f(n):\n    a = await g(n)\n    b = await g(n)\n    return a, b\n"
    assert why in refusal(Awaits(), code)


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (AWAITS.replace("import asyncio", "import anyio as asyncio").replace("one(a)", "one(1)"), "import asyncio"),
        (AWAITS.replace("two(m)", "two(10 // m)"), "computed"),
        (AWAITS.replace("two(m)", "unknown(m)"), "not known whether"),
        ("import contextvars\n" + AWAITS, "context variables"),
    ],
)
def test_awaits_that_are_not_certain_stay_in_order(code: str, why: str) -> None:
    assert why in refusal(Awaits(), code)


def test_awaits_that_need_each_other_are_no_place() -> None:
    assert change(Awaits(), AWAITS.replace("two(m)", "two(a)")).sites == ()
