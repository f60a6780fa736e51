"""Checks of input by the rules of a specification: how they are written, and whether code has them."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from roles.improver.agent import AgentSpecification, InputRule
from roles.improver.strategies.facts import FileFacts, FunctionFacts

__all__ = ["check_of", "checks", "unchecked_inputs"]

_TYPES = {
    "number": "(int, float)",
    "integer": "int",
    "string": "str",
    "boolean": "bool",
    "list": "list",
    "object": "dict",
}


def unchecked_inputs(files: Mapping[str, str], specification: AgentSpecification) -> int:
    """How many inputs with a rule the agent's entries don't look at."""
    count = 0
    for target, rules in specification.inputs.items():
        module, _, qualified = target.partition(":")
        text = files.get(f"{module.replace('.', '/')}.py")
        functions = FileFacts(module, text).functions if text is not None else []
        own = next((function for function in functions if function.qualified == qualified), None)
        if own is not None:
            count += sum(not checks(own, name, rule) for name, rule in rules.items())
    return count


def check_of(name: str, rule: InputRule) -> str:
    """The statement that refuses what breaks a rule."""
    tests = [f"isinstance({name}, {_TYPES[rule.type]})"]
    if rule.type in ("number", "integer"):
        tests.append(f"not isinstance({name}, bool)")
        if rule.minimum is not None and rule.maximum is not None:
            tests.append(f"{rule.minimum!r} <= {name} <= {rule.maximum!r}")
        elif rule.minimum is not None:
            tests.append(f"{name} >= {rule.minimum!r}")
        elif rule.maximum is not None:
            tests.append(f"{name} <= {rule.maximum!r}")
    if rule.choices:
        tests.append(f"{name} in {rule.choices!r}")
    told = {
        "number": "a number",
        "integer": "a whole number",
        "string": "a text",
        "boolean": "true or false",
        "list": "a list",
        "object": "an object",
    }[rule.type]
    if rule.minimum is not None:
        told += f" from {rule.minimum:g}"
    if rule.maximum is not None:
        told += f" up to {rule.maximum:g}"
    if rule.choices:
        told += f" out of {', '.join(rule.choices)}"
    condition = " and ".join(tests)
    return f"if not ({condition}):\n    raise ValueError({f'{name} must be {told}'!r})"


def checks(function: FunctionFacts, name: str, rule: InputRule) -> bool:
    """Whether a function begins with the check of a rule, or looks at the parameter's type or bounds itself."""
    wanted = ast.unparse(ast.parse(check_of(name, rule)))
    for statement in function.node.body:
        if isinstance(statement, ast.If) and any(isinstance(part, ast.Raise) for part in ast.walk(statement)):
            if ast.unparse(statement) == wanted:
                return True
            if any(isinstance(part, ast.Name) and part.id == name for part in ast.walk(statement.test)):
                return True
    return False
