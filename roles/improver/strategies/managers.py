"""Context managers that are generators, and only tell errors in other words: a small class does the same for less.

A generator and two objects are made for each ``with``, and the generator is gone on with at its end. In functions that
compute in a microsecond this is most of their time.
"""

from __future__ import annotations

import ast
import copy

from roles.improver.sites import Family
from roles.improver.strategies.base import Refuse, Strategy, View

__all__ = ["GeneratorContexts"]

_DECORATOR = "contextlib.contextmanager"
_OWN = ("self", "kind", "raised", "trace")


class GeneratorContexts(Strategy):
    """``@contextmanager`` functions of one ``try: yield`` whose handlers raise, used in nothing but ``with``."""

    kind = "generator-context"
    family = Family.SPEED
    aims = frozenset({"latency"})

    def look(self, view: View) -> None:
        """Note functions of the module that are made context managers."""
        for name, function in view.facts.module_functions.items():
            if any(view.facts.module_of(one) == _DECORATOR for one in function.node.decorator_list):
                with view.site(function.node, f"a generator is made for each use of {name}"):
                    _change(view, name, function.node)


def _change(view: View, name: str, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    if len(node.decorator_list) != 1 or not isinstance(node, ast.FunctionDef):
        raise Refuse("it is decorated in further ways")
    if view.facts.bound[name] != 1 or name in view.patched_elsewhere:
        raise Refuse(f"{name} may stand for something else")
    parameters = _parameters(node)
    block = _block(node)
    _check_names(block, parameters)
    for tree in (view.facts.tree, *view.other_trees):
        _check_uses(tree, name)
    words = "".join(word.capitalize() for word in name.split("_"))
    made = view.facts.fresh_name(f"_{words}")
    lines = [f"def {name}({ast.unparse(node.args)}) -> {made}:"]
    if ast.get_docstring(node, clean=False) is not None:
        lines.append(f"    {view.edits.text_of(node.body[0])}")
    lines.append(f"    return {made}({', '.join(parameters)})")
    view.edits.instead(node, f"{_class(view, made, block, node, parameters)}\n\n\n" + "\n".join(lines))
    _leave_imports_out(view, node)


def _parameters(node: ast.FunctionDef) -> list[str]:
    args = node.args
    if args.vararg is not None or args.kwarg is not None or args.kwonlyargs or args.posonlyargs:
        raise Refuse("its parameters are not plain ones")
    return [one.arg for one in args.args]


def _block(node: ast.FunctionDef) -> ast.Try:
    """The statement that it consists of."""
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    block = body[0] if len(body) == 1 else None
    if not isinstance(block, ast.Try) or block.orelse or block.finalbody or len(block.body) != 1:
        raise Refuse("it does more than handle errors")
    only = block.body[0]
    if not isinstance(only, ast.Expr) or not isinstance(only.value, ast.Yield) or only.value.value is not None:
        raise Refuse("it gives something, or does something before")
    for handler in block.handlers:
        if not isinstance(handler.body[-1], ast.Raise):
            raise Refuse("a handler may go on without an error")
        for part in ast.walk(handler):
            if isinstance(part, ast.Yield | ast.YieldFrom | ast.Return | ast.FunctionDef | ast.Lambda | ast.ClassDef):
                raise Refuse("a handler does more than raise")
            if isinstance(part, ast.Constant | ast.JoinedStr) and part.lineno != part.end_lineno:
                raise Refuse("a text goes over several lines")
    return block


def _check_names(block: ast.Try, parameters: list[str]) -> None:
    used = {part.id for part in ast.walk(block) if isinstance(part, ast.Name)}
    used |= {handler.name or "" for handler in block.handlers}
    if strange := used.union(parameters).intersection(_OWN):
        raise Refuse(f"{min(strange)} has a meaning of its own in a class")


def _check_uses(tree: ast.Module, name: str) -> None:
    """Refuse uses other than ``with name(…):``, for what is given can also decorate, and be kept."""
    allowed: set[int] = set()
    for part in ast.walk(tree):
        if isinstance(part, ast.With):
            calls = [item.context_expr for item in part.items if item.optional_vars is None]
            allowed.update(id(call.func) for call in calls if isinstance(call, ast.Call))
    for part in ast.walk(tree):
        said = part.id if isinstance(part, ast.Name) else part.attr if isinstance(part, ast.Attribute) else ""
        if said == name and id(part) not in allowed:
            raise Refuse(f"{name} is used in other ways than by with")
        if isinstance(part, ast.ImportFrom) and any(one.name == name and one.asname for one in part.names):
            raise Refuse(f"{name} is imported by another name")


def _class(view: View, made: str, block: ast.Try, node: ast.FunctionDef, parameters: list[str]) -> str:
    written = {one.arg: f": {ast.unparse(one.annotation)}" if one.annotation else "" for one in node.args.args}
    lines = [f"class {made}:"]
    slots = ", ".join(f'"{name}"' for name in parameters)
    lines.append(f"    __slots__ = ({slots}{',' if len(parameters) == 1 else ''})")
    if parameters:
        lines += ["", f"    def __init__(self, {', '.join(name + written[name] for name in parameters)}) -> None:"]
        lines += [f"        self.{name} = {name}" for name in parameters]
    lines += ["", "    def __enter__(self) -> None:", "        pass", ""]
    lines += ["    def __exit__(self, kind: object, raised: BaseException | None, trace: object) -> None:"]
    lines += ["        if raised is None:", "            return"]
    used = {part.id for part in ast.walk(block) if isinstance(part, ast.Name)}
    lines += [f"        {name} = self.{name}" for name in parameters if name in used]
    text = view.facts.text.splitlines()
    first, second = block.lineno, block.handlers[0].lineno
    indent = " " * block.col_offset
    lines += ["        try:", "            raise raised"]
    for line in text[second - 1 : block.end_lineno]:
        lines.append(f"        {line.removeprefix(indent)}" if line.strip() else "")
    if first + 2 != second:  # comments beside the yield would be lost
        raise Refuse("there is more beside the yield")
    return "\n".join(lines)


def _leave_imports_out(view: View, node: ast.FunctionDef) -> None:
    """Leave out what only the generator needed: its decorator, and the type of what it gives."""
    own = [*node.decorator_list, *([node.returns] if node.returns is not None else [])]
    gone = {part.id for each in own for part in ast.walk(each) if isinstance(part, ast.Name)}
    inside = {id(part) for each in own for part in ast.walk(each)}
    for part in ast.walk(view.facts.tree):
        if isinstance(part, ast.Name) and id(part) not in inside:
            gone.discard(part.id)
    for statement in view.facts.tree.body:
        if not isinstance(statement, ast.Import | ast.ImportFrom):
            continue
        kept = [one for one in statement.names if (one.asname or one.name.partition(".")[0]) not in gone]
        if not kept:
            view.edits.instead(statement, "")
        elif len(kept) < len(statement.names):
            fewer = copy.copy(statement)
            fewer.names = kept
            view.edits.instead(statement, ast.unparse(fewer))
