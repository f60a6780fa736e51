"""The query that requirements need, and the inputs that callers give for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from common.language.words import word_set
from roles.builder.understanding.apart_queries import single_row_of_sets, with_sets
from roles.builder.understanding.leading_queries import with_leading
from roles.builder.understanding.naming_columns import column_name, free_name
from roles.builder.understanding.overview_queries import computed_columns
from roles.builder.understanding.requirements import Place, Requirements
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.words import column_identifier, plural
from roles.engineering.formulas import parse
from roles.engineering.specification import Filter, Input, Join, Query, Selected

__all__ = ["MadeQuery", "query_of"]

_IN_ORDER = word_set("npv irr growth first last volatility max_drawdown slope")
_SERIES_LIMIT = 100_000


@dataclass(frozen=True, slots=True)
class MadeQuery:
    """A query, or none, with all inputs of the operation.

    `in_series` are the names that have a value for each row; `listed` the columns to be shown.
    """

    query: Query | None
    inputs: tuple[Input, ...]
    in_series: frozenset[str] = frozenset()
    listed: tuple[str, ...] = ()


def query_of(made: Requirements, tables: Tables) -> MadeQuery:
    """The query of requirements that nothing is missing from."""
    for one in made.links:
        leads = (join for join in tables.joins if (join.left_table, join.left_column) == (one.table, one.column))
        tables.meant.update({(join.left_table, join.right_table): one.column for join in leads})
    if made.each:
        return _chosen(_overview(made, tables), made, tables)
    if made.condensed:
        return _chosen(_condensed(made, tables), made, tables)
    if made.show:
        return _chosen(_listed(made, tables), made, tables)
    if not any(one.place for one in made.bindings):
        return MadeQuery(None, _given(made))
    return _chosen(_calculated(made, tables), made, tables)


def _chosen(found: MadeQuery, made: Requirements, tables: Tables) -> MadeQuery:
    """The query with its groups of filters, and with only the first rows of each kind where these are wanted."""
    query = found.query
    if query is None or not (made.filter_groups or made.leading):
        return found
    if made.leading is not None:
        query = with_leading(query, made.leading, made, tables)
    # what one of several conditions is about may not be there for every row
    wanted = [name for one in made.filter_groups for name in sorted(one.tables)]
    there = {query.table, *(name for one in query.joins for name in (one.left_table, one.right_table))}
    further = [one for one in _joins(tables, query.table, wanted, outer=True) if not _joined(one, there)]
    query = query.model_copy(update={"filter_groups": made.filter_groups, "joins": (*query.joins, *further)})
    return replace(found, query=query)


def _joined(one: Join, there: set[str]) -> bool:
    return {one.left_table, one.right_table} <= there


def _given(made: Requirements) -> tuple[Input, ...]:
    found = {one.input.name: one.input for one in made.bindings if one.input is not None}
    return tuple(found.values())


def entity_input(made: Requirements, tables: Tables) -> tuple[Input, Filter] | None:
    """What names the one row that is asked about, with its filter; None where none is."""
    if not made.entity:
        return None
    if made.named_by is not None:
        return _named_by(made.named_by, tables)
    key = tables.key(made.entity)
    name = column_identifier(key)
    one = tables.one(made.entity)
    if name in ("id", "key", "number", "no", "code", "uuid"):
        name = f"{one}_{name}"
    column = tables.foreign_key(made.table, made.entity) if made.entity != made.table else key
    table = made.table if column is not None else made.entity
    kind = tables.column(Place(table=table, column=column or key)).type
    described = f"{key.replace('_', ' ').capitalize() if name == key else 'Number'} of the {one.replace('_', ' ')}"
    given = Input(name=name, type=kind, description=described)
    return given, Filter(table=table, column=column or key, comparison="=", input=name)


def _named_by(place: Place, tables: Tables) -> tuple[Input, Filter]:
    """What names a row that callers do not know the key of."""
    one = tables.one(place.table)
    name = column_identifier(place.column)
    if "_" not in name:
        name = f"{one}_{name}"[:48]
    described = f"{place.column.replace('_', ' ').capitalize()} of the {one.replace('_', ' ')}"
    given = Input(name=name, type=tables.column(place).type, description=described)
    return given, Filter(table=place.table, column=place.column, comparison="=", input=name)


def _terms(made: Requirements) -> tuple[tuple[Selected, ...], tuple[Filter, ...]]:
    """What compares columns with each other, with the filters by it."""
    terms: dict[str, Selected] = {}
    filters: list[Filter] = []
    for one in made.compared:
        names: list[str] = []
        for place in (one.left, one.right):
            name = f"term_{column_identifier(place.column)}"[:48]
            terms[name] = Selected(name=name, table=place.table, column=place.column)
            names.append(name)
        name = f"holds_{len(filters) + 1}"
        terms[name] = Selected(name=name, table=one.left.table, column=one.left.column,
                               expression=f"{names[0]} {one.sign} {names[1]}")  # fmt: skip
        filters.append(Filter(table=one.left.table, column=one.left.column, comparison="=", value=True, figure=name))
    return tuple(terms.values()), tuple(filters)


def _inputs(made: Requirements, tables: Tables) -> tuple[tuple[Input, ...], tuple[Filter, ...]]:
    named = entity_input(made, tables)
    inputs = [named[0]] if named else []
    filters = [named[1]] if named else []
    inputs += [one for one in (*made.inputs, *_given(made)) if one.name not in {other.name for other in inputs}]
    return tuple(inputs), (*filters, *made.filters, *_terms(made)[1])


def _joins(
    tables: Tables, base: str, wanted: Iterable[str], filters: Iterable[Filter] = (), *, outer: bool = False
) -> tuple[Join, ...]:
    """The joins from `base` to these tables; `outer`: rows stay that have none in the others.

    A filter that the key of a table be NULL is of rows that have none there.
    """
    lacking = {
        one.table for one in filters
        if one.comparison == "=" and one.value is None and not (one.input or one.moment or one.figure)
        and one.table != base and one.column == tables.key(one.table)
    }  # fmt: skip
    found: list[Join] = []
    there = {base}
    for table in dict.fromkeys(wanted):
        here = base
        for join in tables.path(base, table) or []:
            new = join.right_table if join.left_table == here else join.left_table
            if new not in there:
                found.append(join.model_copy(update={"outer": True}) if outer or table in lacking else join)
                there.add(new)
            here = new
    return tuple(found)


def _beside(tables: Tables, base: str, shown: Iterable[str], known: tuple[Join, ...]) -> tuple[Join, ...]:
    """Further joins, to what is only shown beside rows: rows stay whose key to it may be missing."""
    found: list[Join] = []
    there = {base, *(name for one in known for name in (one.left_table, one.right_table))}
    open_ones = {one.right_table for one in known if one.outer}
    for table in dict.fromkeys(shown):
        here = base
        for join in tables.path(base, table) or []:
            up = join.left_table == here
            new = join.right_table if up else join.left_table
            if new not in there:
                missing = up and tables.column(Place(table=here, column=join.left_column)).nullable
                outer = missing or here in open_ones
                open_ones |= {new} if outer else set()
                found.append(join.model_copy(update={"outer": True}) if outer else join)
                there.add(new)
            here = new
    return tuple(found)


def _calculated(made: Requirements, tables: Tables) -> MadeQuery:
    inputs, filters = _inputs(made, tables)
    if made.sets:
        return MadeQuery(single_row_of_sets(made, tables, f"{tables.one(made.table)}_figures"[:48], filters[0]), inputs)
    places = {one.name: one.place for one in made.bindings if one.place is not None}
    singles = [*(one.name for one in made.figures), *(one.name for one in made.bindings if one.input is not None)]
    read = [parse(one.expression, scalars=singles) for one in made.figures]
    series = any(name in places for one in read for name in one.series_names)
    columns = [Selected(name=name, table=place.table, column=place.column) for name, place in places.items()]
    order_by = ""
    ordered = not series or any(function in _IN_ORDER for one in read for function in one.functions)
    if made.order is not None and ordered and made.table != made.entity:
        name = next(
            (one.name for one in columns if (one.table, one.column) == (made.order.table, made.order.column)), ""
        )
        if not name:
            name = free_name(column_identifier(made.order.column), {*places, *(one.name for one in inputs)})
            columns.append(Selected(name=name, table=made.order.table, column=made.order.column))
        order_by = f"-{name}" if made.descending else name
    terms = _terms(made)[0]
    wanted = [*(one.table for one in columns), *(one.table for one in filters), *(one.table for one in terms)]
    query = Query(
        name=f"{tables.one(made.table)}_{'rows' if series else 'row'}"[:48], table=made.table, columns=tuple(columns),
        terms=terms, joins=_joins(tables, made.table, wanted, filters), filters=filters, order_by=order_by,
        one=not series,
        limit=_SERIES_LIMIT if series else 1,
    )  # fmt: skip
    return MadeQuery(query, inputs, frozenset(places) if series else frozenset())


def _overview(made: Requirements, tables: Tables) -> MadeQuery:
    """Figures of each row or group, or how many things there are whose figures keep conditions."""
    inputs, filters = _inputs(made, tables)
    leading, terms, figures = computed_columns(made, tables, {one.name for one in inputs})
    counts = [
        Selected.model_validate(
            {"name": one.name, "table": one.place.table, "column": one.place.column, "aggregate": one.function}
        )
        for one in made.condensed
    ]  # fmt: skip
    columns = counts if counts else [*leading, *figures, *counts]
    terms = [*terms, *(figures if counts else [])]
    compared = _terms(made)[0]
    order_by = leading[0].name if made.groups else ""
    if made.order_by:
        order_by = ("-" if made.descending else "") + made.order_by
    elif made.order is not None and not made.groups:
        name = next(
            (
                one.name
                for one in columns
                if (one.table, one.column, one.expression) == (made.order.table, made.order.column, "")
            ),
            "",
        )
        order_by = f"-{name}" if name and made.descending else name
    wanted = [one.table for one in (*columns, *terms, *compared, *filters)]
    query = Query(
        name=f"{(counts or figures)[0].name}_{'groups' if made.groups else 'overview'}"[:48], table=made.table,
        columns=tuple(columns), terms=(*compared, *terms), joins=_joins(tables, made.table, wanted, filters),
        filters=filters,
        group_by=tuple(one.name for one in leading) if made.groups else (), order_by=order_by, limit=made.limit,
    )  # fmt: skip
    query = with_sets(query, made, tables) if made.sets else query
    return MadeQuery(query, inputs, listed=tuple(one.name for one in columns))


def _condensed(made: Requirements, tables: Tables) -> MadeQuery:
    inputs, filters = _inputs(made, tables)
    taken = {one.name for one in inputs}
    groups: list[Selected] = []
    for place in made.groups:
        name = column_name(place, tables, made.table, taken | {one.name for one in groups})
        groups.append(Selected(name=name, table=place.table, column=place.column, part=place.part or None))
    measures = [
        Selected.model_validate(
            {
                "name": one.name,
                "table": one.place.table,
                "column": one.place.column,
                "aggregate": one.function,
                "rank": one.rank,
            }
            | ({"times": (one.times.table, one.times.column)} if one.times else {})
        )
        for one in made.condensed
    ]
    terms = _terms(made)[0]
    wanted = [one.table for one in (*groups, *measures, *filters, *terms)]
    order_by = groups[0].name if groups else ""
    if made.order_by and groups:
        order_by = ("-" if made.descending else "") + made.order_by
    query = Query(
        name=f"{measures[0].name}_{'groups' if groups else 'all'}"[:48], table=made.table, columns=(*groups, *measures),
        terms=terms, joins=_joins(tables, made.table, wanted, filters, outer=made.every), filters=filters,
        group_by=tuple(one.name for one in groups),
        order_by=order_by, one=False, limit=made.limit,
    )  # fmt: skip
    return MadeQuery(query, inputs, listed=tuple(one.name for one in (*groups, *measures)))


def _listed(made: Requirements, tables: Tables) -> MadeQuery:
    inputs, filters = _inputs(made, tables)
    taken = {one.name for one in inputs}
    columns: list[Selected] = []
    bound = {one.place: one.name for one in made.bindings}
    taken |= {one.name for one in made.figures}
    for place in made.show:
        name = bound.get(place) or column_name(
            place, tables, made.table, taken | {one.name for one in columns} | set(bound.values())
        )
        columns.append(Selected(name=name, table=place.table, column=place.column))
    one = made.entity == made.table or made.single
    order_by = ""
    if made.order is not None and made.entity != made.table:
        name = next((c.name for c in columns if (c.table, c.column) == (made.order.table, made.order.column)), "")
        if not name and made.single:
            name = column_name(made.order, tables, made.table, taken | {c.name for c in columns})
            columns.append(Selected(name=name, table=made.order.table, column=made.order.column))
        if name:
            order_by = f"-{name}" if made.descending else name
    terms = _terms(made)[0]
    sure = [*(given.table for given in (*filters, *terms)), *([made.order.table] if made.order is not None else [])]
    joins = _joins(tables, made.table, sure, filters)
    joins += _beside(tables, made.table, [each.table for each in columns], joins)
    query = Query(
        name=f"{tables.one(made.table) if one else plural(tables.one(made.table))}_found"[:48], table=made.table,
        columns=tuple(columns), terms=terms, joins=joins,
        filters=filters, order_by=order_by, one=one, limit=1 if one else made.limit,
    )  # fmt: skip
    names = tuple(one.name for one in columns)
    return MadeQuery(query, inputs, frozenset(names if made.figures else ()), names)
