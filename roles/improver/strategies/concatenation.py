"""Text or a list that is made anew for each piece that is added to it: pieces are collected, and joined once."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from roles.improver.sites import Family
from roles.improver.strategies.base import Refuse, Strategy, View
from roles.improver.strategies.facts import FunctionFacts, dotted, walk_own

__all__ = ["Concatenation"]

_LOOPS = (ast.For, ast.While, ast.AsyncFor)
_OF_THE_SCOPE = frozenset({"super", "locals", "vars", "dir", "eval", "exec"})
"""What means something else within a comprehension."""


class Concatenation(Strategy):
    """``text += piece`` and ``rows = rows + [row]`` in loops, where nobody looks at the whole before the loop's end.

    Several statements of a loop may add to one text; ``text = f"{text}…"`` adds to it, too.
    """

    kind = "concatenation"
    family = Family.SPEED
    aims = frozenset({"latency"})

    def look(self, view: View) -> None:
        """Note statements within loops that add to text or to a list."""
        outcomes: dict[tuple[int, str], str] = {}
        for node in ast.walk(view.facts.tree):
            added = _added(node)
            function = view.facts.function_at(node)
            if added is None or function is None or not isinstance(node, ast.Assign | ast.AugAssign):
                continue
            loop = _loop_of(view, node, added[0])
            if loop is None:
                continue
            whole, pieces, before = added
            kind = self._kind(view, whole, pieces, function)
            if kind == "str":
                key = (id(loop), whole)
                with view.site(node, f"{whole} is copied for each piece that is added"):
                    if key not in outcomes:
                        outcomes[key] = "the statements that add to it go together"
                        self._join(view, loop, function, whole)
                        outcomes[key] = ""
                    elif outcomes[key]:
                        raise Refuse(outcomes[key])
            elif kind == "list" and isinstance(node, ast.Assign):
                with view.site(node, f"{whole} is copied for each item that is added"):
                    self._extend(view, node, function, whole, pieces, before)

    def _kind(self, view: View, whole: str, pieces: list[ast.expr], function: FunctionFacts) -> str:
        if "." in whole:
            first = view.analysis.kind(pieces[0], function)
            return (
                "str" if first == "str" or any(view.analysis.kind(part, function) == "str" for part in pieces) else ""
            )
        if not function.is_local(whole):
            return ""
        starts = [value for value in function.bindings[whole] if value is not None]
        kinds = {view.analysis.kind(value, function) for value in starts if not _mentions(value, whole)}
        return kinds.pop() if len(kinds) == 1 else ""

    def _extend(
        self, view: View, node: ast.Assign, function: FunctionFacts, whole: str, pieces: list[ast.expr], before: bool
    ) -> None:
        if before or len(pieces) != 1:
            raise Refuse("the list grows at its beginning, or by several lists at once")
        if not self._grows_alone(view, whole, function):
            raise Refuse(f"{whole} may be known under another name")
        piece = pieces[0]
        if isinstance(piece, ast.List) and len(piece.elts) == 1 and not isinstance(piece.elts[0], ast.Starred):
            view.edits.instead(node, f"{whole}.append({view.edits.text_of(piece.elts[0])})")
        elif view.analysis.kind(piece, function) == "list" and not _mentions(piece, whole):
            view.edits.instead(node, f"{whole}.extend({view.edits.text_of(piece)})")
        else:
            raise Refuse("what is added is not certain to be a list")

    def _grows_alone(self, view: View, whole: str, function: FunctionFacts) -> bool:
        """Whether nobody else can hold the list: it starts as a new one, and grows by these statements only."""
        if whole in function.parameters or whole in function.inner_loads:
            return False
        grows = sum(
            isinstance(part, ast.AugAssign) and isinstance(part.target, ast.Name) and part.target.id == whole
            for part in walk_own(function.node)
        )
        bindings = function.bindings[whole]
        if sum(value is None for value in bindings) != grows:
            return False
        if any(value is not None and not view.analysis.makes_new(value) for value in bindings):
            return False
        for part in walk_own(function.node):
            if isinstance(part, ast.Name) and part.id == whole and isinstance(part.ctx, ast.Load):
                user = view.facts.parents[part]
                if isinstance(user, ast.BinOp) and user.left is part:
                    continue
                last = isinstance(user, ast.Return) and view.facts.within(user, _LOOPS) is None
                if not (last or _looks_only(view, part, user)):
                    return False
        return True

    def _join(
        self,
        view: View,
        loop: ast.stmt,
        function: FunctionFacts,
        whole: str,
    ) -> None:
        if view.facts.own_operators:
            raise Refuse("a class here defines operators of its own")
        adding = [
            (part, added)
            for part in walk_own(loop)
            if isinstance(part, ast.Assign | ast.AugAssign) and (added := _added(part)) and added[0] == whole
        ]
        self._check_unseen(view, [part for part, _ in adding], loop, function, whole)
        before = adding[0][1][2]
        if any(added[2] != before for _, added in adding):
            raise Refuse(f"{whole} grows at both ends")
        if any(_mentions(piece, whole) for _, (_, pieces, _) in adding for piece in pieces):
            raise Refuse(f"what is added depends on {whole} itself")
        if len(adding) == 1 and (around := _around(view, adding[0][0], loop, function)):
            made = f"[{self._piece(view, function, adding[0][1][1], before=before)} {around}]"
            view.edits.instead(loop, _joined(whole, made, before=before))
            return
        parts = view.facts.fresh_name(whole.replace(".", "_").lstrip("_").removeprefix("self_") + "_parts")
        view.edits.before(loop, f"{parts} = []")
        for part, (_, pieces, _) in adding:
            view.edits.instead(part, f"{parts}.append({self._piece(view, function, pieces, before=before)})")
        view.edits.after(loop, _joined(whole, parts, before=before))

    def _piece(self, view: View, function: FunctionFacts, pieces: list[ast.expr], *, before: bool) -> str:
        kinds = [view.analysis.kind(piece, function) for piece in pieces]
        text = " + ".join(view.edits.operand(piece) for piece in pieces)
        # what is not certain to be text raises here what adding it to the whole would have raised
        if before and "str" not in kinds:
            return f'{text} + ""'
        return text if before or kinds[0] == "str" else f'"" + {text}'

    def _check_unseen(
        self, view: View, adding: Sequence[ast.stmt], loop: ast.stmt, function: FunctionFacts, whole: str
    ) -> None:
        """Raise `Refuse` where the whole may be seen before the loop has ended."""
        last = whole.rpartition(".")[2]
        uses = [
            part
            for part in ast.walk(loop)
            if (isinstance(part, ast.Name) and part.id == whole)
            or (isinstance(part, ast.Attribute) and part.attr == last and "." in whole)
        ]
        own = sum(part in uses for node in adding for part in ast.walk(node))
        if len(uses) != own:
            raise Refuse(f"{whole} is used in the loop otherwise, too")
        if "." not in whole and not view.facts.bound_before(whole, loop, function):
            raise Refuse(f"{whole} may have no value yet before the loop")
        if any(isinstance(part, ast.Return | ast.Yield | ast.YieldFrom | ast.Await) for part in walk_own(loop)):
            raise Refuse("the loop may be left or paused before its end")
        if (loop_else := getattr(loop, "orelse", None)) and any(_mentions(part, last) for part in loop_else):
            raise Refuse(f"{whole} is used in the loop's else")
        if whole in function.inner_loads or whole in function.foreign:
            raise Refuse(f"{whole} is used by other functions")
        if view.facts.within(loop, (ast.Try, ast.With, ast.AsyncWith)) is not None:
            raise Refuse("an error in the loop may be handled with the text so far")
        if "." in whole:
            self._check_attribute(view, loop, function, whole)

    def _check_attribute(self, view: View, loop: ast.stmt, function: FunctionFacts, whole: str) -> None:
        told = view.analysis.effects([loop], function)
        if told.unknown:
            raise Refuse(f"{whole} may be seen in the loop: {told.unknown}")
        if not _cannot_fail(view, loop, function):
            raise Refuse(f"an error in the loop would leave {whole} without what was added so far")


def _joined(whole: str, parts: str, *, before: bool) -> str:
    return f'{whole} = "".join(reversed({parts})) + {whole}' if before else f'{whole} += "".join({parts})'


def _around(view: View, adding: ast.stmt, loop: ast.stmt, function: FunctionFacts) -> str:
    """What goes around a piece as a comprehension, for a loop that does nothing but add it; empty for other loops."""
    if not isinstance(loop, ast.For) or loop.orelse or len(loop.body) != 1:
        return ""
    inner, test = loop.body[0], ""
    if isinstance(inner, ast.If) and not inner.orelse and len(inner.body) == 1:
        inner, test = inner.body[0], f" if {view.edits.operand(inner.test)}"
    lines = view.facts.text.splitlines()[loop.lineno - 1 : loop.end_lineno]
    if inner is not adding or any("#" in line for line in lines):
        return ""
    within = list(ast.walk(loop))
    names = {part.id for part in ast.walk(loop.target) if isinstance(part, ast.Name)}
    written = all(isinstance(part, ast.Name | ast.Tuple | ast.expr_context) for part in ast.walk(loop.target))
    named = any(isinstance(part, ast.NamedExpr) or getattr(part, "id", "") in _OF_THE_SCOPE for part in within)
    if not written or named or names & (function.foreign | set(function.parameters)):
        return ""
    known = {id(part) for part in within}
    if any(isinstance(p, ast.Name) and p.id in names and id(p) not in known for p in ast.walk(function.node)):
        return ""
    return f"for {view.edits.text_of(loop.target)} in {view.edits.operand(loop.iter)}{test}"


def _cannot_fail(view: View, loop: ast.stmt, function: FunctionFacts) -> bool:
    """Whether nothing in a loop can raise for JSON data of the kinds that are known."""
    for part in walk_own(loop):
        if isinstance(part, ast.Call):
            name = part.func.id if isinstance(part.func, ast.Name) else ""
            if not (name in ("str", "repr", "range", "enumerate") and view.facts.is_builtin(name)):
                return False
            if name == "range" and any(view.analysis.kind(a, function) != "int" for a in part.args):
                return False
        elif isinstance(part, ast.BinOp):
            kinds = {view.analysis.kind(side, function) for side in (part.left, part.right)}
            if kinds != {"str"}:
                return False
        elif (
            isinstance(part, ast.Subscript | ast.Raise | ast.Assert)
            or (isinstance(part, ast.FormattedValue) and part.format_spec is not None)
            or (isinstance(part, ast.AugAssign) and view.analysis.kind(part.value, function) != "str")
        ):
            return False
    iterated = getattr(loop, "iter", None)
    return iterated is not None and (
        isinstance(iterated, ast.Call)
        or view.analysis.kind(iterated, function) in ("list", "str", "tuple", "dict", "set")
    )


def _added(node: ast.AST) -> tuple[str, list[ast.expr], bool] | None:
    """The name of what grows, the pieces in their order, and whether they come before it; None for other statements."""
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add):
        name = _grower(node.target)
        return (name, [node.value], False) if name else None
    if isinstance(node, ast.Assign) and len(node.targets) == 1 and (name := _grower(node.targets[0])):
        if isinstance(node.value, ast.JoinedStr) and (rest := _written_after(node.value, name)):
            return name, rest, False
        parts = _terms(node.value)
        if len(parts) > 1 and dotted(parts[0]) == name:
            return name, parts[1:], False
        if len(parts) > 1 and dotted(parts[-1]) == name:
            return name, parts[:-1], True
    return None


def _written_after(text: ast.JoinedStr, name: str) -> list[ast.expr]:
    """What follows ``{name}`` at the beginning of a text; empty where the text does not begin so."""
    first = text.values[0] if text.values else None
    plain = isinstance(first, ast.FormattedValue) and first.conversion == -1 and first.format_spec is None
    if not plain or dotted(first.value) != name or len(text.values) == 1:  # type: ignore[union-attr]
        return []
    return [ast.JoinedStr(text.values[1:])]


def _grower(target: ast.expr) -> str:
    name = dotted(target)
    return name if name.count(".") == 0 or (name.count(".") == 1 and name.startswith("self.")) else ""


def _terms(value: ast.expr) -> list[ast.expr]:
    """The terms of ``a + b + c``, as it is evaluated from the left."""
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add):
        return [*_terms(value.left), value.right]
    return [value]


def _loop_of(view: View, node: ast.AST, whole: str) -> ast.stmt | None:
    """The outermost loop in which the whole is not set to something new."""
    found: ast.stmt | None = None
    at: ast.AST | None = node
    last = whole.rpartition(".")[2]
    while (at := view.facts.within(at, _LOOPS)) is not None:
        sets = sum(
            (
                (isinstance(part, ast.Name) and part.id == whole)
                or (isinstance(part, ast.Attribute) and part.attr == last)
            )
            and isinstance(part.ctx, ast.Store)
            for part in ast.walk(at)
        )
        if found is not None and sets > 1:
            break
        found = at if isinstance(at, ast.stmt) else found
    return found


def _mentions(node: ast.AST, name: str) -> bool:
    last = name.rpartition(".")[2]
    return any(
        (isinstance(part, ast.Name) and part.id == name) or (isinstance(part, ast.Attribute) and part.attr == last)
        for part in ast.walk(node)
    )


def _looks_only(view: View, part: ast.Name, user: ast.AST) -> bool:
    if isinstance(user, ast.Subscript):
        return user.value is part
    if isinstance(user, ast.Call):
        name = user.func.id if isinstance(user.func, ast.Name) else ""
        if name in ("enumerate", "zip", "reversed"):
            # what goes through a list and is gone through at once is like the list
            outer = view.facts.parents[user]
            return isinstance(outer, ast.For | ast.comprehension) and _looks_only(view, part, outer)
        if isinstance(user.func, ast.Attribute) and user.func.attr == "join":
            return part in user.args and "join" not in view.facts.method_names
        return name in ("len", "sum", "sorted", "min", "max", "set", "tuple", "any", "all", "list")
    if isinstance(user, ast.Attribute):
        return user.attr in ("append", "extend", "index", "count", "copy", "sort")
    if isinstance(user, ast.comprehension):
        return not isinstance(view.facts.parents[user], ast.GeneratorExp)
    if isinstance(user, ast.For):
        # a list that grows while it is gone through would never end
        return not any(
            isinstance(inner, ast.Name) and inner.id == part.id for line in user.body for inner in ast.walk(line)
        )
    return isinstance(user, ast.Compare | ast.UnaryOp | ast.If | ast.While)
