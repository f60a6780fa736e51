"""A loan desk."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from string import Template


class Money:
    """Rounds as the bank does; always alike."""

    def __init__(self) -> None:
        self.step = Decimal("0.01")

    def round(self, amount: float) -> Decimal:
        return Decimal(str(amount)).quantize(self.step, ROUND_HALF_UP)


class LoanDesk:
    def letter(self, name: str, amount: float, parts: int) -> str:
        """What is sent."""
        text = Template("Dear $name, you owe $amount in $parts parts.")  # planted: object-per-call
        return text.substitute(name=name, amount=Money().round(amount), parts=parts)

    def total(self, amounts: list[float]) -> str:
        """The sum, rounded each."""
        sums = Decimal("0")
        for amount in amounts:
            sums += Money().round(amount)  # planted: object-per-call
        return str(sums)

    def rate(self, score: int, member: bool) -> int:  # planted: unchecked-input
        """Per cent a year."""
        if member == True:  # planted: complex-condition
            return 4 if score >= 650 else 6
        else:
            if score >= 650:
                return 5
            else:
                return 9

    def table(self, amount: int, months: int) -> list[int]:
        """What is left each month."""
        left: list[int] = []
        for month in range(months):
            left = left + [amount - amount * (month + 1) // months]  # planted: concatenation
        return left
