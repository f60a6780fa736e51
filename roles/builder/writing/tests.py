"""Writes the tests of a package; what they expect is computed from the specification, not by the package's code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue

from roles.builder.writing.expected import TOLD, Expected, expected_answer
from roles.builder.writing.formula_samples import formula_samples
from roles.builder.writing.plan import InputPlan, OperationPlan, Plan
from roles.builder.writing.planning import plan_of
from roles.builder.writing.render import laid_out, literal, render
from roles.builder.writing.sample_database import sample_database
from roles.builder.writing.samples import Case, cases_of
from roles.engineering.specification import Specification

__all__ = ["write_tests"]

_LOOKED_AT = 160
_OF_A_KIND = 2
_ANSWERS = 16
_ERRORS = 24
_VALUES = 6
_WRONG: Mapping[str, Sequence[JsonValue]] = {
    "number": ("many", True), "integer": ("many", 1.5), "text": (5, " "), "date": ("31.12.2024",), "boolean": ("yes",),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _OperationTests:
    name: str
    camel: str
    description: str
    query: str
    told: tuple[str, ...]
    answers: list[tuple[Case, Mapping[str, JsonValue]]]
    errors: list[tuple[Case, str]]


def write_tests(spec: Specification) -> dict[str, str]:
    """The tests by path, below ``tests/``. They run with unittest and with pytest. Raises `ValidationFailed`."""
    plan = plan_of(spec)
    operations = [_operation_tests(plan, one) for one in plan.operations]
    found = {
        "__init__": f'"""The tests of {spec.class_name}."""\n',
        "support": render("test_support.py.j2", spec=spec),
        "test_operations": render("test_operations.py.j2", spec=spec, operations=operations),
        "test_package": render("test_package.py.j2", spec=spec, **_examples(operations)),
    }
    if plan.formulas:
        formulas = [_formula_tests(plan, one.name) for one in plan.formulas]
        found["test_formulas"] = render(
            "test_formulas.py.j2", spec=spec, formulas=formulas, library=plan.modules.of_kind["library"]
        )
    sample = sample_database(plan)
    if sample is not None:
        found["test_database"] = render("test_database.py.j2", spec=spec, sample=sample)
    return laid_out({f"tests/{name}.py": text for name, text in found.items()})


def _operation_tests(plan: Plan, operation: OperationPlan) -> _OperationTests:
    answers: list[tuple[Case, Mapping[str, JsonValue]]] = []
    errors: list[tuple[Case, str]] = []
    kinds: dict[tuple[object, ...], int] = {}
    for case, wanted in _expected(plan, operation):
        kind = (case.arguments.get("mode"), wanted.error, wanted.outputs.get("validation_status"), _shape(case))
        kinds[kind] = kinds.get(kind, 0) + 1
        if kinds[kind] <= _OF_A_KIND and wanted.error and len(errors) < _ERRORS:
            errors.append((case, wanted.error))
        elif kinds[kind] <= _OF_A_KIND and not wanted.error and len(answers) < _ANSWERS:
            answers.append((case, wanted.outputs))
    one = next((case for case, _ in answers), Case({}))
    errors += [(case, "invalid_input") for case in _invalid(plan, operation, one)]
    errors += [(case, "source_unavailable") for case in _broken(operation, one)]
    for check in operation.operation.checks:
        arguments, expected = check.get("arguments"), check.get("expected")
        if isinstance(arguments, dict) and isinstance(expected, dict):
            answers.append((Case(arguments), expected))
    return _OperationTests(
        operation.name, operation.camel, operation.operation.description,
        operation.query.name if operation.query else "", tuple(sorted(operation.special & TOLD)), answers, errors,
    )  # fmt: skip


def _shape(case: Case) -> tuple[str, ...]:
    """Which values of the first row are none or nothing."""
    first: Mapping[str, JsonValue] = case.rows[0] if case.rows else {}
    return tuple(sorted(name for name, value in first.items() if value in (None, 0)))


def _expected(plan: Plan, operation: OperationPlan) -> Iterator[tuple[Case, Expected]]:
    if operation.written:
        return
    for case in cases_of(plan, operation, _LOOKED_AT, "tests"):
        arguments = {name: value for name, value in case.arguments.items() if name != "mode"}
        yield (
            case,
            expected_answer(
                plan.spec, operation.operation, arguments, case.rows, mode=case.mode, adjustments=case.adjustments
            ),
        )


def _invalid(plan: Plan, operation: OperationPlan, good: Case) -> Iterator[Case]:
    """Calls whose arguments can't be used."""
    arguments = {name: value for name, value in good.arguments.items() if name != "mode"}
    for one in operation.inputs:
        for value in _wrong(one):
            yield Case({**arguments, one.name: value}, good.rows)
        if one.input.required:
            yield Case({name: value for name, value in arguments.items() if name != one.name}, good.rows)
    yield Case({**arguments, "not_an_argument": 1}, good.rows)
    if operation.takes_mode:
        yield Case({**arguments, "mode": "nonexistent"}, good.rows)
        yield Case({**arguments, "mode": " "}, good.rows)
        if plan.custom_mode is not None:
            yield Case({**arguments, "mode": plan.custom_mode.name}, good.rows)


def _wrong(one: InputPlan) -> list[JsonValue]:
    given = one.input
    wrong = list(_WRONG[given.type])
    if given.type in ("number", "integer"):
        wrong += [given.minimum - 1] if given.minimum is not None else []
        wrong += [given.maximum + 1] if given.maximum is not None else []
    if given.choices and given.type == "text":
        wrong.append("none of the choices")
    return wrong


def _broken(operation: OperationPlan, good: Case) -> Iterator[Case]:
    """Rows with a text where a number is wanted."""
    if operation.query is None or not good.rows:
        return
    for column in operation.query.columns:
        if column.numeric:
            yield Case(good.arguments, [{**good.rows[0], column.name: "no number"}, *good.rows[1:]])
            return


def _examples(operations: list[_OperationTests]) -> dict[str, Any]:
    examples: list[dict[str, Any]] = []
    for one in operations:
        if one.answers:
            case, wanted = one.answers[0]
            keywords = ", ".join(f"{name}={literal(value)}" for name, value in case.arguments.items())
            examples.append({"name": one.name, "case": case, "wanted": wanted, "keywords": keywords})
    return {"examples": examples, "example": bool(examples)}


def _formula_tests(plan: Plan, name: str) -> dict[str, Any]:
    formula = next(one for one in plan.formulas if one.name == name)
    values: list[tuple[Mapping[str, JsonValue], JsonValue]] = []
    errors: list[tuple[Mapping[str, JsonValue], str]] = []
    for one in formula_samples(plan, formula, 3, "tests"):
        if one.error and len(errors) < _VALUES:
            errors.append((one.given, one.error))
        elif not one.error and len(values) < _VALUES:
            values.append((one.given, one.wanted))
    return {"name": name, "text": formula.expression.text, "samples": values, "errors": errors}
