"""The offline model's own sentences: plain, short, and nothing claimed that a tool did not say."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from common.language.calls import PlannedCall, ToolShape
from common.language.formats import UTTERANCES
from common.language.parts import Part

__all__ = ["Wording", "asks_who"]

_EXAMPLES = 4
_SELF = "I am the offline model: a fixed program that reads requests by rules, not a language model."
_WHO = re.compile(
    r"\b(?:who|what)(?:\s+exactly)?\s+are\s+you\b"
    r"|\b(?:what|which)\s+(?:language\s+|ai\s+)?(?:model|llm|ai)\s+(?:are\s+you|is\s+this|do\s+you\s+use|am\s+i)\b"
    r"|\bare\s+you\s+(?:an?\s+)?(?:real\s+)?(?:ai|bot|robot|human|person|llm|language\s+model|chatgpt|gpt|claude|gemini)\b"
    r"|\bwhat\s+can\s+you\s+do\b|^\s*help\W*$"
    r"|\bintroduce\s+yourself\b|\bwhat(?:'s|’s|\s+is)\s+your\s+name\b|\btell\s+me\s+about\s+yourself\b",
    re.IGNORECASE,
)


def asks_who(text: str) -> bool:
    """Whether a text asks the model what it is or what it can do."""
    return _WHO.search(text[:2_000]) is not None


class Wording:
    """Sentences about a set of tools, which are named by what they do, never by their names."""

    def __init__(self, tools: Sequence[ToolShape]) -> None:
        self._tools = {tool.name: tool for tool in tools}

    def abilities(self) -> str:
        """What can be asked here, with examples."""
        examples = [_example(tool) for tool in list(self._tools.values())[:_EXAMPLES]]
        if not examples:
            return "I have no tools here, so there is nothing I can do but say so."
        return f"Things I can do: {'; '.join(examples)}."

    def who(self) -> str:
        """What the model is, and what it can do."""
        return f"{_SELF} {self.abilities()}"

    def empty(self) -> str:
        """For a request without words."""
        return f"The request is empty. {self.abilities()}"

    def unmatched(self, parts: Sequence[Part], *, alone: bool) -> str:
        """For parts that no tool fits; `alone` where nothing else is said."""
        said = "; ".join(f"“{part.text}”" for part in parts)
        if alone:
            return f"I can't answer {said}. {_SELF} {self.abilities()}"
        return f"I could not tell what to do about {said}. {self.abilities()}"

    def missing(self, call: PlannedCall) -> str:
        """For a call that lacks required arguments."""
        properties = cast("Mapping[str, Mapping[str, Any]]", self._tools[call.tool].schema.get("properties", {}))
        wanted = [str(properties.get(name, {}).get("description") or name).rstrip(".") for name in call.missing]
        return f"For “{call.part.text}” I still need: {'; '.join(wanted)}."

    def condition(self, part: Part) -> str:
        """For a part that hangs on a circumstance."""
        return f"“{part.text}” was not done: I can't check “{part.condition}”. Ask for it without the condition."

    def not_done(self, part: Part, needed: Part) -> str:
        """For a part whose precondition failed."""
        return f"“{part.text}” was not done, because it needs “{needed.text}”, which failed."

    def no_time(self, part: Part) -> str:
        """For a part whose time counts from something that has none."""
        return f"“{part.text}” was not done, because nothing says when that is. Name the time."

    def stopped(self, part: Part) -> str:
        """For a part that the guideline rules out."""
        return f"“{part.text}” was not done: the guideline says to stop before it."

    def no_result(self, part: Part) -> str:
        """For a call that gave nothing."""
        return f"“{part.text}” gave no result."


def _example(tool: ToolShape) -> str:
    said = tool.schema.get(UTTERANCES)
    if isinstance(said, list) and said:
        return f"“{cast('list[object]', said)[0]}”"
    return tool.description.strip().splitlines()[0].rstrip(".")
