"""The weather role as a whole: what people say, up to what they read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from common.errors import ToolError
from roles.weather import build
from tests.roles.asking import NOW, Asking, asking
from tests.roles.weather.open_meteo_stand_in import StandIn, serving


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    with serving(NOW) as server:
        yield server


@pytest.fixture
async def weather(stand_in: StandIn, tmp_path: Path) -> AsyncIterator[Asking]:
    urls = {"forecast_url": stand_in.forecast_url, "geocoding_url": stand_in.geocoding_url}
    async with asking(build, tmp_path, weather=urls) as role:
        yield role


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ("check the weather", "Zürich"),
        ("what's the weather like?", "Zürich"),
        ("What is the weather in Zermatt right now?", "Zermatt"),
        ("how warm is it outside?", "Zürich"),
        ("is it raining in Tokyo?", "Tokyo"),
        ("weather Zermatt", "Zermatt"),
        ("tell me the weather in Paris", "Paris, Île-de-France"),
        ("How's the weather in Zermatt at the moment?", "Zermatt"),
        ("current temperature in Tokyo", "Tokyo"),
        ("do I need a coat outside?", "Zürich"),
        ("what's it like out there?", "Zürich"),
    ],
)
async def test_the_weather_now(weather: Asking, said: str, place: str) -> None:
    asked = await weather.ask(said, location="Zurich")
    assert asked.result.ok, asked.text
    assert asked.tools == ("weather.current",)
    assert asked.text.startswith(place)
    assert "Saturday 21 November 2026, " in asked.text
    assert "light snow, −3 °C" in asked.text


@pytest.mark.parametrize(
    ("said", "place", "days"),
    [
        ("what will the weather be like tomorrow in Zermatt?", "Zermatt", "Sunday 22 November"),
        ("will it rain on Sunday?", "Zürich", "Sunday 22 November"),
        ("check the weather for Friday", "Zürich", "Friday 27 November"),
        ("forecast for Zermatt this weekend", "Zermatt", "Sunday 22 November"),
        ("do I need an umbrella tomorrow?", "Zürich", "Sunday 22 November"),
        ("how cold will it get tonight?", "Zürich", "Saturday 21 November 2026, 18:00–00:00"),
        ("will it be sunny tomorrow afternoon in Zermatt?", "Zermatt", "Sunday 22 November 2026, 12:00–18:00"),
        ("What's the temperature going to be in Tokyo on Friday?", "Tokyo", "Friday 27 November"),
        ("is Saturday going to be dry in Zermatt?", "Zermatt", "Saturday 28 November"),
        ("weather for the next five days in Zermatt", "Zermatt", "Wednesday 25 November"),
        ("check the weather for the mountain trip on Saturday", "Zürich", "Saturday 28 November"),
        ("Should I take an umbrella to Paris on Monday?", "Paris, Île-de-France", "Monday 23 November"),
    ],
)
async def test_the_weather_to_come(weather: Asking, said: str, place: str, days: str) -> None:
    asked = await weather.ask(said, location="Zurich")
    assert asked.result.ok, asked.text
    assert len(asked.tools) == 1
    assert asked.text.startswith(place)
    assert days in asked.text


async def test_without_a_place_it_asks_for_one(weather: Asking) -> None:
    asked = await weather.ask("check the weather")
    assert not asked.result.ok
    assert asked.text.startswith("For which place?")


async def test_a_service_that_is_gone_is_said_and_the_log_stands_in(weather: Asking, stand_in: StandIn) -> None:
    stand_in.fault = "503"
    first = await weather.ask("will it rain in Zermatt tomorrow?")
    assert (first.result.ok, first.text) == (
        False,
        "The weather service can't be reached (it answered with error 503).",
    )
    stand_in.fault = None
    good = await weather.ask("will it rain in Zermatt tomorrow?")
    stand_in.fault = "503"
    again = await weather.ask("is it going to rain tomorrow in Zermatt?")
    assert again.result.ok
    assert again.text.endswith(f"The last answer, from Saturday 21 November 2026, 14:20, was: {good.text}")


@pytest.mark.parametrize(
    ("said", "figure"),
    [
        ("will it freeze tomorrow in Zermatt?", "Frost is expected: down to −3 °C."),
        ("do I need an umbrella tomorrow?", "You will hardly need it: 5 % chance."),
        ("is it windy in Zermatt?", "There is little wind: up to 12 km/h."),
        ("how windy is it in Zermatt in knots?", "There is little wind: up to 7 kn."),
        ("what's the temperature in Zermatt in Fahrenheit?", "26 °F"),
        ("how many inches of rain will fall in Zermatt on Saturday?", "0.48 in"),
    ],
)
async def test_questions_are_answered_with_the_figure_in_the_units_asked_for(
    weather: Asking, said: str, figure: str
) -> None:
    asked = await weather.ask(said, location="Zurich")
    assert asked.result.ok, asked.text
    assert figure in asked.text


@pytest.mark.parametrize(
    ("said", "places"),
    [
        ("what's the weather in Paris, Texas?", ["Paris, Texas, United States"]),
        ("what's the weather in Paris in Texas?", ["Paris, Texas, United States"]),
        ("weather in Zurich, Switzerland tomorrow", ["Zürich, Zurich, Switzerland"]),
        ("weather for London, Ontario next Friday", ["London, Ontario, Canada"]),
        ("what's the weather in Zermatt and Tokyo?", ["Zermatt, Valais, Switzerland", "Tokyo, Japan"]),
        ("will it rain in Zermatt, Tokyo and Honolulu on Sunday?", ["Zermatt, V", "Tokyo, Japan", "Honolulu, Hawaii"]),
        ("weather in san jose", ["San José, San José Province"]),
    ],
)
async def test_places_by_region_and_several_at_once(weather: Asking, said: str, places: list[str]) -> None:
    asked = await weather.ask(said, location="Zurich")
    assert asked.result.ok, asked.text
    assert len(asked.tools) == len(places)
    lines = asked.text.splitlines()
    assert [line.startswith(place) for line, place in zip(lines, places, strict=False)] == [True] * len(places)


async def test_the_health_check_asks_the_service(weather: Asking, stand_in: StandIn, tmp_path: Path) -> None:
    (check,) = weather.role.health_checks
    assert (check.part, check.configured) == ("weather", True)
    assert (await check.probe()).detail.startswith("its time is 2026-11-21T13:15")
    stand_in.fault = "503"
    with pytest.raises(ToolError, match="error 503"):
        await check.probe()
    async with asking(build, tmp_path) as usual:
        assert not usual.role.health_checks[0].configured, "nobody named the usual service"


async def test_two_questions_in_one_request(weather: Asking) -> None:
    asked = await weather.ask("What's the weather in Zermatt now, and will it rain there tomorrow?", location="Tokyo")
    now, tomorrow = asked.text.splitlines()
    assert now.startswith("Zermatt, Valais, Switzerland, Saturday 21 November 2026, 14:15: ")
    assert tomorrow.startswith("Zermatt, Sunday 22 November 2026: ")
