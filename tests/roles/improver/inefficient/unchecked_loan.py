"""Computes payments of loans."""


class LoanAgent:
    """Computes loans."""

    __slots__ = ()

    def payment(self, amount: float, years: int) -> float:  # planted: unchecked-input
        """What is paid each year, without interest."""
        return round(amount / years, 2)
