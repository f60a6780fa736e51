"""The weather provider's contract, and Open-Meteo's ways to fail."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from common.settings import WeatherSettings
from roles.weather.open_meteo import OpenMeteo
from roles.weather.places import find_place
from roles.weather.provider import GeoPlace, WeatherProvider, WeatherRefused, WeatherUnavailable
from tests.roles.weather.open_meteo_stand_in import FAULTS, StandIn, daily_value, serving

NOW = datetime(2026, 11, 21, 14, 20, tzinfo=ZoneInfo("Europe/Zurich"))
ZERMATT = GeoPlace(name="Zermatt", latitude=46.02, longitude=7.75, timezone="Europe/Zurich")


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    with serving(NOW) as server:
        yield server


def open_meteo(stand_in: StandIn, timeout: float = 5.0, **more: str) -> OpenMeteo:
    values = {"forecast_url": stand_in.forecast_url, "geocoding_url": stand_in.geocoding_url, **more}
    return OpenMeteo(WeatherSettings.model_validate({"timeout": timeout, **values}))


class WeatherProviderContract:
    """What every weather provider must do; it is asked on 21 November 2026 and knows Zermatt."""

    @pytest.fixture
    def provider(self, stand_in: StandIn) -> WeatherProvider:
        raise NotImplementedError

    async def test_finds_a_place_with_all_that_tells_it_apart(self, provider: WeatherProvider) -> None:
        found = (await provider.find_places("Zermatt"))[0]
        assert (found.label, found.timezone) == ("Zermatt, Valais, Switzerland", "Europe/Zurich")
        assert found.latitude == pytest.approx(46.02, abs=0.01)

    async def test_knows_no_place_that_does_not_exist(self, provider: WeatherProvider) -> None:
        assert not await provider.find_places("Xyzzyville")
        assert not await provider.find_places("x")

    async def test_current_weather_is_at_the_local_time_with_units(self, provider: WeatherProvider) -> None:
        weather, units = await provider.current(ZERMATT)
        assert weather.at == datetime(2026, 11, 21, 14, 15)
        assert weather.temperature is not None
        assert units.temperature in {"°C", "°F"}

    async def test_daily_gives_each_day_asked_for_once(self, provider: WeatherProvider) -> None:
        days, _ = await provider.daily(ZERMATT, date(2026, 11, 27), date(2026, 11, 29))
        assert [day.day for day in days] == [date(2026, 11, 27), date(2026, 11, 28), date(2026, 11, 29)]

    async def test_daily_reaches_the_whole_horizon(self, provider: WeatherProvider) -> None:
        last = NOW.date() + timedelta(days=provider.horizon - 1)
        days, _ = await provider.daily(ZERMATT, NOW.date(), last)
        assert len(days) == provider.horizon

    async def test_refuses_days_beyond_the_horizon_with_a_reason(self, provider: WeatherProvider) -> None:
        beyond = NOW.date() + timedelta(days=provider.horizon)
        with pytest.raises(WeatherRefused) as refused:
            await provider.daily(ZERMATT, beyond, beyond)
        assert "range" in refused.value.reason

    async def test_hourly_gives_the_hours_of_the_window(self, provider: WeatherProvider) -> None:
        hours, _ = await provider.hourly(ZERMATT, datetime(2026, 11, 28, 22), datetime(2026, 11, 29, 2))
        assert [hour.at.hour for hour in hours] == [22, 23, 0, 1]


class TestOpenMeteo(WeatherProviderContract):
    @pytest.fixture
    def provider(self, stand_in: StandIn) -> WeatherProvider:
        return open_meteo(stand_in)

    async def test_reads_the_figures_of_a_day(self, stand_in: StandIn) -> None:
        saturday = date(2026, 11, 28)
        days, units = await open_meteo(stand_in).daily(ZERMATT, saturday, saturday)
        assert (days[0].low, days[0].high) == (
            daily_value("temperature_2m_min", saturday),
            daily_value("temperature_2m_max", saturday),
        )
        assert (days[0].code, days[0].probability, days[0].precipitation, days[0].wind) == (63, 80, 12.3, 20)
        assert (units.temperature, units.wind, units.precipitation) == ("°C", "km/h", "mm")

    async def test_imperial_units_are_asked_for_and_named_as_people_do(self, stand_in: StandIn) -> None:
        _, units = await open_meteo(stand_in, units="imperial").current(ZERMATT)
        assert (units.temperature, units.wind, units.precipitation) == ("°F", "mph", "in")

    async def test_values_that_the_service_leaves_out_stay_open(self, stand_in: StandIn) -> None:
        stand_in.missing = {"precipitation_probability_max"}
        days, _ = await open_meteo(stand_in).daily(ZERMATT, date(2026, 11, 28), date(2026, 11, 28))
        assert days[0].probability is None
        assert days[0].precipitation == 12.3

    @pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault != "lengths"])
    async def test_every_fault_is_unavailable_with_a_reason(self, stand_in: StandIn, fault: str) -> None:
        stand_in.fault = fault
        provider = open_meteo(stand_in, timeout=0.4 if fault in {"hang", "drip"} else 5.0)
        with pytest.raises(WeatherUnavailable) as raised:
            await provider.find_places("Zermatt")
        assert raised.value.reason
        assert len(stand_in.asked) == 1, "nothing is retried"

    async def test_lists_of_different_lengths_are_no_answer(self, stand_in: StandIn) -> None:
        stand_in.fault = "lengths"
        with pytest.raises(WeatherUnavailable, match="could not be read"):
            await open_meteo(stand_in).daily(ZERMATT, date(2026, 11, 28), date(2026, 11, 28))

    async def test_a_refused_connection_is_named(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        provider = OpenMeteo(WeatherSettings(geocoding_url=f"http://127.0.0.1:{port}/v1/search"))
        with pytest.raises(WeatherUnavailable, match="connection refused"):
            await provider.find_places("Zermatt")

    @pytest.mark.parametrize(
        ("url", "reason"),
        [
            ("http://weather.invalid/v1/search", "could not be resolved"),
            ("ftp://127.0.0.1/", "not usable"),
            ("http://[::1", "not usable"),
        ],
    )
    async def test_an_address_that_leads_nowhere_is_unavailable(self, url: str, reason: str) -> None:
        with pytest.raises(WeatherUnavailable, match=reason):
            await OpenMeteo(WeatherSettings(geocoding_url=url)).find_places("Zermatt")

    async def test_proxies_of_the_environment_are_not_used(
        self, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        assert await open_meteo(stand_in).find_places("Zermatt")

    async def test_foreign_names_are_made_fit_to_print(self) -> None:
        nasty = GeoPlace(name="Zer\x1b[31mmatt\n\u202eX" + "y" * 500, latitude=1, longitude=1)
        assert nasty.name.isprintable()
        assert len(nasty.name) <= 100


class TestPlaces:
    async def test_the_most_populous_is_taken_and_others_are_named(self, stand_in: StandIn) -> None:
        found = await find_place(open_meteo(stand_in), "Paris")
        assert found is not None
        assert found.place.label == "Paris, Île-de-France, France"
        assert found.alternatives == (
            "Paris, Texas, United States",
            "Paris, Tennessee, United States",
            "Paris, Kentucky, United States",
        )

    @pytest.mark.parametrize(
        ("name", "label"),
        [
            ("Paris, Texas", "Paris, Texas, United States"),
            ("paris, texas, usa", "Paris, Texas, United States"),
            ("Paris in Ontario", "Paris, Ontario, Canada"),
            ("Paris, France", "Paris, Île-de-France, France"),
            ("Springfield Illinois", "Springfield, Illinois, United States"),
            ("zurich", "Zürich, Zurich, Switzerland"),
            ("Tokyo, Japan", "Tokyo, Japan"),
        ],
    )
    async def test_a_region_or_country_tells_places_apart(self, stand_in: StandIn, name: str, label: str) -> None:
        found = await find_place(open_meteo(stand_in), name)
        assert found is not None
        assert (found.place.label, found.alternatives) == (label, ())

    @pytest.mark.parametrize("name", ["Xyzzyville", "Paris, Mongolia", "the moon", ""])
    async def test_an_unknown_place_is_none(self, stand_in: StandIn, name: str) -> None:
        assert await find_place(open_meteo(stand_in), name) is None
