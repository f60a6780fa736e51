"""Constant tables that each instance makes anew: all instances share one."""

from __future__ import annotations

import ast

from roles.improver.sites import Family
from roles.improver.strategies.attributes import class_to_top, constructors, initial_assignments, reads_of
from roles.improver.strategies.base import Strategy, View
from roles.improver.strategies.effects import is_constant_inside

__all__ = ["Compact"]


class Compact(Strategy):
    """``self._rates = {"a": 1.5, …}``, ``self._sizes = [1, 2, …]``: literals of constants that are only looked into.

    They move into a name of the module, and stay what they are: a list's errors name lists.
    """

    kind = "table-per-instance"
    family = Family.MEMORY
    aims = frozenset({"live_memory", "instantiation"})

    def look(self, view: View) -> None:
        """Note constant tables that constructors make."""
        for owner, function in constructors(view):
            for statement, name, value in initial_assignments(function):
                if is_constant_inside(value) and _size(value) > 2:
                    with view.site(statement, f"each {owner.name} makes its own table {name}"):
                        self._change(view, owner, name, value)

    def _change(self, view: View, owner: ast.ClassDef, name: str, value: ast.expr) -> None:
        reads_of(view, owner, name)
        text = view.edits.text_of(value)
        shared = view.facts.fresh_name(f"_{name.strip('_').upper()}")
        class_to_top(view, owner, f"{shared} = {text}")
        view.edits.replace(value, shared)


def _size(value: ast.expr) -> int:
    return len(value.keys) if isinstance(value, ast.Dict) else len(getattr(value, "elts", ()))
