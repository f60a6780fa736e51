"""Figures of groups that look at other groups: the period before, the sum of all, the sum up to here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol, TypeVar

from common.errors import ValidationFailed

__all__ = ["Around", "around"]

T = TypeVar("T")
_PARTS = {"month": (6, 2, 12), "quarter": (7, 1, 4)}
"""Of a period as text: where its number within the year begins, its digits, how many there are in a year."""


class Around(Protocol[T]):
    """Builds parts of statements that look at other groups."""

    def constant(self, value: float | str) -> T:
        """A number or a text."""
        ...

    def arithmetic(self, operator: str, left: T, right: T) -> T:
        """``+``, ``-``, ``*``."""
        ...

    def compare(self, operator: str, left: T, right: T) -> T:
        """A comparison, as formulas write it."""
        ...

    def digits(self, text: T, first: int, letters: int) -> T:
        """Digits of a text as a whole number."""
        ...

    def before(self, value: T, within: Sequence[T], along: T) -> T:
        """The value in the row right before; NULL in the first one."""
        ...

    def total(self, value: T, within: Sequence[T], along: T | None) -> T:
        """The sum over all rows, or over those up to this one."""
        ...

    def only_if(self, condition: T, value: T) -> T:
        """The value, or NULL."""
        ...


def around(
    way: Literal["before", "year_before", "all", "so_far"],
    value: T,
    within: Sequence[T],
    period: T | None,
    part: str | None,
    algebra: Around[T],
) -> T:
    """The value of other groups. `period` is that of the group, `part` what part of a date it is (None: a number).

    Raises `ValidationFailed` where periods are needed and can't be counted.
    """
    if way == "all":
        return algebra.total(value, within, None)
    if period is None:
        raise ValidationFailed("periods are needed to look at those before")
    if way == "so_far":
        return algebra.total(value, within, period)
    if part in (None, "year"):
        index = period
    elif part in _PARTS:
        first, letters, many = _PARTS[part]
        year, number = algebra.digits(period, 1, 4), algebra.digits(period, first, letters)
        if way == "year_before":
            within, index = [*within, number], year
        else:
            index = algebra.arithmetic("+", algebra.arithmetic("*", year, algebra.constant(many)), number)
    else:
        raise ValidationFailed(f"a {part} has none before it that can be counted")
    apart = algebra.arithmetic("-", index, algebra.before(index, within, index))
    return algebra.only_if(algebra.compare("==", apart, algebra.constant(1)), algebra.before(value, within, index))
