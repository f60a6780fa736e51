"""From the name of a place to the place: qualifiers such as ", Texas", and names that many places share."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from common.language.regions import COUNTRIES, PROVINCES
from roles.weather.provider import GeoPlace, WeatherProvider, plain

__all__ = ["FoundPlace", "Home", "UnknownPlace", "find_place"]

_MAX_NAMED = 3
_FEW, _MANY = 10, 100
_ALIKE = 0.75
_PREFIX = 3
_SAME_COUNTRY, _SAME_REGION = 0.5, 1.5
"""How much nearness to the user counts against size: places are compared by the power of ten of their people."""

Home = Callable[[], Awaitable[GeoPlace | None]]
"""Finds the place where the user is, or None; asked only where several places bear the name."""


@dataclass(frozen=True, slots=True)
class FoundPlace:
    """The place that was taken. `alternatives` are other places that the name could mean, each as one asks for it;
    `exact` is False where the service knows the place by another name than was said."""

    place: GeoPlace
    alternatives: tuple[str, ...] = ()
    exact: bool = True


@dataclass(frozen=True, slots=True)
class UnknownPlace:
    """No such place: the name and the region that was asked for with it, and places of like names."""

    name: str
    region: str = ""
    near: tuple[str, ...] = ()

    def words(self) -> str:
        """A sentence for the user."""
        other = f" Did you mean {_listed(self.near)}?" if self.near else ""
        if self.region:
            return f"I know no place called “{self.name}” in “{self.region}”.{other}"
        return f"I know no place called “{self.name}”.{other or ' Check the spelling, or name the nearest town.'}"


def _listed(names: Sequence[str]) -> str:
    quoted = [f"“{name}”" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"


async def find_place(provider: WeatherProvider, name: str, home: Home | None = None) -> FoundPlace | UnknownPlace:
    """The place a name means; at most two questions to the service, not counting `home`."""
    base, region = _split(name)
    found = await provider.find_places(base, _MANY if region else _FEW)
    if not found and not region and (cut := _cut(base)) is not None:
        found = [place for place in await provider.find_places(cut[0], _MANY) if _is_in(place, cut[1])]
        return await _choose(cut[0], found, home) if found else UnknownPlace(base)
    inside = [place for place in found if _is_in(place, region)] if region else list(found)
    if inside:
        return await _choose(base, inside, home)
    if found:
        same = [place for place in found if plain(place.name) == plain(base)] or found
        return UnknownPlace(base, region, _ways_to_ask(same, same)[:_MAX_NAMED])
    return UnknownPlace(base, region, await _near(provider, base))


def _split(name: str) -> tuple[str, str]:
    """Name and region of "Paris, Texas" and "Paris in Texas"."""
    base, _, region = name.strip(" .?!,").partition(",")
    if not region:
        base, _, region = re.sub(r"\s+in\s+", ",", base, count=1).partition(",")
    return base.strip(), region.strip()


def _cut(name: str) -> tuple[str, str] | None:
    """Name and region of "Springfield Illinois" and "Halifax Nova Scotia"."""
    words = name.split()
    for at in range(1, len(words)):
        region = plain(" ".join(words[at:]))
        if region in COUNTRIES or any(region in table or region in table.values() for table in PROVINCES.values()):
            return " ".join(words[:at]), " ".join(words[at:])
    return (" ".join(words[:-1]), words[-1]) if len(words) > 1 else None


def _is_in(place: GeoPlace, region: str) -> bool:
    """Whether every part of "Île-de-France, France" names the place's region or country."""
    own, code = plain(place.region), place.country_code.casefold()
    names = {own, plain(place.country), code} - {""}
    return all(
        part in names
        or COUNTRIES.get(part) == code
        or (own and PROVINCES.get(code, {}).get(part) == own)
        or (len(part) > _PREFIX and part in own.split(" "))
        for part in re.split(r"\s*,\s*", plain(region))
    )


async def _choose(name: str, found: Sequence[GeoPlace], home: Home | None) -> FoundPlace:
    """Of those that bear the name the largest, places near the user's preferred; else the service's first."""
    same = [place for place in found if plain(place.name) == plain(name)]
    if not same:
        others = [place for place in found[1:] if plain(place.name) == plain(found[0].name)]
        return FoundPlace(found[0], _ways_to_ask(others[:_MAX_NAMED], found), exact=False)
    near = await home() if home is not None and len(same) > 1 else None
    same.sort(key=lambda place: -_weight(place, near))
    others = [place for place in same[1:] if place.label != same[0].label]
    return FoundPlace(same[0], _ways_to_ask(others, same)[:_MAX_NAMED])


def _weight(place: GeoPlace, near: GeoPlace | None) -> float:
    weight = math.log10(max(place.population, 0) + 1)
    if near is not None and near.country_code and near.country_code == place.country_code:
        weight += _SAME_REGION if near.region and near.region == place.region else _SAME_COUNTRY
    return weight


def _ways_to_ask(places: Sequence[GeoPlace], among: Sequence[GeoPlace]) -> tuple[str, ...]:
    """How to ask for each: by its region where that tells it apart, else by region and country."""
    ways: dict[str, None] = {}
    for place in places:
        rivals = [other for other in among if plain(other.name) == plain(place.name) and other.label != place.label]
        parts = [place.name, place.region if plain(place.region) != plain(place.name) else ""]
        if not parts[1] or any(plain(other.region) == plain(place.region) for other in rivals):
            parts.append(place.country if plain(place.country) != plain(place.name) else place.country_code)
        ways[", ".join(part for part in parts if part)] = None
    return tuple(ways)


async def _near(provider: WeatherProvider, name: str) -> tuple[str, ...]:
    """Places that are spelled much alike, from those that begin alike."""
    wanted = plain(name)
    if len(wanted) <= _PREFIX:
        return ()
    found = await provider.find_places(wanted[:_PREFIX], _MANY)
    by_name = {plain(place.name): place for place in reversed(found)}
    like = difflib.get_close_matches(wanted, by_name, n=_MAX_NAMED, cutoff=_ALIKE)
    return _ways_to_ask([by_name[match] for match in like], found)
