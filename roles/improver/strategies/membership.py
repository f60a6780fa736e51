"""Looking for a value in a list again and again: a set beside the list answers at once."""

from __future__ import annotations

import ast

from roles.improver.sites import Family
from roles.improver.strategies.attributes import attribute_kind, constructors, initial_assignments
from roles.improver.strategies.base import Refuse, Strategy, View
from roles.improver.strategies.facts import FunctionFacts, dotted, has_bases, root_name, walk_own
from roles.improver.strategies.kinds import answer_kind
from roles.improver.strategies.lookup import HELPERS, LOOKUP, NOTED, PLAIN, TYPES

__all__ = ["Membership"]

_NEVER_PLAIN = frozenset({"list", "dict", "set", "tuple", "float"})
"""Types of values that are looked for in the list itself, whatever it holds."""
_PLAIN = frozenset({"int", "str", "bool"})
_SHORT = 6
_LOOPS = (ast.For, ast.While, ast.AsyncFor)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class Membership(Strategy):
    """``x in values`` in a loop, where `values` is a list, or an attribute that may be one.

    The set is asked only for integers, text, bool and None, whose equality and hash are known; else the list is. A list
    of the module that never changes has its set beside it; other sets are made before the loop.
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
            if (
                function is None
                or view.analysis.kind(node.left, function) in _NEVER_PLAIN
                or _asked_already(view, node)
            ):
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
                self._change(view, node, values, loop, function)

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
            self._check_attribute(view, values, loop, function, function.owner)
            key = f"{id(loop)} self.{values.attr}"
            if key not in view.put:
                self._helpers(view, LOOKUP)
                view.put[key] = self._name(view, values.attr.lstrip("_"))
                view.edits.before(loop, f"{view.put[key]} = {LOOKUP}({view.edits.text_of(values)})")
            self._ask(view, node, view.put[key], function)

    def _check_attribute(
        self, view: View, values: ast.Attribute, loop: ast.stmt, function: FunctionFacts, owner: ast.ClassDef
    ) -> None:
        """Raise `Refuse` where the attribute may be another thing in a later round, or not be there before the loop."""
        if values.attr in view.facts.method_names:
            raise Refuse(f"{values.attr} is a property")
        if function.bindings["self"] or "self" in function.inner_loads:
            raise Refuse("self is used by a function defined within")
        if "__getattr__" in view.facts.all_names or "__getattribute__" in view.facts.all_names:
            raise Refuse("a class here answers for attributes itself")
        told = view.analysis.effects([loop], function, apart="list")
        if values.attr in told.attributes or told.unknown:
            raise Refuse(f"{values.attr} may change in the loop: {told.unknown or 'it is set'}")
        if values.attr in view.methods_elsewhere:
            raise Refuse(f"{values.attr} may be a property of a class that is made from this one")
        if not _always_there(view, function, owner, values.attr):
            raise Refuse(f"{values.attr} may not be set yet")

    def _ask(self, view: View, node: ast.Compare, lookup: str, function: FunctionFacts) -> None:
        """Ask the set for a value that is certain to be plain; for any other one where that is seen at run time."""
        if view.analysis.kind(node.left, function) in _PLAIN:
            view.edits.replace(node.comparators[0], lookup)
            return
        if view.facts.all_bound & {"type"}:
            raise Refuse("type has another meaning here")
        sought = given = view.edits.text_of(node.left)
        if not isinstance(node.left, ast.Name):
            if "\n" in given or _in_iterated(view, node):
                raise Refuse("the value that is looked for can't be given a name where it stands")
            sought = view.facts.fresh_name("sought")
            given = f"{sought} := {given}"
        self._helpers(view)
        word = "in" if isinstance(node.ops[0], ast.In) else "not in"
        values = view.edits.text_of(node.comparators[0])
        view.edits.replace(
            node, f"({sought} {word} {lookup} if type({given}) in {PLAIN} else {sought} {word} {values})"
        )

    def _name(self, view: View, name: str) -> str:
        lookup = view.facts.fresh_name(f"{name}_lookup")
        while lookup in view.put.values():
            lookup += "_"
        return lookup

    def _is_list(self, view: View, values: ast.Name, function: FunctionFacts) -> bool:
        if not function.is_local(values.id):
            # a list of the module that nobody changes
            return _long(view.analysis.constant_list(values.id))
        bindings = function.bindings[values.id]
        kind = view.analysis.kind(values, function)
        if kind == "list":
            grows = any(_appended(part, values.id) for part in walk_own(function.node) if isinstance(part, ast.Expr))
            made = [value for value in bindings if not isinstance(value, ast.List) or _long(value)]
            return not bindings or bool(made) or grows
        if not kind and bindings and values.id not in function.parameters:
            # what a function of the agent answers, where that is a list by all that can be read
            return all(isinstance(value, ast.Call) and _answers_list(view, value) for value in bindings)
        # a parameter without a type may be anything: the helper looks at what it is given
        return values.id in function.parameters and not bindings and function.annotation(values.id) is None

    def _change(self, view: View, node: ast.Compare, values: ast.Name, loop: ast.stmt, function: FunctionFacts) -> None:
        name = values.id
        local = function.is_local(name)
        key, done = f"{id(loop)} {name}" if local else name, view.put
        if key not in done:
            appends = self._appends(view, name, loop, function)
            lookup = self._name(view, name)
            constant = None if local else view.analysis.constant_list(name)
            if constant is not None and all(_is_plain(item) for item in constant.elts):
                # a list of the module that never changes has its set beside it
                lookup = self._name(view, name if name.startswith("_") else f"_{name}").upper()
                view.edits.after(view.facts.statement_of(constant), f"{lookup} = frozenset({name})")
            elif local and self._only_plain(view, name, appends, function):
                view.edits.before(loop, f"{lookup} = set({name})")
                for statement, argument in appends:
                    view.edits.after(statement, f"{lookup}.add({argument})")
            else:
                self._helpers(view, LOOKUP, *((NOTED,) if appends else ()))
                view.edits.before(loop, f"{lookup} = {LOOKUP}({name})")
                for statement, argument in appends:
                    view.edits.after(statement, f"{lookup} = {NOTED}({lookup}, {name}, {argument})")
            done[key] = lookup
        self._ask(view, node, done[key], function)

    def _only_plain(self, view: View, name: str, appends: list[tuple[ast.Expr, str]], function: FunctionFacts) -> bool:
        """Whether a list that is made here holds text, whole numbers or bool alone, wherever something is appended."""
        bindings = function.bindings[name]
        if name in function.parameters or not all(isinstance(value, ast.List) for value in bindings):
            return False
        if not view.analysis.fresh(name, function) or _changes_of(function.node, name) != len(appends):
            return False
        first = [item for value in bindings if isinstance(value, ast.List) for item in value.elts]
        given = [statement.value.args[0] for statement, _ in appends if isinstance(statement.value, ast.Call)]
        return view.facts.is_builtin("set") and all(
            view.analysis.kind(one, function) in _PLAIN for one in (*first, *given)
        )

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
        told = view.analysis.effects([loop], function, apart="list")
        if name in told.bound:
            raise Refuse(f"{name} is bound again in the loop")
        changes = _changes_of(loop, name)
        if changes > len(appends):
            raise Refuse(f"{name} is changed in the loop in another way than by appending")
        if told.unknown and not fresh and function.is_local(name):
            raise Refuse(f"{name} may change in the loop: {told.unknown}")
        return appends

    def _helpers(self, view: View, *names: str) -> None:
        """Put those of the helpers into the module that it does not have yet."""
        for name in (PLAIN, *names):
            if f"helper {name}" in view.put or _has_helper(view, name):
                continue
            if name in view.facts.all_names:
                raise Refuse(f"the name {name} is taken")
            view.edits.at_top(TYPES if name == PLAIN else HELPERS[name], view.first_definition())
            view.put[f"helper {name}"] = ""


def _has_helper(view: View, name: str) -> bool:
    if name == PLAIN:
        value = view.facts.module_value(name)
        return value is not None and f"{name} = {ast.unparse(value)}" == ast.unparse(ast.parse(TYPES))
    own = view.facts.module_functions.get(name)
    return own is not None and ast.unparse(own.node) == ast.unparse(ast.parse(HELPERS[name]))


def _asked_already(view: View, node: ast.Compare) -> bool:
    """Whether a test is the one that asks the list itself where the set can't be asked, as this strategy writes it."""
    user = view.facts.parents[node]
    if not isinstance(user, ast.IfExp) or user.orelse is not node or not isinstance(user.test, ast.Compare):
        return False
    return any(isinstance(part, ast.Name) and part.id == PLAIN for part in user.test.comparators)


