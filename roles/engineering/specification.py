"""The specification of an agent: everything that its code, tests and documentation are written from."""

from __future__ import annotations

import hashlib
import json
import keyword
import re
import sys
from collections.abc import Mapping, Sequence
from typing import Literal, Self

from pydantic import Field, JsonValue, model_validator

from roles.engineering.query_parts import (
    Filter,
    FilterGroup,
    Identifier,
    Join,
    Leading,
    Over,
    Part,
    Query,
    Related,
    RowSet,
    Selected,
    ValueType,
    selected_type,
)  # fmt: skip

__all__ = [
    "Adjustment", "Column", "Component", "Constraints", "DataSource", "ErrorCase", "Filter", "FilterGroup", "Formula",
    "Input", "Join", "Leading", "Mode", "Operation", "Output", "Over", "Query", "Related", "RowSet", "Rule", "Selected",
    "Specification", "Table", "ValueType", "selected_type",
]  # fmt: skip

_CLASS = re.compile(r"[A-Z][A-Za-z0-9]{0,63}")
_METHODS = frozenset({"call", "source"})
_VERSION = re.compile(r"\d{1,6}\.\d{1,6}\.\d{1,6}")


class Column(Part):
    """A column of a table as the database describes it."""

    name: str = Field(min_length=1, max_length=128)
    type: ValueType
    nullable: bool = True
    unit: str = ""


class Table(Part):
    """A table and the columns of it that are known; `key` names the columns of its primary key."""

    name: str = Field(min_length=1, max_length=128)
    columns: tuple[Column, ...] = Field(min_length=1)
    key: tuple[str, ...] = ()


class DataSource(Part):
    """A SQL database; its address is in the environment variable `variable`, never in the specification."""

    name: Identifier = "database"
    variable: str = "DATABASE_URL"
    tables: tuple[Table, ...] = Field(min_length=1)
    joins: tuple[Join, ...] = ()


class Input(Part):
    """An argument of an operation. `choices` are the only values allowed, where there are any."""

    name: Identifier
    type: ValueType
    description: str = ""
    unit: str = ""
    required: bool = True
    default: JsonValue = None
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()


class Formula(Part):
    """A named value by an expression (`roles.engineering.formulas`) over inputs, columns and earlier formulas.

    `on_zero` is the message where it would divide by zero or has no value otherwise, `on_null` where a value that it
    needs is NULL; ``{missing}`` in it is replaced by what that is ("the value of income is not known"). A number
    that is too large has an error of its own.
    """

    name: Identifier
    expression: str = Field(min_length=1, max_length=2_000)
    unit: str = ""
    description: str = ""
    source: str = ""
    on_zero: str = ""
    on_null: str = ""


class Adjustment(Part):
    """A change of a column's or formula's value before it is used: ``multiply`` 0.9, ``add`` 0.02, ``set`` 0."""

    target: Identifier
    operation: Literal["multiply", "add", "set"]
    amount: float


