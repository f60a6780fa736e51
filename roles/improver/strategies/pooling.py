"""Helper objects that each call makes anew, though they are always alike: one is made and used again."""

from __future__ import annotations

import ast

from roles.improver.sites import Family
from roles.improver.strategies.attributes import initial_assignments
from roles.improver.strategies.base import Refuse, Strategy, View
from roles.improver.strategies.facts import FunctionFacts, dotted, has_bases, walk_own
from roles.improver.strategies.literals import is_constant, is_constant_inside
from roles.improver.strategies.names import MUTATORS

__all__ = ["Pooling"]

_IMMUTABLE = frozenset(
    {
        "decimal.Decimal",
        "fractions.Fraction",
        "datetime.timedelta",
        "string.Template",
        "json.JSONEncoder",
        "json.JSONDecoder",
    }
)

_VALUES = frozenset({"decimal.Decimal", "fractions.Fraction", "datetime.timedelta"})
"""Of these, those that nobody can change even where they are handed on."""


class Pooling(Strategy):
    """``helper = Helper()`` in a function, of a class whose objects never change, used there alone."""

    kind = "object-per-call"
    family = Family.MEMORY
    aims = frozenset({"latency", "first_pass"})

    def look(self, view: View) -> None:
        """Note objects that functions make from constants."""
        for node in ast.walk(view.facts.tree):
            if not isinstance(node, ast.Call) or not _constant_arguments(view, node):
                continue
            function = view.facts.function_at(node)
            if function is None or function.node.name.startswith("_shared_"):
                continue
            home, owner = _class_of(view, node)
            immutable = view.facts.module_of(node.func) in _IMMUTABLE and bool(node.args or node.keywords)
            if owner is None and not immutable:
                continue
            if owner is not None and _is_error(owner):
                continue
            with view.site(node, f"{ast.unparse(node)[:50]} is made anew at each call"):
                self._change(view, node, function, home, owner)

    def _change(
        self, view: View, node: ast.Call, function: FunctionFacts, home: View, owner: ast.ClassDef | None
    ) -> None:
        made = view.put
        if function.node.name == "__init__" or (owner is not None and function.owner is owner):
            raise Refuse("it is kept by an object that lives on")
        if owner is not None:
            _check_class(home, owner)
            if home is not view and _sets_attributes(view):
                raise Refuse("an attribute is set from outside")
        if owner is not None or view.facts.module_of(node.func) not in _VALUES:
            _check_use(view, node, function)
        text = view.edits.text_of(node)
        if text not in made:
            made[text] = self._make(view, node, text, owner, made)
        view.edits.replace(node, f"{made[text]}()")

    def _make(self, view: View, node: ast.Call, text: str, owner: ast.ClassDef | None, made: dict[str, str]) -> str:
        short = (owner.name if owner is not None else text.partition("(")[0].rpartition(".")[2]).lower()
        name = view.facts.fresh_name(f"_shared_{short}")
        while name in made.values():
            name += "_"
        kept = f"{name}_kept"
        first = view.first_definition()
        view.edits.at_top(
            f"{kept} = []\n\n\ndef {name}():\n"
            f'    """One object for all calls; it is made at the first one."""\n'
            f"    if not {kept}:\n        {kept}.append({text})\n    return {kept}[0]\n",
            first,
        )
        return name


def _class_of(view: View, node: ast.Call) -> tuple[View, ast.ClassDef | None]:
    """The class that a call makes an object of, in this file or another one of the agent, with that file's view."""
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name in view.facts.classes or not name or (found := view.analysis.sibling(name)) is None:
        return view, view.facts.classes.get(name)
    other, own = found
    rest = {path: text for path, text in view.others.items() if path != other.facts.path}
    home = View(other.facts, {**rest, view.facts.path: view.facts.text}, view.specification, view.kind)
    return home, other.facts.classes.get(own)


def _sets_attributes(view: View) -> bool:
    """Whether a file sets attributes of anything but ``self``."""
    return any(
        isinstance(part, ast.Attribute) and not isinstance(part.ctx, ast.Load) and dotted(part.value) != "self"
        for part in ast.walk(view.facts.tree)
    )


def _constant_arguments(view: View, node: ast.Call) -> bool:
    """Whether all arguments are literals, or names of the module for one that can't be changed."""
    given = [*node.args, *(keyword.value for keyword in node.keywords)]
    return all(keyword.arg for keyword in node.keywords) and all(_is_fixed(view, value) for value in given)


def _is_fixed(view: View, value: ast.expr) -> bool:
    if isinstance(value, ast.Name):
        own = view.facts.module_value(value.id)
        local = any(function.is_local(value.id) for function in view.facts.functions)
        return own is not None and is_constant(own) and view.analysis.constant(value.id) and not local
    return is_constant(value)


def _is_error(owner: ast.ClassDef) -> bool:
    return any("Error" in ast.unparse(base) or "Exception" in ast.unparse(base) for base in owner.bases)


