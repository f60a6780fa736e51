"""The weather tools over a stand-in of the service, and the log that stands in for the service."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from common.blob import Blob
from common.context import Owner, TaskContext
from common.intent_collector import IntentCollector
from common.limits import Budget, Limits
from common.run_context import RunContext
from common.settings import LanguageSettings, WeatherSettings
from common.telemetry import Telemetry
from common.tool import Fact, ToolResult
from events.catalogue import Event
from events.catalogue.trace import ToolCalled, TraceEnded, TraceStarted
from events.projection import Views
from events.store import EventStore, stream_name
from llm_provider.tool_execution import execute_tool
from roles.weather.open_meteo import OpenMeteo
from roles.weather.tools import WeatherTools
from roles.weather.units import default_units
from roles.weather.view import VIEW, WeatherAnswers, last_answers
from tests.roles.weather.open_meteo_stand_in import StandIn, serving

NOW = datetime(2026, 11, 21, 14, 20, tzinfo=ZoneInfo("Europe/Zurich"))  # a Saturday
LOCAL = Owner("default", "local")


class Trace:
    """Gathers what tool execution records."""

    trace_id = "t"

    def __init__(self) -> None:
        self.events: list[Event] = []

    def record(self, event: BaseModel, blobs: Sequence[Blob] = ()) -> None:
        assert isinstance(event, Event)
        self.events.append(event)


class Weather:
    """The tools, asked at `now`; every call is recorded as a trace of its own, as tool execution does it."""

    def __init__(self, stand_in: StandIn, store: EventStore, views: Views, **more: Any) -> None:
        values = {"forecast_url": stand_in.forecast_url, "geocoding_url": stand_in.geocoding_url, **more}
        provider = OpenMeteo(WeatherSettings.model_validate(values))
        units = default_units(WeatherSettings.model_validate(values).units)
        self.tools = WeatherTools(provider, partial(last_answers, views), LanguageSettings(), units)
        self.store, self.views = store, views
        self.now = NOW
        self._ids = itertools.count()

    async def call(
        self, name: str, owner: Owner = LOCAL, *, location: str | None = None, facts: tuple[Fact, ...] = (), **said: str
    ) -> ToolResult:
        context = TaskContext(
            tenant=owner.tenant,
            user=owner.user,
            timezone="Europe/Zurich",
            current_time=self.now,
            location=location,
        )
        tool = next(tool for tool in self.tools.tools() if tool.name == name)
        trace = Trace()
        run = RunContext(context, trace, Budget(Limits()), IntentCollector(), Telemetry(), facts=facts)
        result = await execute_tool(tool, said, run, "1", timeout=30, max_chars=20_000)
        await self.record(owner, trace.events)
        return result

    async def record(self, owner: Owner, called: Sequence[Event]) -> None:
        number = next(self._ids)
        started = TraceStarted(request="?", user=owner.user, request_id=str(number), owner="test", context={})
        events = [started, *called, TraceEnded(outcome="success", response={})]
        await self.store.append(stream_name("trace", f"t{number}"), events, 0, tenant=owner.tenant)

    async def current(self, place: str = "", **more: Any) -> ToolResult:
        return await self.call("weather.current", place=place, **more)

    async def forecast(self, place: str = "", when: str = "", **more: Any) -> ToolResult:
        return await self.call("weather.forecast", place=place, when=when, **more)


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    with serving(NOW) as server:
        yield server


@pytest.fixture(params=["memory", "sqlite"])
async def weather(request: pytest.FixtureRequest, tmp_path: Path, stand_in: StandIn) -> AsyncIterator[Weather]:
    url = "memory://" if request.param == "memory" else f"sqlite:///{tmp_path / 'events.db'}"
    async with await EventStore.open(url) as store:
        views = Views(store, [WeatherAnswers()])
        yield Weather(stand_in, store, views)
        await views.close()


class TestCurrent:
    async def test_says_place_time_and_figures(self, weather: Weather) -> None:
        result = await weather.current("Zermatt")
        assert result.text == (
            "Zermatt, Valais, Switzerland, Saturday 21 November 2026, 14:15: light snow, −3 °C (feels like −8 °C), "
            "precipitation 0.2 mm, wind 12 km/h, humidity 81 %."
        )
        assert result.sources == ("Open-Meteo",)
        assert result.facts[0].kind == "place"
        assert result.facts[0].name == "Zermatt"

    @pytest.mark.parametrize("when", ["now", "right now", "at the moment"])
    async def test_now_is_now_whichever_tool_is_asked(self, weather: Weather, when: str) -> None:
        expected = (await weather.current("Zermatt")).text
        assert (await weather.call("weather.current", place="Zermatt", when=when)).text == expected
        assert (await weather.call("weather.forecast", place="Zermatt", when=when)).text == expected

    async def test_a_time_that_was_said_is_never_lost(self, weather: Weather) -> None:
        expected = (await weather.forecast("Zermatt", "tomorrow")).text
        assert (await weather.call("weather.current", place="Zermatt", when="tomorrow")).text == expected

    async def test_imperial_units(self, stand_in: StandIn, weather: Weather) -> None:
        imperial = Weather(stand_in, weather.store, weather.views, units="imperial")
        result = await imperial.current("Zermatt")
        assert "26 °F (feels like 17 °F), precipitation 0.01 in, wind 8 mph" in result.text

    @pytest.mark.parametrize(
        ("question", "figures"),
        [
            ("how warm is it in Fahrenheit?", "26 °F (feels like 17 °F), precipitation 0.01 in, wind 8 mph"),
            ("how's the wind in knots?", "−3 °C (feels like −8 °C), precipitation 0.2 mm, wind 7 kn"),
            ("wind speed in m/s", "−3 °C (feels like −8 °C), precipitation 0.2 mm, wind 3 m/s"),
        ],
    )
    async def test_units_are_those_of_the_words(self, weather: Weather, question: str, figures: str) -> None:
        assert figures in (await weather.current("Zermatt", question=question)).text

    async def test_several_places_at_once(self, weather: Weather) -> None:
        result = await weather.current("Zermatt and Tokyo")
        assert [line.split(",")[0] for line in result.text.splitlines()] == ["Zermatt", "Tokyo"]
        assert [fact.name for fact in result.facts] == ["Zermatt", "Tokyo"]
        half = await weather.current("Zermatt and Xyzzyville")
        assert not half.ok
        assert half.text.splitlines()[1].startswith("I know no place called “Xyzzyville”.")

    async def test_the_users_place_helps_to_choose_and_is_itself_not_questioned(self, weather: Weather) -> None:
        near = await weather.current("Springfield", location="Chicago")
        assert near.text.startswith("Springfield, Illinois")
        assert near.text.endswith("For another one say “Springfield, Missouri”.")
        home = await weather.current("", location="Paris")
        assert "I took" not in home.text

    async def test_another_name_than_was_said_is_told(self, weather: Weather) -> None:
        result = await weather.current("Zermat")
        assert result.text.endswith("I took “Zermat” as Zermatt, Valais, Switzerland.")

    @pytest.mark.parametrize("place", ["", "here", "outside", "my place", "Right here"])
    async def test_here_is_where_the_request_comes_from(self, weather: Weather, place: str) -> None:
        assert "Zürich" in (await weather.current(place, location="Zurich")).text

    async def test_a_place_that_is_said_beats_the_location(self, weather: Weather) -> None:
        assert "Tokyo" in (await weather.current("Tokyo", location="Zurich")).text

    async def test_without_any_place_it_asks_for_one(self, weather: Weather) -> None:
        result = await weather.current()
        assert not result.ok
        assert result.text.startswith("For which place?")

    async def test_an_ambiguous_place_is_named_with_its_alternatives(self, weather: Weather) -> None:
        result = await weather.current("Paris")
        assert result.text.splitlines()[1] == (
            "I took “Paris” as Paris, Île-de-France, France. "
            "For another one say “Paris, Texas”, “Paris, Tennessee” or “Paris, Kentucky”."
        )

    async def test_an_unknown_place_is_said(self, weather: Weather) -> None:
        result = await weather.current("Xyzzyville")
        assert not result.ok
        assert result.text.startswith("I know no place called “Xyzzyville”.")

    async def test_there_is_the_place_of_an_earlier_result(self, stand_in: StandIn, weather: Weather) -> None:
        hut = Fact(kind="place", name="Some Hut", data={"latitude": 46.5, "longitude": 8.25})
        result = await weather.current("there", facts=(hut,))
        assert result.text.startswith("Some Hut, ")
        assert stand_in.asked[0][1]["latitude"] == "46.5000"
        unknown = await weather.current("there")
        assert not unknown.ok
        assert "there" in unknown.text


class TestForecast:
    async def test_one_day(self, weather: Weather) -> None:
        result = await weather.forecast("Zermatt", "on Saturday 28 November")
        assert result.text == (
            "Zermatt, Valais, Switzerland, Saturday 28 November 2026: rain, 3 to 10 °C, 80 % chance of precipitation "
            "(12.3 mm), wind up to 20 km/h."
        )

    @pytest.mark.parametrize(
        ("when", "days"),
        [
            ("tomorrow", [22]),
            ("today", [21]),
            ("the next three days", [21, 22, 23]),
            ("this weekend", [21, 22]),
            ("next week", [23, 24, 25, 26, 27, 28, 29]),
            ("from Monday to Wednesday", [23, 24, 25]),
            ("2026-11-30", [30]),
            ("", [21, 22, 23]),
        ],
    )
    async def test_days_and_ranges(self, weather: Weather, when: str, days: list[int]) -> None:
        result = await weather.forecast("Zermatt", when)
        assert isinstance(result.data, dict)
        found = result.data["rows"]
        assert isinstance(found, list)
        assert [row[0] for row in found if isinstance(row, list)] == [f"2026-11-{day}" for day in days]

    @pytest.mark.parametrize(
        ("when", "said"),
        [
            ("tonight", "Saturday 21 November 2026, 18:00–00:00: light rain, 18 to 23 °C, 70 % chance"),
            ("tomorrow morning", "Sunday 22 November 2026, 06:00–12:00: overcast, 6 to 11 °C, 0 % chance"),
            ("this afternoon", "Saturday 21 November 2026, 14:00–18:00: light rain, 14 to 17 °C, 70 % chance"),
            ("tomorrow at 3pm", "Sunday 22 November 2026, 15:00–16:00: overcast, 15 °C, 0 % chance"),
            ("on Saturday the 28th at noon", "Saturday 28 November 2026, 12:00–13:00: overcast, 12 °C, 0 % chance"),
        ],
    )
    async def test_parts_of_a_day_come_from_the_hours(self, weather: Weather, when: str, said: str) -> None:
        assert said in (await weather.forecast("Zermatt", when)).text

    @pytest.mark.parametrize("when", ["yesterday", "last Monday", "this morning", "on 1 November 2026"])
    async def test_the_past_is_refused_in_words(self, stand_in: StandIn, weather: Weather, when: str) -> None:
        result = await weather.forecast("Zermatt", when)
        assert not result.ok
        assert "is over" in result.text
        assert stand_in.asked == []

    async def test_beyond_the_horizon_says_how_far_it_reaches(self, weather: Weather) -> None:
        last = await weather.forecast("Zermatt", "on 6 December")
        assert last.ok
        beyond = await weather.forecast("Zermatt", "on 7 December")
        assert not beyond.ok
        assert beyond.text == (
            "Forecasts reach 16 days, to Sunday 6 December 2026; Monday 7 December 2026 is too far ahead."
        )

    async def test_a_range_across_the_horizon_is_cut_and_says_so(self, weather: Weather) -> None:
        result = await weather.forecast("Zermatt", "from December 5 to December 9")
        assert "Saturday 5 December" in result.text
        assert "Monday 7 December 2026: " not in result.text
        assert result.text.endswith(
            "\nForecasts reach 16 days, to Sunday 6 December 2026; there is none yet for Monday 7 December 2026 to "
            "Wednesday 9 December 2026."
        )

    async def test_the_horizon_is_counted_from_the_day_at_the_place(self, stand_in: StandIn, weather: Weather) -> None:
        weather.now = stand_in.now = NOW.replace(hour=8)  # still Friday in Honolulu
        result = await weather.forecast("Honolulu", "from December 5 to December 6")
        assert result.ok, result.text
        assert result.text.endswith("to Saturday 5 December 2026; there is none yet for Sunday 6 December 2026.")
        beyond = await weather.forecast("Honolulu", "on 6 December")
        assert beyond.text.endswith("Sunday 6 December 2026 is too far ahead.")

    @pytest.mark.parametrize(
        ("when", "note"),
        [
            ("next Tuesday", ""),
            ("on 5/12", "Took 5/12 as Saturday 5 December 2026."),
            ("on Saturday", "Took Saturday as Saturday 28 November 2026, not today."),
            ("tomorrow at 7", "Took 7 as 07:00."),
            ("this evening", ""),
        ],
    )
    async def test_says_which_reading_of_a_time_was_taken(self, weather: Weather, when: str, note: str) -> None:
        result = await weather.forecast("Zermatt", when)
        assert result.text.endswith(f"\n{note}" if note else "km/h.")

    @pytest.mark.parametrize(
        ("question", "when", "said"),
        [
            ("will it freeze tomorrow?", "tomorrow", "Frost is expected: down to −3 °C."),
            ("do I need an umbrella?", "on 28 November", "Take it with you, rain is likely: 80 % chance, 12.3 mm."),
            ("will it be windy tonight, in knots?", "tonight", "There is little wind: up to 5 kn."),
            ("how many inches of rain?", "on 28 November", "Rain is likely: 80 % chance, 0.48 in."),
            (
                "will it rain next week?",
                "next week",
                "\nRain is likely: Saturday 28 November 2026 (80 % chance, 12.3 mm).",
            ),
        ],
    )
    async def test_what_was_asked_is_answered_with_the_figure(
        self, weather: Weather, question: str, when: str, said: str
    ) -> None:
        assert (await weather.forecast("Zermatt", when, question=question)).text.endswith(said)

    async def test_days_without_figures_are_told_as_such(self, stand_in: StandIn, weather: Weather) -> None:
        stand_in.empty = {
            "weather_code", "temperature_2m_min", "temperature_2m_max", "precipitation_sum",
            "precipitation_probability_max", "wind_speed_10m_max",
        }  # fmt: skip
        result = await weather.forecast("Zermatt", "tomorrow")
        assert (result.ok, result.text) == (
            False,
            "The weather service can't be reached (it sent no figures for that time).",
        )

    async def test_words_that_are_no_time_are_asked_back(self, weather: Weather) -> None:
        result = await weather.forecast("Zermatt", "whenever the cows come home")
        assert not result.ok
        assert "I can't tell which day" in result.text

    async def test_days_are_those_of_the_place(self, stand_in: StandIn, weather: Weather) -> None:
        await weather.forecast("Tokyo", "tomorrow")
        assert stand_in.asked[-1][1]["timezone"] == "Asia/Tokyo"

    async def test_a_refusal_of_the_service_is_passed_on(self, stand_in: StandIn, weather: Weather) -> None:
        stand_in.now = NOW - timedelta(days=5)
        result = await weather.forecast("Zermatt", "on 6 December")
        assert not result.ok
        assert result.text.startswith("The weather service refused the question: Parameter 'start_date' is out of")

    async def test_figures_that_are_missing_are_left_out(self, stand_in: StandIn, weather: Weather) -> None:
        stand_in.missing = {"precipitation_probability_max", "temperature_2m_min", "temperature_2m_max"}
        result = await weather.forecast("Zermatt", "tomorrow")
        assert result.text.endswith("Sunday 22 November 2026: partly cloudy, no precipitation, wind up to 20 km/h.")


class TestStandingIn:
    """What is said when the service can't be reached."""

    @pytest.mark.parametrize(
        ("fault", "reason"),
        [
            ("503", "it answered with error 503"),
            ("html", "its answer could not be read"),
            ("broken", "its answer could not be read"),
            ("429", "it takes no more questions this minute"),
        ],
    )
    async def test_without_an_earlier_answer_it_says_why(
        self, stand_in: StandIn, weather: Weather, fault: str, reason: str
    ) -> None:
        stand_in.fault = fault
        result = await weather.forecast("Zermatt", "tomorrow")
        assert (result.ok, result.text) == (False, f"The weather service can't be reached ({reason}).")

    async def test_the_last_answer_is_told_again_with_its_time(self, stand_in: StandIn, weather: Weather) -> None:
        good = await weather.forecast("Zermatt", "tomorrow")
        stand_in.fault = "500"
        weather.now = NOW + timedelta(hours=2)
        again = await weather.forecast("zermatt", "tomorrow")
        assert again.ok
        assert again.text == (
            "The weather service can't be reached (it answered with error 500). "
            f"The last answer, from Saturday 21 November 2026, 14:20, was: {good.text}"
        )

    async def test_it_is_told_again_in_the_units_asked_for(self, stand_in: StandIn, weather: Weather) -> None:
        await weather.forecast("Zermatt", "tomorrow")
        stand_in.fault = "500"
        again = await weather.forecast("Zermatt", "tomorrow", question="in Fahrenheit, wind in knots")
        assert "26 to 40 °F" in again.text
        assert "wind up to 11 kn" in again.text
        assert "°C" not in again.text

    async def test_it_is_told_again_when_only_the_forecast_fails(self, stand_in: StandIn, weather: Weather) -> None:
        await weather.current("Zermatt")
        stand_in.fault, stand_in.fault_at = "500", "/v1/forecast"
        assert (await weather.current("Zermatt")).ok

    async def test_what_was_told_again_keeps_its_first_time(self, stand_in: StandIn, weather: Weather) -> None:
        await weather.current("Zermatt")
        stand_in.fault = "500"
        for hours in (1, 2):
            weather.now = NOW + timedelta(hours=hours)
            assert "from Saturday 21 November 2026, 14:20" in (await weather.current("Zermatt")).text

    async def test_the_newest_answer_is_taken(self, stand_in: StandIn, weather: Weather) -> None:
        await weather.forecast("Zermatt", "tomorrow")
        weather.now = NOW + timedelta(hours=1)
        await weather.forecast("Zermatt", "tomorrow")
        stand_in.fault = "500"
        assert "from Saturday 21 November 2026, 15:20" in (await weather.forecast("Zermatt", "tomorrow")).text

    async def test_a_longer_forecast_answers_for_one_of_its_days(self, stand_in: StandIn, weather: Weather) -> None:
        await weather.forecast("Zermatt", "next week")
        stand_in.fault = "500"
        result = await weather.forecast("Zermatt", "on Wednesday")
        assert "Wednesday 25 November 2026: partly cloudy" in result.text
        assert "Thursday" not in result.text

    async def test_the_day_stands_in_for_a_part_of_it(self, stand_in: StandIn, weather: Weather) -> None:
        await weather.forecast("Zermatt", "tomorrow")
        stand_in.fault = "500"
        assert "Sunday 22 November 2026: partly cloudy" in (await weather.forecast("Zermatt", "tomorrow morning")).text

    @pytest.mark.parametrize(("place", "when"), [("Tokyo", "tomorrow"), ("Zermatt", "on Monday")])
    async def test_other_places_and_days_do_not_stand_in(
        self, stand_in: StandIn, weather: Weather, place: str, when: str
    ) -> None:
        await weather.forecast("Zermatt", "tomorrow")
        await weather.current("Zermatt")
        stand_in.fault = "500"
        assert not (await weather.forecast(place, when)).ok

    async def test_yesterdays_weather_is_not_current(self, stand_in: StandIn, weather: Weather) -> None:
        await weather.current("Zermatt")
        stand_in.fault = "500"
        weather.now = NOW + timedelta(days=1)
        assert not (await weather.current("Zermatt")).ok

    async def test_failed_calls_and_damaged_data_do_not_stand_in(self, stand_in: StandIn, weather: Weather) -> None:
        good = (await weather.forecast("Tokyo", "tomorrow")).data
        assert isinstance(good, dict)
        damaged: list[Any] = [
            {**good, "asked": "Zermatt", "place": "cut off …"},
            {**good, "asked": "Zermatt", "rows": ["[3 more]"]},
            {**good, "asked": "Zermatt", "kind": "weekly"},
            {**good, "asked": "Zermatt", "kind": "hourly", "first": "2026-11-22T00:00:00"},
            {**good, "asked": "Zermatt", "columns": ["day"]},
            "cut off …",
        ]
        for data in damaged:
            await weather.record(LOCAL, [ToolCalled(call_id="1", tool="weather.forecast", ok=True, data=data)])
        wrong = ToolCalled(call_id="1", tool="weather.forecast", ok=False, data={**good, "asked": "Zermatt"})
        await weather.record(LOCAL, [wrong])
        stand_in.fault = "500"
        assert not (await weather.forecast("Zermatt", "tomorrow")).ok

    async def test_traces_without_weather_leave_no_row(self, weather: Weather) -> None:
        await weather.record(LOCAL, [ToolCalled(call_id="1", tool="timer.set", ok=True, data={"kind": "daily"})])
        await weather.current("Xyzzyville")
        assert await weather.views.query(VIEW) == []
        await weather.current("Zermatt")
        assert len(await weather.views.query(VIEW)) == 1

    @pytest.mark.parametrize("when", ["for the next 16 days", "tomorrow from 1:00 to 23:00"])
    async def test_the_longest_answers_fit_into_the_log(self, stand_in: StandIn, weather: Weather, when: str) -> None:
        good = await weather.forecast("Llanfair", when)
        stand_in.fault = "500"
        again = await weather.forecast("Llanfair", when)
        assert good.text.splitlines()[-2] in again.text

    async def test_an_answer_of_a_running_trace_counts(self, stand_in: StandIn, weather: Weather) -> None:
        result = await weather.current("Zermatt")
        started = TraceStarted(request="?", user="anna", request_id="x", owner="test", context={})
        called = ToolCalled(call_id="1", tool="weather.current", ok=True, data=result.data)
        await weather.store.append("trace/running", [started, called], 0, tenant="acme")
        stand_in.fault = "500"
        assert (await weather.current("Zermatt", owner=Owner("acme", "anna"))).ok


names = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"]), min_size=1, max_size=10).filter(
    str.isprintable
)
people = st.lists(st.builds(Owner, names, names), min_size=2, max_size=4, unique=True)


@given(people, st.sampled_from(["weather.current", "weather.forecast"]))
@settings(deadline=None, max_examples=15)
async def test_nobody_is_told_an_answer_that_was_anothers(owners: list[Owner], tool: str) -> None:
    with serving(NOW) as stand_in:
        async with await EventStore.open("memory://") as store:
            views = Views(store, [WeatherAnswers()])
            weather = Weather(stand_in, store, views)
            first, *others = owners
            assert (await weather.call(tool, first, place="Zermatt")).ok
            stand_in.fault = "500"
            assert (await weather.call(tool, first, place="Zermatt")).ok
            for owner in others:
                assert not (await weather.call(tool, owner, place="Zermatt")).ok
            await views.close()
