"""Who asks, from where and when: the context that travels with a request."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, JsonValue, field_validator

from common.json_values import not_finite
from common.limits import Limits

__all__ = ["Owner", "TaskContext"]


class Owner(NamedTuple):
    """Whose data a thing is: memory, sessions, timers, documents, approvals and traces belong to one."""

    tenant: str
    user: str


class TaskContext(BaseModel):
    """Everything a request may say about itself; all optional.

    `Supervisor.process_request` resolves it once: afterwards `timezone` and `current_time` are set and hold for the
    whole request, so that every step reads the same clock.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    user: str = Field(default="local", min_length=1, max_length=200)
    tenant: str = Field(default="default", min_length=1, max_length=200)
    session: str | None = Field(default=None, min_length=1, max_length=200)
    request_id: str | None = Field(default=None, min_length=1, max_length=200)
    timezone: str | None = Field(default=None, max_length=100, description="IANA name, such as Europe/Zurich")
    current_time: datetime | None = None
    location: str | None = Field(default=None, max_length=200)
    recent_log_summary: str | None = Field(default=None, max_length=20_000)
    limits: Limits | None = None
    attributes: dict[str, JsonValue] = Field(default_factory=dict)
    flags: dict[str, bool | str | int | float] = Field(
        default_factory=dict, description="this request's own overrides of feature flags"
    )

    @field_validator("user", "tenant", "session", "request_id", "location")
    @classmethod
    def _printable(cls, value: str | None) -> str | None:
        if value is not None and not value.isprintable():
            raise ValueError("must not hold control characters or lone surrogates")
        return value

    @field_validator("attributes", "flags")
    @classmethod
    def _finite(cls, value: dict[str, Any]) -> dict[str, Any]:
        place = not_finite(value)
        if place is not None:
            raise ValueError(f"{place} is no finite number")
        return value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"unknown timezone {value!r}; use an IANA name such as Europe/Zurich") from None
        return value

    @property
    def owner(self) -> Owner:
        """The tenant and user whom everything this request makes belongs to."""
        return Owner(self.tenant, self.user)

    @property
    def zone(self) -> ZoneInfo:
        """The request's time zone (UTC until resolved)."""
        return ZoneInfo(self.timezone or "UTC")

    @property
    def now(self) -> datetime:
        """The request's one reading of the clock, aware and in its zone; raises `ValueError` until resolved."""
        if self.current_time is None:
            raise ValueError("the context was not resolved: current_time is missing")
        return self.current_time.astimezone(self.zone)

    def resolved(self, now: datetime, timezone: str, location: str | None) -> TaskContext:
        """This context with clock, zone and location filled in where they were left open.

        `now` must be aware. A naive `current_time` of the caller is taken to be in the request's zone.
        """
        zone_name = self.timezone or timezone
        current = self.current_time or now
        if current.tzinfo is None:
            current = current.replace(tzinfo=ZoneInfo(zone_name))
        update: dict[str, Any] = {
            "timezone": zone_name,
            "current_time": current.astimezone(ZoneInfo(zone_name)),
            "location": self.location or location,
        }
        return self.model_copy(update=update)
