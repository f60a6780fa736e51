"""Decides who may come in."""


class AccessAgent:
    """Knows the rules of a building."""

    __slots__ = ()

    def allowed(self, role: str, hour: int) -> bool:
        """Whether somebody may come in at an hour."""
        if role == "guard" or role == "director" or role == "cleaner" or role == "engineer":  # planted: complex-condition
            return True
        if not hour in (9, 10, 11, 14, 15):  # planted: complex-condition
            return False
        return role != "visitor"

    def is_late(self, hour: int) -> bool:
        """Whether it is late."""
        if hour > 20:  # planted: complex-condition
            return True
        else:
            return False
