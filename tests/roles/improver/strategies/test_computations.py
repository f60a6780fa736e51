# ruff: noqa: E501 - pieces of code stand in one line
"""Patterns, invariants and caching."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roles.improver.strategies.caching import Caching
from roles.improver.strategies.invariants import Invariants
from roles.improver.strategies.patterns import Patterns
from tests.roles.improver.transforms import change, refusal, same, text_of

PATTERNS = [
    "import re\ndef f(t):\n    return re.findall(r'[a-c]+', t)  # letters\n",
    "import re\ndef f(t):\n    return re.sub('a', '<b>', t, 1)\n",
    "import re\ndef f(t):\n    return re.split(',', t, maxsplit=1)\n",
    "import re\ndef f(t):\n    p = re.compile('A+', re.IGNORECASE | re.M)\n    return [m.span() for m in p.finditer(t)]\n",
    "import re as r\ndef f(t):\n    return bool(r.fullmatch('a|b', t, flags=r.I))\n",
    "import re\ndef f(t):\n    return re.search('b', string=t) is None\n",
]
PATTERNS_CHANGED = {code: text_of(Patterns(), code) for code in PATTERNS}


@pytest.mark.parametrize("code", PATTERNS)
@settings(max_examples=40, deadline=None)
@given(text=st.one_of(st.text("abAB,\n", max_size=8), st.integers()))
def test_patterns_find_the_same(code: str, text: object) -> None:
    same(code, PATTERNS_CHANGED[code], "f", text)


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("import re\ndef f(t, p):\n    return re.match(p, t)\n", "computed"),
        ("import re\ndef f(t, n):\n    return re.match(f'a{n}', t)\n", "computed"),
        ("import re\ndef f(t, g):\n    return re.match('a', t, g)\n", "flags"),
        ("import re\ndef f(t):\n    return re.match('(', t)\n", "not valid"),
        ("import re\ndef f(t):\n    return re.match('a{1000}', t)\n", "too large"),
        ("import re\ndef f(*t):\n    return re.match('a', *t)\n", "not written out"),
        ("from re import match\ndef f(t):\n    return match('a', t)\n", "by itself"),
        ("def f(t):\n    return re.match('a', t)\nimport re\n", "further down"),
    ],
)
def test_patterns_that_are_not_certain_are_left(code: str, why: str) -> None:
    assert why in refusal(Patterns(), code)


@pytest.mark.parametrize(
    "code",
    [
        "import re\nP = re.compile('a')\ndef f(t):\n    return P.match(t)\n",
        "def f(t, re):\n    return re.match('a', t)\n",
        "import re\nre = None\ndef f(t):\n    return re.match('a', t)\n",
        "import re\ndef f(t, p=re.compile('a')):\n    return p.match(t)\n",
    ],
)
def test_what_is_made_once_or_no_pattern_is_no_place(code: str) -> None:
    assert change(Patterns(), code).sites == ()


INVARIANTS = [
    "def f(xs: list[int]):\n    out = []\n    for x in xs:\n        out.append(x - max(xs))  # the top\n    return out\n",
    "def f(xs: list[int]):\n    return [x for x in xs if x > sum(xs) / len(xs)]\n",
    "def f(xs: list[int]):\n    return {x: sorted(xs).index(x) for x in xs}\n",
    "def f(xs: list[int]):\n    n = 0\n    while n < 3:\n        n += 1\n        if n > min(xs):\n            return n\n    return -1\n",
    "def f(xs: list[int]):\n    total = 0\n    for x in xs:\n        if x:\n            total += x / max(xs)\n    return total\n",
    "def f(xs: list[int]):\n    out = []\n    for x in xs:\n        for y in range(2):\n            out.append(y in set(xs))\n    return out\n",
]
INVARIANTS_CHANGED = {code: text_of(Invariants(), code) for code in INVARIANTS}


@pytest.mark.parametrize("code", INVARIANTS)
@settings(max_examples=40, deadline=None)
@given(values=st.lists(st.one_of(st.integers(-3, 3), st.just("x")), max_size=6))
def test_invariants_give_the_same_answer_or_error(code: str, values: list[Any]) -> None:
    same(code, INVARIANTS_CHANGED[code], "f", values)


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("def f(xs: list):\n    for x in xs:\n        xs.append(max(xs))\n", "changed"),
        ("def f(xs: list):\n    for x in xs:\n        x['a'] = len(max(xs))\n", "known elsewhere"),
        ("def f(xs):\n    for x in xs:\n        print(x / sum(xs))\ndef g(xs):\n    f(iter(xs))\n", "more than once"),
        ("def f(xs: list, g):\n    for x in xs:\n        g(x / max(xs))\n", "may be anything"),
        ("def f(xs: list):\n    for x in xs:\n        yield x / max(xs)\n", "other code run"),
        ("def f(xs: list):\n    rows = []\n    for x in xs:\n        rows.append(sorted(xs))\n    return rows\n", "could be changed"),
        ("def f(xs: list):\n    ys = [1]\n    def g():\n        ys.append(2)\n    for x in xs:\n        print(x / sum(ys))\n        g()\n", "defined within"),
        ("TOPS = [1]\ndef g():\n    TOPS.append(3)\ndef f(xs: list):\n    for x in xs:\n        print(x / max(TOPS))\n        g()\n", "elsewhere"),
        ("import random\ndef pick(n: int):\n    return random.random() * n\ndef f(xs: list, n: int):\n    return [pick(n) for x in xs]\n", "pick"),
        ("class A:\n    def __lt__(self, o):\n        return True\ndef f(xs: list):\n    return [x / max(xs) for x in xs]\n", "operators"),
        ("def max(v):\n    return 1\nclass A:\n    def f(self):\n        return [max(self.xs) for x in self.xs]\n", "more than once"),
        ("class A:\n    def __init__(self):\n        self.xs = [1]\n    def f(self):\n        for x in self.xs:\n            print(x / max(self.xs))\n            self.xs = [3]\n", "sets xs"),
        ("class A:\n    def __init__(self):\n        self.xs = [1]\n    def f(self):\n        for x in self.xs:\n            print(x / max(self.xs))\n            self.xs.append(0)\n", "changed"),
        ("class A:\n    def __init__(self):\n        self.n = 1\n    def top(self):\n        self.n += 1\n        return self.n * 2\n    def f(self, xs: list):\n        return [x / self.top() for x in xs]\n", "top is called"),
        ("def f(xs: list):\n    for x in xs:\n        y = max(xs)\n        y['n'] = 1\n", "known elsewhere"),
    ],
)  # fmt: skip
def test_invariants_that_are_not_certain_are_left(code: str, why: str) -> None:
    assert why in refusal(Invariants(), code)


@pytest.mark.parametrize(
    "code",
    [
        "def f(xs: list):\n    for x in xs:\n        print(max(x))\n",
        "def f(xs: list):\n    for x in sorted(xs):\n        print(x)\n",
        "def f(xs: list):\n    while xs:\n        xs = xs[1:]\n        print(max(xs))\n",
        "def f(xs: list):\n    return max(xs)\n",
    ],
)
def test_what_differs_from_round_to_round_is_no_place(code: str) -> None:
    assert change(Invariants(), code).sites == ()


CACHED = [
    "def slow(n):\n    total = 0\n    for i in range(n):\n        total += i\n    return total\ndef f(xs):\n    return [slow(x) for x in xs]\n",
    "def fib(n):\n    if n < 2:\n        return n\n    return fib(n - 1) + fib(n - 2)\ndef f(xs):\n    return [fib(x) for x in xs]\n",
    "def kind(v, name='x'):\n    for letter in str(v):\n        if letter == '1':\n            return name + letter\n    return 1 / v\ndef f(xs):\n    return [(kind(x), kind(x, name='y')) for x in xs]\n",
    "def same(v):\n    return v if [1 for _ in range(2)] else None\ndef f(xs):\n    return [same(x) for x in xs] + [same(x) for x in xs]\n",
    "def parts(v):\n    return [2 if x == '1' else x for x in str(v)]\ndef f(xs):\n    out = []\n    for x in [*xs, *xs]:\n        own = parts(x)\n        own.append(x)\n        out.append(own)\n    return out\n",
    "def count(v):\n    found = {}\n    for x in str(v):\n        found[x] = found.get(x, 0) + 1\n    return found\ndef f(xs):\n    out = []\n    for x in [*xs, *xs]:\n        own = count(x)\n        own['all'] = x\n        out.append(own)\n    return out\n",
    "def letters(v: str):\n    return {x for x in str(v)}\ndef f(xs):\n    out = []\n    for x in [*xs, *xs]:\n        own = letters(x)\n        own.add('b')\n        out.append(sorted(own))\n    return out\n",
    "def nested(v):\n    return [[x] for x in str(v)]\ndef f(xs):\n    out = []\n    for x in [*xs, *xs]:\n        own = nested(x)\n        own[0].append(x)\n        out.append(own)\n    return out\n",
    "def hash_of(v: int, w: int):\n    value = 7\n    for x in str(v):\n        value = (value * 31 + ord(x)) % 997\n        value ^= value >> 3\n    return [value, w][0]\ndef deep(x):\n    return hash_of(x, x)\ndef f(xs):\n    return [deep(x) for x in [*xs, *xs]]\n",
    "def two(v):\n    for _ in range(2):\n        pass\n    return v, v\ndef f(xs):\n    return [two(x) for x in xs]\n",
]  # fmt: skip
CACHED_CHANGED = {code: text_of(Caching(), code) for code in CACHED}
ARGUMENTS = st.one_of(st.integers(-2, 11), st.booleans(), st.sampled_from([0.0, -0.0, 1.0]), st.none(), st.text("1a", max_size=2), st.lists(st.integers(0, 2), max_size=2))  # fmt: skip


@pytest.mark.parametrize("code", CACHED)
@settings(max_examples=40, deadline=None)
@given(values=st.lists(ARGUMENTS, max_size=6))
def test_remembered_answers_are_the_computed_ones(code: str, values: list[Any]) -> None:
    same(code, CACHED_CHANGED[code], "f", values)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("    print(n)\n    return [1 for _ in range(n)][0]", "print is called"),
        ("    found = [i for i in range(n)]\n    other = [found]\n    return found", "known elsewhere"),
        ("    global C\n    C = n\n    return sum(i for i in range(n))", "lets other code run"),
        ("    return sum(C for i in range(n))", "reads C"),
        ("    SEEN.append(n)\n    return sum(i for i in range(n))", "SEEN is changed"),
        ("    return sum(i for i in range(n)) * random.random()", "random.random"),
        ("    for i in range(n):\n        n.x = i\n    return n", "sets the attribute"),
        ("    for i in open(n):\n        return i\n    return n", "open is called"),
        ("    for i in range(n):\n        unknown(i)\n    return n", "unknown is called"),
        ("    return (i for i in range(n))", "iterators"),
        ("    for i in n:\n        n[0] = i\n    return 1", "n is changed"),
        ("    for i in n:\n        i.append(1)\n    return 1", "i is changed"),
    ],
)
def test_functions_that_are_not_pure_are_left(body: str, why: str) -> None:
    code = f"import random\nC = 1\nC = 2\nSEEN = []\ndef g(n):\n{body}\ndef f(xs):\n    return [g(x) for x in xs]\n"
    assert why in refusal(Caching(), code)


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("@wrap\ndef g(n):\n    return sum(range(n)) if [x for x in 'a'] else 0\ndef f(xs):\n    return [g(x) for x in xs]\n", "decorated"),
        ("def g(*n):\n    return sum(x for x in n)\ndef f(xs):\n    return [g(x) for x in xs]\n", "any number"),
        ("def g(n):\n    return sum(x for x in n)\ng = 3\ndef f(xs):\n    return [g(x) for x in xs]\n", "more than once"),
        ("class A:\n    def __eq__(self, o):\n        return True\ndef g(n):\n    return sum(1 for x in range(n) if A() == x)\ndef f(xs):\n    return [g(x) for x in xs]\n", "operators"),
    ],
)  # fmt: skip
def test_functions_that_may_mean_something_else_are_left(code: str, why: str) -> None:
    assert why in refusal(Caching(), code)


def test_what_can_not_be_a_key_is_left() -> None:
    code = "def g(n: list[int]):\n    return sum(x for x in n)\ndef f(xs):\n    return [g(x) for x in xs]\n"
    assert "n is a container" in refusal(Caching(), code)
    code = f"from collections.abc import Sequence\n{code}".replace("list[int]", "Sequence[int]")
    assert "n is a container" in refusal(Caching(), code)


def test_types_are_part_of_the_key_where_they_may_differ() -> None:
    assert "key = (v, w) if type(v) is int and type(w) is int else None" in CACHED_CHANGED[CACHED[-2]]
    assert "key = (type(n), n) if type(n) in _REMEMBERED_TYPES else None" in CACHED_CHANGED[CACHED[0]]


def test_what_is_called_once_or_is_short_is_no_place() -> None:
    assert change(Caching(), "def g(n):\n    return n + 1\ndef f(xs):\n    return [g(x) for x in xs]\n").sites == ()
    assert change(Caching(), "def g(n):\n    return sum(x for x in n)\ndef f(xs):\n    return g(xs)\n").sites == ()


def test_what_a_test_may_replace_is_not_remembered() -> None:
    code = "RATE = 2\ndef g(n):\n    return sum(RATE for x in str(n))\ndef f(xs):\n    return [g(x) for x in xs]\n"
    assert change(Caching(), code).changed
    others = {"test_a.py": "import agent\ndef test_f(monkeypatch):\n    monkeypatch.setattr(agent, 'RATE', 3)\n"}
    assert "RATE, which may change" in refusal(Caching(), code, others=others)


def test_the_loop_may_be_further_away() -> None:
    code = "def g(n):\n    return sum(x for x in range(n))\ndef h(n):\n    return g(n)\ndef f(xs):\n    return [h(x) for x in xs]\n"
    assert [site.function for site in change(Caching(), code).changed] == ["g"]


def test_a_comprehension_may_use_the_name_of_the_loop() -> None:
    code = "def f(n):\n    xs = [1, 2, 3]\n    out = []\n    for x in range(n):\n        out.append(x + max(x for x in xs))\n    return out\n"
    same(code, text_of(Invariants(), code), "f", 3)


def test_what_requests_alone_give_can_be_gone_through_again() -> None:
    code = "def f(xs):\n    return [x / max(xs) for x in xs]\n"
    same(code, text_of(Invariants(), code), "f", [3, 1])
    others = {"main.py": "from agent import f\ndef g(n):\n    return f(iter(n))\n"}
    assert "more than once" in refusal(Invariants(), code, others=others)


def test_functions_that_are_handed_over_run_in_loops_too() -> None:
    code = "def g(n):\n    return sum(x for x in range(n))\ndef f(xs):\n    return list(map(g, xs))\n"
    same(code, text_of(Caching(), code), "f", [3, 1, 3, True])


def test_what_a_function_of_the_agent_answers_can_be_gone_through_again() -> None:
    code = "from other import rows\ndef f(n):\n    found = rows(n)\n    return [x / max(x for x in found) for x in found]\n"
    made = "def rows(n):\n    result = []\n    for i in range(n):\n        result.append(i)\n    return result\n"
    assert change(Invariants(), code, others={"other.py": made}).changed
    once = "def rows(n):\n    return (i for i in range(n))\n"
    assert "more than once" in refusal(Invariants(), code, others={"other.py": once})
    ends = made.replace("    return result", "    if n:\n        return result")
    assert "more than once" in refusal(Invariants(), code, others={"other.py": ends})


def test_functions_defined_under_a_condition_find_what_they_need() -> None:
    code = "import re\nif re:\n    def f(t):\n        return re.findall('a', t)\n"
    same(code, text_of(Patterns(), code), "f", "banana")
