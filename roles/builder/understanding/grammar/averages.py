"""Rows whose value is above or below the average of all rows of their table."""

from __future__ import annotations

from roles.builder.understanding.grammar.forms import Aggregate, ColumnRef, Condition, Named, Query
from roles.builder.understanding.grammar.resolving import Resolver, Unclear, Unfit
from roles.builder.understanding.requirements import Binding, Figure, Place, Requirements
from roles.builder.understanding.words import column_identifier
from roles.engineering.specification import Filter

__all__ = ["against_average", "is_against_average"]


def is_against_average(told: Condition) -> bool:
    """Whether a condition compares a value of a row with the average of all rows."""
    return (
        told.kind == "compare"
        and isinstance(told.left, ColumnRef | Named)
        and isinstance(told.right, Aggregate)
        and told.right.function == "mean"
    )


def against_average(query: Query, resolver: Resolver, base: str, shown: list[Place], left: Place) -> Requirements:
    """The requirements of a list of things by how their value compares with the average. Raises `Unfit`, `Unclear`."""
    (told,) = (one for one in query.conditions if is_against_average(one))
    if len(query.conditions) > 1 or query.entity is not None:
        raise Unclear(
            f"Is the average of all {base.replace('_', ' ')} meant, or only of those that "
            f"the other conditions leave?",
            where="request", todo="Say each in a request of its own.",
        )  # fmt: skip
    right = told.right.of if isinstance(told.right, Aggregate) else None
    if isinstance(right, ColumnRef) and resolver.place(right, [left.table]) != left:
        raise Unfit("it is compared with the average of something else", where="request")
    if left.table != base or told.table not in ("", base) or resolver.kind(left) not in ("number", "integer"):
        raise Unfit("the average is not one of the rows", where="request")
    label = resolver.tables.label(base)
    key = Place(table=base, column=resolver.tables.key(base))
    name = column_identifier(left.column)
    figure = "above_average_by" if ">" in told.sign else "difference_from_average"
    if len(query.orders) > 1:
        raise Unfit("two orders", where="request")
    down, limit = False, 1_000
    for one in query.orders:
        if one.by is not None and not (isinstance(one.by, ColumnRef) and resolver.place(one.by, [base]) == left):
            raise Unfit("ordered by something else", where="request")
        if one.by is None and one.of == "time":
            raise Unfit("ordered by time", where="request")
        down, limit = one.way == "down", one.limit or limit
    first: list[Place] = [label] if label is not None else []
    groups = tuple(dict.fromkeys([*first, key, *shown, left]))
    kept = Filter(table=base, column=left.column, comparison=told.sign, figure=figure, value=0)
    return Requirements(
        request="", kind="data", table=base, each=True, groups=groups, filters=(kept,),
        bindings=(Binding(name=name, place=left, phrases=(name.replace("_", " "),)),),
        figures=(
            Figure(name="sum_of_all", expression=f"sum({name})", over="all", asked=False),
            Figure(name="known_of_all", expression=f"count({name})", over="all", asked=False),
            Figure(name=figure, expression=f"maximum({name}) - sum_of_all / known_of_all",
                   title="Difference from the average of all"),
        ),
        order_by=figure if query.orders else "", descending=down, limit=limit,
        assumptions=(f"the average is that of all {base.replace('_', ' ')} of which the {name.replace('_', ' ')} "
                     f"is known",),
    )  # fmt: skip
