"""Conditions that say in many words what can be said in few."""

from __future__ import annotations

import ast

from roles.improver.sites import Family
from roles.improver.strategies.base import Refuse, Strategy, View
from roles.improver.strategies.facts import blocks_of

__all__ = ["Conditions"]

_OPPOSITE: dict[type[ast.cmpop], str] = {ast.In: "not in", ast.Is: "is not", ast.NotIn: "in", ast.IsNot: "is"}


class Conditions(Strategy):
    """``not x in y``, ``x == 1 or x == 2 or …``, and ``if c: return True`` with ``else: return False``."""

    kind = "complex-condition"
    family = Family.LOGIC
    aims = frozenset({"complexity", "latency"})

    def look(self, view: View) -> None:
        """Note conditions that can be said in fewer words."""
        for node in ast.walk(view.facts.tree):
            if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
                self._negation(view, node)
            elif isinstance(node, ast.BoolOp):
                self._choices(view, node)
            elif isinstance(node, ast.If):
                self._returned(view, node)

    def _negation(self, view: View, node: ast.UnaryOp) -> None:
        inner = node.operand
        if isinstance(inner, ast.Compare) and len(inner.ops) == 1 and type(inner.ops[0]) in _OPPOSITE:
            with view.site(node, "a negated comparison"):
                left, right = view.edits.operand(inner.left), view.edits.operand(inner.comparators[0])
                view.edits.replace(node, f"{left} {_OPPOSITE[type(inner.ops[0])]} {right}")

    def _choices(self, view: View, node: ast.BoolOp) -> None:
        """``x == a or x == b or x == c`` is ``x in (a, b, c)``, and with ``!=`` and ``and`` it is ``not in``."""
        equal = isinstance(node.op, ast.Or)
        values: list[ast.expr] = []
        names: set[str] = set()
        for part in node.values:
            if not (isinstance(part, ast.Compare) and len(part.ops) == 1 and isinstance(part.left, ast.Name)):
                return
            if not isinstance(part.ops[0], ast.Eq if equal else ast.NotEq):
                return
            names.add(part.left.id)
            values.append(part.comparators[0])
        if len(names) != 1 or len(values) < 3:
            return
        with view.site(node, f"{names} is compared with {len(values)} values, one after the other"):
            if view.facts.own_operators:
                raise Refuse("a class here defines operators of its own")
            if not all(isinstance(value, ast.Constant) and isinstance(value.value, int | str) for value in values):
                raise Refuse("the values are not written out")
            listed = ", ".join(view.edits.text_of(value) for value in values)
            view.edits.replace(node, f"{names.pop()} {'in' if equal else 'not in'} ({listed})")

    def _returned(self, view: View, node: ast.If) -> None:
        """``if c: return True`` and ``else: return False`` is ``return c``, where c is true or false itself."""
        if len(node.body) != 1 or not isinstance(node.body[0], ast.Return) or not _is_bool(node.body[0].value):
            return
        other = node.orelse[0] if len(node.orelse) == 1 else _next(view, node) if not node.orelse else None
        if not isinstance(other, ast.Return) or not _is_bool(other.value):
            return
        first, second = node.body[0].value, other.value
        if first.value == second.value:  # type: ignore[union-attr]
            return
        with view.site(node, "a condition that is returned in two branches"):
            if _is_elif(view, node):
                raise Refuse("it is a link of a chain")
            lines = view.facts.text.splitlines()
            if any("#" in line for line in lines[node.lineno : other.end_lineno or other.lineno]):
                raise Refuse("a comment between the branches would lose its place")
            function = view.facts.function_at(node)
            text = view.edits.text_of(node.test)
            if view.analysis.kind(node.test, function) != "bool":
                text = f"bool({text})" if first.value else f"not ({text})"  # type: ignore[union-attr]
                if not view.facts.is_builtin("bool"):
                    raise Refuse("bool has another meaning here")
            elif not first.value:  # type: ignore[union-attr]
                text = f"not ({text})"
            view.edits.instead(node, f"return {text}")
            if not node.orelse:
                view.edits.instead(other, "")


def _is_bool(value: ast.expr | None) -> bool:
    return isinstance(value, ast.Constant) and isinstance(value.value, bool)


def _next(view: View, node: ast.stmt) -> ast.stmt | None:
    for block in blocks_of(view.facts.parents[node]):
        if node in block:
            place = block.index(node) + 1
            return block[place] if place < len(block) else None
    return None


def _is_elif(view: View, node: ast.If) -> bool:
    outer = view.facts.parents[node]
    # a branch that is written as elif begins where its own If begins, with another word
    return (
        isinstance(outer, ast.If)
        and node in outer.orelse
        and view.facts.text.splitlines()[node.lineno - 1].lstrip().startswith("elif")
    )
