"""The numbers of a question as arguments of a built agent's operation: those that were said for a name come first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from common.language.parts import Part
from common.language.slots import compile_slots, fill_slots, scope_of
from roles.deployed.given_values import Given, given_values, phrases_of, without

if TYPE_CHECKING:
    from roles.engineering.specification import Input, Operation, Specification

__all__ = ["SaidNumbers", "Told"]

_NUMERIC = ("number", "integer")


@dataclass(frozen=True, slots=True)
class Told:
    """What a question says: `values` for inputs, and the words for values that the operation reads elsewhere."""

    values: Mapping[str, float]
    beside: tuple[str, ...]


class SaidNumbers:
    """Reads them for one operation; `schema` is that of its tool.

    Names are those of the inputs, and of the numbers that its query reads: "property 5" is a key where "NOI is 90k" is
    not, however little else was said.
    """

    def __init__(self, specification: Specification, operation: Operation, schema: Mapping[str, Any]) -> None:
        known: Mapping[str, Any] = schema.get("properties", {})
        self._inputs = {one.name: one for one in operation.inputs if one.type in _NUMERIC and one.name in known}
        self._required = tuple(schema.get("required", ()))
        self._slots = [slot for slot in compile_slots(dict(schema)) if slot.name in self._inputs]
        self._phrases = {name: phrases_of(name, one.description) for name, one in self._inputs.items()}
        things = {name.removesuffix("_id").replace("_", " ") for name in self._inputs if name.endswith("_id")}
        for name in _read_numbers(specification, operation):
            # of loans, "loan 5" is the row, though people call the amount of a loan so, too
            self._phrases.setdefault(name, [phrase for phrase in phrases_of(name) if phrase not in things])

    def read(self, text: str) -> Told:
        """What the text says for names."""
        return self._told(text, given_values(text, self._phrases))

    def completed(self, text: str, arguments: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
        """The arguments with what the text says for names, and what is missing of them.

        A number that was said for a name is none of another's: the others are read anew from the rest of the text.
        """
        given = given_values(text, self._phrases)
        found = dict(arguments)
        if given:
            rest = without(text, given)
            told = self._told(text, given).values
            left = [slot for slot in self._slots if slot.name not in told]
            again = fill_slots(left, scope_of(Part(0, rest, rest), rest)).values if left else {}
            found = {name: value for name, value in found.items() if name not in self._inputs} | again | dict(told)
        return found, tuple(name for name in self._required if name not in found)

    def _told(self, text: str, given: Sequence[Given]) -> Told:
        values: dict[str, float] = {}
        for one in given:
            if one.name in self._inputs and (value := _fitting(self._inputs[one.name], one)) is not None:
                values[one.name] = value
        beside = tuple(text[one.start : one.end].strip(" ,;") for one in given if one.name not in self._inputs)
        return Told(values, beside)


def _read_numbers(specification: Specification, operation: Operation) -> list[str]:
    """The numbers that the operation's query reads, but for keys."""
    if operation.query is None:
        return []
    query = specification.query(operation.query)
    keys = {one.column for one in query.all_filters}
    names = {name for one in specification.formulas for name in one.expression.replace("(", " ").split()}
    return [
        one.name for one in query.columns
        if one.name not in keys and not one.name.endswith("id") and one.name in names
    ]  # fmt: skip


def _fitting(one: Input, given: Given) -> float | None:
    value = round(given.value / 100, 12) if given.percent and one.unit == "fraction" else given.value
    low, high = one.minimum, one.maximum
    if (low is not None and value < low) or (high is not None and value > high):
        return None
    if one.type == "integer":
        return int(value) if value == int(value) else None
    return value
