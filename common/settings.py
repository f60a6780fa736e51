"""The settings of one supervisor: plain pydantic sections, read by `common.settings_loader`."""

from __future__ import annotations

import re
from datetime import time
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote
from zoneinfo import ZoneInfo

from pydantic import Field, JsonValue, field_validator

from common.builder_settings import BuilderSettings
from common.context import Owner
from common.ecosystem_settings import (
    A2AAgentSettings,
    McpRoleSettings,
    McpServerSettings,
    ServingSettings,
    check_categories,
)
from common.evolution_settings import EvolutionSettings
from common.http_settings import HttpSettings
from common.intents import Policy
from common.learning_settings import LearningSettings
from common.limits import Limits
from common.model_settings import BreakerSettings, ModelSettings
from common.monitoring_settings import MonitoringSettings
from common.owner_keys import DEFAULT_OWNER
from common.redaction import REDACTED, Redactor
from common.rollout_settings import ComparisonSettings, GuardSettings
from common.sandbox_settings import SandboxSettings
from common.section import Positive, Section
from common.service_settings import (
    AppriseSettings,
    CalDavAccount,
    CalDavSettings,
    MqttSettings,
    NotificationSettings,
    WebSearchSettings,
)

__all__ = [
    "A2AAgentSettings",
    "AppriseSettings",
    "BreakerSettings",
    "BuilderSettings",
    "CalDavAccount",
    "CalDavSettings",
    "CalendarSettings",
    "ComparisonSettings",
    "DeviceSettings",
    "FlagSettings",
    "GuardSettings",
    "HttpSettings",
    "IntentSettings",
    "LanguageSettings",
    "LearningSettings",
    "LogSettings",
    "McpRoleSettings",
    "McpServerSettings",
    "ModelSettings",
    "MonitoringSettings",
    "MqttSettings",
    "NotificationSettings",
    "RedactionSettings",
    "RequestSettings",
    "RouterSettings",
    "SandboxSettings",
    "SceneSettings",
    "SearchSettings",
    "ServingSettings",
    "Settings",
    "SmartHomeSettings",
    "StoreSettings",
    "TimerSettings",
    "WeatherSettings",
    "WebSearchSettings",
]


class StoreSettings(Section):
    """The event store."""

    url: str = Field(
        default="", description="empty: sqlite in data_dir; else sqlite:///path, postgresql://…, memory://"
    )
    queue_size: int = Field(default=10_000, gt=0, description="events waiting for their commit before appends wait")
    timeout: Positive = Field(default=10.0, description="seconds an append or a read may take")
    archive: Path | None = Field(
        default=None, description="folder of archived events; None: beside the SQLite file, or archive in data_dir"
    )
    encrypt: bool = Field(default=True, description="whether payloads are encrypted under the keys of their tenants")
    keys: Path | None = Field(
        default=None, description="folder of those keys, to be kept out of the log's backups; None: keys in data_dir"
    )
    seal_every: Positive = Field(default=3600.0, description="seconds after which a log that grew is sealed")
    seal_events: int = Field(default=10_000, gt=0, description="new events after which it is sealed at once")


class RequestSettings(Section):
    """Admission and bounds of requests."""

    max_concurrent: int = Field(default=64, gt=0)
    queue: int = Field(default=256, ge=0, description="requests that may wait for admission; beyond it: Overloaded")
    max_chars: int = Field(default=20_000, gt=0)
    limits: Limits = Limits(wall_clock=120.0, turns=30, tokens=200_000, tool_calls=60, cost=1.0)
    task_timeout: Positive = 60.0
    task_retries: int = Field(default=1, ge=0, le=5)
    tool_timeout: Positive = 30.0
    tool_output_chars: int = Field(default=20_000, gt=0)


class RouterSettings(Section):
    """The router."""

    precision: float = Field(default=0.99, gt=0.5, lt=1, description="the share of direct routes that must be right")
    model_tier: str | None = Field(default=None, description="tier asked where the classifier is unsure; None: none")
    encoder: str = Field(
        default="lexical",
        min_length=1,
        description="what compares requests with roles and tools: lexical, minilm (extra embeddings), module:attribute",
    )


