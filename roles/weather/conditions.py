"""WMO weather codes (table 4677, the part that Open-Meteo uses) in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType

__all__ = ["describe", "describe_period"]

_WORDS: Mapping[int, str] = MappingProxyType(
    {
        0: "clear sky",
        1: "mainly clear",
        2: "partly cloudy",
        3: "overcast",
        45: "fog",
        48: "freezing fog",
        51: "light drizzle",
        53: "drizzle",
        55: "heavy drizzle",
        56: "light freezing drizzle",
        57: "freezing drizzle",
        61: "light rain",
        63: "rain",
        65: "heavy rain",
        66: "light freezing rain",
        67: "freezing rain",
        71: "light snow",
        73: "snow",
        75: "heavy snow",
        77: "snow grains",
        80: "light rain showers",
        81: "rain showers",
        82: "violent rain showers",
        85: "light snow showers",
        86: "heavy snow showers",
        95: "thunderstorms",
        96: "thunderstorms with light hail",
        99: "thunderstorms with heavy hail",
    }
)
_FIRST_WET = 51


def describe(code: int | None) -> str:
    """A weather code in words; an unknown one is named as such instead of guessed."""
    if code is None:
        return "no weather description"
    return _WORDS.get(code, f"weather code {code}")


def describe_period(codes: Sequence[int | None]) -> str:
    """Several hours in words: what is most frequent, and the worst rain, snow or storm among them."""
    known = [code for code in codes if code is not None]
    if not known:
        return describe(None)
    counted = Counter(known)
    main = max(counted, key=lambda code: (counted[code], code))
    worst = max(known)
    if main < _FIRST_WET <= worst:
        return f"{describe(main)}, {describe(worst)} at times"
    return describe(main)
