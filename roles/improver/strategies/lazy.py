"""What is made or imported before it is needed: it is made at its first use."""

from __future__ import annotations

import ast

from roles.improver.sites import Family
from roles.improver.strategies.attributes import constructors, initial_assignments, reads_of
from roles.improver.strategies.base import Refuse, Strategy, View
from roles.improver.strategies.facts import FunctionFacts, blocks_of
from roles.improver.strategies.unused import harmless_import

__all__ = ["LazyAttributes", "LazyImports"]

_CHEAP = frozenset(
    {
        "typing",
        "collections.abc",
        "collections",
        "abc",
        "sys",
        "re",
        "functools",
        "dataclasses",
        "enum",
        "math",
        "itertools",
        "operator",
        "time",
    }
)


class LazyAttributes(Strategy):
    """``self._table = build_table()`` in a constructor: computed from constants alone, and not by every method needed.

    What is computed without any input fails always or never, and the original was seen to be made.
    """

    kind = "eager-attribute"
    family = Family.MEMORY
    aims = frozenset({"live_memory", "instantiation"})

    def look(self, view: View) -> None:
        """Note attributes that constructors compute from constants."""
        for owner, function in constructors(view):
            for statement, name, value in initial_assignments(function):
                alone = _without_inputs(value, function)
                if _is_work(view, value) and (alone or (name.startswith("_") and _spared(owner, name))):
                    with view.site(statement, f"each {owner.name} computes {name} whether it is needed or not"):
                        if not alone:
                            raise Refuse("it is computed from what the object is made with, so it may raise an error")
                        self._change(view, owner, function, statement, name, value)

    def _change(
        self,
        view: View,
        owner: ast.ClassDef,
        function: FunctionFacts,
        statement: ast.Assign | ast.AnnAssign,
        name: str,
        value: ast.expr,
    ) -> None:
        reads = reads_of(view, owner, name, looked_into=False)
        if any(view.facts.function_at(part) is function for part in reads):
            raise Refuse(f"{name} is used by the constructor itself")
        if owner.decorator_list:
            raise Refuse("the class is decorated")
        told = view.analysis.effects([value], function)
        if told.unknown or told.clock or told.mutated:
            raise Refuse(told.unknown or told.clock or "computing it changes something")
        if any(isinstance(part, ast.Name) and not _constant_name(view, part) for part in ast.walk(value)):
            raise Refuse("it is computed from something that may change")
        made = view.facts.fresh_name(f"{name}_made")
        slots = _slots_of(owner)
        if slots is not None:
            if not isinstance(slots, ast.Tuple):
                raise Refuse("its slots are not written as a tuple")
            names = [part.value for part in slots.elts if isinstance(part, ast.Constant)]
            changed = [made if own == name else own for own in names]
            view.edits.replace(slots, "(" + ", ".join(f'"{own}"' for own in changed) + ",)")
        view.edits.instead(statement, f"self.{made} = None")
        text = view.edits.text_of(value)
        view.edits.after(
            function.node,
            f"\n@property\ndef {name}(self):\n"
            f"    if self.{made} is None:\n        self.{made} = {text}\n    return self.{made}",
        )


def _spared(owner: ast.ClassDef, name: str) -> bool:
    """Whether a public method of the class gets along without an attribute."""
    public = [
        part
        for part in owner.body
        if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef) and not part.name.startswith("_")
    ]
    return any(
        not any(isinstance(inner, ast.Attribute) and inner.attr == name for inner in ast.walk(method))
        for method in public
    )


def _is_work(view: View, value: ast.expr) -> bool:
    if isinstance(value, ast.ListComp | ast.DictComp | ast.SetComp):
        return True
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
        if value.func.id in view.facts.module_functions:
            return True
        return value.func.id in ("list", "sorted", "dict", "set", "tuple") and bool(value.args)
    return False


