"""Prompt templates: one file each, the first line its version, filled in by `string.Template`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from string import Template

__all__ = ["Prompt", "load_prompt"]


@dataclass(frozen=True, slots=True)
class Prompt:
    """A template and its version; `render` needs every name that the template uses."""

    name: str
    version: str
    template: str

    def render(self, **values: str) -> str:
        """The text with every placeholder filled in; raises `KeyError` for one that is missing."""
        return Template(self.template).substitute(values)


@cache
def load_prompt(name: str) -> Prompt:
    """The template `name` of this package; its version is the part after ``version:`` in the first line."""
    text = files("roles.prompts").joinpath(f"{name}.md").read_text(encoding="utf-8")
    head, _, body = text.partition("\n")
    version = head.partition("version:")[2].strip(" ->")
    return Prompt(name, f"{name}@{version}", body.strip())
