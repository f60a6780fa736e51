"""Figures at two times: what they were before, how much they changed, and by how many percent."""

from __future__ import annotations

from dataclasses import replace

from roles.builder.understanding.grammar.forms import (
    Aggregate,
    Around,
    Binary,
    ColumnRef,
    Condition,
    Count,
    Expression,
    Figure,
    Number,
    Query,
    Share,
    Versus,
    Window,
)  # fmt: skip
from roles.builder.understanding.grammar.formulas import Formulas
from roles.builder.understanding.grammar.naming_figures import figure_name
from roles.builder.understanding.grammar.resolving import Resolver, Unfit, inner_columns
from roles.builder.understanding.grammar.windows_said import unit_of_window, window_before, window_name
from roles.builder.understanding.implied import average_like

__all__ = ["has_two_times", "with_versus"]

_PARTS = ("day", "month", "quarter", "year")


def with_versus(query: Query, resolver: Resolver) -> Query:
    """The query with what is compared over time as figures of their own. Raises `Unfit` where no times are said."""
    if not query.versus:
        return query
    timed = [one for one in query.versus if one.before is not None or one.unit]
    if len({(one.after, one.before, one.unit) for one in timed}) > 1:
        raise Unfit("figures are compared at different times", where="request")
    said = [one for one in query.versus if one.of is not None]
    if len(said) < len(query.versus) and said:
        query = replace(query, versus=tuple(_together(one, query.versus) for one in said))
        said = list(query.versus)
    others = [] if not said else [one for one in query.figures if all(each.of != one.value for each in said)]
    if others or (said and query.shown):
        raise Unfit("other figures beside those that are compared", where="request")
    first = (timed or query.versus)[0]
    if said:
        wanted = [(one, Figure(one.of, one.name)) for one in said if one.of is not None]
    else:
        figures = query.figures or tuple(_amount(one, resolver) for one in query.shown)
        wanted = [(each, one) for one in figures for each in query.versus]
        query = query if query.figures else replace(query, shown=())
    if not wanted:
        raise Unfit("it is not said what is compared", where="request")
    expand = Formulas(resolver, "", []).expanded
    wanted = [(told, replace(one, value=_whole(expand(one.value), resolver))) for told, one in wanted]
    names: set[str] = set()
    heads = [one.name or figure_name(one, resolver, names).replace("_", " ") for _, one in wanted]
    query, times = _times(query, first)
    made: list[Figure] = []
    for (told, one), head in zip(wanted, heads, strict=True):
        made += _of_windows(told, one, head, *times) if times else _of_periods(told, one, head, query)
    windows = [one for one in query.conditions if one.kind == "window" and one.left is None and one.window is not None]
    if times is None and windows:
        query, made = _with_those_before(query, made, windows, resolver)
    unique = {figure.value: figure for figure in reversed(made)}
    return replace(
        query, figures=tuple(dict.fromkeys(unique[one.value] for one in made)), versus=(), first_counts=len(wanted) == 1
    )


def _with_those_before(
    query: Query, made: list[Figure], windows: list[Condition], resolver: Resolver
) -> tuple[Query, list[Figure]]:
    """Of the first period of a window the one before is outside of it: it is read as well, and not shown."""
    window = windows[0].window
    if len(windows) != 1 or window is None or window.asked or not window.end or (window.outside and not window.start):
        raise Unfit("it is not said since when", where="request")
    inside, before = windows[0], replace(windows[0], window=Window(end=window.end))
    figures = [replace(one, value=_inside(one.value, inside, before)) for one in made]
    base = resolver.tables.base([resolver.place(one).table for figure in made for one in inner_columns(figure.value)])
    counted = [*resolver.counted_of(made), *([base] if base else [])]
    if not counted:
        raise Unfit("it is not said what is compared", where="request")
    rows = Count(counted[0], (inside,))
    there = Condition("compare", rows, ">", Number(0.0))
    rest = tuple(one for one in query.conditions if one != inside)
    name = f"number of {resolver.tables.one(counted[0])} rows".replace("_", " ")
    return replace(query, conditions=(*rest, there)), [*figures, Figure(rows, name)]


def _inside(one: Expression, inside: Condition, before: Condition) -> Expression:
    """The expression within a window; what looks back sees what is before it."""
    match one:
        case Around(way=way, of=of, within=within):
            return Around(way, _within(of, before), within)
        case Binary(operator=operator, left=left, right=right):
            return Binary(operator, _inside(left, inside, before), _inside(right, inside, before))
        case _:
            return _within(one, inside)


def _together(one: Versus, all_of_them: tuple[Versus, ...]) -> Versus:
    """What is compared, with how that is to be told where it is said elsewhere."""
    told = [each.told for each in all_of_them if each.told] or [one.told]
    return replace(one, told="percent" if "percent" in told else told[0], fall=any(each.fall for each in all_of_them))


def has_two_times(query: Query) -> bool:
    """Whether figures are of different windows of time: each is read by itself then."""
    windows = {where for figure in query.figures for where in _windows(figure.value)}
    return len(windows) > 1


def _windows(one: Expression) -> set[Window | None]:
    match one:
        case Aggregate(where=where) | Count(where=where) | Share(base=where):
            return {told.window for told in where if told.kind == "window"}
        case Binary(left=left, right=right):
            return _windows(left) | _windows(right)
        case Around(of=of):
            return _windows(of)
        case _:
            return set()


