"""What strategies have in common: they look at one file at a time, note places, and change those that are certain."""

from __future__ import annotations

import ast
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

from roles.improver.agent import AgentSpecification
from roles.improver.sites import Allowance, Changed, Family, Site
from roles.improver.strategies.edits import OVERLAP, CantEdit, Edits
from roles.improver.strategies.effects import Analysis
from roles.improver.strategies.facts import FileFacts

__all__ = ["Refuse", "Strategy", "View"]

_PASSES = 4
_MOST_PASSES = 20


class Refuse(Exception):
    """Says why a place is left as it is."""


@dataclass(eq=False)
class View:
    """One file as a strategy sees it, among the others and the tests; what is noted and changed is collected here."""

    facts: FileFacts
    others: Mapping[str, str]
    """The texts of the agent's other files and of its tests."""
    specification: AgentSpecification
    kind: str

    def __post_init__(self) -> None:
        self.analysis = Analysis(self.facts, self.others)
        self.edits = Edits(self.facts.text, self.facts.tree)
        self.sites: list[Site] = []
        self.put: dict[str, str] = {}
        """What changes put into this file for others to use; refused changes take theirs back."""

    @contextmanager
    def site(self, node: ast.AST, what: str) -> Generator[None]:
        """Note a place; where `Refuse` or `CantEdit` is raised inside, it is refused and nothing of it is changed."""
        saved, put = self.edits.snapshot(), dict(self.put)
        reason = ""
        try:
            yield
        except (Refuse, CantEdit) as error:
            self.edits.restore(saved)
            self.put = put
            reason = str(error)
        line: int = getattr(node, "lineno", 1)
        self.sites.append(Site(self.facts.path, line, self.place(node), self.kind, what, reason))

    def place(self, node: ast.AST) -> str:
        """The function that a node stands for or in."""
        if node in self.facts.by_node:
            return self.facts.by_node[node].qualified  # type: ignore[index]
        return node.name if isinstance(node, ast.ClassDef) else self.facts.place_of(node)

    def first_definition(self) -> ast.stmt:
        """The first statement of the module that defines a function or a class: what these need stands before it."""
        for statement in self.facts.tree.body:
            for part in ast.walk(statement):
                if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                    return statement
        raise Refuse("nothing is defined in the module")

    @cached_property
    def patched_elsewhere(self) -> frozenset[str]:
        """Names that another file or a test may set in this module: attributes that are set, and words of texts."""
        found: set[str] = set()
        for tree in self.other_trees:
            for part in ast.walk(tree):
                if isinstance(part, ast.Attribute) and not isinstance(part.ctx, ast.Load):
                    found.add(part.attr)
                elif isinstance(part, ast.Constant) and isinstance(part.value, str) and len(part.value) < 200:
                    found.update(part.value.split("."))
        return frozenset(found)

    @cached_property
    def methods_elsewhere(self) -> frozenset[str]:
        """Names of all functions and methods of the other files and the tests."""
        return frozenset(
            part.name
            for tree in self.other_trees
            for part in ast.walk(tree)
            if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)
        )

    @cached_property
    def other_trees(self) -> tuple[ast.Module, ...]:
        """The trees of the other files and the tests; of what can't be parsed, nothing."""
        trees: list[ast.Module] = []
        for text in self.others.values():
            try:
                trees.append(ast.parse(text))
            except SyntaxError:
                continue
        return tuple(trees)

    @cached_property
    def named_elsewhere(self) -> frozenset[str]:
        """All names, attributes and imported names of the other files and the tests."""
        found: set[str] = set()
        for tree in self.other_trees:
            for part in ast.walk(tree):
                if isinstance(part, ast.Attribute):
                    found.add(part.attr)
                elif isinstance(part, ast.Name):
                    found.add(part.id)
                elif isinstance(part, ast.ImportFrom):
                    found.update(alias.name for alias in part.names)
                elif isinstance(part, ast.Constant) and isinstance(part.value, str) and len(part.value) < 200:
                    # patches name what they replace in a text
                    found.update(part.value.split("."))
        return frozenset(found)


class Strategy:
    """One kind of change.

    `aims` names the measures that it is to make smaller, `allowances` how answers may differ after it. Subclasses
    implement `look`, and are idempotent: what they made is no place for them any more.
    """

    kind: ClassVar[str]
    family: ClassVar[Family]
    aims: ClassVar[frozenset[str]]
    allowances: ClassVar[frozenset[Allowance]] = frozenset()
    goes_on: ClassVar[bool] = False
    """Whether what it made may be a place again, which is then changed at once."""

    def look(self, view: View) -> None:
        """Note the places of one file, and collect the changes of those that are certain."""
        raise NotImplementedError

    def change(
        self,
        files: Mapping[str, str],
        specification: AgentSpecification | None = None,
        tests: Mapping[str, str] | None = None,
    ) -> Changed:
        """All files with this kind of change, and the places with their lines in the files as they were given.

        A file that can't be parsed stays as it is. The tests are read, never changed.
        """
        specification = specification or AgentSpecification()
        changed, sites = dict(files), list[Site]()
        for path in sorted(files):
            if path.endswith(".py"):
                others = {**{name: text for name, text in changed.items() if name != path}, **(tests or {})}
                changed[path], found = self._file(path, files[path], others, specification)
                sites += found
        return Changed(changed, tuple(sorted(sites)))

    def _file(
        self, path: str, text: str, others: Mapping[str, str], specification: AgentSpecification
    ) -> tuple[str, list[Site]]:
        found: list[Site] | None = None
        for _ in range(_MOST_PASSES if self.goes_on else _PASSES):
            try:
                view = View(FileFacts(path, text), others, specification, self.kind)
            except (SyntaxError, ValueError, RecursionError):
                break
            self.look(view)
            if found is None:
                found = view.sites
            if not view.edits:
                break
            try:
                text = view.edits.result()
            except (CantEdit, SyntaxError) as error:
                return text, [replace(site, refused=site.refused or str(error)) for site in found]
            if not self.goes_on and not any(site.refused == OVERLAP for site in view.sites):
                break
            # what waited for another change of the same place is tried again
            found = [replace(site, refused="" if site.refused == OVERLAP else site.refused) for site in found]
        return text, found or []
