"""A deployed agent as the improver sees it: its code, its tests, what it was asked, its figures."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from pydantic import JsonValue, ValidationError

from common.errors import AgentError
from events.catalogue.trace import ToolCalled
from events.projection import Views
from events.store import EventStore, stream_name
from events.views.trace_index import TraceIndex
from roles.builder.standalone_tests import standalone_tests
from roles.deployed.arguments import MODE, arguments_class, has_mode, values_for
from roles.deployed.deployments import LoadedAgent
from roles.engineering.policy import CodePolicy
from roles.engineering.specification import Operation, Specification
from roles.improver.agent import (
    AgentSpecification,
    History,
    InputRule,
    PlainAgent,
    RecordedRequest,
    RecordedRows,
)
from supervisor.evolution.fitness import Use

__all__ = ["agent_source", "input_rules", "recorded_requests"]

_NOT_RUN = ("database.py", "aio.py")
"""Modules that no measuring run reaches: they reach out of the sandbox. They stay as they are."""
_Call = tuple[str, Mapping[str, JsonValue]]
RowsOf = Callable[[str, LoadedAgent, Sequence[_Call]], Awaitable[Sequence[tuple[RecordedRows, ...] | None]]]
"""The rows that calls of an agent take: `supervisor.rehearsal.Rehearsals.rows_of`."""

_TRACES = 40
_REQUESTS = 30
_TYPES = {"number": "number", "integer": "integer", "text": "string", "date": "string", "boolean": "boolean"}


async def recorded_requests(
    store: EventStore, views: Views, loaded: LoadedAgent, rows_of: RowsOf
) -> list[RecordedRequest]:
    """The latest different calls of an agent's operations, and its known answers, each with the rows that it takes.

    What a query gave then is not in the log, for it may be anybody's: `rows_of` fetches the rows anew, and both
    versions are given the same ones. Calls whose rows can't be had are left out. Raises `StoreError`.
    """
    specification = loaded.specification
    own = {f"{specification.name}.{one.name}": one for one in specification.operations}
    found: dict[str, _Call] = {}
    for operation in own.values():
        for check in operation.checks:
            arguments = check.get("arguments")
            if isinstance(arguments, Mapping):
                _add(found, operation, cast("Mapping[str, JsonValue]", arguments))
    rows = await views.query(
        TraceIndex.name, {"route": specification.name}, order_by="-position", limit=_TRACES
    )  # fmt: skip
    for row in rows:
        for entry in await store.read(stream_name("trace", str(row["trace_id"]))):
            call = entry.event
            if isinstance(call, ToolCalled) and call.ok and call.tool in own and len(found) < _REQUESTS:
                values = _arguments(specification, own[call.tool], call, entry.recorded_at)
                if values is not None:
                    _add(found, own[call.tool], values)
    return await _with_rows(specification, loaded, list(found.values()), rows_of)


async def _with_rows(
    specification: Specification, loaded: LoadedAgent, calls: Sequence[_Call], rows_of: RowsOf
) -> list[RecordedRequest]:
    """The calls as requests; an agent has a source of rows even where it has no query."""
    fetched: Sequence[tuple[RecordedRows, ...] | None] = [()] * len(calls)
    if specification.queries:
        fetched = await rows_of(specification.name, loaded, calls)
    target = f"{specification.name}.agent:{specification.class_name}.call"
    return [
        RecordedRequest(target, (operation, dict(arguments)), rows=rows)
        for (operation, arguments), rows in zip(calls, fetched, strict=True)
        if rows is not None
    ]


def _arguments(
    specification: Specification, operation: Operation, call: ToolCalled, at: datetime
) -> dict[str, JsonValue] | None:
    """What the agent was called with, as its role read it from the tool's arguments; None where that can't be told."""
    try:
        said = arguments_class(specification, operation).model_validate(call.arguments)
        mode = str(getattr(said, MODE, "") or "") or None
        return values_for(operation, said, at, mode if has_mode(specification, operation) else None)
    except (ValidationError, AgentError):
        return None


def agent_source(loaded: LoadedAgent, requests: Sequence[RecordedRequest], use: Use, looks: int) -> PlainAgent:
    """The agent for the improver. `looks`: how often this version was looked at before."""
    specification, name = loaded.specification, loaded.specification.name
    own = [
        path for path in loaded.version.files
        if path.startswith(f"{name}/") and path.endswith(".py") and path.partition("/")[2] not in _NOT_RUN
    ]  # fmt: skip
    answered = use.calls - use.failed
    return PlainAgent(
        name=name,
        files={path: loaded.version.files[path].decode() for path in own},
        tests=standalone_tests(
            {path: content.decode() for path, content in loaded.version.files.items() if path.startswith("tests/")}
        ),
        requests=requests,
        specification=AgentSpecification(
            inputs=input_rules(specification),
            policy=CodePolicy(imports=frozenset(specification.imports), local=frozenset({name})),
        ),
        history=History(success=answered / use.calls if use.calls else None, latency=use.mean),
        looks=looks,
    )


def input_rules(specification: Specification) -> dict[str, dict[str, InputRule]]:
    """The rules of each operation's inputs, by target."""
    return {_target(specification, one): _rules(one) for one in specification.operations}


def _target(specification: Specification, operation: Operation) -> str:
    return f"{specification.name}.agent:{specification.class_name}.{operation.name}"


def _rules(operation: Operation) -> dict[str, InputRule]:
    return {
        one.name: InputRule(
            cast("Any", _TYPES[one.type]), one.minimum, one.maximum, one.choices, optional=not one.required
        )
        for one in operation.inputs
    }


def _add(found: dict[str, _Call], operation: Operation, values: Mapping[str, JsonValue]) -> None:
    key = repr((operation.name, sorted(values.items(), key=lambda row: row[0])))
    found.setdefault(key, (operation.name, dict(values)))
