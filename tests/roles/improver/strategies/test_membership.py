# ruff: noqa: E501 - pieces of code stand in one line
from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roles.improver.strategies.membership import Membership
from tests.roles.improver.transforms import change, refusal, same, text_of

VALUES = st.one_of(
    st.integers(-3, 3), st.booleans(), st.none(), st.sampled_from(["", "a", "b", "1"]), st.sampled_from([0.0, 1.0, math.nan]),
    st.lists(st.integers(0, 1), max_size=2),
)  # fmt: skip

SHARED = """
def shared(ours, theirs):
    both = []
    for one in ours:
        # looked up
        if one in theirs:  # in the other list
            both.append(one)
    return both
"""
DISTINCT = """
def distinct(values):
    seen = []
    for value in values:
        if value not in seen:
            seen.append(value)
    return seen
"""
COMPREHENSION = """
def unknown(words, known):
    return [word for word in words if word not in known]
"""
NESTED = """
def pairs(ours, theirs):
    found = []
    for one in ours:
        for other in ours:
            if one in theirs and other in theirs:
                found.append(one)
    return found
"""
SHARED_CHANGED, DISTINCT_CHANGED, COMPREHENSION_CHANGED, NESTED_CHANGED = (
    text_of(Membership(), code) for code in (SHARED, DISTINCT, COMPREHENSION, NESTED)
)


@settings(max_examples=40, deadline=None)
@given(st.lists(VALUES, max_size=12), st.lists(VALUES, max_size=12))
def test_lists_of_anything_are_searched_alike(ours: list[object], theirs: list[object]) -> None:
    same(SHARED, SHARED_CHANGED, "shared", ours, theirs)
    same(NESTED, NESTED_CHANGED, "pairs", ours, theirs)
    same(COMPREHENSION, COMPREHENSION_CHANGED, "unknown", ours, theirs)


@settings(max_examples=40, deadline=None)
@given(st.lists(VALUES, max_size=12))
def test_what_is_appended_is_found(values: list[object]) -> None:
    same(DISTINCT, DISTINCT_CHANGED, "distinct", values)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(VALUES, max_size=4),
    st.one_of(st.text(max_size=3), st.none(), st.integers(), st.dictionaries(st.text(max_size=1), st.integers())),
)
def test_what_is_no_list_is_asked_as_it_is(ours: list[object], theirs: object) -> None:
    same(SHARED, SHARED_CHANGED, "shared", ours, theirs)


def test_comments_stay() -> None:
    assert "# looked up" in SHARED_CHANGED
    assert "# in the other list" in SHARED_CHANGED


def test_the_set_is_made_before_the_outermost_loop() -> None:
    assert NESTED_CHANGED.count("_lookup_of(theirs)") == 1
    assert NESTED_CHANGED.index("_lookup_of(theirs)") < NESTED_CHANGED.index("for one in ours")


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("def f(xs, ys):\n    for x in xs:\n        if x in ys:\n            ys.remove(x)\n", "another way"),
        ("def f(xs, ys):\n    for x in xs:\n        if x in ys:\n            ys[0] = x\n", "another way"),
        ("def f(xs, ys):\n    for x in xs:\n        if x in ys:\n            ys.append(x)\n", "another name"),
        ("def f(xs, ys):\n    for x in xs:\n        if x in ys:\n            ys.append(x + 1)\n", "another name"),
        ("def f(xs, ys, g):\n    for x in xs:\n        if x in ys:\n            g(x)\n", "may be anything"),
        ("import m\ndef f(xs, ys):\n    for x in xs:\n        if x in ys:\n            m.g(x)\n", "m.g is called"),
        ("def f(xs, ys):\n    for x in xs:\n        if x in ys:\n            yield x\n", "other code run"),
        ("async def f(xs, ys):\n    for x in xs:\n        if x in ys:\n            await x\n", "other code run"),
        ("def f(xs, ys):\n    def g():\n        ys.clear()\n    for x in xs:\n        if x in ys:\n            g()\n", "defined within"),
        ("def f(xs, ys):\n    for x in xs:\n        if x in ys:\n            x.tags = 1\n", "sets the attribute"),
        ("def f(xs, ys):\n    zs = ys\n    for x in xs:\n        if x in ys:\n            zs.append(x)\n", "known elsewhere"),
        ("def f(xs, ok):\n    if ok:\n        seen = []\n    for x in xs:\n        if x in seen:\n            return x\n", "no value yet"),
        ("def f(xs):\n    seen = []\n    other = seen\n    for x in xs:\n        if x in seen:\n            seen.append(x)\n", "another name"),
        ("def f(xs, g):\n    seen = []\n    g(seen)\n    for x in xs:\n        if x not in seen:\n            seen.append(x)\n", "another name"),
    ],
)  # fmt: skip
def test_what_is_not_certain_is_left(code: str, why: str) -> None:
    assert why in refusal(Membership(), code)


