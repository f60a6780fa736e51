"""Says the time of one text again behind another: "for Saturday" becomes "on Saturday"."""

from __future__ import annotations

from common.language.time_words.expressions import find_expressions
from common.language.time_words.model import (
    Expression,
    FixedDate,
    Holiday,
    MonthDay,
    NthWeekday,
    Shift,
    Weekday,
    Window,
)
from common.language.words import Tokens, tokenize

__all__ = ["Said", "said_in"]


class Said:
    """The first time that a text names with a day or an hour, and how to say it again.

    `hour` is the hour that stands elsewhere in the text, where the day is said by itself ("tomorrow I have … at 3").
    """

    def __init__(self, tokens: Tokens, expression: Expression, hour: Expression | None = None) -> None:
        self._tokens = tokens
        self._expression = expression
        self._hour = hour

    @property
    def has_day(self) -> bool:
        """Whether it names a day."""
        return self._expression.date is not None or self._expression.instant is not None

    @property
    def has_clock(self) -> bool:
        """Whether it names an hour."""
        return self._hour is not None or self._expression.clock is not None or self._expression.instant is not None

    @property
    def day(self) -> str:
        """The day alone, with the part of the day where one is named: "on Saturday", "tomorrow evening"."""
        expression = self._expression
        if expression.date is None or expression.date_first < 0:
            return self.whole if self.has_day else ""
        words = self._tokens.cut(expression.date_first, expression.date_last)
        return f"{_preposition(expression, words)}{words}"

    @property
    def whole(self) -> str:
        """Day and hour: "on Saturday at 9"."""
        if self._hour is None:
            return self._said_together
        return f"{self._said_together} {self._tokens.cut(self._hour.first, self._hour.last)}"

    @property
    def _said_together(self) -> str:
        expression, tokens = self._expression, self._tokens
        if expression.date_first < 0:
            return tokens.cut(expression.first, expression.last)
        first = expression.date_first
        while first > expression.first and tokens.word(first - 1) in ("the", "this", "next"):
            first -= 1
        ahead = tokens.cut(expression.first, first)
        if any(char.isdigit() for char in ahead) or len(ahead.split()) > 2:
            return tokens.cut(expression.first, expression.last)
        words = tokens.cut(first, expression.last)
        return f"{_preposition(expression, words)}{words}"


def _preposition(expression: Expression, words: str) -> str:
    spec = expression.date
    if words.lower().startswith(("on ", "in ", "at ", "this ", "next ", "last ", "every ")):
        return ""
    if isinstance(spec, MonthDay) and spec.day is None:
        return "in "
    if isinstance(spec, Shift):
        return "in " if spec.anchor is None and spec.sign > 0 and "from now" not in words else ""
    if isinstance(spec, Window):
        return "in "
    dated = isinstance(spec, MonthDay | FixedDate | Holiday | NthWeekday)
    return "on " if dated or (isinstance(spec, Weekday) and not spec.which) else ""


def said_in(text: str) -> Said | None:
    """The first time in a text that names a day or an hour, or None."""
    tokens = tokenize(text)
    named = [
        expression
        for expression in find_expressions(tokens)
        if expression.anchor_text is None and (expression.date or expression.clock or expression.instant)
    ]
    if not named:
        return None
    first, hour = named[0], None
    if len(named) == 2 and first.date and not first.clock and named[1].clock and not named[1].date:
        hour = named[1]
    return Said(tokens, first, hour)
