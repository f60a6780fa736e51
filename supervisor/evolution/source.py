"""A deployed agent as the improver sees it: its code, its tests, what it was asked, its figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from events.catalogue.trace import ToolCalled
from events.projection import Views
from events.store import EventStore, stream_name
from events.views.trace_index import TraceIndex
from roles.builder.standalone_tests import standalone_tests
from roles.deployed.deployments import LoadedAgent
from roles.engineering.policy import CodePolicy
from roles.engineering.specification import Operation, Specification
from roles.improver.agent import AgentSpecification, History, InputRule, PlainAgent, RecordedRequest
from supervisor.evolution.fitness import Use

__all__ = ["agent_source", "recorded_requests"]

_NOT_RUN = ("database.py", "aio.py")
"""Modules that no measuring run reaches: they reach out of the sandbox. They stay as they are."""
_TRACES = 40
_REQUESTS = 30
_TYPES = {"number": "number", "integer": "integer", "text": "string", "date": "string", "boolean": "boolean"}


async def recorded_requests(store: EventStore, views: Views, loaded: LoadedAgent) -> list[RecordedRequest]:
    """The latest different calls of an agent's operations, and its known answers; without those that need rows.

    What an operation with a query answers hangs on a database that the sandbox does not have: the agent's own tests
    stand for those. Raises `StoreError`.
    """
    specification = loaded.specification
    own = {f"{specification.name}.{one.name}": one for one in specification.operations if one.query is None}
    found: dict[str, RecordedRequest] = {}
    for operation in own.values():
        for check in operation.checks:
            arguments = check.get("arguments")
            if isinstance(arguments, Mapping):
                _add(found, specification, operation, cast("Mapping[str, Any]", arguments))
    rows = await views.query(
        TraceIndex.name, {"route": specification.name}, order_by="-position", limit=_TRACES
    )  # fmt: skip
    for row in rows:
        for entry in await store.read(stream_name("trace", str(row["trace_id"]))):
            call = entry.event
            if isinstance(call, ToolCalled) and call.ok and call.tool in own and len(found) < _REQUESTS:
                names = {one.name for one in own[call.tool].inputs}
                values = {name: value for name, value in call.arguments.items() if name in names and value is not None}
                _add(found, specification, own[call.tool], values)
    return list(found.values())


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
            inputs={_target(specification, one): _rules(one) for one in specification.operations},
            policy=CodePolicy(imports=frozenset(specification.imports), local=frozenset({name})),
        ),
        history=History(success=answered / use.calls if use.calls else None, latency=use.mean),
        looks=looks,
    )


def _target(specification: Specification, operation: Operation) -> str:
    return f"{specification.name}.agent:{specification.class_name}.{operation.name}"


def _rules(operation: Operation) -> dict[str, InputRule]:
    return {
        one.name: InputRule(cast("Any", _TYPES[one.type]), one.minimum, one.maximum, one.choices)
        for one in operation.inputs
    }


def _add(
    found: dict[str, RecordedRequest], specification: Specification, operation: Operation, values: Mapping[str, Any]
) -> None:
    target = f"{specification.name}.agent:{specification.class_name}.call"
    request = RecordedRequest(target, (operation.name, dict(values)))
    found.setdefault(repr((operation.name, sorted(values.items(), key=lambda row: row[0]))), request)
