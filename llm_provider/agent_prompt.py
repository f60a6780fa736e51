"""The system prompt of a runtime agent: every part at its fixed place."""

from __future__ import annotations

import re
from collections.abc import Sequence

from common.agent_configuration import AgentConfiguration
from common.context import TaskContext
from common.prompts import PromptText, load_prompt

__all__ = ["agent_prompt", "guideline_lines", "guideline_text"]

_GUIDELINE = "Guideline:"
"""Stands alone on its line; the guideline's lines follow, each after "- ", up to the first line that is different."""

_HEADING_LINE = re.compile(r"^([ \t]*guideline)[ \t]*:[ \t]*$", re.IGNORECASE | re.MULTILINE)


def agent_prompt(
    configuration: AgentConfiguration, context: TaskContext, *, guideline: Sequence[str] = (), iterations: int
) -> PromptText:
    """System prompt, plan, guidance, active guideline, then what came before, time, location and model calls left.

    A section that has nothing to say is left out; the order never changes. Texts that were made from the request
    can't open a guideline of their own.
    """
    time = (
        context.now.strftime(f"%A %Y-%m-%d %H:%M {context.zone.key}") if context.current_time is not None else "unknown"
    )
    return load_prompt("llm_provider.prompts", "agent_frame").render(
        system_prompt=_quoted(configuration.system_prompt),
        plan=_quoted(configuration.plan),
        guidance=_quoted(configuration.guidance),
        guideline=guideline_text(guideline),
        earlier=_quoted(context.recent_log_summary or ""),
        time=time,
        location=context.location or "unknown",
        iterations=str(iterations),
    )


def guideline_text(lines: Sequence[str]) -> str:
    """The active guideline as the lines below its heading in a prompt; empty without any."""
    rules = [" ".join(line.split()) for line in lines]
    return "\n".join(f"- {rule}" for rule in rules if rule)


def guideline_lines(prompt: str) -> list[str]:
    """The lines of every guideline block in a prompt."""
    found: list[str] = []
    inside = False
    for line in prompt.splitlines():
        text = line.strip()
        if text == _GUIDELINE:
            inside = True
        elif inside and text.startswith("- "):
            found.append(text[2:])
        else:
            inside = False
    return found


def _quoted(text: str) -> str:
    return _HEADING_LINE.sub(r"\1 -", text.strip())
