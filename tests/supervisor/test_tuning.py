"""Settings tuned while supervisors run: in force at once, in every process, after a restart, until taken back."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import ConfigurationError, NotFound, Overloaded
from common.settings import Settings, StoreSettings
from supervisor import Supervisor
from supervisor.admission import Admission
from supervisor.testing import offline_settings
from supervisor.tunables import tunables


def on(url: str, folder: Path) -> Settings:
    return offline_settings(folder).model_copy(update={"store": StoreSettings(url=url)})


async def test_a_value_holds_at_once_and_can_be_taken_back(supervisor: Supervisor) -> None:
    tuning = supervisor.tuning
    assert tuning.value("requests.max_concurrent") == 64
    setting = await tuning.set("requests.max_concurrent", 2, by="ann", reason="a small machine")
    assert (setting.value, setting.configured, setting.tuned, setting.by) == (2, 64, True, "ann")
    assert tuning.value("requests.max_concurrent") == 2
    setting = await tuning.reset("requests.max_concurrent", by="bea")
    assert (setting.value, setting.tuned) == (64, False)
    history = await tuning.history("requests.max_concurrent")
    assert [(each.before, each.value, each.by) for each in history] == [(None, 2, "ann"), (2, None, "bea")]


async def test_the_same_value_again_is_no_event(supervisor: Supervisor) -> None:
    for _ in range(3):
        await supervisor.tuning.set("requests.queue", 9, by="ann")
    assert len(await supervisor.tuning.history("requests.queue")) == 1


@pytest.mark.parametrize("value", [0, 5_000, 1.5, float("nan"), float("inf"), -1])
async def test_a_value_beyond_its_bounds_is_refused(supervisor: Supervisor, value: float) -> None:
    with pytest.raises(ConfigurationError, match=r"requests\.max_concurrent"):
        await supervisor.tuning.set("requests.max_concurrent", value, by="ann")
    assert await supervisor.tuning.history("requests.max_concurrent") == []


@pytest.mark.parametrize("key", ["requests.max_chars", "store.url", "", "tool.no.such.timeout", "a/b", "x" * 400])
async def test_only_declared_settings_may_be_tuned(supervisor: Supervisor, key: str) -> None:
    with pytest.raises(NotFound):
        await supervisor.tuning.set(key, 1, by="ann")
    with pytest.raises(NotFound):
        await supervisor.tuning.history(key)


async def test_somebody_has_to_be_named(supervisor: Supervisor) -> None:
    with pytest.raises(ConfigurationError):
        await supervisor.tuning.set("requests.queue", 1, by=" ")


async def test_other_processes_and_later_ones_see_it(tmp_path: Path) -> None:
    settings = on(f"sqlite:///{tmp_path / 'log.db'}", tmp_path)
    async with Supervisor(settings) as one, Supervisor(settings, background=False) as two:
        await two.tuning.set("requests.task_timeout", 7.5, by="ann")
        with anyio.fail_after(20):
            while one.tuning.value("requests.task_timeout") != 7.5:
                await anyio.sleep(0.05)
    async with Supervisor(settings, background=False) as three:
        assert three.tuning.value("requests.task_timeout") == 7.5
        (row,) = [each for each in await three.doctor() if each.part == "tuning"]
        assert (row.status, row.detail) == ("reached", "requests.task_timeout = 7.5 s (ann)")


async def test_two_that_tune_at_once_leave_one_value_and_both_changes(tmp_path: Path) -> None:
    settings = on(f"sqlite:///{tmp_path / 'log.db'}", tmp_path)
    async with Supervisor(settings, background=False) as one, Supervisor(settings, background=False) as two:
        async with anyio.create_task_group() as group:
            for number in range(1, 6):
                for supervisor in (one, two):
                    group.start_soon(lambda s=supervisor, n=number: s.tuning.set("requests.queue", n, by="ann"))
        for supervisor in (one, two):
            await supervisor.tuning.refresh()
        history = await one.tuning.history("requests.queue")
        assert [each.before for each in history] == [None, *(each.value for each in history[:-1])]
        assert one.tuning.value("requests.queue") == two.tuning.value("requests.queue") == history[-1].value


async def test_thresholds_of_monitoring_are_judged_by_what_was_tuned(supervisor: Supervisor) -> None:
    supervisor.metric("heat", lambda: 1.0)
    await supervisor.tuning.set("monitoring.thresholds.loop_lag", 0.5, by="ann")
    status = await supervisor.monitoring.get_health()
    assert status is not None
    parts = supervisor._running_parts  # pyright: ignore[reportPrivateUsage]
    sampler = parts.monitoring._sampler  # pyright: ignore[reportPrivateUsage]
    assert sampler.thresholds["process"]["loop_lag"].limit == 0.5
    assert sampler.settings.monitoring.thresholds.loop_lag == 0.5
    await supervisor.tuning.reset("monitoring.thresholds.loop_lag", by="ann")
    assert sampler.thresholds["process"]["loop_lag"].limit == 1.0


async def test_admission_follows_its_bounds_while_requests_run() -> None:
    admission = Admission(1, 2)
    running: list[int] = []
    finish = anyio.Event()

    async def request(number: int) -> None:
        async with admission.admit():
            running.append(number)
            await finish.wait()

    async with anyio.create_task_group() as group:
        for number in range(3):
            group.start_soon(request, number)
        await anyio.wait_all_tasks_blocked()
        assert (running, admission.waiting) == ([0], 2)
        with pytest.raises(Overloaded):
            async with admission.admit():
                pass
        admission.resize(2, 2)
        await anyio.wait_all_tasks_blocked()
        assert (running, admission.running, admission.waiting) == ([0, 1], 2, 1)
        admission.resize(1, 0)
        with pytest.raises(Overloaded):
            async with admission.admit():
                pass
        finish.set()
    assert (running, admission.running, admission.waiting) == ([0, 1, 2], 0, 0)


async def test_a_lower_bound_lets_nobody_in_until_enough_have_left() -> None:
    admission = Admission(2, 5)
    ends = [anyio.Event() for _ in range(3)]

    async def request(number: int) -> None:
        async with admission.admit():
            await ends[number].wait()

    async with anyio.create_task_group() as group:
        for number in range(3):
            group.start_soon(request, number)
        await anyio.wait_all_tasks_blocked()
        admission.resize(1, 5)
        for number, still_waiting in ((0, 1), (1, 0)):
            ends[number].set()
            await anyio.wait_all_tasks_blocked()
            assert (admission.running, admission.waiting) == (1, still_waiting)
        ends[2].set()
    assert admission.running == 0


@given(st.lists(st.tuples(st.sampled_from(["start", "end", "resize"]), st.integers(1, 4)), max_size=40))
def test_admission_never_runs_more_than_it_may_nor_loses_a_place(steps: list[tuple[str, int]]) -> None:
    async def run() -> None:
        bound = 2
        admission = Admission(bound, 1_000)
        most = 0
        ends: list[anyio.Event] = []

        async def request(end: anyio.Event) -> None:
            async with admission.admit():
                await end.wait()

        async with anyio.create_task_group() as group:
            for what, number in steps:
                if what == "start":
                    ends.append(anyio.Event())
                    group.start_soon(request, ends[-1])
                elif what == "end" and ends:
                    ends.pop(0).set()
                else:
                    bound = number
                    admission.resize(number, 1_000)
                before = admission.running
                await anyio.wait_all_tasks_blocked()
                most = max(bound, before)
                assert admission.running <= most
                assert admission.running >= min(bound, admission.running + admission.waiting)
            for end in ends:
                end.set()
        assert (admission.running, admission.waiting) == (0, 0)

    anyio.run(run)


async def test_every_configured_value_is_within_its_bounds(supervisor: Supervisor) -> None:
    for each in tunables(Settings(), []).values():
        assert each.problem_with(each.configured) == ""
    for each in supervisor.tuning.tunables.values():
        assert each.problem_with(each.configured) == "", each.key
