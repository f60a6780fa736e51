"""Formulas as parts of SQL statements, so that databases compute, filter and sort by them.

NULLs give NULL, and so does a division by zero. The same formula can be had as a SQLAlchemy element, and as the source
of one: what builds them is given, see `Algebra`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import reduce
from typing import Any, Generic, Protocol, TypeVar

from common.errors import ValidationFailed
from roles.engineering.day_numbers import day_number, number_of
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
from roles.engineering.moments import moment

__all__ = ["Algebra", "Elements", "Sources", "can_be_asked", "composed"]

T = TypeVar("T")
_MAX_POWER = 4
_LETTERS = {"year": "4", "month": "7", "day": "10"}
"""How much of an ISO date tells it. It is written into statements, so that groups are of what is selected."""
_QUARTERS = (("'03'", "'-Q1'"), ("'06'", "'-Q2'"), ("'09'", "'-Q3'"))
_CALLS = frozenset({"abs", "round", "coalesce", "min", "max", "is_null", "days_between", "days_since"})


class Algebra(Protocol[T]):
    """Builds parts of statements."""

    def constant(self, value: float | str) -> T:
        """A number or a text."""
        ...

    def arithmetic(self, operator: str, left: T, right: T) -> T:
        """``+``, ``-``, ``*``, and ``/`` whose value is NULL where the right one is 0."""
        ...

    def negative(self, one: T) -> T:
        """The other sign."""
        ...

    def compare(self, operator: str, left: T, right: T) -> T:
        """A comparison, as formulas write it."""
        ...

    def junction(self, operator: str, parts: Sequence[T]) -> T:
        """``and``, ``or``; of one part ``not``."""
        ...

    def choose(self, condition: T, then: T, otherwise: T) -> T:
        """One of two values."""
        ...

    def part(self, part: str, moment: T) -> T:
        """The year of a date as a number; the quarter, month or day as text that sorts."""
        ...

    def call(self, function: str, arguments: Sequence[T]) -> T:
        """``abs``, ``round`` to whole numbers, ``coalesce``, ``is_null``, ``days_between``, ``days_since``."""
        ...


def can_be_asked(expression: Expression) -> bool:
    """Whether databases can compute a formula that has no function over rows."""
    return all(_known(node) for node in walk(expression.tree))


def _known(node: Node) -> bool:
    if isinstance(node, Call):
        return node.function in _CALLS and not (node.function == "round" and len(node.arguments) > 1)
    if isinstance(node, Binary):
        return node.operator in ("+", "-", "*", "/") or (node.operator == "**" and _exponent(node.right) > 0)
    return True


def _exponent(node: Node) -> int:
    whole = isinstance(node, Number) and node.value.is_integer() and 1 <= node.value <= _MAX_POWER
    return int(node.value) if whole and isinstance(node, Number) else 0


def composed(expression: Expression, names: Callable[[str], T], algebra: Algebra[T]) -> T:
    """The formula over what its names stand for. Raises `ValidationFailed` for one that databases can't compute."""
    if not can_be_asked(expression):
        raise ValidationFailed("databases can't compute this formula", where=expression.text)
    return _Composer(names, algebra).of(expression.tree)


class _Composer(Generic[T]):
    def __init__(self, names: Callable[[str], T], algebra: Algebra[T]) -> None:
        self.names = names
        self.algebra = algebra

    def of(self, node: Node) -> T:
        match node:
            case Number(value=value) | Text(value=value):
                return self.algebra.constant(value)
            case Name(name=name):
                return self.names(name)
            case Negative(operand=operand):
                return self.algebra.negative(self.of(operand))
            case Binary(operator="**", left=left, right=right):
                parts = [self.of(left)] * _exponent(right)
                return reduce(lambda one, other: self.algebra.arithmetic("*", one, other), parts)
            case Binary(operator=operator, left=left, right=right):
                return self.algebra.arithmetic(operator, self.of(left), self.of(right))
            case Not(operand=operand):
                return self.algebra.junction("not", [self.of(operand)])
            case Logic(operator=operator, operands=operands):
                return self.algebra.junction(operator, [self.of(one) for one in operands])
            case Compare(operands=operands, operators=operators):
                return self.comparison([self.of(one) for one in operands], operators)
            case Conditional(condition=condition, then=then, otherwise=otherwise):
                return self.algebra.choose(self.of(condition), self.of(then), self.of(otherwise))
            case Call(function=function, arguments=arguments):
                return self.called(function, [self.of(one) for one in arguments])

    def comparison(self, operands: Sequence[T], operators: Sequence[str]) -> T:
        pairs = zip(operators, operands[:-1], operands[1:], strict=True)
        parts = [self.algebra.compare(sign, left, right) for sign, left, right in pairs]
        return parts[0] if len(parts) == 1 else self.algebra.junction("and", parts)

    def called(self, function: str, arguments: Sequence[T]) -> T:
        if function not in ("min", "max"):
            return self.algebra.call(function, arguments)
        sign = "<" if function == "min" else ">"

        def better(one: T, other: T) -> T:
            # NULL where the one that is not taken is NULL
            unknown = self.algebra.arithmetic("-", one, one)
            taken = self.algebra.arithmetic("+", other, unknown)
            return self.algebra.choose(self.algebra.compare(sign, one, other), one, taken)

        return reduce(better, arguments)


