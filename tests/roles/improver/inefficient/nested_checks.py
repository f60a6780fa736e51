"""Books tables in a restaurant."""


def book(guests: int, free: int, name: str) -> str:
    """What came of a booking."""
    if guests > 0:  # planted: nested-conditions
        if guests <= free:
            if name:
                return "booked for " + name
            return "who are you?"
        if guests > 20:
            return "too many"
        return "full"
    else:
        raise ValueError("nobody comes")
