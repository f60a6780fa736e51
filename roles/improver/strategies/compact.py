"""Constant tables that each instance makes anew: all instances share one."""

from __future__ import annotations

import ast

from roles.improver.sites import Family
from roles.improver.strategies.attributes import class_to_top, constructors, initial_assignments, reads_of
from roles.improver.strategies.base import Refuse, Strategy, View
from roles.improver.strategies.literals import is_constant, is_constant_inside

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
                if _is_table(value) and _size(value) > 2:
                    with view.site(statement, f"each {owner.name} makes its own table {name}"):
                        if isinstance(value, ast.Call) and not view.facts.is_builtin("dict"):
                            raise Refuse("dict has another meaning here")
                        self._change(view, owner, name, value)

    def _change(self, view: View, owner: ast.ClassDef, name: str, value: ast.expr) -> None:
        reads = reads_of(view, owner, name, public=True)
        if not _is_flat(value) and not all(_looks_deep(view, part) for part in reads):
            raise Refuse("what the table holds may be changed or kept")
        text = view.edits.text_of(value)
        shared = view.facts.fresh_name(f"_{name.strip('_').upper()}")
        class_to_top(view, owner, f"{shared} = {text}")
        view.edits.replace(value, shared)


def _is_table(value: ast.expr) -> bool:
    """A literal of constants, of such literals, or ``dict(a=1, b=2)``."""
    if isinstance(value, ast.List):
        return all(is_constant(part) or _is_flat(part) for part in value.elts)
    if isinstance(value, ast.Dict):
        keys = all(key is not None and is_constant(key) for key in value.keys)
        return keys and all(is_constant(part) or _is_flat(part) for part in value.values)
    return _is_flat(value)


def _is_flat(value: ast.expr) -> bool:
    if isinstance(value, ast.Call):
        named = all(keyword.arg and is_constant(keyword.value) for keyword in value.keywords)
        return isinstance(value.func, ast.Name) and value.func.id == "dict" and not value.args and named
    return is_constant_inside(value)


def _looks_deep(view: View, part: ast.expr) -> bool:
    """Whether a place looks into a table, and no more than looks into what it finds there."""
    user = view.facts.parents[part]
    if isinstance(user, ast.Compare):
        return True
    if isinstance(user, ast.Subscript):
        return view.analysis.only_read(user)
    if isinstance(user, ast.Call):
        return isinstance(user.func, ast.Name) and user.func.id == "len"
    if isinstance(user, ast.Attribute):
        call = view.facts.parents[user]
        return user.attr == "keys" or (
            user.attr == "get" and isinstance(call, ast.Call) and len(call.args) == 1 and view.analysis.only_read(call)
        )
    # what a loop takes out is taken apart at once
    target = user.target if isinstance(user, ast.For | ast.comprehension) else None
    return isinstance(target, ast.Tuple) and all(isinstance(inner, ast.Name) for inner in target.elts)


def _size(value: ast.expr) -> int:
    if isinstance(value, ast.Call):
        return len(value.keywords)
    return len(value.keys) if isinstance(value, ast.Dict) else len(getattr(value, "elts", ()))
