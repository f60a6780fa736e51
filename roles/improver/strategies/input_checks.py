"""Checks of input by the rules of a specification: how they are written, and whether code has them."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace

from roles.improver.agent import AgentSpecification, InputRule
from roles.improver.strategies.facts import FileFacts, FunctionFacts, walk_own
from roles.improver.strategies.siblings import Siblings

__all__ = ["check_of", "checks", "told_by_default", "unchecked_inputs"]

_DEPTH = 3
"""How many calls deep a check is looked for."""

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
        if text is None:
            continue
        facts = FileFacts(f"{module.replace('.', '/')}.py", text)
        own = next((function for function in facts.functions if function.qualified == qualified), None)
        if own is not None:
            siblings = Siblings(files)
            count += sum(not checks(own, facts, name, rule, siblings) for name, rule in rules.items())
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
    if rule.optional:
        return f"if {name} is not None and not ({condition}):\n    raise ValueError({f'{name} must be {told}'!r})"
    return f"if not ({condition}):\n    raise ValueError({f'{name} must be {told}'!r})"


def told_by_default(function: FunctionFacts, name: str, rule: InputRule) -> InputRule:
    """The rule, which lets None pass where that is the parameter's default."""
    args = function.node.args
    named = [*args.posonlyargs, *args.args]
    defaults = dict(zip((one.arg for one in reversed(named)), reversed(args.defaults), strict=False))
    defaults |= {one.arg: value for one, value in zip(args.kwonlyargs, args.kw_defaults, strict=True) if value}
    default = defaults.get(name)
    return replace(rule, optional=True) if isinstance(default, ast.Constant) and default.value is None else rule


def checks(
    function: FunctionFacts, facts: FileFacts, name: str, rule: InputRule, siblings: Siblings | None = None
) -> bool:
    """Whether a function begins with the check of a rule, or it, or what it hands the parameter to, looks at it itself.

    `facts` are those of its file, `siblings` the agent's files: a function of the agent that raises an error after a
    look at what it is given is a check, and refuses by an error that the agent has for it.
    """
    wanted = ast.unparse(ast.parse(check_of(name, told_by_default(function, name, rule))))
    if any(isinstance(one, ast.If) and ast.unparse(one) == wanted for one in function.node.body):
        return True
    return _looks_at(function, facts, name, siblings, _DEPTH)


def _looks_at(function: FunctionFacts, facts: FileFacts, name: str, siblings: Siblings | None, depth: int) -> bool:
    for statement in function.node.body:
        if isinstance(statement, ast.If | ast.Try) and any(isinstance(part, ast.Raise) for part in ast.walk(statement)):
            looked = [statement.test] if isinstance(statement, ast.If) else statement.body
            if any(isinstance(part, ast.Name) and part.id == name for one in looked for part in ast.walk(one)):
                return True
    if not depth:
        return False
    for part in walk_own(function.node):
        if isinstance(part, ast.Call) and (handed := _handed(part, name)):
            found = _callee(part.func, facts, siblings, function)
            if found is not None and _looks_at_handed(found, handed, siblings, depth - 1):
                return True
    return False


def _looks_at_handed(
    found: tuple[FunctionFacts, FileFacts, int], handed: list[int | str], siblings: Siblings | None, depth: int
) -> bool:
    callee, facts, skipped = found
    names = callee.parameters[skipped:]
    taken = [one if isinstance(one, str) else names[one] for one in handed if isinstance(one, str) or one < len(names)]
    return any(one in names and _looks_at(callee, facts, one, siblings, depth) for one in taken)


def _handed(call: ast.Call, name: str) -> list[int | str]:
    """The places and keywords at which a call is given a name as it is."""
    places: list[int | str] = [n for n, one in enumerate(call.args) if isinstance(one, ast.Name) and one.id == name]
    places += [one.arg for one in call.keywords if one.arg and isinstance(one.value, ast.Name) and one.value.id == name]
    return places


def _callee(
    node: ast.expr, facts: FileFacts, siblings: Siblings | None, function: FunctionFacts
) -> tuple[FunctionFacts, FileFacts, int] | None:
    """The agent's function that is called, its file, and how many of its parameters the call does not give."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        if node.value.id == "self" and function.owner is not None:
            own = f"{function.qualified.rpartition('.')[0]}.{node.attr}"
            found = next((one for one in facts.functions if one.qualified == own), None)
            return None if found is None else (found, facts, 1)
        return _imported(f"{_module_of(facts, node.value.id)}.{node.attr}", siblings)
    if not isinstance(node, ast.Name) or function.is_local(node.id):
        return None
    if node.id in facts.module_functions:
        return facts.module_functions[node.id], facts, 0
    return _imported(_module_of(facts, node.id), siblings)


def _imported(where: str, siblings: Siblings | None) -> tuple[FunctionFacts, FileFacts, int] | None:
    module, _, name = where.rpartition(".")
    other = siblings.facts(siblings.path_of(module)) if siblings is not None and module else None
    if other is None or name not in other.module_functions:
        return None
    return other.module_functions[name], other, 0


def _module_of(facts: FileFacts, name: str) -> str:
    """What an imported name stands for, relative imports included; empty where it is not imported."""
    if name in facts.imports:
        return facts.imports[name]
    package = facts.path.removesuffix("/__init__.py").split("/") if facts.path.endswith("/__init__.py") else None
    parts = package if package is not None else facts.path.split("/")[:-1]
    for node in facts.tree.body:
        if isinstance(node, ast.ImportFrom) and node.level:
            base = parts[: len(parts) - node.level + 1]
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    return ".".join([*base, *([node.module] if node.module else []), alias.name])
    return ""
