"""Looking for a value in a list again and again: a set beside the list answers at once."""

from __future__ import annotations

import ast

from roles.improver.sites import Family
from roles.improver.strategies.base import Refuse, Strategy, View
from roles.improver.strategies.facts import FunctionFacts, walk_own

__all__ = ["Membership"]

_LOOPS = (ast.For, ast.While, ast.AsyncFor)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_HELPER = '''class {name}:
    """Answers whether a list holds a value as the list itself does, and faster where all it holds is plain."""

    __slots__ = ("_plain", "_values")

    def __init__(self, values):
        self._values = values
        known = type(values) in (list, tuple) and all(type(value) in _PLAIN_TYPES for value in values)
        self._plain = set(values) if known else None

    def add(self, value):
        """Note what was appended to the list."""
        if self._plain is not None and type(value) in _PLAIN_TYPES:
            self._plain.add(value)
        else:
            self._plain = None

    def __contains__(self, value):
        if self._plain is not None and type(value) in _PLAIN_TYPES:
            return value in self._plain
        return value in self._values
'''
_TYPES = "_PLAIN_TYPES = frozenset((int, str, bool, type(None)))\n"
NAME = "_Lookup"


class Membership(Strategy):
    """``x in values`` in a loop, where `values` is a list.

    The set is asked only for integers, text, bool and None, whose equality and hash are known; else the list is.
    """

    kind = "list-membership"
    family = Family.SPEED
    aims = frozenset({"latency"})

    def look(self, view: View) -> None:
        """Note tests of membership within loops."""
        for node in ast.walk(view.facts.tree):
            if (
                not isinstance(node, ast.Compare)
                or len(node.ops) != 1
                or not isinstance(node.ops[0], ast.In | ast.NotIn)
            ):
                continue
            function = view.facts.function_at(node)
            values = node.comparators[0]
            if function is None or not isinstance(values, ast.Name) or not self._is_list(view, values, function):
                continue
            loop = _outermost(view, node, values.id)
            if loop is None or (isinstance(loop, ast.While) and _within_test(loop, node)):
                continue
            with view.site(node, f"{values.id} is a list that is searched in a loop"):
                self._change(view, values, loop, function)

    def _is_list(self, view: View, values: ast.Name, function: FunctionFacts) -> bool:
        if not function.is_local(values.id):
            return False
        bindings = function.bindings[values.id]
        if any(isinstance(value, ast.Call) and getattr(value.func, "id", "") == NAME for value in bindings):
            return False
        kind = view.analysis.kind(values, function)
        if kind == "list":
            return (
                not all(isinstance(value, ast.List) and 0 < len(value.elts) < 6 for value in bindings) or not bindings
            )
        # a parameter without a type may be anything: the helper looks at what it is given
        return values.id in function.parameters and not bindings and function.annotation(values.id) is None

    def _change(self, view: View, values: ast.Name, loop: ast.stmt, function: FunctionFacts) -> None:
        name = values.id
        key, done = f"{id(loop)} {name}", view.put
        if key not in done:
            appends = self._appends(view, name, loop, function)
            helper = self._helper(view, function)
            lookup = view.facts.fresh_name(f"{name}_lookup")
            while lookup in done.values():
                lookup += "_"
            view.edits.before(loop, f"{lookup} = {helper}({name})")
            for statement, argument in appends:
                view.edits.after(statement, f"{lookup}.add({argument})")
            done[key] = lookup
        view.edits.replace(values, done[key])

    def _appends(self, view: View, name: str, loop: ast.stmt, function: FunctionFacts) -> list[tuple[ast.Expr, str]]:
        """The statements of the loop that append to the list; raises `Refuse` where it may change in another way."""
        if not view.facts.bound_before(name, loop, function):
            raise Refuse(f"{name} may have no value yet before the loop")
        if name in function.inner_loads:
            raise Refuse(f"{name} is used by a function defined within")
        appends: list[tuple[ast.Expr, str]] = []
        others: list[ast.stmt] = []
        for part in walk_own(loop):
            if isinstance(part, ast.Expr) and (argument := _appended(part, name)) is not None:
                appends.append((part, view.edits.text_of(argument)))
            elif isinstance(part, ast.stmt):
                others.append(part)
        fresh = view.analysis.fresh(name, function)
        if appends and not fresh:
            raise Refuse(f"{name} may be known under another name")
        told = view.analysis.effects([loop], function)
        if name in told.bound:
            raise Refuse(f"{name} is bound again in the loop")
        changes = _changes_of(loop, name)
        if changes > len(appends):
            raise Refuse(f"{name} is changed in the loop in another way than by appending")
        if told.unknown and not fresh:
            raise Refuse(f"{name} may change in the loop: {told.unknown}")
        return appends

    def _helper(self, view: View, function: FunctionFacts) -> str:
        if NAME in view.facts.classes:
            return NAME
        if NAME in view.facts.all_names or "_PLAIN_TYPES" in view.facts.all_names:
            raise Refuse(f"the name {NAME} is taken")
        if "helper_put" not in view.put:
            top = view.first_definition()
            view.edits.at_top(_TYPES + "\n\n" + _HELPER.format(name=NAME), top)
            view.put["helper_put"] = ""
        return NAME


def _outermost(view: View, node: ast.AST, name: str) -> ast.stmt | None:
    """The outermost loop around a node before which the list is there; also the statement of a comprehension."""
    found: ast.stmt | None = None
    at: ast.AST = node
    while (outer := view.facts.parents.get(at)) is not None:
        if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            break
        if isinstance(outer, _LOOPS):
            if at is outer.iter if isinstance(outer, ast.For | ast.AsyncFor) else False:
                at = outer
                continue
            if _binds(outer, name):
                break
            found = outer
        elif (isinstance(outer, _COMPREHENSIONS) and at is not outer.generators[0]) or (
            isinstance(outer, ast.comprehension) and at in outer.ifs
        ):
            statement = view.facts.statement_of(outer)
            if isinstance(statement, ast.Assign | ast.AnnAssign | ast.Return | ast.Expr | ast.AugAssign):
                found = statement
        at = outer
    return found


def _binds(loop: ast.stmt, name: str) -> bool:
    return any(
        isinstance(part, ast.Name) and part.id == name and not isinstance(part.ctx, ast.Load) for part in ast.walk(loop)
    )


def _within_test(loop: ast.While, node: ast.AST) -> bool:
    return any(part is node for part in ast.walk(loop.test))


def _appended(statement: ast.Expr, name: str) -> ast.expr | None:
    """What ``name.append(x)`` appends, where it is a name or a constant, which can be written twice."""
    call = statement.value
    if (
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr == "append"
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == name
        and len(call.args) == 1
        and isinstance(call.args[0], ast.Name | ast.Constant)
    ):
        return call.args[0]
    return None


def _changes_of(loop: ast.AST, name: str) -> int:
    """How many expressions of the loop may change the list itself."""
    count = 0
    for part in ast.walk(loop):
        if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name) and part.value.id == name:
            count += part.attr not in ("index", "count", "copy")
        elif isinstance(part, ast.Subscript) and isinstance(part.value, ast.Name) and part.value.id == name:
            count += not isinstance(part.ctx, ast.Load)
    return count
