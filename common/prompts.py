"""Prompt templates: one file each, versioned, with fixed places for what varies and a point up to which nothing does.

A template's first line is its version (``<!-- version: 3 -->``). The rest is `string.Template` text in blocks, with
blank lines between them. A block whose placeholders are all empty is left out, its heading included. What stands above
the line ``<!-- cache point -->`` is the same from request to request, so that a provider can keep it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from string import Template

__all__ = ["Prompt", "PromptText", "load_prompt"]

_CACHE_POINT = "<!-- cache point -->"
_BLANK_LINES = re.compile(r"\n\s*\n")


@dataclass(frozen=True, slots=True)
class PromptText:
    """A prompt ready to send: its first `stable` characters are what a provider may keep for the next request."""

    text: str
    version: str = ""
    stable: int = 0

    def followed_by(self, more: str) -> PromptText:
        """The same with something after it, which differs from request to request."""
        return replace(self, text=self.text + more) if more else self


@dataclass(frozen=True, slots=True)
class Prompt:
    """A template; `version` is ``name@number``, and stands in the trace of every call that used it."""

    name: str
    version: str
    template: str

    def render(self, **values: str) -> PromptText:
        """The text with every placeholder filled in; raises `KeyError` for one that is missing.

        Values are taken as they are: what looks like a placeholder or a cache point in one is only text.
        """
        head, marked, tail = self.template.partition(_CACHE_POINT)
        stable = _fill(head, values) if marked else ""
        text = "\n\n".join(part for part in (stable, _fill(tail if marked else head, values)) if part)
        return PromptText(text, self.version, len(stable))


@cache
def load_prompt(package: str, name: str) -> Prompt:
    """The template ``name.md`` of a package. Raises `ValueError` for one without a version."""
    text = files(package).joinpath(f"{name}.md").read_text(encoding="utf-8")
    head, _, body = text.partition("\n")
    version = re.fullmatch(r"<!-- version: (\d+) -->", head.strip())
    if version is None:
        raise ValueError(f"{package}/{name}.md does not begin with its version")
    return Prompt(name, f"{name}@{version[1]}", body.strip())


def _fill(template: str, values: dict[str, str]) -> str:
    blocks = (Template(block) for block in _BLANK_LINES.split(template.strip()) if block.strip())
    return "\n\n".join(block.substitute(values).strip() for block in blocks if _is_said(block, values))


def _is_said(block: Template, values: dict[str, str]) -> bool:
    names = block.get_identifiers()
    return not names or any(values[name].strip() for name in names)
