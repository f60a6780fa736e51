"""Whether two readings of a request mean the same: what differs is asked about."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta

from common.errors import ValidationFailed
from roles.builder.understanding.accounting import places_of
from roles.builder.understanding.reading_words import as_for_people
from roles.builder.understanding.requirements import Place, Requirements
from roles.builder.understanding.surer_readings import has_use_for_more
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.unit_figures import counts_units
from roles.builder.understanding.words import words_of_name
from roles.engineering.formulas import parse
from roles.engineering.formulas.text import text_of
from roles.engineering.formulas.tree import Name, Node

__all__ = ["SO_MANY_OF_EACH", "differences", "of_one_table_instead", "settled", "surer", "which_is_meant"]


def differences(one: Requirements, other: Requirements, tables: Tables) -> frozenset[str]:
    """In what two readings differ; empty where they mean the same."""
    left, right = _meaning(one, tables), _meaning(other, tables)
    return frozenset(what for what in left if left[what] != right[what])


def which_is_meant(one: Requirements, other: Requirements, differing: frozenset[str], tables: Tables) -> str:
    """The question which of two readings is meant, in words of people."""
    left, right = as_for_people(one, tables), as_for_people(other, tables)
    told = [(left[what], right[what]) for what in left if what in differing and left[what] != right[what]]
    if not told:
        # they differ in a formula only, and what it is called is the same
        told = [(left["computed"], right["computed"])]
    ways = " or ".join(f"“{'; '.join(way)}”" for way in zip(*told, strict=True))
    return f"It can be read in two ways: {ways}. Which is meant? Say it in other words."


SO_MANY_OF_EACH = re.compile(
    r"\b(?:(?:top|first|last|latest|best|worst) (?:[2-9]|[1-9]\d+|two|three|four|five|ten)"
    r"|(?:[2-9]|[1-9]\d+|two|three|four|five|ten) (?:most|least|newest|latest|oldest|[a-z]+est)) [a-z ]*"
    r"\b(?:per|in each|of each|for each|in every|of every)\b",
    re.IGNORECASE,
)
""" "3 most expensive products per category": what no query here tells, and a grammar reads as the top of all."""


def of_one_table_instead(whole: Requirements, other: Requirements) -> bool:
    """Whether only one reading puts two sets of rows together, where one table has all that the other one computes.

    "Fuel litres per km of a vehicle": the kilometres of the trips whose fuel it is, not those of the vehicle.
    """
    used = {one.place.table for one in other.bindings if one.place is not None}
    return bool(whole.sets) and not other.sets and bool(other.figures) and len(used) == 1


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


def settled(whole: Requirements, other: Requirements, tables: Tables) -> bool:
    """Whether only the reading of the whole request makes sense, of two that differ.

    It has words for its order and for its number of rows where the other one invents them; "of an owner" is one owner,
    not all who are called so; and of a thing with several rows a figure is that of their totals.
    """
    if has_use_for_more(whole, other) or _totals_of_rows(whole, other, tables) or _told_in_full(whole, other, tables):
        return True
    reasons = {
        "count": (_is_said(whole.limit, whole) and not _is_said(other.limit, other)) or _is_one(whole, other),
        "order": _order_is_said(whole, other) or _is_invented(other, whole, tables),
        "computed": _is_invented(other, whole, tables) or _is_computed_only_here(whole, other),
        "entity": bool(whole.entity) and _label_given(whole, other, tables),
        "rows": bool(whole.entity) and _label_given(whole, other, tables),
    }
    return all(reasons.get(what, False) for what in differences(whole, other, tables))


def _is_invented(other: Requirements, whole: Requirements, tables: Tables) -> bool:
    """Whether a reading computes with a column of which the request has no word: "sold most" is no salary."""
    read = [one for one in places_of(whole) if not tables.is_key(one)]
    said = {word[:4] for word in re.findall(r"[a-z]{3,}", whole.request.lower())}
    places = [one.place for one in other.condensed] + [one.place for one in other.bindings if one.place is not None]
    return bool(read) and any(
        one not in read and not tables.is_key(one) and not {word[:4] for word in words_of_name(one.column)} & said
        for one in places
    )


def _told_in_full(whole: Requirements, other: Requirements, tables: Tables) -> bool:
    """Whether the readings differ in conditions only, and the other one made nothing of words that tell one.

    What a caller is to give has words for that in the request, else it is no condition of it.
    """
    if differences(whole, other, tables) != frozenset({"rows"}):
        return False
    mine, others = _chosen(whole, tables), _chosen(other, tables)
    if _GIVEN.search(whole.request) is None:
        given = {(f"{one.table}.{one.column}", "is", "given") for one in other.filters if one.input}
        others -= given - mine
    return others < mine


_GIVEN = re.compile(
    r"\b(?:given|certain|chosen|choose|selected|specific|particular|inputs?|enter|asks?|pick|by (?:its|their|the))\b",
    re.IGNORECASE,
)


def _is_computed_only_here(whole: Requirements, other: Requirements) -> bool:
    """Whether one reading puts a column together, by a word for that, which the other one only lists."""
    listed = {(one.table, one.column) for one in other.show}
    read = {(one.place.table, one.place.column) for one in whole.condensed}
    said = re.search(r"\b(?:total|sum|average|mean|median|overall|combined)\b", whole.request, re.IGNORECASE)
    alone = not (whole.groups or whole.entity or other.figures or other.condensed or other.entity)
    return bool(read) and read <= listed and alone and said is not None


def _is_one(whole: Requirements, other: Requirements) -> bool:
    """ "The latest title" is one: the grammar takes only what is said in singular for one, the other had no number."""
    same = whole.order == other.order and whole.order_by == other.order_by and whole.descending == other.descending
    return whole.limit == 1 and other.limit == _ALL and same


def _is_said(limit: int, made: Requirements) -> bool:
    """Whether the request has words for a number of rows; without a number, all of them are meant."""
    return (
        limit == _ALL
        or re.search(rf"\b{limit}\b|\b{_WORDS_OF_NUMBERS.get(limit, limit)}\b", made.request.lower()) is not None
    )


_ALL = 1_000
_WORDS_OF_NUMBERS = {
    1: "one", 2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight", 9: "nine", 10: "ten",
}  # fmt: skip


def _order_is_said(whole: Requirements, other: Requirements) -> bool:
    """Whether only one reading is ordered, or the request names the column that it orders by and not the other's."""
    if other.order is None and not other.order_by:
        # the grammar has an order only where there are words for it
        return True
    if whole.order is None or other.order is None or whole.descending != other.descending:
        return False
    said = {word[:4] for word in re.findall(r"[a-z]{3,}", whole.request.lower())}
    named, not_named = (
        {word[:4] for word in words_of_name(one.column) if len(word) > 2} for one in (whole.order, other.order)
    )
    return bool(named & said) and not (not_named - named) & said


