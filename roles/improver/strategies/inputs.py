"""Input that the specification rules out and the code does not look at: it is refused with a clear error."""

from __future__ import annotations

import ast

from roles.improver.agent import InputRule
from roles.improver.sites import Allowance, Family
from roles.improver.strategies.base import Refuse, Strategy, View
from roles.improver.strategies.expected_errors import contradicted
from roles.improver.strategies.facts import FunctionFacts
from roles.improver.strategies.input_checks import check_of, checks, told_by_default
from roles.improver.strategies.siblings import Siblings

__all__ = ["InputValidation"]


class InputValidation(Strategy):
    """Checks at the beginning of the entries that the specification names, one for each parameter with a rule."""

    kind = "unchecked-input"
    family = Family.LOGIC
    aims = frozenset({"unchecked_inputs"})
    allowances = frozenset({Allowance.INVALID_REFUSED})

    def look(self, view: View) -> None:
        """Note entries that do not look at what they are given."""
        module = view.facts.path.removesuffix(".py").replace("/", ".")
        for target, rules in view.specification.inputs.items():
            own, _, qualified = target.partition(":")
            function = next((f for f in view.facts.functions if f.qualified == qualified), None)
            if own != module or function is None:
                continue
            siblings = Siblings({**view.others, view.facts.path: view.facts.text})
            missing = {
                name: told_by_default(function, name, rule)
                for name, rule in rules.items()
                if not checks(function, view.facts, name, rule, siblings)
            }
            if missing:
                with view.site(function.node, f"{', '.join(missing)} is used as it comes"):
                    self._change(view, function, missing)

    def _change(self, view: View, function: FunctionFacts, rules: dict[str, InputRule]) -> None:
        if contradicted(function.node.name, rules, function.parameters, view.other_trees):
            raise Refuse("tests expect an error of another class from it")
        if any(name in function.foreign or not function.is_local(name) for name in rules):
            raise Refuse("the specification names parameters that it does not have")
        if {"isinstance", "ValueError", "int", "float", "str", "bool", "list", "dict"} & view.facts.all_bound:
            raise Refuse("a built-in name has another meaning here")
        if isinstance(function.node, ast.FunctionDef) and any(
            isinstance(p, ast.Yield) for p in ast.walk(function.node)
        ):
            raise Refuse("it is a generator, which would complain only when it is read")
        body = function.node.body
        documented = isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
        if documented and len(body) == 1:
            raise Refuse("it does nothing")
        first = body[1] if documented else body[0]
        view.edits.before(first, "\n".join(check_of(name, rule) for name, rule in rules.items()))
