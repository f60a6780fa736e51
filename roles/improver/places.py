"""Figures of the functions that a change is about: what it aims at, measured where it is.

The figure of a place has the name of its measure and the place, such as ``latency@stats.py:words``. Time is that in the
function with all that it calls, over all recorded requests; complexity is that of the function's own text.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence

from roles.improver.static_measures import complexity

__all__ = ["Place", "complexities", "figure_at", "functions_of", "measure_of", "places_of"]

Place = tuple[str, str]
"""A file and the qualified name of a function or method in it."""


def figure_at(measure: str, place: Place) -> str:
    """The name of a place's figure."""
    return f"{measure}@{place[0]}:{place[1]}"


def measure_of(figure: str) -> str:
    """The measure of a figure, whether it is the agent's or a place's."""
    return figure.partition("@")[0]


def places_of(named: Iterable[Place], before: Mapping[str, str], after: Mapping[str, str]) -> list[Place]:
    """Those of the places that are functions of both versions."""
    named = sorted(named)
    files = {place[0] for place in named}
    known = [{(file, name) for file in files for name in functions_of(side.get(file, ""))} for side in (before, after)]
    return [place for place in named if place in known[0] and place in known[1]]


def functions_of(text: str) -> dict[str, ast.AST]:
    """The functions and methods of a file by their qualified names."""
    return dict(_functions(ast.parse(text), ""))


def _functions(node: ast.AST, before: str) -> Iterator[tuple[str, ast.AST]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if not isinstance(child, ast.ClassDef):
                yield f"{before}{child.name}", child
            yield from _functions(child, f"{before}{child.name}.")
        else:
            yield from _functions(child, before)


def complexities(files: Mapping[str, str], places: Sequence[Place]) -> dict[str, float]:
    """The cognitive complexity of each place, by the name of its figure."""
    known = {file: functions_of(files[file]) for file in {place[0] for place in places}}
    return {figure_at("complexity", place): float(complexity(known[place[0]][place[1]])) for place in places}
