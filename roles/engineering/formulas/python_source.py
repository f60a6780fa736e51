"""Writes formulas as Python, and the arithmetic that they call."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from importlib.resources import files

from roles.engineering.formulas.functions import FUNCTIONS
from roles.engineering.formulas.tree import (
    Binary,
    Call,
    Compare,
    Conditional,
    Expression,
    Logic,
    Name,
    Negative,
    Node,
    Not,
    Number,
    Text,
    walk,
)  # fmt: skip

__all__ = ["MODULE", "helpers_of", "library_source", "to_function", "to_python"]

MODULE = "arithmetic"
"""The module of a package that holds `library_source`; formulas call it by that name, so no value may have it."""

_HELPERS = {
    "round": "rounded", "sqrt": "root", "log": "logarithm", "exp": "exponential", "sum": "total", "min": "smallest",
    "max": "largest", "abs": "absolute",
}  # fmt: skip
"""Where a function's name in Python is another one."""
_BINDS = {"or": 1, "and": 2, "not": 3, "compare": 4, "+": 5, "-": 5, "*": 6, "negative": 7}


def to_python(expression: Expression) -> str:
    """The formula as a Python expression over variables of its names; series are lists that may hold None.

    What it calls is given by `library_source`, as the module ``arithmetic``.
    Names of single values must not be None in it, see `to_function`.
    """
    return _written(expression.tree, 0)


def to_function(
    name: str, expression: Expression, *, docstring: str = "", parameters: Mapping[str, str] | None = None
) -> str:
    """A whole typed function that computes the formula from its names, in their order.

    It raises ``Missing`` for NULLs and ``Undefined`` where there is no value (both of the library). `parameters` are
    types for names that are not numbers.
    """
    types = parameters or {}
    arguments = ", ".join(
        f"{one}: {types.get(one, 'Sequence[Any]' if one in expression.series_names else 'float | None')}"
        for one in expression.names
    )
    optional = expression.optional_names
    needed = [one for one in expression.scalar_names if one not in optional]
    lines = [f"def {name}({arguments}) -> {'bool' if expression.kind == 'boolean' else 'float'}:"]
    lines += [f"    {_docstring(docstring)}"] if docstring else []
    lines += [f'    {one} = {MODULE}.given("{one}", {one})' for one in needed]
    text = to_python(expression)
    wrapped = text if expression.kind == "boolean" else f"{MODULE}.finite({text})"
    return "\n".join([*lines, f"    return {wrapped}", ""])


def _docstring(docstring: str) -> str:
    plain = " ".join(docstring.split()).replace("\\", "\\\\").replace('"', "'")
    return f'"""{plain}"""'


def helpers_of(expressions: Iterable[Expression]) -> frozenset[str]:
    """The names of the library's functions that these formulas need when they are written by `to_function`."""
    found = {"given", "finite", "Undefined", "TooLarge", "Missing"}
    for expression in expressions:
        for node in walk(expression.tree):
            if isinstance(node, Binary) and node.operator in ("/", "%", "**"):
                found.add({"/": "divide", "%": "modulo", "**": "power"}[node.operator])
            elif isinstance(node, Call) and node.function not in ("is_null", "only"):
                found.add(_HELPERS.get(node.function, node.function))
                if FUNCTIONS[node.function].of_series:
                    found.add("rows")
    return frozenset(found)


def library_source(helpers: Collection[str]) -> str:
    """The source of these functions and of what they need, with its imports, in a stable order.

    Raises `KeyError` for a name that is none of the library's.
    """
    pieces, needs = _pieces()
    wanted, left = set[str](), list(helpers)
    while left:
        name = left.pop()
        if name not in wanted:
            wanted.add(name)
            left += needs[name]
    text = "\n\n\n".join(source for name, source in pieces.items() if name in wanted)
    imports = ["from __future__ import annotations", ""]
    imports += ["import math"] if "math." in text else []
    imports += ["from collections.abc import Sequence"] if "Sequence[" in text else []
    imports += ["from datetime import date"] if "date." in text else []
    imports += ["from typing import Any"] if "Any" in text else []
    return "\n".join(imports).rstrip() + "\n\n\n" + text + "\n"


