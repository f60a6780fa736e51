"""Conditions that say in many words what can be said in few."""

from __future__ import annotations

import ast
from textwrap import indent

from roles.improver.sites import Family
from roles.improver.strategies.base import Refuse, Strategy, View
from roles.improver.strategies.facts import blocks_of
from roles.improver.strategies.guards import comments_beside, lines_of
from roles.improver.strategies.literals import is_number

__all__ = ["Conditions"]

_OPPOSITE: dict[type[ast.cmpop], str] = {
    ast.In: "not in",
    ast.Is: "is not",
    ast.NotIn: "in",
    ast.IsNot: "is",
    ast.Eq: "!=",
    ast.NotEq: "==",
}
_BOUNDS: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Gt: ("low", "<"),
    ast.GtE: ("low", "<="),
    ast.Lt: ("high", "<"),
    ast.LtE: ("high", "<="),
}
"""Which end of a range an operator is about, and how it is said with the smaller number at the left."""
_HASHED = frozenset({"str", "int", "bool"})


class Conditions(Strategy):
    """``not x in y``, ``x == 1 or x == 2 or …``, ``x >= 1 and x < 9``.

    And ``if c: return True`` with ``else: return False``. An ``else`` after a branch that always leaves is none.
    """

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
                self._range(view, node)
            elif isinstance(node, ast.If) and not self._returned(view, node):
                self._else(view, node)

    def _else(self, view: View, node: ast.If) -> None:
        """What follows a branch that always leaves the block needs no ``else``."""
        if not node.orelse or not _leaves(node.body) or _is_elif(view, node):
            return
        if len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If) and _is_elif(view, node.orelse[0]):
            return
        with view.site(node, "an else after a branch that leaves"):
            test = view.edits.text_of(node.test)
            if "\n" in test:
                raise Refuse("the condition takes several lines")
            if comments_beside(view, node):
                raise Refuse("a comment beside the branches would lose its place")
            body, rest = lines_of(view, node.body), lines_of(view, node.orelse)
            view.edits.instead(node, f"if {test}:\n{indent(body, '    ')}\n{rest}")

    def _opposite(self, view: View, test: ast.expr) -> str:
        """What a comparison is when it is negated; empty where that can't be said so."""
        if not isinstance(test, ast.Compare) or len(test.ops) != 1 or type(test.ops[0]) not in _OPPOSITE:
            return ""
        if isinstance(test.ops[0], ast.Eq | ast.NotEq) and view.facts.own_operators:
            return ""
        left, right = view.edits.operand(test.left), view.edits.operand(test.comparators[0])
        return f"{left} {_OPPOSITE[type(test.ops[0])]} {right}"

    def _negation(self, view: View, node: ast.UnaryOp) -> None:
        inner = node.operand
        if isinstance(inner, ast.Compare) and len(inner.ops) == 1 and type(inner.ops[0]) in _OPPOSITE:
            with view.site(node, "a negated comparison"):
                if not (text := self._opposite(view, inner)):
                    raise Refuse("a class here defines operators of its own")
                view.edits.replace(node, text)

    def _choices(self, view: View, node: ast.BoolOp) -> None:
        """``x == a or x == b or x == c`` is ``x in (a, b, c)``, and with ``!=`` and ``and`` it is ``not in``.

        For x of which it is certain that it is text or a number it is a set.
        """
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
            listed, name = ", ".join(view.edits.text_of(value) for value in values), names.pop()
            kind = view.analysis.kind(ast.Name(name, ast.Load()), view.facts.function_at(node))
            # what has a hash is found at once; anything else would be an error in a set
            listed = f"{{{listed}}}" if kind in _HASHED else f"({listed})"
            view.edits.replace(node, f"{name} {'in' if equal else 'not in'} {listed}")

    def _range(self, view: View, node: ast.BoolOp) -> None:
        """``x >= a and x < b`` is ``a <= x < b`` for numbers a and b that are written out."""
        if not isinstance(node.op, ast.And) or len(node.values) != 2:
            return
        bounds: dict[str, tuple[str, str]] = {}
        names: set[str] = set()
        for part in node.values:
            if not (isinstance(part, ast.Compare) and len(part.ops) == 1 and isinstance(part.left, ast.Name)):
                return
            if not is_number(part.comparators[0]) or not (told := _BOUNDS.get(type(part.ops[0]))):
                return
            names.add(part.left.id)
            bounds[told[0]] = (told[1], view.edits.text_of(part.comparators[0]))
        if len(names) == 1 and len(bounds) == 2:
            with view.site(node, f"{names} is compared with both ends of a range apart"):
                name = names.pop()
                if view.analysis.kind(ast.Name(name, ast.Load()), view.facts.function_at(node)) not in ("int", "float"):
                    raise Refuse("what is compared may be no number, and the error would say it the other way round")
                (low, least), (high, most) = bounds["low"], bounds["high"]
                view.edits.replace(node, f"{least} {low} {name} {high} {most}")

    def _returned(self, view: View, node: ast.If) -> bool:
        """``if c: return True`` and ``else: return False`` is ``return c``, where c is true or false itself.

        Whether the condition is one of these.
        """
        if len(node.body) != 1 or not isinstance(node.body[0], ast.Return) or not _is_bool(node.body[0].value):
            return False
        other = node.orelse[0] if len(node.orelse) == 1 else _next(view, node) if not node.orelse else None
        if not isinstance(other, ast.Return) or not _is_bool(other.value):
            return False
        first, second = node.body[0].value, other.value
        if first.value == second.value:  # type: ignore[union-attr]
            return False
        with view.site(node, "a condition that is returned in two branches"):
            if _is_elif(view, node):
                raise Refuse("it is a link of a chain")
            lines = view.facts.text.splitlines()
            if any("#" in line for line in lines[node.lineno : other.end_lineno or other.lineno]):
                raise Refuse("a comment between the branches would lose its place")
            function = view.facts.function_at(node)
            text = view.edits.text_of(node.test)
            if view.analysis.kind(node.test, function) != "bool":
                text = f"bool({text})" if first.value else self._opposite(view, node.test) or f"not ({text})"  # type: ignore[union-attr]
                if not view.facts.is_builtin("bool"):
                    raise Refuse("bool has another meaning here")
            elif not first.value:  # type: ignore[union-attr]
                text = self._opposite(view, node.test) or f"not ({text})"
            view.edits.instead(node, f"return {text}")
            if not node.orelse:
                view.edits.instead(other, "")
        return True


def _leaves(body: list[ast.stmt]) -> bool:
    """Whether a block always ends by leaving what is around it."""
    last = body[-1]
    if isinstance(last, ast.If):
        return bool(last.orelse) and _leaves(last.body) and _leaves(last.orelse)
    return isinstance(last, ast.Return | ast.Raise | ast.Continue | ast.Break)


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
