"""Open-Meteo over HTTP, or a server that answers like it.

The client ignores proxy settings and .netrc of the environment (`trust_env=False`): the addresses come from
`settings.weather` alone, so that a proxy variable meant for other programs can't redirect or break the role. Nothing
is retried: a tool call is short, and the log's last good answer stands in.
"""

from __future__ import annotations

import json
import socket
import ssl
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TypeVar, cast

import anyio
import anyio.to_thread
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from common.errors import ToolError
from common.health import Reached
from common.settings import WeatherSettings
from roles.weather.provider import (
    CurrentWeather,
    DayForecast,
    GeoPlace,
    HourForecast,
    Units,
    WeatherRefused,
    WeatherUnavailable,
    fit_to_print,
)

if TYPE_CHECKING:
    import httpx

__all__ = ["OpenMeteo"]

_MAX_BYTES = 1_000_000
_CURRENT = {
    "weather_code": "code",
    "temperature_2m": "temperature",
    "apparent_temperature": "feels_like",
    "relative_humidity_2m": "humidity",
    "precipitation": "precipitation",
    "wind_speed_10m": "wind",
}
_DAILY = {
    "weather_code": "code",
    "temperature_2m_min": "low",
    "temperature_2m_max": "high",
    "precipitation_sum": "precipitation",
    "precipitation_probability_max": "probability",
    "wind_speed_10m_max": "wind",
}
_HOURLY = {
    "weather_code": "code",
    "temperature_2m": "temperature",
    "precipitation": "precipitation",
    "precipitation_probability": "probability",
    "wind_speed_10m": "wind",
}
_UNITS: Mapping[str, Mapping[str, str]] = {
    "temperature_unit": {"°C": "celsius", "°F": "fahrenheit"},
    "wind_speed_unit": {"km/h": "kmh", "m/s": "ms", "mph": "mph", "kn": "kn"},
    "precipitation_unit": {"mm": "mm", "in": "inch"},
}
_UNIT_WORDS = {"mp/h": "mph", "inch": "in", "undefined": ""}
_WINDOWS = {"minutely": "this minute", "hourly": "this hour", "daily": "today", "monthly": "this month"}

T = TypeVar("T", bound=BaseModel)