class FlagSettings(Section):
    """Feature flags: where they are defined, and the values that hold where no definition says otherwise."""

    domain: str = Field(default="supervisor", min_length=1, description="the OpenFeature domain a host may serve")
    file: Path | None = Field(default=None, description="definitions in flagd's format; None: flags.json in data_dir")
    flagd: str | None = Field(default=None, description="host:port of a flagd server's sync port, instead of the file")
    flagd_tls: bool = False
    timeout: Positive = Field(default=2.0, description="seconds a provider of the host's may take for one flag")
    values: dict[str, bool | str | int | float] = Field(default_factory=dict)


class IntentSettings(Section):
    """What happens to intents."""

    default_policy: Policy = Policy.AUTO
    policies: dict[str, Policy] = Field(default_factory=dict, description="by intent type, such as calendar.add_event")
    timeout: Positive = Field(default=30.0, description="seconds one attempt may take")
    attempts: int = Field(default=3, gt=0, le=10, description="for effects that may be tried again")
    max_per_request: int = Field(default=100, gt=0)


class WeatherSettings(Section):
    """Open-Meteo, or a server that answers like it."""

    forecast_url: str = "https://api.open-meteo.com/v1/forecast"
    geocoding_url: str = "https://geocoding-api.open-meteo.com/v1/search"
    timeout: Positive = 4.0
    units: Literal["metric", "imperial"] = "metric"


class CalendarSettings(Section):
    """Calendars: a local .ics file for each owner, or accounts of a CalDAV server."""

    backend: Literal["local", "caldav"] = "local"
    caldav: CalDavSettings = CalDavSettings()
    path: Path | None = Field(default=None, description="None: calendar.ics in data_dir")
    default_start: time = Field(default=time(9, 0), description="taken where a day but no time was given")
    default_minutes: int = Field(default=60, gt=0, description="length of an event that names none")
    day_start: time = time(8, 0)
    day_end: time = time(18, 0)


class TimerSettings(Section):
    """Timers and alarms."""

    late_after: Positive = Field(default=5.0, description="seconds after which a firing says that it is late")
    poll: Positive = Field(default=1.0, description="seconds between looks for timers other processes set")


class SearchSettings(Section):
    """The user's own documents, and the web where a provider is configured."""

    folder: Path | None = Field(default=None, description="None: documents/ in data_dir")
    shipped_collection: bool = True
    max_results: int = Field(default=5, gt=0, le=50)
    max_file_bytes: int = Field(default=5_000_000, gt=0)
    web: WebSearchSettings = WebSearchSettings()


class DeviceSettings(Section):
    """A device of the embedded house."""

    name: str
    kind: Literal["light", "switch", "thermostat", "blind", "lock", "fan", "speaker", "sensor", "appliance"]
    room: str = ""
    aliases: tuple[str, ...] = ()
    state: dict[str, JsonValue] = Field(default_factory=dict)


class SceneSettings(Section):
    """A named set of device states."""

    name: str
    aliases: tuple[str, ...] = ()
    states: dict[str, dict[str, JsonValue]] = Field(default_factory=dict)


class SmartHomeSettings(Section):
    """The embedded house (empty lists mean the shipped example house), or the devices of an MQTT broker."""

    backend: Literal["embedded", "mqtt"] = "embedded"
    mqtt: MqttSettings = MqttSettings()
    devices: tuple[DeviceSettings, ...] = ()
    scenes: tuple[SceneSettings, ...] = ()


class LanguageSettings(Section):
    """How words of time are read."""

    week_starts: Literal["monday", "sunday"] = "monday"
    date_order: Literal["DMY", "MDY"] = "DMY"


class LogSettings(Section):
    """Logging of the command line (the library itself configures none)."""

    level: Literal["debug", "info", "warning", "error"] = "warning"
    file: Path | None = None
    json_lines: bool = False


