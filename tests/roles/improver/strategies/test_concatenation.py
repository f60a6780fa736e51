# ruff: noqa: E501 - pieces of code stand in one line
from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roles.improver.strategies.concatenation import Concatenation
from tests.roles.improver.transforms import change, refusal, same, text_of

ANYTHING = st.one_of(st.text(max_size=3), st.integers(0, 3), st.none(), st.lists(st.integers(0, 2), max_size=2))
TEXTS = [
    "def f(xs):\n    text = 'start'\n    for x in xs:\n        text += x\n    return text\n",
    "def f(xs):\n    text = ''\n    for x in xs:\n        text = text + x + ';'\n    return text\n",
    "def f(xs):\n    text = ''\n    for x in xs:\n        text = x + text  # the last one first\n    return text\n",
    "def f(xs):\n    text = ''\n    for x in xs:\n        text = x + ',' + text\n    return text\n",
    "def f(xs):\n    text = ''\n    for x in xs:\n        text += f'{x}!'\n    return text + '.'\n",
    "def f(xs):\n    text = ''\n    for x in xs:\n        text += x + x\n    return text\n",
    "def f(xs):\n    text = ''\n    for x in xs:\n        text = text + x + x\n    return text\n",
    "def f(xs):\n    text = ''\n    for x in xs:\n        text += str(x) if x else '-'\n    return text\n",
    "def f(xs):\n    text = ''\n    for x in xs:\n        text += (x or 'none') + '\\n'\n    return text\n",
    "def f(xs):\n    text = 'a'\n    for x in xs:\n        if x == 'b':\n            break\n        text += str(x)\n    else:\n        xs = 0\n    return text\n",
    "def f(xs):\n    text = ''\n    for x in xs:\n        for y in (1, 2):\n            text += str(x) * y\n    return text\n",
]
LISTS = [
    "def f(xs):\n    rows = []\n    for x in xs:\n        rows = rows + [x]\n    return rows\n",
    "def f(xs):\n    rows = []\n    for x in xs:\n        rows = rows + [x, x]\n    return rows\n",
    "def f(xs):\n    rows = [0]\n    for x in xs:\n        rows = rows + [y for y in str(x)]\n    return len(rows)\n",
]  # fmt: skip
CHANGED = {code: text_of(Concatenation(), code) for code in TEXTS + LISTS}


@pytest.mark.parametrize("code", TEXTS + LISTS)
@settings(max_examples=40, deadline=None)
@given(values=st.lists(ANYTHING, max_size=6))
def test_the_same_comes_out_or_the_same_error(code: str, values: list[Any]) -> None:
    same(code, CHANGED[code], "f", values)


def test_a_loop_that_does_nothing_else_becomes_a_comprehension() -> None:
    assert "text += \"\".join([(f'{x}!') for x in xs])" in CHANGED[TEXTS[4]]
    assert "text = \"\".join(reversed([x + ',' for x in xs])) + text" in CHANGED[TEXTS[3]]
    assert "append" in CHANGED[TEXTS[2]]  # its comment has no place in a comprehension


@pytest.mark.parametrize(
    "code",
    [
        "def f(xs):\n    t = ''\n    for x in xs:\n        if x:\n            t += str(x)\n    return t\n",
        "def f(xs):\n    t = ''\n    for x in xs:\n        t += str(x)\n    return t, x\n",
        "def f(xs):\n    t = ''\n    for n, x in enumerate(xs):\n        t += f'{n}{x}'\n    return t\n",
        "def f(xs):\n    t = ''\n    for x in xs:\n        t += str(y := x)\n    return t\n",
        "def f(xs, x=3):\n    t = ''\n    for x in xs:\n        t += str(x)\n    return t\n",
    ],
)  # fmt: skip
def test_names_of_loops_keep_their_values(code: str) -> None:
    changed = text_of(Concatenation(), code)
    same(code, changed, "f", [1, 0, "a"])
    same(code, changed, "f", [])
    assert ("append" in changed) == ("x)\n    return t, x" in code or ":=" in code or "x=3" in code)


