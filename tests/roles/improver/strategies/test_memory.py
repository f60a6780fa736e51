# ruff: noqa: E501 - pieces of code stand in one line
"""Slots, shared tables, lazy attributes and imports, pooling, unused names."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roles.improver.strategies.base import Strategy
from roles.improver.strategies.compact import Compact
from roles.improver.strategies.lazy import LazyAttributes, LazyImports
from roles.improver.strategies.pooling import Pooling
from roles.improver.strategies.slots import Slots
from roles.improver.strategies.unused import UnusedImports, UnusedNames
from tests.roles.improver.transforms import change, refusal, same, text_of

PLAIN = """
class Point:
    \"\"\"A point.\"\"\"

    # made of two numbers
    def __init__(self, x, y=0):
        self.x = x
        self.y = y

    def moved(self, by):
        self.seen = by
        return [self.x + by, self.y, self.seen]

def f(x, by):
    point = Point(x)
    return point.moved(by), point.moved(x), point.y
"""
TABLE = """
class Rates:
    def __init__(self):
        self._rates = {"a": 1, "b": 2, "c": 3}  # fixed
        self._steps = [1, 5, 9]

    def of(self, name, n):
        return self._rates.get(name, -1), n in self._steps, self._steps[n], [s for s in self._steps]

def f(name, n):
    return Rates().of(name, n)
"""
LAZY = """
def build(n):
    return [i * i for i in range(n)]

class Squares:
    __slots__ = ("_squares", "name")
    def __init__(self, name):
        self.name = name
        self._squares = build(50)  # always the same

    def of(self, n):
        return self._squares[n]

    def add(self, n):
        self._squares.append(n)
        return len(self._squares)

def f(n, m):
    squares = Squares("s")
    return squares.add(m), squares.of(n), squares.add(n), squares.name
"""
POOLED = """
from decimal import Decimal

class Writer:
    def __init__(self, sign):
        self.sign = sign
        self.table = {"a": 1}

    def write(self, n):
        if n in self.table:
            return self.sign
        return self.sign + str(n)

def f(a, b):
    writer = Writer("-")
    return writer.write(a) + Writer("+").write(b) + str(Decimal("0.1") + 1)
