"""Errors that tests expect of an agent's entries, where a check of input by the specification would raise others."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence

from roles.improver.agent import InputRule, violated_rule

__all__ = ["contradicted"]

_FITTING = frozenset({"ValueError", "Exception", "BaseException"})
"""Classes that a ValueError is one of."""
_EXPECTING = frozenset({"raises", "assertRaises", "assertRaisesRegex"})


def contradicted(
    name: str, rules: Mapping[str, InputRule], parameters: Sequence[str], tests: Sequence[ast.Module]
) -> bool:
    """Whether a test expects an error of another class than ValueError for input that breaks a rule.

    A call whose arguments are not written out may be given any input.
    """
    own = [one for one in parameters if one not in ("self", "cls")]
    return any(
        expected not in _FITTING and _breaks(call, own, rules)
        for tree in tests
        for expected, body in _expectations(tree)
        for call in _calls(body, name)
    )


def _expectations(tree: ast.Module) -> Iterator[tuple[str, Sequence[ast.stmt]]]:
    """Names of the classes of errors that tests expect, and the statements that they expect them of."""
    for part in ast.walk(tree):
        if isinstance(part, ast.With):
            for item in part.items:
                call = item.context_expr
                if isinstance(call, ast.Call) and call.args and _last(call.func) in _EXPECTING:
                    yield _last(call.args[0]), part.body
        elif isinstance(part, ast.Try):
            for handler in part.handlers:
                yield _last(handler.type) if handler.type is not None else "Exception", part.body


def _calls(body: Sequence[ast.stmt], name: str) -> Iterator[ast.Call]:
    """Calls of an entry by its name."""
    for statement in body:
        for part in ast.walk(statement):
            if isinstance(part, ast.Call) and _last(part.func) == name:
                yield part


def _breaks(call: ast.Call, parameters: Sequence[str], rules: Mapping[str, InputRule]) -> bool:
    if len(call.args) > len(parameters):
        return True
    try:
        values = {one: ast.literal_eval(value) for one, value in zip(parameters, call.args, strict=False)}
        values |= {str(one.arg): ast.literal_eval(one.value) for one in call.keywords}
    except ValueError:
        return True
    return violated_rule(rules, values) is not None


def _last(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
