"""A weather answer: the data that goes into the log, and the sentences made of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, JsonValue

from roles.time_in_words import day_words
from roles.weather.conditions import describe, describe_period
from roles.weather.provider import CurrentWeather, DayForecast, GeoPlace, HourForecast, Units
from roles.weather.questions import Stretch, verdict
from roles.weather.units import converted

__all__ = ["WeatherAnswer"]

_DAY_COLUMNS = ("code", "low", "high", "precipitation", "probability", "wind")
_HOUR_COLUMNS = ("code", "temperature", "precipitation", "probability", "wind")
_HOUR = timedelta(hours=1)


class _Common(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: Literal["current", "daily", "hourly"]
    asked: str
    place: GeoPlace
    alternatives: tuple[str, ...] = ()
    renamed: bool = False
    units: Units = Units()
    at: datetime
    current: CurrentWeather | None = None
    first: datetime | None = None
    last: datetime | None = None
    reused: bool = False


class _Stored(_Common):
    """An answer as the log has it."""

    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()


class WeatherAnswer(_Common):
    """What a call found out, complete enough to be told again from the log.

    `asked` is the place as it was asked for, `renamed` tells that the service knows it by another name;
    `alternatives` are other places it could mean, as one asks for them. `at` is the moment of the answer. `first` and
    `last` bound an hourly answer (local time of the place, without offset). `reused` marks an answer that was itself
    taken from the log.
    """

    days: tuple[DayForecast, ...] = ()
    hours: tuple[HourForecast, ...] = ()

    def to_data(self) -> dict[str, JsonValue]:
        """The answer as compact JSON: the log keeps 2,000 characters of what a tool hands over.

        Days and hours are rows of figures under `columns`; an hour is counted from `first`.
        """
        place = self.place.model_dump(exclude={"population"}, exclude_defaults=True)
        data: dict[str, JsonValue] = {
            **self.model_dump(
                mode="json", exclude={"place", "days", "hours"}, exclude_none=True, exclude_defaults=True
            ),
            "kind": self.kind,
            "place": place,
        }
        if self.days:
            data["columns"] = ["day", *_DAY_COLUMNS]
            data["rows"] = [[day.day.isoformat(), *(getattr(day, name) for name in _DAY_COLUMNS)] for day in self.days]
        if self.hours and self.first is not None:
            data["columns"] = ["hour", *_HOUR_COLUMNS]
            data["rows"] = [
                [(hour.at - self.first) // _HOUR, *(getattr(hour, name) for name in _HOUR_COLUMNS)]
                for hour in self.hours
            ]
        return data

    @classmethod
    def from_data(cls, data: object) -> WeatherAnswer:
        """The answer that `to_data` made this of; raises `ValueError` for anything else, a cut copy included."""
        try:
            return cls._restored(_Stored.model_validate(data))
        except (KeyError, TypeError, OverflowError) as error:
            raise ValueError("it is no weather answer") from error

    @classmethod
    def _restored(cls, stored: _Stored) -> WeatherAnswer:
        values: dict[str, Any] = {**stored.model_dump(exclude={"columns", "rows"}), "days": (), "hours": ()}
        rows = [dict(zip(stored.columns, row, strict=True)) for row in stored.rows]
        if stored.kind == "daily":
            values["days"] = rows
        elif stored.kind == "hourly" and stored.first is not None:
            values["hours"] = [{**row, "at": stored.first + _HOUR * int(row["hour"])} for row in rows]
        return cls.model_validate(values)

    def text(self, question: str = "") -> str:
        """The answer in sentences; `question` are the user's words, so that "will it freeze" is answered too."""
        body = self._body()
        said = verdict(question, self._stretches(), self.units)
        lines = [f"{body}{chr(10) if chr(10) in body else ' '}{said}" if said else body]
        if (self.alternatives or self.renamed) and not self.reused:
            taken = f"I took “{self.asked}” as {self.place.label}."
            others = [f"“{name}”" for name in self.alternatives]
            listed = others[0] if len(others) == 1 else f"{', '.join(others[:-1])} or {others[-1]}" if others else ""
            lines.append(f"{taken} For another one say {listed}." if listed else taken)
        return "\n".join(lines)

    def in_units(self, wanted: Units) -> WeatherAnswer:
        """The answer with every figure in these units; as it is where it has a unit that is not known."""
        if self.units == wanted:
            return self
        try:
            changed = {
                "current": converted(self.current, self.units, wanted) if self.current is not None else None,
                "days": tuple(converted(day, self.units, wanted) for day in self.days),
                "hours": tuple(converted(hour, self.units, wanted) for hour in self.hours),
            }
        except KeyError:
            return self
        return self.model_copy(update={**changed, "units": wanted})

    def _stretches(self) -> list[Stretch]:
        """The figures of now, of each day, or of the hours together."""
        if self.kind == "current" and (now := self.current) is not None:
            codes = (now.code,) if now.code is not None else ()
            low = now.temperature
            return [Stretch(low, low, None, now.precipitation, now.wind, codes)]
        if self.kind == "hourly" and self.hours:
            return [_together(self.hours)]
        several = len(self.days) > 1
        return [
            Stretch(day.low, day.high, day.probability, day.precipitation, day.wind,
                    (day.code,) if day.code is not None else (), day_words(day.day) if several else "")
            for day in self.days
        ]  # fmt: skip

    def _body(self) -> str:
        if self.kind == "current" and self.current is not None:
            now = self.current
            return f"{self.place.label}, {_at_words(now.at)}: {_current_words(now, self.units)}."
        if self.kind == "hourly" and self.hours:
            return f"{self.place.label}, {_window_words(self.hours)}: {_hours_words(self.hours, self.units)}."
        days = [f"{day_words(day.day)}: {_day_forecast_words(day, self.units)}." for day in self.days]
        if len(days) == 1:
            return f"{self.place.label}, {days[0]}"
        return "\n".join([f"{self.place.label}:", *days])

    def is_empty(self) -> bool:
        """Whether the service sent nothing for what was asked."""
        figures = (self.current, *self.days, *self.hours)
        return all(row is None or _blank(row) for row in figures)

    def covering(self, first: date, last: date) -> WeatherAnswer | None:
        """This daily answer cut to the days asked for; None where it does not reach the first of them."""
        days = tuple(day for day in self.days if first <= day.day <= last)
        return self.model_copy(update={"days": days}) if days and days[0].day == first else None

    def covering_hours(self, first: datetime, last: datetime) -> WeatherAnswer | None:
        """This hourly answer cut to the hours asked for; None where it lacks one at either end."""
        hours = tuple(hour for hour in self.hours if first <= hour.at < last)
        whole = self.first is not None and self.last is not None and self.first <= first and last <= self.last
        return self.model_copy(update={"hours": hours}) if hours and whole else None

    def told_again(self, zone: ZoneInfo, question: str = "") -> str:
        """The sentences for an answer from the log, saying when it is from."""
        return f"The last answer, from {_at_words(self.at.astimezone(zone))}, was: {self.text(question)}"


