# ruff: noqa: E501 - pieces of code stand in one line
"""Shapes that other people's code has: attributes, several files, conditions one within the other, cursors."""

from __future__ import annotations

import sqlite3
import sys
import types
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roles.engineering.policy import CodePolicy
from roles.improver.agent import AgentSpecification, Table
from roles.improver.strategies.awaits import Awaits
from roles.improver.strategies.base import Strategy
from roles.improver.strategies.caching import Caching
from roles.improver.strategies.compact import Compact
from roles.improver.strategies.concatenation import Concatenation
from roles.improver.strategies.conditions import Conditions
from roles.improver.strategies.errors import TypedErrors
from roles.improver.strategies.guards import GuardClauses
from roles.improver.strategies.invariants import Invariants
from roles.improver.strategies.lazy import LazyAttributes, LazyImports
from roles.improver.strategies.membership import Membership
from roles.improver.strategies.pooling import Pooling
from roles.improver.strategies.queries import Queries
from roles.improver.strategies.slots import Slots
from roles.improver.strategies.unused import UnusedNames
from tests.roles.improver.transforms import change, refusal, same, text_of

HELD = "class A:\n    def __init__(self, known, rows):\n        self.known = known\n        self.rows = [r for r in rows]\n        self.sums = {}\n"
CALL = "\ndef f(a, b):\n    return A(a, b).m()\n"
CHANGES: list[tuple[Strategy, str]] = [
    (Membership(), HELD + "    def m(self):\n        return [r for r in self.rows if r not in self.known]\n" + CALL),
    (Membership(), HELD + "    def m(self):\n        out = []\n        for r in self.rows:\n            if r in self.known and r:\n                out.append(r)\n        return out\n" + CALL),
    (Membership(), "STOP = ['a', 'b', 'c', 1, 2, None, 'd']\ndef f(a, b):\n    return [x for x in b if x not in STOP], a\n"),
    (Membership(), "def f(a, b):\n    seen = []\n    for x in b:\n        if (x, 1)[0] in seen:\n            continue\n        seen.append([x][0])\n    return seen\n"),
    (Membership(), "def near(a, b) -> list:\n    return [*a, 1]\ndef f(a, b):\n    found = near(a, b)\n    return [x for x in b if x in found]\n"),
    (Invariants(), HELD + "    def m(self):\n        return [[r, len(self.rows) + sum(len(self.rows) for _ in self.rows)] for r in self.rows]\n" + CALL),
    (Invariants(), HELD + "    def top(self):\n        return round(sum(len(str(r)) for r in self.rows), 1)\n    def m(self):\n        out = []\n        for r in self.rows:\n            out.append(r * self.top())\n        return out\n" + CALL),
    (Concatenation(), "def f(a, b):\n    text = ''\n    for x in b:\n        text += str(x)\n        if x:\n            text += ', '\n        text = text + '.' + str(a)\n    return text\n"),
    (Concatenation(), "def f(a, b):\n    text = 'b'\n    for n, x in enumerate(b, 1):\n        text = f'{text}[{n}] {x!r:>4}\\n'\n    return text, a\n"),
    (Concatenation(), "def f(a, b):\n    rows = []\n    for x in b:\n        rows = rows + [x]\n    return [n for n, r in enumerate(rows)], len(rows), a\n"),
    (Conditions(), "def f(a, b):\n    if a:\n        return 1\n    else:\n        # the rest\n        if b:\n            return 2\n        else:\n            a = 3\n    return a\n"),
    (Conditions(), "def f(a, b):\n    return not a == b, not (a != b)\n"),
    (GuardClauses(), "def f(a, b):\n    out = []\n    for x in (a, b):\n        if x or a:\n            if x != b or not b:\n                if not isinstance(x, list):\n                    # kept\n                    out.append(x)\n    return out\n"),
    (Slots(), "class B:\n    def __init__(self, n):\n        self.n = n\nclass A:\n    def __init__(self, a):\n        self.a = a\n    def m(self, other: B):\n        other.n = self.a\n        return other.n\ndef f(a, b):\n    return A(a).m(B(b))\n"),
    (Compact(), "class A:\n    def __init__(self):\n        self.t = [[1, 2], [3, 4], [5, 6]]\n        self.d = dict(a=1, b=2, c=3)\n    def m(self, n):\n        return [x + y for x, y in self.t], self.d.get(n), self.t[0][1]\ndef f(a, b):\n    return A().m(a), b\n"),
    (LazyImports(), "from difflib import SequenceMatcher\ndef f(a, b):\n    if a == b:\n        return 1\n    elif not a:\n        return 2\n    else:\n        return SequenceMatcher(None, str(a), str(b)).ratio()\n"),
    (UnusedNames(), "TABLE = [40] * 30 + [20] * 3 + ['x']\nWORDS = 'ab' * 9\ndef f(a, b):\n    return a, b\n"),
    (LazyAttributes(), "DAY = 24 * 60\nclass A:\n    def __init__(self):\n        self._t = [m for m in range(DAY)]\n    def m(self, n):\n        return self._t[n]\ndef f(a, b):\n    return A().m(3), a, b\n"),
    (Pooling(), "WIDTH = 3\nclass W:\n    def __init__(self, n):\n        self.n = n\n        self.t = {}\n        self.t.update({'a': 1})\n    def put(self, x):\n        return str(x).ljust(self.n), self.t.get(x)\ndef f(a, b):\n    return W(WIDTH).put(a), b\n"),
    # a dictionary that is changed in the loop is not the list that is searched in it
    (Membership(), "class A:\n    def __init__(self, known):\n        self.known = known\n    def m(self, rows: list, found: dict):\n        for r in rows:\n            if r in self.known:\n                found[str(r)] = r\n        return found\ndef f(a, b):\n    return A(b).m([a, 1, 'x'], {})\n"),
    (Compact(), "class A(object):\n    def __init__(self):\n        self.t = [1, 2, 3, 4]\n    def m(self, n):\n        return n in self.t\ndef f(a, b):\n    return A().m(a), b\n"),
    (Pooling(), "from decimal import Decimal\nclass M:\n    def __init__(self):\n        self.step = Decimal('0.01')\n    def round(self, x):\n        return str(Decimal(str(x)).quantize(self.step))\ndef f(a, b):\n    return [M().round(x) for x in (a, b) if isinstance(x, (int, float))]\n"),
]  # fmt: skip
CHANGED = [text_of(strategy, code) for strategy, code in CHANGES]
VALUES = st.one_of(st.integers(0, 4), st.sampled_from(["", "a", "x"]), st.none(), st.booleans(), st.floats(0, 1))
LISTS = st.lists(st.one_of(VALUES, st.lists(VALUES, max_size=1)), max_size=6)


