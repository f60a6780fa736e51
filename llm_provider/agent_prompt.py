"""The system prompt of a runtime agent: every part at its fixed place."""

from __future__ import annotations

import re
from collections.abc import Sequence

from common.agent_configuration import AgentConfiguration
from common.context import TaskContext

__all__ = ["GUIDELINE_HEADING", "PROMPT_VERSION", "agent_prompt", "guideline_block", "guideline_lines"]

PROMPT_VERSION = "agent-frame@1"
"""Changes whenever the text below does."""

GUIDELINE_HEADING = "Guideline:"
"""Stands alone on its line; the guideline's lines follow, each after "- ", up to the first line that is different."""

_HEADING_LINE = re.compile(r"^([ \t]*guideline)[ \t]*:[ \t]*$", re.IGNORECASE | re.MULTILINE)


def agent_prompt(
    configuration: AgentConfiguration, context: TaskContext, *, guideline: Sequence[str] = (), iterations: int
) -> str:
    """System prompt, plan, guidance, active guideline, then what came before, time, location and model calls left.

    A section that has nothing to say is left out; the order never changes. Texts that were made from the request
    can't open a guideline of their own.
    """
    time = (
        context.now.strftime(f"%A %Y-%m-%d %H:%M {context.zone.key}") if context.current_time is not None else "unknown"
    )
    sections = (
        configuration.system_prompt,
        _section("Plan", configuration.plan),
        _section("Guidance", configuration.guidance),
        guideline_block(guideline),
        _section("Earlier in this session", context.recent_log_summary or ""),
        f"Time: {time}\nLocation: {context.location or 'unknown'}\nModel calls you may make: {iterations}",
    )
    return "\n\n".join(section.strip() for section in sections if section.strip())


def guideline_block(lines: Sequence[str]) -> str:
    """The active guideline as a block of a prompt; empty without lines."""
    rules = [" ".join(line.split()) for line in lines]
    shown = [f"- {rule}" for rule in rules if rule]
    return "\n".join((GUIDELINE_HEADING, *shown)) if shown else ""


def guideline_lines(prompt: str) -> list[str]:
    """The lines of every guideline block in a prompt."""
    found: list[str] = []
    inside = False
    for line in prompt.splitlines():
        text = line.strip()
        if text == GUIDELINE_HEADING:
            inside = True
        elif inside and text.startswith("- "):
            found.append(text[2:])
        else:
            inside = False
    return found


def _section(heading: str, text: str) -> str:
    quoted = _HEADING_LINE.sub(r"\1 -", text.strip())
    return f"{heading}:\n{quoted}" if quoted else ""
