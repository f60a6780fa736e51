"""Figures of code that need no run: how hard its control flow is to follow, and errors that can't be told apart."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from roles.improver.agent import AgentSpecification
from roles.improver.strategies.input_checks import unchecked_inputs

__all__ = ["complexity", "static_measures", "untyped_errors"]

_BRANCHES = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.IfExp, ast.Match)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_NESTS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.Match)


def static_measures(files: Mapping[str, str], specification: AgentSpecification) -> dict[str, float]:
    """`complexity`, `untyped_errors` and `unchecked_inputs` of an agent's files; all are better when smaller.

    A function of a module that stands word for word in several files is understood once, and counts once.
    """
    trees = [ast.parse(text) for path, text in files.items() if path.endswith(".py")]
    return {
        "complexity": float(sum(map(complexity, trees)) - _known_already(trees)),
        "untyped_errors": float(sum(map(untyped_errors, trees))),
        "unchecked_inputs": float(unchecked_inputs(files, specification)),
    }


def _known_already(trees: Sequence[ast.Module]) -> int:
    """The complexity of functions that stand in an earlier file in the same words."""
    seen, known = set[str](), 0
    for tree in trees:
        functions = {ast.unparse(part): part for part in tree.body if isinstance(part, _FUNCTIONS)}
        known += sum(complexity(functions[text]) for text in functions.keys() & seen)
        seen |= functions.keys()
    return known


def complexity(tree: ast.AST) -> int:
    """Cognitive complexity after Campbell (SonarSource 2018): a branch counts one, and one for each level around it.

    A chain of `elif` counts one for each link, and a sequence of like boolean operators one.
    """
    return sum(_count(child, 0) for child in ast.iter_child_nodes(tree))


def _count(node: ast.AST, depth: int) -> int:
    own = 0
    if isinstance(node, _BRANCHES):
        own = 1 + depth
    elif isinstance(node, ast.BoolOp) or (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)):
        own = 1
    if isinstance(node, ast.If):
        inner = sum(_count(part, depth + 1) for part in node.body) + _count(node.test, depth)
        if len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
            # a link of the chain costs what it costs beside the first condition
            return own + inner + _count(node.orelse[0], depth) - depth
        return own + inner + (1 if node.orelse else 0) + sum(_count(part, depth + 1) for part in node.orelse)
    deeper = depth + 1 if isinstance(node, _NESTS) else depth
    return own + sum(_count(child, deeper) for child in ast.iter_child_nodes(node))


def untyped_errors(tree: ast.AST) -> int:
    """How often plain `Exception` is raised: nobody can tell such errors apart."""
    return sum(
        isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and _is_exception(node.exc.func)
        for node in ast.walk(tree)
    )


def _is_exception(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "Exception"
