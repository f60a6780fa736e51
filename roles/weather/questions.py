"""What people want to know of the weather: whether it freezes, rains or blows, answered with the figure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from roles.weather.provider import Units
from roles.weather.units import METRIC, in_unit

__all__ = ["Stretch", "verdict"]

_LIKELY, _POSSIBLE = 50, 20
_WET_MM = 1.0
_STORM, _WINDY, _BREEZE = 62, 39, 20
"""In km/h, as the Beaufort scale has them: gale, strong breeze, moderate breeze."""
_SNOW = frozenset({71, 73, 75, 77, 85, 86})
_SUNNY, _PARTLY = 1, 2
_MAX_NAMED = 4


@dataclass(frozen=True, slots=True)
class Stretch:
    """The figures of a day, of some hours, or of now; `name` tells days of several apart ("Saturday 5 December")."""

    low: float | None = None
    high: float | None = None
    chance: float | None = None
    amount: float | None = None
    wind: float | None = None
    codes: tuple[int, ...] = ()
    name: str = ""


@dataclass(frozen=True, slots=True)
class _Judged:
    """How far something holds in a stretch (0 no, 1 maybe, 2 yes), and the figure that says so."""

    degree: int
    figure: str
    name: str = ""


Judge = Callable[[Stretch, Units], _Judged | None]


def _number(value: float) -> str:
    rounded = round(value)
    return f"{'−' if rounded < 0 else ''}{abs(rounded)}"


def _frost(part: Stretch, units: Units) -> _Judged | None:
    if part.low is None:
        return None
    low = in_unit(part.low, units.temperature, METRIC.temperature)
    return _Judged(2 if low <= 0 else 1 if low <= 2 else 0, f"down to {_number(part.low)} {units.temperature}")


def _rain(part: Stretch, units: Units) -> _Judged | None:
    if part.chance is None and part.amount is None:
        return None
    amount = in_unit(part.amount or 0.0, units.precipitation, METRIC.precipitation)
    degree = 2 if amount >= _WET_MM else 1 if amount else 0
    if part.chance is not None:
        degree = 2 if part.chance >= _LIKELY else 1 if part.chance >= _POSSIBLE else 0
    digits = 2 if units.precipitation == "in" else 1
    said = [f"{_number(part.chance)} % chance"] if part.chance is not None else []
    if part.amount or part.chance is None:
        said.append(f"{part.amount or 0:.{digits}f} {units.precipitation}")
    return _Judged(degree, ", ".join(said))


def _snow(part: Stretch, units: Units) -> _Judged | None:
    rain = _rain(part, units)
    if not part.codes or rain is None:
        return None
    return _Judged(2 if not _SNOW.isdisjoint(part.codes) else 0, rain.figure)


def _wind(part: Stretch, units: Units) -> _Judged | None:
    if part.wind is None:
        return None
    speed = in_unit(part.wind, units.wind, METRIC.wind)
    return _Judged(2 if speed >= _WINDY else 1 if speed >= _BREEZE else 0, f"up to {_number(part.wind)} {units.wind}")


def _storm(part: Stretch, units: Units) -> _Judged | None:
    if part.wind is None:
        return None
    speed = in_unit(part.wind, units.wind, METRIC.wind)
    thunder = any(code >= 95 for code in part.codes)
    degree = 2 if speed >= _STORM or thunder else 1 if speed >= _WINDY else 0
    return _Judged(degree, f"wind up to {_number(part.wind)} {units.wind}{', thunderstorms' if thunder else ''}")


def _sun(part: Stretch, units: Units) -> _Judged | None:
    if not part.codes:
        return None
    main = max(set(part.codes), key=part.codes.count)
    rain = _rain(part, units)
    figure = rain.figure if rain is not None else "no figure for rain"
    return _Judged(2 if main <= _SUNNY else 1 if main == _PARTLY else 0, figure)


def _warmest(part: Stretch, units: Units) -> _Judged | None:
    return None if part.high is None else _Judged(2, f"{_number(part.high)} {units.temperature}")


def _coldest(part: Stretch, units: Units) -> _Judged | None:
    return None if part.low is None else _Judged(2, f"{_number(part.low)} {units.temperature}")


# what is asked, how it is judged, and the words for yes, maybe and no
_QUESTIONS: tuple[tuple[re.Pattern[str], Judge, tuple[str, str, str]], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), judge, words)
    for pattern, judge, words in (
        (
            r"\b(?:freez\w*|frost\w*|below zero|icy|ice)\b",
            _frost,
            ("Frost is expected", "Ground frost is possible", "No frost is expected"),
        ),
        (r"\b(?:snow\w*)\b", _snow, ("Snow is expected", "Snow is possible", "No snow is expected")),
        (
            r"\b(?:umbrella|brolly|rain ?coat)\b",
            _rain,
            ("Take it with you, rain is likely", "Rain is possible, so it may be of use", "You will hardly need it"),
        ),
        (r"\bdry\b", _rain, ("It will hardly stay dry", "It may not stay dry", "It should stay dry")),
        (
            r"\b(?:rain\w*|showers?|drizzl\w*|wet|precipitation)\b",
            _rain,
            ("Rain is likely", "Rain is possible", "Rain is unlikely"),
        ),
        (r"\b(?:storm\w*|gales?|thunder\w*)\b", _storm, ("It is stormy", "It is windy, but no storm", "No storm")),
        (
            r"\b(?:wind\w*|breez\w*|gust\w*|blow\w*)\b",
            _wind,
            ("It is windy", "There is a breeze", "There is little wind"),
        ),
        (r"\b(?:sun|sunny|sunshine|clear sky)\b", _sun, ("It is sunny", "It is partly sunny", "There is little sun")),
        (r"\bhow (?:hot|warm)\b", _warmest, ("The highest is", "", "")),
        (r"\bhow cold\b", _coldest, ("The lowest is", "", "")),
    )
)


def verdict(question: str, parts: Sequence[Stretch], units: Units) -> str:
    """The answer to what was asked, with the figure; "" where nothing particular was asked or the figures are missing.

    Of several days those are named for which it holds, else the strongest figure is told.
    """
    found = next(((judge, words) for pattern, judge, words in _QUESTIONS if pattern.search(question)), None)
    if found is None:
        return ""
    judge, words = found
    judged = [
        _Judged(result.degree, result.figure, part.name) for part in parts if (result := judge(part, units)) is not None
    ]
    if not judged:
        return ""
    degree = max(entry.degree for entry in judged)
    strongest = [entry for entry in judged if entry.degree == degree]
    said = words[2 - degree]
    joint = " " if said.endswith(" is") else ": "
    if len(judged) == 1:
        return f"{said}{joint}{judged[0].figure}."
    if not degree:
        return f"{said} on any of these days."
    if joint == " ":
        return ""
    named = "; ".join(f"{entry.name} ({entry.figure})" for entry in strongest[:_MAX_NAMED])
    more = f" and {len(strongest) - _MAX_NAMED} more days" if len(strongest) > _MAX_NAMED else ""
    return f"{said}: {named}{more}."
