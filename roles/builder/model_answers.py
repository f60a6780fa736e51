"""What a model is asked for when it designs an agent, and the specification that its answers make together."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import cast

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from common.errors import ValidationFailed
from roles.engineering.specification import (
    Component,
    DataSource,
    ErrorCase,
    Input,
    Operation,
    Output,
    Query,
    Specification,
)

__all__ = ["ComponentOutput", "OperationOutput", "OperationsOutput", "OutlineOutput", "joined"]

_ERRORS = (
    ErrorCase(code="invalid_input", message="an argument is missing, or not what it should be"),
    ErrorCase(code="undefined", message="the result is not defined for these values"),
    ErrorCase(code="unsupported", message="the agent can't do that"),
)
_DATA_ERRORS = (
    ErrorCase(code="not_found", message="there is nothing of that name or number"),
    ErrorCase(code="missing_value", message="a value that is needed is not there"),
    ErrorCase(code="source_unavailable", message="the database can't be read", todo="Try again later."),
)
_STANDARD = frozenset({"errors", "types", "data", "main", "agent", "frame", "database", "aio"})
_MAX_TEXT = 4_000


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore")


class OutlineComponent(_Answer):
    """A module that the model will write."""

    name: str = Field(description="lower case, underscores")
    responsibility: str = Field(description="what it does, and which functions with which arguments it offers")
    depends_on: list[str] = Field(default_factory=list, description="names of the components it builds on")


class OutlineOperation(_Answer):
    """Something the agent can be asked to do."""

    name: str = Field(description="lower case, underscores; a verb first")
    description: str


class OutlineOutput(_Answer):
    """The agent as a whole."""

    name: str = Field(description="of the agent: lower case, underscores, at most 32 characters")
    class_name: str = Field(description="of its class, such as LoanAgent")
    title: str
    purpose: str
    examples: list[str] = Field(description="three to six things people would ask it")
    operations: list[OutlineOperation] = Field(min_length=1, max_length=8)
    components: list[OutlineComponent] = Field(min_length=1, max_length=8)
    imports: list[str] = Field(default_factory=list, description="modules beyond those for computing; mostly none")


class KnownAnswer(_Answer):
    """Arguments, and the outputs they give."""

    arguments: str = Field(description="a JSON object")
    expected: str = Field(description="a JSON object")


class OperationOutput(_Answer):
    """One operation, exactly."""

    name: str
    inputs: list[Input] = Field(default_factory=list[Input])
    query: Query | None = None
    outputs: list[Output] = Field(min_length=1)
    examples: list[str] = Field(default_factory=list, description="things people would ask for it")
    checks: list[KnownAnswer] = Field(default_factory=list[KnownAnswer])


class OperationsOutput(_Answer):
    """Several operations, exactly."""

    operations: list[OperationOutput] = Field(min_length=1)


class ComponentOutput(_Answer):
    """The code of one module."""

    code: str = Field(min_length=1, max_length=100_000)


def joined(
    outline: OutlineOutput, operations: Sequence[OperationOutput], sources: Sequence[DataSource], request: str
) -> Specification:
    """The specification that an outline and its operations make. Raises `ValidationFailed` with what is wrong."""
    wanted = {one.name: one for one in outline.operations}
    given = {one.name: one for one in operations}
    if wanted.keys() != given.keys():
        raise ValidationFailed(
            f"the operations are {', '.join(wanted)}, and those of {', '.join(given)} were specified",
            where="operations",
        )
    try:
        queries = tuple(one.query for one in operations if one.query is not None)
        return Specification(
            name=outline.name,
            class_name=outline.class_name,
            kind="written",
            title=outline.title[:200],
            purpose=outline.purpose[:_MAX_TEXT],
            request=request[:20_000],
            examples=tuple(outline.examples),
            sources=tuple(sources) if queries else (),
            queries=queries,
            operations=tuple(_operation(one, wanted[one.name].description) for one in operations),
            errors=(*_ERRORS, *_DATA_ERRORS) if queries else _ERRORS,
            components=_components(outline, data=bool(queries)),
            imports=tuple(outline.imports),
        )
    except ValidationError as error:
        told = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()[:10])
        raise ValidationFailed(told, where="specification") from None


def _operation(given: OperationOutput, description: str) -> Operation:
    return Operation(
        name=given.name,
        description=description[:1_000] or given.name,
        inputs=tuple(given.inputs),
        query=None if given.query is None else given.query.name,
        outputs=tuple(given.outputs),
        examples=tuple(given.examples),
        checks=tuple({"arguments": _object(one.arguments), "expected": _object(one.expected)} for one in given.checks),
    )


def _object(text: str) -> dict[str, JsonValue]:
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise ValidationFailed(f"{text[:80]!r} is no JSON object", where="checks")
    return cast("dict[str, JsonValue]", value)


def _components(outline: OutlineOutput, *, data: bool) -> tuple[Component, ...]:
    """The fixed components around those that the model writes; the main one builds on all of them."""
    taken = _STANDARD & {one.name for one in outline.components}
    if taken:
        raise ValidationFailed(f"components may not be called {', '.join(sorted(taken))}", where="components")
    base = [
        Component(name="errors", kind="errors", responsibility="the errors of the agent"),
        Component(name="types", kind="types", responsibility="what its operations answer", depends_on=("errors",)),
    ]
    if data:
        base.append(
            Component(name="data", kind="data", responsibility="the rows that it reads", depends_on=("errors",))
        )
    below = tuple(one.name for one in base)
    written = [
        Component(
            name=one.name, kind="written", responsibility=one.responsibility[:_MAX_TEXT], model=True,
            depends_on=(*below, *(name for name in one.depends_on if name not in below)),
        )
        for one in outline.components
    ]  # fmt: skip
    # the last one is the entry, which the templates take to be the first of them
    written = [written[-1], *written[:-1]]
    everything = (*below, *(one.name for one in written))
    main = Component(name="agent", kind="main", responsibility="the agent's class", depends_on=everything)
    return (*base, *written, main)