@lru_cache(maxsize=1)
def _pieces() -> tuple[Mapping[str, str], Mapping[str, frozenset[str]]]:
    """Each function and class of the arithmetic with its source, and what it uses of the others."""
    text = files("roles.engineering.formulas").joinpath("arithmetic.py").read_text(encoding="utf-8")
    nodes = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    names = {node.name for node in nodes}
    sources = {node.name: ast.get_source_segment(text, node) or "" for node in nodes}
    needs = {
        node.name: frozenset(
            one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load)
        ) & names - {node.name} - _local(node)
        for node in nodes
    }  # fmt: skip
    return sources, needs


def _local(node: ast.FunctionDef | ast.ClassDef) -> set[str]:
    """The names of a function's own arguments, which hide functions of the same name."""
    if isinstance(node, ast.ClassDef):
        return set()
    return {one.arg for one in (*node.args.args, *([node.args.vararg] if node.args.vararg else []))}


def _written(node: Node, outer: int) -> str:
    match node:
        case Number(value=value):
            return repr(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
        case Text(value=value):
            return _quoted(value)
        case Name(name=name):
            return name
        case Negative(operand=operand):
            return _bound(f"-{_written(operand, _BINDS['negative'])}", "negative", outer)
        case Binary(operator=operator, left=left, right=right):
            return _arithmetic(operator, left, right, outer)
        case Compare(operands=operands, operators=operators):
            parts = [_written(one, _BINDS["compare"] + 1) for one in operands]
            text = parts[0] + "".join(f" {sign} {part}" for sign, part in zip(operators, parts[1:], strict=True))
            return _bound(text, "compare", outer)
        case Logic(operator=operator, operands=operands):
            text = f" {operator} ".join(_written(one, _BINDS[operator] + 1) for one in operands)
            return _bound(text, operator, outer)
        case Not(operand=operand):
            return _bound(f"not {_written(operand, _BINDS['not'])}", "not", outer)
        case Conditional(condition=condition, then=then, otherwise=otherwise):
            return f"({_written(then, 1)} if {_written(condition, 1)} else {_written(otherwise, 0)})"
        case Call(function=function, arguments=arguments):
            return _called(function, arguments)


def _bound(text: str, operator: str, outer: int) -> str:
    return f"({text})" if _BINDS[operator] < outer else text


def _arithmetic(operator: str, left: Node, right: Node, outer: int) -> str:
    if operator in ("/", "%", "**"):
        helper = {"/": "divide", "%": "modulo", "**": "power"}[operator]
        return f"{MODULE}.{helper}({_written(left, 0)}, {_written(right, 0)})"
    binds = _BINDS[operator]
    return _bound(f"{_written(left, binds)} {operator} {_written(right, binds + 1)}", operator, outer)


def _called(function: str, arguments: tuple[Node, ...]) -> str:
    if function == "is_null":
        return f"({_written(arguments[0], 5)} is None)"
    kinds = FUNCTIONS[function]
    parts = [
        _series(one) if kinds.argument(index) in ("series", "condition") else _written(one, 0)
        for index, one in enumerate(arguments)
    ]
    return f"{MODULE}.{_HELPERS.get(function, function)}({', '.join(parts)})"


def _series(node: Node) -> str:
    """A list with one value for each row."""
    if isinstance(node, Name):
        return node.name if node.series else f"[{node.name}]"
    condition = None
    if isinstance(node, Call) and node.function == "only":
        node, condition = node.arguments
    names = list(dict.fromkeys(
        one.name for tree in (node, condition) if tree is not None
        for one in walk(tree) if isinstance(one, Name) and one.series
    ))  # fmt: skip
    variables = f"{names[0]}," if len(names) == 1 else ", ".join(names)
    tail = f" if {_written(condition, 1)}" if condition is not None else ""
    return f"[{_written(node, 0)} for {variables} in {MODULE}.rows({', '.join(names)}){tail}]"


def _quoted(text: str) -> str:
    escaped = repr(text)
    return escaped if '"' in text else '"' + escaped[1:-1].replace("\\'", "'") + '"'
