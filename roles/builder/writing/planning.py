"""Makes the plan of a specification: resolves every name, and refuses what can't be written."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from common.errors import ValidationFailed
from roles.builder.writing.formulas import FormulaPlan, qualified
from roles.builder.writing.plan import (
    MODULES,
    PYTHON_TYPES,
    InputPlan,
    ModulesPlan,
    OperationPlan,
    OutputPlan,
    Plan,
    QueryPlan,
    Value,
)  # fmt: skip
from roles.engineering.formulas import Expression, parse
from roles.engineering.formulas.scope import is_series
from roles.engineering.specification import (
    Component,
    Mode,
    Operation,
    Output,
    Query,
    Selected,
    Specification,
    ValueType,
    selected_type,
)  # fmt: skip

__all__ = ["plan_of"]

_SPECIAL = {
    "mode": ("str", "detected.name"), "adjustments": ("tuple[str, ...]", "detected.described"),
    "validation_status": ("str", "decision.status"), "failed_rules": ("tuple[str, ...]", "decision.failed"),
    "analysis": ("str", "analysis.text"), "suggestions": ("tuple[str, ...]", "analysis.suggestions"),
    "report": ("str", "report"), "row_count": ("int", "found.row_count"),
}  # fmt: skip
"""Outputs that are no input, column or formula, with their types and where they come from."""

_DEFAULT_MODULES = {
    "library": "library", "calculator": "calculator", "decision": "decision", "analysis": "analysis",
    "report": "report", "mode_detector": "mode_detector",
}  # fmt: skip


def plan_of(spec: Specification) -> Plan:
    """The plan of a specification. Raises `ValidationFailed` for what can't be written."""
    queries = {one.name: _query_plan(spec, one) for one in spec.queries}
    operations = tuple(_operation_plan(spec, one, queries) for one in spec.operations)
    analyses = any(one.analyses for one in operations)
    takes_mode = any(one.takes_mode for one in operations)
    return Plan(
        spec=spec,
        operations=operations,
        queries=tuple(queries.values()),
        modules=_modules(spec, operations),
        adjusts=analyses or takes_mode,
        formulas=_alike(one for operation in operations for one in operation.formulas),
        rules=_alike(one for operation in operations for one in operation.rules),
    )


def _query_plan(spec: Specification, query: Query) -> QueryPlan:
    inputs: dict[str, InputPlan] = {}
    for operation in spec.operations:
        if operation.query == query.name:
            for one in operation.inputs:
                inputs.setdefault(one.name, InputPlan(one))
    wanted = dict.fromkeys(one.input for one in query.all_filters if one.input is not None)
    if missing := [name for name in wanted if name not in inputs]:
        raise ValidationFailed(f"query {query.name!r} filters by inputs that no operation has: {', '.join(missing)}")
    users = [{one.name for one in operation.inputs} for operation in spec.operations if operation.query == query.name]
    camel = "".join(part.capitalize() for part in query.name.split("_"))
    return QueryPlan(
        query,
        tuple(_column(spec, query, one) for one in query.columns),
        tuple(inputs[name] for name in wanted),
        f"{camel}{'Rows' if is_series(query) else 'Row'}",
        frozenset(name for name in wanted if not all(name in names for names in users)),
    )


def _column(spec: Specification, query: Query, selected: Selected) -> Value:
    for table in spec.source(query.source).tables:
        for column in table.columns:
            if (table.name, column.name) == (selected.table, selected.column):
                kind: ValueType = selected_type(selected, column.type)
                plain = not selected.expression and selected.aggregate not in ("count", "distinct")
                unit = column.unit if plain else ""
                return Value(selected.name, kind, "column", is_series(query), True, unit)
    raise ValidationFailed(f"query {query.name!r} selects {selected.table}.{selected.column}, which is not specified")


