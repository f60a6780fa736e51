"""The functions that formulas may call: what they take and what they give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

__all__ = ["ALIASES", "FUNCTIONS", "Function"]

Argument = Literal["number", "series", "column", "name", "text", "condition"]
"""``series`` is computed row by row (``quantity * price``), a ``column`` is a name, so that rows stay side by side."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function by its arguments; of them at least `needed`, and `more` of the last kind where that is allowed."""

    arguments: tuple[Argument, ...]
    description: str
    needed: int
    more: bool = False
    result: Literal["number", "boolean"] = "number"

    @property
    def of_series(self) -> bool:
        """Whether it condenses rows to one value."""
        return not {"series", "column", "condition"}.isdisjoint(self.arguments)

    def argument(self, index: int) -> Argument:
        """What the argument at that place is."""
        return self.arguments[min(index, len(self.arguments) - 1)]


def _of(arguments: str, description: str, *, optional: int = 0, more: bool = False, truth: bool = False) -> Function:
    kinds: dict[str, Argument] = {
        "n": "number", "s": "series", "c": "column", "v": "name", "t": "text", "b": "condition",
    }  # fmt: skip
    made: tuple[Argument, ...] = tuple(kinds[letter] for letter in arguments)
    return Function(made, description, len(made) - optional, more, "boolean" if truth else "number")


FUNCTIONS: Mapping[str, Function] = {
    "abs": _of("n", "the number without its sign"),
    "min": _of("nn", "the smallest of the numbers", more=True),
    "max": _of("nn", "the largest of the numbers", more=True),
    "round": _of("nn", "rounded to so many digits behind the point (0)", optional=1),
    "sqrt": _of("n", "square root; undefined below zero"),
    "log": _of("nn", "logarithm, natural or to the base given; undefined at and below zero", optional=1),
    "exp": _of("n", "e to that power"),
    "floor": _of("n", "the next whole number below"),
    "ceil": _of("n", "the next whole number above"),
    "sign": _of("n", "-1, 0 or 1"),
    "clamp": _of("nnn", "the number, but no less than the second and no more than the third"),
    "coalesce": _of("nn", "the first value that is not NULL; all but the last are plain names", more=True),
    "is_null": _of("v", "whether the value is NULL", truth=True),
    "days_between": _of("tt", "days from the first date to the second, ISO 8601"),
    "days_since": _of("t", "days from a date, ISO 8601, to the day of the question"),
    "payment": _of("nnn", "level payment per period of a loan: rate per period, periods, principal"),
    "present_value": _of("nnn", "value now of equal payments: rate per period, periods, payment"),
    "future_value": _of("nnn", "value at the end of an amount now: rate per period, periods, amount"),
    "balance": _of("nnnn", "what is left of a loan: rate per period, periods, principal, periods paid"),
    "cagr": _of("nnn", "compound growth per period: first value, last value, periods"),
    "count": _of("s", "how many values there are, NULLs left out"),
    "count_true": _of("b", "in how many rows the condition holds"),
    "share": _of("b", "the part of rows in which the condition holds, 0 to 1"),
    "distinct": _of("s", "how many different values there are"),
    "sum": _of("s", "the total; 0 where there are no values"),
    "mean": _of("s", "the arithmetic mean"),
    "median": _of("s", "the middle value"),
    "minimum": _of("s", "the smallest value"),
    "maximum": _of("s", "the largest value"),
    "stdev": _of("s", "standard deviation of a sample (n - 1); two values at least"),
    "variance": _of("s", "variance of a sample (n - 1); two values at least"),
    "population_stdev": _of("s", "standard deviation of a whole population (n)"),
    "percentile": _of("sn", "the value below which that percentage (0 to 100) lies, interpolated linearly"),
    "first": _of("s", "the first value, in the order of the rows"),
    "last": _of("s", "the last value, in the order of the rows"),
    "growth": _of("s", "the change from the first value to the last, relative to the first"),
    "volatility": _of("s", "standard deviation of the relative changes from row to row"),
    "max_drawdown": _of("s", "the largest relative fall from a peak, 0 to 1"),
    "slope": _of("s", "the change per row by least squares"),
    "npv": _of("ns", "net present value: rate per period, flows of which the first is now"),
    "irr": _of("s", "the rate at which the net present value of the flows is zero; they change sign once"),
    "correlation": _of("cc", "Pearson's correlation of two columns, -1 to 1"),
    "covariance": _of("cc", "covariance of two columns, of a sample (n - 1)"),
    "regression_slope": _of("cc", "how much the second column changes per unit of the first, by least squares"),
    "weighted_mean": _of("cc", "mean of the first column, weighted by the second"),
    "only": _of("sb", "in a series: the value where the condition holds; other rows are left out"),
}  # fmt: skip
"""By name. ``min`` and ``max`` of one argument are ``minimum`` and ``maximum``."""

ALIASES: Mapping[str, str] = {
    "average": "mean", "avg": "mean", "total": "sum", "ln": "log", "ceiling": "ceil", "std": "stdev", "stddev": "stdev",
    "std_dev": "stdev", "standard_deviation": "stdev", "var": "variance", "corr": "correlation", "pmt": "payment",
    "pv": "present_value", "fv": "future_value", "quantile": "percentile", "largest": "maximum", "smallest": "minimum",
    "if_null": "coalesce", "ifnull": "coalesce", "stdevp": "population_stdev", "countif": "count_true",
    "count_if": "count_true", "internal_rate_of_return": "irr", "net_present_value": "npv", "square_root": "sqrt",
    "absolute": "abs", "pow": "power",
}  # fmt: skip
"""Other names by which functions are known."""
