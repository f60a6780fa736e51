"""What a formula is made of, once it is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

__all__ = [
    "Binary", "Call", "Compare", "Conditional", "Expression", "Logic", "Name", "Negative", "Node", "Not", "Number",
    "Text", "walk",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it is written; ``10%`` is 0.1."""

    value: float


@dataclass(frozen=True, slots=True)
class Text:
    """A text in quotes, for comparisons."""

    value: str


@dataclass(frozen=True, slots=True)
class Name:
    """An input, a column or an earlier formula. `series`: all rows of a column, within a function over series."""

    name: str
    series: bool = False


@dataclass(frozen=True, slots=True)
class Negative:
    """The operand with the other sign."""

    operand: Node


@dataclass(frozen=True, slots=True)
class Binary:
    """Arithmetic on two numbers."""

    operator: Literal["+", "-", "*", "/", "**", "%"]
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Compare:
    """A comparison, chained where there are more than two operands: ``0 <= x < 1``."""

    operands: tuple[Node, ...]
    operators: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Logic:
    """All operands are true, or any of them is."""

    operator: Literal["and", "or"]
    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The operand is false."""

    operand: Node


@dataclass(frozen=True, slots=True)
class Conditional:
    """`then` where the condition holds, else `otherwise`; only the one that is needed is computed."""

    condition: Node
    then: Node
    otherwise: Node


@dataclass(frozen=True, slots=True)
class Call:
    """A function of `roles.engineering.formulas.functions` with its arguments."""

    function: str
    arguments: tuple[Node, ...]


Node = Number | Text | Name | Negative | Binary | Compare | Logic | Not | Conditional | Call


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it, in the order in which they are written."""
    yield node
    match node:
        case Negative(operand=operand) | Not(operand=operand):
            yield from walk(operand)
        case Binary(left=left, right=right):
            yield from walk(left)
            yield from walk(right)
        case Compare(operands=operands) | Logic(operands=operands) | Call(arguments=operands):
            for one in operands:
                yield from walk(one)
        case Conditional(condition=condition, then=then, otherwise=otherwise):
            for one in (then, condition, otherwise):
                yield from walk(one)
        case _:
            pass


@dataclass(frozen=True)
class Expression:
    """A formula that was read: its text and its tree. `kind` is what it gives."""

    text: str
    tree: Node
    kind: Literal["number", "boolean"]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """All names in it, in the order of their first use."""
        return tuple(dict.fromkeys(one.name for one in walk(self.tree) if isinstance(one, Name)))

    @cached_property
    def series_names(self) -> tuple[str, ...]:
        """The names that stand for all rows of a column."""
        return tuple(dict.fromkeys(one.name for one in walk(self.tree) if isinstance(one, Name) and one.series))

    @cached_property
    def scalar_names(self) -> tuple[str, ...]:
        """The names that stand for one value."""
        return tuple(dict.fromkeys(one.name for one in walk(self.tree) if isinstance(one, Name) and not one.series))

    @cached_property
    def optional_names(self) -> tuple[str, ...]:
        """The names that may be NULL: those of single values that stand in ``coalesce`` and ``is_null`` only."""
        needed = set[str]()
        _needed(self.tree, needed)
        return tuple(name for name in self.scalar_names if name not in needed)

    @cached_property
    def functions(self) -> tuple[str, ...]:
        """The functions that it calls, in the order of their first use."""
        return tuple(dict.fromkeys(one.function for one in walk(self.tree) if isinstance(one, Call)))


def _needed(node: Node, found: set[str]) -> None:
    match node:
        case Name(name=name, series=False):
            found.add(name)
        case Call(function="coalesce", arguments=arguments):
            if not isinstance(arguments[-1], Name):
                _needed(arguments[-1], found)
        case Call(function="is_null"):
            pass
        case Negative(operand=operand) | Not(operand=operand):
            _needed(operand, found)
        case Binary(left=left, right=right):
            _needed(left, found)
            _needed(right, found)
        case Compare(operands=operands) | Logic(operands=operands) | Call(arguments=operands):
            for one in operands:
                _needed(one, found)
        case Conditional(condition=condition, then=then, otherwise=otherwise):
            for one in (condition, then, otherwise):
                _needed(one, found)
        case _:
            pass
