"""Instances with a dictionary each: ``__slots__`` keeps their attributes without one."""

from __future__ import annotations

import ast

from roles.improver.sites import Family
from roles.improver.strategies.base import Refuse, Strategy, View
from roles.improver.strategies.facts import dotted, has_bases, walk_own

__all__ = ["Slots"]

_DYNAMIC = frozenset({"setattr", "delattr", "vars"})
_HINDRANCES = frozenset(
    {
        "__getattr__",
        "__setattr__",
        "__getattribute__",
        "__delattr__",
        "__getstate__",
        "__setstate__",
        "__reduce__",
        "__init_subclass__",
    }
)
_CACHED = ("functools.cached_property", "cached_property")
_REFERENCES = ("weakref", "pickle")


class Slots(Strategy):
    """Classes without bases whose attributes are all set by their own methods."""

    kind = "no-slots"
    family = Family.MEMORY
    aims = frozenset({"live_memory", "instantiation"})

    def look(self, view: View) -> None:
        """Note classes without slots that have attributes."""
        for node in view.facts.classes.values():
            if _has_slots(node) or _exempt(node):
                continue
            attributes = _attributes(node)
            if not attributes and not _is_dataclass(view, node):
                continue
            with view.site(node, f"each {node.name} keeps its attributes in a dictionary of its own"):
                self._change(view, node, attributes)

    def _change(self, view: View, node: ast.ClassDef, attributes: list[str]) -> None:
        self._check_class(view, node)
        self._check_users(view, node, set(attributes))
        if _is_dataclass(view, node):
            self._dataclass(view, node)
            return
        named = {name for statement in node.body for name in _class_level(statement)}
        if shadowed := sorted(set(attributes) & named):
            raise Refuse(f"{shadowed[0]} is an attribute of the class, too")
        first = node.body[0]
        documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
        listed = ", ".join(f'"{name}"' for name in sorted(attributes))
        text = f"__slots__ = ({listed}{',' if len(attributes) == 1 else ''})"
        if documented:
            view.edits.after(first, text)
        else:
            view.edits.before(first, text)

    def _dataclass(self, view: View, node: ast.ClassDef) -> None:
        decorator = node.decorator_list[0]
        if any(isinstance(part, ast.Call) and getattr(part.func, "id", "") == "super" for part in ast.walk(node)):
            raise Refuse("it uses super(), which a dataclass with slots does not understand")
        if isinstance(decorator, ast.Call):
            if any(keyword.arg in ("slots", "weakref_slot", None) for keyword in decorator.keywords):
                raise Refuse("it says itself whether it has slots")
            inner = [view.edits.text_of(k.value) for k in decorator.keywords]
            options = [f"{k.arg}={text}" for k, text in zip(decorator.keywords, inner, strict=True)]
            view.edits.replace(
                decorator, f"{view.edits.text_of(decorator.func)}({', '.join([*options, 'slots=True'])})"
            )
        else:
            view.edits.replace(decorator, f"{view.edits.text_of(decorator)}(slots=True)")
        fields = {s.target.id for s in node.body if isinstance(s, ast.AnnAssign) and isinstance(s.target, ast.Name)}
        if set(_attributes(node)) - fields:
            raise Refuse("it has attributes that are no fields")

    def _check_class(self, view: View, node: ast.ClassDef) -> None:
        if has_bases(node):
            raise Refuse("it has base classes")
        if node.decorator_list and not _is_dataclass(view, node):
            raise Refuse("it is decorated")
        methods = {part.name for part in node.body if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)}
        if hindrance := sorted(methods & _HINDRANCES):
            raise Refuse(f"it defines {hindrance[0]}")
        if any(
            dotted(part) in _CACHED
            for method in node.body
            for part in ast.walk(method)
            if isinstance(part, ast.Name | ast.Attribute)
        ):
            raise Refuse("a cached property needs the dictionary")
        for method in node.body:
            if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef) and method.decorator_list:
                named = {dotted(decorator) for decorator in method.decorator_list}
                if "classmethod" in named and any(
                    isinstance(p, ast.Attribute) and not isinstance(p.ctx, ast.Load) for p in ast.walk(method)
                ):
                    raise Refuse(f"{method.name} sets attributes of the class")
        if any(isinstance(part, ast.Delete) for part in ast.walk(node)):
            raise Refuse("it deletes attributes")
        if view.facts.bound[node.name] != 1:
            raise Refuse("its name is bound more than once")

    def _check_users(self, view: View, node: ast.ClassDef, attributes: set[str]) -> None:
        trees = [view.facts.tree, *view.other_trees]
        for tree in trees:
            for part in ast.walk(tree):
                if isinstance(part, ast.Name) and part.id in _DYNAMIC:
                    raise Refuse(f"{part.id} is used, which may set any attribute")
                if isinstance(part, ast.Attribute) and part.attr in ("__dict__", "__class__", "__setattr__"):
                    raise Refuse(f"{part.attr} is used")
                if isinstance(part, ast.Import | ast.ImportFrom):
                    _check_import(part)
                if isinstance(part, ast.ClassDef) and any(
                    dotted(b).rpartition(".")[2] == node.name for b in part.bases
                ):
                    raise Refuse(f"{part.name} is made from it")
        self._check_stores(view, node, attributes)

    def _check_stores(self, view: View, node: ast.ClassDef, attributes: set[str]) -> None:
        """No code outside may set what has no slot; whatever object it is set on, it may be one of these."""
        fields = {s.target.id for s in node.body if isinstance(s, ast.AnnAssign) and isinstance(s.target, ast.Name)}
        known = attributes | fields
        inside = {id(part) for part in ast.walk(node)}
        trees = (view.facts.tree, *view.other_trees)
        for own, part in ((tree is view.facts.tree, part) for tree in trees for part in ast.walk(tree)):
            if not isinstance(part, ast.Attribute) or isinstance(part.ctx, ast.Load):
                continue
            holder = part.value.id if isinstance(part.value, ast.Name) else ""
            if holder == node.name:
                raise Refuse(f"{part.attr} is set on the class itself")
            if own and _of_other_class(view, part, node):
                continue
            if part.attr not in known and (holder != "self" or id(part) in inside):
                raise Refuse(f"the attribute {part.attr} is set from outside")


