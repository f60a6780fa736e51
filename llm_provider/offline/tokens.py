"""The offline model's token counts: a stated approximation, the same for the same text on every machine."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["CHARS_PER_TOKEN", "count_chars", "count_prompt"]

CHARS_PER_TOKEN = 4


def count_chars(characters: int) -> int:
    """One token for every four characters, rounded up."""
    return -(-characters // CHARS_PER_TOKEN)


def count_prompt(
    messages: Sequence[Mapping[str, Any]], tool_specs: Sequence[Mapping[str, Any]] | None, system_prompt: str | None
) -> int:
    """The tokens of all that a model is given; messages and tools count as their JSON."""
    given = json.dumps([list(messages), list(tool_specs or ())], ensure_ascii=False, default=str)
    return count_chars(len(given)) + count_chars(len(system_prompt or ""))