def _operation_plan(spec: Specification, operation: Operation, queries: Mapping[str, QueryPlan]) -> OperationPlan:
    inputs = tuple(sorted((InputPlan(one) for one in operation.inputs), key=lambda one: not one.input.required))
    query = queries[operation.query] if operation.query is not None else None
    known: dict[str, Value] = {one.name: one.value for one in inputs}
    for column in query.columns if query else ():
        known[column.name] = column
    takes_mode = spec.takes_mode(operation)
    starts = dict(known)
    formulas = tuple(_formula(spec, name, known) for name in operation.formulas)
    rules = tuple(_rule(spec, name, known) for name in operation.rules)
    used = dict.fromkeys(name for one in (*formulas, *rules) for name in one.expression.names)
    if takes_mode:
        used |= dict.fromkeys(_targets_of(spec.modes, starts))
    values = tuple(value for name, value in starts.items() if name in used)
    written = _written_by(spec, operation, known)
    calculated = {one.name for one in (*formulas,)} | {value.name for value in values}
    targets = tuple(value for name, value in known.items() if name in calculated and value.numeric)
    if not takes_mode:
        calculated = {one.name for one in formulas}
    outputs = tuple(
        _written_output(one) if written else _output(one, known, calculated, operation, query, takes_mode)
        for one in operation.outputs
    )
    plan = OperationPlan(
        operation, inputs, query, values, formulas, rules, outputs, takes_mode,
        spec.modes[0].name if spec.modes else "", targets, written,
    )  # fmt: skip
    if plan.analyses and not written and (plan.key is None or not plan.drivers):
        raise ValidationFailed(f"operation {operation.name!r} has nothing to analyse: no formula over single numbers")
    return plan


def _written_by(spec: Specification, operation: Operation, known: Mapping[str, Value]) -> str:
    """The written component that answers an operation whose outputs nothing else gives; empty for others."""
    written = [one.name for one in spec.components if one.kind == "written"]
    if operation.formulas or not written or all(one.name in known or one.name in _SPECIAL for one in operation.outputs):
        return ""
    return operation.name if operation.name in written else written[0]


def _written_output(output: Output) -> OutputPlan:
    plain = PYTHON_TYPES[output.type]
    return OutputPlan(output, f"tuple[{plain} | None, ...]" if output.series else f"{plain} | None", "", output.series)


def _targets_of(modes: Sequence[Mode], known: Mapping[str, Value]) -> list[str]:
    return [one.target for mode in modes for one in mode.adjustments if one.target in known]


def _formula(spec: Specification, name: str, known: dict[str, Value]) -> FormulaPlan:
    formula = next(one for one in spec.formulas if one.name == name)
    expression = _parsed(formula.expression, formula.name, known)
    rows = _by_row(expression, known, name)
    value = Value(
        name, "boolean" if expression.kind == "boolean" else "number", "formula", rows, rows,
        formula.unit, formula.description,
    )  # fmt: skip
    plan = FormulaPlan(
        name=name,
        expression=expression,
        value=value,
        arguments=tuple((one, _argument(expression, known[one], rows)) for one in expression.names),
        row_arguments=tuple(one for one in expression.names if known[one].series) if rows else (),
        source=qualified(expression),
        unit=formula.unit,
        description=formula.description or name.replace("_", " ").capitalize(),
        origin=formula.source,
        on_zero=formula.on_zero,
        on_null=formula.on_null,
    )
    known[name] = value
    return plan


def _rule(spec: Specification, name: str, known: Mapping[str, Value]) -> FormulaPlan:
    rule = next(one for one in spec.rules if one.name == name)
    expression = _parsed(rule.expression, name, known)
    if expression.kind != "boolean" and [known[one].type for one in expression.names] != ["boolean"]:
        raise ValidationFailed(f"rule {name!r} is neither true nor false: {rule.expression}", todo="Compare something.")
    rows = _by_row(expression, known, name)
    return FormulaPlan(
        name=name,
        expression=expression,
        value=Value(name, "boolean", "rule", rows, rows),
        arguments=tuple((one, _argument(expression, known[one], rows)) for one in expression.names),
        row_arguments=tuple(one for one in expression.names if known[one].series) if rows else (),
        source=qualified(expression),
        description=rule.description or rule.expression,
    )


def _parsed(text: str, name: str, known: Mapping[str, Value]) -> Expression:
    expression = parse(text, scalars=[one.name for one in known.values() if not one.series])
    if unknown := [one for one in expression.names if one not in known]:
        raise ValidationFailed(f"{name!r} uses what its operation does not know: {', '.join(unknown)}", where=text)
    return expression


