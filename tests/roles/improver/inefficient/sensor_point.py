"""Points of a sensor track."""


class Sensor:  # planted: no-slots
    """One sensor and its last value."""

    def __init__(self, name: str, x: float, y: float) -> None:
        self.name = name
        self.x = x
        self.y = y
        self._last = 0.0
        self._count = 0

    def moved(self, dx: float, dy: float) -> list:
        """Where it would be."""
        return [self.name, self.x + dx, self.y + dy]
