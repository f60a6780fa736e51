"""A supervisor behind its HTTP API, called without a network."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from common.http_settings import HttpSettings
from supervisor import Supervisor
from supervisor.http import create_app
from supervisor.testing import offline_settings
from supervisor.tokens import Scope

ALL = tuple(Scope)


class Served:
    """A running supervisor, its application, and clients with tokens."""

    def __init__(self, supervisor: Supervisor, app: FastAPI) -> None:
        self.supervisor = supervisor
        self.app = app

    async def token(self, *scopes: Scope, **bound: Any) -> str:
        """A new token (default: of every scope)."""
        made = await self.supervisor.tokens.create("test", scopes or ALL, by="test", **bound)
        self.app.state.access.tokens._looked = float("-inf")  # what another process would see within half a second
        return made.token

    @asynccontextmanager
    async def client(self, token: str | None = None, base: str = "http://test") -> AsyncGenerator[httpx.AsyncClient]:
        """A client that shows the token."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        transport = httpx.ASGITransport(self.app, client=("127.0.0.1", 1234))
        async with httpx.AsyncClient(transport=transport, base_url=base, headers=headers) as client:
            yield client


@asynccontextmanager
async def served_at(folder: Path, settings: HttpSettings | None = None, **more: Any) -> AsyncGenerator[Served]:
    """A supervisor with its data in the folder."""
    async with Supervisor(offline_settings(folder), background=False, **more) as supervisor:
        yield Served(supervisor, create_app(supervisor, settings))


@pytest.fixture
async def served(tmp_path: Path) -> AsyncGenerator[Served]:
    """A supervisor behind its API."""
    async with served_at(tmp_path) as found:
        yield found


@pytest.fixture
async def client(served: Served) -> AsyncGenerator[httpx.AsyncClient]:
    """A client that may do everything."""
    async with served.client(await served.token()) as found:
        yield found
