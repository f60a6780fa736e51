"""Puts the pieces of a request together to one logical form, where they fit together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from roles.builder.understanding.grammar.forms import (
    Aggregate,
    Around,
    Binary,
    Changed,
    ColumnRef,
    Condition,
    Definition,
    Expression,
    Figure,
    Group,
    Named,
    Order,
    Query,
    Ratio,
    Rounded,
    Rule,
    Thing,
    Top,
    Versus,
    Want,
)  # fmt: skip
from roles.builder.understanding.grammar.leading_rules import without_conditions
from roles.builder.understanding.grammar.limit_rules import with_limit
from roles.builder.understanding.grammar.named_figures import Known, in_full, names_within
from roles.builder.understanding.grammar.resolving import aggregates, gives, has_meaning
from roles.builder.understanding.words import words_of

__all__ = ["assembled"]

PART_OF_ALL = "share of the total"


@dataclass(slots=True)
class _Parts:
    """What was said so far."""

    things: list[Thing] = field(default_factory=list[Thing])
    figures: list[Figure] = field(default_factory=list[Figure])
    shown: list[ColumnRef] = field(default_factory=list[ColumnRef])
    definitions: list[Definition] = field(default_factory=list[Definition])
    conditions: list[Condition] = field(default_factory=list[Condition])
    keys: list[Any] = field(default_factory=list[Any])
    orders: list[Order] = field(default_factory=list[Order])
    rules: list[Rule] = field(default_factory=list[Rule])
    empty_too: bool = False
    figure_first: bool = False
    grouped_by: bool = False
    added_up: bool = False
    each_summed: bool = False
    judged: bool = False
    given: bool = False
    top: Top | None = None
    rounded: Rounded | None = None
    changes: list[Changed] = field(default_factory=list[Changed])
    versus: list[Versus] = field(default_factory=list[Versus])
    part_of_all: str = ""
    first_counts: bool = False


def assembled(pieces: tuple[Any, ...], implied: Mapping[tuple[str, ...], Known] = MappingProxyType({})) -> Query | None:
    """The logical form of a row of pieces; None where these say two things that don't go together."""
    parts = _Parts()
    for piece in pieces:
        if not _take(parts, piece):
            return None
    ones = list(dict.fromkeys(one.table for one in parts.things if one.which == "one"))
    if len(ones) > 1 or any(one.label is not None for one in parts.things):
        return None
    entity = next((one for one in parts.things if one.which == "one"), None)
    parts.orders[:] = [_by_name(one, parts) for one in with_limit(list(_merged(parts.orders)))]
    if any(one.way in ("top", "bottom") for one in parts.orders):
        return None
    notes = in_full(parts, implied)
    if notes is None:
        return None
    if parts.part_of_all and not _with_parts(parts):
        return None
    figures = _all_figures(parts)
    if parts.each_summed:
        if not figures or any(aggregates(one.value) for one in figures):
            return None
        figures = [replace(one, value=_summed(one.value)) for one in figures]
    plain = [one for one in parts.things if one.which in ("", "all")]
    other = [one for one in parts.things if one.which == "of"]
    subject = (plain or other)[0].table if plain or other else ""
    query = Query(
        subject=subject, entity=entity, figures=tuple(figures), shown=tuple(dict.fromkeys(parts.shown)),
        conditions=tuple(dict.fromkeys(parts.conditions)), groups=tuple(dict.fromkeys(parts.keys)),
        orders=_merged(parts.orders), rules=tuple(dict.fromkeys(parts.rules)), empty_too=parts.empty_too,
        figure_first=parts.figure_first,
        grouped_by=parts.grouped_by,
        added_up=parts.added_up,
        every=any(one.which == "all" for one in parts.things),
        mentioned=tuple(dict.fromkeys(one.table for one in parts.things)),
        versus=tuple(dict.fromkeys(parts.versus)),
        first_counts=parts.first_counts or bool(figures and figures[0].name == PART_OF_ALL),
        rounded=parts.rounded, top=parts.top, changes=tuple(parts.changes), notes=tuple(notes),
    )  # fmt: skip
    if parts.given and not any(gives(one.value) for one in query.figures):
        return None
    return query if not parts.judged or query.rules else None


def _with_parts(parts: _Parts) -> bool:
    """Put what each group is of all before the only figure; False where there is not one."""
    wanted = [*parts.figures, *(Figure(Aggregate("sum", one)) for one in parts.shown)]
    if len(wanted) != 1:
        return False
    (whole,) = wanted
    value = whole.value if aggregates(whole.value) else Aggregate("sum", whole.value)
    share = Figure(Binary("/", value, Around("all", value)), PART_OF_ALL, parts.part_of_all.endswith("percent"))
    parts.figures, parts.shown, parts.first_counts = [share, replace(whole, value=value)], [], True
    return True


