"""Annuities and growth, for the evaluation that generated code is checked against.

Payments are at the end of each period; all rates are per period.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from roles.engineering.formulas.undefined import Undefined

__all__ = ["MONEY"]


def _discount(rate: float, periods: float) -> float:
    """What (1 + rate) to the power of -periods is short of one; of the rate's sign, however small that is."""
    if rate <= -1 or periods <= 0:
        raise Undefined("an annuity needs a rate above -100 % and at least one period")
    return -math.expm1(-periods * math.log1p(rate))


def _payment(rate: float, periods: float, principal: float) -> float:
    if rate == 0 and periods > 0:
        return principal / periods
    return principal * rate / _discount(rate, periods)


def _present_value(rate: float, periods: float, payment: float) -> float:
    if rate == 0 and periods > 0:
        return payment * periods
    return payment * _discount(rate, periods) / rate


def _future_value(rate: float, periods: float, amount: float) -> float:
    if rate <= -1 or periods < 0:
        raise Undefined("growth needs a rate above -100 % and no negative number of periods")
    return amount * math.exp(periods * math.log1p(rate))


def _balance(rate: float, periods: float, principal: float, paid: float) -> float:
    if not 0 <= paid <= periods:
        raise Undefined("the periods paid are not within the loan's")
    if rate == 0 and periods > 0:
        return principal * (1 - paid / periods)
    left = periods - paid
    return _present_value(rate, left, _payment(rate, periods, principal)) if left else 0.0


def _cagr(first: float, last: float, periods: float) -> float:
    if first <= 0 or last < 0 or periods <= 0:
        raise Undefined("compound growth needs a first value and a number of periods above zero")
    return math.expm1(math.log(last / first) / periods) if last else -1.0


MONEY: Mapping[str, Callable[..., float]] = {
    "payment": _payment,
    "present_value": _present_value,
    "future_value": _future_value,
    "balance": _balance,
    "cagr": _cagr,
}
