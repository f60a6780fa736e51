"""What the templates are filled from: a specification with every name, type and module decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from roles.engineering.formulas.scope import is_series
from roles.engineering.specification import (
    Component,
    Input,
    Mode,
    Operation,
    Output,
    Query,
    Specification,
    ValueType,
)  # fmt: skip

if TYPE_CHECKING:
    from roles.builder.writing.formulas import FormulaPlan

__all__ = [
    "MODULES", "PYTHON_TYPES", "InputPlan", "ModulesPlan", "OperationPlan", "OutputPlan", "Plan", "QueryPlan", "Value",
    "label_of",
]  # fmt: skip

PYTHON_TYPES: Mapping[ValueType, str] = {
    "number": "float", "integer": "int", "text": "str", "date": "str", "boolean": "bool",
}  # fmt: skip
"""The types of generated code; dates are ISO text."""

MODULES: Mapping[str, str] = {"errors": "errors", "types": "types", "data": "data", "main": "agent"}
"""Modules whose name does not depend on their component's."""


_ACRONYMS = frozenset({
    "apr", "bmi", "cagr", "cogs", "cpi", "dscr", "dti", "ebit", "ebitda", "eps", "eur", "gdp", "id", "irr", "ltv",
    "noi", "npv", "roa", "roce", "roe", "roi", "usd", "vat", "ytd",
})  # fmt: skip


def label_of(name: str) -> str:
    """A name as people read it: words apart, known abbreviations in capitals."""
    return " ".join(part.upper() if part in _ACRONYMS else part for part in name.split("_"))


@dataclass(frozen=True, slots=True)
class Value:
    """A named value: where it comes from, its type, and whether it is a series, or can be NULL."""

    name: str
    type: ValueType
    origin: str
    series: bool = False
    nullable: bool = True
    unit: str = ""
    description: str = ""

    @property
    def numeric(self) -> bool:
        """Whether it can be calculated with."""
        return self.type in ("number", "integer")

    @property
    def label(self) -> str:
        """What people read."""
        return label_of(self.name)

    @property
    def exact(self) -> str:
        """Its Python type, whole numbers as int."""
        return self._annotated(PYTHON_TYPES[self.type])

    @property
    def computed(self) -> str:
        """Its Python type in calculations, where numbers are float."""
        return self._annotated("float" if self.numeric else PYTHON_TYPES[self.type])

    def _annotated(self, plain: str) -> str:
        if self.series:
            return f"tuple[{plain} | None, ...]"
        return f"{plain} | None" if self.nullable else plain


@dataclass(frozen=True, slots=True)
class InputPlan:
    """An argument of an operation as its method declares and checks it."""

    input: Input

    @property
    def name(self) -> str:
        """Its name."""
        return self.input.name

    @property
    def nullable(self) -> bool:
        """Whether it may be left out with nothing in its place."""
        return not self.input.required and self.input.default is None

    @property
    def value(self) -> Value:
        """The value that it gives."""
        one = self.input
        return Value(one.name, one.type, "input", False, self.nullable, one.unit, one.description)

    @property
    def annotation(self) -> str:
        """Its Python type."""
        return self.value.exact

    @property
    def default(self) -> str | None:
        """Its default in Python, None where it must be given."""
        return None if self.input.required else repr(_default_of(self.input))


def _default_of(one: Input) -> object:
    if isinstance(one.default, int | float) and not isinstance(one.default, bool):
        return float(one.default) if one.type == "number" else one.default
    return one.default


@dataclass(frozen=True, slots=True)
class QueryPlan:
    """A query with the Python types of its columns and the inputs that its filters take.

    `may_lack` are inputs that some of its operations don't have.
    """

    query: Query
    columns: tuple[Value, ...]
    parameters: tuple[InputPlan, ...]
    class_name: str
    may_lack: frozenset[str] = frozenset()

    @property
    def signature(self) -> str:
        """The parameters of the function that reads it."""
        parts = [
            f"{one.name}: {one.annotation.removesuffix(' | None')} | None = None"
            if one.name in self.may_lack
            else f"{one.name}: {one.annotation}"
            for one in self.parameters
        ]
        return f", *, {', '.join(parts)}" if parts else ""

    @property
    def name(self) -> str:
        """Its name."""
        return self.query.name

    @property
    def must_be_alone(self) -> bool:
        """Whether a second row makes the first one meaningless: nothing says which of them comes first."""
        return self.query.one and not self.query.order_by

    @property
    def single(self) -> bool:
        """Whether its columns are single values: it gives one row."""
        return not is_series(self.query)


