"""What single expressions are: literals that nobody can change, empty containers, functions that are handed over."""

from __future__ import annotations

import ast

__all__ = ["is_constant", "is_constant_inside", "is_empty", "is_number", "may_be_called", "paths_of"]


def paths_of(module: str) -> tuple[str, str]:
    """Where the file of a module may be."""
    path = module.replace(".", "/")
    return f"{path}.py", f"{path}/__init__.py"


def is_constant(value: ast.expr) -> bool:
    """Whether an expression is a literal that can't be changed."""
    if isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub | ast.UAdd):
        return isinstance(value.operand, ast.Constant)
    if isinstance(value, ast.Tuple):
        return all(map(is_constant, value.elts))
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add | ast.Sub | ast.Mult):
        return is_number(value.left) and is_number(value.right)
    return isinstance(value, ast.Constant)


def is_number(value: ast.expr) -> bool:
    """Whether an expression is a number, or numbers that are added or multiplied: computing it can't fail."""
    if isinstance(value, ast.Constant):
        return type(value.value) in (int, float)
    if isinstance(value, ast.UnaryOp):
        return isinstance(value.op, ast.USub | ast.UAdd) and is_number(value.operand)
    return isinstance(value, ast.BinOp) and is_constant(value)


def is_constant_inside(value: ast.expr) -> bool:
    """Whether a list, set or dictionary is written out with unchangeable literals only."""
    if isinstance(value, ast.List | ast.Set):
        return all(map(is_constant, value.elts))
    if isinstance(value, ast.Dict):
        return all(key is not None and is_constant(key) for key in value.keys) and all(map(is_constant, value.values))
    return False


def is_empty(value: ast.expr | None) -> bool:
    """Whether an expression makes a container without items (a call: one of whose items nothing is known here)."""
    if isinstance(value, ast.List | ast.Set):
        return not value.elts
    if isinstance(value, ast.Dict):
        return not value.keys
    return isinstance(value, ast.Call)


def may_be_called(call: ast.Call, value: ast.Name) -> bool:
    """Whether an argument of a call is a function that the call calls."""
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    keyed = any(keyword.arg in ("key", "default_factory") and keyword.value is value for keyword in call.keywords)
    return keyed or (name in ("map", "filter", "reduce") and bool(call.args) and call.args[0] is value)
