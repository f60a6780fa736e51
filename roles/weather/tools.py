"""The tools of the weather role."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from common.context import Owner
from common.language.formats import PART, Place, When
from common.settings import LanguageSettings
from common.tool import Fact, Tool, ToolContext, ToolResult
from roles.weather.places import FoundPlace, Home, UnknownPlace, find_place
from roles.weather.provider import GeoPlace, Units, WeatherProvider, WeatherRefused, WeatherUnavailable, plain
from roles.weather.report import WeatherAnswer
from roles.weather.spans import CannotTell, ForecastSpan, span_of
from roles.weather.units import METRIC, wanted_units
from roles.weather.utterances import CURRENT, FORECAST

__all__ = ["CurrentArguments", "ForecastArguments", "WeatherTools"]

_HERE = re.compile(r"(?:(?:right )?here|outside|out there|home|at home|my (?:place|location|area|town|city)|around me)")
_THERE = re.compile(r"(?:over )?there|that place|the same place")
_NOW = re.compile(r"(?:right |just )?now|at the moment|currently|at present")
_SEVERAL = re.compile(r"\s+(?:and|&)\s+|\s*;\s*")
_MAX_PLACES = 5


_QUESTION: str = Field(
    default="",
    max_length=20_000,
    description="the question in the user's words, such as will it freeze, or wind in knots; empty for all figures",
    json_schema_extra={"format": PART},
)


class CurrentArguments(BaseModel):
    """Arguments of weather.current.

    `when` is there so that a time which was said is never lost: a call for another time than now is answered as a
    forecast, whichever tool was chosen.
    """

    model_config = ConfigDict(extra="forbid")

    place: Place = Field(default="", max_length=200, description="the place, as said; empty for where the user is")
    when: When = Field(default="", max_length=200, description="empty for now; else the time that was said")
    question: str = _QUESTION


class ForecastArguments(BaseModel):
    """Arguments of weather.forecast."""

    model_config = ConfigDict(extra="forbid")

    place: Place = Field(default="", max_length=200, description="the place, as said; empty for where the user is")
    when: When = Field(
        default="", max_length=200, description="the day, part of a day or range, as said; empty for the next days"
    )
    question: str = _QUESTION


@dataclass(frozen=True, slots=True)
class _Asked:
    """The place a call is about: by name, or known by its coordinates from an earlier result."""

    name: str
    known: GeoPlace | None = None
    is_home: bool = False


LastAnswers = Callable[[Owner], Awaitable[Sequence[WeatherAnswer]]]
FromLog = Callable[[WeatherAnswer], WeatherAnswer | None]


@dataclass(frozen=True, slots=True)
class _Question:
    """One call: how to put it to the service, and how to find an answer to it among those of the log.

    `said` are the user's words and `units` those to answer in; `note` is told with every answer.
    """

    asked: _Asked
    ask: Callable[[FoundPlace], Awaitable[tuple[WeatherAnswer, str]]]
    from_log: Sequence[FromLog]
    said: str
    units: Units
    note: str = ""


class WeatherTools:
    """Tools over a weather provider; `last_answers` gives an owner's earlier good answers, newest first."""

    def __init__(
        self,
        provider: WeatherProvider,
        last_answers: LastAnswers,
        language: LanguageSettings,
        units: Units = METRIC,
    ) -> None:
        self._provider = provider
        self._last_answers = last_answers
        self._language = language
        self._units = units

    def tools(self) -> tuple[Tool, ...]:
        """The tools to register."""
        current = Tool(
            name="weather.current",
            description="The weather at a place right now: conditions, temperature, wind, humidity.",
            arguments=CurrentArguments,
            handler=self.current,
            utterances=CURRENT,
            cacheable_for=600.0,
        )
        forecast = Tool(
            name="weather.forecast",
            description="The weather forecast for a place on a day, a part of a day or a range of days to come.",
            arguments=ForecastArguments,
            handler=self.forecast,
            utterances=FORECAST,
            cacheable_for=600.0,
        )
        return current, forecast

    async def current(self, arguments: CurrentArguments, context: ToolContext) -> ToolResult:
        """The weather now."""
        if arguments.when.strip() and not _is_now(arguments.when):
            return await self.forecast(ForecastArguments.model_validate(arguments.model_dump()), context)
        units = wanted_units(arguments.question, self._units)
        now = context.context.now

        def question(asked: _Asked) -> _Question:
            async def ask(found: FoundPlace) -> tuple[WeatherAnswer, str]:
                weather, stated = await self._provider.current(found.place, units)
                answer = _answer("current", asked, found, now)
                return answer.model_copy(update={"units": stated, "current": weather}), ""

            return _Question(asked, ask, [from_log], arguments.question, units)

        def from_log(answer: WeatherAnswer) -> WeatherAnswer | None:
            same_day = answer.at.astimezone(now.tzinfo).date() == now.date()
            return answer if answer.kind == "current" and same_day else None

        return await self._for_each_place(arguments.place, question, context)

    async def forecast(self, arguments: ForecastArguments, context: ToolContext) -> ToolResult:
        """The weather to come."""
        if _is_now(arguments.when):
            return await self.current(CurrentArguments(place=arguments.place, question=arguments.question), context)
        now, units = context.context.now, wanted_units(arguments.question, self._units)
        try:
            said = span_of(arguments.when, now, context.facts, self._language)
            span = said.within(now.date(), self._provider.horizon)
        except CannotTell as reason:
            return ToolResult(ok=False, text=str(reason))

        def question(asked: _Asked) -> _Question:
            async def ask(found: FoundPlace) -> tuple[WeatherAnswer, str]:
                # The service counts its horizon from the day at the place, which may be the one before.
                reached = said.within(min(now.date(), _day_at(found.place, now)), self._provider.horizon)
                answer = _answer("hourly" if reached.hourly else "daily", asked, found, now)
                return await self._forecast(found.place, reached, answer, units), reached.note

            return _Question(asked, ask, _log_readers(span), arguments.question, units, span.note)

        return await self._for_each_place(arguments.place, question, context)

    async def _forecast(
        self, place: GeoPlace, span: ForecastSpan, answer: WeatherAnswer, units: Units
    ) -> WeatherAnswer:
        if span.hourly:
            hours, stated = await self._provider.hourly(place, span.first, span.last, units)
            window = {"hours": tuple(hours), "first": span.first, "last": span.last}
            return answer.model_copy(update={"units": stated, **window})
        days, stated = await self._provider.daily(place, *span.days, units)
        return answer.model_copy(update={"units": stated, "days": tuple(days)})

    async def _for_each_place(
        self, place: str, question: Callable[[_Asked], _Question], context: ToolContext
    ) -> ToolResult:
        """The answer for the place that was said; for each of several where "Bern and Oslo" is no place of its own."""
        try:
            asked = self._asked(place, context)
        except CannotTell as reason:
            return ToolResult(ok=False, text=str(reason))
        whole = await self._run(question(asked), context)
        names = [name for name in _SEVERAL.split(asked.name) if name.strip()][:_MAX_PLACES]
        if whole.ok or asked.known is not None or len(names) < 2:
            return whole
        results = [await self._run(question(_Asked(name)), context) for name in names]
        if not any(result.ok for result in results):
            return whole
        return ToolResult(
            text="\n".join(result.text for result in results),
            data=[result.data for result in results],
            facts=tuple(fact for result in results for fact in result.facts),
            sources=tuple(dict.fromkeys(source for result in results for source in result.sources)),
            ok=all(result.ok for result in results),
        )

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
            raise CannotTell("Which place do you mean by “there”? Name it, for example “the weather in Bern”.")
        if context.context.location:
            return _Asked(context.context.location, is_home=True)
        raise CannotTell("For which place? Say, for example, “the weather in Bern”, or set a location.")

    async def _run(self, question: _Question, context: ToolContext) -> ToolResult:
        asked = question.asked
        try:
            if asked.known is not None:
                found: FoundPlace | UnknownPlace = FoundPlace(asked.known)
            else:
                found = await find_place(self._provider, asked.name, None if asked.is_home else self._home(context))
            if isinstance(found, UnknownPlace):
                return ToolResult(ok=False, text=found.words())
            answer, note = await question.ask(found)
            if answer.is_empty():
                raise WeatherUnavailable("it sent no figures for that time")
        except CannotTell as reason:
            return ToolResult(ok=False, text=str(reason))
        except WeatherRefused as error:
            return ToolResult(ok=False, text=f"The weather service refused the question: {error.reason}.")
        except WeatherUnavailable as error:
            return await self._stand_in(error.reason, question, context)
        told = answer.in_units(question.units)
        return _result(told, "\n".join(filter(None, (told.text(question.said), note))))

    def _home(self, context: ToolContext) -> Home | None:
        """How to find where the user is, for names that several places bear; failing, nothing is preferred."""
        location = context.context.location
        if not location:
            return None

        async def look_up() -> GeoPlace | None:
            try:
                found = await find_place(self._provider, location)
            except (WeatherRefused, WeatherUnavailable):
                return None
            return found.place if isinstance(found, FoundPlace) else None

        return look_up

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
                    again = cut.model_copy(update={"reused": True}).in_units(question.units)
                    told = again.told_again(context.context.zone, question.said)
                    return _result(again, "\n".join(filter(None, (f"{failure} {told}", question.note))))
        return ToolResult(ok=False, text=failure)


def _is_now(when: str) -> bool:
    return _NOW.fullmatch(when.strip(" .?!").casefold()) is not None


def _answer(kind: str, asked: _Asked, found: FoundPlace, now: datetime) -> WeatherAnswer:
    values = {"kind": kind, "asked": asked.name, "place": found.place, "at": now}
    if not asked.is_home:
        values |= {"alternatives": found.alternatives, "renamed": not found.exact}
    return WeatherAnswer.model_validate(values)


def _log_readers(span: ForecastSpan) -> list[FromLog]:
    """What finds an answer for the span among those of the log: hours for hours, else the days."""
    first, last = span.days

    def hours(answer: WeatherAnswer) -> WeatherAnswer | None:
        return answer.covering_hours(span.first, span.last) if answer.kind == "hourly" else None

    def days(answer: WeatherAnswer) -> WeatherAnswer | None:
        return answer.covering(first, last) if answer.kind == "daily" else None

    return [hours, days] if span.hourly else [days]


def _day_at(place: GeoPlace, now: datetime) -> date:
    """The day it is at a place; the request's where the zone is not known."""
    try:
        return now.astimezone(ZoneInfo(place.timezone)).date() if place.timezone else now.date()
    except (KeyError, ValueError, OSError):
        return now.date()


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
