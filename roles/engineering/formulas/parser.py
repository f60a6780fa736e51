"""Reads formulas: a small language of arithmetic that has no way to anything but numbers.

Names, numbers (``10%`` is 0.1), texts in comparisons, ``+ - * / ** %``, comparisons, ``and or not``, ``a if c else b``
or ``if(c, a, b)``, and the functions of `roles.engineering.formulas.functions`.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Literal, cast

from roles.engineering.formulas.functions import ALIASES, FUNCTIONS, Function
from roles.engineering.formulas.lexer import Token, fault, tokens_of
from roles.engineering.formulas.tree import (
    Binary,
    Call,
    Compare,
    Conditional,
    Expression,
    Logic,
    Name,
    Negative,
    Node,
    Not,
    Number,
    Text,
    walk,
)  # fmt: skip

__all__ = ["parse"]

_MAX_DEPTH = 40
_MAX_NODES = 400
_COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
_RESERVED = frozenset({"and", "or", "not", "if", "else", "then"})
_APART = "Make it a formula of its own."
Kind = Literal["number", "boolean", "text", "any"]


def parse(text: str, *, scalars: Collection[str] = ()) -> Expression:
    """Read a formula. Raises `ValidationFailed` with the column of what is wrong.

    Names within functions over series stand for all rows of a column, except for those in `scalars`.
    """
    parser = _Parser(tokens_of(text), frozenset(scalars))
    tree = parser.whole()
    kind = parser.kind(tree)
    if kind == "text":
        raise fault("it gives a text, not a number.", 1)
    return Expression(text, tree, "boolean" if kind == "boolean" else "number")


class _Parser:
    """Recursive descent, of bounded depth, over one list of tokens."""

    def __init__(self, tokens: list[Token], scalars: frozenset[str]) -> None:
        self.tokens = tokens
        self.at = 0
        self.depth = 0
        self.nodes = 0
        self.in_series = False
        self.scalars = scalars

    def whole(self) -> Node:
        if len(self.tokens) == 1:
            raise fault("it is empty.", 1, "Write an expression such as: income / payment.")
        tree = self.expression()
        if (left := self.now).kind != "end":
            raise fault(f"{left.text!r} is one thing too many.", left.column, "Is an operator missing before it?")
        return tree

    @property
    def now(self) -> Token:
        return self.tokens[self.at]

    def take(self, *texts: str) -> Token | None:
        token = self.now
        if token.kind in ("sign", "name") and token.text in texts:
            self.at += 1
            return token
        return None

    def want(self, text: str) -> None:
        if self.take(text) is None:
            found = repr(self.now.text) if self.now.text else "the end"
            raise fault(f"{text!r} is expected, not {found}.", self.now.column)

    def made(self, node: Node) -> Node:
        self.nodes += 1
        if self.nodes > _MAX_NODES:
            raise fault(f"it has more than {_MAX_NODES} parts.", self.now.column, "Split it into several.")
        return node

    def expression(self) -> Node:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise fault("it is nested too deep.", self.now.column, "Split it into several.")
        column = self.now.column
        value = self.logic("or")
        if self.take("if"):
            condition_at = self.now.column
            condition = self.logic("or")
            self.truth(condition, condition_at)
            self.want("else")
            otherwise = self.expression()
            self.same(value, otherwise, column)
            value = self.made(Conditional(condition, value, otherwise))
        self.depth -= 1
        return value

    def logic(self, operator: Literal["and", "or"]) -> Node:
        column = self.now.column
        operands = [self.logic("and") if operator == "or" else self.negation()]
        while self.take(operator):
            self.truth(operands[-1], column)
            column = self.now.column
            operands.append(self.logic("and") if operator == "or" else self.negation())
            self.truth(operands[-1], column)
        return operands[0] if len(operands) == 1 else self.made(Logic(operator, tuple(operands)))

    def negation(self) -> Node:
        if self.take("not"):
            column = self.now.column
            self.depth += 1
            if self.depth > _MAX_DEPTH:
                raise fault("it is nested too deep.", column)
            operand = self.negation()
            self.depth -= 1
            self.truth(operand, column)
            return self.made(Not(operand))
        return self.comparison()

    def comparison(self) -> Node:
        operands, operators = [self.sum()], list[str]()
        while operator := self.take(*_COMPARISONS):
            operators.append(operator.text)
            operands.append(self.sum())
            kinds = {self.kind(operands[-2]), self.kind(operands[-1])} - {"any"}
            if len(kinds) > 1:
                raise fault(f"it compares {' with '.join(sorted(kinds))}.", operator.column)
            if "boolean" in kinds and operator.text not in ("==", "!="):
                raise fault("it puts true and false into an order.", operator.column)
        if not operators:
            return operands[0]
        return self.made(Compare(tuple(operands), tuple(operators)))

    def sum(self) -> Node:
        column = self.now.column
        left = self.product()
        while operator := self.take("+", "-"):
            self.number(left, column)
            column = self.now.column
            right = self.product()
            self.number(right, column)
            left = self.made(Binary(cast("Literal['+', '-']", operator.text), left, right))
        return left

    def product(self) -> Node:
        column = self.now.column
        left = self.signed()
        while operator := self.take("*", "/", "%"):
            self.number(left, column)
            column = self.now.column
            right = self.signed()
            self.number(right, column)
            left = self.made(Binary(cast("Literal['*', '/', '%']", operator.text), left, right))
        return left

    def signed(self) -> Node:
        if sign := self.take("-", "+"):
            self.depth += 1
            if self.depth > _MAX_DEPTH:
                raise fault("it is nested too deep.", sign.column)
            operand = self.signed()
            self.depth -= 1
            self.number(operand, sign.column)
            return self.made(Negative(operand)) if sign.text == "-" else operand
        return self.power()

    def power(self) -> Node:
        column = self.now.column
        base = self.percent()
        if self.take("**"):
            self.number(base, column)
            column = self.now.column
            exponent = self.signed()
            self.number(exponent, column)
            return self.made(Binary("**", base, exponent))
        return base

    def percent(self) -> Node:
        column = self.now.column
        value = self.single()
        while self.now.text == "%" and self.now.kind == "sign" and not self.starts_operand(self.at + 1):
            self.at += 1
            self.number(value, column)
            value = self.made(
                Number(value.value / 100) if isinstance(value, Number) else Binary("/", value, Number(100.0))
            )
        return value

    def starts_operand(self, index: int) -> bool:
        """Whether what follows a ``%`` is an operand: then it is the remainder, else percent."""
        token = self.tokens[index]
        return token.kind in ("number", "text") or token.text == "(" or (
            token.kind == "name" and token.text not in _RESERVED
        )  # fmt: skip

    def single(self) -> Node:
        token = self.now
        self.at += 1
        if token.kind == "number":
            return self.made(Number(_number(token)))
        if token.kind == "text":
            return self.made(Text(token.text[1:-1]))
        if token.text == "(" and token.kind == "sign":
            inner = self.expression()
            self.want(")")
            return inner
        if token.kind == "name" and (token.text == "if" or token.text not in _RESERVED):
            if self.take("("):
                return self.call(token)
            if token.text != "if":
                series = self.in_series and token.text not in self.scalars
                return self.made(Name(token.text, series))
        self.at -= 1
        what = "it ends too early." if token.kind == "end" else f"{token.text!r} can't stand here."
        raise fault(what, token.column, "Write a name, a number or a function there.")

    def call(self, token: Token) -> Node:
        word = token.text.lower()
        name = ALIASES.get(word, word)
        if name == "if":
            return self.choice(token)
        if name == "power":
            base = self.argument()
            self.want(",")
            exponent = self.argument()
            self.want(")")
            return self.made(Binary("**", base, exponent))
        if name in ("min", "max") and self.one_argument():
            name = "minimum" if name == "min" else "maximum"
        function = FUNCTIONS.get(name)
        if function is None:
            known = ", ".join(FUNCTIONS)
            raise fault(f"there is no function {token.text!r}.", token.column, f"There are: {known}.")
        if self.in_series and ((function.of_series and name != "only") or name in ("coalesce", "is_null")):
            raise fault(f"{name} can't stand within a function over rows.", token.column, _APART)
        arguments = self.arguments(name, function)
        most = _MAX_NODES if function.more else len(function.arguments)
        if not function.needed <= len(arguments) <= most:
            raise fault(f"{name} takes {function.needed} arguments, not {len(arguments)}.", token.column)
        return self.made(Call(name, tuple(arguments)))

    def choice(self, token: Token) -> Node:
        condition = self.expression()
        self.truth(condition, token.column)
        self.want(",")
        then = self.expression()
        self.want(",")
        otherwise = self.expression()
        self.want(")")
        self.same(then, otherwise, token.column)
        return self.made(Conditional(condition, then, otherwise))

    def one_argument(self) -> bool:
        """Whether the argument list that begins here has no comma of its own."""
        depth = 0
        for token in self.tokens[self.at :]:
            if token.kind != "sign":
                continue
            if token.text == "(":
                depth += 1
            elif token.text == ")":
                if depth == 0:
                    return True
                depth -= 1
            elif token.text == "," and depth == 0:
                return False
        return True

    def argument(self) -> Node:
        column = self.now.column
        value = self.expression()
        self.number(value, column)
        return value

    def arguments(self, name: str, function: Function) -> list[Node]:
        found: list[Node] = []
        if self.take(")"):
            return found
        while True:
            kind = function.argument(len(found))
            outside, self.in_series = self.in_series, self.in_series or kind in ("series", "column", "condition")
            column = self.now.column
            value = self.expression()
            self.in_series = outside
            self.check_argument(name, kind, value, column, outside)
            found.append(value)
            if self.take(")"):
                break
            self.want(",")
        if name == "coalesce" and not all(isinstance(one, Name) for one in found[:-1]):
            raise fault("all but the last of coalesce's arguments are plain names.", self.now.column)
        return found

    def check_argument(self, name: str, kind: str, value: Node, column: int, outside: bool) -> None:
        if kind in ("column", "name") and not isinstance(value, Name):
            raise fault(f"{name} takes a plain name here.", column, _APART)
        if kind == "condition":
            self.truth(value, column)
        elif kind == "number" or (kind == "series" and name not in ("count", "distinct")):
            self.number(value, column)
        if name == "only" and not outside:
            raise fault("only(…) stands within a function over rows, such as mean(only(…)).", column)
        within = (one for one in walk(value) if one is not value)
        if any(isinstance(one, Call) and one.function == "only" for one in within):
            raise fault("only(…) is the whole argument of a function over rows, or none of it.", column)

    def kind(self, node: Node) -> Kind:
        match node:
            case Name():
                return "any"
            case Text():
                return "text"
            case Compare() | Logic() | Not():
                return "boolean"
            case Conditional(then=then, otherwise=otherwise):
                first = self.kind(then)
                return first if first != "any" else self.kind(otherwise)
            case Call(function=function):
                return FUNCTIONS[function].result
            case _:
                return "number"

    def truth(self, node: Node, column: int) -> None:
        if self.kind(node) not in ("boolean", "any"):
            raise fault("a condition is expected here, not a number.", column, "Compare it, such as: ratio >= 1.25.")

    def number(self, node: Node, column: int) -> None:
        if (kind := self.kind(node)) not in ("number", "any"):
            raise fault(f"a number is expected here, not a {kind}.", column)

    def same(self, first: Node, second: Node, column: int) -> None:
        kinds = {self.kind(first), self.kind(second)} - {"any"}
        if len(kinds) > 1:
            raise fault(f"it gives either a {' or a '.join(sorted(kinds))}.", column)


def _number(token: Token) -> float:
    try:
        value = float(token.text.replace("_", ""))
    except ValueError:
        raise fault(f"{token.text!r} is no number.", token.column) from None
    if not math.isfinite(value):
        raise fault(f"{token.text!r} is too large.", token.column)
    return value
