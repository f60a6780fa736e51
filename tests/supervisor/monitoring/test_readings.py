"""What is read from process, machine, host functions and the event loop."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, cast

import anyio
import anyio.lowlevel
import pytest

from common.errors import ConfigurationError
from supervisor.monitoring.custom import CustomMetrics
from supervisor.monitoring.machine import LoopLag, MachineReader


def test_process_and_machine_are_read(tmp_path: Path) -> None:
    reader = MachineReader(tmp_path)
    first, absent = reader.read()
    assert absent.keys() == {"cpu_usage", "process_cpu"}
    assert first["process_memory"] > 1_000_000
    assert first["threads"] >= 1
    assert first["file_descriptors"] > 2
    assert 0 < first["memory_usage"] <= 100
    sum(number * number for number in range(300_000))
    second, absent = reader.read()
    while "cpu_usage" in absent:  # the machine's clock of ticks is coarse
        second, absent = reader.read()
    assert 0 <= second["cpu_usage"] <= 100
    assert second["process_cpu"] > 0


def test_what_can_not_be_read_is_absent_with_the_reason(tmp_path: Path) -> None:
    figures, absent = MachineReader(tmp_path / "gone").read()
    assert "disk_usage" not in figures
    assert "FileNotFoundError" in absent["disk_usage"]


async def test_the_lateness_of_the_loop_is_seen_and_told_once() -> None:
    lag = LoopLag(every=0.01)
    assert lag.take() is None
    async with anyio.create_task_group() as group:
        group.start_soon(lag.run)
        await anyio.sleep(0.03)
        threading.Event().wait(0.3)  # blocks the loop
        await anyio.sleep(0.03)
        late = lag.take()
        assert late is not None
        assert late >= 0.25
        group.cancel_scope.cancel()
    assert lag.take() is None


async def test_host_functions_are_asked_whatever_kind_they_are() -> None:
    async def later() -> float:
        await anyio.lowlevel.checkpoint()
        return 2

    metrics = CustomMetrics()
    metrics.add("plain", lambda: 1)
    metrics.add("later", later)
    metrics.add("lazily", lambda: later())
    values, absent = await metrics.read(5)
    assert values == {"custom.plain": 1.0, "custom.later": 2.0, "custom.lazily": 2.0}
    assert absent == {}


async def test_a_function_that_fails_hangs_or_gives_no_number_harms_no_other() -> None:
    release = threading.Event()

    def fails() -> float:
        raise ValueError("no sensor")

    def hangs() -> float:
        release.wait(10)
        return 1

    async def sleeps() -> float:
        await anyio.sleep(10)
        return 1

    metrics = CustomMetrics()
    metrics.add("good", lambda: 1)
    for name, function in {
        "fails": fails, "hangs": hangs, "sleeps": sleeps,
        "nan": lambda: float("nan"), "text": lambda: cast("Any", "3"), "truth": lambda: True,
    }.items():  # fmt: skip
        metrics.add(name, function)
    try:
        values, absent = await metrics.read(0.5)
        assert values == {"custom.good": 1.0}
        assert absent["custom.fails"] == "ValueError: no sensor"
        assert absent["custom.hangs"] == absent["custom.sleeps"] == "no answer within 0.5 s"
        assert "no finite number" in absent["custom.nan"]
        assert {"custom.text", "custom.truth"} < absent.keys()
        _, absent = await metrics.read(0.5)
        assert "the call before has not ended" in absent["custom.hangs"]
    finally:
        release.set()


@pytest.mark.parametrize("name", ["", "Big", "a b", "x" * 61, "1st"])
def test_a_metric_has_a_plain_name(name: str) -> None:
    with pytest.raises(ConfigurationError, match="can't be added"):
        CustomMetrics().add(name, lambda: 1)


def test_there_is_a_bound_of_metrics() -> None:
    metrics = CustomMetrics()
    for number in range(100):
        metrics.add(f"m{number}", lambda: 1)
    metrics.add("m1", lambda: 2)
    with pytest.raises(ConfigurationError, match="100 already"):
        metrics.add("one_more", lambda: 1)
    metrics.remove("m1")
    metrics.add("one_more", lambda: 1)
