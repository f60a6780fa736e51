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
    assert NESTED_CHANGED.count("_Lookup(theirs)") == 1
    assert NESTED_CHANGED.index("_Lookup(theirs)") < NESTED_CHANGED.index("for one in ours")


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
    assert "taken" in refusal(Membership(), "_Lookup = 1\n" + SHARED.lstrip())


def test_a_refused_place_takes_its_helper_back_and_the_next_one_brings_its_own() -> None:
    crowded = "def g(xs, ys):\n    a = 1; b = [x for x in xs if x in ys]\n    return b\n\n"
    changed = change(Membership(), crowded + SHARED)
    assert [bool(site.refused) for site in changed.sites] == [True, False]
    same(crowded + SHARED, changed.files["agent.py"], "shared", [1, 2], [2])