class _Loose(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _Hit(_Loose):
    name: str
    latitude: float
    longitude: float
    admin1: str | None = None
    country: str | None = None
    country_code: str | None = None
    timezone: str | None = None
    population: int | None = None


class _Geocoding(_Loose):
    results: list[_Hit] = Field(default_factory=list[_Hit])  # the key is missing where nothing was found

    @field_validator("results", mode="before")
    @classmethod
    def _none_found(cls, value: object) -> object:
        return [] if value is None else value


class _Current(_Loose):
    current: dict[str, Any]
    current_units: dict[str, str]


class _Daily(_Loose):
    daily: dict[str, list[Any]]
    daily_units: dict[str, str]


class _Hourly(_Loose):
    hourly: dict[str, list[Any]]
    hourly_units: dict[str, str]


class OpenMeteo:
    """Implements `roles.weather.provider.WeatherProvider`."""

    horizon = 16

    def __init__(self, settings: WeatherSettings) -> None:
        self._settings = settings
        self._tls: ssl.SSLContext | None = None

    async def find_places(self, name: str, limit: int = 10) -> Sequence[GeoPlace]:
        """See the protocol."""
        if len(name) < 2:
            return ()
        params = {"name": name[:100], "count": str(limit), "language": "en", "format": "json"}
        answer = await self._ask(_Geocoding, self._settings.geocoding_url, params)
        try:
            return [
                GeoPlace(
                    name=hit.name,
                    region=hit.admin1 or "",
                    country=hit.country or "",
                    country_code=hit.country_code or "",
                    latitude=hit.latitude,
                    longitude=hit.longitude,
                    timezone=hit.timezone or "",
                    population=hit.population or 0,
                )
                for hit in answer.results
            ]
        except ValidationError as error:
            raise _unreadable() from error

    async def current(self, place: GeoPlace, units: Units) -> tuple[CurrentWeather, Units]:
        """See the protocol."""
        params = {**_params(place, units), "current": ",".join(_CURRENT)}
        answer = await self._ask(_Current, self._settings.forecast_url, params)
        row = {"at": answer.current.get("time"), **{to: answer.current.get(key) for key, to in _CURRENT.items()}}
        found = _units(answer.current_units, units, "temperature_2m", "wind_speed_10m", "precipitation")
        return _rows(CurrentWeather, [row])[0], found

    async def daily(
        self, place: GeoPlace, first: date, last: date, units: Units
    ) -> tuple[Sequence[DayForecast], Units]:
        """See the protocol."""
        dates = {"start_date": first.isoformat(), "end_date": last.isoformat()}
        params = {**_params(place, units), **dates, "daily": ",".join(_DAILY)}
        answer = await self._ask(_Daily, self._settings.forecast_url, params)
        days = _rows(DayForecast, _columns_to_rows(answer.daily, "day", _DAILY))
        found = _units(answer.daily_units, units, "temperature_2m_max", "wind_speed_10m_max", "precipitation_sum")
        return [day for day in days if first <= day.day <= last], found

    async def hourly(
        self, place: GeoPlace, first: datetime, last: datetime, units: Units
    ) -> tuple[Sequence[HourForecast], Units]:
        """See the protocol."""
        dates = {"start_date": first.date().isoformat(), "end_date": last.date().isoformat()}
        params = {**_params(place, units), **dates, "hourly": ",".join(_HOURLY)}
        answer = await self._ask(_Hourly, self._settings.forecast_url, params)
        hours = _rows(HourForecast, _columns_to_rows(answer.hourly, "at", _HOURLY))
        found = _units(answer.hourly_units, units, "temperature_2m", "wind_speed_10m", "precipitation")
        return [hour for hour in hours if hour.at.tzinfo is None and first <= hour.at < last], found

    async def probe(self) -> Reached:
        """See the protocol: the temperature where the equator meets the prime meridian."""
        url = self._settings.forecast_url
        try:
            answer = await self._ask(_Current, url, {"latitude": "0", "longitude": "0", "current": "temperature_2m"})
        except (WeatherUnavailable, WeatherRefused) as error:
            raise ToolError(
                f"the weather service can't be used: {error.reason}",
                where=f"weather.forecast_url {url.partition('?')[0]}",
                todo="Check the address and the network, or name a server that answers like Open-Meteo.",
            ) from error
        return Reached(detail=f"its time is {str(answer.current.get('time', 'not told'))[:20]} UTC")

    async def _ask(self, shape: type[T], url: str, params: Mapping[str, str]) -> T:
        import httpx

        try:
            with anyio.fail_after(self._settings.timeout):
                status, encoding, body = await self._get(url, params)
        except TimeoutError:
            raise WeatherUnavailable(f"no answer within {self._settings.timeout:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise WeatherUnavailable(_reason(error)) from error
        return _parse(shape, status, _unpacked(encoding, body))

    async def _get(self, url: str, params: Mapping[str, str]) -> tuple[int, str, bytes]:
        import httpx

        # Asking for no compression keeps the bound on bytes a bound on memory.
        headers = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "agent-supervisor"}
        client = httpx.AsyncClient(trust_env=False, timeout=self._settings.timeout, verify=await self._tls_context(url))
        async with client, client.stream("GET", url, params=params, headers=headers) as response:
            body = bytearray()
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > _MAX_BYTES:
                    raise WeatherUnavailable("its answer was too large")
            return response.status_code, response.headers.get("content-encoding", ""), bytes(body)

    async def _tls_context(self, url: str) -> ssl.SSLContext:
        """One context for all calls: reading the certificates takes tens of milliseconds."""
        if not url.startswith("https:"):
            return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # unused, and trusts nobody
        if self._tls is None:
            import httpx

            self._tls = await anyio.to_thread.run_sync(lambda: httpx.create_ssl_context(trust_env=False))
        return self._tls


def _params(place: GeoPlace, units: Units) -> dict[str, str]:
    where = {"latitude": f"{place.latitude:.4f}", "longitude": f"{place.longitude:.4f}"}
    asked = zip(_UNITS.items(), (units.temperature, units.wind, units.precipitation), strict=True)
    named = {name: words[unit] for (name, words), unit in asked if unit in words}
    return {**where, "timezone": place.timezone or "auto", **named}


def _unpacked(encoding: str, body: bytes) -> bytes:
    """The body as sent, or unpacked where a proxy packed it unasked; no larger than `_MAX_BYTES`."""
    if encoding.lower() not in ("gzip", "x-gzip"):
        return body
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        plain = unpacker.decompress(body, _MAX_BYTES)
    except zlib.error:
        raise _unreadable() from None
    if unpacker.unconsumed_tail:
        raise WeatherUnavailable("its answer was too large")
    return plain


def _limited(body: bytes) -> WeatherUnavailable:
    """Why status 429 was sent: Open-Meteo tells which of its limits was reached."""
    said = body[:500].decode("utf-8", "replace").lower()
    until = next((words for window, words in _WINDOWS.items() if f"{window} api request limit" in said), "")
    return WeatherUnavailable(f"it takes no more questions {until or 'at the moment'}")


def _parse(shape: type[T], status: int, body: bytes) -> T:
    if status == 429:
        raise _limited(body)
    if status >= 500:
        raise WeatherUnavailable(f"it answered with error {status}")
    try:
        answer: object = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise (_unreadable() if status == 200 else WeatherUnavailable(f"it answered with status {status}")) from None
    if not isinstance(answer, dict):
        raise _unreadable()
    fields = cast("dict[str, object]", answer)
    refused = status == 400 or (status == 200 and fields.get("error") is True)
    if refused and isinstance(reason := fields.get("reason"), str):
        raise WeatherRefused(fit_to_print(reason, 200))
    if status != 200:
        raise WeatherUnavailable(f"it answered with status {status}")
    try:
        return shape.model_validate(fields)
    except ValidationError as error:
        raise _unreadable() from error


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON")


def _unreadable() -> WeatherUnavailable:
    return WeatherUnavailable("its answer could not be read")


def _columns_to_rows(columns: Mapping[str, Sequence[Any]], time_name: str, names: Mapping[str, str]) -> list[Any]:
    """Open-Meteo answers one list a variable; a missing variable is None in every row."""
    times = columns.get("time", ())
    wanted = {to: columns.get(key) for key, to in names.items()}
    if any(values is not None and len(values) != len(times) for values in wanted.values()):
        raise _unreadable()
    return [
        {time_name: moment, **{to: values[index] for to, values in wanted.items() if values is not None}}
        for index, moment in enumerate(times)
    ]


def _rows(shape: type[T], rows: Iterable[Any]) -> list[T]:
    try:
        return [shape.model_validate(row) for row in rows]
    except ValidationError as error:
        raise _unreadable() from error


def _units(stated: Mapping[str, str], asked: Units, temperature: str, wind: str, precipitation: str) -> Units:
    """The units as the answer states them, in the words people use; those asked for where it states none."""
    keys = {"temperature": temperature, "wind": wind, "precipitation": precipitation}
    words = {name: _UNIT_WORDS.get(stated.get(key, ""), stated.get(key, "")) for name, key in keys.items()}
    return asked.model_copy(update={name: fit_to_print(unit, 10) for name, unit in words.items() if unit})


def _reason(error: httpx.HTTPError | httpx.InvalidURL | OSError) -> str:
    """Why a call failed, from the innermost error that says something."""
    import httpx

    for cause in _causes(error):
        if isinstance(cause, socket.gaierror):
            return "its name could not be resolved"
        if isinstance(cause, ConnectionRefusedError):
            return "connection refused"
        if isinstance(cause, ssl.SSLError):
            return "no secure connection"
    if isinstance(error, (httpx.InvalidURL, httpx.UnsupportedProtocol)):
        return "its address in the settings is not usable"
    return "the connection broke off" if isinstance(error, httpx.TransportError) else "no connection"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and what it came from, members of groups included."""
    current: BaseException | None = error
    while current is not None:
        yield current
        if isinstance(current, BaseExceptionGroup):
            yield from cast("BaseExceptionGroup[BaseException]", current).exceptions
        current = current.__cause__ or current.__context__