@pytest.mark.parametrize("number", range(len(CHANGES)))
@settings(max_examples=40, deadline=None)
@given(a=st.one_of(VALUES, LISTS), b=st.one_of(LISTS, VALUES))
def test_the_same_comes_out_or_the_same_error(number: int, a: Any, b: Any) -> None:
    same(CHANGES[number][1], CHANGED[number], "f", a, b)


def test_what_they_look_like_afterwards() -> None:
    by_name = {
        (type(strategy), number): text
        for number, ((strategy, _), text) in enumerate(zip(CHANGES, CHANGED, strict=True))
    }
    texts = "\n".join(by_name.values())
    assert "known_lookup = _lookup_of(self.known)" in texts
    assert "seen_lookup = _noted_in(seen_lookup, seen, seen[-1])" in texts
    assert "if (x or a) and (x != b or not b) and not isinstance(x, list):" in texts
    assert "# kept" in texts
    assert "# the rest" in texts
    assert "a == b" in texts
    assert "    else:\n        from difflib import SequenceMatcher\n" in texts
    assert "TABLE" not in texts


LEFT: list[tuple[Strategy, str, str]] = [
    (Membership(), HELD + "    def m(self):\n        for r in self.rows:\n            if r in self.known:\n                self.known = []\n", "may change"),
    (Membership(), HELD + "    def m(self, g):\n        for r in self.rows:\n            if r in self.known:\n                g()\n", "may change"),
    (Membership(), HELD + "    def m(self):\n        for r in self.rows:\n            if r in self.known:\n                self.known.append(r)\n", "may change"),
    (Membership(), "class A:\n    def __init__(self, k):\n        self.m()\n        self.known = k\n    def m(self):\n        for r in (1, 2):\n            if r in self.known:\n                print(r)\n", "not be set yet"),
    (Invariants(), "class A:\n    def __init__(self, rows):\n        self.rows = iter(rows)\n    def m(self, xs: list):\n        return [x / sum(self.rows) for x in xs]\n", "more than once"),
    (Invariants(), "class A:\n    def __init__(self):\n        self._n = [1]\n    @property\n    def rows(self):\n        return self._n\n    def m(self, xs: list):\n        return [x / sum(self.rows) for x in xs]\n", "property"),
    (Concatenation(), "def f(xs):\n    text = ''\n    for x in xs:\n        text += str(x)\n        text += str(len(text))\n    return text\n", "depends on"),
    (Concatenation(), "def f(xs):\n    text = ''\n    for x in xs:\n        text += str(x)\n        text = '-' + text\n    return text\n", "both ends"),
    (Concatenation(), "def f(xs):\n    rows = []\n    for x in xs:\n        for n, r in enumerate(rows):\n            rows = rows + [n]\n    return rows\n", "another name"),
    (Slots(), "class B:\n    def __init__(self, n):\n        self.n = n\nclass A:\n    def __init__(self, a):\n        self.a = a\n    def m(self, other):\n        other.n = self.a\n", "set from outside"),
    (Compact(), "class A:\n    def __init__(self):\n        self.t = [[1, 2], [3, 4], [5, 6]]\n    def m(self):\n        return self.t[0]\n", "changed or kept"),
    (Compact(), "class A:\n    def __init__(self):\n        self.t = [[1, 2], [3, 4], [5, 6]]\n    def m(self):\n        for row in self.t:\n            row.append(1)\n", "changed or kept"),
    (LazyAttributes(), "class A:\n    def __init__(self, n: int):\n        self.n = n\n        self._t = [i * n for i in range(n)]\n    def m(self):\n        return self.n\n", "may raise an error"),
    (Pooling(), "WIDTH = 3\nclass W:\n    def __init__(self, n):\n        self.n = n + len(SEEN)\n    def put(self, x):\n        return x * self.n\nSEEN = []\ndef f(a):\n    SEEN.append(a)\n    return W(WIDTH).put(a)\n", "SEEN, which may change"),
    (Concatenation(), "class A:\n    def f(self, xs):\n        rows = []\n        for x in xs:\n            rows = rows + [x]\n            self.keep(rows)\n        return rows\n", "another name"),
    (TypedErrors(), "def f(a):\n    if not a:\n        raise Exception('no')\n    return str(type(a))\n", "may be shown"),
    (Pooling(), "from decimal import Decimal, getcontext\nclass M:\n    def round(self, x):\n        return str(Decimal(str(x)))\ndef f(a):\n    getcontext().prec = 3\n    return M().round(a)\n", "Decimal is called"),
    (Membership(), "class A:\n    def __init__(self, known):\n        self.known = known\n    def m(self, rows: list, found):\n        for r in rows:\n            if r in self.known:\n                found[0] = r\n", "may change"),
    (Caching(), "class A:\n    def __eq__(self, o):\n        return True\ndef h(n):\n    return A() == n\ndef g(n):\n    return sum(h(x) for x in range(n))\ndef f(xs):\n    return [g(x) for x in xs]\n", "operators"),
]  # fmt: skip


