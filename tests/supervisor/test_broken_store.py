"""A store that can't be used is a clear typed error; nothing is acknowledged that is not kept."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from common.errors import ConfigurationError, StoreError, StoreUnavailable
from common.settings import Settings, StoreSettings
from supervisor import Supervisor
from supervisor.testing import offline_settings


def on_disk(folder: Path, **store: object) -> Settings:
    return offline_settings(folder).model_copy(update={"store": StoreSettings.model_validate(store)})


async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "events.db").write_text("this is no database, and it is long enough to tell" * 100)
    with pytest.raises(StoreUnavailable, match=r"events\.db"):
        await Supervisor(on_disk(tmp_path)).start()


async def test_a_data_folder_that_is_a_file(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_text("")
    with pytest.raises(ConfigurationError, match="data_dir"):
        await Supervisor(on_disk(path)).start()


async def test_an_unknown_kind_of_store(tmp_path: Path) -> None:
    with pytest.raises((ConfigurationError, StoreUnavailable), match="carrier"):
        await Supervisor(on_disk(tmp_path, url="carrier-pigeon://coop")).start()


async def test_a_locked_database_refuses_in_time_and_recovers(tmp_path: Path) -> None:
    async with Supervisor(on_disk(tmp_path, timeout=0.5), background=False) as supervisor:
        await supervisor.process_request("turn on the kitchen light")
        other = sqlite3.connect(tmp_path / "events.db", isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        try:
            with pytest.raises(StoreError):
                await supervisor.process_request("turn off the kitchen light", {"request_id": "later"})
        finally:
            other.execute("ROLLBACK")
            other.close()
        response = await supervisor.process_request("turn off the kitchen light", {"request_id": "later"})
        assert response.outcome == "success"


async def test_a_start_that_failed_can_be_tried_again(tmp_path: Path) -> None:
    (tmp_path / "events.db").mkdir()
    supervisor = Supervisor(on_disk(tmp_path))
    with pytest.raises(StoreUnavailable):
        await supervisor.start()
    (tmp_path / "events.db").rmdir()
    async with supervisor:
        assert (await supervisor.process_request("turn on the kitchen light")).outcome == "success"
