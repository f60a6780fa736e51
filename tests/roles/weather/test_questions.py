"""What is asked of the weather is answered with the figure, and units are what was asked for, never mixed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roles.weather.provider import DayForecast, Units
from roles.weather.questions import Stretch, verdict
from roles.weather.units import IMPERIAL, METRIC, converted, in_unit, wanted_units

MILD = Stretch(low=6.2, high=14.0, chance=10, amount=0.0, wind=12, codes=(1,))
WET = Stretch(low=3.0, high=8.0, chance=80, amount=12.3, wind=45, codes=(63,))
COLD = Stretch(low=-5.4, high=-1.0, chance=60, amount=2.0, wind=25, codes=(73,))


@pytest.mark.parametrize(
    ("question", "part", "said"),
    [
        ("will it freeze tonight?", COLD, "Frost is expected: down to −5 °C."),
        ("will it freeze tonight?", MILD, "No frost is expected: down to 6 °C."),
        ("any frost?", Stretch(low=1.4), "Ground frost is possible: down to 1 °C."),
        ("do I need an umbrella?", WET, "Take it with you, rain is likely: 80 % chance, 12.3 mm."),
        ("do I need an umbrella?", MILD, "You will hardly need it: 10 % chance."),
        ("will it rain?", Stretch(chance=30, amount=0.4), "Rain is possible: 30 % chance, 0.4 mm."),
        ("is Saturday going to be dry?", WET, "It will hardly stay dry: 80 % chance, 12.3 mm."),
        ("is it raining?", Stretch(amount=0.0), "Rain is unlikely: 0.0 mm."),
        ("will it snow?", COLD, "Snow is expected: 60 % chance, 2.0 mm."),
        ("will it snow?", WET, "No snow is expected: 80 % chance, 12.3 mm."),
        ("is it windy?", WET, "It is windy: up to 45 km/h."),
        ("is it windy?", COLD, "There is a breeze: up to 25 km/h."),
        ("is it windy?", MILD, "There is little wind: up to 12 km/h."),
        ("is a storm coming?", WET, "It is windy, but no storm: wind up to 45 km/h."),
        ("will it be sunny?", MILD, "It is sunny: 10 % chance."),
        ("how hot will it get?", MILD, "The highest is 14 °C."),
        ("how cold will it get?", COLD, "The lowest is −5 °C."),
        ("what's the weather like?", WET, ""),
        ("will it freeze?", Stretch(), ""),
    ],
)
def test_a_question_is_answered_with_the_figure(question: str, part: Stretch, said: str) -> None:
    assert verdict(question, [part], METRIC) == said


def test_of_several_days_those_are_named_for_which_it_holds() -> None:
    days = [Stretch(low=2.5, chance=5, name="Monday"), Stretch(low=-1, chance=70, name="Tuesday")]
    assert verdict("will it rain?", days, METRIC) == "Rain is likely: Tuesday (70 % chance)."
    assert verdict("will it freeze?", days, METRIC) == "Frost is expected: Tuesday (down to −1 °C)."
    assert verdict("will it rain?", days[:1] * 2, METRIC) == "Rain is unlikely on any of these days."


@pytest.mark.parametrize(
    ("question", "part", "said"),
    [
        ("will it freeze?", Stretch(low=30), "Frost is expected: down to 30 °F."),
        ("will it freeze?", Stretch(low=40), "No frost is expected: down to 40 °F."),
        ("is it windy?", Stretch(wind=28), "It is windy: up to 28 mph."),
        ("how many inches of rain?", Stretch(amount=0.48), "Rain is likely: 0.48 in."),
    ],
)
def test_what_holds_does_not_depend_on_the_units(question: str, part: Stretch, said: str) -> None:
    assert verdict(question, [part], IMPERIAL) == said


@pytest.mark.parametrize(
    ("question", "units"),
    [
        ("what's the temperature in Fahrenheit?", IMPERIAL),
        ("how many °F is it", IMPERIAL),
        ("in celsius please", METRIC),
        ("how's the wind in mph", Units(wind="mph")),
        ("wind in knots", Units(wind="kn")),
        ("wind speed in m/s", Units(wind="m/s")),
        ("how many inches of rain", Units(precipitation="in")),
        ("in Fahrenheit, and the wind in knots", Units(temperature="°F", wind="kn", precipitation="in")),
        ("what's the weather in Bern", METRIC),
    ],
)
def test_units_are_those_of_the_words(question: str, units: Units) -> None:
    assert wanted_units(question, METRIC) == units


@given(
    st.floats(-80, 80),
    st.floats(0, 300),
    st.sampled_from(["°C", "°F"]),
    st.sampled_from(["km/h", "mph", "kn", "m/s"]),
    st.sampled_from(["mm", "in"]),
)
def test_figures_come_back_as_they_were(value: float, size: float, degrees: str, wind: str, rain: str) -> None:
    units = Units(temperature=degrees, wind=wind, precipitation=rain)
    day = DayForecast.model_validate({"day": "2026-11-28", "high": value, "wind": size, "precipitation": size})
    back = converted(converted(day, METRIC, units), units, METRIC)
    assert back.high == pytest.approx(value, abs=1e-9)
    assert (back.wind, back.precipitation) == (pytest.approx(size), pytest.approx(size))
    assert back.low is None


def test_a_unit_that_is_not_known_is_not_guessed_at() -> None:
    day = DayForecast.model_validate({"day": "2026-11-28", "wind": 5})
    with pytest.raises(KeyError):
        converted(day, Units(wind="furlongs"), METRIC)


@pytest.mark.parametrize(
    ("value", "unit", "wanted", "result"), [(0, "°C", "°F", 32), (212, "°F", "°C", 100), (10, "m/s", "km/h", 36)]
)
def test_known_figures(value: float, unit: str, wanted: str, result: float) -> None:
    assert in_unit(value, unit, wanted) == pytest.approx(result)
