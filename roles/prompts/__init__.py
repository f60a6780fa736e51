"""The prompts of router, planner and roles: one template file each (see `common.prompts`)."""

from __future__ import annotations

from common.context import TaskContext
from common.prompts import Prompt
from common.prompts import load_prompt as load

__all__ = ["load_prompt", "situation"]


def load_prompt(name: str) -> Prompt:
    """The template `name` of this package."""
    return load(__name__, name)


def situation(context: TaskContext) -> dict[str, str]:
    """When and where a request is made, and what came before it, as the planner's and the router's templates say it."""
    time = context.now.strftime("%A %Y-%m-%d %H:%M %Z") if context.current_time else "unknown"
    return {"time": time, "location": context.location or "unknown", "earlier": context.recent_log_summary or ""}
