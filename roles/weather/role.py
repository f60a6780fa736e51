"""Builds the weather role."""

from __future__ import annotations

from functools import partial

from common.health import HealthCheck
from common.settings import WeatherSettings
from roles.domain_role import DomainRole
from roles.resources import RoleResources
from roles.weather.examples import EXAMPLES
from roles.weather.open_meteo import OpenMeteo
from roles.weather.tools import WeatherTools
from roles.weather.units import default_units
from roles.weather.view import WeatherAnswers, last_answers

__all__ = ["build"]


def build(resources: RoleResources) -> DomainRole:
    """The weather role over Open-Meteo, with the log's last good answers behind it."""
    settings = resources.settings
    service = OpenMeteo(settings.weather)
    tools = WeatherTools(
        service, partial(last_answers, resources.views), settings.language, default_units(settings.weather.units)
    )
    usual = WeatherSettings()
    urls = {(settings.weather.forecast_url, settings.weather.geocoding_url), (usual.forecast_url, usual.geocoding_url)}
    return DomainRole(
        resources,
        name="weather",
        description=(
            "The weather now and the forecast for the days to come at any place: temperature, rain, snow, wind. "
            "It knows no past weather and gives no warnings."
        ),
        examples=EXAMPLES,
        tools=tools.tools(),
        views=(WeatherAnswers(),),
        # The usual service is not reachable from everywhere, and nobody asked for it by name.
        health_checks=(HealthCheck("weather", service.probe, configured=len(urls) > 1),),
    )
