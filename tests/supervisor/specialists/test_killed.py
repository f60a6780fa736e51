"""Killed while it is carried out, an improvement is neither lost nor applied twice."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import anyio
import pytest

from events.catalogue.tuning import SettingTuned
from supervisor import Supervisor
from tests.supervisor.specialists.killed_host import CHANGES, NAME, settings_in


@pytest.mark.parametrize(("step", "before"), [(0, "completed"), (1, "assigned"), (2, "completed")])
async def test_a_killed_process_leaves_it_to_the_next_one(tmp_path: Path, step: int, before: str) -> None:
    command = [sys.executable, "-m", "tests.supervisor.specialists.killed_host", str(tmp_path), str(step)]
    ended = await anyio.run_process(command, cwd=Path(__file__).parents[3], check=False)
    assert ended.returncode == (-signal.SIGKILL if step else 0), ended.stderr.decode()
    async with Supervisor(settings_in(tmp_path), background=False) as supervisor:
        record = await supervisor.monitoring.get_improvement(NAME)
        assert record.status == before
        assert supervisor.tuning.value("requests.max_concurrent") == 48
        await supervisor.specialists.step()
        await supervisor.specialists.step()
        record = await supervisor.monitoring.get_improvement(NAME)
        assert record.status == "completed"
        assert record.undo == {"settings": {"requests.max_concurrent": None, "requests.queue": None}}
        read = await supervisor.store.read_all(0, {SettingTuned.TOPIC})
        tuned = [entry.event for entry in read if isinstance(entry.event, SettingTuned)]
        assert {each.key: each.value for each in tuned} == CHANGES
        assert len(tuned) == 2
        await supervisor.specialists.undo(NAME, by="bea")
        assert supervisor.tuning.value("requests.max_concurrent") == 64
