"""Whether somebody asks something, so that an answer is wanted and no change."""

from __future__ import annotations

import re

__all__ = ["is_question"]

_QUESTION = re.compile(
    r"\s*(?:(?:please|hey|so|and|ok(?:ay)?|also)[,\s]+)*"
    r"(?:(?:tell me|check|let me know|see) (?:if|whether|what|which|when|how)\b"
    r"|(?:is|are|was|were|did|has|does|do (?:i|we)|have (?:i|we)|am i|any|will (?!you))\b"
    r"|(?:what|which|how|where|who|whose|when|why)(?:['’]s)?\b)",
    re.IGNORECASE,
)


def is_question(text: str) -> bool:
    """Whether a text asks: “what's on”, “do I have”; “could you turn it on” asks for a change."""
    return _QUESTION.match(text) is not None