def _summed(one: Expression) -> Expression:
    """An expression of the totals of its columns."""
    match one:
        case ColumnRef():
            return Aggregate("sum", one)
        case Binary(operator=operator, left=left, right=right):
            return Binary(operator, _summed(left), _summed(right))
        case _:
            return one


def _by_name(order: Order, parts: _Parts) -> Order:
    """ "By revenue", where the request says what revenue is: not a column of that name."""
    names = {words_of(one.name): one.name for one in (*parts.definitions, *parts.figures) if one.name}
    if isinstance(order.by, ColumnRef) and (name := names.get(words_of(order.by.words))) is not None:
        return replace(order, by=Named(name))
    if isinstance(order.by, Ratio) and (name := names.get(words_of(order.by.name))) is not None:
        return replace(order, by=Named(name))
    return order


def _merged(orders: list[Order]) -> tuple[Order, ...]:
    """ "Ranked by margin, best first" is one order."""
    if len(orders) == 2:
        by = [one for one in orders if one.by is not None]
        way = [one for one in orders if one.by is None and one.limit is None and one.of != "time"]
        if len(by) == 1 and len(way) == 1:
            return (replace(by[0], way=way[0].way),)
    return tuple(orders)


def _take(parts: _Parts, piece: Any) -> bool:
    """Add a piece to what was said so far; False where it can't be."""
    match piece:
        case Want(items=items):
            _tell_first(parts)
            return all(_want(parts, one) for one in items)
        case Definition(name=name, figure=figure):
            _tell_first(parts)
            parts.definitions.append(piece)
            parts.figures.append(Figure(figure.value, name, figure.percent))
            return not figure.name
        case Named():
            return _word(parts, piece.words)
        case Group(keys=keys, by=by):
            parts.keys += [replace(one, where=()) if isinstance(one, Thing) else one for one in keys]
            parts.conditions += [told for one in keys if isinstance(one, Thing) for told in one.where]
            parts.grouped_by = parts.grouped_by or by
        case Thing():
            # "the total for students" is said of rows: it does not make them a table of students
            parts.things += [replace(piece, where=())] if not piece.where or piece.which != "of" else []
            parts.conditions += piece.where
        case Condition() | Order() | Rule() | Versus() | Changed():
            _append(parts, piece)
        case Top():
            known = parts.top
            parts.top, told = without_conditions(piece)
            parts.conditions += told
            return known is None
        case Rounded():
            known, parts.rounded = parts.rounded, piece
            return known is None
        case _:
            return False
    return True


def _append(parts: _Parts, piece: Condition | Order | Rule | Versus | Changed) -> None:
    match piece:
        case Condition():
            parts.conditions.append(piece)
        case Order():
            parts.orders.append(piece)
        case Rule():
            parts.rules.append(piece)
        case Changed():
            parts.changes.append(piece)
        case Versus():
            _tell_first(parts)
            parts.versus.append(piece)


def _tell_first(parts: _Parts) -> None:
    """Note whether figures are told before the things that they are of."""
    parts.figure_first = parts.figure_first or not any(one.which in ("", "all") for one in parts.things)


def _want(parts: _Parts, one: Figure) -> bool:
    """Add what is to be shown or computed; False for what is neither."""
    if isinstance(one.value, ColumnRef) and not one.judged:
        parts.shown.append(one.value)
        return not one.percent
    parts.figures.append(one)
    return has_meaning(one.value) or any(True for _ in names_within(one))


def _word(parts: _Parts, word: str) -> bool:
    """What single words say of all of it."""
    if word == "percent":
        parts.figures[:] = [replace(one, percent=True) for one in parts.figures]
        parts.versus[:] = [replace(one, told="percent") for one in parts.versus]
        return bool(parts.figures or parts.versus)
    parts.empty_too = parts.empty_too or word == "empty"
    parts.added_up = parts.added_up or word == "sum"
    parts.each_summed = parts.each_summed or word == "each sum"
    parts.judged = parts.judged or word == "judged"
    parts.given = parts.given or word == "given"
    parts.part_of_all = word if word.startswith("part of all") else parts.part_of_all
    return word in ("empty", "sum", "latest", "each sum", "judged", "given") or word == parts.part_of_all


def _all_figures(parts: _Parts) -> list[Figure]:
    """The figures wanted, with those that conditions and orders are about; none of them twice."""
    found: list[Figure] = []
    for one in parts.figures:
        same = next((index for index, other in enumerate(found) if other.value == one.value), None)
        if same is None:
            found.append(one)
        elif not found[same].name:
            found[same] = one
    implied: list[Expression] = [
        one.left for one in parts.conditions
        if one.kind == "compare" and one.left is not None and not isinstance(one.left, ColumnRef | Named)
    ]  # fmt: skip
    implied += [one.by for one in parts.orders if one.by is not None and not isinstance(one.by, ColumnRef | Named)]
    for one in implied:
        if all(other.value != one for other in found) and not isinstance(one, int):
            found.append(Figure(one))
    return found
