"""Learning inside a supervisor: on its log, with its trials, in its loops."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from common.learning_settings import LearningSettings
from common.settings import Settings
from events.catalogue.guideline import GuidelineTrialStarted
from supervisor import Supervisor
from supervisor.bootstrap import loops
from supervisor.testing import offline_settings
from tests.supervisor.learning.learning_help import log, told, traces


def settings_in(folder: Path, **learning: object) -> Settings:
    return offline_settings(folder).model_copy(update={"learning": LearningSettings.model_validate(learning)})


async def test_a_proposal_for_its_own_agents_goes_on_trial_with_the_share_and_risk_of_the_settings(
    tmp_path: Path,
) -> None:
    settings = settings_in(tmp_path, trial_share=0.25, trial_alpha=0.01)
    async with Supervisor(settings, background=False) as supervisor:
        await log(supervisor.store, [*traces(400, agent_type="timer"), *traces(400, agent_type="elsewhere")])
        report = await supervisor.learning.cycle()
        assert {each.agent_type: each.state for each in report.proposed} == {"timer": "trial", "elsewhere": "waiting"}
        (started,) = await told(supervisor.store, GuidelineTrialStarted)
        assert isinstance(started, GuidelineTrialStarted)
        assert (started.share, started.terms.alpha, started.by) == (0.25, 0.01, "learning")
        (trial,) = await supervisor.learning.trials.report("timer")
        assert trial.state == "running"
        status = {each.agent_type: each for each in (await supervisor.learning.status()).agent_types}
        assert (status["timer"].trial, status["timer"].decided_by) == ("1.0.0", "trial")
        assert (status["elsewhere"].waiting, status["elsewhere"].decided_by) == (("1.0.0",), "person")
        again = await supervisor.learning.cycle(fresh=True)
        assert [each.agent_type for each in again.proposed] == ["elsewhere"]
        assert any("on trial" in note for note in again.notes)


async def test_the_draft_for_its_own_agents_was_replayed(tmp_path: Path) -> None:
    async with Supervisor(settings_in(tmp_path), background=False) as supervisor:
        for minutes in range(1, 4):
            await supervisor.process_request(f"set a timer for {minutes} minutes")
        await log(supervisor.store, traces(400, agent_type="timer"))
        await supervisor.learning.cycle()
        (record,) = await supervisor.learning.guideline_records()
    assert isinstance(record.evidence, dict)
    replay = record.evidence["replay"]
    assert isinstance(replay, dict)
    assert replay["may_be_tried"] is True
    assert replay["requests"] == 3


async def test_its_own_requests_are_learned_from(tmp_path: Path) -> None:
    async with Supervisor(settings_in(tmp_path), background=False) as supervisor:
        for minutes in range(12):
            await supervisor.process_request(f"set a timer for {minutes + 1} minutes")
        report = await supervisor.learning.cycle()
    assert (report.traces, report.refused) == (12, "")


@pytest.mark.parametrize("enabled", [True, False])
async def test_cycles_run_by_themselves_only_where_learning_is_enabled(tmp_path: Path, enabled: bool) -> None:
    settings = settings_in(tmp_path, enabled=enabled)
    async with Supervisor(settings, background=False) as supervisor:
        names = {loop.name for loop in loops(supervisor._running_parts)}  # pyright: ignore[reportPrivateUsage]
    assert ("learning" in names) is enabled
    assert "guideline trials" in names, "what was put on trial is judged all the same"


async def test_the_loop_of_a_running_supervisor_runs_a_cycle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("supervisor.learning.integration._DELAY", 0.0)
    settings = settings_in(tmp_path, learning_interval=0.05)
    async with Supervisor(settings) as supervisor:
        await log(supervisor.store, traces(400))
        with anyio.fail_after(30):
            while not (status := await supervisor.learning.status()).learning_cycles:
                await anyio.sleep(0.05)
        assert status.total_patterns_learned
