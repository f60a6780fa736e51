"""Values for formulas by themselves, with what each has to give: computed by the evaluation, not by written code."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from pydantic import JsonValue

from roles.builder.writing.formulas import FormulaPlan
from roles.builder.writing.plan import Plan, Value
from roles.builder.writing.samples import sample, source_of_samples
from roles.engineering.formulas import Scalar, Undefined, evaluate

__all__ = ["FormulaSample", "formula_samples"]

_EDGES = (0, 1, -1, 0.05, 1_000_000)
_ROWS = 6


@dataclass(frozen=True, slots=True)
class FormulaSample:
    """Arguments of a formula with its value, or the code of the error that there must be instead."""

    given: Mapping[str, JsonValue]
    wanted: JsonValue
    error: str = ""


def formula_samples(plan: Plan, formula: FormulaPlan, count: int, seed: str) -> Iterator[FormulaSample]:
    """So many plausible samples, then edges of every argument: zero, one, negative, large, NULL, short series."""
    known: dict[str, Value] = {}
    for operation in plan.calculating:
        known |= {one.name: one for one in operation.all_values}
    chance = source_of_samples(plan.package, formula.name, seed)
    for given in _arguments(formula, known, chance, count):
        try:
            wanted = evaluate(formula.expression, cast("Mapping[str, Scalar]", given))
        except Undefined:
            yield FormulaSample(given, None, "undefined")
        else:
            yield FormulaSample(given, wanted, "missing_value" if wanted is None else "")


def _arguments(
    formula: FormulaPlan, known: Mapping[str, Value], chance: random.Random, count: int
) -> Iterator[dict[str, JsonValue]]:
    def plausible(rows: int = _ROWS) -> dict[str, JsonValue]:
        return {
            name: [sample(known[name], chance) for _ in range(rows)]
            if kind.startswith("Sequence")
            else sample(known[name], chance)
            for name, kind in formula.arguments
        }

    for _ in range(count):
        yield plausible()
    for name, kind in formula.arguments:
        edges: list[JsonValue] = [*_EDGES] if known[name].numeric else []
        edges += [None] if "None" in kind else []
        for edge in edges:
            values = plausible()
            series = values[name]
            values[name] = [edge, *series[1:]] if isinstance(series, list) else edge
            yield values
        if kind.startswith("Sequence"):
            shorts: list[list[JsonValue]] = [[], [None], [sample(known[name], chance)]]
            for short in shorts:
                yield {**plausible(len(short)), name: short}
