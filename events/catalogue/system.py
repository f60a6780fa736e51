"""system/<node>: how the supervisors themselves are, by the machine they run on."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from pydantic import Field, JsonValue

from events.catalogue.base import Event

__all__ = [
    "AlertRaised",
    "AlertTold",
    "HealthChanged",
    "MonitoringLed",
    "SamplesRetired",
    "SystemMaintained",
    "SystemSampled",
]


class AlertRaised(Event):
    """Something needs a person's eye.

    `kind` tells what raised it, such as ``flag-guard``; `subject` what it is about, such as the flag; `evidence` holds
    the figures behind it.
    """

    TOPIC: ClassVar[str] = "system.alert_raised"
    PERSONAL: ClassVar[bool] = False
    node: str
    kind: str
    subject: str
    title: str
    text: str
    evidence: dict[str, JsonValue] = Field(default_factory=dict)


class AlertTold(Event):
    """Whoever listens was notified of the one alert that the stream is named after (`supervisor.alerts`)."""

    TOPIC: ClassVar[str] = "system.alert_told"
    PERSONAL: ClassVar[bool] = False
    node: str
    kind: str
    subject: str


class SystemSampled(Event):
    """How one process and its machine did at the moment `at`, and what all processes of the log did until then.

    `figures` by the name of the metric, `absent` the metrics that could not be read, with the reason. `agents`, `tools`
    and `models` hold, by name, the figures of those that worked lately; only one process of a log tells them, so
    that they are counted once. `score` is from 0 to 100. docs/monitoring.md explains every figure with its unit.
    """

    TOPIC: ClassVar[str] = "system.sampled"
    PERSONAL: ClassVar[bool] = False
    node: str
    process: str
    at: datetime
    health: str
    score: float | None = None
    figures: dict[str, float] = Field(default_factory=dict)
    absent: dict[str, str] = Field(default_factory=dict)
    agents: dict[str, dict[str, float]] = Field(default_factory=dict)
    tools: dict[str, dict[str, float]] = Field(default_factory=dict)
    models: dict[str, dict[str, float]] = Field(default_factory=dict)


class HealthChanged(Event):
    """A component, or the whole (``system``), is in another state than before: healthy, degraded or unhealthy."""

    TOPIC: ClassVar[str] = "system.health_changed"
    PERSONAL: ClassVar[bool] = False
    node: str
    process: str
    component: str
    before: str
    after: str
    reasons: list[str] = Field(default_factory=list)


class MonitoringLed(Event):
    """From now on this process analyses the log, and tells what concerns all of its processes.

    With an empty `owner` none does: who led gave it up, and whoever wants to may.
    """

    TOPIC: ClassVar[str] = "system.monitoring_led"
    PERSONAL: ClassVar[bool] = False
    node: str
    owner: str


class SamplesRetired(Event):
    """The tables of samples hold none of before this moment any more; the log, or its archive, still has them."""

    TOPIC: ClassVar[str] = "system.samples_retired"
    PERSONAL: ClassVar[bool] = False
    node: str
    before: datetime


class SystemMaintained(Event):
    """Housekeeping was done, at the moment `at`: what came of it, and why parts of it could not be done."""

    TOPIC: ClassVar[str] = "system.maintained"
    PERSONAL: ClassVar[bool] = False
    node: str
    at: datetime
    figures: dict[str, float] = Field(default_factory=dict)
    problems: dict[str, str] = Field(default_factory=dict)
