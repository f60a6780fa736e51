"""Reads the URL of a log in PostgreSQL; what is told of it to people holds neither user nor password."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict

from common.errors import ConfigurationError

__all__ = ["Address", "read_address"]

_SCHEMA = "agent_supervisor"
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,40}")
_DEFAULTS = {"application_name": "agent-supervisor", "keepalives_idle": 10, "keepalives_interval": 5}
"""A connection whose other end is gone without a word is noticed within half a minute, not after two hours."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a log is: `place` is for people, `schema` holds its tables and `views_schema` those of its views."""

    parameters: dict[str, Any] = field(repr=False)
    place: str
    schema: str

    @property
    def views_schema(self) -> str:
        """The schema that holds what can be built anew from the log."""
        return f"{self.schema}_views"

    @property
    def channel(self) -> str:
        """The channel on which appends are told."""
        return f"{self.schema}_appended"


def read_address(url: str, timeout: float) -> Address:
    """Read a URL as libpq does, with one parameter more: ``schema`` (default ``agent_supervisor``).

    `timeout` in seconds bounds the making of a connection, unless the URL says otherwise. Raises `ConfigurationError`,
    which never repeats the URL: what can't be read may hold parts of a password.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        raise _unreadable("the host is not one") from None
    query = parse_qsl(parts.query, keep_blank_values=True)
    schema = dict(query).get("schema", _SCHEMA)
    if not _NAME.fullmatch(schema):
        raise _unreadable("the schema may have lower-case letters, digits and underscores, at most 41")
    if "@" in parts.path or "@" in parts.netloc.rpartition("@")[0]:
        raise _unreadable("an @ in a password is written %40, a / is written %2F")
    left = urlencode([pair for pair in query if pair[0] != "schema"])
    try:
        given = conninfo_to_dict(urlunsplit(parts._replace(query=left)))
    except psycopg.Error:
        raise _unreadable("special characters in a password are percent-encoded (@ is %40, / is %2F)") from None
    if not all(port.isascii() and port.isdigit() for port in str(given.get("port", 0)).split(",")):
        raise _unreadable("the port is a number; special characters in a password are percent-encoded")
    parameters = {"connect_timeout": max(2, math.ceil(timeout)), **_DEFAULTS, **given}
    host = parameters.get("host") or parameters.get("hostaddr") or "the default host"
    port = f":{parameters['port']}" if parameters.get("port") else ""
    database = parameters.get("dbname") or parameters.get("user") or "the default database"
    return Address(parameters, f"{host}{port}/{database}", schema)


def _unreadable(why: str) -> ConfigurationError:
    return ConfigurationError(
        f"the URL of the PostgreSQL database can't be read: {why}",
        where="store.url",
        todo="Write it as postgresql://user:password@host:5432/database.",
    )
