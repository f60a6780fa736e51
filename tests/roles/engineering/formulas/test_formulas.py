"""Formulas are read, evaluated and written as Python; both ways of computing agree."""

import math
import re
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import ValidationFailed
from roles.engineering.formulas import (
    Undefined,
    evaluate,
    evaluate_rows,
    helpers_of,
    library_source,
    parse,
    to_function,
)
from roles.engineering.policy import CodePolicy
from roles.engineering.validation import validate_code

NOI = {"noi": 125.0, "debt_service": 100.0, "zero": 0, "nothing": None}
SERIES = {"rents": [100, None, 300, 200], "units": [1, 2, 3, 4], "status": ["let", "free", "let", "let"], "rate": 0.1}


def by_code(text: str, values: dict[str, Any]) -> float | bool | None:
    """The formula's value as generated code gives it: ``undefined`` as the error, a missing value as None."""
    expression = parse(text, scalars=[name for name, value in values.items() if not isinstance(value, list)])
    library = ModuleType("arithmetic")
    exec(library_source(helpers_of([expression])), library.__dict__)
    names: dict[str, Any] = {"arithmetic": library}
    exec("from __future__ import annotations\n" + to_function("formula", expression), names)
    try:
        return names["formula"](**{name: values[name] for name in expression.names})
    except library.Missing:
        return None
    except library.Undefined as error:
        raise Undefined(str(error)) from None


def by_tree(text: str, values: dict[str, Any]) -> float | bool | None:
    return evaluate(
        parse(text, scalars=[name for name, value in values.items() if not isinstance(value, list)]), values
    )


@pytest.mark.parametrize("way", [by_tree, by_code])
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("noi / debt_service", 1.25),
        ("(noi - debt_service) * 2 - -1", 51),
        ("10% * noi", 12.5),
        ("noi % 50", 25),
        ("-2 ** 2", -4),
        ("2 ^ 3 ** 2", 512),
        ("1 - (2 - 3)", 2),
        ("8 / 2 / 2", 2),
        ("noi if debt_service > 100 else zero", 0),
        ("IF(noi ≥ 125 AND NOT zero > 0, 1, noi / zero)", 1),
        ("noi / debt_service >= 1.25", True),
        ("0 <= zero < 1", True),
        ("zero = 0 or noi / zero > 1", True),
        ("nothing + noi", None),
        ("coalesce(nothing, noi)", 125),
        ("if(is_null(nothing), 1, 2)", 1),
        ("max(noi, debt_service, 3)", 125),
        ("round(noi / 3, 1)", 41.7),
        ("clamp(noi, 0, 100)", 100),
        ("sqrt(debt_service) + log(exp(1)) + floor(1.5) + ceil(1.5) + sign(0 - noi) + abs(-1)", 14),
        ("log(debt_service, 10)", 2),
        ("days_between('2024-01-01', '2024-03-01T10:00:00')", 60),
    ],
)
def test_single_values(way: Any, text: str, value: float | None) -> None:
    assert way(text, NOI) == (value if value is None else pytest.approx(value))


@pytest.mark.parametrize("way", [by_tree, by_code])
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("sum(rents)", 600),
        ("average(rents)", 200),
        ("sum(rents * units)", 100 + 900 + 800),
        ("sum(rents * rate)", 60),
        ("count(rents)", 3),
        ("count(units)", 4),
        ("distinct(status)", 2),
        ("share(status = 'let')", 0.75),
        ("countif(status = 'let' and units > 1)", 2),
        ("mean(only(rents, status = 'let' and units > 1))", 250),
        ("sum(only(rents, units > 9))", 0),
        ("mean(only(rents, units > 9))", None),
        ("median(rents)", 200),
        ("percentile(units, 50)", 2.5),
        ("max(units) - min(units)", 3),
        ("stdev(rents)", 100),
        ("variance(units)", 5 / 3),
        ("population_stdev(units)", math.sqrt(1.25)),
        ("first(rents) + last(rents)", 300),
        ("growth(rents)", 1),
        ("slope(units)", 1),
        ("volatility(units)", 0.3467),
        ("max_drawdown(rents)", 1 / 3),
        ("npv(rate, units)", 1 + 2 / 1.1 + 3 / 1.21 + 4 / 1.331),
        ("correlation(rents, units)", 0.6547),
        ("covariance(units, units)", 5 / 3),
        ("regression_slope(units, rents)", 300 / 7 * 1),
        ("weighted_mean(rents, units)", 1800 / 8),
    ],
)
def test_series(way: Any, text: str, value: float | None) -> None:
    assert way(text, SERIES) == (value if value is None else pytest.approx(value, rel=1e-3))


