"""Killed in the middle of work that is no event, an improvement is taken up again by who is left, and done once."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import anyio
import pytest
from anyio.streams.buffered import BufferedByteReceiveStream

from supervisor import Supervisor
from tests.supervisor.specialists.killed_host import NAME, settings_in
from tests.supervisor.specialists.killed_painter import Painter

HERE = Path(__file__).parents[3]
BOUND = 60


def command(folder: Path, when: str) -> list[str]:
    return [sys.executable, "-m", "tests.supervisor.specialists.killed_painter", str(folder), when]


async def gone_on(folder: Path) -> None:
    async with Supervisor(settings_in(folder), background=False) as supervisor:
        painter = Painter(folder)
        supervisor.specialists.register(painter)
        assert (await supervisor.monitoring.get_improvement(NAME)).status == "assigned"
        assert await supervisor.specialists.step() == [NAME]
        assert await supervisor.specialists.step() == []
        assert (await supervisor.monitoring.get_improvement(NAME)).status == "completed"
        assert painter.lines == [NAME]


@pytest.mark.parametrize("when", ["before", "after"])
async def test_the_next_process_goes_on_where_the_killed_one_was(tmp_path: Path, when: str) -> None:
    ended = await anyio.run_process(command(tmp_path, when), cwd=HERE, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    await gone_on(tmp_path)


async def test_a_second_process_waits_as_long_as_the_first_one_lives(tmp_path: Path) -> None:
    async with await anyio.open_process(command(tmp_path, "blocked"), cwd=HERE, stderr=None) as process:
        try:
            assert process.stdout is not None
            with anyio.fail_after(BOUND):
                assert await BufferedByteReceiveStream(process.stdout).receive_until(b"\n", 100) == b"begun"
            async with Supervisor(settings_in(tmp_path), background=False) as supervisor:
                supervisor.specialists.register(Painter(tmp_path))
                assert await supervisor.specialists.step() == []
                assert Painter(tmp_path).lines == []
        finally:
            process.kill()
    await gone_on(tmp_path)
