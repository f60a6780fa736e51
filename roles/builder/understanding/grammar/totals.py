"""Figures of groups: a ratio of a group is that of the totals of its rows, an amount the total."""

from __future__ import annotations

from roles.builder.understanding.grammar.forms import (
    Aggregate,
    Around,
    Binary,
    ColumnRef,
    Count,
    Expression,
    Number,
    Share,
)  # fmt: skip
from roles.builder.understanding.grammar.resolving import Beyond, Resolver, Unfit, aggregates, inner_columns
from roles.builder.understanding.implied import average_like

__all__ = ["Totals"]


class Totals:
    """Turns expressions over rows into those over groups. `thing` is the table of what rows are grouped by, if any."""

    def __init__(self, resolver: Resolver, base: str, thing: str) -> None:
        self._resolver, self._base, self._thing = resolver, base, thing
        self.notes: list[str] = []

    def of(self, one: Expression) -> Expression:
        """The expression of a group. Raises `Unfit` where there is no one way to put rows together."""
        match one:
            case Number() | Count() | Share():
                return one
            case Around(way=way, of=inner, within=within):
                return Around(way, self.of(inner), within)
            case Aggregate(of=inner):
                tables = {self._resolver.place(each).table for each in inner_columns(inner)}
                if tables and self._base not in tables:
                    names = " and ".join(sorted({self._base, *tables}))
                    raise Beyond(f"putting figures over the rows of {names} side by side", where="request")
                return one
            case ColumnRef():
                return self._column(one)
            case Binary(operator="/" as operator, left=left, right=right):
                return Binary(operator, self.of(left), self.of(right))
            case Binary(operator=operator, left=left, right=right) if aggregates(one) or _divides(one):
                return self._mixed(operator, left, right)
            case Binary():
                return self._whole(one)
            case _:
                raise Unfit("it has no value for a group", where="request")

    def _mixed(self, operator: object, left: Expression, right: Expression) -> Expression:
        if operator in ("+", "-") or isinstance(left, Number) or isinstance(right, Number):
            return Binary(operator, self.of(left), self.of(right))  # pyright: ignore[reportArgumentType]
        raise Unfit("it has no value for a group", where="request")

    def _whole(self, one: Binary) -> Expression:
        """The total over rows; of values of the thing itself, which are the same in all rows, the value."""
        tables = {self._resolver.place(each).table for each in inner_columns(one)}
        if not tables:
            return one
        own = [table for table in tables - {self._base} if self._thing
               and self._resolver.tables.path(self._thing, table, upwards=True) is not None]  # fmt: skip
        if self._base not in tables or (own and one.operator in ("+", "-")):
            raise Unfit("values of a thing would be taken several times", where="request")
        return Aggregate("sum", one)

    def _column(self, one: ColumnRef) -> Expression:
        place = self._resolver.place(one)
        if place.table != self._base:
            path = self._resolver.tables.path
            if self._thing and path(self._thing, place.table, upwards=True) is not None:
                return Aggregate("maximum", one)
            raise Unfit("values of a thing would be taken several times", where="request")
        if average_like(place):
            raise Unfit("prices and rates are not added up", where="request")
        return Aggregate("sum", one)


def _divides(one: Expression) -> bool:
    return isinstance(one, Binary) and (one.operator == "/" or _divides(one.left) or _divides(one.right))