@pytest.mark.parametrize("way", [by_tree, by_code])
def test_money(way: Any) -> None:
    assert way("payment(0.05 / 12, 360, 200000)", {}) == pytest.approx(1073.6432)
    assert way("payment(0, 10, 1000)", {}) == 100
    assert way("pv(0.05, 10, 100)", {}) == pytest.approx(772.1735)
    assert way("fv(0.05, 10, 100)", {}) == pytest.approx(162.8895)
    assert way("payment(1e-18, 10, 1000)", {}) == pytest.approx(100)
    assert way("balance(0.05 / 12, 360, 200000, 360)", {}) == pytest.approx(0)
    assert way("balance(0.05 / 12, 360, 200000, 120)", {}) == pytest.approx(162_684.0, rel=1e-3)
    assert way("cagr(100, 200, 10)", {}) == pytest.approx(0.0717735)
    assert way("irr(flows)", {"flows": [-1000, 500, 500, 500]}) == pytest.approx(0.2337519)
    assert way("irr(flows)", {"flows": [1000, -500, -300]}) == pytest.approx(-0.1479, abs=1e-3)


@pytest.mark.parametrize("way", [by_tree, by_code])
@pytest.mark.parametrize(
    "text",
    [
        "noi / zero", "noi % zero", "zero ** -1", "(-8) ** 0.5", "sqrt(-1)", "log(zero)", "10 ** 400", "exp(1000)",
        "payment(0.1, 0, 5)", "cagr(0, 1, 1)", "days_between('soon', '2024-01-01')", "balance(0.1, 5, 100, 6)",
        "1e200 * 1e200", "fv(100, 500, 1)", "fv(0.1, -1, 5)", "fv(-2, 0, 5)",
    ],
)  # fmt: skip
def test_what_has_no_value_is_undefined(way: Any, text: str) -> None:
    with pytest.raises(Undefined):
        way(text, NOI)


@pytest.mark.parametrize("way", [by_tree, by_code])
@pytest.mark.parametrize(
    "text", ["irr(flows)", "stdev(one)", "growth(zeros)", "correlation(zeros, flows)", "weighted_mean(flows, zeros)",
             "max_drawdown(zeros)", "percentile(flows, 101)", "npv(-1, flows)", "volatility(one)", "slope(one)"],
)  # fmt: skip
def test_series_without_a_value_are_undefined(way: Any, text: str) -> None:
    with pytest.raises(Undefined):
        way(text, {"flows": [1, 2, 3], "one": [1], "zeros": [0, 0, 0]})


def test_names() -> None:
    expression = parse("sum(quantity * price) * (1 + rate) + coalesce(tip, 0)")
    assert expression.names == ("quantity", "price", "rate", "tip")
    assert expression.series_names == ("quantity", "price")
    assert expression.optional_names == ("tip",)
    assert parse("sum(price * rate)", scalars=["rate"]).series_names == ("price",)


def test_row_by_row() -> None:
    rows = evaluate_rows(parse("noi / debt"), {"noi": [10, 20, None, 5], "debt": [5, 0, 1, 5]})
    assert rows == [2, None, None, 1]


@pytest.mark.parametrize(
    ("text", "column", "what"),
    [
        ("", 1, "empty"),
        ("a b", 3, "'b' is one thing too many"),
        ("a +", 4, "ends too early"),
        ("1 + foo(x)", 5, "no function 'foo'"),
        ("(a", 3, "')' is expected"),
        ("1 + (a > 2)", 5, "a number is expected"),
        ("a and 3", 7, "a condition is expected"),
        ("sum(mean(x))", 5, "within a function over rows"),
        ("sum(x, y)", 1, "takes 1 argument"),
        ("a @ b", 3, "'@'"),
        ("__import__('os')", 1, "no function"),
        ("a.b", 2, "means nothing"),
        ("mean(only(x, y > 1) * 2)", 6, "whole argument"),
        ("only(x, y > 1)", 6, "within a function over rows"),
        ("correlation(x, y + 1)", 16, "plain name"),
        ("'text'", 1, "gives a text"),
        ("1 if a else 'b'", 1, "gives either"),
        ("9" * 400, 1, "too large"),
        ("a > 1 > 'b'", 7, "compares"),
    ],
)
def test_what_is_wrong_is_told_with_its_column(text: str, column: int, what: str) -> None:
    with pytest.raises(ValidationFailed, match=re.escape(what)) as caught:
        parse(text)
    assert caught.value.where == f"column {column}"


