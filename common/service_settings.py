"""Settings of the services outside: calendars, brokers, the web, notifications."""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from common.context import Owner
from common.owner_keys import DEFAULT_OWNER, check_owner_keys, owner_key
from common.section import Positive, Section

__all__ = [
    "AppriseSettings",
    "CalDavAccount",
    "CalDavSettings",
    "MqttSettings",
    "NotificationSettings",
    "WebSearchSettings",
]


class CalDavAccount(Section):
    """One owner's account at the CalDAV server."""

    username: str = ""
    password: SecretStr | None = None
    calendar: str = Field(default="", description="the calendar's name or address; empty: the account's first one")


class CalDavSettings(Section):
    """A CalDAV server (RFC 4791) and who has which account there."""

    url: str = Field(default="", description="where the server answers, such as https://dav.example.org/")
    account: CalDavAccount | None = Field(default=None, description="of the default owner")
    accounts: dict[str, CalDavAccount] = Field(default_factory=dict, description="of other owners, by tenant/user")
    timeout: Positive = Field(default=10.0, description="seconds one exchange with the server may take")

    @field_validator("url")
    @classmethod
    def _address(cls, value: str) -> str:
        if not value:
            return value
        try:
            parts = urlsplit(value)
            known = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            raise ValueError("it is no address; write it like https://dav.example.org/") from None
        if not known or not value.isprintable() or " " in value:
            raise ValueError("it is no address; write it like https://dav.example.org/")
        if parts.username is not None or parts.password is not None:
            raise ValueError("it must not hold a password; write username and password into the account")
        return value

    @field_validator("accounts")
    @classmethod
    def _owners(cls, value: dict[str, CalDavAccount]) -> dict[str, CalDavAccount]:
        check_owner_keys(value, "calendar.caldav.account")
        return value

    @staticmethod
    def key_of(owner: Owner) -> str:
        """The setting that names an owner's account."""
        return "calendar.caldav.account" if owner == DEFAULT_OWNER else f"calendar.caldav.accounts.{owner_key(owner)}"

    def account_of(self, owner: Owner) -> CalDavAccount | None:
        """An owner's own account; None where they have none. Nobody ever gets another owner's."""
        return self.account if owner == DEFAULT_OWNER else self.accounts.get(owner_key(owner))


class MqttSettings(Section):
    """A broker whose devices announce themselves as Home Assistant's MQTT discovery has it."""

    host: str = "localhost"
    port: int = Field(default=1883, gt=0, lt=65_536)
    username: str | None = None
    password: SecretStr | None = None
    tls: bool = False
    ca_file: Path | None = Field(default=None, description="the authority of the broker's certificate; None: the usual")
    tenant: str = Field(default="default", description="the tenant whose house this is")
    discovery_prefix: str = Field(default="homeassistant", pattern=r"^[^+#\x00/][^+#\x00]*$", max_length=200)
    timeout: Positive = Field(default=5.0, description="seconds to connect, and to wait for a device to confirm")


class WebSearchSettings(Section):
    """The web: none, a SearXNG server (its JSON API), or the metasearch package ddgs."""

    provider: Literal["none", "searxng", "ddgs"] = "none"
    url: str = Field(default="", description="searxng: the server's address")
    timeout: Positive = Field(default=6.0, description="seconds")
    max_results: int = Field(default=5, gt=0, le=20)
    language: str = Field(default="", description="such as en or de; empty: the provider's own choice")
    safe: bool = Field(default=True, description="ask the provider to leave out what is not safe for everybody")


class AppriseSettings(Section):
    """Where one owner is told, as addresses that Apprise knows, such as ntfy://ntfy.sh/topic or mailto://…"""

    urls: tuple[SecretStr, ...] = ()


class NotificationSettings(Section):
    """Who is told of timers, alerts and approvals, and where; no address: nobody but the host and the terminal."""

    urls: tuple[SecretStr, ...] = Field(default=(), description="Apprise addresses of the default owner")
    owners: dict[str, AppriseSettings] = Field(default_factory=dict, description="of other owners, by tenant/user")
    timeout: Positive = Field(default=10.0, description="seconds one delivery may take")
    queue: int = Field(default=256, gt=0, description="notifications that may wait at an address for their delivery")

    @field_validator("owners")
    @classmethod
    def _owners(cls, value: dict[str, AppriseSettings]) -> dict[str, AppriseSettings]:
        check_owner_keys(value, "notifications.urls")
        return value
