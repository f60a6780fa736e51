"""Builds the smart home role."""

from __future__ import annotations

from common.follow_up import FollowUp
from common.health import HealthCheck
from roles.domain_role import DomainRole, Service
from roles.questions import is_question
from roles.resources import RoleResources
from roles.smart_home.adapters.embedded import EmbeddedHouse
from roles.smart_home.backend import HouseBackend
from roles.smart_home.examples import EXAMPLES
from roles.smart_home.handlers import ActivateSceneHandler, SetDeviceHandler
from roles.smart_home.house import House
from roles.smart_home.tools import SmartHomeTools
from roles.smart_home.view import HomeView

__all__ = ["build"]


def build(resources: RoleResources) -> DomainRole:
    """The smart home role over the configured (or the example) house, or over the devices of a broker."""
    backend: HouseBackend
    services: tuple[Service, ...] = ()
    checks: tuple[HealthCheck, ...] = ()
    if resources.settings.smart_home.backend == "mqtt":
        from roles.smart_home.adapters.mqtt.house import MqttHouse

        backend = broker = MqttHouse(resources.settings.smart_home, resources.clock)
        services, checks = (broker.serve,), (HealthCheck("smart home", broker.probe),)
    else:
        backend = EmbeddedHouse(House.of(resources.settings.smart_home), resources.views)
    return DomainRole(
        resources,
        name="smart_home",
        description=(
            "Controls and reads the devices and scenes of the house: lights, blinds, locks, heating, appliances. "
            "It tells no outdoor weather and sets no timers."
        ),
        examples=EXAMPLES,
        tools=SmartHomeTools(backend).tools(),
        intent_handlers=(SetDeviceHandler(backend), ActivateSceneHandler(backend)),
        views=(HomeView(),),
        follow_up=_follow_up,
        fallback=lambda part: ("smart_home.query", {"said": part}) if is_question(part) else None,
        services=services,
        health_checks=checks,
    )


def _follow_up(said: FollowUp) -> tuple[str, dict[str, str]] | None:
    """What is to be done with devices that were spoken of before."""
    match said.action:
        case "switch":
            return "smart_home.set", {"said": said.words}
        case "state":
            return "smart_home.query", {"said": said.words}
        case _:
            return None
