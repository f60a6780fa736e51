"""Names for the figures of a request: the request's own, else what they are made of."""

from __future__ import annotations

from roles.builder.understanding.grammar.forms import (
    Aggregate,
    Around,
    Binary,
    ColumnRef,
    Count,
    Expression,
    Figure,
    Ratio,
    Share,
)  # fmt: skip
from roles.builder.understanding.grammar.resolving import Resolver
from roles.builder.understanding.words import column_identifier, identifier

__all__ = ["figure_name"]

_HEADS = {"sum": "total", "mean": "average", "minimum": "minimum", "maximum": "maximum"}


def figure_name(figure: Figure, resolver: Resolver, taken: set[str]) -> str:
    """The name of a figure, that no other has; it is added to those taken."""
    plain = identifier(figure.name) if figure.name else _name(figure.value, resolver)
    plain = plain[:44].rstrip("_")
    found, number = plain, 2
    while found in taken:
        found, number = f"{plain[:40]}_{number}", number + 1
    taken.add(found)
    return found


def _name(one: Expression, resolver: Resolver) -> str:
    match one:
        case Ratio(name=name):
            return name
        case ColumnRef():
            return column_identifier(resolver.place(one).column)
        case Aggregate(function=function, of=of):
            return f"{_HEADS.get(function, function.replace(' ', '_'))}_{_name(of, resolver)}"
        case Count(table=table):
            return f"{resolver.tables.one(table)}_count" if table else "count"
        case Share():
            return "share"
        case Around(way="so_far", of=of):
            return f"{_name(of, resolver)}_so_far"
        case Around(of=of):
            return f"{_name(of, resolver)}_before"
        case Binary(operator="/", left=left, right=right) if isinstance(right, ColumnRef):
            return f"{_name(left, resolver)[:20]}_per_{_name(right, resolver)[:20]}"
        case Binary(operator="/"):
            return "ratio"
        case Binary(operator="-"):
            return "difference"
        case Binary(operator="+" | "*"):
            return "total"
        case _:
            return "result"
