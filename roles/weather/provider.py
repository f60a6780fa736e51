"""What a weather service is to the role: the protocol, the shapes it answers in, and how it fails."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Protocol

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from common.health import Reached

__all__ = [
    "CurrentWeather",
    "DayForecast",
    "GeoPlace",
    "HourForecast",
    "Units",
    "WeatherProvider",
    "WeatherRefused",
    "WeatherUnavailable",
    "fit_to_print",
    "plain",
]


class WeatherUnavailable(Exception):
    """The service can't be reached or its answer can't be used; `reason` is a clause for people."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class WeatherRefused(Exception):
    """The service answered that it can't serve this question; `reason` is what it said."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def fit_to_print(text: str, size: int = 100) -> str:
    """Foreign text as people may see it: control characters out, blanks collapsed, at most `size` characters."""
    printable = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(printable.split())[:size]


def _label(text: str) -> str:
    return fit_to_print(text)


Label = Annotated[str, BeforeValidator(lambda value: value or ""), AfterValidator(_label)]
Figure = Annotated[float, Field(allow_inf_nan=False)]


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True)


class GeoPlace(_Shape):
    """A place on the map. `timezone` is an IANA name, or empty where the service does not know it."""

    name: Label
    region: Label = ""
    country: Label = ""
    country_code: Label = ""
    latitude: Figure
    longitude: Figure
    timezone: Label = ""
    population: int = 0

    @property
    def label(self) -> str:
        """The name with region and country, as one says it to tell places apart."""
        if not self.region and self.country == self.name and self.country_code:
            return f"{self.name} ({self.country_code})"
        parts = [self.name, self.region if self.region != self.name else "", self.country]
        return ", ".join(part for part in parts if part)


class Units(_Shape):
    """The units that figures are in: °C or °F; km/h, m/s, mph or kn; mm or in."""

    temperature: str = "°C"
    wind: str = "km/h"
    precipitation: str = "mm"


class CurrentWeather(_Shape):
    """The weather at `at` (local time of the place)."""

    at: datetime
    code: int | None = None
    temperature: Figure | None = None
    feels_like: Figure | None = None
    humidity: Figure | None = None
    precipitation: Figure | None = None
    wind: Figure | None = None


class DayForecast(_Shape):
    """One day at the place; `probability` is the highest chance of precipitation in per cent."""

    day: date
    code: int | None = None
    low: Figure | None = None
    high: Figure | None = None
    precipitation: Figure | None = None
    probability: Figure | None = None
    wind: Figure | None = None


class HourForecast(_Shape):
    """The hour that starts at `at` (local time of the place, without offset)."""

    at: datetime
    code: int | None = None
    temperature: Figure | None = None
    precipitation: Figure | None = None
    probability: Figure | None = None
    wind: Figure | None = None


class WeatherProvider(Protocol):
    """A weather service. Every method raises `WeatherUnavailable` or `WeatherRefused`, and nothing else on purpose."""

    @property
    def horizon(self) -> int:
        """How many days a forecast covers, today included."""
        ...

    async def find_places(self, name: str, limit: int = 10) -> Sequence[GeoPlace]:
        """Places of this name, at most `limit` (100), the service's best first; empty where it knows none."""
        ...

    async def current(self, place: GeoPlace, units: Units) -> tuple[CurrentWeather, Units]:
        """The weather there now, and the units it is in: those asked for, where the service has them."""
        ...

    async def daily(
        self, place: GeoPlace, first: date, last: date, units: Units
    ) -> tuple[Sequence[DayForecast], Units]:
        """The days from `first` to `last`, both included, in the place's time zone; units as in `current`."""
        ...

    async def hourly(
        self, place: GeoPlace, first: datetime, last: datetime, units: Units
    ) -> tuple[Sequence[HourForecast], Units]:
        """The hours that start in [first, last), local times of the place without offset; units as in `current`."""
        ...

    async def probe(self) -> Reached:
        """Ask whether the service is there, with one cheap question; raises `SupervisorError` where it is not."""
        ...


def plain(text: str) -> str:
    """A name made comparable: no accents, no case, single blanks."""
    decomposed = unicodedata.normalize("NFKD", text)
    return " ".join("".join(char for char in decomposed if not unicodedata.combining(char)).casefold().split())
