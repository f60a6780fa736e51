"""Changes of code that have no effect, for trials of the acceptance."""

from __future__ import annotations

import ast
import random
from collections.abc import Mapping


def noop_of(files: Mapping[str, str], draw: random.Random) -> dict[str, str]:
    """The files with a change that does nothing: a comment, a name more, another docstring, renamed local names."""
    change = draw.choice([_comment, _blank, _docstring, _rename])
    return {path: change(text, draw) for path, text in files.items()}


def _comment(text: str, draw: random.Random) -> str:
    return f"{text}\n# looked at, number {draw.randrange(1000)}\n"


def _blank(text: str, draw: random.Random) -> str:
    return text + "\n" * draw.randrange(1, 4) + "_ = None\n"


def _docstring(text: str, draw: random.Random) -> str:
    return text.replace('."""', ' (as before)."""', 1)


def _rename(text: str, draw: random.Random) -> str:
    tree = ast.parse(text)
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            bound = {
                part.id for part in ast.walk(function) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
            }
            for part in ast.walk(function):
                if isinstance(part, ast.Name) and part.id in bound:
                    part.id = f"{part.id}_renamed"
    return ast.unparse(tree) + "\n# renamed\n"
