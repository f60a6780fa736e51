"""The tools of the weather role."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from common.context import Owner
from common.language.formats import Place, When
from common.language.time_words import read_range
from common.settings import LanguageSettings
from common.tool import Fact, Tool, ToolContext, ToolResult
from roles.weather.places import FoundPlace, find_place
from roles.weather.provider import GeoPlace, WeatherProvider, WeatherRefused, WeatherUnavailable, plain
from roles.weather.report import WeatherAnswer, day_words

__all__ = ["CurrentArguments", "ForecastArguments", "WeatherTools"]

_HERE = re.compile(r"(?:(?:right )?here|outside|out there|home|at home|my (?:place|location|area|town|city)|around me)")
_THERE = re.compile(r"(?:over )?there|that place|the same place")
_NOW = re.compile(r"(?:right |just )?now|at the moment|currently|at present")
_DEFAULT_DAYS = 3

# Both lists name the same few places, so that a place never speaks for one tool or the other.
_CURRENT_UTTERANCES = (
    "what's the weather like?",
    "what is the weather in Bern right now?",
    "how's the weather in Oslo at the moment?",
    "how many degrees is it outside?",
    "is there fog?",
    "how warm is it outside?",
    "is it raining in Bern?",
    "is it snowing?",
    "temperature in Oslo",
    "current weather in Oslo",
    "is it windy outside?",
    "do I need a jacket right now?",
    "check the weather",
    "what's it like outside?",
    "what's it like out there?",
    "weather Bern",
    "how hot is it in Oslo?",
    "is it cold in Bern?",
    "tell me the current conditions in Bern",
    "tell me the weather in Oslo",
)
_FORECAST_UTTERANCES = (
    "what will the weather be tomorrow?",
    "what will the weather be like in Bern tomorrow?",
    "will it rain in Bern on Saturday?",
    "weather forecast for Oslo this weekend",
    "check the weather for Saturday",
    "do I need an umbrella tomorrow?",
    "how cold will it get tonight?",
    "how hot is it going to be in Oslo?",
    "is it going to snow in Bern next week?",
    "forecast for the next three days",
    "what's the weather like on Sunday in Bern?",
    "what's the temperature going to be in Oslo on Friday?",
    "will the sun shine this afternoon?",
    "what are the chances of rain tonight?",
    "is a storm coming?",
    "will it be sunny in Bern tomorrow afternoon?",
    "how's the weather looking for Friday?",
    "weather in Oslo tomorrow morning",
    "is Saturday going to be dry?",
    "what's the outlook for the weekend in Bern?",
)


class CurrentArguments(BaseModel):
    """Arguments of weather.current.

    `when` is there so that a time which was said is never lost: a call for another time than now is answered as a
    forecast, whichever tool was chosen.
    """

    model_config = ConfigDict(extra="forbid")

    place: Place = Field(default="", max_length=200, description="the place, as said; empty for where the user is")
    when: When = Field(default="", max_length=200, description="empty for now; else the time that was said")


class ForecastArguments(BaseModel):
    """Arguments of weather.forecast."""

    model_config = ConfigDict(extra="forbid")

    place: Place = Field(default="", max_length=200, description="the place, as said; empty for where the user is")
    when: When = Field(
        default="", max_length=200, description="the day, part of a day or range, as said; empty for the next days"
    )


@dataclass(frozen=True, slots=True)
class _Asked:
    """The place a call is about: by name, or known by its coordinates from an earlier result."""

    name: str
    known: GeoPlace | None = None


@dataclass(frozen=True, slots=True)
class _Span:
    """What a forecast is asked for, in local time without offset; `hourly` for a part of a day."""

    first: datetime
    last: datetime
    hourly: bool
    note: str = ""

    @property
    def days(self) -> tuple[date, date]:
        """The first and the last day it touches."""
        return self.first.date(), (self.last - timedelta(microseconds=1)).date()


LastAnswers = Callable[[Owner], Awaitable[Sequence[WeatherAnswer]]]
FromLog = Callable[[WeatherAnswer], WeatherAnswer | None]


@dataclass(frozen=True, slots=True)
class _Question:
    """One call: how to put it to the service, and how to find an answer to it among those of the log."""

    asked: _Asked
    ask: Callable[[FoundPlace], Awaitable[WeatherAnswer]]
    from_log: Sequence[FromLog]
    note: str = ""


class _CannotTell(Exception):
    """Why a question can't be answered, as a sentence."""


