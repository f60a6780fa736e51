"""What is wrong with a specification beyond its shape: formulas, names, units, types."""

from __future__ import annotations

from collections.abc import Iterable

from common.errors import ValidationFailed
from roles.builder.understanding.naming_columns import RESERVED
from roles.engineering.findings import Finding
from roles.engineering.formulas import parse
from roles.engineering.formulas.scope import is_series, read_formulas, read_rules, scope_of
from roles.engineering.formulas.units import unit_of
from roles.engineering.specification import Operation, Query, Specification
from roles.engineering.sql_formulas import can_be_asked

__all__ = ["check_specification"]

_FILE = "specification.yaml"


def check_specification(specification: Specification) -> list[Finding]:
    """The findings; empty: everything that code is written from fits together."""
    found = [*_queries(specification), *_modes(specification), *_names(specification)]
    for operation in specification.operations:
        found += _operation(specification, operation)
    return sorted(set(found))


def _finding(rule: str, what: str, todo: str = "") -> Finding:
    return Finding(_FILE, 0, rule, what, todo)


def _queries(specification: Specification) -> Iterable[Finding]:
    for query in specification.queries:
        tables = {
            one.name: {column.name for column in one.columns} for one in specification.source(query.source).tables
        }
        keys = [one for each in query.sets for one in each.keys]
        joins = [*query.joins, *(one for each in query.sets for one in each.joins)]
        uses = [(one.table, one.column) for one in (*query.columns, *query.terms, *query.all_filters, *keys)]
        uses += [one for group in query.filter_groups for one in sorted(group.reads)]
        uses += [(one.left_table, one.left_column) for one in joins]
        uses += [(one.right_table, one.right_column) for one in joins]
        uses += [one.times for one in query.columns if one.times is not None]
        for table, column in uses:
            if column not in tables.get(table, set()):
                yield _finding("column", f"query {query.name} uses {table}.{column}, which the source does not have.")
        reached = {query.table, *(name for one in query.joins for name in (one.left_table, one.right_table))}
        for table in {one.table for one in (*query.columns, *query.terms, *query.filters)} - reached:
            if not query.sets:
                yield _finding("join", f"query {query.name} uses {table}, which no join leads to.", "Add a join.")
        yield from _sets(query)
        yield from _computed(query)
        names = [one.name for one in (*query.terms, *query.columns)]
        if len(names) != len(set(names)):
            yield _finding("name", f"query {query.name} selects two columns by one name.")
        for name in (*query.group_by, *([query.order_by.removeprefix("-")] if query.order_by else [])):
            if name not in names:
                yield _finding("name", f"query {query.name} groups or orders by {name}, which it does not select.")
        yield from _groups(query)
        yield from _chosen(query)


def _chosen(query: Query) -> Iterable[Finding]:
    """What is wrong with groups of filters, and with the first rows of each kind."""
    reached = {query.table, *(name for one in query.joins for name in (one.left_table, one.right_table))}
    for group in query.filter_groups:
        for table in group.tables - reached:
            yield _finding("join", f"query {query.name} uses {table}, which no join leads to.", "Add a join.")
        if any(one.figure for one in group.all_filters):
            yield _finding("name", f"query {query.name} has a group of filters by a figure.", "Filter the query by it.")
    leading = query.leading
    if leading is None:
        return
    columns = {one.name for one in query.columns}
    for name in leading.by:
        if name not in query.figures or (query.group_by and name not in query.group_by):
            yield _finding("group", f"query {query.name} has no column {name} that tells the kinds of its rows.")
    if leading.order_by.removeprefix("-") not in columns:
        yield _finding("name", f"query {query.name} orders the rows of a kind by {leading.order_by}, which it lacks.")
    if query.is_wrapped or query.one or query.sets:
        yield _finding("group", f"query {query.name} can't have the first rows of each kind besides the rest.")


def _sets(query: Query) -> Iterable[Finding]:
    """What is wrong with sets of rows: columns of other tables, groups that a set has no columns for."""
    sets = {one.name: one for one in query.sets}
    for one in query.sets:
        reached = {one.table, *(name for join in one.joins for name in (join.left_table, join.right_table))}
        read = {each.table for each in query.figures.values() if each.rows == one.name}
        for table in (one.tables | read) - reached:
            yield _finding("join", f"the rows {one.name} use {table}, which no join leads to.", "Add a join.")
        for name in set(query.group_by) - {key.name for key in one.keys}:
            yield _finding("group", f"the rows {one.name} have no column for the group {name}.")
        if any(each.figure for each in one.filters):
            yield _finding("name", f"the rows {one.name} are filtered by a figure.", "Filter the query by it.")
    for one in query.figures.values():
        plain = not one.expression and one.name not in query.group_by
        if one.rows is not None and one.rows not in sets:
            yield _finding("name", f"query {query.name} has no rows {one.rows}.")
        if sets and plain and one.rows is None:
            yield _finding("name", f"query {query.name}: {one.name} is of none of its sets of rows.")
        looked = [*one.over.within, one.over.along] if one.over is not None else []
        for name in looked:
            if name is not None and name not in query.group_by:
                yield _finding("group", f"query {query.name}: {one.name} looks along {name}, which is no group.")


