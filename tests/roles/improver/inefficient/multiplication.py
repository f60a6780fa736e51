"""Looks products up."""


class Multiplication:  # planted: no-slots
    """A table of products."""

    def __init__(self) -> None:
        self.calls = 0
        # all products up to 30 times 30
        self._products = {(a, b): a * b for a in range(31) for b in range(31)}  # planted: eager-attribute

    def product(self, a: int, b: int) -> int:
        """The product of two small numbers."""
        self.calls += 1
        return self._products.get((a, b), -1)
