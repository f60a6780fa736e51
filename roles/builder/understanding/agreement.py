"""Whether two readings of a request mean the same: what differs is asked about."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import cast

from common.errors import ValidationFailed
from roles.builder.understanding.requirements import Place, Requirements
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.unit_figures import counts_units
from roles.engineering.formulas import parse
from roles.engineering.formulas.text import text_of
from roles.engineering.formulas.tree import Name, Node

__all__ = ["SO_MANY_OF_EACH", "differences", "surer"]


def differences(one: Requirements, other: Requirements, tables: Tables) -> tuple[str, ...]:
    """In what two readings differ, in a few words each; empty where they mean the same."""
    left, right = _meaning(one, tables), _meaning(other, tables)
    return tuple(
        f"{what} ({_shown(left[what], right[what])}, or {_shown(right[what], left[what])})"
        for what in left if left[what] != right[what]
    )  # fmt: skip


SO_MANY_OF_EACH = re.compile(
    r"\b(?:(?:top|first|last|latest|best|worst) (?:[2-9]|[1-9]\d+|two|three|four|five|ten)"
    r"|(?:[2-9]|[1-9]\d+|two|three|four|five|ten) (?:most|least|newest|latest|oldest|[a-z]+est)) [a-z ]*"
    r"\b(?:per|in each|of each|for each|in every|of every)\b",
    re.IGNORECASE,
)
""" "3 most expensive products per category": what no query here tells, and a grammar reads as the top of all."""
_OVER_TIME = re.compile(
    r"\bover (?:the |its |their )?(?:whole |full )?(?:term|life|lifetime|period|duration)\b", re.IGNORECASE
)


def surer(whole: Requirements, other: Requirements, tables: Tables) -> bool:
    """Whether the other reading is the surer one, of two that differ: it takes in what the first one lost or mistook.

    "Cost per patient" divides and groups by no number of patients; groups that are said are there; "over the term" is
    no division.
    """
    if any(counts_units(tables, one) for one in whole.groups if not one.part):
        return True
    if other.groups and not whole.groups and not whole.entity:
        return True
    return bool(other.figures) and _OVER_TIME.search(whole.request) is not None


def _shown(meant: object, other: object) -> str:
    """What one reading has and the other has not."""
    if isinstance(meant, set) and isinstance(other, set):
        parts = cast("set[str | tuple[str, ...]]", meant) - cast("set[str | tuple[str, ...]]", other)
        said = (" ".join(one) if isinstance(one, tuple) else one for one in parts)
        return ", ".join(sorted(said)).replace("__", ".") or "nothing of that"
    if isinstance(meant, tuple):
        return " ".join(map(str, cast("tuple[object, ...]", meant)))
    return str(cast("object", meant)) if meant else "none"


def _meaning(made: Requirements, tables: Tables) -> dict[str, object]:
    figures = {_formula(made, name) for name in _asked(made)} | set(_condensed(made))
    lists = bool(made.show) and not figures
    return {
        "what is computed": figures,
        "what it is grouped by": {_thing(tables, one) for one in made.groups},
        "which rows count": _chosen(made, tables),
        "of which one it is": "" if lists and made.entity == made.table else made.entity,
        "how many": made.limit,
        "the limits": {re.sub(r"^\w+", lambda name: _formula(made, name[0]), one.expression) for one in made.rules},
        "the order": _order(made),
    }


def _asked(made: Requirements) -> list[str]:
    return [one.name for one in made.figures if one.asked]


def _formula(made: Requirements, name: str) -> str:
    """The formula of a figure over columns, with its steps in the place of their names."""
    figures = {one.name: one for one in made.figures}
    places = {one.name: one.place for one in made.bindings if one.place is not None}

    def changed(node: Node) -> str | None:
        if not isinstance(node, Name):
            return None
        if node.name in figures and node.name != name:
            return f"({_formula(made, node.name)})"
        place = places.get(node.name)
        return f"{place.table}__{place.column}" if place is not None else None

    figure = figures.get(name)
    if figure is None:
        return name
    try:
        said = text_of(parse(figure.expression, scalars=[*figures, *places]).tree, changed)
    except ValidationFailed:
        return figure.expression
    whole = f"{figure.aggregate}({said})" if figure.aggregate else said
    return re.sub(r"[\s()]|first(?=\()", "", re.sub(r"percentile\((.*), 50(?:\.0)?\)", r"median(\1)", whole))


def _condensed(made: Requirements) -> Iterable[str]:
    for one in made.condensed:
        function = "median" if one.function == "percentile" and one.rank == 50 else one.function
        times = f" * {one.times.table}__{one.times.column}" if one.times is not None else ""
        rank = f", {one.rank:g}" if one.rank is not None and function == "percentile" else ""
        yield re.sub(r"[\s()]", "", f"{function}({one.place.table}__{one.place.column}{times}{rank})")


def _thing(tables: Tables, place: Place) -> tuple[str, ...]:
    """What a column groups by: a thing, by its key or by what it is called, or the values of the column."""
    if tables.is_key(place):
        led = [
            one.right_table for one in tables.joins if (one.left_table, one.left_column) == (place.table, place.column)
        ]
        return (led[0] if led else place.table,)
    return (place.table,) if tables.label(place.table) == place else (place.table, place.column, place.part)


def _chosen(made: Requirements, tables: Tables) -> set[tuple[str, ...]]:
    found: set[tuple[str, ...]] = set()
    for one in made.filters:
        column = f"{one.table}.{one.column}"
        if one.comparison == "!=" and tables.order(one.table) == Place(table=one.table, column=one.column):
            # the day that any row has
            continue
        if one.figure:
            found.add((_formula(made, one.figure) if _asked(made) else "figure", one.comparison, _number(one.value)))
            continue
        value = one.value[0] if isinstance(one.value, list) and one.value else one.value
        said = "given" if one.input else one.moment or _number(value)
        ways = (
            (">=", "<=")
            if one.comparison == "=" and isinstance(value, int | float) and value > 1
            else (one.comparison,)
        )
        loose = one.comparison in ("in", "contains") or (
            one.comparison == "=" and (one.input or isinstance(value, str))
        )
        found |= {(column, "is" if loose else way, said) for way in ways}
    found |= {(f"{one.left.table}.{one.left.column}", one.sign, f"{one.right.table}.{one.right.column}")
              for one in made.compared}  # fmt: skip
    return found


def _number(value: object) -> str:
    return f"{value:g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value).lower()


def _order(made: Requirements) -> object:
    """The order where it decides: of a list of rows or groups."""
    if made.single or not (made.show or made.groups) or (made.figures and not made.each and not made.condensed):
        return None
    if made.order_by:
        return (_formula(made, made.order_by) if made.order_by in _asked(made) else "figure", made.descending)
    return (made.order.table, made.order.column, made.descending) if made.order is not None and made.show else None
