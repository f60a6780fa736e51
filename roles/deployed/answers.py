"""A built agent's results as text for people."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

from pydantic import JsonValue

if TYPE_CHECKING:
    from roles.engineering.specification import Input, Operation, Output, Specification

__all__ = ["answer_text", "number_text", "same_figure", "spoken"]

_STATUS, _MODE, _ROW_COUNT = "validation_status", "mode", "row_count"
_REPORT, _ANALYSIS = "report", "analysis"
_ACRONYMS = frozenset({
    "apr", "apy", "arpu", "cac", "cagr", "capm", "dcf", "dscr", "dso", "dpo", "dti", "ebit", "ebitda", "eps", "eva",
    "fcf", "gdp", "grm", "icr", "irr", "kpi", "ltc", "ltv", "mrr", "noi", "npv", "roa", "roc", "roce", "roe", "roi",
    "roic", "tco", "vat", "wacc", "ytd",
})  # fmt: skip
_ROWS = 20
_LONG = 120


def spoken(name: str) -> str:
    """A name as people say it: ``net_income`` is "net income", ``dscr`` is "DSCR"."""
    return " ".join(word.upper() if word in _ACRONYMS else word for word in name.split("_"))


def number_text(value: float, unit: str = "") -> str:
    """A number with its unit, rounded to what is worth reading: two decimals from 100 on, four below."""
    if isinstance(value, float) and not math.isfinite(value):
        text = "undefined"
    elif isinstance(value, int) or float(value).is_integer():
        text = f"{int(value):,}"
    elif abs(value) >= 0.001:
        text = f"{value:,.{2 if abs(value) >= 100 else 4}f}".rstrip("0").rstrip(".")
    else:
        text = f"{value:.4g}"
    if unit in ("", "ratio", "1", "number", "count", "times", "x", "fraction", "money"):
        return text
    return f"{text} %" if unit in ("%", "percent") else f"{text} {unit}"


def answer_text(
    specification: Specification,
    operation: Operation,
    arguments: Mapping[str, JsonValue],
    result: Mapping[str, JsonValue],
) -> str:
    """The answer: its main figure in a sentence, what it is judged as, and everything else below.

    A report that the agent wrote takes the place of everything below, unless it writes an analysis, too: then the
    report only says all of it once more.
    """
    units = {one.name: one.unit for one in specification.formulas}
    outputs = [
        one if one.unit or not units.get(one.name) else one.model_copy(update={"unit": units[one.name]})
        for one in operation.outputs
    ]
    series = [one for one in outputs if one.series and isinstance(result.get(one.name), list)]
    plain = [one for one in outputs if one not in series and one.name in result]
    main = _main(specification, operation, plain)
    lines: list[str] = []
    used = {_MODE, _ROW_COUNT, *(one.name for one in operation.inputs)}
    if main is not None:
        lines.append(_sentence(main, operation, arguments, result))
        used |= {main.name, _STATUS}
    report = result.get(_REPORT)
    used.add(_REPORT)
    if isinstance(report, str) and report.strip() and not result.get(_ANALYSIS):
        return "\n".join([*lines, report.strip()])
    texts = [one for one in plain if one.name not in used and _is_text(one, result)]
    figures = [one for one in plain if one.name not in used and one not in texts and result[one.name] != ""]
    if figures:
        told = "; ".join(f"{_label(one)}: {_value(one, result[one.name])}" for one in figures)
        lines.append(f"{told[:1].upper()}{told[1:]}.")
    lines += [str(result[one.name]).strip() for one in texts]
    lines += _lists(series, result) if operation.formulas else _table(series, result)
    return "\n".join(line for line in lines if line) or f"{specification.title}: nothing was found."


def same_figure(one: str, other: str) -> bool:
    """Whether two answers tell the same main figure, and judge it alike where both judge it."""
    (value, judged), (another, other_judged) = _told(one), _told(other)
    return value == another and (judged == other_judged or not judged or not other_judged)


def _told(text: str) -> tuple[str, str]:
    value, _, judged = text.partition("\n")[0].rpartition(" is ")[2].rstrip(".").partition(" — ")
    return value, judged


def _main(specification: Specification, operation: Operation, plain: Sequence[Output]) -> Output | None:
    """The output that the operation is about, if any: the number that it is named after, or judged by, or computes."""
    inputs = {one.name for one in operation.inputs}
    numbers = [
        one for one in plain if one.type in ("number", "integer") and one.name not in inputs and one.name != _ROW_COUNT
    ]
    rules = " ".join(one.expression for one in specification.rules if one.name in operation.rules)
    computed = [one for one in numbers if one.name in operation.formulas]
    named = [one for one in numbers if one.name in operation.name]
    judged = [one for one in computed if one.name in rules]
    return next(iter([*named, *judged, *computed, *numbers]), None)


def _sentence(
    main: Output, operation: Operation, arguments: Mapping[str, JsonValue], result: Mapping[str, JsonValue]
) -> str:
    keys = [one for one in operation.inputs if _is_key(one) and arguments.get(one.name) is not None]
    of = "".join(f" of {spoken(one.name.removesuffix('_id'))} {arguments[one.name]}" for one in keys)
    others = [one for one in operation.inputs if one not in keys and one.name != _MODE]
    given = [
        f"{spoken(one.name)} {_value(one, arguments[one.name])}"
        for one in others
        if arguments.get(one.name) is not None
    ]
    mode = result.get(_MODE)
    how = f" in {str(mode).replace('_', ' ')} mode" if isinstance(mode, str) and 0 < len(mode) <= 40 else ""
    status = result.get(_STATUS)
    judged = f" — {status}" if isinstance(status, str) and status else ""
    with_what = f" with {', '.join(given)}" if given else ""
    return f"The {_label(main)}{of}{with_what}{how} is {_value(main, result[main.name])}{judged}."


def _label(one: Output) -> str:
    return spoken(one.name)


def _is_key(one: Input) -> bool:
    return one.name.endswith("_id") and one.name != "_id"


def _is_text(one: Output, result: Mapping[str, JsonValue]) -> bool:
    value = result[one.name]
    return isinstance(value, str) and one.type == "text" and (len(value) > _LONG or "\n" in value or " " in value)


def _value(one: Input | Output, value: JsonValue) -> str:
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return number_text(value, one.unit) if not one.name.endswith(("_id", "year")) else str(value)
    if isinstance(value, list):
        return ", ".join(str(item) for item in value[:_ROWS]) or "none"
    return str(value)


def _lists(series: Sequence[Output], result: Mapping[str, JsonValue]) -> list[str]:
    """Each series that has something as a line, or a line for each of its sentences."""
    lines: list[str] = []
    for one in series:
        items = [_value(one, item) for item in cast("list[JsonValue]", result[one.name])[:_ROWS]]
        label = f"{_label(one)[:1].upper()}{_label(one)[1:]}"
        if any(" " in item for item in items):
            lines += [f"{label}:", *(f"- {item}" for item in items)]
        elif items:
            lines.append(f"{label}: {', '.join(items)}")
    return lines


def _table(series: Sequence[Output], result: Mapping[str, JsonValue]) -> list[str]:
    """Series of one length side by side, the first rows of them."""
    if not series:
        return []
    columns = [cast("list[JsonValue]", result[one.name]) for one in series]
    rows = max(len(column) for column in columns)
    if not rows:
        return ["Nothing was found."]
    lines = [" | ".join(_label(one) for one in series)]
    for row in range(min(rows, _ROWS)):
        cells = [
            _value(one, column[row]) if row < len(column) else "" for one, column in zip(series, columns, strict=True)
        ]
        lines.append(" | ".join(cells))
    if rows > _ROWS:
        lines.append(f"… and {rows - _ROWS} more")
    return lines
