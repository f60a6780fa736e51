"""Formulas as text again, and with other parts in the place of some."""

from __future__ import annotations

from collections.abc import Callable

from roles.engineering.formulas.tree import (
    Binary,
    Call,
    Compare,
    Conditional,
    Logic,
    Name,
    Negative,
    Node,
    Not,
    Number,
    Text,
)  # fmt: skip

__all__ = ["text_of"]


def text_of(node: Node, change: Callable[[Node], str | None] = lambda node: None) -> str:
    """The text of a formula's part; `change` gives the text of what is to be another one, None for all else."""
    changed = change(node)
    if changed is not None:
        return changed

    def part(one: Node) -> str:
        return text_of(one, change)

    match node:
        case Number(value=value):
            return f"{value:.12g}" if value >= 0 else f"({value:.12g})"
        case Text(value=value):
            return f'"{value}"'
        case Name(name=name):
            return name
        case Negative(operand=operand):
            return f"(-{part(operand)})"
        case Binary(operator=operator, left=left, right=right):
            return f"({part(left)} {operator} {part(right)})"
        case Compare() | Logic() | Not():
            return _condition(node, part)
        case Conditional(condition=condition, then=then, otherwise=otherwise):
            return f"if({part(condition)}, {part(then)}, {part(otherwise)})"
        case Call(function=function, arguments=arguments):
            return f"{function}({', '.join(part(one) for one in arguments)})"


def _condition(node: Compare | Logic | Not, part: Callable[[Node], str]) -> str:
    match node:
        case Compare(operands=operands, operators=operators):
            rest = "".join(f" {sign} {part(one)}" for sign, one in zip(operators, operands[1:], strict=True))
            return f"({part(operands[0])}{rest})"
        case Logic(operator=operator, operands=operands):
            return f"({f' {operator} '.join(part(one) for one in operands)})"
        case Not(operand=operand):
            return f"(not {part(operand)})"
