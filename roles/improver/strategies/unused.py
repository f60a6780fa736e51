"""Imports and names that nothing uses: they are left out."""

from __future__ import annotations

import ast
import sys

from roles.engineering.policy import CodePolicy
from roles.improver.sites import Family
from roles.improver.strategies.base import Refuse, Strategy, View
from roles.improver.strategies.facts import FunctionFacts, blocks_of, walk_own
from roles.improver.strategies.literals import is_constant, is_constant_inside

__all__ = ["UnusedImports", "UnusedNames"]

_PLAIN = CodePolicy()
_MANY = 1_000_000
_NAMESPACES = frozenset({"locals", "globals", "vars", "eval", "exec"})
_HEAVY = frozenset({"asyncio", "email", "http", "json", "logging", "sqlite3", "unittest", "urllib", "xml"})


def harmless_import(module: str) -> bool:
    """Whether importing a module does nothing but make it available."""
    first = module.partition(".")[0]
    return (
        first in sys.stdlib_module_names and (_PLAIN.allows_module(module) or first in _HEAVY) and first != "__future__"
    )


class UnusedImports(Strategy):
    """Imports at the module's top level whose names occur nowhere, in the file or elsewhere."""

    kind = "unused-import"
    family = Family.MEMORY
    aims = frozenset({"load_memory", "load_time"})

    def look(self, view: View) -> None:
        """Note imports that nothing uses."""
        used = _used_names(view.facts.tree)
        for node in view.facts.tree.body:
            if not isinstance(node, ast.Import | ast.ImportFrom):
                continue
            if isinstance(node, ast.ImportFrom) and (node.module == "__future__" or node.level):
                continue
            unused = [alias for alias in node.names if _bound_name(alias) not in used and alias.name != "*"]
            if unused:
                with view.site(node, f"{', '.join(map(_bound_name, unused))} is imported and not used"):
                    self._change(view, node, unused)

    def _change(self, view: View, node: ast.Import | ast.ImportFrom, unused: list[ast.alias]) -> None:
        for alias in unused:
            module = node.module or "" if isinstance(node, ast.ImportFrom) else alias.name
            if not harmless_import(module):
                raise Refuse(f"importing {module} may have effects")
            if _bound_name(alias) in view.named_elsewhere or "__all__" in view.facts.all_names:
                raise Refuse(f"{_bound_name(alias)} may be used by another file")
            if view.facts.bound[_bound_name(alias)] != 1:
                raise Refuse(f"{_bound_name(alias)} is bound more than once")
        kept = [alias for alias in node.names if alias not in unused]
        if not kept:
            view.edits.instead(node, "")
            return
        names = ", ".join(alias.name + (f" as {alias.asname}" if alias.asname else "") for alias in kept)
        start = f"from {node.module} import " if isinstance(node, ast.ImportFrom) else "import "
        view.edits.instead(node, start + names)


class UnusedNames(Strategy):
    """Values that are computed and given a name that nothing uses, in the agent's files and its tests."""

    kind = "unused-name"
    family = Family.MEMORY
    aims = frozenset({"load_memory", "load_time", "latency", "instantiation"})

    def look(self, view: View) -> None:
        """Note names that are bound and never read."""
        used = _used_names(view.facts.tree)
        for node in view.facts.tree.body:
            if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                name = node.targets[0].id
                if not name.startswith("__") and name not in used:
                    with view.site(node, f"{name} is computed and not used"):
                        self._module_level(view, node, name)
        for function in view.facts.functions:
            self._local(view, function)

    def _module_level(self, view: View, node: ast.Assign, name: str) -> None:
        if name in view.named_elsewhere or "__all__" in view.facts.all_names:
            raise Refuse(f"{name} may be used by another file")
        if view.facts.bound[name] != 1 or view.facts.all_names & _NAMESPACES:
            raise Refuse(f"{name} may be used in another way")
        if not _cannot_fail(view, node.value, None):
            raise Refuse("computing it may raise an error or have an effect")
        view.edits.instead(node, "")

    def _local(self, view: View, function: FunctionFacts) -> None:
        read = {
            part.id
            for part in ast.walk(function.node)
            if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Store)
        }
        for part in walk_own(function.node):
            if not (isinstance(part, ast.Assign) and len(part.targets) == 1 and isinstance(part.targets[0], ast.Name)):
                continue
            name = part.targets[0].id
            if name in read or name in function.foreign or name == "_" or isinstance(part.value, ast.Constant):
                continue
            if len(function.bindings.get(name, ())) != 1 or view.facts.all_names & _NAMESPACES:
                continue
            if any(isinstance(inner, ast.Nonlocal) and name in inner.names for inner in ast.walk(function.node)):
                continue
            with view.site(part, f"{name} is computed and not used"):
                if not _cannot_fail(view, part.value, function):
                    raise Refuse("computing it may raise an error or have an effect")
                if len(_block_of(view, part)) == 1:
                    view.edits.instead(part, "pass")
                else:
                    view.edits.instead(part, "")


def _block_of(view: View, node: ast.stmt) -> list[ast.stmt]:
    return next((block for block in blocks_of(view.facts.parents[node]) if node in block), [node])


def _bound_name(alias: ast.alias) -> str:
    return alias.asname or alias.name.partition(".")[0]


def _used_names(tree: ast.Module) -> set[str]:
    """Names that are read anywhere, in annotations written as text too."""
    used: set[str] = set()
    for part in ast.walk(tree):
        if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Store):
            used.add(part.id)
        elif isinstance(part, ast.Constant) and isinstance(part.value, str) and len(part.value) < 300:
            used.update(word for word in _words(part.value))
        elif isinstance(part, ast.Global):
            used.update(part.names)
    return used


