"""What can be told of a file by reading it: who binds which name, where, and what is never bound again.

All rules here rest on one premise, which docs/improver.md states: what an agent is given is JSON data, as the protocol
of deployed agents has it, so all other objects are made by code that can be seen in its files.
"""

from __future__ import annotations

import ast
import builtins
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import cast

from roles.improver.strategies.names import OPERATORS

__all__ = ["FileFacts", "FunctionFacts", "FunctionNode", "blocks_of", "dotted", "has_bases", "root_name", "walk_own"]

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def walk_own(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes below, without those within functions, classes and lambdas that are defined there."""
    todo = list(ast.iter_child_nodes(node))
    while todo:
        part = todo.pop(0)
        yield part
        if not isinstance(part, _SCOPES):
            todo[:0] = list(ast.iter_child_nodes(part))


def dotted(node: ast.AST) -> str:
    """``a.b.c`` of names and attributes, empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (base := dotted(node.value)):
        return f"{base}.{node.attr}"
    return ""


def has_bases(node: ast.ClassDef) -> bool:
    """Whether a class is made from another one than ``object``, or by a class of its own."""
    return bool(node.keywords) or any(dotted(base) != "object" for base in node.bases)


def root_name(node: ast.AST) -> str:
    """The name at the bottom of attributes, items and calls of methods; empty where there is none."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


@dataclass(eq=False)
class FunctionFacts:
    """One function: its node, the class it belongs to (None: none), and what its names are bound to."""

    node: FunctionNode
    qualified: str
    owner: ast.ClassDef | None
    nested: bool
    bindings: dict[str, list[ast.expr | None]] = field(default_factory=dict[str, list["ast.expr | None"]])
    """The expressions that a local name is bound to; None stands for a binding of another kind (a loop, a pattern)."""
    foreign: set[str] = field(default_factory=set[str])
    """Names that it declares global or nonlocal."""

    def __post_init__(self) -> None:
        for parameter in self.parameters:
            self.bindings.setdefault(parameter, [])
        for part in walk_own(self.node):
            self._bind(part)
        for name in self.foreign:
            self.bindings.pop(name, None)

    @property
    def parameters(self) -> list[str]:
        """Names of its parameters."""
        args = self.node.args
        named = [*args.posonlyargs, *args.args, *args.kwonlyargs]
        named += [star for star in (args.vararg, args.kwarg) if star is not None]
        return [arg.arg for arg in named]

    def annotation(self, name: str) -> ast.expr | None:
        """The annotation of a parameter."""
        args = self.node.args
        named = [*args.posonlyargs, *args.args, *args.kwonlyargs]
        return next((arg.annotation for arg in named if arg.arg == name), None)

    def is_local(self, name: str) -> bool:
        """Whether a name is the function's own."""
        return name in self.bindings

    @cached_property
    def inner_loads(self) -> frozenset[str]:
        """Names that functions and lambdas within it read or bind: they may run at any time."""
        own = {id(part) for part in walk_own(self.node)}
        return frozenset(part.id for part in ast.walk(self.node) if isinstance(part, ast.Name) and id(part) not in own)

    def _bind(self, part: ast.AST) -> None:
        if isinstance(part, ast.Assign):
            for target in part.targets:
                self._target(target, part.value)
        elif isinstance(part, ast.AnnAssign):
            if part.value is not None:
                self._target(part.target, part.value)
        elif isinstance(part, ast.NamedExpr):
            self._target(part.target, part.value)
        elif isinstance(part, (ast.AugAssign, ast.For | ast.AsyncFor | ast.comprehension)):
            self._target(part.target, None)
        elif isinstance(part, ast.Global | ast.Nonlocal):
            self.foreign.update(part.names)
        else:
            for name in _other_bindings(part):
                self.bindings.setdefault(name, []).append(None)

    def _target(self, target: ast.expr, value: ast.expr | None) -> None:
        if isinstance(target, ast.Name):
            self.bindings.setdefault(target.id, []).append(value)
        elif (values := _pairwise(target, value)) is not None:
            for part, own in values:
                self._target(part, own)
        elif isinstance(target, ast.Tuple | ast.List | ast.Starred):
            for part in ast.walk(target):
                if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                    self.bindings.setdefault(part.id, []).append(None)


def _pairwise(target: ast.expr, value: ast.expr | None) -> list[tuple[ast.expr, ast.expr]] | None:
    """What each name of ``a, b = x, y`` is bound to; None where that is not written out."""
    if not isinstance(target, ast.Tuple | ast.List) or not isinstance(value, ast.Tuple | ast.List):
        return None
    starred = any(isinstance(part, ast.Starred) for part in (*target.elts, *value.elts))
    return None if starred or len(target.elts) != len(value.elts) else list(zip(target.elts, value.elts, strict=True))


def blocks_of(node: ast.AST) -> list[list[ast.stmt]]:
    """The blocks of statements right below a node: body, else and finally."""
    found = [getattr(node, name, None) for name in ("body", "orelse", "finalbody")]
    return [cast("list[ast.stmt]", block) for block in found if isinstance(block, list)]


def _bound_by(statement: ast.stmt) -> set[str]:
    """Names that a simple statement binds for certain."""
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
        targets = [statement.target]
    else:
        return set()
    return {
        part.id
        for target in targets
        for part in ast.walk(target)
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
    }


def _other_bindings(part: ast.AST) -> list[str]:
    if isinstance(part, ast.withitem) and part.optional_vars is not None:
        return [inner.id for inner in ast.walk(part.optional_vars) if isinstance(inner, ast.Name)]
    if isinstance(part, ast.Import | ast.ImportFrom):
        return [alias.asname or alias.name.partition(".")[0] for alias in part.names]
    if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [part.name]
    if isinstance(part, ast.Delete):
        return [target.id for target in part.targets if isinstance(target, ast.Name)]
    name = getattr(part, "name", None) or getattr(part, "rest", None)
    if isinstance(part, ast.ExceptHandler | ast.MatchAs | ast.MatchStar | ast.MatchMapping) and name:
        return [name]
    return []


class FileFacts:
    """One file of an agent: its tree, functions, classes, imports, and how often each module-level name is bound."""

    def __init__(self, path: str, text: str) -> None:
        """Raises `SyntaxError` for what is no Python."""
        self.path = path
        self.text = text
        self.tree = ast.parse(text)
        self.parents: dict[ast.AST, ast.AST] = {
            child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)
        }
        self.functions: list[FunctionFacts] = []
        self._collect(self.tree, "", None, nested=False)
        self.by_node = {function.node: function for function in self.functions}
        self.classes = {node.name: node for node in self.tree.body if isinstance(node, ast.ClassDef)}
        self.module_functions = {
            function.node.name: function
            for function in self.functions
            if function.owner is None and not function.nested and function.node in self.tree.body
        }
        self.imports = self._imports()
        self.elsewhere: Callable[[str], FileFacts | None] | None = None
        """The facts of the agent's other files by the names of their modules, where somebody knows these."""
        self.methods_elsewhere: Callable[[], frozenset[str]] = frozenset
        """Names of the methods of the agent's other files, where somebody knows these."""
        self.assumed: dict[tuple[FunctionFacts, str], str] = {}
        """Kinds of names that are being looked at: what rests on them is asked for on the way."""
        self.bound = Counter(self._module_bindings())

    def _collect(self, node: ast.AST, before: str, owner: ast.ClassDef | None, *, nested: bool) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                self.functions.append(FunctionFacts(child, f"{before}{child.name}", owner, nested))
                self._collect(child, f"{before}{child.name}.", None, nested=True)
            elif isinstance(child, ast.ClassDef):
                self._collect(child, f"{before}{child.name}.", child, nested=nested)
            else:
                self._collect(child, before, owner, nested=nested)

    def _imports(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for node in self.tree.body:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    found[alias.asname or alias.name.partition(".")[0]] = (
                        alias.name if alias.asname else alias.name.partition(".")[0]
                    )
            elif isinstance(node, ast.ImportFrom) and not node.level:
                for alias in node.names:
                    found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        return found

    def _module_bindings(self) -> Iterator[str]:
        for part in walk_own(self.tree):
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store | ast.Del):
                yield part.id
            else:
                yield from _other_bindings(part)
        for function in self.functions:
            # a function that declares a name global may bind it at any time
            yield from (name for name in function.foreign for _ in range(2))

    def module_value(self, name: str) -> ast.expr | None:
        """What a statement at the module's top level binds a name to; None where none does."""
        for node in self.tree.body:
            if isinstance(node, ast.Assign | ast.AnnAssign):
                bound = node.targets if isinstance(node, ast.Assign) else [node.target]
                if any(isinstance(target, ast.Name) and target.id == name for target in bound):
                    return node.value
        return None

    @cached_property
    def all_bound(self) -> frozenset[str]:
        """Every name that is bound anywhere in the file, in whatever scope."""
        names = {
            part.id for part in ast.walk(self.tree) if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load)
        }
        names |= {part.arg for part in ast.walk(self.tree) if isinstance(part, ast.arg)}
        for part in ast.walk(self.tree):
            names.update(_other_bindings(part))
        return frozenset(names)

    @cached_property
    def all_names(self) -> frozenset[str]:
        """Every name, attribute and word of the file: what a new name must differ from."""
        names = {part.id for part in ast.walk(self.tree) if isinstance(part, ast.Name)}
        names |= {part.attr for part in ast.walk(self.tree) if isinstance(part, ast.Attribute)}
        return self.all_bound | names

    @cached_property
    def method_names(self) -> frozenset[str]:
        """Names of all methods and properties that the file's classes define."""
        return frozenset(function.node.name for function in self.functions if function.owner is not None)

    @cached_property
    def own_operators(self) -> bool:
        """Whether a class here gives operators or attributes a meaning of its own."""
        return any(function.owner is not None and function.node.name in OPERATORS for function in self.functions)

    def is_builtin(self, name: str) -> bool:
        """Whether a name is the built-in one everywhere in this file."""
        return hasattr(builtins, name) and name not in self.all_bound

    def module_of(self, node: ast.AST) -> str:
        """The full name behind an imported name (``re.compile``, however it was imported); empty for anything else."""
        name = dotted(node)
        first, _, rest = name.partition(".")
        if first not in self.imports or self.bound[first] != 1 or self._is_rebound(first):
            return ""
        return f"{self.imports[first]}.{rest}" if rest else self.imports[first]

    def _is_rebound(self, name: str) -> bool:
        return any(function.is_local(name) for function in self.functions)

    def function_at(self, node: ast.AST) -> FunctionFacts | None:
        """The innermost function that a node belongs to."""
        at: ast.AST | None = self.parents.get(node)
        while at is not None and not isinstance(at, ast.FunctionDef | ast.AsyncFunctionDef):
            at = self.parents.get(at)
        return None if at is None else self.by_node[at]

    def place_of(self, node: ast.AST) -> str:
        """The qualified name of the function that a node belongs to; ``<module>`` outside of functions."""
        function = self.function_at(node)
        return "<module>" if function is None else function.qualified

    def statement_of(self, node: ast.AST) -> ast.stmt:
        """The innermost statement that a node belongs to."""
        while not isinstance(node, ast.stmt):
            node = self.parents[node]
        return node

    def within(self, node: ast.AST, kinds: tuple[type[ast.AST], ...], stop: ast.AST | None = None) -> ast.AST | None:
        """The nearest node of these kinds around a node, within its function."""
        at = self.parents.get(node)
        while at is not None and at is not stop and not isinstance(at, _SCOPES):
            if isinstance(at, kinds):
                return at
            at = self.parents.get(at)
        return None

    def bound_before(self, name: str, statement: ast.stmt, function: FunctionFacts) -> bool:
        """Whether a local name certainly has a value where a statement begins: set on every way there."""
        if name in function.parameters:
            return True
        at: ast.AST = statement
        while at is not function.node:
            outer = self.parents[at]
            for block in blocks_of(outer):
                if at in block:
                    before = block[: [id(part) for part in block].index(id(at))]
                    if any(name in _bound_by(part) for part in before):
                        return True
            at = outer
        return False

    def fresh_name(self, wish: str) -> str:
        """A name that the file does not use yet."""
        name, number = wish, 2
        while name in self.all_names or hasattr(builtins, name):
            name, number = f"{wish}_{number}", number + 1
        return name
