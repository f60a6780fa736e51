"""Writes what people read of an agent, and what makes its folder an installable project."""

from __future__ import annotations

from roles.builder.writing.package import error_cases
from roles.builder.writing.plan import OperationPlan, Plan
from roles.builder.writing.planning import plan_of
from roles.builder.writing.render import literal, render
from roles.builder.writing.samples import sample_argument, source_of_samples
from roles.engineering.specification import Mode, Specification

__all__ = ["write_documentation"]

_FIELDS = 3


def write_documentation(spec: Specification) -> dict[str, str]:
    """``README.md`` and ``pyproject.toml``. Raises `ValidationFailed`."""
    plan = plan_of(spec)
    readme = render(
        "readme.md.j2",
        spec=spec,
        plan=plan,
        data=_data(spec),
        examples=[_example(plan, one) for one in plan.operations],
        errors=error_cases(spec),
        adjusted=_adjusted,
    )
    return {"README.md": readme.strip() + "\n", "pyproject.toml": render("pyproject.toml.j2", spec=spec)}


def _data(spec: Specification) -> str:
    if not spec.queries:
        return "none but what it is given"
    tables = sorted({name for query in spec.queries for name in (query.table, *(one.table for one in query.columns))})
    variables = sorted({f"`{one.variable}`" for one in spec.sources})
    return (
        f"the tables {', '.join(f'`{name}`' for name in tables)} of the database that {' and '.join(variables)} names"
    )


def _example(plan: Plan, operation: OperationPlan) -> dict[str, object]:
    chance = source_of_samples(plan.package, operation.name, "readme")
    given = {one.name: sample_argument(one, chance) for one in operation.inputs if one.input.required}
    if operation.takes_mode:
        given["mode"] = plan.spec.modes[-1 if not plan.spec.modes[-1].custom else 0].name
    fields = [one.name for one in operation.outputs if one.name not in given][:_FIELDS]
    return {
        "name": operation.name,
        "keywords": ", ".join(f"{name}={literal(value)}" for name, value in given.items()),
        "fields": fields,
    }


def _adjusted(mode: Mode) -> str:
    words = {"multiply": "times", "add": "plus", "set": "set to"}
    told = [f"`{one.target}` {words[one.operation]} {one.amount:g}" for one in mode.adjustments]
    if mode.custom:
        return ". The request says what changes, such as: 15 % stress on a value, a rate up 200 basis points."
    return f" ({', '.join(told)})" if told else ""
