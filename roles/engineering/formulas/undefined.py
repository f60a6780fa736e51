"""What a formula raises where it has no value."""

from __future__ import annotations

__all__ = ["Undefined"]


class Undefined(ArithmeticError):
    """Raised for values that do not exist: a division by zero, a root of a negative number."""