def _without_inputs(value: ast.expr, function: FunctionFacts) -> bool:
    own = {part.id for part in ast.walk(value) if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load)}
    return not any(
        isinstance(part, ast.Name) and part.id not in own and (function.is_local(part.id) or part.id == "self")
        for part in ast.walk(value)
    )


def _constant_name(view: View, part: ast.Name) -> bool:
    if not isinstance(part.ctx, ast.Load):
        return True
    name = part.id
    bound_here = not view.facts.is_builtin(name) and name not in view.facts.bound
    return (
        bound_here
        or view.facts.is_builtin(name)
        or name in view.facts.imports
        or name in view.facts.module_functions
        or view.analysis.constant(name)
    )


def _slots_of(owner: ast.ClassDef) -> ast.expr | None:
    for statement in owner.body:
        if isinstance(statement, ast.Assign) and getattr(statement.targets[0], "id", "") == "__slots__":
            return statement.value
    return None


class LazyImports(Strategy):
    """``import x`` and ``from x import y`` at the top of a module, of which one or two functions alone make use."""

    kind = "eager-import"
    family = Family.MEMORY
    aims = frozenset({"load_memory", "load_time"})

    def look(self, view: View) -> None:
        """Note imports that only some functions need."""
        for node in view.facts.tree.body:
            if not isinstance(node, ast.Import | ast.ImportFrom) or len(node.names) != 1:
                continue
            alias = node.names[0]
            name = alias.asname or alias.name
            module = alias.name if isinstance(node, ast.Import) else "" if node.level else node.module or ""
            if "." in name or name == "*" or module in _CHEAP or not harmless_import(module):
                continue
            uses = [part for part in ast.walk(view.facts.tree) if isinstance(part, ast.Name) and part.id == name]
            functions = {function for part in uses if (function := view.facts.function_at(part)) is not None}
            if uses and 0 < len(functions) < 3:
                with view.site(node, f"{name} is imported at once, and needed by {len(functions)} functions"):
                    self._change(view, node, name, uses, functions)

    def _change(
        self,
        view: View,
        node: ast.Import | ast.ImportFrom,
        name: str,
        uses: list[ast.Name],
        functions: set[FunctionFacts],
    ) -> None:
        if name in view.named_elsewhere:
            raise Refuse(f"{name} is used by another file or a test")
        if view.facts.bound[name] != 1:
            raise Refuse(f"{name} is bound more than once")
        for part in uses:
            function = view.facts.function_at(part)
            if function is None or _in_signature(view, part):
                raise Refuse("it is used while the module is loaded")
            if function.nested or name in function.foreign:
                raise Refuse("it is used by a function within another one")
        for function in functions:
            own = [part for part in uses if view.facts.function_at(part) is function]
            view.edits.before(_first_needed(view, function, own), view.edits.text_of(node))
        view.edits.instead(node, "")


def _first_needed(view: View, function: FunctionFacts, uses: list[ast.Name]) -> ast.stmt:
    """The statement before which a name has to be there: as late as may be, before the block that needs it, no loop."""
    block: list[ast.stmt] = function.node.body
    place = block[0]
    lines = view.facts.text.splitlines()
    while True:
        needing = [line for line in block if any(part in uses for part in ast.walk(line))]
        first = needing[0]
        # nothing can stand before an elif
        place = place if lines[first.lineno - 1].lstrip().startswith("elif") else first
        inner = [part for part in blocks_of(first) if any(use in uses for line in part for use in ast.walk(line))]
        branches = isinstance(first, ast.If) and not any(part in uses for part in ast.walk(first.test))
        if len(needing) > 1 or not branches or len(inner) != 1:
            return place
        block = inner[0]


def _in_signature(view: View, part: ast.AST) -> bool:
    """Whether a name stands in a decorator, a default value or an annotation."""
    at = part
    while not isinstance(at, ast.stmt):
        at = view.facts.parents[at]
    return isinstance(at, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
