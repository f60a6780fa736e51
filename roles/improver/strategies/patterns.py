"""Regular expressions and other values made of constants, made anew at each call: they are made once."""

from __future__ import annotations

import ast
import re
import warnings

from roles.improver.sites import Family
from roles.improver.strategies.base import Refuse, Strategy, View
from roles.improver.strategies.facts import dotted

__all__ = ["Patterns"]

_FUNCTIONS = frozenset({"match", "search", "fullmatch", "findall", "finditer", "split", "sub", "subn"})
_FLAGS = {"I", "IGNORECASE", "M", "MULTILINE", "S", "DOTALL", "X", "VERBOSE", "A", "ASCII"}
_LONG = 300
_COUNT = re.compile(r"\{\d*,?\d{3,}\}")


class Patterns(Strategy):
    """``re.compile("…")`` and ``re.match("…", text)`` in functions, with a pattern that is written out."""

    kind = "regex-recompiled"
    family = Family.SPEED
    aims = frozenset({"latency"})

    def look(self, view: View) -> None:
        """Note calls of the module re within functions."""
        for node in ast.walk(view.facts.tree):
            if not isinstance(node, ast.Call) or view.facts.function_at(node) is None:
                continue
            name = view.facts.module_of(node.func)
            if not name.startswith("re.") or name[3:] not in _FUNCTIONS | {"compile"}:
                continue
            if _in_header(view, node):
                continue
            with view.site(node, f"{name} prepares its pattern at each call"):
                self._change(view, node, name[3:])

    def _change(self, view: View, node: ast.Call, function: str) -> None:
        made = view.put
        if any(isinstance(argument, ast.Starred) for argument in node.args) or not node.args:
            raise Refuse("its arguments are not written out")
        pattern = node.args[0]
        flags, rest = _flags(node, function)
        if not isinstance(pattern, ast.Constant) or not isinstance(pattern.value, str):
            raise Refuse("the pattern is computed")
        _check_pattern(pattern.value, flags)
        prefix = (dotted(node.func).rpartition(".")[0] + ".") if isinstance(node.func, ast.Attribute) else ""
        if not prefix:
            raise Refuse("the function was imported by itself, so there is no name for re.compile")
        written = view.edits.text_of(pattern) + ("" if flags is None else f", {view.edits.text_of(flags)}")
        if written not in made:
            made[written] = _name(view, made, pattern.value)
            top = view.first_definition()
            _check_import(view, prefix.rstrip("."), top)
            view.edits.at_top(f"{made[written]} = {prefix}compile({written})", top)
        if function == "compile":
            view.edits.replace(node, made[written])
            return
        arguments = [view.edits.text_of(argument) for argument in rest]
        arguments += [f"{k.arg}={view.edits.text_of(k.value)}" for k in node.keywords if k.arg != "flags"]
        view.edits.replace(node, f"{made[written]}.{function}({', '.join(arguments)})")


def _in_header(view: View, node: ast.AST) -> bool:
    """Whether a call stands in a default value or a decorator, which is evaluated once anyway."""
    at: ast.AST = node
    while not isinstance(at, ast.stmt):
        at = view.facts.parents[at]
    return isinstance(at, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)


def _flags(node: ast.Call, function: str) -> tuple[ast.expr | None, list[ast.expr]]:
    """The flags of a call, and its arguments after the pattern without them."""
    place = {
        "compile": 1,
        "match": 2,
        "search": 2,
        "fullmatch": 2,
        "findall": 2,
        "finditer": 2,
        "split": 3,
        "sub": 4,
        "subn": 4,
    }
    flags = next((keyword.value for keyword in node.keywords if keyword.arg == "flags"), None)
    if any(keyword.arg in (None, "pattern") for keyword in node.keywords):
        raise Refuse("its arguments are not written out")
    at = place[function]
    if len(node.args) > at:
        flags = node.args[at]
    if flags is not None and not _known_flags(flags):
        raise Refuse("the flags are computed")
    return flags, list(node.args[1:at])


def _known_flags(flags: ast.expr) -> bool:
    if isinstance(flags, ast.BinOp) and isinstance(flags.op, ast.BitOr):
        return _known_flags(flags.left) and _known_flags(flags.right)
    name = dotted(flags)
    return name.count(".") == 1 and name.rpartition(".")[2] in _FLAGS


def _check_pattern(pattern: str, flags: ast.expr | None) -> None:
    """Raise `Refuse` for a pattern that can't be prepared, or only at a cost or with a warning."""
    if len(pattern) > _LONG or _COUNT.search(pattern) or pattern.count("{") > 8:
        raise Refuse("the pattern is too large to be looked at")
    known = 0
    for part in ast.walk(flags) if flags is not None else ():
        if isinstance(part, ast.Attribute):
            known |= int(getattr(re, part.attr))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            re.compile(pattern, known)
    except (re.error, Warning, OverflowError, RecursionError):
        raise Refuse("the pattern is not valid as it stands") from None


def _check_import(view: View, alias: str, top: ast.stmt) -> None:
    body = view.facts.tree.body
    for statement in body[: body.index(top)]:
        if isinstance(statement, ast.Import) and any((a.asname or a.name) == alias for a in statement.names):
            return
    raise Refuse("re is imported further down")


def _name(view: View, made: dict[str, str], pattern: str) -> str:
    words = re.sub(r"\\.|[^A-Za-z]+", " ", pattern).split()
    wish = "_" + "_".join(word.upper() for word in words[:2] if len(word) > 2) + "_PATTERN"
    name = view.facts.fresh_name(wish.replace("__", "_")[:40])
    while name in made.values():
        name += "_"
    return name
