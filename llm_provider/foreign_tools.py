"""Tools written for Strands (decorated functions, MCP tools, agents as tools), made tools of ours."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, cast

from pydantic import BaseModel

from common.errors import ToolError
from common.tool import Tool, ToolContext, ToolResult
from llm_provider.foreign_schemas import foreign_arguments
from llm_provider.json_safe import json_safe

if TYPE_CHECKING:
    from strands.types.tools import AgentTool

__all__ = ["result_of", "tool_from_strands"]

_MAX_DATA = 1_000_000
_NOT_NAME = re.compile(r"[^a-z0-9_]+")


def tool_from_strands(tool: AgentTool, category: str, *, effect: bool = False, timeout: float = 30.0) -> Tool:
    """A `Tool` that calls a Strands tool; its name, description and schema are those of the tool's specification.

    The Strands tool gets no agent: one that asks for it fails with its own message. Raises `ToolError` for a
    specification that can't be used.
    """
    spec = cast("Mapping[str, Any]", tool.tool_spec)
    name = f"{category}.{_own_name(str(spec.get('name') or tool.tool_name))}"
    return Tool(
        name=name,
        description=str(spec.get("description") or ""),
        arguments=_arguments(name, spec),
        handler=_StrandsCall(tool),
        effect=effect,
        timeout=timeout,
    )


class _StrandsCall:
    """The handler of a Strands tool."""

    def __init__(self, tool: AgentTool) -> None:
        self._tool = tool

    async def __call__(self, arguments: BaseModel, context: ToolContext) -> ToolResult:
        given = arguments.model_dump(exclude_unset=True)
        use: Any = {"toolUseId": context.call_id or "call", "name": self._tool.tool_name, "input": given}
        last: object = None
        async with aclosing(cast("AsyncGenerator[object]", self._tool.stream(use, {}))) as events:
            async for event in events:
                last = event
        return result_of(self._tool.tool_name, last)


def result_of(name: str, event: object) -> ToolResult:
    """The last event of a tool's stream is its result, bare or under ``tool_result``."""
    outer: Mapping[str, Any] = cast("Mapping[str, Any]", event) if isinstance(event, Mapping) else {}
    result: Mapping[str, Any] = outer.get("tool_result", outer)
    if "content" not in result:
        raise ToolError("the Strands tool ended without a result", where=name)
    texts: list[str] = []
    data: list[Any] = []
    for block in cast("list[Mapping[str, Any]]", result["content"]):
        if "text" in block:
            texts.append(str(block["text"]))
        elif "json" in block:
            data.append(json_safe(block["json"], _MAX_DATA))
        else:
            texts.append(f"[{', '.join(block)}: can't be shown as text]")
    texts += [str(item) for item in data if not texts]
    kept = data[0] if len(data) == 1 else data or None
    return ToolResult(text="\n".join(texts), data=kept, ok=result.get("status") != "error")


def _own_name(name: str) -> str:
    plain = _NOT_NAME.sub("_", name.lower()).strip("_") or "tool"
    return plain if plain[0].isalpha() else f"t_{plain}"


def _arguments(name: str, spec: Mapping[str, Any]) -> type[BaseModel]:
    wrapped = cast("Mapping[str, Any]", spec.get("inputSchema") or {})
    schema = cast("dict[str, Any]", wrapped.get("json", wrapped))
    if schema.get("type", "object") != "object":
        raise ToolError("the arguments of a tool must be an object", where=name)
    return foreign_arguments(name, {**schema, "type": "object"})
