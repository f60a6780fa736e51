"""Tells of appends by other processes: PostgreSQL's notifications, on one connection a store."""

from __future__ import annotations

from collections.abc import Callable

from events.persistence.polling import Polling
from events.persistence.postgres_connection import Connection, Connector
from events.persistence.postgres_session import KeptSession

__all__ = ["PostgresWatch"]

_LONGEST_NUMBER = 20
_POLL_BESIDE = 1.0
"""Seconds between looks while notifications come: they are never relied upon alone."""


class PostgresWatch:
    """Implements `events.backend.Watch`; connects in the background."""

    def __init__(self, connector: Connector, told: Callable[[int], None]) -> None:
        self._channel = connector.address.channel
        self._told = told
        self._session = KeptSession(connector, "listener", self._begin, self._heard)
        self._session.start_soon()

    @property
    def poll(self) -> float:
        """Seconds after which those who follow look by themselves."""
        return _POLL_BESIDE if self._session.is_up else Polling.poll

    def close(self) -> None:
        """Listen no more."""
        self._session.close()

    def _heard(self, payload: str) -> None:
        self._told(int(payload) if payload.isdecimal() and len(payload) < _LONGEST_NUMBER else 0)

    def _begin(self, connection: Connection) -> None:
        connection.script(f"LISTEN {self._channel}")
        self._told(0)  # of what was appended until now nothing was heard
