"""Puts the pieces of a request together to one logical form, where they fit together."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from roles.builder.understanding.grammar.forms import (
    Aggregate,
    Binary,
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
    Rule,
    Thing,
    Want,
)  # fmt: skip
from roles.builder.understanding.grammar.resolving import aggregates, has_meaning
from roles.builder.understanding.words import words_of

__all__ = ["assembled"]


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


def assembled(pieces: tuple[Any, ...]) -> Query | None:
    """The logical form of a row of pieces; None where these say two things that don't go together."""
    parts = _Parts()
    for piece in pieces:
        if not _take(parts, piece):
            return None
    ones = list(dict.fromkeys(one.table for one in parts.things if one.which == "one"))
    if len(ones) > 1 or any(one.label is not None for one in parts.things):
        return None
    entity = next((one for one in parts.things if one.which == "one"), None)
    parts.orders[:] = [_by_name(one, parts) for one in _merged(parts.orders)]
    figures = _all_figures(parts)
    if parts.each_summed:
        if not figures or any(aggregates(one.value) for one in figures):
            return None
        figures = [replace(one, value=_summed(one.value)) for one in figures]
    plain = [one for one in parts.things if one.which in ("", "all")]
    other = [one for one in parts.things if one.which == "of"]
    subject = (plain or other)[0].table if plain or other else ""
    return Query(
        subject=subject, entity=entity, figures=tuple(figures), shown=tuple(dict.fromkeys(parts.shown)),
        conditions=tuple(dict.fromkeys(parts.conditions)), groups=tuple(dict.fromkeys(parts.keys)),
        orders=_merged(parts.orders), rules=tuple(dict.fromkeys(parts.rules)), empty_too=parts.empty_too,
        figure_first=parts.figure_first,
        grouped_by=parts.grouped_by,
        added_up=parts.added_up,
        every=any(one.which == "all" for one in parts.things),
        mentioned=tuple(dict.fromkeys(one.table for one in parts.things)),
    )  # fmt: skip


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
            parts.keys += keys
            parts.grouped_by = parts.grouped_by or by
        case Thing():
            parts.things.append(piece)
        case Condition():
            parts.conditions.append(piece)
        case Order():
            parts.orders.append(piece)
        case Rule():
            parts.rules.append(piece)
        case _:
            return False
    return True


def _tell_first(parts: _Parts) -> None:
    """Note whether figures are told before the things that they are of."""
    parts.figure_first = parts.figure_first or not any(one.which in ("", "all") for one in parts.things)


def _want(parts: _Parts, one: Figure) -> bool:
    """Add what is to be shown or computed; False for what is neither."""
    if isinstance(one.value, ColumnRef):
        parts.shown.append(one.value)
        return not one.percent
    parts.figures.append(one)
    return has_meaning(one.value)


def _word(parts: _Parts, word: str) -> bool:
    """What single words say of all of it."""
    if word == "percent":
        parts.figures[:] = [replace(one, percent=True) for one in parts.figures]
        return bool(parts.figures)
    parts.empty_too = parts.empty_too or word == "empty"
    parts.added_up = parts.added_up or word == "sum"
    parts.each_summed = parts.each_summed or word == "each sum"
    return word in ("empty", "sum", "latest", "each sum")


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
