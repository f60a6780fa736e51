"""What every weather provider must do."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from roles.weather.provider import GeoPlace, Units, WeatherProvider, WeatherRefused
from roles.weather.units import IMPERIAL, METRIC, in_unit

__all__ = ["NOW", "ZERMATT", "WeatherProviderContract"]

NOW = datetime(2026, 11, 21, 14, 20, tzinfo=ZoneInfo("Europe/Zurich"))
ZERMATT = GeoPlace(name="Zermatt", latitude=46.02, longitude=7.75, timezone="Europe/Zurich")


class WeatherProviderContract:
    """A provider that is asked on 21 November 2026 and knows Zermatt and several places called Paris."""

    @pytest.fixture
    def provider(self) -> WeatherProvider:
        raise NotImplementedError

    async def test_finds_a_place_with_all_that_tells_it_apart(self, provider: WeatherProvider) -> None:
        found = (await provider.find_places("Zermatt"))[0]
        assert (found.label, found.timezone) == ("Zermatt, Valais, Switzerland", "Europe/Zurich")
        assert found.latitude == pytest.approx(46.02, abs=0.01)

    async def test_finds_a_place_with_and_without_accents(self, provider: WeatherProvider) -> None:
        for name in ("Zürich", "zurich"):
            assert (await provider.find_places(name))[0].country_code == "CH"

    async def test_gives_as_many_places_as_asked_for(self, provider: WeatherProvider) -> None:
        assert len(await provider.find_places("Paris", 2)) == 2
        assert len({place.label for place in await provider.find_places("Paris", 100)}) > 2

    async def test_knows_no_place_that_does_not_exist(self, provider: WeatherProvider) -> None:
        assert not await provider.find_places("Xyzzyville")
        assert not await provider.find_places("x")

    async def test_current_weather_is_at_the_local_time_with_units(self, provider: WeatherProvider) -> None:
        weather, units = await provider.current(ZERMATT, METRIC)
        assert weather.at == datetime(2026, 11, 21, 14, 15)
        assert weather.temperature is not None
        assert units == METRIC

    @pytest.mark.parametrize("units", [METRIC, IMPERIAL, Units(wind="kn"), Units(wind="m/s", precipitation="in")])
    async def test_figures_come_in_the_units_asked_for(self, provider: WeatherProvider, units: Units) -> None:
        saturday = date(2026, 11, 28)
        (plain,), _ = await provider.daily(ZERMATT, saturday, saturday, METRIC)
        (day,), stated = await provider.daily(ZERMATT, saturday, saturday, units)
        _, hourly = await provider.hourly(ZERMATT, datetime(2026, 11, 28, 9), datetime(2026, 11, 28, 10), units)
        assert stated == hourly == (await provider.current(ZERMATT, units))[1] == units
        assert plain.high is not None
        assert plain.wind is not None
        assert plain.precipitation is not None
        assert day.high == pytest.approx(in_unit(plain.high, "°C", units.temperature), abs=0.2)
        assert day.wind == pytest.approx(in_unit(plain.wind, "km/h", units.wind), abs=0.2)
        assert day.precipitation == pytest.approx(in_unit(plain.precipitation, "mm", units.precipitation), abs=0.02)

    async def test_daily_gives_each_day_asked_for_once(self, provider: WeatherProvider) -> None:
        days, _ = await provider.daily(ZERMATT, date(2026, 11, 27), date(2026, 11, 29), METRIC)
        assert [day.day for day in days] == [date(2026, 11, 27), date(2026, 11, 28), date(2026, 11, 29)]

    async def test_daily_reaches_the_whole_horizon(self, provider: WeatherProvider) -> None:
        last = NOW.date() + timedelta(days=provider.horizon - 1)
        days, _ = await provider.daily(ZERMATT, NOW.date(), last, METRIC)
        assert len(days) == provider.horizon

    async def test_refuses_days_beyond_the_horizon_with_a_reason(self, provider: WeatherProvider) -> None:
        beyond = NOW.date() + timedelta(days=provider.horizon)
        with pytest.raises(WeatherRefused) as refused:
            await provider.daily(ZERMATT, beyond, beyond, METRIC)
        assert "range" in refused.value.reason

    async def test_hourly_gives_the_hours_of_the_window(self, provider: WeatherProvider) -> None:
        hours, _ = await provider.hourly(ZERMATT, datetime(2026, 11, 28, 22), datetime(2026, 11, 29, 2), METRIC)
        assert [hour.at.hour for hour in hours] == [22, 23, 0, 1]

    async def test_a_probe_answers(self, provider: WeatherProvider) -> None:
        assert (await provider.probe()).detail