def _check_class(view: View, owner: ast.ClassDef) -> None:
    """Raise `Refuse` where objects of a class may change after they are made, or where making them does more."""
    if has_bases(owner) or owner.decorator_list:
        raise Refuse("the class has bases or is decorated")
    for function in view.facts.functions:
        if function.owner is owner:
            _check_method(view, function)
    for part in ast.walk(view.facts.tree):
        if not isinstance(part, ast.Attribute) or isinstance(part.ctx, ast.Load):
            continue
        if not (isinstance(part.value, ast.Name) and part.value.id == "self"):
            raise Refuse(f"the attribute {part.attr} is set from outside")
    if not all(isinstance(statement, ast.FunctionDef | ast.Expr | ast.Assign) for statement in owner.body):
        raise Refuse("the class holds more than methods")


def _check_method(view: View, function: FunctionFacts) -> None:
    if function.node.decorator_list or isinstance(function.node, ast.AsyncFunctionDef):
        raise Refuse(f"{function.qualified} is decorated or asynchronous")
    if function.node.name == "__init__":
        told = view.analysis.effects([_but_filling(view, function, part) for part in function.node.body], function)
        if told.unknown or told.clock:
            raise Refuse(told.unknown or told.clock)
        if reason := view.analysis.why_not_fixed(function):
            raise Refuse(reason)
        return
    if function.node.name.startswith("__"):
        raise Refuse(f"{function.qualified} gives an operator a meaning of its own")
    if reason := view.analysis.why_impure(function):
        raise Refuse(f"{function.qualified}: {reason}")
    _check_kept(view, function)


def _but_filling(view: View, function: FunctionFacts, statement: ast.stmt) -> ast.AST:
    """Of ``self.x.update(…)``, where x is a container that the constructor itself makes, what is put in; else all."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute) or call.func.attr not in MUTATORS:
        return statement
    held = dotted(call.func.value)
    made = [value for _, name, value in initial_assignments(function) if held == f"self.{name}"]
    if len(made) != 1 or not view.analysis.makes_new(made[0]):
        return statement
    return ast.Tuple([*call.args, *(keyword.value for keyword in call.keywords)], ast.Load())


def _unchangeable(view: View, owner: ast.ClassDef | None) -> set[str]:
    """Attributes that hold what the object was made with, which is a constant."""
    own = next((f for f in view.facts.functions if f.owner is owner and f.node.name == "__init__"), None)
    if own is None:
        return set()
    return {
        name
        for _, name, value in initial_assignments(own)
        if is_constant(value) or (isinstance(value, ast.Name) and own.bindings.get(value.id) == [])
    }


def _check_kept(view: View, function: FunctionFacts) -> None:
    known = _unchangeable(view, function.owner)
    for part in walk_own(function.node):
        given = part.value if isinstance(part, ast.Return) else None
        if isinstance(given, ast.Attribute | ast.Name | ast.Subscript) and _of_self(given):
            if isinstance(given, ast.Attribute) and given.attr in known:
                continue
            if isinstance(given, ast.Subscript) and _plain_items(view, function.owner, given):
                continue
            raise Refuse(f"{function.qualified} gives away what the object holds")
        if isinstance(part, ast.Attribute) and part.attr in MUTATORS and _of_self(part.value):
            raise Refuse(f"{function.qualified} changes the object")


def _plain_items(view: View, owner: ast.ClassDef | None, given: ast.Subscript) -> bool:
    """Whether an attribute holds a list of text that the constructor makes, so that nobody can change its items."""
    own = next((f for f in view.facts.functions if f.owner is owner and f.node.name == "__init__"), None)
    name = given.value.attr if isinstance(given.value, ast.Attribute) else ""
    for _, attribute, value in initial_assignments(own) if own is not None else ():
        if attribute == name and isinstance(value, ast.ListComp) and not isinstance(given.slice, ast.Slice):
            return view.analysis.kind(value.elt, own) in ("str", "int", "float", "bool")
        if attribute == name and is_constant_inside(value):
            return True
    return False


def _of_self(node: ast.expr) -> bool:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return isinstance(node, ast.Name) and node.id == "self"


def _check_use(view: View, node: ast.Call, function: FunctionFacts) -> None:
    """Raise `Refuse` where the object may be known after the call has ended: only its methods may be called."""
    user = view.facts.parents[node]
    if isinstance(user, ast.Attribute) and isinstance(view.facts.parents[user], ast.Call):
        return
    if not (isinstance(user, ast.Assign) and len(user.targets) == 1 and isinstance(user.targets[0], ast.Name)):
        raise Refuse("the object is handed on")
    name = user.targets[0].id
    if name in function.inner_loads or name in function.foreign:
        raise Refuse("the object is used by a function within")
    for part in walk_own(function.node):
        if isinstance(part, ast.Name) and part.id == name and isinstance(part.ctx, ast.Load):
            outer = view.facts.parents[part]
            called = isinstance(outer, ast.Attribute) and isinstance(view.facts.parents[outer], ast.Call)
            if not called or view.facts.parents[outer].func is not outer:  # type: ignore[attr-defined]
                raise Refuse("the object is handed on")
