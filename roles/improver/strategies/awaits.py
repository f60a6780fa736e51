"""Awaits that wait for each other without need: they are run together."""

from __future__ import annotations

import ast

from roles.improver.sites import Family
from roles.improver.strategies.base import Refuse, Strategy, View
from roles.improver.strategies.facts import FunctionFacts, blocks_of

__all__ = ["Awaits"]

_NAME = "_together"
_HELPER = f'''async def {_NAME}(*calls):
    """The answers of calls that run together; where several fail, the error of the first one in their order."""
    answers = await asyncio.gather(*calls, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
    return answers
'''


class Awaits(Strategy):
    """``a = await f(x)`` followed by ``b = await g(y)``, where both only read and neither needs the other's answer."""

    kind = "sequential-awaits"
    family = Family.SPEED
    aims = frozenset({"latency"})

    def look(self, view: View) -> None:
        """Note runs of assignments from awaits, one after the other in one block."""
        for node in ast.walk(view.facts.tree):
            for block in blocks_of(node):
                for run in _runs(block):
                    self._note(view, run)

    def _note(self, view: View, run: list[ast.Assign]) -> None:
        function = view.facts.function_at(run[0])
        if function is None:
            return
        together: list[ast.Assign] = []
        bound: set[str] = set()
        for statement in run:
            reads = {part.id for part in ast.walk(statement.value) if isinstance(part, ast.Name)}
            if reads & bound:
                break
            together.append(statement)
            bound |= {part.id for part in ast.walk(statement.targets[0]) if isinstance(part, ast.Name)}
        if len(together) < 2:
            return
        with view.site(together[0], f"{len(together)} awaits that don't need each other's answers"):
            self._change(view, together, function)

    def _change(self, view: View, together: list[ast.Assign], function: FunctionFacts) -> None:
        self._check_asyncio(view)
        if "contextvars" in view.facts.imports:
            raise Refuse("the module uses context variables")
        texts: list[str] = []
        for statement in together:
            assert isinstance(statement.value, ast.Await)  # noqa: S101 - by construction of the run
            call = statement.value.value
            self._check_call(view, call, function)
            texts.append(view.edits.text_of(call))
        self._helper(view)
        targets = ", ".join(view.edits.text_of(statement.targets[0]) for statement in together)
        view.edits.instead(together[0], f"{targets} = await {_NAME}({', '.join(texts)})")
        for statement in together[1:]:
            view.edits.instead(statement, "")

    def _check_call(self, view: View, call: ast.expr, function: FunctionFacts) -> None:
        if not isinstance(call, ast.Call):
            raise Refuse("what is awaited is no call")
        for argument in [*call.args, *(keyword.value for keyword in call.keywords)]:
            told = view.analysis.effects([argument], function)
            if (
                told.unknown
                or told.clock
                or told.mutated
                or any(isinstance(p, ast.Subscript | ast.BinOp | ast.Call) for p in ast.walk(argument))
            ):
                raise Refuse("its arguments are computed, which may fail before the other call")
        name = call.func.id if isinstance(call.func, ast.Name) else ""
        attribute = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        if (name or attribute) in view.specification.transient:
            return
        own = view.facts.module_functions.get(name)
        if attribute and isinstance(call.func, ast.Attribute) and getattr(call.func.value, "id", "") == "self":
            found = [f for f in view.facts.functions if f.owner is function.owner and f.node.name == attribute]
            own = found[0] if len(found) == 1 and function.owner is not None else None
        if own is None:
            raise Refuse(f"it is not known whether {name or attribute or 'it'} only reads")
        if reason := _why_writes(view, own):
            raise Refuse(f"{own.node.name} may do more than read: {reason}")

    def _helper(self, view: View) -> None:
        if _NAME in view.facts.module_functions or "helper_put" in view.put:
            return
        if _NAME in view.facts.all_names:
            raise Refuse(f"the name {_NAME} is taken")
        top = view.first_definition()
        if "asyncio" not in view.facts.imports:
            view.edits.at_top("import asyncio", _first_import(view) or top)
        view.edits.at_top(_HELPER, top)
        view.put["helper_put"] = ""

    def _check_asyncio(self, view: View) -> None:
        """Raise `Refuse` where the module can't have asyncio under its own name."""
        if view.facts.imports.get("asyncio") == "asyncio":
            return
        if "asyncio" in view.facts.all_names or not view.specification.policy.allows_module("asyncio"):
            raise Refuse("the module does not import asyncio, and may not")


def _first_import(view: View) -> ast.stmt | None:
    """The first import that others may stand before."""
    return next(
        (
            node
            for node in view.facts.tree.body
            if isinstance(node, ast.Import) or (isinstance(node, ast.ImportFrom) and node.module != "__future__")
        ),
        None,
    )


def _runs(block: list[ast.stmt]) -> list[list[ast.Assign]]:
    runs: list[list[ast.Assign]] = [[]]
    for statement in block:
        if (
            isinstance(statement, ast.Assign)
            and isinstance(statement.value, ast.Await)
            and len(statement.targets) == 1
            and isinstance(statement.targets[0], ast.Name)
        ):
            runs[-1].append(statement)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if len(run) > 1]


def _why_writes(view: View, function: FunctionFacts) -> str:
    """Why an asynchronous function may do more than wait and read; empty where it does not."""
    node = function.node
    if not isinstance(node, ast.AsyncFunctionDef) or node.decorator_list:
        return "it is no plain asynchronous function"
    body: list[ast.AST] = []
    for part in ast.walk(node):
        if isinstance(part, ast.Await):
            call = part.value
            if not isinstance(call, ast.Call):
                return "it awaits something that is no call"
            if view.facts.module_of(call.func) == "asyncio.sleep":
                continue
            name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
            if name not in view.specification.transient:
                return f"it awaits {name}"
    # without its awaits, which were looked at, it must be pure
    stripped = _WithoutAwaits().visit(ast.parse(ast.unparse(node)).body[0])
    ast.fix_missing_locations(stripped)
    for part in ast.walk(stripped):
        body += [part] if isinstance(part, ast.stmt) and part is not stripped else []
    return _impure(view, stripped, function)


def _impure(view: View, stripped: ast.AST, function: FunctionFacts) -> str:
    for part in ast.walk(stripped):
        if isinstance(part, ast.Call):
            told = view.analysis.effects([part], function)
            if told.unknown or told.clock or told.mutated - set(function.bindings):
                return told.unknown or f"it calls {told.clock}"
        if isinstance(part, ast.Attribute | ast.Subscript) and not isinstance(part.ctx, ast.Load):
            return "it changes something"
        if isinstance(part, ast.Global | ast.Nonlocal | ast.Yield | ast.AugAssign):
            return "it changes something"
    return ""


class _WithoutAwaits(ast.NodeTransformer):
    def visit_Await(self, node: ast.Await) -> ast.AST:
        return ast.Constant(None)