@pytest.mark.parametrize(
    "code",
    [
        "def f(x, ys):\n    return x in ys\n",
        "def f(xs):\n    for x in xs:\n        ys = [x]\n        if x in ys:\n            return x\n",
        "def f(xs, ys: set):\n    for x in xs:\n        if x in ys:\n            return x\n",
        "def f(xs, ys: dict):\n    return [x for x in xs if x in ys]\n",
        "KNOWN = [1, 2]\ndef f(xs):\n    return [x for x in xs if x in KNOWN]\n",
        "def f(text):\n    for x in text:\n        if x in 'abc':\n            return x\n",
    ],
)
def test_what_is_fast_or_not_in_a_loop_is_no_place(code: str) -> None:
    assert change(Membership(), code).sites == ()


def test_a_taken_name_is_respected() -> None:
    assert "taken" in refusal(Membership(), "_lookup_of = 1\n" + SHARED.lstrip())
    assert "type has another meaning" in refusal(Membership(), "type = 1\n" + SHARED.lstrip())


def test_a_refused_place_takes_its_helper_back_and_the_next_one_brings_its_own() -> None:
    crowded = "def g(xs, ys):\n    a = 1; b = [x for x in xs if x in ys]\n    return b\n\n"
    changed = change(Membership(), crowded + SHARED)
    assert [bool(site.refused) for site in changed.sites] == [True, False]
    same(crowded + SHARED, changed.files["agent.py"], "shared", [1, 2], [2])


KEPT = [
    # the set stands beside a list of the module that never changes
    "WORDS = ['a', 'b', '1', '', 'x', 'y', 'z']  # known\ndef f(xs, ys):\n    return [x for x in xs if x not in WORDS], len(ys)\n",
    "NUMBERS = [0, 1, 2, 5, 6, 7, 8.5]\ndef f(xs, ys):\n    return [x for x in xs if x in NUMBERS], len(ys)\n",
    # a list that is made here and holds text alone
    "def f(xs, ys):\n    seen = []\n    for x in xs:\n        name = str(x)\n        if name not in seen:\n            seen.append(name)\n    return seen, len(ys)\n",
    # a list that starts short and grows
    "def f(xs, ys):\n    seen = [0]\n    for x in xs:\n        if x not in seen:\n            seen.append(x)\n    return seen, len(ys)\n",
    # a value that can't be written twice is given a name
    "def f(xs, ys):\n    return [x for x in xs if [x][0] in ys or (x, 1)[0] not in ys]\n",
    "def f(xs, ys):\n    out = []\n    for x in xs:\n        if isinstance(x, list) or {'n': x}['n'] in ys:\n            out.append(x)\n    return out\n",
    # what a function of the agent answers is a list by all its returns
    "def known(ys):\n    if not ys:\n        return []\n    found = [y for y in ys]\n    return found\ndef f(xs, ys):\n    old = known(ys)\n    return [x for x in xs if x in old]\n",
    # a field of a dataclass is there before anything is asked
    "from dataclasses import dataclass\n@dataclass\nclass A:\n    known: list\n    def m(self, xs):\n        return [x for x in xs if x in self.known]\ndef f(xs, ys):\n    return A(ys).m(xs)\n",
]  # fmt: skip
KEPT_CHANGED = [text_of(Membership(), code) for code in KEPT]


@pytest.mark.parametrize("number", range(len(KEPT)))
@settings(max_examples=40, deadline=None)
@given(xs=st.lists(VALUES, max_size=8), ys=st.lists(VALUES, max_size=8))
def test_lists_that_are_known_better_are_searched_alike(number: int, xs: list[object], ys: list[object]) -> None:
    same(KEPT[number], KEPT_CHANGED[number], "f", xs, ys)


def test_no_more_is_looked_at_than_has_to_be() -> None:
    assert "_WORDS_LOOKUP = frozenset(WORDS)" in KEPT_CHANGED[0]
    assert "# known" in KEPT_CHANGED[0]
    assert "frozenset(NUMBERS)" not in KEPT_CHANGED[1]
    assert "seen_lookup = set(seen)" in KEPT_CHANGED[2]
    assert "if name not in seen_lookup:" in KEPT_CHANGED[2]
    assert "type(sought := [x][0])" in KEPT_CHANGED[4]


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("def f(xs, ys):\n    return [z for x in xs for z in [[x][0] in ys]]\n", "can't be given a name"),
        ("from dataclasses import dataclass\n@dataclass\nclass A:\n    known: list\n    def __post_init__(self):\n        del self.known\n    def m(self, xs):\n        return [x for x in xs if x in self.known]\n", "not be set yet"),
    ],
)  # fmt: skip
def test_what_can_not_be_asked_for_is_left(code: str, why: str) -> None:
    assert why in refusal(Membership(), code)


def test_a_name_for_a_type_says_what_that_type_is() -> None:
    code = "Words = list[str]\ndef f(xs: Words, known: Words):\n    return [x for x in xs if x not in known]\n"
    assert "if x not in known_lookup]" in text_of(Membership(), code)
    assert change(Membership(), "Words = set[str]\n" + code.partition("\n")[2]).sites == ()


def test_the_answers_of_another_file_are_lists_by_what_it_returns() -> None:
    code = "from other import known\ndef f(xs, n):\n    near = known(n)\n    return [x for x in xs if x in near]\n"
    lists = "def known(n):\n    found = [n]\n    found.append(1)\n    return found\n"
    assert change(Membership(), code, others={"other.py": lists}).changed
    assert not change(Membership(), code, others={"other.py": lists.replace("return found", "return set(found)")}).sites
