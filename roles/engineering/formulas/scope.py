"""What the names in an operation's formulas stand for: one value each, or a series with a value for each row."""

from __future__ import annotations

from dataclasses import dataclass

from common.errors import ValidationFailed
from roles.engineering.formulas.parser import parse
from roles.engineering.formulas.tree import Expression
from roles.engineering.specification import Formula, Operation, Query, Rule, Specification

__all__ = ["ReadFormula", "Scope", "is_series", "read_formulas", "read_rules", "scope_of"]


@dataclass(frozen=True, slots=True)
class Scope:
    """The names that formulas may use: those of single values and those of series."""

    scalars: frozenset[str]
    series: frozenset[str]


@dataclass(frozen=True, slots=True)
class ReadFormula:
    """A formula with its expression. `per_row`: it has a value for each row, which makes its name a series."""

    formula: Formula
    expression: Expression
    per_row: bool


def is_series(query: Query) -> bool:
    """Whether a query's columns are series: all but those of one row, and of one row of aggregates."""
    condensed = not query.group_by and all(query.condenses(column) for column in query.columns)
    return not query.one and not condensed


def scope_of(specification: Specification, operation: Operation) -> Scope:
    """The names of an operation's inputs and columns. Raises `KeyError` for an unknown query."""
    scalars, series = {one.name for one in operation.inputs}, set[str]()
    if operation.query is not None:
        query = specification.query(operation.query)
        (series if is_series(query) else scalars).update(one.name for one in query.columns)
    return Scope(frozenset(scalars), frozenset(series))


def read_formulas(specification: Specification, operation: Operation) -> list[ReadFormula]:
    """The operation's formulas, in its order. Raises `ValidationFailed` that names the formula that can't be used."""
    scope = scope_of(specification, operation)
    scalars, series = set(scope.scalars), set(scope.series)
    by_name = {one.name: one for one in specification.formulas}
    found: list[ReadFormula] = []
    for name in operation.formulas:
        read = _read(by_name[name], Scope(frozenset(scalars), frozenset(series)))
        (series if read.per_row else scalars).add(name)
        found.append(read)
    return found


def read_rules(specification: Specification, operation: Operation) -> list[tuple[Rule, Expression]]:
    """The operation's rules with their expressions. Raises `ValidationFailed` that names the rule."""
    scope = scope_of(specification, operation)
    read = read_formulas(specification, operation)
    scalars = scope.scalars | {one.formula.name for one in read if not one.per_row}
    by_name = {one.name: one for one in specification.rules}
    found: list[tuple[Rule, Expression]] = []
    for name in operation.rules:
        expression = _parsed(by_name[name].expression, scalars, f"rule {name}")
        if expression.kind != "boolean" and len(expression.names) != 1:
            raise ValidationFailed("the rule is no condition.", where=f"rule {name}", todo="Compare: dscr >= 1.25.")
        found.append((by_name[name], expression))
    return found


def _read(formula: Formula, scope: Scope) -> ReadFormula:
    where = f"formula {formula.name}"
    expression = _parsed(formula.expression, scope.scalars, where)
    unknown = [name for name in expression.names if name not in scope.scalars | scope.series]
    if unknown:
        known = ", ".join(sorted(scope.scalars | scope.series)) or "nothing"
        raise ValidationFailed(
            f"it uses {', '.join(unknown)}, which is no input, column or earlier formula.", where=where,
            todo=f"There are: {known}.",
        )  # fmt: skip
    per_row = any(name in scope.series for name in expression.scalar_names)
    if per_row and expression.series_names:
        raise ValidationFailed(
            "it uses a value of each row beside a function over all rows.", where=where,
            todo="Make the function over all rows a formula of its own.",
        )  # fmt: skip
    return ReadFormula(formula, expression, per_row)


def _parsed(text: str, scalars: frozenset[str], where: str) -> Expression:
    try:
        return parse(text, scalars=scalars)
    except ValidationFailed as error:
        raise ValidationFailed(error.what, where=f"{where}, {error.where}", todo=error.todo) from None