class Elements:
    """SQLAlchemy elements; `sqlalchemy` is the module, `today` the day of the question (None: the machine's)."""

    def __init__(self, sqlalchemy: Any, today: date | None = None) -> None:
        self._sql = sqlalchemy
        self._today = today

    def constant(self, value: float | str) -> Any:
        """A bound value."""
        return self._sql.literal(value)

    def arithmetic(self, operator: str, left: Any, right: Any) -> Any:
        """See `Algebra`."""
        if operator == "/":
            return self._sql.cast(left, self._sql.Float) / self._sql.func.nullif(right, 0)
        return {"+": lambda: left + right, "-": lambda: left - right, "*": lambda: left * right}[operator]()

    def negative(self, one: Any) -> Any:
        """See `Algebra`."""
        return -one

    def compare(self, operator: str, left: Any, right: Any) -> Any:
        """See `Algebra`."""
        made: Mapping[str, Callable[[], Any]] = {
            "<": lambda: left < right, "<=": lambda: left <= right, ">": lambda: left > right,
            ">=": lambda: left >= right, "==": lambda: left == right, "!=": lambda: left != right,
        }  # fmt: skip
        return made[operator]()

    def junction(self, operator: str, parts: Sequence[Any]) -> Any:
        """See `Algebra`."""
        return getattr(self._sql, f"{operator}_")(*parts)

    def choose(self, condition: Any, then: Any, otherwise: Any) -> Any:
        """See `Algebra`."""
        return self._sql.case((condition, then), else_=otherwise)

    def part(self, part: str, moment: Any) -> Any:
        """See `Algebra`."""
        sql, text = self._sql, self._sql.cast(moment, self._sql.String)
        if part != "quarter":
            found = sql.func.substr(text, sql.literal_column("1"), sql.literal_column(_LETTERS[part]))
            return sql.cast(found, sql.Integer) if part == "year" else found
        year = sql.func.substr(text, sql.literal_column("1"), sql.literal_column("4"))
        month = sql.func.substr(text, sql.literal_column("6"), sql.literal_column("2"))
        cases = [(month <= sql.literal_column(end), sql.literal_column(name)) for end, name in _QUARTERS]
        return year.op("||")(sql.case(*cases, else_=sql.literal_column("'-Q4'")))

    def call(self, function: str, arguments: Sequence[Any]) -> Any:
        """See `Algebra`."""
        if function == "is_null":
            return arguments[0].is_(None)
        if function == "days_between":
            return day_number(arguments[1], self._sql) - day_number(arguments[0], self._sql)
        if function == "days_since":
            return number_of(moment("day+0", self._today)) - day_number(arguments[0], self._sql)
        return getattr(self._sql.func, function)(*arguments)

    def digits(self, text: Any, first: int, letters: int) -> Any:
        """See `roles.engineering.groups_around.Around`."""
        sql = self._sql
        found = sql.func.substr(text, sql.literal_column(str(first)), sql.literal_column(str(letters)))
        return sql.cast(found, sql.Integer)

    def before(self, value: Any, within: Sequence[Any], along: Any) -> Any:
        """See `roles.engineering.groups_around.Around`."""
        return self._sql.func.lag(value).over(partition_by=list(within), order_by=along)

    def total(self, value: Any, within: Sequence[Any], along: Any) -> Any:
        """See `roles.engineering.groups_around.Around`."""
        return self._sql.func.sum(value).over(partition_by=list(within), order_by=along)

    def only_if(self, condition: Any, value: Any) -> Any:
        """See `roles.engineering.groups_around.Around`."""
        return self._sql.case((condition, value), else_=None)


