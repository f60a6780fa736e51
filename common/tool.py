"""Tools as roles and hosts declare them, independent of the agent framework that will call them."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from common.context import TaskContext
from common.errors import ToolError
from common.intent_collector import IntentCollector
from common.intents import Intent

if TYPE_CHECKING:
    from common.run_context import RunContext

__all__ = ["Choices", "Fact", "Served", "Tool", "ToolContext", "ToolHandler", "ToolResult"]

_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}\.[a-z][a-z0-9_]{0,63}")


class Fact(BaseModel):
    """A typed thing that a result states, so that later steps can refer to it.

    kind "event" or "time": `start` is an ISO 8601 instant with offset ("an hour before" resolves against it) and
    `name` what it is called. kind "place": `name` and optionally coordinates in `data`.
    """

    model_config = ConfigDict(frozen=True)

    kind: str
    name: str = ""
    start: str | None = None
    end: str | None = None
    data: dict[str, JsonValue] = Field(default_factory=dict)


class ToolResult(BaseModel):
    """What a tool answers: text for people and models, data for programs, facts for later steps, sources to cite."""

    model_config = ConfigDict(frozen=True)

    text: str
    data: JsonValue = None
    facts: tuple[Fact, ...] = ()
    sources: tuple[str, ...] = ()
    ok: bool = Field(default=True, description="False where the tool could not do it; text then says why")


@dataclass(slots=True)
class Served:
    """Which version of a tool serves a call, and the seconds that it worked; told by tools that have versions.

    It stays known where the call fails, or is given up.
    """

    version: str = ""
    worked: float | None = None


@dataclass(frozen=True, slots=True)
class ToolContext:
    """What a running tool knows of the request it serves."""

    context: TaskContext
    collector: IntentCollector
    call_id: str = ""
    task: str = ""
    facts: Sequence[Fact] = ()
    run: RunContext | None = None
    """The run, for tools that have agents of their own work on it; None where a tool is called by itself."""
    served: Served = field(default_factory=Served)

    @property
    def meant(self) -> Sequence[Fact]:
        """The things of earlier turns of the session that the request means, where it does not name them."""
        return () if self.run is None or self.run.follow_up is None else self.run.follow_up.meant

    async def register_intent(self, intent: Intent) -> None:
        """Register what this call wants to change; it is carried out after the run, if policy allows."""
        self.collector.register(intent, call_id=self.call_id, task=self.task)

    def pending(self, *types: type[Intent]) -> list[Intent]:
        """Intents of these types that this request registered before; reads show them as not yet done."""
        return [intent for intent in self.collector.get_intents() if isinstance(intent, types)]


ToolHandler = Callable[[Any, ToolContext], Awaitable[ToolResult]]
"""`async def handler(arguments, context)`: arguments is an instance of the tool's pydantic class."""

Choices = Mapping[str, Mapping[str, Sequence[str]]]
"""argument name -> value -> other words people use for it."""


@dataclass(frozen=True)
class Tool:
    """One tool: `category.name`, a description for models, pydantic arguments and an async handler.

    `utterances` are things people say that this tool serves; they make offline selection possible and are shown to
    no real model. `effect` marks tools that register intents, `acts` those that change something by themselves:
    these are not called where nothing may take effect (`RunContext.dry`). `choices` gives, per request, the values
    an argument can take; `prepare` is awaited before, to fetch what it draws on (it is given a few seconds, and its
    failure only means that what was known before is used). `timeout` is in seconds. `cacheable_for` says for how many
    seconds an answer may be given again to the same arguments of the same owner, should an operator want that; 0:
    never. A tool with effects has none.
    """

    name: str
    description: str
    arguments: type[BaseModel]
    handler: ToolHandler
    utterances: tuple[str, ...] = ()
    effect: bool = False
    acts: bool = False
    timeout: float = 30.0
    cacheable_for: float = 0.0
    choices: Callable[[TaskContext], Choices] | None = None
    prepare: Callable[[TaskContext], Awaitable[None]] | None = None

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ToolError(
                f"{self.name!r} is no valid tool name",
                where="Tool.name",
                todo="Use category.name in lower case letters, digits and underscores.",
            )
        if not self.description.strip():
            raise ToolError("a tool needs a description", where=self.name)
        if self.cacheable_for and (self.effect or self.acts or self.cacheable_for < 0):
            raise ToolError("the answers of a tool with effects can't be kept", where=self.name)

    @property
    def category(self) -> str:
        """The part of the name before the dot."""
        return self.name.partition(".")[0]

    @cached_property
    def schema(self) -> dict[str, Any]:
        """The JSON schema of the arguments (2020-12, as pydantic writes it); treat as read-only."""
        return self.arguments.model_json_schema()
