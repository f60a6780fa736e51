"""Open-Meteo as a weather provider: the contract, its response shapes, and its ways to fail."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import date

import pytest

from common.errors import ToolError
from common.settings import WeatherSettings
from roles.weather.open_meteo import OpenMeteo
from roles.weather.provider import GeoPlace, Units, WeatherProvider, WeatherUnavailable
from roles.weather.units import IMPERIAL, METRIC
from tests.roles.weather.open_meteo_stand_in import FAULTS, StandIn, daily_value, serving
from tests.roles.weather.weather_contract import NOW, ZERMATT, WeatherProviderContract


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    with serving(NOW) as server:
        yield server


def open_meteo(stand_in: StandIn, timeout: float = 5.0, **more: str) -> OpenMeteo:
    values = {"forecast_url": stand_in.forecast_url, "geocoding_url": stand_in.geocoding_url, **more}
    return OpenMeteo(WeatherSettings.model_validate({"timeout": timeout, **values}))


class TestOpenMeteo(WeatherProviderContract):
    @pytest.fixture
    def provider(self, stand_in: StandIn) -> WeatherProvider:
        return open_meteo(stand_in)

    async def test_reads_the_figures_of_a_day(self, stand_in: StandIn) -> None:
        saturday = date(2026, 11, 28)
        days, units = await open_meteo(stand_in).daily(ZERMATT, saturday, saturday, METRIC)
        assert (days[0].low, days[0].high) == (
            daily_value("temperature_2m_min", saturday),
            daily_value("temperature_2m_max", saturday),
        )
        assert (days[0].code, days[0].probability, days[0].precipitation, days[0].wind) == (63, 80, 12.3, 20)
        assert (units.temperature, units.wind, units.precipitation) == ("°C", "km/h", "mm")

    @pytest.mark.parametrize(
        ("units", "asked"),
        [
            (METRIC, ("celsius", "kmh", "mm")),
            (IMPERIAL, ("fahrenheit", "mph", "inch")),
            (Units(wind="kn"), ("celsius", "kn", "mm")),
            (Units(wind="m/s", precipitation="in"), ("celsius", "ms", "inch")),
        ],
    )
    async def test_units_are_asked_for_by_the_services_names(
        self, stand_in: StandIn, units: Units, asked: tuple[str, str, str]
    ) -> None:
        await open_meteo(stand_in).current(ZERMATT, units)
        query = stand_in.asked[-1][1]
        assert (query["temperature_unit"], query["wind_speed_unit"], query["precipitation_unit"]) == asked

    async def test_values_that_the_service_leaves_out_stay_open(self, stand_in: StandIn) -> None:
        stand_in.missing = {"precipitation_probability_max"}
        days, _ = await open_meteo(stand_in).daily(ZERMATT, date(2026, 11, 28), date(2026, 11, 28), METRIC)
        assert days[0].probability is None
        assert days[0].precipitation == 12.3

    async def test_null_values_stay_open_and_their_unit_is_the_one_asked_for(self, stand_in: StandIn) -> None:
        stand_in.empty = {"wind_speed_10m_max", "weather_code", "temperature_2m_max"}
        days, units = await open_meteo(stand_in).daily(ZERMATT, date(2026, 11, 28), date(2026, 11, 28), METRIC)
        assert (days[0].wind, days[0].code, days[0].high, days[0].precipitation) == (None, None, None, 12.3)
        assert units == METRIC

    async def test_what_a_proxy_packed_is_unpacked(self, stand_in: StandIn) -> None:
        stand_in.packed = True
        assert (await open_meteo(stand_in).find_places("Zermatt"))[0].name == "Zermatt"

    @pytest.mark.parametrize(
        ("said", "reason"),
        [
            ("Minutely API request limit exceeded. Please try again in one minute.", "this minute"),
            ("Hourly API request limit exceeded. Please try again in the next hour.", "this hour"),
            ("Daily API request limit exceeded. Please try again tomorrow.", "today"),
            ("Too many concurrent requests", "at the moment"),
        ],
    )
    async def test_a_limit_that_is_reached_is_named(self, stand_in: StandIn, said: str, reason: str) -> None:
        stand_in.fault, stand_in.limit = "429", said
        with pytest.raises(WeatherUnavailable, match=f"it takes no more questions {reason}"):
            await open_meteo(stand_in).find_places("Zermatt")

    async def test_a_redirect_is_not_followed(self, stand_in: StandIn) -> None:
        stand_in.fault, stand_in.fault_at = "redirect", "/v1/"
        with pytest.raises(WeatherUnavailable, match="status 302"):
            await open_meteo(stand_in).find_places("Zermatt")
        assert [path for path, _ in stand_in.asked] == ["/v1/search"]

    async def test_the_probe_is_one_cheap_question(self, stand_in: StandIn) -> None:
        reached = await open_meteo(stand_in).probe()
        assert reached.detail == "its time is 2026-11-21T13:15 UTC"
        assert len(stand_in.asked) == 1

    @pytest.mark.parametrize(("fault", "reason"), [("503", "error 503"), ("hang", "no answer"), ("html", "be read")])
    async def test_a_probe_that_fails_says_what_to_do(self, stand_in: StandIn, fault: str, reason: str) -> None:
        stand_in.fault = fault
        with pytest.raises(ToolError, match=reason) as raised:
            await open_meteo(stand_in, timeout=0.4).probe()
        assert raised.value.where == f"weather.forecast_url {stand_in.forecast_url}"
        assert raised.value.todo

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
            await open_meteo(stand_in).daily(ZERMATT, date(2026, 11, 28), date(2026, 11, 28), METRIC)

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
