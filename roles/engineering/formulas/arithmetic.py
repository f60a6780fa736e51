"""The arithmetic of generated code: `library_source` copies from here what a package's formulas call.

Plain standard library; it stands by itself wherever it is copied. Rates are per period, payments at the end of each.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from typing import Any


class Undefined(ArithmeticError):
    """Raised where a value does not exist: a division by zero, a root of a negative number."""


class TooLarge(Undefined):
    """Raised where a value is beyond what floating point can hold: it is no division by zero."""


class Missing(ValueError):
    """Raised where a value that is needed is NULL, or a series has no values; it names the value."""


def given(name: str, value: Any) -> Any:
    """The value, which must not be NULL."""
    if value is None:
        raise Missing(name)
    return value


def finite(value: float) -> float:
    """The value, which must be a number that floating point can hold."""
    if not math.isfinite(value):
        raise TooLarge("the number is too large")
    return float(value)


def divide(left: float, right: float) -> float:
    """Left by right."""
    if right == 0:
        raise Undefined("it divides by zero")
    return left / right


def modulo(left: float, right: float) -> float:
    """What is left of a division; it has the sign of the divisor."""
    if right == 0:
        raise Undefined("it divides by zero")
    return float(left) % float(right)


def power(base: float, exponent: float) -> float:
    """Base to the power of exponent."""
    base, exponent = float(base), float(exponent)
    if base == 0 and exponent < 0:
        raise Undefined("it divides by zero")
    if base < 0 and not exponent.is_integer():
        raise Undefined("a root of a negative number")
    try:
        return base**exponent
    except OverflowError:
        raise TooLarge("the number is too large") from None


def root(value: float) -> float:
    """Square root."""
    if value < 0:
        raise Undefined("a root of a negative number")
    return value**0.5


def logarithm(value: float, base: float = math.e) -> float:
    """Logarithm, natural where no base is given."""
    if value <= 0 or base <= 0 or base == 1:
        raise Undefined("the logarithm of a number that is not above zero")
    return math.log(value, base) if base != math.e else math.log(value)


def exponential(value: float) -> float:
    """E to that power."""
    try:
        return math.exp(value)
    except OverflowError:
        raise TooLarge("the number is too large") from None


def rounded(value: float, digits: float = 0) -> float:
    """Rounded to so many digits behind the point, at most 15."""
    return float(round(value, max(-15, min(15, int(digits)))))


def absolute(value: float) -> float:
    """The number without its sign."""
    return -value if value < 0 else value


def smallest(*numbers: float) -> float:
    """The smallest of the numbers."""
    return min(numbers)


def largest(*numbers: float) -> float:
    """The largest of the numbers."""
    return max(numbers)


def sign(value: float) -> float:
    """-1, 0 or 1."""
    return float((value > 0) - (value < 0))


def floor(value: float) -> float:
    """The next whole number below."""
    return float(math.floor(value))


def ceil(value: float) -> float:
    """The next whole number above."""
    return float(math.ceil(value))


def clamp(value: float, low: float, high: float) -> float:
    """The value, but no less than `low` and no more than `high`."""
    if value < low:
        value = low
    return high if value > high else value


def coalesce(*values: Any) -> Any:
    """The first value that is not NULL."""
    for value in values:
        if value is not None:
            return value
    raise Missing("value")


def days_between(first: str, second: str) -> float:
    """Days from the first date to the second, both ISO 8601."""
    try:
        return float((date.fromisoformat(str(second)[:10]) - date.fromisoformat(str(first)[:10])).days)
    except ValueError:
        raise Undefined("a text that is no date") from None


def days_since(first: str) -> float:
    """Days from a date, ISO 8601, to today."""
    return days_between(first, date.today().isoformat())


def present_value(rate: float, periods: float, payment: float) -> float:
    """Value now of equal payments."""
    if periods <= 0 or rate <= -1:
        raise Undefined("an annuity needs a rate above -100 % and at least one period")
    if rate == 0:
        return payment * periods
    return payment * -math.expm1(-periods * math.log1p(rate)) / rate


def payment(rate: float, periods: float, principal: float) -> float:
    """Level payment per period of a loan."""
    return divide(principal, present_value(rate, periods, 1.0))


def future_value(rate: float, periods: float, amount: float) -> float:
    """Value at the end of an amount now."""
    if rate <= -1 or periods < 0:
        raise Undefined("an annuity needs a rate above -100 % and at least one period")
    return amount * power(1 + rate, periods)


def balance(rate: float, periods: float, principal: float, paid: float) -> float:
    """What is left of a loan after so many payments."""
    if paid < 0 or paid > periods:
        raise Undefined("the periods paid are not within the loan's")
    if paid == periods:
        return 0.0
    return divide(principal * present_value(rate, periods - paid, 1.0), present_value(rate, periods, 1.0))


def cagr(first: float, last: float, periods: float) -> float:
    """Compound growth per period from the first value to the last."""
    if first <= 0 or last < 0 or periods <= 0:
        raise Undefined("compound growth needs a first value and a number of periods above zero")
    return (last / first) ** (1 / periods) - 1


def rows(*columns: Sequence[Any]) -> list[tuple[Any, ...]]:
    """The rows of these columns that have no NULL."""
    return [row for row in zip(*columns, strict=True) if all(value is not None for value in row)]


def values(series: Sequence[Any]) -> list[Any]:
    """The values of a series that are not NULL; there is one at least."""
    found = [value for value in series if value is not None]
    if not found:
        raise Missing("rows")
    return found


def several(series: Sequence[Any]) -> list[Any]:
    """The values of a series that are not NULL; there are two at least."""
    found = values(series)
    if len(found) < 2:
        raise Undefined("it needs two values at least")
    return found


def count(series: Sequence[Any]) -> float:
    """How many values are not NULL."""
    return float(sum(1 for value in series if value is not None))


def distinct(series: Sequence[Any]) -> float:
    """How many different values there are."""
    return float(len({value for value in series if value is not None}))


def count_true(series: Sequence[Any]) -> float:
    """In how many rows the condition holds."""
    return float(sum(1 for value in series if value))


def share(series: Sequence[Any]) -> float:
    """The part of rows in which the condition holds."""
    found = values(series)
    return sum(1 for value in found if value) / len(found)


def total(series: Sequence[Any]) -> float:
    """The sum; 0 where there are no values."""
    return math.fsum(value for value in series if value is not None)


def mean(series: Sequence[Any]) -> float:
    """The arithmetic mean."""
    found = values(series)
    return math.fsum(found) / len(found)


def percentile(series: Sequence[Any], percent: float) -> float:
    """The value below which that percentage lies, interpolated linearly."""
    ordered = sorted(values(series))
    if percent < 0 or percent > 100:
        raise Undefined("a percentile lies between 0 and 100")
    place = (len(ordered) - 1) * percent / 100
    low = math.floor(place)
    if low + 1 >= len(ordered):
        return float(ordered[-1])
    return ordered[low] + (ordered[low + 1] - ordered[low]) * (place - low)


def median(series: Sequence[Any]) -> float:
    """The middle value."""
    return percentile(series, 50)


def minimum(series: Sequence[Any]) -> float:
    """The smallest value."""
    return min(values(series))


def maximum(series: Sequence[Any]) -> float:
    """The largest value."""
    return max(values(series))


def variance(series: Sequence[Any]) -> float:
    """Variance of a sample."""
    found = several(series)
    middle = mean(found)
    return math.fsum((value - middle) ** 2 for value in found) / (len(found) - 1)


def stdev(series: Sequence[Any]) -> float:
    """Standard deviation of a sample."""
    return variance(series) ** 0.5


def population_stdev(series: Sequence[Any]) -> float:
    """Standard deviation of a whole population."""
    found = values(series)
    middle = mean(found)
    return (math.fsum((value - middle) ** 2 for value in found) / len(found)) ** 0.5


def first(series: Sequence[Any]) -> float:
    """The first value."""
    return values(series)[0]


def last(series: Sequence[Any]) -> float:
    """The last value."""
    return values(series)[-1]


def growth(series: Sequence[Any]) -> float:
    """The change from the first value to the last, relative to the first."""
    found = values(series)
    if found[0] == 0:
        raise Undefined("the first value is zero")
    return (found[-1] - found[0]) / abs(found[0])


def volatility(series: Sequence[Any]) -> float:
    """Standard deviation of the relative changes from row to row."""
    found = values(series)
    if len(found) < 3 or 0 in found[:-1]:
        raise Undefined("it needs three values at least, none of them zero")
    return stdev([found[at + 1] / found[at] - 1 for at in range(len(found) - 1)])


def max_drawdown(series: Sequence[Any]) -> float:
    """The largest relative fall from a peak."""
    peak = fall = 0.0
    for value in values(series):
        if value <= 0:
            raise Undefined("a fall relative to a peak needs values above zero")
        peak = max(peak, value)
        fall = max(fall, (peak - value) / peak)
    return fall


def slope(series: Sequence[Any]) -> float:
    """The change per row by least squares."""
    found = several(series)
    return regression_slope(list(range(len(found))), found)


def npv(rate: float, flows: Sequence[Any]) -> float:
    """Net present value; the first flow is now."""
    found = values(flows)
    if rate <= -1:
        raise Undefined("the rate is not above -100 %")
    return math.fsum(flow / power(1 + rate, period) for period, flow in enumerate(found))


def irr(flows: Sequence[Any]) -> float:
    """The rate at which the net present value is zero, by bisection."""
    found = values(flows)
    signs = [flow > 0 for flow in found if flow != 0]
    if sum(1 for at in range(len(signs) - 1) if signs[at] != signs[at + 1]) != 1:
        raise Undefined("flows that do not change their sign exactly once have no single rate")
    rising = 1.0 if signs[0] else -1.0
    low, high = -0.999999, 1.0
    while npv(high, found) * rising < 0 and high < 1e9:
        high *= 2
    for _ in range(200):
        middle = (low + high) / 2
        if npv(middle, found) * rising < 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def columns(left: Sequence[Any], right: Sequence[Any]) -> list[tuple[Any, ...]]:
    """The rows of two columns that have no NULL; there are two at least."""
    found = rows(left, right)
    if len(found) < 2:
        raise Undefined("it needs two rows at least")
    return found


def covariance(left: Sequence[Any], right: Sequence[Any]) -> float:
    """Covariance of two columns, of a sample."""
    found = columns(left, right)
    one = mean([row[0] for row in found])
    other = mean([row[1] for row in found])
    return math.fsum((row[0] - one) * (row[1] - other) for row in found) / (len(found) - 1)


def correlation(left: Sequence[Any], right: Sequence[Any]) -> float:
    """Pearson's correlation of two columns."""
    found = columns(left, right)
    one, other = stdev([row[0] for row in found]), stdev([row[1] for row in found])
    if one == 0 or other == 0:
        raise Undefined("a column does not vary")
    return covariance(left, right) / one / other


def regression_slope(left: Sequence[Any], right: Sequence[Any]) -> float:
    """How much the second column changes per unit of the first, by least squares."""
    spread = variance([row[0] for row in columns(left, right)])
    if spread == 0:
        raise Undefined("a column does not vary")
    return covariance(left, right) / spread


def weighted_mean(series: Sequence[Any], weights: Sequence[Any]) -> float:
    """Mean of the first column, weighted by the second."""
    found = rows(series, weights)
    weight = math.fsum(row[1] for row in found)
    if weight == 0:
        raise Undefined("the weights add up to zero")
    return math.fsum(row[0] * row[1] for row in found) / weight