@pytest.mark.parametrize(("strategy", "code", "why"), LEFT)
def test_what_is_not_certain_is_left(strategy: Strategy, code: str, why: str) -> None:
    assert why in refusal_of(strategy, code)


def test_types_that_are_only_compared_show_no_error() -> None:
    code = (
        "def f(a):\n    if type(a) is int and type(a) in (int, str):\n        raise Exception('whole')\n    return a\n"
    )
    assert "raise AgentError('whole')" in text_of(TypedErrors(), code)


def test_a_method_of_another_file_may_do_anything() -> None:
    code = "def f(box, xs: list[int]):\n    out = []\n    for x in xs:\n        out.append(x / max(xs) + box.get(x))\n    return out\n"
    assert change(Invariants(), code).changed
    others = {"box.py": "class Box:\n    def get(self, x):\n        self.kept.clear()\n        return x\n"}
    assert "get is called" in refusal(Invariants(), code, others=others)


def refusal_of(strategy: Strategy, code: str) -> str:
    """Why places are left; the strategy may change others of the same code."""
    return " ".join(site.refused for site in change(strategy, code).sites)


# --- several files -------------------------------------------------------------------------------------------------

UNITS = "FACTORS = {'g': 1, 'kg': 1000}\nclass Book:\n    def __init__(self):\n        self.all = dict(FACTORS)\n    def base(self, n, unit):\n        return n * self.all[unit]\ndef pure(n):\n    return (sum(range(n)) + FACTORS['g']) / 2\n"
POOLED = "from units import Book\ndef f(n):\n    book = Book()\n    return book.base(n, 'kg')\n"
CALLED = "from units import pure\ndef f(xs: list, n: int):\n    return [x / pure(n) for x in xs]\n"


def test_helpers_of_other_files_are_looked_at() -> None:
    assert "_shared_book()" in change(Pooling(), POOLED, others={"units.py": UNITS}).files["agent.py"]
    assert "pure_of_n" in change(Invariants(), CALLED, others={"units.py": UNITS}).files["agent.py"]


