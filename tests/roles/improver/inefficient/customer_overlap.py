"""Finds customers that two lists share."""


class OverlapAgent:
    """Compares customer lists."""

    __slots__ = ()

    def shared(self, ours: list[str], theirs: list[str]) -> list[str]:
        """Customers that are in both lists, in our order."""
        both = []
        for customer in ours:
            # theirs can be long
            if customer in theirs:  # planted: list-membership
                both.append(customer)
        return both
