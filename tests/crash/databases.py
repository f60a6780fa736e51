"""Where a log may be."""

from __future__ import annotations

import tempfile
from collections.abc import Generator
from contextlib import contextmanager

__all__ = ["DATABASES", "database"]

DATABASES = ("sqlite", "postgres")


@contextmanager
def database(kind: str) -> Generator[str]:
    """The URL of a new log, which is gone afterwards."""
    if kind == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite:///{folder}/events.db"
    else:
        from tests.services.postgres_server import own_server

        with own_server() as server:
            yield server.new_database()
