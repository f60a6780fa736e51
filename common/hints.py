"""What the layers above tell the planner: predictions it may use and need not."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["AGENT", "AGENT_TYPES", "PLANNING", "ROUTER", "PlanningHints"]

PLANNING = "planning"
"""The agent type of the planner, for both engines."""
ROUTER = "router"
"""The agent type of the model that routes where the classifier is unsure."""
AGENT = "agent"
"""The agent type of the agents that meta-planning makes."""
AGENT_TYPES = (PLANNING, ROUTER, AGENT)
"""The agent types of a supervisor besides its roles, whose names are agent types, too."""


class PlanningHints(BaseModel):
    """Advice for one plan: active guideline lines, expected success per engine or agent (0 to 1).

    `agent_guideline` are the lines of the agents that a plan chooses tools for.
    """

    model_config = ConfigDict(frozen=True)

    guideline: tuple[str, ...] = ()
    guideline_version: str | None = None
    agent_guideline: tuple[str, ...] = ()
    expected_success: dict[str, float] = Field(default_factory=dict)