def _label_given(whole: Requirements, other: Requirements, tables: Tables) -> bool:
    """Whether one reading asks for a thing by its key and the other by its name, and all else is the same."""
    label = tables.label(whole.entity)
    asked = [one for one in other.filters if one.input and Place(table=one.table, column=one.column) == label]
    if (
        other.entity
        or len(asked) != 1
        or re.search(
            r"\b(?:by|whose|given|certain|named?) (?:the |their |its )?(?:full )?name", whole.request, re.IGNORECASE
        )
    ):
        return False
    rest = other.model_copy(update={"filters": tuple(one for one in other.filters if one not in asked)})
    return _chosen(whole, tables) == _chosen(rest, tables)


def _totals_of_rows(whole: Requirements, other: Requirements, tables: Tables) -> bool:
    """Whether one reading has the figures of things, as those of the totals, and the other those of single rows.

    An amount of a thing is the total. A quotient is that of the totals where a filter leaves the rows of some time; of
    rows of all times it may as well be that of the latest row, or of each.
    """
    things = {one[0] for one in (_thing(tables, place) for place in whole.groups) if len(one) == 1}
    if not things or other.groups or other.entity or whole.entity or other.table in things:
        return False
    left, right = _meaning(whole, tables), _meaning(other, tables)
    if not left["computed"] or any(
        _of_rows(left[what], tables) != _of_rows(right[what], tables)
        for what in left
        if what not in ("groups", "entity")
    ):
        return False
    order = tables.order(whole.table)
    return (
        "/" not in str(left["computed"])
        or (order is not None and tables.column(order).type == "date")
        or any(_is_of_time(tables, one.table, one.column) for one in whole.filters if not one.figure)
    )


def _is_of_time(tables: Tables, table: str, column: str) -> bool:
    place = Place(table=table, column=column)
    return tables.column(place).type == "date" or tables.order(table) == place


def _of_rows(meant: object, tables: Tables) -> str:
    """What is meant without the totals in it."""
    names = "|".join(map(re.escape, tables.tables))
    parts = sorted(map(str, meant)) if isinstance(meant, set) else meant  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return re.sub(rf"\bsum(?=(?:{names})__)", "", str(parts))  # pyright: ignore[reportUnknownArgumentType]


def _meaning(made: Requirements, tables: Tables) -> dict[str, object]:
    figures = {_formula(made, name) for name in _asked(made)} | set(_condensed(made))
    lists = bool(made.show) and not figures
    return {
        "computed": figures,
        "groups": {_thing(tables, one) for one in made.groups},
        "rows": _chosen(made, tables),
        "entity": "" if lists and made.entity == made.table else made.entity,
        "count": made.limit,
        "rules": {re.sub(r"^\w+", lambda name: _formula(made, name[0]), one.expression) for one in made.rules},
        "order": _order(made),
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
        if one.comparison == "<=" and re.fullmatch(r"\d{4}-\d\d-\d\d", said):
            # not after a day is before the next one
            found.add((column, "<", (date.fromisoformat(said) + timedelta(days=1)).isoformat()))
            continue
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
        return (_ordered_by(made), made.descending)
    return (made.order.table, made.order.column, made.descending) if made.order is not None and made.show else None


def _ordered_by(made: Requirements) -> str:
    if made.order_by in _asked(made):
        return _formula(made, made.order_by)
    named = [one for one in made.condensed if one.name == made.order_by]
    return next(iter(_condensed(made.model_copy(update={"condensed": tuple(named)}))), "figure")