def _of_other_class(view: View, part: ast.Attribute, node: ast.ClassDef) -> bool:
    """Whether what an attribute is set on is declared, or made, as an object of another class of the file."""
    function = view.facts.function_at(part)
    if function is None or not isinstance(part.value, ast.Name) or not function.is_local(part.value.id):
        return False
    name = part.value.id
    bindings = function.bindings[name]
    if name in function.parameters:
        told = function.annotation(name)
        declared = told.id if isinstance(told, ast.Name) else getattr(told, "value", "")
        return not bindings and declared in view.facts.classes and declared != node.name
    made = {
        value.func.id if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) else "" for value in bindings
    }
    return bool(made) and made <= set(view.facts.classes) - {node.name}


def _check_import(part: ast.Import | ast.ImportFrom) -> None:
    names = [alias.name for alias in part.names] if isinstance(part, ast.Import) else [part.module or ""]
    for name in names:
        if name.partition(".")[0] in _REFERENCES:
            raise Refuse(f"{name} is used, which needs more than slots")
        if name == "unittest.mock":
            raise Refuse("the tests replace attributes")


def _has_slots(node: ast.ClassDef) -> bool:
    if any("slots" in ast.unparse(decorator) for decorator in node.decorator_list):
        return True
    return any("__slots__" in _class_level(statement) for statement in node.body)


def _exempt(node: ast.ClassDef) -> bool:
    """Errors, enumerations, protocols and named tuples have what they need from their bases."""
    return has_bases(node)


def _is_dataclass(view: View, node: ast.ClassDef) -> bool:
    if len(node.decorator_list) != 1:
        return False
    decorator = node.decorator_list[0]
    target = decorator.func if isinstance(decorator, ast.Call) else decorator
    return view.facts.module_of(target) == "dataclasses.dataclass"


def _attributes(node: ast.ClassDef) -> list[str]:
    """The attributes that the methods set on their first parameter."""
    found: set[str] = set()
    for method in node.body:
        if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef) and method.args.args:
            own = method.args.args[0].arg
            for part in ast.walk(method):
                if isinstance(part, ast.Attribute) and not isinstance(part.ctx, ast.Load) and dotted(part.value) == own:
                    found.add(part.attr)
    setters = {method.name for method in node.body if isinstance(method, ast.FunctionDef) and method.decorator_list}
    return sorted(found - setters)


def _class_level(statement: ast.stmt) -> list[str]:
    if isinstance(statement, ast.AnnAssign) and statement.value is None:
        return []
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
        return [] if statement.decorator_list else [statement.name]
    return [part.id for part in walk_own(statement) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)]
