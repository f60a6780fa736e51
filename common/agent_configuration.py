"""The configuration from which a runtime agent is made."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, JsonValue

__all__ = ["AgentConfiguration"]


class AgentConfiguration(BaseModel):
    """What the planner emits and `RuntimeAgentFactory` builds a Strands agent from.

    `tool_names` are registry names (`category.name`); an empty tuple is an agent that answers without tools.
    `metadata` carries what the planner wants recorded (analysis, dropped tools, prompt version).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    plan: str = Field(max_length=20_000)
    system_prompt: str = Field(max_length=20_000)
    tool_names: tuple[str, ...] = ()
    guidance: str = Field(default="", max_length=20_000)
    max_iterations: int = Field(default=10, ge=1, le=50)
    metadata: dict[str, JsonValue] = Field(default_factory=dict)
