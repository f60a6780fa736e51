"""Formulas as functions of the library module of a package."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from roles.engineering.formulas import Expression, helpers_of, to_python

if TYPE_CHECKING:
    from roles.builder.writing.plan import Value

__all__ = ["FormulaPlan", "qualified"]


@dataclass(frozen=True)
class FormulaPlan:
    """A formula or rule with its arguments' types and its source in Python.

    `row_arguments` are the arguments that go along the rows, where the formula is computed for each row.
    """

    name: str
    expression: Expression
    value: Value
    arguments: tuple[tuple[str, str], ...]
    row_arguments: tuple[str, ...]
    source: str
    unit: str = ""
    description: str = ""
    origin: str = ""
    on_zero: str = ""
    on_null: str = ""

    @property
    def kind(self) -> str:
        """What it gives: a number or a boolean."""
        return self.expression.kind

    @property
    def rows(self) -> bool:
        """Whether it is computed for each row."""
        return bool(self.row_arguments)

    @property
    def optional(self) -> tuple[str, ...]:
        """The arguments that can be None and are needed."""
        may_miss = set(self.expression.optional_names) | set(self.expression.series_names)
        return tuple(name for name, kind in self.arguments if kind.endswith("| None") and name not in may_miss)

    @property
    def returns(self) -> str:
        """The Python type of its value."""
        return "bool" if self.kind == "boolean" else "float"


class _Qualify(ast.NodeTransformer):
    def __init__(self, helpers: frozenset[str]) -> None:
        self.helpers = helpers

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id in self.helpers:
            module = ast.Name("arithmetic", ast.Load())
            node.func = ast.Attribute(module, node.func.id, ast.Load())
        return node


def qualified(expression: Expression) -> str:
    """The expression in Python; what it calls of the arithmetic stands behind the module's name.

    Columns and formulas are often called like functions (``payment``, ``growth``), so plain names could be hidden.
    """
    tree = ast.parse(to_python(expression), mode="eval")
    return ast.unparse(ast.fix_missing_locations(_Qualify(helpers_of([expression])).visit(tree)))
