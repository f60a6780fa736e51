"""A session with the server that is kept up: to hear what it tells, or to hold a lock that says who lives."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import threading
from collections.abc import Callable

import psycopg

from common.errors import StoreError
from events.persistence.postgres_connection import Connection, Connector

__all__ = ["KeptSession"]

_LOOK = 30.0
"""Seconds after which a session that heard nothing looks whether it was told to stop."""
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 2.0


class KeptSession:
    """A connection and the thread that waits on it; a lost one is replaced for as long as it takes.

    `begin` is done on every new connection before it counts as up; `heard` is called with every notification. Both
    are called on the thread.
    """

    def __init__(
        self,
        connector: Connector,
        purpose: str,
        begin: Callable[[Connection], None],
        heard: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._connector = connector
        self._purpose = purpose
        self._begin = begin
        self._heard = heard
        self._connection: Connection | None = None
        self._socket: socket.socket | None = None
        """Another name for the connection's socket, that stays good when the driver closes its own."""
        self._changing = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"event-store-{purpose}", daemon=True)

    def start(self) -> None:
        """Connect, blocking, and keep it up from then on. Raises `StoreError` when that fails at once."""
        with self._connector.translated():
            self._connect()
        self._thread.start()

    def start_soon(self) -> None:
        """Connect in the background."""
        self._thread.start()

    @property
    def is_up(self) -> bool:
        """Whether there is a session, as far as this process can know without asking the server.

        A process that was frozen finds the news of its session's end unread when it wakes: while there is anything to
        read, the answer is no.
        """
        with self._changing:
            if self._socket is None:
                return False
            poll = select.poll()
            poll.register(self._socket, select.POLLIN)
            return not poll.poll(0)

    def close(self) -> None:
        """End the session and its thread."""
        self._stopping.set()
        with self._changing:
            if self._socket is not None:
                with contextlib.suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)  # the thread that waits for it closes the connection
        if self._thread.ident is not None:
            self._thread.join(self._connector.timeout)

    def _run(self) -> None:
        pause = _FIRST_PAUSE
        while not self._stopping.is_set():
            try:
                if self._connection is None:
                    self._connect()
                pause = _FIRST_PAUSE
                self._listen()
            except (psycopg.Error, StoreError, OSError):
                self._stopping.wait(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
            finally:
                self._disconnect()

    def _connect(self) -> None:
        connection = self._connector.connect(self._purpose)
        try:
            self._begin(connection)
            with self._changing:
                if self._stopping.is_set():
                    raise psycopg.OperationalError("it is closed")
                self._socket = socket.socket(fileno=os.dup(connection.fileno()))
                self._connection = connection
        except BaseException:
            connection.close()
            raise

    def _disconnect(self) -> None:
        with self._changing:
            connection, self._connection = self._connection, None
            if self._socket is not None:
                self._socket.close()
                self._socket = None
        if connection is not None:
            connection.close()

    def _listen(self) -> None:
        connection = self._connection
        while connection is not None and not self._stopping.is_set():
            for notification in connection.notifies(timeout=_LOOK):
                self._heard(notification.payload)
