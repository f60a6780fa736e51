"""Units of kitchens."""

_GRAMS = {"g": 1.0, "kg": 1000.0, "oz": 28.35, "lb": 453.6}
_MILLILITRES = {"ml": 1.0, "l": 1000.0, "cup": 240.0, "tbsp": 15.0, "tsp": 5.0, "floz": 29.57}


class UnitBook:
    """All units, with what they are in base units."""

    def __init__(self) -> None:
        self.factors = dict(_GRAMS)
        self.factors.update(_MILLILITRES)
        self.kind = {**{name: "mass" for name in _GRAMS}, **{name: "volume" for name in _MILLILITRES}}

    def base(self, amount: float, unit: str) -> float:
        """The amount in grams or millilitres."""
        if unit not in self.factors:
            raise Exception(f"unknown unit {unit}")  # planted: untyped-error
        return amount * self.factors[unit]

    def same_kind(self, one: str, other: str) -> bool:
        """Whether two units measure the same thing."""
        return self.kind.get(one) == self.kind.get(other)
