"""The doctor: what is reached, what is not, and what to do; for whole supervisors and for single checks."""

from __future__ import annotations

import shutil
from pathlib import Path

import anyio
import pytest

from common.errors import ToolError
from common.health import HealthCheck, Reached
from common.settings import Settings, StoreSettings
from supervisor import Supervisor
from supervisor.doctor import diagnose, examine
from supervisor.testing import offline_settings


async def there() -> Reached:
    return Reached("1.2.3", "all well")


async def gone() -> Reached:
    raise ToolError("nobody answers", where="host:1", todo="Start it.")


async def broken() -> Reached:
    raise ZeroDivisionError("by our fault")


async def silent() -> Reached:
    await anyio.sleep(60)
    return Reached()


async def test_each_part_is_told_in_its_place() -> None:
    checks = [
        HealthCheck("there", there),
        HealthCheck("gone", gone),
        HealthCheck("not asked for", gone, configured=False),
        HealthCheck("broken", broken),
        HealthCheck("silent", silent),
    ]
    found = await examine(checks, timeout=0.1)
    assert [(row.part, row.status, row.is_fault) for row in found] == [
        ("there", "reached", False),
        ("gone", "unreachable", True),
        ("not asked for", "unavailable", False),
        ("broken", "unreachable", True),
        ("silent", "unreachable", True),
    ]
    assert (found[0].version, found[0].detail) == ("1.2.3", "all well")
    assert (found[1].detail, found[1].where, found[1].todo) == ("nobody answers", "host:1", "Start it.")
    assert "ZeroDivisionError" in found[3].detail
    assert "0.1 seconds" in found[4].detail


async def test_the_embedded_default_is_well(tmp_path: Path) -> None:
    settings = offline_settings(tmp_path)
    found = {row.part: row for row in await diagnose(settings)}
    assert {part for part, row in found.items() if row.is_fault} == {"weather"}  # which these settings leave nowhere
    assert found["store"].status == "reached"
    assert found["flags"].status == "reached"
    assert "sandbox" in found


async def test_a_running_supervisor_can_be_asked(tmp_path: Path) -> None:
    async with Supervisor(offline_settings(tmp_path), background=False) as supervisor:
        found = await supervisor.doctor()
    assert {row.part for row in found} >= {"store", "flags", "sandbox"}


async def test_a_store_that_can_not_be_opened_is_a_finding_and_the_rest_is_looked_at(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("this is no folder")
    settings = Settings(data_dir=tmp_path / "data", store=StoreSettings(url=f"sqlite:///{file}/events.db"))
    found = await diagnose(settings)
    assert found[0].part == "store"
    assert found[0].is_fault
    assert found[0].detail
    assert [row.part for row in found].count("store") == 1
    assert "flags" in {row.part for row in found}


async def test_the_sandbox_says_what_to_do_where_it_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert shutil.which("bwrap") is None
    (row,) = [row for row in await diagnose(offline_settings(tmp_path)) if row.part == "sandbox"]
    assert row.status == "unavailable"
    assert "bubblewrap" in row.detail
    assert "nstall" in row.todo