def _by_row(expression: Expression, known: Mapping[str, Value], name: str) -> bool:
    rows = any(known[one].series for one in expression.scalar_names)
    if rows and expression.series_names:
        raise ValidationFailed(
            f"{name!r} mixes values of single rows with functions over all rows",
            where=expression.text,
            todo="Make the function over all rows a formula of its own.",
        )
    return rows


def _argument(expression: Expression, value: Value, rows: bool) -> str:
    """The annotation of a formula function's argument."""
    plain = "float" if value.numeric else PYTHON_TYPES[value.type]
    if value.name in expression.series_names:
        return f"Sequence[{plain} | None]"
    optional = value.series if rows else value.nullable
    return f"{plain} | None" if optional or value.series else plain


def _output(
    output: Output,
    known: Mapping[str, Value],
    calculated: Collection[str],
    operation: Operation,
    query: QueryPlan | None,
    takes_mode: bool,
) -> OutputPlan:
    name = output.name
    if name in calculated:
        value = known[name]
        return OutputPlan(output, value.computed, f"figures.{name}", value.series)
    if name in known:
        value = known[name]
        return OutputPlan(output, value.exact, f"found.{name}" if value.origin == "column" else name, value.series)
    if name in _SPECIAL:
        _refuse_special(name, operation, query, takes_mode=takes_mode)
        annotation, source = _SPECIAL[name]
        return OutputPlan(output, annotation, source, annotation.startswith("tuple"), special=True)
    raise ValidationFailed(f"operation {operation.name!r} has no value for its output {name!r}")


def _refuse_special(name: str, operation: Operation, query: QueryPlan | None, *, takes_mode: bool) -> None:
    """Raise where the operation has nothing that the output could tell of."""
    lacks = ""
    if name in ("validation_status", "failed_rules") and not operation.rules:
        lacks = "it has no rules"
    elif name == "row_count" and (query is None or query.single):
        lacks = "it reads no rows"
    elif name in ("mode", "adjustments") and not takes_mode:
        lacks = "it calculates in no mode"
    if lacks:
        raise ValidationFailed(f"operation {operation.name!r} can't tell its output {name!r}: {lacks}")


def _modules(spec: Specification, operations: Sequence[OperationPlan]) -> ModulesPlan:
    needed = {"errors", "types", "data", "main"}
    calculates = any(one.calculates for one in operations)
    needed |= {"library"} if calculates else set()
    needed |= {"decision"} if any(one.rules for one in operations) else set()
    needed |= {"analysis"} if any(one.analyses for one in operations) else set()
    needed |= {"report"} if any(one.reports for one in operations) else set()
    needed |= {"mode_detector"} if any(one.takes_mode for one in operations) else set()
    of_kind = {one.kind: MODULES.get(one.kind, one.name) for one in reversed(spec.components) if one.kind != "written"}
    implied = [
        Component(name=MODULES.get(kind) or _DEFAULT_MODULES[kind], kind=kind)  # type: ignore[arg-type]
        for kind in sorted(needed - set(of_kind))
    ]
    of_kind |= {one.kind: one.name for one in implied}
    fixed = {one.name for one in spec.modes if not one.custom}
    calculators = [one for one in spec.components if one.kind == "calculator"]
    own = {one.mode: one.name for one in calculators if one.mode in fixed}
    general = next((one.name for one in calculators if one.mode not in fixed), "")
    analyses = any(one.analyses for one in operations)
    covered = bool(spec.modes) and all(one.name in own for one in spec.modes) and not analyses
    if calculates and not general and not covered:
        implied.append(Component(name="calculator", kind="calculator"))
        general = "calculator"
    return ModulesPlan(
        of_kind, {str(mode): name for mode, name in own.items()}, general or next(iter(own.values()), ""),
        bool(general), tuple(implied),
    )  # fmt: skip


def _alike(formulas: Iterable[FormulaPlan]) -> tuple[FormulaPlan, ...]:
    """Each formula once. Raises `ValidationFailed` where one stands for different things in two operations."""
    found: dict[str, FormulaPlan] = {}
    for one in formulas:
        earlier = found.setdefault(one.name, one)
        if (earlier.rows, earlier.source) != (one.rows, one.source):
            raise ValidationFailed(f"formula {one.name!r} is of rows in one operation and of one value in another")
        if len(one.optional) > len(earlier.optional):
            found[one.name] = one
    return tuple(found.values())