@pytest.mark.parametrize(
    "text", ["(" * 5000, "-" * 3000, "not " * 500 + "a", "1" + "+1" * 900, "a" * 5000, "2**" * 600 + "2"]
)
def test_size_and_depth_are_bounded(text: str) -> None:
    with pytest.raises(ValidationFailed):
        parse(text)


def test_the_library_keeps_to_the_policy_of_plain_computation() -> None:
    from roles.engineering.formulas.functions import FUNCTIONS

    every = [name for name in FUNCTIONS if name not in ("is_null", "only")]
    calls = [parse(f"{name}({', '.join(_arguments(name))})") for name in every]
    source = library_source(helpers_of([*calls, parse("a / b % c ** d")]))
    assert validate_code(source, CodePolicy(), "arithmetic.py") == []
    for one in calls:
        assert validate_code(to_function("formula", one, docstring='He said "so"\\'), CodePolicy()) == []


def _arguments(name: str) -> list[str]:
    from roles.engineering.formulas.functions import FUNCTIONS

    shapes = {"condition": "flag > 1", "text": "'2024-01-01'"}
    return [shapes.get(kind, f"x{index}") for index, kind in enumerate(FUNCTIONS[name].arguments)]


_NUMBER = st.one_of(st.integers(-1000, 1000), st.floats(-1e6, 1e6, allow_nan=False))
_LEAF = st.sampled_from(["a", "b", "c", "0", "1", "2.5", "50%"])
_TREE = st.recursive(
    _LEAF,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "%"]), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.tuples(inner, inner, inner).map(lambda t: f"({t[0]} if {t[1]} > {t[2]} else {t[1]})"),
        st.tuples(st.sampled_from(["abs", "floor", "sqrt", "round"]), inner).map(lambda t: f"{t[0]}({t[1]})"),
        st.tuples(st.sampled_from(["min", "max"]), inner, inner).map(lambda t: f"{t[0]}({t[1]}, {t[2]})"),
        inner.map(lambda t: f"-{t}"),
    ),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(text=_TREE, a=_NUMBER, b=_NUMBER, c=st.one_of(_NUMBER, st.none()))
def test_code_and_tree_agree_on_single_values(text: str, a: float, b: float, c: float | None) -> None:
    agree(text, {"a": a, "b": b, "c": c})


_OVER_ROWS = """sum(x) mean(x) median(x) minimum(x) maximum(x) stdev(x) variance(x) first(x) last(x) growth(x) count(x)
    population_stdev(x) percentile(x,30) volatility(x) max_drawdown(x) slope(x) npv(0.07,x) distinct(x) sum(x*y)
    mean(only(x,y>3)) share(x>y) covariance(x,y) weighted_mean(x,y)"""


@settings(max_examples=150, deadline=None)
@given(
    function=st.sampled_from(_OVER_ROWS.split()),
    rows=st.lists(st.tuples(st.one_of(st.integers(-50, 1000), st.none()), st.integers(1, 9)), max_size=8),
)
def test_code_and_tree_agree_on_series(function: str, rows: list[tuple[int | None, int]]) -> None:
    agree(function, {"x": [row[0] for row in rows], "y": [row[1] for row in rows]})


def agree(text: str, values: dict[str, Any]) -> None:
    try:
        expected = by_tree(text, values)
    except Undefined:
        with pytest.raises(Undefined):
            by_code(text, values)
        return
    found = by_code(text, values)
    assert (found is None) == (expected is None)
    if expected is not None:
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-6)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        assert parse(text).names is not None
    except ValidationFailed as error:
        found = error
    else:
        return
    assert found.where.startswith("column ")
