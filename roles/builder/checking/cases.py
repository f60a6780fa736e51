"""What a package is asked in the sandbox, and what it has to answer: computed from the specification, as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from roles.builder.writing.expected import TOLD, expected_answer
from roles.builder.writing.formula_samples import formula_samples
from roles.builder.writing.plan import Plan
from roles.builder.writing.samples import cases_of

__all__ = ["formula_cases", "operation_cases"]


def formula_cases(plan: Plan, count: int) -> list[JsonValue]:
    """Random and edge values for each formula function by itself."""
    library = plan.modules.of_kind.get("library", "")
    return [
        {
            "module": library, "name": formula.name, "given": dict(one.given), "wanted": one.wanted,
            "error": one.error, "file": f"{plan.package}/{library}.py", "told": [],
        }
        for formula in plan.formulas
        for one in formula_samples(plan, formula, count, "check")
    ]  # fmt: skip


def operation_cases(plan: Plan, count: int) -> list[JsonValue]:
    """Whole calls with the rows that a database would give, in every mode, plausible and at the edges."""
    found: list[JsonValue] = []
    for operation in plan.operations:
        if operation.written:
            continue
        for one in cases_of(plan, operation, count, "check"):
            arguments = {name: value for name, value in one.arguments.items() if name != "mode"}
            wanted = expected_answer(
                plan.spec, operation.operation, arguments, one.rows, mode=one.mode, adjustments=one.adjustments
            )
            found.append(_call(operation.name, one.arguments, one.rows, dict(wanted.outputs), wanted.error,
                               sorted(operation.special & TOLD)))  # fmt: skip
    for operation in plan.operations:
        for check in operation.operation.checks:
            arguments, expected = check.get("arguments"), check.get("expected")
            if isinstance(arguments, dict) and isinstance(expected, dict):
                found.append(_call(operation.name, arguments, [], expected, "", []))
    return found


def _call(
    name: str,
    given: Mapping[str, JsonValue],
    rows: Sequence[Mapping[str, JsonValue]],
    wanted: dict[str, JsonValue],
    error: str,
    told: Sequence[str],
) -> dict[str, JsonValue]:
    return {
        "name": name, "given": dict(given), "rows": [dict(row) for row in rows], "wanted": wanted, "error": error,
        "file": "", "told": list(told),
    }  # fmt: skip
