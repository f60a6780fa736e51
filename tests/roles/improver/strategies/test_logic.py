# ruff: noqa: E501 - pieces of code stand in one line
"""Conditions, guard clauses, errors, retries and input validation."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roles.improver.agent import AgentSpecification, InputRule
from roles.improver.strategies.base import Strategy
from roles.improver.strategies.conditions import Conditions
from roles.improver.strategies.errors import Retries, TypedErrors
from roles.improver.strategies.guards import GuardClauses
from roles.improver.strategies.input_checks import unchecked_inputs
from roles.improver.strategies.inputs import InputValidation
from tests.roles.improver.transforms import change, outcome, refusal, same, text_of

EXAMPLES: list[tuple[Strategy, str]] = [
    (Conditions(), "def f(a, b):\n    return not a in (1, b), not a is None, not (a or b) in [1, 2]\n"),
    (Conditions(), "def f(a, b):\n    return a == 1 or a == 'x' or a == 3, b != 1 and b != 2 and b != 0\n"),
    (Conditions(), "def f(a, b):\n    if a == b:\n        return True\n    else:\n        return False\n"),
    (Conditions(), "def f(a, b):\n    if a and b:\n        return False\n    return True\n"),
    (Conditions(), "def f(a, b):\n    if a or (b\n            and a):\n        return True\n    return False\n"),
    (GuardClauses(), "def f(a, b):\n    if a:\n        # work\n        if b:\n            return [a]\n        for x in (1, 2):\n            b = x\n        return b\n    else:\n        raise ValueError('no a')\n"),
    (GuardClauses(), "def f(a, b):\n    out = []\n    if not (a or b) in (1, 2):\n        for x in (1, 2):\n            if x:\n                out.append(x)\n        return out\n"),
    (GuardClauses(), "def f(a, b):\n    if a:\n        if b:\n            if a == b:\n                return 1\n            return 2  # both\n        return 3\n    return [4]\n"),
    (GuardClauses(), "def f(a, b):\n    if a is not None and b:\n        if a:\n            return 1\n        return 2\n    else:\n        return [3]\n"),
    (Conditions(), "def f(a, b):\n    n = int(bool(a)) + 1\n    return n >= 1 and n < 2, n <= 5 and n > -1.5, not (n > 1 and n < 2)\n"),
]  # fmt: skip
CHANGED = [text_of(strategy, code) for strategy, code in EXAMPLES]
ANYTHING = st.one_of(
    st.integers(0, 4), st.booleans(), st.none(), st.sampled_from(["", "x"]), st.lists(st.just(1), max_size=1)
)


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
@settings(max_examples=40, deadline=None)
@given(a=ANYTHING, b=ANYTHING)
def test_conditions_decide_alike(number: int, a: Any, b: Any) -> None:
    same(EXAMPLES[number][1], CHANGED[number], "f", a, b)


def test_conditions_within_conditions_are_all_taken_out() -> None:
    code = "def f(a):\n    if a:\n        if a > 1:\n            if a > 2:\n                return 'x'\n            else:\n                return 'y'\n        else:\n            raise ValueError('low')\n    else:\n        return 'none'\n"
    changed = text_of(GuardClauses(), code)
    assert "if not (a > 1):\n        raise ValueError('low')" in changed
    for value in (0, 1, 2, 3):
        same(code, changed, "f", value)


def test_what_they_look_like_afterwards() -> None:
    assert "a not in (1, b), a is not None, (a or b) not in [1, 2]" in CHANGED[0]
    assert "a in (1, 'x', 3), b not in (1, 2, 0)" in CHANGED[1]
    assert CHANGED[2].endswith("return a == b\n")
    assert CHANGED[3].endswith("return not (a and b)\n")
    assert "    # work\n    if b:" in CHANGED[5]


@pytest.mark.parametrize(
    ("strategy", "code", "why"),
    [
        (Conditions(), "def f(a, b):\n    return a == 1 or a == b or a == 3\n", "written out"),
        (Conditions(), "class A:\n    def __eq__(self, o):\n        return True\ndef f(a):\n    return a == 1 or a == 2 or a == 3\n", "operators"),
        (Conditions(), "def f(a):\n    if a:\n        # yes\n        return True\n    return False\n", "lose its place"),
        (Conditions(), "def f(a, b):\n    if b:\n        a = 1\n    elif a:\n        return True\n    else:\n        return False\n", "chain"),
        (GuardClauses(), "def f(a):\n    if a:  # why\n        if a > 1:\n            return 1\n", "lose its place"),
        (GuardClauses(), "def f(a):\n    if a:\n        print(a)\n        if a > 1:\n            yield 1\n", "generator"),
        (GuardClauses(), "def f(a):\n    if a:\n        # why\n        if a > 1:\n            return 1\n    return 2\n", "comment"),
        (GuardClauses(), "def f(a):\n    if a:\n        if a > 1:\n            print(a)\n        # so far\n    return 2\n", "comment"),
        (Conditions(), "def f(a):\n    if a:\n        return 1\n    else:  # why\n        print(a)\n        return 2\n", "comment"),
        (Conditions(), "class A:\n    def __eq__(self, o):\n        return 1\ndef f(a):\n    return not a == 1\n", "operators"),
        (GuardClauses(), "def f(a):\n    if a:\n        if a > 1:\n            return '''x\n  y'''\n", "spans"),
    ],
)  # fmt: skip
def test_what_is_not_certain_is_left(strategy: Strategy, code: str, why: str) -> None:
    assert why in refusal(strategy, code)


@pytest.mark.parametrize(
    ("strategy", "code"),
    [
        (Conditions(), "def f(a):\n    return not a < 1\n"),
        (Conditions(), "def f(a):\n    if a:\n        print(a)\n    else:\n        return 2\n"),
        (
            Conditions(),
            "def f(a):\n    if a:\n        return 1\n    elif a == 0:\n        return 2\n    else:\n        return 3\n",
        ),
        (Conditions(), "def f(a, b):\n    return a == 1 or b == 2 or a == 3\n"),
        (Conditions(), "def f(a):\n    return g(a) == 1 or g(a) == 2 or g(a) == 3\n"),
        (Conditions(), "def f(a):\n    if a:\n        return 1\n    return 0\n"),
        (GuardClauses(), "def f(a):\n    if a:\n        return 1\n"),
        (
            GuardClauses(),
            "def f(a):\n    if a:\n        if a > 1:\n            return 1\n        else:\n            return 3\n    return 2\n",
        ),
    ],
)
def test_what_differs_or_is_simple_is_no_place(strategy: Strategy, code: str) -> None:
    assert change(strategy, code).sites == ()


def test_a_typed_error_is_still_an_exception_with_the_same_text() -> None:
    code = "def f(a):\n    if a:\n        raise Exception('bad ' + a)  # told\n    return a\n"
    changed = text_of(TypedErrors(), code)
    assert "raise AgentError('bad ' + a)  # told" in changed
    assert "class AgentError(Exception)" in changed
    assert outcome(changed, "f", "x")[0] == ["raised", "AgentError", "bad x"]
    assert outcome(changed, "f", "")[0] == outcome(code, "f", "")[0]


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (
            "def f():\n    try:\n        raise Exception('x')\n    except Exception as e:\n        return type(e).__name__\n",
            "shown",
        ),
        (
            "def f():\n    try:\n        raise Exception('x')\n    except Exception as e:\n        return f'{e!r}'\n",
            "shown",
        ),
        ("AgentError = 1\ndef f():\n    raise Exception('x')\n", "taken"),
    ],
)
def test_errors_whose_type_is_looked_at_stay(code: str, why: str) -> None:
    assert why in refusal(TypedErrors(), code)


TRANSIENT = AgentSpecification(transient=frozenset({"read"}))
FLAKY = """
tries = []
def read(n, named=0):
    tries.append(n)
    if n > len(tries):
        raise ConnectionError("out of reach")
    return len(tries) + named
