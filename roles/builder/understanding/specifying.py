"""From requirements to a specification: queries, formulas, operations, messages, examples."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pydantic import ValidationError

from common.errors import BuildError
from roles.builder.understanding.designing import Architecture
from roles.builder.understanding.examples import examples_of
from roles.builder.understanding.naming import class_name_of
from roles.builder.understanding.operations import described, operation_name, outputs_of
from roles.builder.understanding.queries import query_of
from roles.builder.understanding.requirements import Figure, Requirements
from roles.builder.understanding.tables import Tables
from roles.engineering.formulas import parse
from roles.engineering.formulas.tree import Binary, Expression, Name, walk
from roles.engineering.specification import (
    DataSource,
    ErrorCase,
    Formula,
    Input,
    Operation,
    Query,
    Specification,
)

__all__ = ["specify"]


def specify(requirements: Requirements, architecture: Architecture, sources: Sequence[DataSource]) -> Specification:
    """All that code is written from. Raises `BuildError` where something is still open, or does not fit together."""
    if requirements.missing or requirements.uncovered:
        open_ones = [*(one.text for one in requirements.missing), *requirements.uncovered]
        raise BuildError(f"some things are still open: {' '.join(open_ones)}", where="requirements")
    tables = Tables(sources)
    made = query_of(requirements, tables)
    computed = () if requirements.each else requirements.figures
    formulas = tuple(_formula(one, requirements, made.in_series) for one in computed)
    operation = Operation(
        name=operation_name(requirements, tables),
        description=described(requirements, tables),
        inputs=made.inputs,
        query=made.query.name if made.query else None,
        formulas=tuple(one.name for one in formulas),
        rules=tuple(one.name for one in requirements.rules),
        outputs=outputs_of(requirements, tables, made),
        examples=examples_of(requirements, tables, made.inputs),
        checks=(),
    )
    try:
        return Specification(
            name=requirements.name,
            class_name=class_name_of(requirements.name),
            kind=requirements.kind if computed else "data",
            title=requirements.title,
            purpose=_purpose(requirements, operation),
            request=requirements.request,
            examples=operation.examples,
            sources=_used_source(sources, made.query),
            queries=(made.query,) if made.query else (),
            formulas=formulas,
            modes=requirements.modes if computed else (),
            rules=requirements.rules,
            operations=(operation,),
            errors=_errors(requirements, tables, made.inputs),
            components=architecture.components,
            assumptions=requirements.assumptions,
        )
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BuildError(
            f"the specification does not fit together: {first['msg']}", where=where or "specification"
        ) from None


def _purpose(requirements: Requirements, operation: Operation) -> str:
    return f"{operation.description} Asked for: {' '.join(requirements.request.split())}"[:4_000]


def _used_source(sources: Sequence[DataSource], query: Query | None) -> tuple[DataSource, ...]:
    """The source with the tables that the query reads; nothing else of the database gets into the agent."""
    if query is None or not sources:
        return ()
    names = query.tables
    kept = tuple(table for table in sources[0].tables if table.name in names)
    joins = tuple(one for one in sources[0].joins if {one.left_table, one.right_table} <= names)
    # of a plain class: what is known of the rows stays behind
    return (DataSource(name=sources[0].name, variable=sources[0].variable, tables=kept, joins=joins),)


def _formula(figure: Figure, requirements: Requirements, in_series: frozenset[str]) -> Formula:
    expression = figure.expression
    for binding in requirements.bindings:
        if binding.input is not None and binding.input.name != binding.name:
            expression = re.sub(rf"\b{binding.name}\b(?!\s*\()", binding.input.name, expression)
    singles = [one.name for one in requirements.figures if one.name != figure.name]
    singles += [one.input.name for one in requirements.bindings if one.input is not None]
    singles += [one.name for one in requirements.inputs]
    read = parse(expression, scalars=singles)
    for name in read.scalar_names:
        if name in in_series and name not in read.series_names:
            # a value of the thing that the rows belong to is the same in all of them
            expression = re.sub(rf"\b{name}\b", f"first({name})", expression)
    title = figure.title or figure.name.replace("_", " ").capitalize()
    return Formula(
        name=figure.name, expression=expression, unit=figure.unit, description=title, source=figure.source,
        on_zero=_on_zero(title, read), on_null=_on_null(title, read),
    )  # fmt: skip


def _on_zero(title: str, read: Expression) -> str:
    below = [
        one.name
        for node in walk(read.tree)
        if isinstance(node, Binary) and node.operator == "/"
        for one in walk(node.right)
        if isinstance(one, Name)
    ]
    names = " or ".join(dict.fromkeys(name.replace("_", " ") for name in below))
    why = f": the {names} is zero" if len(set(below)) == 1 else ""
    return f"{title} is not defined{why}."


def _on_null(title: str, read: Expression) -> str:
    names = [name.replace("_", " ") for name in read.names]
    if len(names) == 1:
        return f"{title} can't be computed: the {names[0]} is not known."
    return f"{title} can't be computed: {{missing}}."


def _errors(requirements: Requirements, tables: Tables, inputs: Sequence[Input]) -> tuple[ErrorCase, ...]:
    found = [
        ErrorCase(code="invalid_input", message="What was given can't be used.",
                  todo=f"Give {', '.join(one.name for one in inputs)}." if inputs else ""),
        ErrorCase(code="unsupported", message="The agent can't do that."),
    ]  # fmt: skip
    if tables and requirements.table:
        thing = tables.one(requirements.entity or requirements.table).replace("_", " ")
        found += [
            ErrorCase(code="not_found", message=f"There is no such {thing}, or nothing is known of it.",
                      todo=f"Check the number of the {thing}."),
            ErrorCase(code="source_unavailable", message="The database can't be reached.",
                      todo="Check that it runs and that its address is set."),
        ]  # fmt: skip
    if requirements.figures and not requirements.each:
        found += [
            ErrorCase(code="missing_value", message="A value that is needed is not known."),
            ErrorCase(code="undefined", message="The figure is not defined for these values."),
        ]
    return tuple(found)