@dataclass(frozen=True, slots=True)
class OutputPlan:
    """A field of an operation's answer: its type and the expression that fills it.

    `special`: it is no input, column or formula, but what is told of them.
    """

    output: Output
    annotation: str
    source: str
    sequence: bool
    special: bool = False

    @property
    def name(self) -> str:
        """Its name."""
        return self.output.name


@dataclass(frozen=True)
class OperationPlan:
    """An operation with everything that its code needs."""

    operation: Operation
    inputs: tuple[InputPlan, ...]
    query: QueryPlan | None
    values: tuple[Value, ...]
    formulas: tuple[FormulaPlan, ...]
    rules: tuple[FormulaPlan, ...]
    outputs: tuple[OutputPlan, ...]
    takes_mode: bool
    default_mode: str
    targets: tuple[Value, ...]
    written: str = ""

    @property
    def name(self) -> str:
        """Its name."""
        return self.operation.name

    @property
    def required(self) -> tuple[str, ...]:
        """The arguments that must be given."""
        return tuple(one.name for one in self.inputs if one.input.required)

    @property
    def optional(self) -> tuple[str, ...]:
        """The arguments that may be left out."""
        return (*(one.name for one in self.inputs if not one.input.required), *(["mode"] if self.takes_mode else []))

    @property
    def camel(self) -> str:
        """The beginning of its classes' names."""
        return "".join(part.capitalize() for part in self.name.split("_"))

    @property
    def calculates(self) -> bool:
        """Whether it computes formulas or rules."""
        return bool(self.formulas or self.rules)

    @property
    def special(self) -> frozenset[str]:
        """The outputs that are no input, column or formula."""
        return frozenset(one.name for one in self.outputs if one.special)

    @property
    def analyses(self) -> bool:
        """Whether it answers with an analysis or suggestions."""
        return bool(self.special & {"analysis", "suggestions"})

    @property
    def reports(self) -> bool:
        """Whether it answers with a report."""
        return "report" in self.special

    @property
    def drivers(self) -> tuple[Value, ...]:
        """Single numbers whose change is looked at in an analysis."""
        return tuple(one for one in self.values if one.numeric and not one.series)

    @property
    def key(self) -> FormulaPlan | None:
        """The formula that an analysis is about: that of the first rule, else the last that gives a number."""
        numbers = [one for one in self.formulas if one.kind == "number" and not one.rows]
        for rule in self.rules:
            for name in rule.expression.names:
                if (found := next((one for one in numbers if one.name == name), None)) is not None:
                    return found
        return numbers[-1] if numbers else None

    @property
    def all_values(self) -> tuple[Value, ...]:
        """What its figures hold: the values that it starts from, and the formulas."""
        return (*self.values, *(one.value for one in self.formulas))


@dataclass(frozen=True)
class ModulesPlan:
    """Which module holds what; `implied` are those that no component of the specification stands for."""

    of_kind: Mapping[str, str]
    calculators: Mapping[str, str]
    general: str
    general_is_component: bool
    implied: tuple[Component, ...] = ()


@dataclass(frozen=True)
class Plan:
    """A specification as the templates need it."""

    spec: Specification
    operations: tuple[OperationPlan, ...]
    queries: tuple[QueryPlan, ...]
    modules: ModulesPlan
    adjusts: bool
    formulas: tuple[FormulaPlan, ...] = field(default=())
    rules: tuple[FormulaPlan, ...] = field(default=())

    @property
    def custom_mode(self) -> Mode | None:
        """The mode whose adjustments come from words."""
        return next((one for one in self.spec.modes if one.custom), None)

    @property
    def package(self) -> str:
        """The package's name."""
        return self.spec.name

    @property
    def calculating(self) -> tuple[OperationPlan, ...]:
        """The operations that compute."""
        return tuple(one for one in self.operations if one.calculates)

    @property
    def analysing(self) -> tuple[OperationPlan, ...]:
        """The operations that analyse."""
        return tuple(one for one in self.operations if one.analyses)

    @property
    def reporting(self) -> tuple[OperationPlan, ...]:
        """The operations that write a report."""
        return tuple(one for one in self.operations if one.reports)

    @property
    def deciding(self) -> tuple[OperationPlan, ...]:
        """The operations with rules."""
        return tuple(one for one in self.operations if one.rules)