def f(n):
    return read(n, named=1)
"""


def test_a_read_is_tried_three_times_and_no_more() -> None:
    changed = text_of(Retries(), FLAKY, TRANSIENT)
    assert "_again(read, n, named=1)" in changed
    answers = [outcome(changed, "f", n)[0] for n in range(1, 6)]
    assert [answer[1] for answer in answers] == ["2", "3", "4", "ConnectionError", "ConnectionError"]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("    try:\n        return read(n)\n    except OSError:\n        return 0", "handled already"),
        ("    return read(n.pop())", "more than compute"),
        ("    return read(g(n))", "more than compute"),
    ],
)
def test_reads_that_are_not_certain_are_not_tried_again(body: str, why: str) -> None:
    code = f"def read(n):\n    return n\ndef f(n, g):\n{body}\n"
    assert why in refusal(Retries(), code, TRANSIENT)


def test_only_what_the_specification_names_is_tried_again() -> None:
    assert change(Retries(), FLAKY).sites == ()
    assert "awaited" in refusal(Retries(), "async def read():\n    pass\nasync def f():\n    await read()\n", TRANSIENT)


RULES = {
    "n": InputRule("number", minimum=0, maximum=10),
    "i": InputRule("integer", minimum=1),
    "s": InputRule("string", choices=("a", "b")),
    "ok": InputRule("boolean"),
}
CHECKED = 'def f(n, i, s, ok=True):\n    """Doc."""\n    return [n, i, s, ok]\n'


def test_inputs_are_refused_by_the_rules_alone() -> None:
    specification = AgentSpecification(inputs={"agent:f": RULES})
    changed = text_of(InputValidation(), CHECKED, specification)
    good = [(0, 10.0, 5), (1, 99), ("a", "b"), (True, False)]
    for row in itertools.product(*good):
        assert outcome(changed, "f", *row) == outcome(CHECKED, "f", *row)
    bad = [(-1, 10.1, "1", True, None, float("nan")), (0, 1.5, "x", True), ("c", 1, None), (1, None)]
    for place, values in enumerate(bad):
        for value in values:
            row = [options[0] for options in good]
            row[place] = value
            assert outcome(changed, "f", *row)[0][:2] == ["raised", "ValueError"], row


CHECKER = """
class InvalidInput(Exception):
    pass

