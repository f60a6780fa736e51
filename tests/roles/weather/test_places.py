"""From names to places: many that share one, qualifiers in every form, unknown ones, and where the user is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from common.settings import WeatherSettings
from roles.weather.open_meteo import OpenMeteo
from roles.weather.places import FoundPlace, UnknownPlace, find_place
from roles.weather.provider import GeoPlace
from tests.roles.weather.open_meteo_stand_in import StandIn, serving
from tests.roles.weather.weather_contract import NOW


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    with serving(NOW) as server:
        yield server


@pytest.fixture
def provider(stand_in: StandIn) -> OpenMeteo:
    urls = {"forecast_url": stand_in.forecast_url, "geocoding_url": stand_in.geocoding_url}
    return OpenMeteo(WeatherSettings.model_validate(urls))


def at(region: str, code: str) -> GeoPlace:
    return GeoPlace(name="Home", region=region, country_code=code, latitude=0, longitude=0)


async def found_near(provider: OpenMeteo, name: str, home: GeoPlace | None = None) -> FoundPlace:
    async def here() -> GeoPlace | None:
        return home

    found = await find_place(provider, name, here)
    assert isinstance(found, FoundPlace)
    return found


async def test_the_most_populous_is_taken_and_others_are_named_as_one_asks_for_them(provider: OpenMeteo) -> None:
    found = await found_near(provider, "Paris")
    assert found.place.label == "Paris, Île-de-France, France"
    assert found.alternatives == ("Paris, Texas", "Paris, Tennessee", "Paris, Kentucky")
    for name in found.alternatives:
        other = await found_near(provider, name)
        assert other.place.label.startswith(name), "what is said can be asked for"
        assert other.alternatives == ()


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("Paris, Texas", "Paris, Texas, United States"),
        ("paris, texas, usa", "Paris, Texas, United States"),
        ("Paris, TX", "Paris, Texas, United States"),
        ("Paris TX", "Paris, Texas, United States"),
        ("Paris in Texas", "Paris, Texas, United States"),
        ("Paris in Ontario", "Paris, Ontario, Canada"),
        ("Paris, France", "Paris, Île-de-France, France"),
        ("Paris, FR", "Paris, Île-de-France, France"),
        ("Springfield Illinois", "Springfield, Illinois, United States"),
        ("Springfield, IL", "Springfield, Illinois, United States"),
        ("London, ON", "London, Ontario, Canada"),
        ("London, UK", "London, England, United Kingdom"),
        ("London, England", "London, England, United Kingdom"),
        ("zurich", "Zürich, Zurich, Switzerland"),
        ("Zürich, Switzerland", "Zürich, Zurich, Switzerland"),
        ("Zurich, CHE", "Zürich, Zurich, Switzerland"),
        ("san jose", "San José, San José Province, Costa Rica"),
        ("San José, Costa Rica", "San José, San José Province, Costa Rica"),
        ("Tokyo, Japan", "Tokyo, Japan"),
        ("Georgia, US", "Georgia, United States"),
        ("Georgia, GE", "Georgia (GE)"),
    ],
)
async def test_a_region_or_country_tells_places_apart(provider: OpenMeteo, name: str, label: str) -> None:
    found = await found_near(provider, name)
    assert (found.place.label, found.alternatives, found.exact) == (label, (), True)


@pytest.mark.parametrize(
    ("name", "home", "label"),
    [
        ("Springfield", None, "Springfield, Missouri, United States"),
        ("Springfield", at("Illinois", "US"), "Springfield, Illinois, United States"),
        ("Georgia", None, "Georgia, United States"),
        ("Georgia", at("Tbilisi", "GE"), "Georgia (GE)"),
        ("London", at("Ontario", "CA"), "London, Ontario, Canada"),
        ("Paris", at("New York", "US"), "Paris, Île-de-France, France"),
    ],
)
async def test_where_the_user_is_helps_to_choose(
    provider: OpenMeteo, name: str, home: GeoPlace | None, label: str
) -> None:
    found = await found_near(provider, name, home)
    assert found.place.label == label
    assert found.alternatives


async def test_the_user_is_looked_for_only_where_a_name_is_shared(provider: OpenMeteo) -> None:
    async def never() -> GeoPlace | None:
        raise AssertionError("there is only one")

    assert isinstance(await find_place(provider, "Zermatt", never), FoundPlace)


async def test_another_name_than_was_said_is_marked(provider: OpenMeteo) -> None:
    found = await found_near(provider, "Zermat")
    assert (found.place.name, found.exact) == ("Zermatt", False)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Xyzzyville", "I know no place called “Xyzzyville”. Check the spelling, or name the nearest town."),
        ("the moon", "I know no place called “the moon”. Check the spelling, or name the nearest town."),
        ("Zermatz", "I know no place called “Zermatz”. Did you mean “Zermatt, Valais”?"),
        (
            "Paris, Mongolia",
            "I know no place called “Paris” in “Mongolia”. Did you mean “Paris, Texas”, “Paris, Île-de-France” or "
            "“Paris, Ontario”?",
        ),
    ],
)
async def test_an_unknown_place_is_said_with_like_names(provider: OpenMeteo, name: str, words: str) -> None:
    found = await find_place(provider, name)
    assert isinstance(found, UnknownPlace)
    assert found.words() == words


@pytest.mark.parametrize("name", ["Zermatt", "Paris, Texas", "Springfield Illinois", "Xyzzyville", "a b c d e f g", ""])
async def test_a_name_costs_at_most_two_questions(stand_in: StandIn, provider: OpenMeteo, name: str) -> None:
    await find_place(provider, name)
    assert len(stand_in.asked) <= 2
