"""The other files of an agent, and its tests: what they may do to the names of a file."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import cached_property

from roles.improver.strategies.facts import FileFacts
from roles.improver.strategies.literals import paths_of

__all__ = ["Siblings", "only_read"]

_LOOKERS = frozenset(
    {"len", "sum", "min", "max", "sorted", "enumerate", "any", "all", "dict", "list", "set", "tuple", "frozenset"}
)
"""Built-in functions that look into a container, or copy it."""


class Siblings:
    """Files by path; of what can't be parsed nothing is known, so it may do anything."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        """The texts of the files."""
        self._texts = texts
        self._facts: dict[str, FileFacts | None] = {}
        self._alone: dict[tuple[str, bool], bool] = {}

    def path_of(self, module: str) -> str:
        """The path of a module's file; empty for a module that is none of these."""
        return next((path for path in paths_of(module) if path in self._texts), "")

    def module(self, name: str) -> FileFacts | None:
        """The facts of a module's file; None for a module that is none of these."""
        path = self.path_of(name)
        return self.facts(path) if path else None

    @cached_property
    def method_names(self) -> frozenset[str]:
        """Names of all methods that classes of these files define, those of tests apart."""
        return frozenset(
            name
            for facts in self.all_facts()
            if not facts.path.rpartition("/")[2].startswith("test_")
            for name in facts.method_names
        )

    def all_facts(self) -> list[FileFacts]:
        """The facts of all these files that can be parsed."""
        return [facts for path in self._texts if (facts := self.facts(path)) is not None]

    def facts(self, path: str) -> FileFacts | None:
        """The facts of a file; None for one that is not there, or can't be parsed."""
        if path not in self._texts:
            return None
        if path not in self._facts:
            try:
                self._facts[path] = facts = FileFacts(path, self._texts[path])
                facts.elsewhere = self.module
            except (SyntaxError, ValueError, RecursionError):
                self._facts[path] = None
        return self._facts[path]

    def beside(self, facts: FileFacts, path: str) -> dict[str, str]:
        """What stands beside one of these files: the others, and the one that these stand beside."""
        return {**{key: text for key, text in self._texts.items() if key != path}, facts.path: facts.text}

    def leave_alone(self, name: str, *, unchangeable: bool) -> bool:
        """Whether no file sets an attribute of that name, or does more than look into what it stands for.

        `unchangeable`: what it stands for can't be changed itself.
        """
        key = (name, unchangeable)
        if key not in self._alone:
            self._alone[key] = all(self._leaves_alone(path, name, unchangeable) for path in self._texts)
        return self._alone[key]

    def _leaves_alone(self, path: str, name: str, unchangeable: bool) -> bool:
        if name not in self._texts[path]:
            return True
        facts = self.facts(path)
        if facts is None:
            return False
        for part in ast.walk(facts.tree):
            if isinstance(part, ast.Attribute) and part.attr == name:
                if not isinstance(part.ctx, ast.Load) or not (unchangeable or only_read(facts, part)):
                    return False
            elif isinstance(part, ast.Constant) and isinstance(part.value, str):
                # patches name what they replace in a text
                if name in part.value.split(".") and len(part.value) < 200:
                    return False
            elif unchangeable:
                continue
            elif (isinstance(part, ast.alias) and part.name == name and part.asname) or (
                isinstance(part, ast.Name)
                and part.id == name
                and not (isinstance(part.ctx, ast.Store) or only_read(facts, part))
            ):
                return False
        return True


def only_read(facts: FileFacts, node: ast.expr) -> bool:
    """Whether an expression's value is only looked into where it stands: an item, a test, a loop, a length."""
    user = facts.parents[node]
    if isinstance(user, ast.Subscript):
        return user.value is node and isinstance(user.ctx, ast.Load) and not isinstance(user.slice, ast.Slice)
    if isinstance(user, ast.Compare):
        return all(isinstance(op, ast.In | ast.NotIn) for op in user.ops) and node in user.comparators
    if isinstance(user, ast.For | ast.comprehension):
        return user.iter is node
    if isinstance(user, ast.Call):
        name = user.func.id if isinstance(user.func, ast.Name) else ""
        joins = isinstance(user.func, ast.Attribute) and user.func.attr in ("update", "extend")
        if joins and isinstance(user.func, ast.Attribute):
            return node in user.args and user.func.attr not in facts.method_names
        return node in user.args and name in _LOOKERS and facts.is_builtin(name)
    if isinstance(user, ast.Dict):
        return any(key is None and value is node for key, value in zip(user.keys, user.values, strict=True))
    if isinstance(user, ast.Attribute) and user.attr in ("get", "items", "keys", "values", "index", "count"):
        outer = facts.parents[user]
        return isinstance(outer, ast.Call) and outer.func is user and user.attr not in facts.method_names
    return False