class Sources:
    """Python source of SQLAlchemy elements; `used` are the names of that module that it needs."""

    def __init__(self) -> None:
        self.used: set[str] = set()

    def _name(self, name: str) -> str:
        self.used.add(name)
        return name

    def constant(self, value: float | str) -> str:
        """See `Algebra`."""
        written = f'"{value}"' if isinstance(value, str) and '"' not in value and "\\" not in value else repr(value)
        return f"{self._name('literal')}({written})"

    def arithmetic(self, operator: str, left: str, right: str) -> str:
        """See `Algebra`."""
        if operator == "/":
            return (
                f"({self._name('cast')}({_bare(left)}, {self._name('Float')}) / "
                f"{self._name('func')}.nullif({_bare(right)}, 0))"
            )
        return f"({left} {operator} {right})"

    def negative(self, one: str) -> str:
        """See `Algebra`."""
        return f"(-{one})"

    def compare(self, operator: str, left: str, right: str) -> str:
        """See `Algebra`."""
        return f"({left} {operator} {right})"

    def junction(self, operator: str, parts: Sequence[str]) -> str:
        """See `Algebra`."""
        return f"{self._name(f'{operator}_')}({', '.join(_bare(one) for one in parts)})"

    def choose(self, condition: str, then: str, otherwise: str) -> str:
        """See `Algebra`."""
        return f"{self._name('case')}(({_bare(condition)}, {_bare(then)}), else_={_bare(otherwise)})"

    def part(self, part: str, moment: str) -> str:
        """See `Algebra`."""
        self.used |= {"cast", "func", "literal_column", "String"}
        text = f"cast({_bare(moment)}, String)"

        def piece(first: str, letters: str) -> str:
            return f'func.substr({text}, literal_column("{first}"), literal_column("{letters}"))'

        if part != "quarter":
            found = piece("1", _LETTERS[part])
            return f"cast({found}, {self._name('Integer')})" if part == "year" else found
        cases = [f'({piece("6", "2")} <= literal_column("{end}"), literal_column("{name}"))' for end, name in _QUARTERS]
        names = f"{self._name('case')}({', '.join(cases)}, else_=literal_column(\"'-Q4'\"))"
        return f'{piece("1", "4")}.op("||")({names})'

    def call(self, function: str, arguments: Sequence[str]) -> str:
        """See `Algebra`."""
        if function == "is_null":
            return f"{arguments[0]}.is_(None)"
        if function in ("days_between", "days_since"):
            self.used |= {"case", "cast", "func", "literal_column", "Integer", "String"}
            start = f"_day_number({_bare(arguments[0])})"
            return (
                f"(_day_number({_bare(arguments[1])}) - {start})"
                if len(arguments) > 1
                else f"(_number_of_today() - {start})"
            )
        return f"{self._name('func')}.{function}({', '.join(_bare(one) for one in arguments)})"

    def digits(self, text: str, first: int, letters: int) -> str:
        """See `roles.engineering.groups_around.Around`."""
        self.used |= {"cast", "func", "literal_column", "Integer"}
        return f'cast(func.substr({text}, literal_column("{first}"), literal_column("{letters}")), Integer)'

    def before(self, value: str, within: Sequence[str], along: str) -> str:
        """See `roles.engineering.groups_around.Around`."""
        return f"{self._name('func')}.lag({_bare(value)}).over({_of_groups(within, along)})"

    def total(self, value: str, within: Sequence[str], along: str | None) -> str:
        """See `roles.engineering.groups_around.Around`."""
        return f"{self._name('func')}.sum({_bare(value)}).over({_of_groups(within, along)})"

    def only_if(self, condition: str, value: str) -> str:
        """See `roles.engineering.groups_around.Around`."""
        return f"{self._name('case')}(({_bare(condition)}, {_bare(value)}), else_=None)"


def _of_groups(within: Sequence[str], along: str | None) -> str:
    parts = [f"partition_by=[{', '.join(within)}]"] if within else []
    return ", ".join([*parts, *([f"order_by={_bare(along)}"] if along is not None else [])])


def _bare(text: str) -> str:
    """A source without the parentheses that are around all of it."""
    if not (text.startswith("(") and text.endswith(")")):
        return text
    depth = 0
    for at, sign in enumerate(text):
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if depth == 0 and at < len(text) - 1:
            return text
    return text[1:-1]
