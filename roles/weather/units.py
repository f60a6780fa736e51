"""The units people ask for, and figures turned from one into another."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, TypeVar

from pydantic import BaseModel

from roles.weather.provider import Units

__all__ = ["IMPERIAL", "METRIC", "converted", "default_units", "in_unit", "wanted_units"]

METRIC = Units()
IMPERIAL = Units(temperature="°F", wind="mph", precipitation="in")
_IGNORED = re.IGNORECASE
_SYSTEMS = (
    (re.compile(r"\b(?:fahrenheit|imperial|american units)\b|°\s?f\b|\bdegrees f\b|\bin f\b", _IGNORED), IMPERIAL),
    (re.compile(r"\b(?:celsius|centigrade|metric)\b|°\s?c\b|\bdegrees c\b|\bin c\b", _IGNORED), METRIC),
)
_WINDS = (
    ("mph", re.compile(r"\b(?:mph|miles (?:per|an) hour)\b", _IGNORED)),
    ("kn", re.compile(r"\b(?:knots?|kn|kts?)\b", _IGNORED)),
    ("m/s", re.compile(r"\bm/s\b|\bmps\b|\bmet(?:er|re)s (?:per|a) second\b", _IGNORED)),
    ("km/h", re.compile(r"\bkm/h\b|\bk(?:mh|ph)\b|\bkilomet(?:er|re)s (?:per|an) hour\b", _IGNORED)),
)
_RAINS = (
    ("in", re.compile(r"\binch(?:es)?\b", _IGNORED)),
    ("mm", re.compile(r"\b(?:millimet(?:er|re)s?|mm)\b", _IGNORED)),
)
_QUANTITIES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "temperature": ("temperature", "feels_like", "low", "high"),
        "wind": ("wind",),
        "precipitation": ("precipitation",),
    }
)
_SIZES: Mapping[str, float] = MappingProxyType(
    {"km/h": 1.0, "m/s": 3.6, "mph": 1.609344, "kn": 1.852, "mm": 1.0, "in": 25.4}
)

T = TypeVar("T", bound=BaseModel)


def default_units(system: Literal["metric", "imperial"]) -> Units:
    """The units of a system."""
    return IMPERIAL if system == "imperial" else METRIC


def wanted_units(question: str, default: Units) -> Units:
    """The units that the words ask for: "in Fahrenheit" is a whole system, "in knots" or "how many inches" one unit."""
    units = next((system for words, system in _SYSTEMS if words.search(question)), default)
    wind = next((unit for unit, words in _WINDS if words.search(question)), units.wind)
    rain = next((unit for unit, words in _RAINS if words.search(question)), units.precipitation)
    return Units(temperature=units.temperature, wind=wind, precipitation=rain)


def in_unit(value: float, unit: str, wanted: str) -> float:
    """A figure in another unit of the same quantity."""
    if unit == wanted:
        return value
    if unit == "°C":
        return value * 9 / 5 + 32
    if unit == "°F":
        return (value - 32) * 5 / 9
    return value * _SIZES[unit] / _SIZES[wanted]


def converted(figures: T, units: Units, wanted: Units) -> T:
    """A row of figures in other units; what is missing stays so. Raises `KeyError` for a unit that is not known."""
    changed: dict[str, float] = {}
    for quantity, names in _QUANTITIES.items():
        unit, other = getattr(units, quantity), getattr(wanted, quantity)
        for name in names if unit != other else ():
            value = getattr(figures, name, None)
            if value is not None:
                changed[name] = in_unit(value, unit, other)
    return figures.model_copy(update=changed) if changed else figures
