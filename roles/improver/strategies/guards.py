"""Functions whose whole work stands within conditions: what hinders it is said first, and the work stands free."""

from __future__ import annotations

import ast
from textwrap import indent

from roles.improver.sites import Family
from roles.improver.strategies.base import Refuse, Strategy, View

__all__ = ["GuardClauses", "comments_beside", "lines_of"]

_OPPOSITE: dict[type[ast.cmpop], str] = {ast.In: "not in", ast.Is: "is not", ast.NotIn: "in", ast.IsNot: "is"}


class GuardClauses(Strategy):
    """``if ok: (work) else: raise …`` at a function's end, a last ``if ok: (work)`` that everything is within.

    Where all that a condition holds is another one, both are one condition.
    """

    kind = "nested-conditions"
    family = Family.LOGIC
    aims = frozenset({"complexity"})
    goes_on = True

    def look(self, view: View) -> None:
        """Note conditions at the end of functions around work that branches itself, and those around another one."""
        for node in ast.walk(view.facts.tree):
            if isinstance(node, ast.If) and (within := _only_conditions(node)) is not None:
                with view.site(node, "all that a condition holds is another one"):
                    self._merge(view, node, within)
        for function in view.facts.functions:
            last = function.node.body[-1]
            if isinstance(last, ast.If) and _only_conditions(last) is not None:
                continue
            if isinstance(last, ast.If) and _branches(last.body):
                short = len(last.orelse) == 1 and isinstance(last.orelse[0], ast.Raise | ast.Return)
                if not last.orelse or short:
                    with view.site(last, "the function's work is within a condition"):
                        self._change(view, last)
            elif (work := _work_before(function.node.body)) is not None:
                with view.site(work, "the function's work is within a condition"):
                    self._change(view, work, last)

    def _merge(self, view: View, node: ast.If, within: list[ast.If]) -> None:
        innermost = within[-1]
        tests = [_anded(view, one.test) for one in (node, *within)]
        lines = view.facts.text.splitlines()
        above = range(node.lineno - 1, _first_line(lines, innermost.body) - 1)
        if any("#" in lines[place] for place in above) or _footer(view, node):
            raise Refuse("a comment beside the conditions would lose its place")
        if any("\n" in test for test in tests):
            raise Refuse("a condition takes several lines")
        view.edits.instead(node, f"if {' and '.join(tests)}:\n{indent(lines_of(view, innermost.body), '    ')}")

    def _change(self, view: View, node: ast.If, behind: ast.stmt | None = None) -> None:
        """Say first what leaves: the other branch, or what stands `behind` the work."""
        if any(isinstance(part, ast.Yield | ast.YieldFrom) for part in ast.walk(node)):
            raise Refuse("the function is a generator")
        if _has_comment(view, node) or _footer(view, node):
            raise Refuse("a comment beside the branches would lose its place")
        other = node.orelse[0] if node.orelse else behind
        leave = view.edits.text_of(other) if other is not None else "return"
        if "\n" in leave:
            raise Refuse("what the other branch does takes several lines")
        if behind is not None:
            if _comment_before(view, behind):
                raise Refuse("a comment beside the branches would lose its place")
            view.edits.instead(behind, "")
        body = lines_of(view, node.body)
        view.edits.instead(node, f"if {_negated(view, node.test)}:\n    {leave}\n{body}")


def _work_before(body: list[ast.stmt]) -> ast.If | None:
    """The condition that a function's work is within, where that leaves, and so does the one statement behind it."""
    last, work = body[-1], body[-2] if len(body) > 1 else None
    if not isinstance(last, ast.Raise | ast.Return) or not isinstance(work, ast.If) or work.orelse:
        return None
    leaves = isinstance(work.body[-1], ast.Raise | ast.Return)
    branches = any(isinstance(part, ast.If) for part in work.body)
    return work if leaves and branches and _only_conditions(work) is None else None


