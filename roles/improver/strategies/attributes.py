"""Attributes that a class sets once, when it is made, and only looks into afterwards."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from roles.improver.strategies.base import Refuse, View
from roles.improver.strategies.facts import FileFacts, FunctionFacts, dotted, has_bases, walk_own
from roles.improver.strategies.kinds import kind_of

__all__ = ["attribute_kind", "class_to_top", "constructors", "initial_assignments", "reads_of"]

_ALL_ATTRIBUTES = frozenset({"__dict__", "vars", "setattr", "deepcopy", "copy", "pickle", "__reduce__", "dir"})


def constructors(view: View) -> Iterator[tuple[ast.ClassDef, FunctionFacts]]:
    """The classes of a file that have an ``__init__``, and that."""
    for node in view.facts.classes.values():
        for function in view.facts.functions:
            if (
                function.owner is node
                and function.node.name == "__init__"
                and isinstance(function.node, ast.FunctionDef)
            ):
                yield node, function


def initial_assignments(function: FunctionFacts) -> Iterator[tuple[ast.Assign | ast.AnnAssign, str, ast.expr]]:
    """Statements ``self.name = value`` that a constructor always carries out, with name and value."""
    for statement in function.node.body:
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target = statement.targets[0]
        elif isinstance(statement, ast.AnnAssign):
            target = statement.target
        else:
            continue
        if not isinstance(target, ast.Attribute) or statement.value is None:
            continue
        if isinstance(target.value, ast.Name) and target.value.id == "self":
            yield statement, target.attr, statement.value


def attribute_kind(facts: FileFacts, owner: ast.ClassDef, name: str) -> str:
    """The built-in type of an attribute's value wherever the class sets it; empty where that is not certain."""
    kinds: set[str] = set()
    for function in facts.functions:
        if function.owner is not owner:
            continue
        for part in walk_own(function.node):
            if not (isinstance(part, ast.Attribute) and part.attr == name) or isinstance(part.ctx, ast.Load):
                continue
            holder = facts.parents[part]
            value = holder.value if isinstance(holder, ast.Assign | ast.AnnAssign) else None
            kinds.add("" if value is None else kind_of(facts, value, function))
    outside = any(
        isinstance(part, ast.Attribute)
        and part.attr == name
        and not isinstance(part.ctx, ast.Load)
        and dotted(part.value) != "self"
        for part in ast.walk(facts.tree)
    )
    return kinds.pop() if len(kinds) == 1 and not outside else ""


def reads_of(
    view: View, owner: ast.ClassDef, name: str, *, looked_into: bool = True, public: bool = False
) -> list[ast.Attribute]:
    """All places that read an attribute; raises `Refuse` where others may know it, or where it may be changed.

    `looked_into`: each place may only look into the value, so that nobody can change or keep it. `public`: whether the
    attribute may have a public name, which no other file and no test may use either.
    """
    if (not name.startswith("_") and not public) or name.startswith("__"):
        raise Refuse(f"{name} is public, so it may be used from outside")
    if name in view.named_elsewhere:
        raise Refuse(f"{name} is used by another file or a test")
    _check_family(view, owner)
    inside = {id(part) for part in ast.walk(owner)}
    reads: list[ast.Attribute] = []
    stores = 0
    for part in ast.walk(view.facts.tree):
        if isinstance(part, ast.Constant) and part.value == name and not _in_slots(view, part):
            raise Refuse(f"{name} is named in a text")
        if not isinstance(part, ast.Attribute) or part.attr != name:
            continue
        if id(part) not in inside or not (isinstance(part.value, ast.Name) and part.value.id == "self"):
            raise Refuse(f"{name} is used outside of the class")
        if not isinstance(part.ctx, ast.Load):
            stores += 1
        else:
            reads.append(part)
    if stores != 1:
        raise Refuse(f"{name} is set more than once")
    for part in reads:
        if looked_into and not view.analysis.only_read(part):
            raise Refuse(f"{name} may be changed or kept at line {part.lineno}")
    return reads


def _check_family(view: View, owner: ast.ClassDef) -> None:
    """Raise `Refuse` where a class has bases, or classes are made from it: their methods use its attributes, too."""
    if has_bases(owner):
        raise Refuse("the class has base classes")
    for tree in (view.facts.tree, *view.other_trees):
        for part in ast.walk(tree):
            word = part.id if isinstance(part, ast.Name) else part.attr if isinstance(part, ast.Attribute) else ""
            if word in _ALL_ATTRIBUTES:
                raise Refuse(f"{word} is used, which shows all attributes")
            if isinstance(part, ast.ClassDef) and any(owner.name in ast.unparse(base) for base in part.bases):
                raise Refuse(f"{part.name} is made from {owner.name}")


def _in_slots(view: View, part: ast.Constant) -> bool:
    statement = view.facts.statement_of(part)
    return isinstance(statement, ast.Assign) and getattr(statement.targets[0], "id", "") == "__slots__"


def class_to_top(view: View, owner: ast.ClassDef, text: str) -> None:
    """Put statements before the first function or class of the module, so that all of them know what is there."""
    first = view.first_definition()
    view.edits.at_top(text, first if first is not owner else owner)