class RedactionSettings(Section):
    """What else than the known forms of secrets is not shown."""

    patterns: tuple[str, ...] = Field(default=(), description="regular expressions; what they match is replaced")

    @field_validator("patterns")
    @classmethod
    def _usable(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in value:
            try:
                compiled = re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{pattern!r} is no regular expression: {error}") from None
            if compiled.search("") or compiled.search(REDACTED):
                raise ValueError(f"{pattern!r} must match neither nothing nor the replacement {REDACTED}")
        return value

    def redactor(self) -> Redactor:
        """Takes out of texts and values what must not be shown."""
        return Redactor(self.patterns)


class Settings(Section):
    """Everything one supervisor can be told; every field has a working default."""

    data_dir: Path = Path("data")
    timezone: str = "UTC"
    location: str | None = None
    store: StoreSettings = StoreSettings()
    models: dict[str, ModelSettings] = Field(
        default_factory=lambda: {"fast": ModelSettings(), "smart": ModelSettings()}, description="tier -> model"
    )
    model_aliases: dict[str, str] = Field(default_factory=lambda: {"sonnet": "smart"})
    model_breaker: BreakerSettings = BreakerSettings()
    requests: RequestSettings = RequestSettings()
    router: RouterSettings = RouterSettings()
    flags: FlagSettings = FlagSettings()
    comparison: ComparisonSettings = ComparisonSettings()
    guard: GuardSettings = GuardSettings()
    learning: LearningSettings = LearningSettings()
    monitoring: MonitoringSettings = MonitoringSettings()
    intents: IntentSettings = IntentSettings()
    weather: WeatherSettings = WeatherSettings()
    calendar: CalendarSettings = CalendarSettings()
    timer: TimerSettings = TimerSettings()
    search: SearchSettings = SearchSettings()
    smart_home: SmartHomeSettings = SmartHomeSettings()
    notifications: NotificationSettings = NotificationSettings()
    mcp_servers: dict[str, McpServerSettings] = Field(default_factory=dict, description="category -> server")
    a2a_agents: dict[str, A2AAgentSettings] = Field(default_factory=dict, description="category -> agent")
    serving: ServingSettings = ServingSettings()
    http: HttpSettings = HttpSettings()
    sandbox: SandboxSettings = SandboxSettings()
    builder: BuilderSettings = BuilderSettings()
    evolution: EvolutionSettings = EvolutionSettings()
    language: LanguageSettings = LanguageSettings()
    redaction: RedactionSettings = RedactionSettings()
    log: LogSettings = LogSettings()

    @field_validator("timezone")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"unknown timezone {value!r}; use an IANA name such as Europe/Zurich") from None
        return value

    @field_validator("mcp_servers", "a2a_agents")
    @classmethod
    def _categories(cls, value: dict[str, Any]) -> dict[str, Any]:
        check_categories(value)
        return value

    @property
    def store_url(self) -> str:
        """The store's URL, with the default in `data_dir` filled in."""
        return self.store.url or f"sqlite:///{self.data_dir / 'events.db'}"

    @property
    def store_archive(self) -> Path | None:
        """The folder of archived events; None where the store's own default holds: beside its file, or none."""
        if self.store.archive is None and self.store_url.startswith(("postgresql://", "postgres://")):
            return self.data_dir / "archive"
        return self.store.archive

    @property
    def store_keys(self) -> Path:
        """The folder of keys, with the default in `data_dir` filled in."""
        return self.store.keys or self.data_dir / "keys"

    @property
    def flags_path(self) -> Path:
        """The file of flag definitions, with the default in `data_dir` filled in."""
        return self.flags.file or self.data_dir / "flags.json"

    @property
    def builds_folder(self) -> Path:
        """The folder of builds, with the default in `data_dir` filled in."""
        return self.builder.folder or self.data_dir / "builds"

    def folder_of(self, owner: Owner) -> Path:
        """The folder of an owner's local files: `data_dir` itself for the default owner, else one of their own."""
        if owner == DEFAULT_OWNER:
            return self.data_dir
        return self.data_dir / "owners" / _folder_name(owner.tenant) / _folder_name(owner.user)

    def calendar_path(self, owner: Owner) -> Path:
        """An owner's calendar file; `calendar.path` names the default owner's only."""
        if self.calendar.path is not None and owner == DEFAULT_OWNER:
            return self.calendar.path
        return self.folder_of(owner) / "calendar.ics"

    def documents_folder(self, owner: Owner) -> Path:
        """The folder of an owner's documents; `search.folder` names the default owner's only."""
        if self.search.folder is not None and owner == DEFAULT_OWNER:
            return self.search.folder
        return self.folder_of(owner) / "documents"


def _folder_name(name: str) -> str:
    """A name that is one path component whatever a tenant or user is called (".." included)."""
    return quote(name, safe="").replace(".", "%2E")