def _blank(row: BaseModel) -> bool:
    """Whether a row has no figure at all, as days have that the service's models do not reach."""
    return all(value is None for name, value in row if name not in ("at", "day"))


def _together(hours: Sequence[HourForecast]) -> Stretch:
    """The figures of several hours as one."""
    temperatures = [hour.temperature for hour in hours if hour.temperature is not None]
    amounts = [hour.precipitation for hour in hours if hour.precipitation is not None]
    chances = [hour.probability for hour in hours if hour.probability is not None]
    winds = [hour.wind for hour in hours if hour.wind is not None]
    return Stretch(
        min(temperatures, default=None),
        max(temperatures, default=None),
        max(chances, default=None),
        sum(amounts) if amounts else None,
        max(winds, default=None),
        tuple(hour.code for hour in hours if hour.code is not None),
    )


def _at_words(moment: datetime) -> str:
    """``Saturday 28 November 2026, 14:15``."""
    return f"{day_words(moment.date())}, {moment:%H:%M}"


def _number(value: float) -> str:
    rounded = round(value)
    return f"{'−' if rounded < 0 else ''}{abs(rounded)}"


def _amount(value: float, unit: str) -> str:
    """Precipitation: inches need more digits than millimetres."""
    return f"{value:.2f} {unit}" if unit == "in" else f"{value:.1f} {unit}"


def _span(values: Sequence[float], unit: str) -> str:
    low, high = _number(min(values)), _number(max(values))
    return f"{low} {unit}" if low == high else f"{low} to {high} {unit}"


def _wet(probability: float | None, amount: float | None, units: Units) -> list[str]:
    said = f" ({_amount(amount, units.precipitation)})" if amount else ""
    if probability is not None:
        return [f"{_number(probability)} % chance of precipitation{said}"]
    if amount is not None:
        return [f"precipitation {_amount(amount, units.precipitation)}" if amount else "no precipitation"]
    return []


def _current_words(now: CurrentWeather, units: Units) -> str:
    said = [describe(now.code)]
    if now.temperature is not None:
        feels = now.feels_like
        other = feels is not None and _number(feels) != _number(now.temperature)
        felt = f" (feels like {_number(feels)} {units.temperature})" if feels is not None and other else ""
        said.append(f"{_number(now.temperature)} {units.temperature}{felt}")
    if now.precipitation:
        said.append(f"precipitation {_amount(now.precipitation, units.precipitation)}")
    if now.wind is not None:
        said.append(f"wind {_number(now.wind)} {units.wind}")
    if now.humidity is not None:
        said.append(f"humidity {_number(now.humidity)} %")
    return ", ".join(said)


def _day_forecast_words(day: DayForecast, units: Units) -> str:
    if _blank(day):
        return "no figures yet"
    said = [describe(day.code)]
    temperatures = [value for value in (day.low, day.high) if value is not None]
    if temperatures:
        said.append(_span(temperatures, units.temperature))
    said += _wet(day.probability, day.precipitation, units)
    if day.wind is not None:
        said.append(f"wind up to {_number(day.wind)} {units.wind}")
    return ", ".join(said)


def _hours_words(hours: Sequence[HourForecast], units: Units) -> str:
    said = [describe_period([hour.code for hour in hours])]
    temperatures = [hour.temperature for hour in hours if hour.temperature is not None]
    if temperatures:
        said.append(_span(temperatures, units.temperature))
    probabilities = [hour.probability for hour in hours if hour.probability is not None]
    amounts = [hour.precipitation for hour in hours if hour.precipitation is not None]
    said += _wet(max(probabilities, default=None), sum(amounts) if amounts else None, units)
    winds = [hour.wind for hour in hours if hour.wind is not None]
    if winds:
        said.append(f"wind up to {_number(max(winds))} {units.wind}")
    return ", ".join(said)


def _window_words(hours: Sequence[HourForecast]) -> str:
    start, end = hours[0].at, hours[-1].at + timedelta(hours=1)
    return f"{day_words(start.date())}, {start:%H:%M}–{end:%H:%M}"
