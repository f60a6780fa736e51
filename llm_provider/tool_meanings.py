"""What words mean when tools are compared with requests: a table of meanings, each with the words that stand for it."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from llm_provider.tool_words import root

__all__ = ["MEANINGS", "meanings_of"]

MEANINGS = "tool_meanings.txt"


@cache
def _table() -> dict[str, tuple[str, ...]]:
    text = files("llm_provider").joinpath(MEANINGS).read_text(encoding="utf-8")
    table: dict[str, list[str]] = {}
    for line in text.splitlines():
        name, colon, words = line.partition(":")
        if colon and not line.startswith("#"):
            for word in dict.fromkeys(root(word) for word in words.split()):
                table.setdefault(word, []).append(f"<{name}>")
    return {word: tuple(names) for word, names in table.items()}


def meanings_of(rooted: str) -> tuple[str, ...]:
    """The meanings of a root, as marks such as ``<weather>``."""
    return _table().get(rooted, ())