def _comment_before(view: View, node: ast.stmt) -> bool:
    """Whether a comment stands above a statement or beside it."""
    lines = view.facts.text.splitlines()
    return "#" in lines[node.lineno - 1] or lines[node.lineno - 2].lstrip().startswith("#")


def _negated(view: View, test: ast.expr) -> str:
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return view.edits.text_of(test.operand)
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and type(test.ops[0]) in _OPPOSITE:
        left, right = view.edits.operand(test.left), view.edits.operand(test.comparators[0])
        return f"{left} {_OPPOSITE[type(test.ops[0])]} {right}"
    simple = isinstance(test, ast.Name | ast.Call | ast.Attribute | ast.Subscript)
    return f"not {view.edits.text_of(test)}" if simple else f"not ({view.edits.text_of(test)})"


def _branches(body: list[ast.stmt]) -> bool:
    return any(
        isinstance(part, ast.If | ast.For | ast.While | ast.Try) for statement in body for part in ast.walk(statement)
    )


def _has_comment(view: View, node: ast.If) -> bool:
    """Whether a comment stands beside the condition or between its branches."""
    lines = view.facts.text.splitlines()
    places = [node.lineno - 1, *range((node.body[-1].end_lineno or 0), node.end_lineno or 0)]
    return any("#" in lines[place] for place in places)


def comments_beside(view: View, node: ast.If) -> bool:
    """Whether a comment stands at the head of one of the branches, or after the last statement of one."""
    lines = view.facts.text.splitlines()
    heads = [*range(node.lineno - 1, _first_line(lines, node.body) - 1)]
    heads += range(node.body[-1].end_lineno or 0, _first_line(lines, node.orelse) - 1) if node.orelse else ()
    return any("#" in lines[place] for place in heads) or _footer(view, node)


def _first_line(lines: list[str], body: list[ast.stmt]) -> int:
    """Where a block begins, with the comments right above its first statement."""
    first = body[0].lineno
    while lines[first - 2].lstrip().startswith("#"):
        first -= 1
    return first


def _footer(view: View, node: ast.stmt) -> bool:
    """Whether a comment of the statement's last block follows its last statement."""
    lines = view.facts.text.splitlines()
    for line in lines[node.end_lineno or len(lines) :]:
        if line.strip() and not line.lstrip().startswith("#"):
            return False
        if line.strip() and len(line) - len(line.lstrip()) > node.col_offset:
            return True
    return False


def _only_conditions(node: ast.If) -> list[ast.If] | None:
    """The conditions one within the other that are all that a condition holds; None where it holds something else."""
    within: list[ast.If] = []
    at = node
    while not at.orelse and len(at.body) == 1 and isinstance(at.body[0], ast.If):
        at = at.body[0]
        if at.orelse:
            break
        within.append(at)
    return within or None


def _anded(view: View, test: ast.expr) -> str:
    text = view.edits.text_of(test)
    loose = isinstance(test, ast.IfExp | ast.Lambda | ast.NamedExpr) or (
        isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or)
    )
    return f"({text})" if loose else text


def lines_of(view: View, body: list[ast.stmt]) -> str:
    """The text of a block without its indentation, comments included; raises `Refuse` for texts that span lines."""
    for statement in body:
        for part in ast.walk(statement):
            if (
                isinstance(part, ast.Constant | ast.JoinedStr)
                and part.end_lineno != part.lineno
                and isinstance(getattr(part, "value", ""), str)
            ):
                raise Refuse("a text in it spans several lines")
    lines = view.facts.text.splitlines()
    first = _first_line(lines, body)
    width = body[0].col_offset
    chosen = lines[first - 1 : body[-1].end_lineno]
    if lines[body[0].lineno - 1][:width].strip():
        raise Refuse("the work shares its line with the condition")
    return "\n".join(line[width:] if not line[:width].strip() else line.lstrip() for line in chosen)
