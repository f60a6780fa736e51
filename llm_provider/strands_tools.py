"""Our tools as Strands sees them, made for one run. Imported only when an agent is built."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from strands.types.events import ToolResultEvent
from strands.types.tools import AgentTool, ToolGenerator, ToolSpec, ToolUse
from typing_extensions import override

from common.tool import Tool, ToolResult
from llm_provider.agent_run import AgentRun
from llm_provider.schemas import Schema
from llm_provider.wire_names import wire_name

__all__ = ["RunTool", "result_blocks"]


class RunTool(AgentTool):
    """One tool for one run; calling it goes through `llm_provider.tool_execution` like every other call."""

    def __init__(self, tool: Tool, schema: Schema, state: AgentRun) -> None:
        super().__init__()
        self._tool = tool
        self._state = state
        self._spec: ToolSpec = {
            "name": wire_name(tool.name),
            "description": tool.description,
            "inputSchema": {"json": schema},
        }

    @property
    @override
    def tool_name(self) -> str:
        """The name on the wire."""
        return self._spec["name"]

    @property
    @override
    def tool_spec(self) -> ToolSpec:
        """What the model is told of the tool."""
        return self._spec

    @property
    @override
    def tool_type(self) -> str:
        """Kind of the tool, for Strands' own displays."""
        return "supervisor"

    @override
    async def stream(self, tool_use: ToolUse, invocation_state: dict[str, Any], **kwargs: Any) -> ToolGenerator:
        """Call the tool; the one event is its result. Never raises but for cancellation."""
        model_id = str(tool_use.get("toolUseId"))
        result, registered = await self._state.call_tool(self._tool, model_id, tool_use.get("input"))
        yield ToolResultEvent(
            {
                "toolUseId": model_id,
                "status": "success" if result.ok else "error",
                "content": result_blocks(result, registered=registered),
            }
        )


def result_blocks(result: ToolResult, *, registered: bool) -> Any:
    """A result as content blocks: its text, then what programs may read of it."""
    stated: dict[str, Any] = {
        "facts": [fact.model_dump(mode="json", exclude_defaults=True) for fact in result.facts],
        "sources": list(result.sources),
        "registered": registered,
    }
    blocks: Sequence[dict[str, Any]] = [{"text": result.text or "(no text)"}, {"json": stated}]
    return blocks