"""
EXAMPLES: list[tuple[Strategy, str]] = [
    (Slots(), PLAIN),
    (Compact(), TABLE),
    (LazyAttributes(), LAZY),
    (Pooling(), POOLED),
    (UnusedNames(), "_OLD = [n for n in range(9)]\ndef f(a, b):\n    copy = [a, b]\n    return a\n"),
    (UnusedImports(), "import json\nimport math, difflib\ndef f(a, b):\n    return math.floor(1.5), a\n"),
    (LazyImports(), 'import statistics\ndef f(a, b):\n    """Doc."""\n    return statistics.median([1, 2]), b\n'),
]
CHANGED = [text_of(strategy, code) for strategy, code in EXAMPLES]


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
@settings(max_examples=40, deadline=None)
@given(
    a=st.one_of(st.integers(-3, 60), st.sampled_from(["a", "b", "z"]), st.none()),
    b=st.one_of(st.integers(-3, 60), st.none()),
)
def test_the_same_comes_out_or_the_same_error(number: int, a: Any, b: Any) -> None:
    same(EXAMPLES[number][1], CHANGED[number], "f", a, b)


def test_what_it_looks_like_afterwards() -> None:
    slots, table, lazy, pooled, _, imports, late = CHANGED
    assert '__slots__ = ("seen", "x", "y")' in slots
    assert "# made of two numbers" in slots
    assert "self._steps = _STEPS" in table
    assert "# fixed" in table
    assert "@property\n    def _squares(self):" in lazy
    assert '__slots__ = ("_squares_made", "name",)' in lazy
    assert "# always the same" in lazy
    assert "_shared_writer" in pooled
    assert "json" not in imports
    assert "import math\n" in imports
    assert late.index("def f") < late.index("import statistics")


def test_a_dataclass_says_slots() -> None:
    code = "from dataclasses import dataclass\n@dataclass(frozen=True)\nclass A:\n    n: int = 1\n    def m(self):\n        return self.n\n"
    assert "@dataclass(frozen=True, slots=True)" in text_of(Slots(), code)


CLASS = "class A:\n    def __init__(self):\n        self.x = 1\n"


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (CLASS + "def f(a):\n    a.y = 2\n", "set from outside"),
        (CLASS + "def f(a, n):\n    setattr(a, n, 2)\n", "setattr"),
        (CLASS + "def f(a):\n    return a.__dict__\n", "__dict__"),
        (CLASS + "class B(A):\n    pass\n", "B is made from it"),
        (CLASS + "A.x = 3\n", "on the class itself"),
        (CLASS + "    x = 0\n", "attribute of the class"),
        (CLASS + "    def __getattr__(self, n):\n        return 1\n", "__getattr__"),
        (CLASS + "    def m(self):\n        del self.x\n", "deletes"),
        ("import weakref\n" + CLASS, "weakref"),
        ("from functools import cached_property\n" + CLASS + "    @cached_property\n    def y(self):\n        return 1\n", "cached property"),
        ("@register\n" + CLASS, "decorated"),
        ("from dataclasses import dataclass\n@dataclass\nclass A:\n    n: int\n    def m(self):\n        self.k = 1\n", "no fields"),
        ("from dataclasses import dataclass\n@dataclass\nclass A:\n    n: int\n    def m(self):\n        return super().__repr__()\n", "super"),
        (CLASS + "    @classmethod\n    def m(cls):\n        cls.n = 1\n", "attributes of the class"),
    ],
)  # fmt: skip
def test_classes_that_may_need_a_dictionary_are_left(code: str, why: str) -> None:
    assert why in refusal(Slots(), code)


def test_tests_and_other_files_count_too() -> None:
    others = {"test_a.py": "import agent\ndef test():\n    a = agent.A()\n    a.z = 1\n"}
    assert "set from outside" in refusal(Slots(), CLASS, others=others)
    others = {"b.py": "from agent import A\nclass B(A):\n    pass\n"}
    assert "made from it" in refusal(Slots(), CLASS, others=others)
    assert "another file" in refusal(
        UnusedImports(), "import json\nx = 1\n", others={"b.py": "from agent import json\n"}
    )


INIT = "class A:\n    def __init__(self):\n        self._t = [1, 2, 3]\n"


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (INIT + "    def m(self):\n        return self._t\n", "changed or kept"),
        (INIT + "    def m(self):\n        self._t.append(1)\n", "changed or kept"),
        (INIT + "    def m(self):\n        self._t[0] = 1\n", "changed or kept"),
        (INIT + "    def m(self):\n        return self._t[:2]\n", "changed or kept"),
        (INIT + "    def m(self, g):\n        g(self._t)\n", "changed or kept"),
        (INIT + "    def m(self):\n        self._t = []\n", "more than once"),
        (INIT + "def f(a):\n    return a._t\n", "outside of the class"),
        (INIT + "class B(A):\n    pass\n", "made from A"),
        (INIT.replace("_t", "t") + "def f(a):\n    return a.t\n", "outside of the class"),
        (INIT + "    def m(self, n):\n        return getattr(self, '_t')\n", "named in a text"),
    ],
)
def test_tables_that_may_be_changed_are_left(code: str, why: str) -> None:
    assert why in refusal(Compact(), code)


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("def b():\n    return [1]\nclass A:\n    def __init__(self):\n        self.t = b()\n", "public"),
        ("def b():\n    print(1)\n    return [1]\nclass A:\n    def __init__(self):\n        self._t = b()\n", "b is called"),
        ("N = 1\nN = 2\nclass A:\n    def __init__(self):\n        self._t = [i * N for i in range(9)]\n", "may change"),
        ("def b():\n    return [1]\nclass A:\n    def __init__(self):\n        self._t = b()\n        self.n = len(self._t)\n", "constructor itself"),
        ("def b():\n    return [1]\nclass A:\n    def __init__(self):\n        self._t = b()\n    def m(self):\n        self._t = 1\n", "more than once"),
        ("@wrap\nclass A:\n    def __init__(self):\n        self._t = [i for i in range(9)]\n", "decorated"),
        ("class A(B):\n    def __init__(self):\n        self._t = [i for i in range(9)]\n", "base classes"),
    ],
)  # fmt: skip
def test_attributes_that_are_not_certain_are_made_at_once(code: str, why: str) -> None:
    assert why in refusal(LazyAttributes(), code)


def test_what_depends_on_the_caller_is_no_place() -> None:
    code = "class A:\n    def __init__(self, n):\n        self._t = [i for i in range(n)]\n"
    assert change(LazyAttributes(), code).sites == ()


HELPER = "class H:\n    def __init__(self):\n        self.t = {}\n    def m(self, n):\n        return len(self.t) + n\n"


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (HELPER + "def f():\n    h = H()\n    return h\n", "handed on"),
        (HELPER + "def f(g):\n    return g(H())\n", "handed on"),
        (HELPER + "def f():\n    h = H()\n    return h.m\n", "handed on"),
        (HELPER + "def f():\n    h = H()\n    h.t = 1\n    return h.m(1)\n", "set from outside"),
        (HELPER + "    def k(self):\n        self.n = 1\ndef f():\n    return H().m(1)\n", "sets attributes"),
        (HELPER + "    def k(self, n):\n        self.t[n] = 1\ndef f():\n    return H().m(1)\n", "changed"),
        (HELPER + "    def k(self, n):\n        self.t.update(n)\ndef f():\n    return H().m(1)\n", "changed"),
        (HELPER + "    def k(self):\n        return self.t\ndef f():\n    return H().m(1)\n", "gives away"),
        (
            HELPER + "    def __eq__(self, o):\n        return True\ndef f():\n    return H().m(1)\n",
            "meaning of its own",
        ),
        (HELPER.replace("H:", "H(B):") + "def f():\n    return H().m(1)\n", "bases"),
        (
            HELPER + "    count = []\n    def k(self):\n        return open('x')\ndef f():\n    return H().m(1)\n",
            "open is called",
        ),
        ("from string import Template\ndef f():\n    return Template('$a')\n", "handed on"),
    ],
)
def test_objects_that_may_change_are_made_anew(code: str, why: str) -> None:
    assert why in refusal(Pooling(), code)


@pytest.mark.parametrize(
    ("strategy", "code", "why"),
    [
        (UnusedImports(), "import requests\nx = 1\n", "may have effects"),
        (UnusedImports(), "import json\n__all__ = ['json2']\nx = 1\n", "another file"),
        (UnusedNames(), "_X = load()\ndef f():\n    return 1\n", "may raise an error"),
        (UnusedNames(), "def f(d):\n    x = d['a']\n    return 1\n", "may raise an error"),
        (UnusedNames(), "def f(d):\n    x = d.pop()\n    return 1\n", "may raise an error"),
        (UnusedNames(), "def f(d):\n    x = [i for i in d]\n    return 1\n", "may raise an error"),
        (UnusedNames(), "def f(d):\n    x = 1 / d\n    return 1\n", "may raise an error"),
        (UnusedNames(), "def f(n: int):\n    x = range(n)[0]\n    return 1\n", "may raise an error"),
        (LazyImports(), "import statistics\nX = statistics.mean([1])\ndef f(x):\n    return statistics.mean(x)\n", "loaded"),
        (LazyImports(), "import statistics\ndef f(x=statistics.mean([1])):\n    return statistics.mean(x)\n", "loaded"),
        (LazyImports(), "import statistics\ndef f():\n    def g(x):\n        return statistics.mean(x)\n    return g\n", "within another"),
        (LazyImports(), "import statistics\ndef f(x):\n    return statistics.mean(x)\nstatistics = None\n", "more than once"),
    ],
)  # fmt: skip
def test_what_may_have_an_effect_stays(strategy: Strategy, code: str, why: str) -> None:
    assert why in refusal(strategy, code)


@pytest.mark.parametrize(
    "code",
    [
        "from __future__ import annotations\nx = 1\n",
        "import json\ndef f(x: 'json.JSONDecoder'):\n    return x\n",
        "try:\n    import json\nexcept ImportError:\n    pass\n",
        "from os import *\n",
    ],
)
def test_imports_that_are_used_or_guarded_are_no_place(code: str) -> None:
    assert change(UnusedImports(), code).sites == ()


@pytest.mark.parametrize(
    "code",
    [
        "def f():\n    x = [1]\n    x += [2]\n",
        "def f():\n    x = [1]\n    return locals()\n",
        "def f():\n    x = [1]\n    def g():\n        return x\n    return g\n",
        "def f():\n    global x\n    x = [1]\n",
    ],
)
def test_names_that_are_used_somehow_are_no_place(code: str) -> None:
    assert change(UnusedNames(), code).sites == ()
