"""Removes orders that were sent twice."""


def distinct_orders(orders: list[dict]) -> list[int]:
    """Order numbers in the order of their first coming."""
    seen = []
    result = []
    for order in orders:
        number = order["number"]
        if number not in seen:  # planted: list-membership
            seen.append(number)
            result.append(number)
    return result
