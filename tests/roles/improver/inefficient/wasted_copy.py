"""Adds up baskets."""


def totals(baskets: list[list[int]]) -> list[int]:
    """The sum of each basket."""
    result = []
    for basket in baskets:
        doubled = [number for number in range(300)]  # planted: unused-name
        result.append(sum(basket))
    return result