def number(name, value):
    if not isinstance(value, int):
        raise InvalidInput(name)
    return value
"""


@pytest.mark.parametrize(
    "code",
    [
        CHECKER + "def f(n):\n    return number('n', n) * 2\n",
        CHECKER + "def inner(name, n):\n    return number(name, value=n)\ndef f(n):\n    return inner('n', n)\n",
        "from checks import number\ndef f(n):\n    n = number('n', n)\n    return n\n",
        "from .checks import number\ndef f(n=None):\n    n = None if n is None else number('n', n)\n    return n\n",
        "import checks\ndef f(n):\n    return checks.number('n', n)\n",
    ],
)
def test_input_that_the_agent_refuses_by_an_error_of_its_own_is_no_place(code: str) -> None:
    specification = AgentSpecification(inputs={"agent:f": {"n": InputRule("number")}})
    files = {"agent.py": code, "checks.py": CHECKER}
    assert InputValidation().change(files, specification).sites == ()
    assert unchecked_inputs(files, specification) == 0


def test_a_function_that_looks_at_something_else_is_no_check() -> None:
    code = CHECKER + "def f(n, m):\n    return number('m', m) + n\n"
    specification = AgentSpecification(inputs={"agent:f": {"n": InputRule("number"), "m": InputRule("number")}})
    changed = text_of(InputValidation(), code, specification)
    assert changed.count("ValueError") == 1
    assert "n must be a number" in changed


@pytest.mark.parametrize(
    ("test", "refused"),
    [
        ("def test_f():\n    with pytest.raises(KeyError):\n        agent.f(-1)\n", True),
        ("def test_f():\n    for bad in BAD:\n        with pytest.raises(OwnError):\n            agent.f(bad)\n", True),
        ("def test_f():\n    try:\n        agent.f('x')\n    except TypeError:\n        pass\n", True),
        ("def test_f():\n    with pytest.raises(KeyError):\n        agent.f(7)\n", False),
        ("def test_f():\n    with pytest.raises(ValueError):\n        agent.f(-1)\n", False),
    ],
)
def test_a_check_that_the_tests_contradict_is_not_proposed(test: str, refused: bool) -> None:
    specification = AgentSpecification(inputs={"agent:f": {"n": InputRule("number", minimum=0)}})
    told = change(InputValidation(), "def f(n):\n    return {1: 2}[n]\n", specification, {"test_agent.py": test})
    assert [bool(site.refused) for site in told.sites] == [refused]


def test_nothing_is_a_value_of_an_optional_input() -> None:
    for rule, code in (
        (InputRule("integer", minimum=1, optional=True), "def f(n):\n    return [n]\n"),
        (InputRule("integer", minimum=1), "def f(n=None):\n    return [n]\n"),
    ):
        changed = text_of(InputValidation(), code, AgentSpecification(inputs={"agent:f": {"n": rule}}))
        assert outcome(changed, "f", None) == outcome(code, "f", None)
        assert outcome(changed, "f", 0)[0][:2] == ["raised", "ValueError"]


@pytest.mark.parametrize("given", ["a", "d", "", "aa"])
def test_text_is_looked_up_among_choices_and_what_may_have_no_hash_compared(given: str) -> None:
    code = "def f(t: str):\n    return t == 'a' or t == 'b' or t == 'c'\n"
    changed = text_of(Conditions(), code)
    assert "t in {'a', 'b', 'c'}" in changed
    assert outcome(changed, "f", given) == outcome(code, "f", given)
    unsaid = text_of(Conditions(), code.replace(": str", ""))
    assert "t in ('a', 'b', 'c')" in unsaid
    assert outcome(unsaid, "f", [given]) == outcome(code, "f", [given])


def test_a_range_of_what_may_be_no_number_is_left() -> None:
    assert "no number" in refusal(Conditions(), "def f(a):\n    return a >= 1 and a < 2\n")
    assert "1 <= a < 2" in text_of(Conditions(), "def f(a: int):\n    return a >= 1 and a < 2\n")


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("def f(a):\n    return a\n", "does not have"),
        ("def isinstance(a, b):\n    return 1\ndef f(n, i, s, ok):\n    return n\n", "another meaning"),
        ("def f(n, i, s, ok):\n    yield n\n", "generator"),
    ],
)
def test_entries_that_are_not_as_specified_are_left(code: str, why: str) -> None:
    assert why in refusal(InputValidation(), code, AgentSpecification(inputs={"agent:f": RULES}))
