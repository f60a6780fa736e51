"""What the layers above tell the planner: predictions it may use and need not."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["PlanningHints"]


class PlanningHints(BaseModel):
    """Advice for one plan: active guideline lines, expected success per engine or agent (0 to 1)."""

    model_config = ConfigDict(frozen=True)

    guideline: tuple[str, ...] = ()
    guideline_version: str | None = None
    expected_success: dict[str, float] = Field(default_factory=dict)
