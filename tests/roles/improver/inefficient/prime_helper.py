"""Answers questions about numbers."""


def _sieve(limit: int) -> list[bool]:
    flags = [True] * limit
    for number in range(2, limit):
        if flags[number]:
            for multiple in range(number * number, limit, number):
                flags[multiple] = False
    return flags


class NumberAgent:
    """Knows primes below 2,000."""

    __slots__ = ("_primes", "_greeting")

    def __init__(self, greeting: str) -> None:
        self._greeting = greeting
        self._primes = _sieve(2000)  # planted: eager-attribute

    def greet(self) -> str:
        """A greeting."""
        return self._greeting + "!"

    def is_prime(self, number: int) -> bool:
        """Whether a number up to 1,999 is prime."""
        return 1 < number < 2000 and self._primes[number]
