"""Condenses series to one number, for the evaluation that generated code is checked against.

Where the standard library has a way of its own (`statistics`, in exact fractions), it is that.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

from roles.engineering.formulas.undefined import Undefined

__all__ = ["condense", "condense_pairs"]


def condense(function: str, numbers: Sequence[float], parameter: float = 0.0) -> float:
    """The function's value for these numbers, NULLs left out. Raises `Undefined`."""
    if function == "npv":
        return _npv(parameter, numbers)
    if function == "percentile":
        return _percentile(numbers, parameter)
    return _ONE[function](numbers)


def condense_pairs(function: str, pairs: Sequence[tuple[float, float]]) -> float:
    """The function's value for rows of two columns. Raises `Undefined`."""
    first, second = [one for one, _ in pairs], [other for _, other in pairs]
    if function == "weighted_mean":
        total = math.fsum(second)
        if total == 0:
            raise Undefined("the weights add up to zero")
        return math.fsum(one * weight for one, weight in pairs) / total
    if len(pairs) < 2:
        raise Undefined("it needs two rows at least")
    if function == "covariance":
        return statistics.covariance(first, second)
    try:
        if function == "correlation":
            return statistics.correlation(first, second)
        return statistics.linear_regression(first, second).slope
    except statistics.StatisticsError:
        raise Undefined("a column does not vary") from None


def _several(function: Callable[[Sequence[float]], float]) -> Callable[[Sequence[float]], float]:
    def checked(numbers: Sequence[float]) -> float:
        if len(numbers) < 2:
            raise Undefined("it needs two values at least")
        return function(numbers)

    return checked


def _percentile(numbers: Sequence[float], percent: float) -> float:
    if not 0 <= percent <= 100:
        raise Undefined("a percentile lies between 0 and 100")
    if not numbers:
        raise Undefined("it needs a value at least")
    ordered = sorted(numbers)
    place = percent / 100 * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] * (1 - (place - low)) + ordered[high] * (place - low)


def _growth(numbers: Sequence[float]) -> float:
    if numbers[0] == 0:
        raise Undefined("the first value is zero")
    return (numbers[-1] - numbers[0]) / abs(numbers[0])


def _volatility(numbers: Sequence[float]) -> float:
    if len(numbers) < 3 or any(one == 0 for one in numbers[:-1]):
        raise Undefined("it needs three values at least, none of them zero")
    return statistics.stdev([after / before - 1 for before, after in pairwise(numbers)])


def _max_drawdown(numbers: Sequence[float]) -> float:
    if any(one <= 0 for one in numbers):
        raise Undefined("a fall relative to a peak needs values above zero")
    return max(1 - last / max(numbers[: index + 1]) for index, last in enumerate(numbers))


def _slope(numbers: Sequence[float]) -> float:
    return statistics.linear_regression(range(len(numbers)), numbers).slope


def _npv(rate: float, flows: Sequence[float]) -> float:
    if rate <= -1:
        raise Undefined("the rate is not above -100 %")
    value = 0.0
    for flow in reversed(flows):
        value = value / (1 + rate) + flow
    return value


def _irr(flows: Sequence[float]) -> float:
    signs = [math.copysign(1, flow) for flow in flows if flow]
    if sum(one != other for one, other in pairwise(signs)) != 1:
        raise Undefined("flows that do not change their sign exactly once have no single rate")
    # by the discount factor, in which the value is a polynomial with one root above zero
    low, high = 0.0, 1.0
    direction = -signs[0]

    def value(factor: float) -> float:
        return math.fsum(flow * factor**period for period, flow in enumerate(flows)) * direction

    while value(high) < 0:
        high *= 2
        if high > 1e9:
            raise Undefined("the rate is not within reach")
    for _ in range(300):
        middle = (low + high) / 2
        low, high = (middle, high) if value(middle) < 0 else (low, middle)
    if low + high == 0:
        raise Undefined("the rate is not within reach")
    return 2 / (low + high) - 1


_ONE: Mapping[str, Callable[[Sequence[float]], float]] = {
    "sum": math.fsum,
    "mean": statistics.fmean,
    "median": statistics.median,
    "minimum": lambda numbers: sorted(numbers)[0],
    "maximum": lambda numbers: sorted(numbers)[-1],
    "stdev": _several(statistics.stdev),
    "variance": _several(statistics.variance),
    "population_stdev": statistics.pstdev,
    "first": lambda numbers: numbers[0],
    "last": lambda numbers: numbers[-1],
    "growth": _growth,
    "volatility": _volatility,
    "max_drawdown": _max_drawdown,
    "slope": _several(_slope),
    "irr": _irr,
}
