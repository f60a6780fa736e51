"""From the name of a place to the place: qualifiers such as ", Texas", and names that many places share."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from roles.weather.provider import GeoPlace, WeatherProvider, plain

__all__ = ["FoundPlace", "find_place"]

_MAX_ALTERNATIVES = 3
_COUNTRY_WORDS = {
    "usa": "us",
    "america": "us",
    "uk": "gb",
    "britain": "gb",
    "great britain": "gb",
    "england": "england",
}


@dataclass(frozen=True, slots=True)
class FoundPlace:
    """The place that was taken, and the labels of others that the name could have meant."""

    place: GeoPlace
    alternatives: tuple[str, ...] = ()


async def find_place(provider: WeatherProvider, name: str) -> FoundPlace | None:
    """The place a name means, None where the service knows none; at most two questions to the service."""
    base, qualifier = _split(name)
    found = await provider.find_places(base)
    if not found and not qualifier and " " in base:
        base, _, qualifier = base.rpartition(" ")
        base = re.sub(r"\s+in$", "", base)
        found = await provider.find_places(base)
    if qualifier:
        found = [place for place in found if _is_in(place, qualifier)]
    return _choose(base, found)


def _split(name: str) -> tuple[str, str]:
    base, _, qualifier = name.strip(" .?!,").partition(",")
    if not qualifier:
        base, _, qualifier = re.sub(r"\s+in\s+", ",", base, count=1).partition(",")
    return base.strip(), qualifier.strip()


def _is_in(place: GeoPlace, qualifier: str) -> bool:
    """Whether every part of "Île-de-France, France" names the place's region or country."""
    names = {plain(place.region), plain(place.country), place.country_code.casefold()} - {""}
    return all(_COUNTRY_WORDS.get(part, part) in names or part in names for part in plain(qualifier).split(", "))


def _choose(name: str, found: Sequence[GeoPlace]) -> FoundPlace | None:
    """The most populous of those that bear the name exactly; without one, the service's first."""
    if not found:
        return None
    same = [place for place in found if plain(place.name) == plain(name)]
    if not same:
        return FoundPlace(found[0])
    same.sort(key=lambda place: -place.population)
    others = dict.fromkeys(place.label for place in same[1:] if place.label != same[0].label)
    return FoundPlace(same[0], tuple(others)[:_MAX_ALTERNATIVES])
