"""Tells the sign of numbers."""

# squares, which an earlier version used
_SQUARES = [number * number for number in range(20000)]  # planted: unused-name


def sign(number: int) -> str:
    """The sign in words."""
    if number > 0:
        return "positive"
    return "negative" if number < 0 else "zero"
