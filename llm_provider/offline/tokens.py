"""The offline model's token counts: a stated approximation, the same for the same text on every machine."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["CHARS_PER_TOKEN", "count_prompt", "count_text"]

CHARS_PER_TOKEN = 4


def count_text(text: str) -> int:
    """One token for every four characters, rounded up."""
    return -(-len(text) // CHARS_PER_TOKEN)


def count_prompt(
    messages: Sequence[Mapping[str, Any]], tool_specs: Sequence[Mapping[str, Any]] | None, system_prompt: str | None
) -> int:
    """The tokens of all that a model is given; messages and tools count as their JSON."""
    given = json.dumps([list(messages), list(tool_specs or ())], ensure_ascii=False, default=str)
    return count_text(given) + count_text(system_prompt or "")
