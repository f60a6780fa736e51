"""What a server says it can do, as tools of ours: which are taken, what they are called, and what calling them is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import BaseModel

from common.ecosystem_settings import McpServerSettings
from common.errors import ToolError
from common.intents import Effect
from common.tool import Tool, ToolContext, ToolResult
from llm_provider.foreign_schemas import ArgumentCheck, foreign_arguments, plain_text, safe_schema, tool_names
from llm_provider.mcp_calls import CallTool
from llm_provider.tool_registry import ToolRegistry

if TYPE_CHECKING:
    from mcp_types import Tool as RemoteTool

__all__ = ["Offered", "OfferedTool", "offered_tools"]

_MAX_TOOLS = 128
_DESCRIPTION = 1_000


class _Served(Protocol):
    @property
    def name(self) -> str: ...

    async def call(self, tool: str, arguments: Mapping[str, Any], seconds: float, *, wait: bool) -> ToolResult: ...


@dataclass(frozen=True, slots=True)
class OfferedTool:
    """One that was taken; `reads` tells that it is called at once, `output` is the shape its data promises to have."""

    tool: Tool
    own_name: str
    reads: bool
    output: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Offered:
    """All that were taken, and why others were not."""

    tools: tuple[OfferedTool, ...] = ()
    refused: tuple[str, ...] = field(default=())


def offered_tools(
    server: _Served,
    remote: Sequence[RemoteTool],
    settings: McpServerSettings,
    types: Mapping[Effect, type[CallTool]],
) -> Offered:
    """The tools of a server that the settings allow and that can be used."""
    wanted = {tool.name: tool for tool in remote if _is_wanted(tool.name, settings)}
    taken: list[OfferedTool] = []
    refused: list[str] = []
    for name, own_name in tool_names(server.name, wanted).items():
        if len(taken) >= _MAX_TOOLS:
            refused.append(f"{len(wanted) - len(taken)} more than the {_MAX_TOOLS} that are taken of one server")
            break
        try:
            offered = _offered(server, name, wanted[own_name], settings, types)
            ToolRegistry([offered.tool])  # would it be taken?
            taken.append(offered)
        except ToolError as error:
            refused.append(f"{plain_text(own_name, 100)}: {error.what}")
        except Exception as error:  # whatever a stranger's schema provokes is that one tool's fault
            refused.append(f"{plain_text(own_name, 100)}: {type(error).__name__}")
    order = {own_name: index for index, own_name in enumerate(wanted)}
    return Offered(tuple(sorted(taken, key=lambda one: order[one.own_name])), tuple(refused))


def _is_wanted(name: str, settings: McpServerSettings) -> bool:
    if settings.allowed and not _matches(name, settings.allowed):
        return False
    return not _matches(name, settings.rejected)


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _effect(remote: RemoteTool, settings: McpServerSettings) -> Effect | None:
    """What calling the tool is; None where it only reads."""
    for pattern, effect in settings.effects.items():
        if fnmatchcase(remote.name, pattern):
            return Effect(effect)
    if _matches(remote.name, settings.reads):
        return None
    hints = remote.annotations if settings.trust_hints else None
    if hints is not None and hints.read_only_hint is True:
        return None
    return Effect.IDEMPOTENT if hints is not None and hints.idempotent_hint is True else Effect.AT_MOST_ONCE


def _offered(
    server: _Served,
    name: str,
    remote: RemoteTool,
    settings: McpServerSettings,
    types: Mapping[Effect, type[CallTool]],
) -> OfferedTool:
    schema = safe_schema(remote.input_schema, name)
    effect = _effect(remote, settings)
    said = plain_text(remote.description or remote.title, _DESCRIPTION).replace("“", "'").replace("”", "'")
    words = remote.name.replace("_", " ").replace("-", " ")
    tool = Tool(
        name=name,
        description=f"{server.name} says of it: “{said or plain_text(words, 100)}”",
        arguments=foreign_arguments(name, schema, ArgumentCheck(schema)),
        handler=_Read(server, remote.name, settings.timeout)
        if effect is None
        else _Write(server.name, remote.name, types[effect]),
        utterances=(plain_text(words, 100), *((said,) if said and len(said) <= 200 else ())),
        effect=effect is not None,
        timeout=settings.timeout + 1.0,
    )
    output = remote.output_schema
    try:
        shape = None if output is None else safe_schema(output, name)
    except ToolError:  # of another kind than an object, or too large: nothing is checked by it
        shape = None
    return OfferedTool(tool, remote.name, effect is None, shape)


class _Read:
    """Calls a tool that only reads."""

    def __init__(self, server: _Served, tool: str, seconds: float) -> None:
        self._server = server
        self._tool = tool
        self._seconds = seconds

    async def __call__(self, arguments: BaseModel, context: ToolContext) -> ToolResult:
        given = arguments.model_dump(mode="json", exclude_unset=True)
        return await self._server.call(self._tool, given, self._seconds, wait=False)


class _Write:
    """Registers the call of a tool that may change something."""

    def __init__(self, server: str, tool: str, intent_type: type[CallTool]) -> None:
        self._server = server
        self._tool = tool
        self._type = intent_type

    async def __call__(self, arguments: BaseModel, context: ToolContext) -> ToolResult:
        given = arguments.model_dump(mode="json", exclude_unset=True)
        await context.register_intent(self._type(server=self._server, tool=self._tool, arguments=given))
        return ToolResult(text=f"{plain_text(self._tool, 100)} of {self._server} is going to be called.")