def _in_iterated(view: View, node: ast.AST) -> bool:
    """Whether an expression stands in what a comprehension goes through, where nothing can be given a name."""
    at: ast.AST = node
    while not isinstance(at, ast.stmt):
        outer = view.facts.parents[at]
        if isinstance(outer, ast.comprehension) and at is outer.iter:
            return True
        at = outer
    return False


def _is_plain(item: ast.expr) -> bool:
    return isinstance(item, ast.Constant) and isinstance(item.value, int | str | None)


def _long(values: ast.List | None) -> bool:
    """Whether a list is empty now, or so long that a set beside it may be worth its making."""
    return values is not None and not 0 < len(values.elts) < _SHORT


def _answers_list(view: View, call: ast.Call) -> bool:
    """Whether all functions and methods of that name, in all of the agent's files, answer with a list."""
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    files = [view.facts, *view.analysis.others()]
    told = [answer_kind(one, own) for one in files for own in one.functions if own.node.name == name]
    return bool(told) and all(kind == "list" for kind in told)


def _always_there(view: View, function: FunctionFacts, owner: ast.ClassDef, name: str) -> bool:
    """Whether an attribute is there before any other method runs, and nothing takes it away."""
    made = next((own for kept, own in constructors(view) if kept is owner), None)
    if made is None and _is_field(view, owner, name):
        return True
    if made is None or made is function or any(isinstance(part, ast.Delete) for part in ast.walk(owner)):
        return False
    calls_own = any(isinstance(part, ast.Call) and root_name(part.func) == "self" for part in ast.walk(made.node))
    return not calls_own and any(attribute == name for _, attribute, _ in initial_assignments(made))


def _is_field(view: View, owner: ast.ClassDef, name: str) -> bool:
    """Whether objects of a dataclass without bases have a field of that name from their making to their end."""
    decorators = [part.func if isinstance(part, ast.Call) else part for part in owner.decorator_list]
    if has_bases(owner) or [view.facts.module_of(part) for part in decorators] != ["dataclasses.dataclass"]:
        return False
    if any(isinstance(part, ast.Delete) or getattr(part, "name", "") == "__post_init__" for part in ast.walk(owner)):
        return False
    return any(
        isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name) and part.target.id == name
        for part in owner.body
    )


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