def _amount(column: ColumnRef, resolver: Resolver) -> Figure:
    place = resolver.place(column)
    if resolver.kind(place) not in ("number", "integer") or resolver.tables.is_key(place):
        raise Unfit("only numbers are compared", where="request")
    return Figure(column)


def _whole(one: Expression, resolver: Resolver) -> Expression:
    """The expression of many rows: amounts are summed. Raises `Unfit` for prices and rates."""
    match one:
        case ColumnRef():
            if average_like(resolver.place(one)):
                raise Unfit("prices and rates are not added up", where="request")
            return Aggregate("sum", one)
        case Binary(operator="/" as operator, left=left, right=right):
            return Binary(operator, _whole(left, resolver), _whole(right, resolver))
        case Binary(operator=operator, left=left, right=right):
            if _is_of_rows(one):
                return Aggregate("sum", one)
            return Binary(operator, _whole(left, resolver), _whole(right, resolver))
        case _:
            return one


def _is_of_rows(one: Expression) -> bool:
    match one:
        case Binary(operator=operator, left=left, right=right):
            return operator != "/" and _is_of_rows(left) and _is_of_rows(right)
        case _:
            return isinstance(one, ColumnRef | Number)


def _times(query: Query, first: Versus) -> tuple[Query, tuple[Window, Window] | None]:
    """The two windows that are compared; None where periods in a row are, which are groups of the query then."""
    if first.after is not None and first.before is not None:
        if any(one.kind == "window" and one.left is None for one in query.conditions):
            raise Unfit("there is a third time", where="request")
        return query, (first.after, first.before)
    windows = [one for one in query.conditions if one.kind == "window" and one.left is None and one.window is not None]
    if first.before is not None:
        if len(windows) != 1 or windows[0].window is None or windows[0].window == first.before:
            raise Unfit("it is not said what is compared with that time", where="request")
        rest = tuple(one for one in query.conditions if one != windows[0])
        return replace(query, conditions=rest), (windows[0].window, first.before)
    parts = [one for one in query.groups if isinstance(one, str)]
    if (
        len(windows) == 1
        and not parts
        and (window := windows[0].window) is not None
        and (unit := unit_of_window(window))
    ):
        back = "year" if first.unit == "same" else first.unit or unit
        if _PARTS.index(back) < _PARTS.index(unit):
            # "month over month in 2025"
            return replace(query, groups=(*query.groups, back)), None
        if back not in (unit, "year"):
            raise Unfit("it is not said with what it is compared", where="request")
        rest = tuple(one for one in query.conditions if one != windows[0])
        return replace(query, conditions=rest), (window, window_before(window, back))
    if not first.unit and not parts:
        raise Unfit("it is not said with what it is compared", where="request")
    if not parts and first.unit in _PARTS:
        return replace(query, groups=(*query.groups, first.unit)), None
    if len(parts) != 1:
        raise Unfit("it is not said with what it is compared", where="request")
    return query, None


def _of_windows(told: Versus, one: Figure, head: str, after: Window, before: Window) -> list[Figure]:
    now, then = (
        replace(one, value=_within(one.value, Condition("window", window=window)), name=f"{head} {name}".strip())
        for window, name in ((after, window_name(after) or "later"), (before, window_name(before) or "earlier"))
    )
    return _compared(told, now, then, head)


def _of_periods(told: Versus, one: Figure, head: str, query: Query) -> list[Figure]:
    parts = [each for each in query.groups if isinstance(each, str)]
    if parts == ["day"]:
        raise Unfit("days are not counted back", where="request")
    yearly = parts != ["year"] and (told.unit in ("same", "year"))
    if not yearly and told.unit not in ("", *parts):
        raise Unfit("other periods are compared than those of the rows", where="request")
    before = Figure(Around("year_before" if yearly else "before", one.value),
                    f"{head} {'a year before' if yearly else 'before'}", one.percent)  # fmt: skip
    return _compared(told, replace(one, name=head), before, head)


def _compared(told: Versus, now: Figure, then: Figure, head: str) -> list[Figure]:
    """What is wanted of two values, then the values."""
    apart = Binary("-", then.value, now.value) if told.fall else Binary("-", now.value, then.value)
    difference = Figure(apart, f"{head} {'decrease' if told.fall else 'change'}", now.percent)
    percent = Figure(Binary("/", apart, then.value), f"{head} {'decrease' if told.fall else 'growth'} percent", True)
    wanted = {"difference": [difference, percent], "percent": [percent, difference], "": [difference, percent]}[
        told.told
    ]
    return [*wanted, now, then]


def _within(one: Expression, told: Condition) -> Expression:
    """An expression of the rows in which a condition holds."""
    match one:
        case Aggregate(function=function, of=of, where=where):
            return Aggregate(function, of, (*where, told))
        case Count(table=table, where=where):
            return Count(table, (*where, told))
        case Share(table=table, holds=holds, base=base):
            return Share(table, holds, (*base, told))
        case Binary(operator=operator, left=left, right=right):
            return Binary(operator, _within(left, told), _within(right, told))
        case Number():
            return one
        case _:
            raise Unfit("it has no value at a time", where="request")