class Mode(Part):
    """A way of calculating. `phrases` are words by which a request names it; `custom`: adjustments come from words."""

    name: Identifier
    description: str = ""
    phrases: tuple[str, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()
    custom: bool = False


class Rule(Part):
    """A condition (an expression that is true or false) over formulas; all of them hold: PASS, else FAIL."""

    name: Identifier
    expression: str = Field(min_length=1, max_length=2_000)
    description: str = ""


class Output(Part):
    """A value of an operation's answer: an input, column, formula, ``mode``, ``validation_status`` and the like."""

    name: Identifier
    type: ValueType
    unit: str = ""
    description: str = ""
    series: bool = False


class Operation(Part):
    """Something that the agent does: a method of its class, and a tool of its role."""

    name: Identifier
    description: str = Field(min_length=1, max_length=1_000)
    inputs: tuple[Input, ...] = ()
    query: Identifier | None = None
    formulas: tuple[Identifier, ...] = ()
    rules: tuple[Identifier, ...] = ()
    outputs: tuple[Output, ...] = Field(min_length=1)
    examples: tuple[str, ...] = ()
    checks: tuple[Mapping[str, JsonValue], ...] = ()
    """Known answers, for operations without a query: ``{"arguments": {…}, "expected": {…}}``."""


class ErrorCase(Part):
    """An error that a caller can meet, and what it is told."""

    code: Literal["invalid_input", "not_found", "missing_value", "undefined", "source_unavailable", "unsupported"]
    message: str
    todo: str = ""


class Component(Part):
    """A module of the agent's package. `model`: a language model writes it, for no template covers it."""

    name: Identifier
    kind: Literal[
        "errors", "types", "data", "library", "mode_detector", "calculator", "analysis", "decision", "report", "main",
        "written",
    ]  # fmt: skip
    responsibility: str = ""
    depends_on: tuple[Identifier, ...] = ()
    mode: Identifier | None = None
    model: bool = False


class Constraints(Part):
    """What an instance may cost, as a process in the sandbox sees it, and what a call may take."""

    instantiation_us: float = Field(default=3.0, gt=0)
    memory_kib: float = Field(default=6.5, gt=0)
    call_seconds: float = Field(default=10.0, gt=0, le=600)


class Specification(Part):
    """An agent, whole. Raises pydantic's `ValidationError` for names that lead nowhere and for cycles.

    `name` is that of the package, the agent and its role; `class_name` that of its class. `imports` are modules beyond
    plain computation that its code may use.
    """

    schema_version: Literal[1] = 1
    name: Identifier
    class_name: str
    version: str = "1.0.0"
    kind: Literal["calculation", "data", "written"]
    title: str = Field(min_length=1, max_length=200)
    purpose: str = Field(min_length=1, max_length=4_000)
    request: str = Field(default="", max_length=20_000)
    examples: tuple[str, ...] = ()
    sources: tuple[DataSource, ...] = ()
    queries: tuple[Query, ...] = ()
    formulas: tuple[Formula, ...] = ()
    modes: tuple[Mode, ...] = ()
    rules: tuple[Rule, ...] = ()
    operations: tuple[Operation, ...] = Field(min_length=1)
    errors: tuple[ErrorCase, ...] = ()
    components: tuple[Component, ...] = Field(min_length=1)
    constraints: Constraints = Constraints()
    imports: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _names_lead_somewhere(self) -> Self:
        if not _CLASS.fullmatch(self.class_name) or keyword.iskeyword(self.class_name):
            raise ValueError(f"class_name {self.class_name!r} is no class name")
        if self.name in sys.stdlib_module_names:
            raise ValueError(f"name {self.name!r} is that of a module of Python's own")
        if taken := _METHODS & {one.name for one in self.operations}:
            raise ValueError(f"operation {min(taken)!r} has the name of a method that every agent has")
        if not _VERSION.fullmatch(self.version):
            raise ValueError(f"version {self.version!r} is not of the form 1.0.0")
        for kind, names in (
            ("source", [one.name for one in self.sources]), ("query", [one.name for one in self.queries]),
            ("formula", [one.name for one in self.formulas]), ("mode", [one.name for one in self.modes]),
            ("rule", [one.name for one in self.rules]), ("operation", [one.name for one in self.operations]),
            ("component", [one.name for one in self.components]),
        ):  # fmt: skip
            if len(names) != len(set(names)):
                raise ValueError(f"there are two of a {kind} with one name: {', '.join(sorted(names))}")
        self._check_references()
        self.component_order()
        return self

    def _check_references(self) -> None:
        queries, formulas = {one.name for one in self.queries}, {one.name for one in self.formulas}
        rules, sources = {one.name for one in self.rules}, {one.name for one in self.sources}
        for operation in self.operations:
            wrong = [name for name in operation.formulas if name not in formulas]
            wrong += [name for name in operation.rules if name not in rules]
            wrong += [operation.query] if operation.query is not None and operation.query not in queries else []
            if wrong:
                raise ValueError(f"operation {operation.name!r} uses what is not specified: {', '.join(wrong)}")
        for query in self.queries:
            if query.source not in sources:
                raise ValueError(f"query {query.name!r} reads from {query.source!r}, which is not specified")

    def component_order(self) -> Sequence[Component]:
        """The components, each after those it depends on. Raises `ValueError` for a cycle or an unknown name."""
        by_name = {component.name: component for component in self.components}
        order: list[Component] = []
        done: set[str] = set()
        left = list(self.components)
        while left:
            ready = [one for one in left if all(name in done for name in one.depends_on)]
            if not ready:
                unknown = {name for one in left for name in one.depends_on if name not in by_name}
                what = f"unknown: {', '.join(sorted(unknown))}" if unknown else "in a circle"
                raise ValueError(f"components depend on each other ({what}): {', '.join(one.name for one in left)}")
            order += ready
            done.update(one.name for one in ready)
            left = [one for one in left if one.name not in done]
        return order

    def operation(self, name: str) -> Operation:
        """The operation of that name. Raises `KeyError`."""
        return {one.name: one for one in self.operations}[name]

    def takes_mode(self, operation: Operation) -> bool:
        """Whether the operation has the argument ``mode``: it calculates, and there are modes to calculate in."""
        return bool(self.modes and operation.formulas) and all(one.name != "mode" for one in operation.inputs)

    def query(self, name: str) -> Query:
        """The query of that name. Raises `KeyError`."""
        return {one.name: one for one in self.queries}[name]

    def source(self, name: str) -> DataSource:
        """The data source of that name. Raises `KeyError`."""
        return {one.name: one for one in self.sources}[name]

    def fingerprint(self) -> str:
        """SHA-256, in hex, of all that code is written from: equal for equal specifications."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()
