"""Calls of MCP tools that may change something: intents, and how they are carried out."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC
from types import new_class
from typing import Any, Protocol, cast

from pydantic import Field, JsonValue

from common.clock import Clock
from common.errors import IntentError, ToolError
from common.intents import Effect, Intent, IntentExecution, IntentHandler, IntentResult
from common.tool import ToolResult
from llm_provider.foreign_schemas import plain_text
from llm_provider.mcp_faults import McpFault

__all__ = ["CallTool", "Caller", "call_handlers", "call_type"]

_SHOWN = 300
_NAMES = {Effect.AT_MOST_ONCE: "call_tool", Effect.IDEMPOTENT: "call_idempotent_tool"}


class CallTool(Intent):
    """Call one tool of a server; each server has two types of it, by what calling the tool is."""

    server: str
    tool: str = Field(description="as the server calls it")
    arguments: dict[str, JsonValue]

    def summary(self) -> str:
        """What a person reads before approving: server, tool and arguments, nothing that the server says of it."""
        shown = json.dumps(self.arguments, ensure_ascii=False, default=str)
        return plain_text(f"call {plain_text(self.tool, 100)} of {self.server} with {shown}", _SHOWN)


Caller = Callable[[str, Mapping[str, Any], float], Awaitable[ToolResult]]
"""Calls a tool of a server, by its own name, within so many seconds. Raises `McpFault`."""


class _Served(Protocol):
    @property
    def name(self) -> str: ...

    async def call(self, tool: str, arguments: Mapping[str, Any], seconds: float, *, wait: bool) -> ToolResult: ...


def call_type(server: str, effect: Effect) -> type[CallTool]:
    """The class of a server's intents whose calls have this effect."""
    kind = f"{server}.{_NAMES[effect]}"

    def fill(namespace: dict[str, Any]) -> None:
        namespace |= {"__module__": __name__, "__doc__": CallTool.__doc__, "TYPE": kind}

    return cast("type[CallTool]", new_class("CallTool", (CallTool,), {}, fill))


def call_handlers(server: _Served, types: Mapping[Effect, type[CallTool]], clock: Clock) -> list[IntentHandler]:
    """The handlers of a server's intents."""
    return [cast("IntentHandler", _CallHandler(server, kind, effect, clock)) for effect, kind in types.items()]


class _CallHandler:
    """Has the server do it. What it certainly did not do is a failure; without its answer the outcome is open."""

    def __init__(self, server: _Served, intent_type: type[CallTool], effect: Effect, clock: Clock) -> None:
        self.intent_type = intent_type
        self.effect = effect
        self._server = server
        self._clock = clock

    async def carry_out(self, intent: Intent, execution: IntentExecution) -> IntentResult:
        call = cast("CallTool", intent)
        left = (execution.not_after - self._clock.now().astimezone(UTC)).total_seconds()
        try:
            result = await self._server.call(call.tool, call.arguments, left, wait=True)
        except McpFault as fault:
            if fault.certain and execution.attempt == 1:
                raise IntentError(fault.what, where=intent.TYPE, todo=fault.todo) from fault
            raise  # an earlier attempt may have done it
        if not result.ok:
            said = f"{call.tool} says: {plain_text(result.text, 1_000)}"
            kind = IntentError if execution.attempt == 1 else ToolError
            raise kind(said, where=intent.TYPE)
        return IntentResult(result.text[:2_000], result.data)

    async def happened(self, intent: Intent, execution: IntentExecution) -> IntentResult | None:
        raise IntentError(f"{self._server.name} can't be asked whether it happened", where=intent.TYPE)
