"""What the system finds by itself is approved and carried out with nothing left out: an agent, a guideline.

The two others have their own: settings in `test_story.py`, code in `test_built_and_improved.py`.
"""

from __future__ import annotations

from pathlib import Path

from common.evolution_settings import EvolutionSettings
from common.learning_settings import LearningSettings
from common.sandbox_settings import SandboxSettings
from events.catalogue.improvement import ImprovementPlan
from roles.sandbox.bubblewrap import BubblewrapSandbox
from supervisor import Supervisor
from supervisor.testing import offline_settings
from tests.events.improvement_samples import suggestion
from tests.roles.sandbox.contract import usable
from tests.supervisor.evolution.evolution_help import RATIOS, ask
from tests.supervisor.learning.test_learning_end_to_end import WAIT, gauge
from tests.supervisor.learning.test_learning_end_to_end import ask as ask_gauges
from tests.system_parts import requires


async def answers(supervisor: Supervisor) -> list[str]:
    """The last word of each answer to the requests that nobody covers."""
    told = [(await supervisor.process_request(text)).text for text in RATIOS]
    return [text.rstrip(".").rpartition(" ")[2] for text in told]


async def test_the_architect_builds_what_requests_were_found_to_miss(tmp_path: Path) -> None:
    requires("bwrap", "apt-get install bubblewrap", everywhere=False)
    await usable(BubblewrapSandbox(SandboxSettings()))
    own = EvolutionSettings(allowed=("improve",), need_support=3)
    settings = offline_settings(tmp_path).model_copy(update={"evolution": own})
    async with Supervisor(settings, background=False) as supervisor:
        await ask(supervisor)
        await supervisor.evolution.evolution_cycle()
        (found,) = (await supervisor.monitoring.get_improvements()).items
        assert (found.implementation_plan.action, found.implementation_plan.specialist) == (
            "build_agent", "system_architect",
        )  # fmt: skip
        assert await supervisor.specialists.step() == []  # nobody approved it
        assert await answers(supervisor) != ["2", "2.5", "2.5"]

        await supervisor.monitoring.approve(found.id, by="ann", plan_hash=found.plan_hash)
        assert await supervisor.specialists.step() == [found.id]
        done = await supervisor.monitoring.get_improvement(found.id)
        assert (str(done.status), done.assigned_agent) == ("completed", "system_architect"), done.result
        assert await answers(supervisor) == ["2", "2.5", "2.5"]

        await supervisor.specialists.undo(found.id, by="ann")
        assert str((await supervisor.monitoring.get_improvement(found.id)).status) == "undone"
        assert await answers(supervisor) != ["2", "2.5", "2.5"]


async def test_the_prompt_engineer_proposes_what_learning_found_and_a_trial_begins(tmp_path: Path) -> None:
    learning = LearningSettings(trial_report_wait=WAIT)
    supervisor = Supervisor(offline_settings(tmp_path).model_copy(update={"learning": learning}), background=False)
    supervisor.add_tool(
        gauge("noted", "Read the voltage of a pump as it was noted last", "read the noted voltage of pump 3",
              "pump voltage please", wrong_after=5)
    )  # fmt: skip
    supervisor.add_tool(
        gauge("live", "Read the voltage of a pump at the pump itself", "read the live voltage of pump 3",
              "measure the voltage of the pump now", wrong_after=0)
    )  # fmt: skip
    async with supervisor:
        await ask_gauges(supervisor, 0, 120)
        plan = ImprovementPlan(
            action="propose_guideline", specialist="prompt_engineer",
            arguments={"component": "role:agent", "metric": "error_rate"},
        )  # fmt: skip
        drawn = await supervisor.specialists.draw_up(plan)
        await supervisor.monitoring.improvements.suggest(suggestion("imp-1", implementation_plan=drawn))
        assert await supervisor.specialists.step() == []
        assert await supervisor.guidelines.versions() == []

        await supervisor.monitoring.improvements.approve("imp-1", by="ann")
        await supervisor.specialists.step()
        done = await supervisor.monitoring.get_improvement("imp-1")
        assert (str(done.status), done.assigned_agent) == ("completed", "prompt_engineer"), done.result
        assert done.result == "version 1.0.0 of the guideline of agent is proposed (trial)"
        served = {version for _, version, _ in await ask_gauges(supervisor, 120, 20)}
        assert served == {None, "1.0.0"}  # the trial has a share

        await supervisor.specialists.undo("imp-1", by="ann")
        assert {version for _, version, _ in await ask_gauges(supervisor, 140, 6)} == {None}