def test_lists_that_are_joined_at_the_end_grow_in_place() -> None:
    code = "def f(xs):\n    rows: list[str] = []\n    for x in xs:\n        rows = rows + [str(x)]\n    return ', '.join(rows)\n"
    changed = text_of(Concatenation(), code)
    assert "rows.append(str(x))" in changed
    same(code, changed, "f", [1, "a"])


def test_text_is_joined_and_lists_grow_in_place() -> None:
    assert "join" in CHANGED[TEXTS[0]]
    assert "rows.append(x)" in CHANGED[LISTS[0]]
    assert "# the last one first" in CHANGED[TEXTS[2]]


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("def f(xs):\n    t = ''\n    for x in xs:\n        t += str(x)\n        print(t)\n    return t\n", "otherwise"),
        ("def f(xs):\n    t = ''\n    for x in xs:\n        if len(t) > 3:\n            break\n        t += str(x)\n    return t\n", "otherwise"),
        ("def f(xs):\n    t = ''\n    for x in xs:\n        t += t[:1] + str(x)\n    return t\n", "itself"),
        ("def f(xs):\n    t = ''\n    for x in xs:\n        t += str(x)\n        if x:\n            return 1\n    return t\n", "left or paused"),
        ("def f(xs):\n    t = ''\n    try:\n        for x in xs:\n            t += x\n    except TypeError:\n        return t\n", "so far"),
        ("def f(xs):\n    t = ''\n    def g():\n        return t\n    for x in xs:\n        t += str(x)\n    return g\n", "other functions"),
        ("def f(xs):\n    t = ''\n    for x in xs:\n        t += str(x)\n        yield x\n", "left or paused"),
        ("class A:\n    def __add__(self, other):\n        return other\ndef f(xs):\n    t = ''\n    for x in xs:\n        t += str(x)\n    return t\n", "operators"),
        ("class A:\n    def f(self, xs):\n        for x in xs:\n            self.log = self.log + str(x['n'])\n", "without what was added"),
        ("class A:\n    def f(self, xs):\n        for x in xs:\n            self.log += str(x)\n            self.show()\n", "show is called"),
        ("def f(xs):\n    rows = []\n    old = rows\n    for x in xs:\n        rows = rows + [x]\n    return old, rows\n", "another name"),
        ("def f(xs, rows):\n    rows = []\n    for x in xs:\n        rows = rows + [x]\n    return rows\n", "another name"),
        ("def f(xs):\n    rows = [1]\n    for r in rows:\n        rows = rows + [r]\n        if r:\n            return rows\n", "another name"),
        ("def f(xs):\n    rows = []\n    for x in xs:\n        rows = [x] + rows\n    return rows\n", "beginning"),
        ("def f(xs):\n    rows = []\n    for x in xs:\n        rows = rows + x\n    return rows\n", "another name"),
        ("def f(xs):\n    rows = []\n    kept = []\n    for x in xs:\n        kept.append(rows)\n        rows = rows + [x]\n    return kept\n", "another name"),
        ("def f(xs):\n    rows = []\n    for x in xs:\n        rows = rows + [x]\n        if x:\n            return rows, rows\n", "another name"),
    ],
)  # fmt: skip
def test_what_is_not_certain_is_left(code: str, why: str) -> None:
    assert why in refusal(Concatenation(), code)


@pytest.mark.parametrize(
    "code",
    [
        "def f(a, b):\n    return a + b\n",
        "def f(xs):\n    n = 0\n    for x in xs:\n        n += x\n    return n\n",
        "def f(xs, n):\n    for x in xs:\n        n += x\n    return n\n",
        "def f(xs):\n    t = 1.5\n    for x in xs:\n        t = t + 1\n    return t\n",
    ],
)
def test_numbers_are_no_place(code: str) -> None:
    assert change(Concatenation(), code).sites == ()