@pytest.mark.parametrize(
    ("strategy", "code", "others", "why"),
    [
        (Pooling(), POOLED, {"units.py": UNITS + "def more():\n    FACTORS['t'] = 1\n"}, "FACTORS, which may change"),
        (Pooling(), POOLED, {"units.py": UNITS, "third.py": "from units import FACTORS\nFACTORS['t'] = 2\n"}, "FACTORS, which may change"),
        (Pooling(), POOLED, {"units.py": UNITS, "test_a.py": "import units\ndef test(monkeypatch):\n    monkeypatch.setattr(units, 'FACTORS', {})\n"}, "FACTORS, which may change"),
        (Pooling(), POOLED, {"units.py": UNITS.replace("return n *", "self.n = n\n        return n *")}, "attribute"),
        (Invariants(), CALLED, {"units.py": UNITS.replace("return (sum", "print(n)\n    return (sum")}, "is called"),
        (Invariants(), CALLED, {"units.py": UNITS, "third.py": "import units\nunits.FACTORS = {}\n"}, "is called"),
    ],
)  # fmt: skip
def test_what_other_files_may_change_is_left(strategy: Strategy, code: str, others: dict[str, str], why: str) -> None:
    assert why in refusal(strategy, code, others=others) or not change(strategy, code, others=others).changed


def test_a_function_that_another_file_calls_in_a_loop_remembers() -> None:
    code = "def pure(n):\n    return sum(i for i in range(n))\n"
    assert change(Caching(), code).sites == ()
    assert change(
        Caching(), code, others={"b.py": "from agent import pure\ndef f(xs):\n    return [pure(x) for x in xs]\n"}
    ).changed


def test_constants_of_this_file_that_others_change_are_none() -> None:
    code = "STOP = ['a', 'b', 'c', 1, 2, None, 'd']\ndef f(xs):\n    return [x for x in xs if x not in STOP]\n"
    assert change(Membership(), code).changed
    assert not change(Membership(), code, others={"more.py": "from agent import STOP\nSTOP.append('e')\n"}).changed


def test_awaits_run_together_where_asyncio_was_not_imported() -> None:
    code = '"""Doc."""\nfrom __future__ import annotations\nimport math\nfrom sources import one, two\nasync def f(x):\n    a = await one(x)\n    b = await two(x)\n    return a + b\n'
    network = AgentSpecification(transient=frozenset({"one", "two"}), policy=CodePolicy(network=True))
    text = text_of(Awaits(), code, network)
    assert text.index("from __future__") < text.index("import asyncio") < text.index("import math")
    assert "a, b = await _together(one(x), two(x))" in text
    assert "may not" in refusal(Awaits(), code, AgentSpecification(transient=frozenset({"one", "two"})))


CURSOR = """
class Shop:
    def __init__(self, db):
        self.db = db

    def names(self, least: int):
        cursor = self.db.cursor()
        cursor.execute("SELECT customer, amount FROM sales WHERE amount > ? ORDER BY id", (least,))
        out = []
        for customer, amount in cursor.fetchall():
            row = self.db.execute("SELECT name FROM customers WHERE id = ?", (customer,)).fetchone()
            out.append([None if row is None else row[0], amount])
        return out
"""


def test_a_cursor_is_asked_once_for_all() -> None:
    told = AgentSpecification(
        tables={
            "customers": Table({"id": "integer", "name": "text"}, "id"),
            "sales": Table({"id": "integer", "customer": "integer", "amount": "integer"}, "id"),
        }
    )
    changed = text_of(Queries(), CURSOR, told)
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT)")
    db.execute("CREATE TABLE sales (id INTEGER PRIMARY KEY, customer INTEGER, amount INTEGER)")
    db.executemany("INSERT INTO customers VALUES (?, ?)", [(n, f"c{n}") for n in range(5)])
    db.executemany("INSERT INTO sales VALUES (?, ?, ?)", [(n, n % 7, n) for n in range(20)])
    answers: list[Any] = []
    asked: list[int] = []
    for text in (CURSOR, changed):
        module = types.ModuleType("shop")
        exec(compile(text, "shop", "exec"), module.__dict__)
        statements: list[str] = []
        db.set_trace_callback(statements.append)
        answers.append([module.Shop(db).names(least) for least in (3, 100)])
        asked.append(len(statements))
    db.close()
    assert answers[0] == answers[1]
    assert asked[1] == 4 < asked[0]
    used = CURSOR.replace("out.append(", "cursor.fetchone()\n            out.append(")
    assert "cursor itself" in refusal(Queries(), used, told)
    assert "shop" not in sys.modules
