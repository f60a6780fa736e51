"""What the improver needs to know of an agent: its code, its tests, what it was asked, what it is specified to do."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, Protocol

from roles.engineering.policy import CodePolicy

__all__ = [
    "AgentSource",
    "AgentSpecification",
    "History",
    "InputRule",
    "PlainAgent",
    "RecordedRequest",
    "RecordedRows",
    "Table",
    "violated_rule",
]


@dataclass(frozen=True, slots=True)
class RecordedRows:
    """The rows that a query of the agent's database gave to these parameters; all of it JSON data."""

    query: str
    parameters: Mapping[str, Any]
    rows: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """One call that the agent was given, as its traces tell it.

    `target` is ``module:function`` or ``module:Class.method``; `construct` and `construct_named` are what the class is
    made with. All values are JSON data. `answer` is what was answered then (JSON data), where `answered` says so.
    With `rows`, the class is made with a source of these rows before all else (``fetch(query, parameters)``); None: the
    agent has no source. A `lenient` source has rows of a query for other parameters, too.
    """

    target: str
    args: tuple[Any, ...] = ()
    named: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    construct: tuple[Any, ...] = ()
    construct_named: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    answered: bool = False
    answer: Any = None
    rows: tuple[RecordedRows, ...] | None = None
    lenient: bool = False

    def to_json(self) -> dict[str, Any]:
        """What the measuring code inside the sandbox is told; the recorded answer is not in it."""
        return {
            "target": self.target,
            "args": list(self.args),
            "named": dict(self.named),
            "construct": list(self.construct),
            "construct_named": dict(self.construct_named),
            "rows": None
            if self.rows is None
            else json.dumps([[one.query, dict(one.parameters), [dict(row) for row in one.rows]] for one in self.rows]),
            "lenient": self.lenient,
        }


@dataclass(frozen=True, slots=True)
class InputRule:
    """What the specification says of one input: its JSON type, bounds (inclusive) and choices; `optional`: or null."""

    type: Literal["number", "integer", "string", "boolean", "list", "object"]
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the agent's database: its columns' types, and the column that is unique and never NULL."""

    columns: Mapping[str, Literal["integer", "real", "text"]]
    key: str


@dataclass(frozen=True, slots=True)
class AgentSpecification:
    """What of an agent's specification its improvement may rely on.

    `inputs` maps targets (as in `RecordedRequest`) to the rules of their parameters. `transient` names functions and
    methods that only read from a source that can be out of reach for a moment: they may be called again, and side by
    side. `tables` are those of its database, `policy` what its code may use.
    """

    inputs: Mapping[str, Mapping[str, InputRule]] = field(default_factory=lambda: MappingProxyType({}))
    transient: frozenset[str] = frozenset()
    tables: Mapping[str, Table] = field(default_factory=lambda: MappingProxyType({}))
    policy: CodePolicy = field(default_factory=CodePolicy)


@dataclass(frozen=True, slots=True)
class History:
    """Live figures of an agent: share of requests that succeeded, seconds and cost of a request, each now and before.

    None where nothing is known; latency and cost are judged by the agent's own past alone.
    """

    success: float | None = None
    latency: float | None = None
    usual_latency: float | None = None
    cost: float | None = None
    usual_cost: float | None = None


class AgentSource(Protocol):
    """An agent as the improver sees it; a deployment implements it."""

    @property
    def name(self) -> str:
        """The agent's name."""
        ...

    @property
    def files(self) -> Mapping[str, str]:
        """Its Python files by path; only these may be changed."""
        ...

    @property
    def tests(self) -> Mapping[str, str]:
        """Its test modules by path; never changed, and never in a place that its code can write to."""
        ...

    @property
    def requests(self) -> Sequence[RecordedRequest]:
        """Requests of its traces, in the order in which they came."""
        ...

    @property
    def specification(self) -> AgentSpecification:
        """What may be relied on."""
        ...

    @property
    def history(self) -> History:
        """Its live figures."""
        ...

    @property
    def looks(self) -> int:
        """How often an improvement of this version was already tried: each further look has to convince more."""
        ...


@dataclass(frozen=True, slots=True)
class PlainAgent:
    """An agent made of values."""

    name: str
    files: Mapping[str, str]
    tests: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    requests: Sequence[RecordedRequest] = ()
    specification: AgentSpecification = field(default_factory=AgentSpecification)
    history: History = field(default_factory=History)
    looks: int = 0


def violated_rule(rules: Mapping[str, InputRule], values: Mapping[str, Any]) -> str | None:
    """The first parameter whose value is not what its rule says, None where all are; a missing value breaks no rule."""
    return next((name for name, rule in rules.items() if name in values and not _keeps(rule, values[name])), None)


def _keeps(rule: InputRule, value: Any) -> bool:
    return (rule.optional and value is None) or _is_of(rule, value)


def _is_of(rule: InputRule, value: Any) -> bool:
    kinds: dict[str, tuple[type, ...]] = {
        "number": (int, float),
        "integer": (int,),
        "string": (str,),
        "boolean": (bool,),
        "list": (list,),
        "object": (dict,),
    }
    if not isinstance(value, kinds[rule.type]) or (isinstance(value, bool) and rule.type != "boolean"):
        return False
    if rule.type in ("number", "integer"):
        # NaN is in no range
        low = rule.minimum is None or value >= rule.minimum
        return low and (rule.maximum is None or value <= rule.maximum)
    return not rule.choices or value in rule.choices
