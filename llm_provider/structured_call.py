"""Forces a Strands agent's structured output from its first call on. Imported only when one is needed."""

from __future__ import annotations

from strands import Agent
from strands.middleware import InvokeModelContext, InvokeModelStage
from strands.plugins import Plugin
from typing_extensions import override

from llm_provider.schemas import Schema

__all__ = ["ForcedOutput"]


class ForcedOutput(Plugin):
    """Shows this call's schema in place of the class's own, and lets the model do nothing but fill it in.

    Strands would offer the output as one tool among others and force it only afterwards, at the price of another
    call; and it keeps the specification of every output class for ever, so a class for each request would leak.
    """

    def __init__(self, schema: Schema) -> None:
        super().__init__()
        self._schema = schema

    @property
    @override
    def name(self) -> str:
        """The plugin's name, for Strands."""
        return "supervisor-forced-output"

    @override
    def init_agent(self, agent: Agent) -> None:
        """Rewrite what every model call of the agent is given."""
        agent.add_middleware(InvokeModelStage.Input, self._force)

    def _force(self, context: InvokeModelContext) -> InvokeModelContext:
        (spec,) = context.tool_specs
        forced = {**spec, "inputSchema": {"json": self._schema}}
        return context.replace(tool_specs=[forced], tool_choice={"tool": {"name": spec["name"]}})  # pyright: ignore[reportArgumentType]
