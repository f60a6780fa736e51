"""The databases that the event store is measured on, and their own drivers doing the same by hand."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Protocol

import psycopg

from benchmarks.stock_projection import stock_on_postgres, stock_on_sqlite
from events.backend import NewRow
from events.persistence.sqlite_connection import connect
from tests.services.postgres_server import PostgresServer, own_server

__all__ = ["PLACES", "Place"]

_SQLITE_TABLE = """
CREATE TABLE stored_events (
    rowid INTEGER PRIMARY KEY AUTOINCREMENT, originator_id TEXT NOT NULL, originator_version INTEGER NOT NULL,
    topic TEXT NOT NULL, state BLOB NOT NULL, UNIQUE (originator_id, originator_version)
)
"""
_POSTGRES_TABLE = """
CREATE TABLE stored_events (
    notification_id bigserial UNIQUE, originator_id text COLLATE "C" NOT NULL, originator_version bigint NOT NULL,
    topic text COLLATE "C" NOT NULL, state bytea NOT NULL, PRIMARY KEY (originator_id, originator_version)
)
"""
_INSERT = "INSERT INTO stored_events (originator_id, originator_version, topic, state) VALUES ({})"


class Place(Protocol):
    """One of the databases."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    def new(self) -> AbstractContextManager[str]:
        """The URL of a new database."""
        ...

    def raw(self, url: str, rows: Sequence[NewRow], batch: int) -> float:
        """Events a second of the driver alone, `batch` rows a transaction, each transaction on the disk."""
        ...

    def stock(self, url: str, events: int) -> float:
        """Events a second of the library's way of running a projection."""
        ...


class _SQLite:
    name = "SQLite"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def new(self) -> Generator[str]:
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            yield f"sqlite:///{folder}/events.db"

    def raw(self, url: str, rows: Sequence[NewRow], batch: int) -> float:
        with closing(connect(Path(url.removeprefix("sqlite:///")), 5.0, synchronous="FULL")) as database:
            database.execute(_SQLITE_TABLE)
            began = time.perf_counter()
            for place in range(0, len(rows), batch):
                database.execute("BEGIN IMMEDIATE")
                database.executemany(_INSERT.format("?, ?, ?, ?"), rows[place : place + batch])
                database.execute("COMMIT")
            return len(rows) / (time.perf_counter() - began)

    def stock(self, url: str, events: int) -> float:
        return stock_on_sqlite(url.removeprefix("sqlite:///") + "-stock", events)


class _Postgres:
    name = "PostgreSQL"

    def __init__(self, server: PostgresServer) -> None:
        self._server = server

    @contextmanager
    def new(self) -> Generator[str]:
        yield self._server.new_database()

    def raw(self, url: str, rows: Sequence[NewRow], batch: int) -> float:
        with psycopg.connect(url) as database:
            database.execute(_POSTGRES_TABLE)
            database.commit()
            began = time.perf_counter()
            for place in range(0, len(rows), batch):
                with database.cursor() as cursor:
                    cursor.executemany(_INSERT.format("%s, %s, %s, %s").encode(), rows[place : place + batch])
                database.commit()
            return len(rows) / (time.perf_counter() - began)

    def stock(self, url: str, events: int) -> float:
        return stock_on_postgres(url, events)


@contextmanager
def _sqlite(folder: Path) -> Generator[Place]:
    yield _SQLite(folder)


@contextmanager
def _postgres(folder: Path) -> Generator[Place]:
    durable = {"fsync": "on", "full_page_writes": "on", "max_wal_size": "4GB", "shared_buffers": "256MB"}
    with own_server(durable, folder) as server:
        yield _Postgres(server)


PLACES: dict[str, Callable[[Path], AbstractContextManager[Place]]] = {"sqlite": _sqlite, "postgres": _postgres}
"""What makes each of them, with its files in a folder."""
