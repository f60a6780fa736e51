"""Errors that nobody can tell apart get a type of their own, and reads that fail for a moment are tried again."""

from __future__ import annotations

import ast

from roles.improver.sites import Allowance, Family
from roles.improver.strategies.base import Refuse, Strategy, View
from roles.improver.strategies.facts import FunctionFacts

__all__ = ["Retries", "TypedErrors"]

_ERROR = "AgentError"
_ERROR_CLASS = f'''class {_ERROR}(Exception):
    """Raised by this agent for what it can't do, so that callers can tell it from other errors."""
'''
_SHOWS_TYPES = frozenset({"repr", "__class__", "__name__", "traceback", "format_exc", "exception"})
_RETRY = "_again"
_TRIES = 3
_RETRY_TEXT = f'''def {_RETRY}(read, *args, **named):
    """What a read gives; where its source is out of reach for a moment, it is asked up to {_TRIES} times."""
    for _ in range({_TRIES - 1}):
        try:
            return read(*args, **named)
        except (ConnectionError, TimeoutError):
            continue
    return read(*args, **named)
'''


class TypedErrors(Strategy):
    """``raise Exception("…")`` becomes an error of the agent's own; whoever catches Exception still catches it."""

    kind = "untyped-error"
    family = Family.LOGIC
    aims = frozenset({"untyped_errors"})
    allowances = frozenset({Allowance.NARROWER_ERROR})

    def look(self, view: View) -> None:
        """Note where plain Exception is raised."""
        for node in ast.walk(view.facts.tree):
            if not (isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)):
                continue
            target = node.exc.func
            if isinstance(target, ast.Name) and target.id == "Exception" and view.facts.is_builtin("Exception"):
                with view.site(node, "an error that can't be told from others"):
                    self._change(view, node, target)

    def _change(self, view: View, node: ast.Raise, target: ast.Name) -> None:
        if view.facts.all_names & _SHOWS_TYPES or "!r}" in view.facts.text or _type_shown(view):
            raise Refuse("the type of an error may be shown in an answer")
        for tree in (view.facts.tree, *view.other_trees):
            for part in ast.walk(tree):
                if isinstance(part, ast.Compare) and any(getattr(c, "id", "") == "Exception" for c in part.comparators):
                    raise Refuse("the type of an error is compared with Exception itself")
        if _ERROR not in view.facts.classes:
            if _ERROR in view.facts.all_names:
                raise Refuse(f"the name {_ERROR} is taken")
            if "error_put" not in view.put:
                view.edits.at_top(_ERROR_CLASS, _top(view))
                view.put["error_put"] = ""
        view.edits.replace(target, _ERROR)


def _type_shown(view: View) -> bool:
    """Whether ``type(x)`` is used for more than to compare it, or to ask whether it is one of some types."""
    for part in ast.walk(view.facts.tree):
        if not (isinstance(part, ast.Name) and part.id == "type"):
            continue
        call = view.facts.parents[part]
        if not isinstance(call, ast.Call):
            return True
        user = view.facts.parents[call]
        asked = isinstance(user, ast.Call) and getattr(user.func, "attr", "") in (
            "issuperset",
            "issubset",
            "isdisjoint",
        )
        compared = call.func is part and isinstance(user, ast.Compare)
        constant = call.func is part and len(call.args) == 1 and isinstance(call.args[0], ast.Constant)
        if not (compared or constant or (asked and getattr(call.func, "id", "") == "map")):
            return True
    return False


class Retries(Strategy):
    """Calls of functions that the specification names as reads of a source that can be out of reach for a moment."""

    kind = "no-retry"
    family = Family.LOGIC
    aims = frozenset({"failures"})
    allowances = frozenset({Allowance.TRANSIENT_MENDED})

    def look(self, view: View) -> None:
        """Note calls of transient reads that are not tried again."""
        for node in ast.walk(view.facts.tree):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            function = view.facts.function_at(node)
            if name not in view.specification.transient or function is None or function.node.name in (name, _RETRY):
                continue
            with view.site(node, f"{name} is not tried again when its source is out of reach"):
                self._change(view, node, function)

    def _change(self, view: View, node: ast.Call, function: FunctionFacts) -> None:
        if isinstance(view.facts.parents[node], ast.Await):
            raise Refuse("it is awaited")
        at: ast.AST | None = node
        while (at := view.facts.within(at, (ast.Try,))) is not None:
            if isinstance(at, ast.Try) and _handles(at):
                raise Refuse("the error is handled already")
        for argument in [*node.args, *(keyword.value for keyword in node.keywords)]:
            told = view.analysis.effects([argument], function)
            if told.unknown or told.mutated:
                raise Refuse("its arguments do more than compute")
        if _RETRY not in view.facts.module_functions:
            if _RETRY in view.facts.all_names:
                raise Refuse(f"the name {_RETRY} is taken")
            if "retry_put" not in view.put:
                view.edits.at_top(_RETRY_TEXT, _top(view))
                view.put["retry_put"] = ""
        arguments = [view.edits.text_of(node.func), *(view.edits.text_of(argument) for argument in node.args)]
        arguments += [
            f"{k.arg}={view.edits.text_of(k.value)}" if k.arg else f"**{view.edits.text_of(k.value)}"
            for k in node.keywords
        ]
        view.edits.replace(node, f"{_RETRY}({', '.join(arguments)})")


def _handles(node: ast.Try) -> bool:
    caught = " ".join(ast.unparse(handler.type) if handler.type else "Exception" for handler in node.handlers)
    return any(word in caught for word in ("Exception", "ConnectionError", "TimeoutError", "OSError"))


def _top(view: View) -> ast.stmt:
    return view.first_definition()
