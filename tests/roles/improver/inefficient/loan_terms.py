"""Terms of a loan."""

from dataclasses import dataclass


@dataclass
class LoanTerms:  # planted: no-slots
    """What was agreed."""

    amount: float
    rate: float
    years: int = 10
    fee: float = 0.0

    def yearly(self) -> float:
        """What is paid each year."""
        return round(self.amount / self.years + self.amount * self.rate + self.fee, 2)