class WeatherTools:
    """Tools over a weather provider; `last_answers` gives an owner's earlier good answers, newest first."""

    def __init__(self, provider: WeatherProvider, last_answers: LastAnswers, language: LanguageSettings) -> None:
        self._provider = provider
        self._last_answers = last_answers
        self._language = language

    def tools(self) -> tuple[Tool, ...]:
        """The tools to register."""
        current = Tool(
            name="weather.current",
            description="The weather at a place right now: conditions, temperature, wind, humidity.",
            arguments=CurrentArguments,
            handler=self.current,
            utterances=_CURRENT_UTTERANCES,
        )
        forecast = Tool(
            name="weather.forecast",
            description="The weather forecast for a place on a day, a part of a day or a range of days to come.",
            arguments=ForecastArguments,
            handler=self.forecast,
            utterances=_FORECAST_UTTERANCES,
        )
        return current, forecast

    async def current(self, arguments: CurrentArguments, context: ToolContext) -> ToolResult:
        """The weather now."""
        if arguments.when.strip() and not _is_now(arguments.when):
            return await self.forecast(ForecastArguments(place=arguments.place, when=arguments.when), context)
        try:
            asked = self._asked(arguments.place, context)
        except _CannotTell as reason:
            return ToolResult(ok=False, text=str(reason))
        now = context.context.now

        async def ask(found: FoundPlace) -> WeatherAnswer:
            weather, units = await self._provider.current(found.place)
            return self._answer("current", asked, found, now).model_copy(update={"units": units, "current": weather})

        def from_log(answer: WeatherAnswer) -> WeatherAnswer | None:
            same_day = answer.at.astimezone(now.tzinfo).date() == now.date()
            return answer if answer.kind == "current" and same_day else None

        return await self._run(_Question(asked, ask, [from_log]), context)

    async def forecast(self, arguments: ForecastArguments, context: ToolContext) -> ToolResult:
        """The weather to come."""
        if _is_now(arguments.when):
            return await self.current(CurrentArguments(place=arguments.place), context)
        now = context.context.now
        try:
            asked = self._asked(arguments.place, context)
            span = self._span(arguments.when, now, context.facts)
        except _CannotTell as reason:
            return ToolResult(ok=False, text=str(reason))
        first, last = span.days

        async def ask(found: FoundPlace) -> WeatherAnswer:
            answer = self._answer("hourly" if span.hourly else "daily", asked, found, now)
            if span.hourly:
                hours, units = await self._provider.hourly(found.place, span.first, span.last)
                window = {"hours": tuple(hours), "first": span.first, "last": span.last}
                return answer.model_copy(update={"units": units, **window})
            days, units = await self._provider.daily(found.place, first, last)
            return answer.model_copy(update={"units": units, "days": tuple(days)})

        def hours_from_log(answer: WeatherAnswer) -> WeatherAnswer | None:
            return answer.covering_hours(span.first, span.last) if answer.kind == "hourly" else None

        def days_from_log(answer: WeatherAnswer) -> WeatherAnswer | None:
            return answer.covering(first, last) if answer.kind == "daily" else None

        readers = [hours_from_log, days_from_log] if span.hourly else [days_from_log]
        return await self._run(_Question(asked, ask, readers, span.note), context)

    def _asked(self, place: str, context: ToolContext) -> _Asked:
        """The place that is said, else the one that the request spoke of before, else where the user is."""
        said = " ".join(place.split()).strip(" .?!,")
        there, here = _THERE.fullmatch(said.casefold()), _HERE.fullmatch(said.casefold())
        if said and not there and not here:
            return _Asked(said)
        before = None if here else next((fact for fact in reversed(context.facts) if fact.kind == "place"), None)
        if before is not None and before.name:
            return _Asked(before.name, _known_place(before))
        if there:
            raise _CannotTell("Which place do you mean by “there”? Name it, for example “the weather in Bern”.")
        if context.context.location:
            return _Asked(context.context.location)
        raise _CannotTell("For which place? Say, for example, “the weather in Bern”, or set a location.")

    def _span(self, when: str, now: datetime, facts: Sequence[Fact]) -> _Span:
        """The wall-clock time that is meant, cut to what lies ahead and within the horizon; raises `_CannotTell`."""
        today = datetime.combine(now.date(), time())
        end = today + timedelta(days=self._provider.horizon)
        span = self._read_span(when, now, facts) if when.strip() else _whole_days(today, _DEFAULT_DAYS)
        earliest = now.replace(tzinfo=None, minute=0, second=0, microsecond=0) if span.hourly else today
        if span.last <= earliest:
            raise _CannotTell(f"“{when}” is over; I know the current weather and forecasts, not past weather.")
        reach = f"Forecasts reach {self._provider.horizon} days, to {day_words((end - timedelta(days=1)).date())}"
        if span.first >= end:
            raise _CannotTell(f"{reach}; {day_words(span.first.date())} is too far ahead.")
        note = f"{reach}." if span.last > end else ""
        return _Span(max(span.first, earliest), min(span.last, end), span.hourly, note)

    def _read_span(self, when: str, now: datetime, facts: Sequence[Fact]) -> _Span:
        found = read_range(when, now, facts=facts, language=self._language)
        if found is None:
            raise _CannotTell(f"I can't tell which day “{when}” is. Say, for example, “on Saturday” or “tomorrow”.")
        first, last = (moment.astimezone(now.tzinfo).replace(tzinfo=None) for moment in found)
        hourly = last - first < timedelta(hours=23)
        if hourly:
            return _Span(first.replace(minute=0, second=0, microsecond=0), last, hourly=True)
        midnight = datetime.combine(first.date(), time())
        days = ((last - timedelta(microseconds=1)).date() - first.date()).days + 1
        return _whole_days(midnight, days)

    @staticmethod
    def _answer(kind: str, asked: _Asked, found: FoundPlace, now: datetime) -> WeatherAnswer:
        return WeatherAnswer.model_validate(
            {
                "kind": kind,
                "asked": asked.name,
                "place": found.place,
                "alternatives": found.alternatives,
                "at": now,
            }
        )

    async def _run(self, question: _Question, context: ToolContext) -> ToolResult:
        asked = question.asked
        try:
            found = FoundPlace(asked.known) if asked.known else await find_place(self._provider, asked.name)
            if found is None:
                return ToolResult(
                    ok=False,
                    text=f"I know no place called “{asked.name}”. Check the spelling, or name the nearest town.",
                )
            answer = await question.ask(found)
            if answer.is_empty():
                raise WeatherUnavailable("it sent no figures for that time")
        except WeatherRefused as error:
            return ToolResult(ok=False, text=f"The weather service refused the question: {error.reason}.")
        except WeatherUnavailable as error:
            return await self._stand_in(error.reason, question, context)
        return _result(answer, f"{answer.text()}\n{question.note}".strip())

    async def _stand_in(self, reason: str, question: _Question, context: ToolContext) -> ToolResult:
        """The last good answer of this owner for the place and time, or the plain failure."""
        failure = f"The weather service can't be reached ({reason})."
        wanted = plain(question.asked.name)
        answers = [
            answer
            for answer in await self._last_answers(context.context.owner)
            if wanted in (plain(answer.asked), plain(answer.place.name), plain(answer.place.label))
        ]
        for reader in question.from_log:
            for answer in answers:
                if (cut := reader(answer)) is not None:
                    again = cut.model_copy(update={"reused": True})
                    return _result(again, f"{failure} {again.told_again(context.context.zone)}")
        return ToolResult(ok=False, text=failure)


def _is_now(when: str) -> bool:
    return _NOW.fullmatch(when.strip(" .?!").casefold()) is not None


def _whole_days(midnight: datetime, days: int) -> _Span:
    return _Span(midnight, midnight + timedelta(days=days), hourly=False)


def _known_place(fact: Fact) -> GeoPlace | None:
    latitude, longitude = fact.data.get("latitude"), fact.data.get("longitude")
    if isinstance(latitude, (int, float)) and isinstance(longitude, (int, float)):
        return GeoPlace(name=fact.name, latitude=latitude, longitude=longitude, timezone=_zone_of(fact))
    return None


def _zone_of(fact: Fact) -> str:
    zone = fact.data.get("timezone")
    try:
        return str(ZoneInfo(zone)) if isinstance(zone, str) and zone else ""
    except (KeyError, ValueError, OSError):
        return ""


def _result(answer: WeatherAnswer, text: str) -> ToolResult:
    place = answer.place
    where = {"latitude": place.latitude, "longitude": place.longitude, "timezone": place.timezone}
    return ToolResult(
        text=text,
        data=answer.to_data(),
        facts=(Fact(kind="place", name=place.name, data=dict(where)),),
        sources=("Open-Meteo",),
    )