def _words(text: str) -> list[str]:
    # a text with names in it may be an annotation; a sentence is none
    found = "".join(letter if letter.isalnum() or letter == "_" else " " for letter in text).split()
    return found if len(found) <= 4 else []


def _cannot_fail(view: View, value: ast.expr, function: FunctionFacts | None) -> bool:
    """Whether computing an expression has no effect and can't raise an error."""
    if is_constant(value) or is_constant_inside(value):
        return True
    if isinstance(value, ast.List | ast.Tuple):
        return all(_cannot_fail(view, part, function) for part in value.elts)
    if isinstance(value, ast.BinOp) and _list_of(value):
        return True
    if isinstance(value, ast.Dict):
        return all(key is not None and is_constant(key) for key in value.keys) and all(
            _cannot_fail(view, part, function) for part in value.values
        )
    if isinstance(value, ast.ListComp | ast.SetComp | ast.DictComp):
        return _counting(view, value, function)
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add | ast.Sub | ast.Mult):
        kinds = {view.analysis.kind(side, function) for side in (value.left, value.right)}
        return (
            kinds <= {"int"} and _cannot_fail(view, value.left, function) and _cannot_fail(view, value.right, function)
        )
    if isinstance(value, ast.Name):
        return function is not None and value.id in function.parameters
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and view.facts.is_builtin(value.func.id):
        return _harmless_call(view, value, function)
    return False


def _list_of(value: ast.expr) -> bool:
    """Whether lists, tuples or texts of constants are repeated so many times, or put one after the other."""
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add):
        kinds = {_sequence(value.left), _sequence(value.right)}
        return len(kinds) == 1 and "" not in kinds and _list_of(value.left) and _list_of(value.right)
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Mult):
        times = value.right.value if isinstance(value.right, ast.Constant) else None
        return type(times) is int and times <= _MANY and _list_of(value.left)
    return isinstance(value, ast.List | ast.Tuple | ast.Constant) and bool(_sequence(value)) and is_plain(value)


def _sequence(value: ast.expr) -> str:
    while isinstance(value, ast.BinOp):
        value = value.left
    if isinstance(value, ast.Constant):
        return "str" if isinstance(value.value, str) else ""
    return type(value).__name__ if isinstance(value, ast.List | ast.Tuple) else ""


def is_plain(value: ast.expr) -> bool:
    """Whether an expression is a literal made of constants."""
    return is_constant(value) or is_constant_inside(value)


def _harmless_call(view: View, value: ast.Call, function: FunctionFacts | None) -> bool:
    name = getattr(value.func, "id", "")
    if value.keywords or not all(_cannot_fail(view, a, function) or _is_range(view, a) for a in value.args):
        return False
    if name in ("list", "tuple", "set", "dict", "len", "sum") and len(value.args) <= 1:
        first = value.args[0] if value.args else None
        if first is None or _is_range(view, first):
            return True
        return name in ("list", "tuple", "len") and view.analysis.kind(first, function) in (
            "list",
            "tuple",
            "str",
            "dict",
        )
    return (
        name == "str"
        and len(value.args) == 1
        and view.analysis.kind(value.args[0], function) in ("int", "str", "float")
    )


def _is_range(view: View, value: ast.expr) -> bool:
    return (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Name)
        and value.func.id == "range"
        and view.facts.is_builtin("range")
        and all(isinstance(a, ast.Constant) and isinstance(a.value, int) for a in value.args)
        and 0 < len(value.args) < 3
    )


def _counting(view: View, value: ast.ListComp | ast.SetComp | ast.DictComp, function: FunctionFacts | None) -> bool:
    """A comprehension over ranges or containers made of whole numbers and constants."""
    names: set[str] = set()
    for generator in value.generators:
        over = _is_range(view, generator.iter) or (
            view.analysis.kind(generator.iter, function) in ("list", "tuple", "str", "dict") and not generator.ifs
        )
        if not over or generator.ifs or generator.is_async or not isinstance(generator.target, ast.Name):
            return False
        if _is_range(view, generator.iter):
            names.add(generator.target.id)
    parts = [value.key, value.value] if isinstance(value, ast.DictComp) else [value.elt]
    bound = {g.target.id for g in value.generators if isinstance(g.target, ast.Name)}
    # what is in a list need not be hashable
    usable = bound if isinstance(value, ast.ListComp) else names
    return all(_whole(part, names, usable) for part in parts)


def _whole(part: ast.expr, numbers: set[str], bound: set[str]) -> bool:
    if isinstance(part, ast.Name):
        return part.id in numbers or part.id in bound
    if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Add | ast.Sub | ast.Mult):
        return all(_only_numbers(side, numbers) for side in (part.left, part.right))
    return is_constant(part) or (
        isinstance(part, ast.JoinedStr)
        and all(
            isinstance(v, ast.Constant)
            or (
                isinstance(v, ast.FormattedValue)
                and v.format_spec is None
                and isinstance(v.value, ast.Name)
                and v.value.id in numbers
            )
            for v in part.values
        )
    )


def _only_numbers(part: ast.expr, numbers: set[str]) -> bool:
    if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Add | ast.Sub | ast.Mult):
        return all(_only_numbers(side, numbers) for side in (part.left, part.right))
    if isinstance(part, ast.Name):
        return part.id in numbers
    return isinstance(part, ast.Constant) and type(part.value) is int
