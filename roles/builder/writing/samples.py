"""Sample values for tests and checks: plausible ones and edges, the same for the same specification."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from roles.builder.writing.plan import InputPlan, OperationPlan, Plan, QueryPlan, Value
from roles.engineering.specification import Adjustment

__all__ = ["Case", "cases_of", "custom_words", "sample", "sample_argument", "source_of_samples"]

_WORDS = ("Alder", "Birch", "Cedar", "Elm", "Fir", "Hazel", "Larch", "Maple", "Oak", "Pine")
_RANGES: Mapping[str, tuple[float, float]] = {
    "fraction": (0.01, 0.2), "percent": (1.0, 20.0), "%": (1.0, 20.0), "years": (5.0, 30.0), "x": (0.5, 3.0),
    "days": (1.0, 90.0), "months": (6.0, 360.0),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Case:
    """One call of an operation: its arguments, the rows that its query gives, and the mode that it comes to."""

    arguments: Mapping[str, JsonValue]
    rows: Sequence[Mapping[str, JsonValue]] = ()
    mode: str = ""
    adjustments: tuple[Adjustment, ...] = ()


def source_of_samples(*names: str) -> random.Random:
    """A generator of sample values that gives the same ones for the same names."""
    return random.Random(":".join(names))  # noqa: S311 - test data


def sample(value: Value, chance: random.Random) -> JsonValue:
    """A plausible value."""
    if value.type == "text":
        return chance.choice(_WORDS)
    if value.type == "date":
        return f"{chance.randint(2019, 2024)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
    if value.type == "boolean":
        return chance.random() < 0.5
    low, high = _RANGES.get(value.unit.lower(), (10_000.0, 200_000.0) if value.unit else (1.0, 1_000.0))
    if value.type == "integer":
        return chance.randint(int(max(low, 1)), int(max(high, 2)))
    digits = 4 if high < 1 else 2
    return round(chance.uniform(low, high), digits)


def sample_argument(one: InputPlan, chance: random.Random) -> JsonValue:
    """A valid argument."""
    given = one.input
    if given.choices and given.type == "text":
        return chance.choice(given.choices)
    value = sample(one.value, chance)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    low = given.minimum if given.minimum is not None else None
    high = given.maximum if given.maximum is not None else None
    if (low is not None and value < low) or (high is not None and value > high):
        start = low if low is not None else min(0.0, (high or 0.0) - 1)
        end = high if high is not None else start + 100
        value = chance.uniform(start, end)
        value = round(value) if given.type == "integer" else round(min(max(value, start), end), 6)
    return value


def sample_rows(query: QueryPlan, chance: random.Random, count: int) -> list[dict[str, JsonValue]]:
    """Plausible rows."""
    return [{column.name: sample(column, chance) for column in query.columns} for _ in range(count)]


def cases_of(plan: Plan, operation: OperationPlan, count: int, seed: str = "cases") -> Iterator[Case]:
    """Plausible calls, every mode in turn; then calls at the edges: NULL, zero, one, negative, large, no rows."""
    chance = source_of_samples(plan.package, operation.name, seed)
    modes = _modes(plan, operation)
    for at in range(count):
        arguments, rows = _plausible(operation, chance)
        words, mode, adjustments = modes[at % len(modes)]
        yield Case({**arguments, **({"mode": words} if words else {})}, rows, mode, adjustments)
    if operation.query is None:
        return
    for column in operation.query.columns:
        for edge in (None, *((0, 1, -1, 1_000_000) if column.numeric else ())):
            arguments, rows = _plausible(operation, chance)
            if column.type != "number" and edge is not None and edge < 0:
                continue
            rows[0][column.name] = edge
            yield Case(arguments, rows)
    if operation.query.query.one:
        arguments, rows = _plausible(operation, chance)
        yield Case(arguments, [*rows, *rows])
    if not operation.query.single or operation.query.query.one:
        yield Case(_plausible(operation, chance)[0], [])


def _plausible(
    operation: OperationPlan, chance: random.Random
) -> tuple[dict[str, JsonValue], list[dict[str, JsonValue]]]:
    arguments = {
        one.name: sample_argument(one, chance)
        for one in operation.inputs
        if one.input.required or chance.random() < 0.5
    }
    if operation.query is None:
        return arguments, []
    rows = sample_rows(operation.query, chance, 1 if operation.query.single else chance.randint(3, 8))
    return arguments, rows


def _modes(plan: Plan, operation: OperationPlan) -> list[tuple[str, str, tuple[Adjustment, ...]]]:
    if not operation.takes_mode:
        return [("", "", ())]
    found: list[tuple[str, str, tuple[Adjustment, ...]]] = [("", plan.spec.modes[0].name, ())]
    for mode in plan.spec.modes:
        if not mode.custom:
            found.append((mode.name, mode.name, mode.adjustments))
            found.append((f"please answer in {mode.name.replace('_', ' ')} mode", mode.name, mode.adjustments))
        elif custom := custom_words(operation):
            found.append((custom[0], mode.name, custom[1]))
    return found


def custom_words(operation: OperationPlan) -> tuple[str, tuple[Adjustment, ...]] | None:
    """A stress in words for an operation, with the adjustments that it means; None where nothing can be stressed."""
    values = [one for one in operation.values if one.numeric][:2]
    if not values:
        return None
    parts: list[str] = []
    meant: list[Adjustment] = []
    for value, (percent, way, factor) in zip(values, ((15, "down", 0.85), (10, "up", 1.1)), strict=False):
        if value.unit.lower() in ("fraction", "percent"):
            parts.append(f"{value.label} up 50 basis points")
            meant.append(
                Adjustment(target=value.name, operation="add", amount=0.5 if value.unit.lower() == "percent" else 0.005)
            )
        else:
            parts.append(f"{value.label} {way} {percent} %")
            meant.append(Adjustment(target=value.name, operation="multiply", amount=factor))
    return " and ".join(parts), tuple(meant)
