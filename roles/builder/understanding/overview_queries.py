"""The queries of overviews: databases compute the figures of each row or group, filter and sort by them."""

from __future__ import annotations

from common.errors import ValidationFailed
from roles.builder.understanding.naming_columns import column_name, free_name
from roles.builder.understanding.requirements import Figure, Requirements
from roles.builder.understanding.tables import Tables
from roles.engineering.formulas import parse
from roles.engineering.formulas.functions import FUNCTIONS
from roles.engineering.formulas.text import text_of
from roles.engineering.formulas.tree import Call, Expression, Node, Number
from roles.engineering.specification import Over, Selected
from roles.engineering.sql_formulas import can_be_asked

__all__ = ["bound_columns", "computed_columns", "unasked"]

_AGGREGATES = {"sum": "sum", "mean": "mean", "count": "count", "minimum": "minimum", "maximum": "maximum",
               "stdev": "stdev", "variance": "variance", "distinct": "distinct"}  # fmt: skip


def computed_columns(
    made: Requirements, tables: Tables, taken: set[str]
) -> tuple[list[Selected], list[Selected], list[Selected]]:
    """What leads the rows (groups, or columns shown), the terms, and the figures, each in an order that SQL can take.

    `taken` are names that are used already. Raises `ValidationFailed` for a figure that databases can't compute.
    """
    names = taken | {one.name for one in made.bindings} | {one.name for one in made.figures}
    leading: list[Selected] = []
    for place in made.groups or (() if made.condensed else made.show):
        name = column_name(place, tables, made.table, names)
        names.add(name)
        leading.append(Selected(name=name, table=place.table, column=place.column, part=place.part or None))
    parts = bound_columns(made)
    rows_only = not made.groups and not made.condensed and not _condenses(made)
    terms = [] if rows_only else parts
    shown = parts if rows_only else []
    figures: list[Selected] = []
    known = [one.name for one in parts]
    for figure in made.figures:
        extra, column = _selected(figure, made, [*known, *(one.name for one in made.figures)], names)
        if figure.over:
            column = column.model_copy(update={"over": _over(figure, made, leading)})
        terms += extra
        figures += [column] if figure.asked else []
        terms += [] if figure.asked else [column]
    if rows_only:
        # a step may need what is shown, so everything that is no figure is a column before the figures
        steps = [*terms]
        return [*leading, *shown], [], [*steps, *figures]
    return leading, terms, figures


def bound_columns(made: Requirements) -> list[Selected]:
    """The columns that names of the formulas stand for: as they are, or condensed within their set of rows."""
    return [
        Selected(
            name=one.name, table=one.place.table, column=one.place.column,
            rows=None if one.aggregate else one.rows or None,
            expression=one.expression, aggregate=one.aggregate, rank=one.rank,
        )
        for one in made.bindings if one.place is not None
    ]  # fmt: skip


def _over(figure: Figure, made: Requirements, leading: list[Selected]) -> Over:
    """How a figure looks at other groups: along the group that is a time, within all others or those that are said.

    Raises `ValidationFailed` where no group is a time.
    """
    names = {place: one.name for place, one in zip(made.groups, leading, strict=True)}
    if figure.over == "all":
        return Over(way="all", within=tuple(names[place] for place in figure.within))
    times = [place for place in made.groups if place.part] or [
        place for place in made.groups if {"year", "season", "vintage"} & {*place.column.lower().split("_")}
    ]
    if len(times) != 1:
        raise ValidationFailed("there is no one time to look back along", where=figure.name)
    others = tuple(name for place, name in names.items() if place != times[0])
    return Over.model_validate({"way": figure.over, "along": names[times[0]], "within": others})


def _condenses(made: Requirements) -> bool:
    return bool(made.sets) or any(one.aggregate is not None or _series(_parsed(one, made)) for one in made.figures)


def _parsed(one: Figure, made: Requirements) -> Expression:
    return parse(one.expression, scalars=[other.name for other in made.figures])


def _series(expression: Expression) -> list[Call]:
    from roles.engineering.formulas.tree import walk

    return [node for node in walk(expression.tree) if isinstance(node, Call) and FUNCTIONS[node.function].of_series]


def _selected(figure: Figure, made: Requirements, known: list[str], names: set[str]) -> tuple[list[Selected], Selected]:
    """The column of a figure, and the terms that its functions over rows become."""
    place = next((one.place for one in made.bindings if one.place is not None), None)
    if place is None:
        raise ValidationFailed(f"{figure.name} is made of no column")
    terms: list[Selected] = []

    def changed(node: Node) -> str | None:
        if not isinstance(node, Call) or not FUNCTIONS[node.function].of_series:
            return None
        name = free_name(f"part_of_{figure.name}"[:44], names)
        names.add(name)
        terms.append(_term(name, node, place.table, place.column))
        return name

    tree = _parsed(figure, made).tree
    expression = text_of(tree, changed)
    if terms and expression == terms[-1].name and len(terms) == 1:
        return [], terms[0].model_copy(update={"name": figure.name})
    made_of = {"name": figure.name, "table": place.table, "column": place.column, "expression": expression,
               "aggregate": figure.aggregate, "rank": figure.rank}  # fmt: skip
    return terms, Selected.model_validate(made_of)


def _term(name: str, call: Call, table: str, column: str) -> Selected:
    first = text_of(call.arguments[0])
    given: dict[str, object] = {"name": name, "table": table, "column": column, "expression": first}
    if call.function in ("median", "percentile"):
        rank = call.arguments[1] if len(call.arguments) > 1 else Number(50.0)
        if not isinstance(rank, Number):
            raise ValidationFailed("the rank of a percentile has to be a number", where=name)
        return Selected.model_validate(given | {"aggregate": "percentile", "rank": rank.value})
    if call.function in ("share", "count_true"):
        kind = "mean" if call.function == "share" else "sum"
        return Selected.model_validate(given | {"aggregate": kind, "expression": f"if({first}, 1, 0)"})
    if call.function not in _AGGREGATES:
        raise ValidationFailed(f"databases can't compute {call.function} by groups", where=name)
    return Selected.model_validate(given | {"aggregate": _AGGREGATES[call.function]})


def unasked(made: Requirements) -> list[str]:
    """The figures of an overview that databases can't compute."""
    found: list[str] = []
    for one in made.figures:
        try:
            terms, column = _selected(one, made, [], set())
            expressions = [each.expression for each in (*terms, column) if each.expression]
            scalars = [
                *(each.name for each in made.figures),
                *(each.name for each in made.bindings),
                *(each.name for each in terms),
            ]
            if not all(can_be_asked(parse(text, scalars=scalars)) for text in expressions):
                found.append(one.name)
        except ValidationFailed:
            found.append(one.name)
    return found
