"""What may change, while requests run, about how tools are called and how long work may take."""

from __future__ import annotations

from typing import Protocol

from pydantic import BaseModel

from common.context import TaskContext
from common.settings import RequestSettings
from common.tool import Tool, ToolResult

__all__ = ["CallPolicy"]


class CallPolicy(Protocol):
    """Asked at every call, so that what is tuned holds from the next call on; never raises and never waits."""

    @property
    def requests(self) -> RequestSettings:
        """The bounds of requests as they are now."""
        ...

    def timeout(self, tool: Tool, given: float) -> float:
        """Seconds that a call may take, where the caller would give it `given`."""
        ...

    def refusal(self, tool: Tool) -> str | None:
        """Why the tool is left alone now, or None. Whoever gets None tells by `ended` how the call went."""
        ...

    def ended(self, tool: Tool, ok: bool | None) -> None:
        """How a call went that was not refused; None for one that was given up before it could tell."""
        ...

    def remembered(self, tool: Tool, arguments: BaseModel, context: TaskContext) -> ToolResult | None:
        """What the tool answered shortly before to the same arguments of the same owner, where that may be given."""
        ...

    def remember(self, tool: Tool, arguments: BaseModel, context: TaskContext, result: ToolResult) -> None:
        """Keep an answer, where the tool's answers are kept at all."""
        ...