def _computed(query: Query) -> Iterable[Finding]:
    """What is wrong with the formulas that the database computes, and with what compares them."""
    known: list[str] = []
    for one in query.figures.values():
        if one.expression:
            try:
                expression = parse(one.expression, scalars=list(query.figures))
            except ValidationFailed as error:
                yield _finding("formula", f"query {query.name}, {one.name}: {error.what}", error.todo)
                continue
            if wrong := [name for name in expression.names if name not in known]:
                yield _finding(
                    "name", f"query {query.name}, {one.name} uses {', '.join(wrong)}, which it does not have."
                )
            if not can_be_asked(expression):
                yield _finding("formula", f"query {query.name}: databases can't compute {one.name}.")
        known.append(one.name)
    for one in query.filters:
        if one.figure is not None and one.figure not in known:
            yield _finding("name", f"query {query.name} compares {one.figure}, which it does not have.")


def _groups(query: Query) -> Iterable[Finding]:
    for one in query.columns:
        if query.group_by and one.name not in query.group_by and not query.condenses(one):
            yield _finding("group", f"query {query.name} neither groups by {one.name} nor condenses it.")


def _names(specification: Specification) -> Iterable[Finding]:
    used = [one.name for one in specification.formulas]
    used += [one.name for query in specification.queries for one in query.columns]
    used += [one.name for operation in specification.operations for one in operation.inputs]
    for name in dict.fromkeys(used):
        if name in RESERVED:
            yield _finding("name", f"{name} has a meaning of its own in every agent.", "Give it another name.")


def _modes(specification: Specification) -> Iterable[Finding]:
    known = {one.name for one in specification.formulas}
    known |= {one.name for query in specification.queries for one in query.columns}
    known |= {one.name for operation in specification.operations for one in operation.inputs}
    for mode in specification.modes:
        for change in mode.adjustments:
            if change.target not in known:
                yield _finding("mode", f"mode {mode.name} changes {change.target}, which there is not.")


def _operation(specification: Specification, operation: Operation) -> list[Finding]:
    where = f"operation {operation.name}"
    found: list[Finding] = []
    scope = scope_of(specification, operation)
    try:
        formulas = read_formulas(specification, operation)
        rules = read_rules(specification, operation)
    except ValidationFailed as error:
        return [_finding("formula", f"{where}, {error.where}: {error.what}", error.todo)]
    known = scope.scalars | scope.series | {one.formula.name for one in formulas}
    for rule, expression in rules:
        for name in expression.names:
            if name not in known:
                found.append(_finding("name", f"rule {rule.name} uses {name}, which {where} does not have."))
    units = {one.name: one.unit for one in operation.inputs}
    if operation.query is not None:
        query = specification.query(operation.query)
        inputs = {one.name for one in operation.inputs}
        found += [
            _finding("input", f"query {query.name} filters by {one.input}, which is no input of {where}.")
            for one in query.all_filters if one.input is not None and one.input not in inputs
        ]  # fmt: skip
        units |= _units(specification, query)
        if any(one.formula.name in {column.name for column in query.columns} for one in formulas):
            found.append(_finding("name", f"{where} has a formula and a column by one name."))
    for one in formulas:
        told = unit_of(one.expression, units)
        if told.problem:
            found.append(
                _finding("unit", f"formula {one.formula.name}: {told.problem}", "Check the formula or the units.")
            )
        units[one.formula.name] = one.formula.unit or told.unit
    found += _outputs(specification, operation, known)
    return found


def _units(specification: Specification, query: Query) -> dict[str, str]:
    tables = {
        one.name: {column.name: column.unit for column in one.columns}
        for one in specification.source(query.source).tables
    }
    return {
        one.name: tables.get(one.table, {}).get(one.column, "") for one in query.columns if one.aggregate != "count"
    }


def _outputs(specification: Specification, operation: Operation, known: Iterable[str]) -> list[Finding]:
    found: list[Finding] = []
    have = set(known) | {
        "row_count",
        "mode",
        "validation_status",
        "failed_rules",
        "analysis",
        "suggestions",
        "report",
        "adjustments",
    }
    series = operation.query is not None and is_series(specification.query(operation.query))
    written = any(one.kind == "written" for one in specification.components)
    for output in operation.outputs:
        if output.name not in have and not written:
            found.append(_finding("output", f"operation {operation.name} has no value for its output {output.name}."))
        if output.name == "row_count" and not series:
            found.append(_finding("output", f"operation {operation.name} counts rows and asks for one only."))
        if output.name in ("validation_status", "failed_rules") and not operation.rules:
            found.append(_finding("output", f"operation {operation.name} has no rules to tell {output.name} by."))
    return found
