"""A flagd server as the provider: a stand-in speaks its sync protocol, for the server itself is no Python package."""

from __future__ import annotations

import socket
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest

from common.context import TaskContext
from common.errors import ConfigurationError
from common.flags.remote import flagd_provider
from common.settings import FlagSettings, Settings
from supervisor import Supervisor
from supervisor.testing import offline_settings
from tests.common.flags.definitions import meta_planning

pytest.importorskip("openfeature.contrib.provider.flagd", reason="the extra flagd is not installed")
from tests.services.flagd_sync import flagd_sync

BETA = meta_planning(targeting={"if": [{"===": [{"var": "tenant"}, "beta"]}, "on"]})


def settings(folder: Path, port: int) -> Settings:
    return offline_settings(folder).model_copy(update={"flags": FlagSettings(flagd=f"127.0.0.1:{port}")})


async def until(condition: Any) -> None:
    with anyio.fail_after(30):
        while not await condition():
            await anyio.sleep(0.02)


async def test_a_flagd_server_serves_the_flags_and_its_changes(tmp_path: Path) -> None:
    with flagd_sync(BETA) as server:
        async with Supervisor(settings(tmp_path, server.port), background=False) as supervisor:
            read = await supervisor.flags.read("meta-planning", TaskContext(tenant="beta"))
            assert (read.value, read.reading.reason, read.provider) == (True, "TARGETING_MATCH", "FlagdProvider")
            assert (await supervisor.flags.read("meta-planning")).value is False
            assert (await supervisor.flags.read("router-model")).provider == "default"
            assert supervisor.flags.fault() is None
            with pytest.raises(ConfigurationError, match="come from FlagdProvider"):
                await supervisor.flags.set("meta-planning", by="test", percent=10)

            async def is_on() -> bool:
                return (await supervisor.flags.read("meta-planning")).value is True

            server.change(meta_planning("on"))
            await until(is_on)
            response = await supervisor.process_request("set a timer for 5 minutes and turn on the kitchen light")
            assert response.metadata.approach == "meta_planning"


async def test_the_last_definitions_hold_when_the_server_goes_away(tmp_path: Path) -> None:
    with ExitStack() as running:
        server = running.enter_context(flagd_sync(meta_planning("on")))
        async with Supervisor(settings(tmp_path, server.port), background=False) as supervisor:
            assert (await supervisor.flags.read("meta-planning")).value is True
            await anyio.to_thread.run_sync(running.close)
            assert (await supervisor.flags.read("meta-planning")).value is True


async def test_a_server_that_is_away_is_a_fault_and_defaults_hold(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        async with Supervisor(settings(tmp_path, port), background=False) as supervisor:
            fault = supervisor.flags.fault()
            assert fault is not None
            assert "FlagdProvider is not ready" in fault.what
            assert fault.meanwhile == "what it still knows holds, else settings and defaults"
            read = await supervisor.flags.read("meta-planning")
            assert (read.value, read.provider) == (False, "default")
            assert (await supervisor.process_request("turn on the kitchen light")).outcome == "success"


@pytest.mark.parametrize("address", ["", ":8015", "host:", "host:0", "host:70000", "host:x", "host:-1"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(ConfigurationError, match="is no address") as caught:
        flagd_provider(address)
    assert caught.value.where == "flags.flagd"


def test_without_the_extra_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openfeature.contrib.provider.flagd", None)
    with pytest.raises(ConfigurationError) as caught:
        flagd_provider("flagd:8015")
    assert caught.value.where == "flags.flagd"
    assert "agent-supervisor[flagd]" in caught.value.todo
