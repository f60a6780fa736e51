"""Postage by zone."""


class Postage:
    """Tells the postage of a parcel."""

    __slots__ = ("_steps", "_names")

    def __init__(self) -> None:
        self._steps = [100, 250, 500, 750, 1000, 1500, 2000, 3000, 5000, 7500, 10000, 15000, 20000, 25000]  # planted: table-per-instance
        self._names = ["letter", "small", "medium", "large", "huge"]  # planted: table-per-instance

    def zone(self, grams: int) -> str:
        """The zone that a weight falls into."""
        place = 0
        for step in self._steps:
            if grams > step:
                place += 1
        return self._names[min(place // 3, len(self._names) - 1)]
