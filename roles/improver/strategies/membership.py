"""Looking for a value in a list again and again: a set beside the list answers at once."""

from __future__ import annotations

import ast

from roles.improver.sites import Family
from roles.improver.strategies.attributes import attribute_kind, constructors, initial_assignments
from roles.improver.strategies.base import Refuse, Strategy, View
from roles.improver.strategies.facts import FunctionFacts, dotted, root_name, walk_own
from roles.improver.strategies.lookup import HELPER, NAME, TYPES

__all__ = ["Membership"]

_NEVER_PLAIN = frozenset({"list", "dict", "set", "tuple", "float"})
"""Types of values that are looked for in the list itself, whatever it holds."""
_SHORT = 6
_LOOPS = (ast.For, ast.While, ast.AsyncFor)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class Membership(Strategy):
    """``x in values`` in a loop, where `values` is a list, or an attribute that may be one.

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
            if function is None or view.analysis.kind(node.left, function) in _NEVER_PLAIN:
                continue
            if isinstance(values, ast.Attribute):
                self._attribute(view, node, values, function)
                continue
            if not isinstance(values, ast.Name) or not self._is_list(view, values, function):
                continue
            loop = _outermost(view, node, values.id)
            if loop is None or (isinstance(loop, ast.While) and _within_test(loop, node)):
                continue
            with view.site(node, f"{values.id} is a list that is searched in a loop"):
                self._change(view, values, loop, function)

    def _attribute(self, view: View, node: ast.Compare, values: ast.Attribute, function: FunctionFacts) -> None:
        """An attribute of self that nobody changes in the loop; what it is, the helper sees when the loop begins."""
        if dotted(values) != f"self.{values.attr}" or function.owner is None or "self" not in function.parameters:
            return
        if attribute_kind(view.facts, function.owner, values.attr) not in ("", "list", "tuple"):
            return
        loop = _outermost(view, node, "self")
        if loop is None or (isinstance(loop, ast.While) and _within_test(loop, node)):
            return
        with view.site(node, f"{values.attr} may be a list, and is searched in a loop"):
            if values.attr in view.facts.method_names:
                raise Refuse(f"{values.attr} is a property")
            if function.bindings["self"] or "self" in function.inner_loads:
                raise Refuse("self is used by a function defined within")
            if "__getattr__" in view.facts.all_names or "__getattribute__" in view.facts.all_names:
                raise Refuse("a class here answers for attributes itself")
            told = view.analysis.effects([loop], function)
            if values.attr in told.attributes or told.unknown:
                raise Refuse(f"{values.attr} may change in the loop: {told.unknown or 'it is set'}")
            if values.attr in view.methods_elsewhere:
                raise Refuse(f"{values.attr} may be a property of a class that is made from this one")
            if not _always_there(view, function, function.owner, values.attr):
                raise Refuse(f"{values.attr} may not be set yet")
            key = f"{id(loop)} self.{values.attr}"
            if key not in view.put:
                helper = self._helper(view, function)
                view.put[key] = self._lookup(view, values.attr.lstrip("_"))
                view.edits.before(loop, f"{view.put[key]} = {helper}({view.edits.text_of(values)})")
            view.edits.replace(values, view.put[key])

    def _lookup(self, view: View, name: str) -> str:
        lookup = view.facts.fresh_name(f"{name}_lookup")
        while lookup in view.put.values():
            lookup += "_"
        return lookup

    def _is_list(self, view: View, values: ast.Name, function: FunctionFacts) -> bool:
        if not function.is_local(values.id):
            # a list of the module that nobody changes
            return self._long(view.analysis.constant_list(values.id))
        bindings = function.bindings[values.id]
        if any(isinstance(value, ast.Call) and getattr(value.func, "id", "") == NAME for value in bindings):
            return False
        kind = view.analysis.kind(values, function)
        if kind == "list":
            return not bindings or any(not isinstance(value, ast.List) or self._long(value) for value in bindings)
        if not kind and bindings and values.id not in function.parameters:
            # what a function of the agent answers, where that says it is a list
            return all(isinstance(value, ast.Call) and _answers_list(view, value) for value in bindings)
        # a parameter without a type may be anything: the helper looks at what it is given
        return values.id in function.parameters and not bindings and function.annotation(values.id) is None

    @staticmethod
    def _long(values: ast.List | None) -> bool:
        """Whether a list is empty now, or so long that a set beside it may be worth its making."""
        return values is not None and not 0 < len(values.elts) < _SHORT

    def _change(self, view: View, values: ast.Name, loop: ast.stmt, function: FunctionFacts) -> None:
        name = values.id
        key, done = f"{id(loop)} {name}", view.put
        if key not in done:
            appends = self._appends(view, name, loop, function)
            helper = self._helper(view, function)
            lookup = self._lookup(view, name)
            view.edits.before(loop, f"{lookup} = {helper}({name})")
            for statement, argument in appends:
                view.edits.after(statement, f"{lookup}.add({argument})")
            done[key] = lookup
        view.edits.replace(values, done[key])

    def _appends(self, view: View, name: str, loop: ast.stmt, function: FunctionFacts) -> list[tuple[ast.Expr, str]]:
        """The statements of the loop that append to the list; raises `Refuse` where it may change in another way."""
        if function.is_local(name) and not view.facts.bound_before(name, loop, function):
            raise Refuse(f"{name} may have no value yet before the loop")
        if name in function.inner_loads:
            raise Refuse(f"{name} is used by a function defined within")
        appends: list[tuple[ast.Expr, str]] = []
        others: list[ast.stmt] = []
        for part in walk_own(loop):
            if isinstance(part, ast.Expr) and (argument := _appended(part, name)) is not None:
                # what can't be written twice is the list's last item right after it was appended
                plain = isinstance(argument, ast.Name | ast.Constant)
                appends.append((part, view.edits.text_of(argument) if plain else f"{name}[-1]"))
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
        if told.unknown and not fresh and function.is_local(name):
            raise Refuse(f"{name} may change in the loop: {told.unknown}")
        return appends

    def _helper(self, view: View, function: FunctionFacts) -> str:
        if NAME in view.facts.classes:
            return NAME
        if NAME in view.facts.all_names or "_PLAIN_TYPES" in view.facts.all_names:
            raise Refuse(f"the name {NAME} is taken")
        if "helper_put" not in view.put:
            top = view.first_definition()
            view.edits.at_top(TYPES + "\n\n" + HELPER, top)
            view.put["helper_put"] = ""
        return NAME


def _answers_list(view: View, call: ast.Call) -> bool:
    """Whether all functions and methods of that name, in all of the agent's files, say that they answer with a list."""
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    told = [
        part.returns
        for tree in (view.facts.tree, *view.other_trees)
        for part in ast.walk(tree)
        if isinstance(part, ast.FunctionDef) and part.name == name
    ]
    return bool(told) and all(part is not None and ast.unparse(part).lower().startswith("list") for part in told)


def _always_there(view: View, function: FunctionFacts, owner: ast.ClassDef, name: str) -> bool:
    """Whether an attribute is there before any other method runs, and nothing takes it away."""
    made = next((own for kept, own in constructors(view) if kept is owner), None)
    if made is None or made is function or any(isinstance(part, ast.Delete) for part in ast.walk(owner)):
        return False
    calls_own = any(isinstance(part, ast.Call) and root_name(part.func) == "self" for part in ast.walk(made.node))
    return not calls_own and any(attribute == name for _, attribute, _ in initial_assignments(made))


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
    """What ``name.append(x)`` appends."""
    call = statement.value
    if (
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr == "append"
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == name
        and len(call.args) == 1
        and not call.keywords
        and not isinstance(call.args[0], ast.Starred)
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
