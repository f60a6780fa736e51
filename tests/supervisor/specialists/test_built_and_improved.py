"""An approved improvement has an agent built, another one has it made faster, with nothing left out.

The real builder (its model is scripted, and writes slow code), the real sandbox, the real improver; the agent serves
requests before and after. It takes a while: every part is the real one, so all that it shows is shown in one go.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from common.builder_settings import BuilderSettings
from common.evolution_settings import EvolutionSettings
from common.monitoring_settings import MonitoringSettings
from common.sandbox_settings import SandboxSettings
from common.settings import ModelSettings
from events.catalogue.improvement import ImprovementPlan
from roles.sandbox.bubblewrap import BubblewrapSandbox
from supervisor import Supervisor
from supervisor.testing import offline_settings
from tests.events.improvement_samples import suggestion
from tests.roles.builder.test_model_writing import calls, code
from tests.roles.sandbox.contract import usable
from tests.services.llmock_server import LLMockProcess, llmock_process, llmock_server  # noqa: F401
from tests.supervisor.evolution.test_improved_for_real import (
    COUNT,
    NAME,
    OPERATION,
    OUTLINE,
    QUESTION,
    SLOW,
    TOWNS,
    visits,
)
from tests.system_parts import requires


@pytest.fixture
async def supervisor(
    tmp_path: Path,
    llmock_server: LLMockProcess,  # noqa: F811
) -> AsyncGenerator[Supervisor]:
    requires("bwrap", "apt-get install bubblewrap", everywhere=False)
    await usable(BubblewrapSandbox(SandboxSettings()))
    tier = ModelSettings(
        provider="openai", model="gpt-x", base_url=llmock_server.openai, retries=0, timeout=30.0, idle_timeout=30.0
    )
    settings = offline_settings(tmp_path).model_copy(
        update={
            "models": {"fast": ModelSettings(), "smart": tier},
            "builder": BuilderSettings(database_url=visits(tmp_path)),
            "evolution": EvolutionSettings(share=50, share_calls=4),
            "monitoring": MonitoringSettings(measure_calls=3),
        }
    )
    async with Supervisor(settings, background=False) as opened:
        yield opened


async def asked(supervisor: Supervisor, count: int) -> list[str]:
    """The answers to requests about the towns in turn."""
    requests = [QUESTION.format(TOWNS[number % len(TOWNS)]) for number in range(count)]
    return [(await supervisor.process_request(request)).text for request in requests]


async def approved(supervisor: Supervisor, name: str, plan: ImprovementPlan) -> None:
    """A suggestion that is approved as its specialist drew it up."""
    drawn = await supervisor.specialists.draw_up(plan)
    await supervisor.monitoring.improvements.suggest(suggestion(name, implementation_plan=drawn))
    assert await supervisor.specialists.step() == []  # nobody approved it
    await supervisor.monitoring.improvements.approve(name, by="ann")


async def standing(supervisor: Supervisor, name: str) -> str:
    return str((await supervisor.monitoring.get_improvement(name)).status)


async def test_what_is_missing_is_built_and_what_is_slow_made_faster(
    supervisor: Supervisor,
    llmock_server: LLMockProcess,  # noqa: F811
) -> None:
    llmock_server.script(
        calls(("OutlineOutput", OUTLINE)), calls(("OperationsOutput", {"operations": [OPERATION, COUNT]})), code(SLOW)
    )
    request = "write an agent that lists the visitors of a house"
    missing = ImprovementPlan(action="build_agent", specialist="system_architect", arguments={"request": request})
    await approved(supervisor, "imp-1", missing)
    await supervisor.specialists.step()
    built = await supervisor.monitoring.get_improvement("imp-1")
    assert str(built.status) == "completed", built.result
    first = await supervisor.built_agents.in_service(NAME)
    assert first is not None
    before = await asked(supervisor, 6)
    assert all("900" in text for text in before), before

    # a model is configured, so it is asked for changes, too; what it writes here answers otherwise, and is refused
    wrong = SLOW.replace("not in seen", "in seen")
    change = calls(("ChangeOutput", {"files": [{"path": f"{NAME}/listing.py", "code": wrong}], "why": "shorter"}))
    llmock_server.script(change, change)
    slow = ImprovementPlan(
        action="mend_tool", specialist="code_editor", arguments={"component": f"role:{NAME}", "metric": "response_time"}
    )
    await approved(supervisor, "imp-2", slow)
    await supervisor.specialists.step()
    record = await supervisor.monitoring.get_improvement("imp-2")
    assert record.implementation_plan.action == "change_code"
    assert str(record.status) == "assigned", record.result
    trial = await supervisor.built_agents.trials.running(NAME)
    assert trial is not None
    assert (trial.beside, trial.by, trial.percent) == (first.version, "code_editor", 50)
    loaded = await supervisor.built_agents.deployments.load(trial)
    assert b"visitor not in seen_lookup" in loaded.version.files[f"{NAME}/listing.py"]
    assert llmock_server.pending() == 0

    assert sorted(set(await asked(supervisor, 12))) == sorted(set(before))
    await supervisor.specialists.step()
    done = await supervisor.monitoring.get_improvement("imp-2")
    assert (str(done.status), done.assigned_agent) == ("completed", "code_editor"), done.result
    assert "Better" in (done.result or "") or "was made" in (done.result or "")
    assert done.before is not None
    assert done.after is not None
    assert done.before["metric"] == done.after["metric"] == "error_rate"

    await supervisor.specialists.undo("imp-2", by="bea", comment="for the test")
    assert await standing(supervisor, "imp-2") == "undone"
    now = await supervisor.built_agents.in_service(NAME)
    assert now is not None
    assert now.version == first.version
    assert await supervisor.built_agents.trials.running(NAME) is None
    assert await asked(supervisor, 3) == before[:3]

    await supervisor.specialists.undo("imp-1", by="bea")
    assert await supervisor.built_agents.in_service(NAME) is None


async def test_where_there_is_nothing_to_make_faster_the_improvement_fails(supervisor: Supervisor) -> None:
    gone = ImprovementPlan(
        action="change_code", specialist="code_editor", arguments={"component": "role:nobody", "metric": "x"}
    )
    await approved(supervisor, "imp-3", gone)
    await supervisor.specialists.step()
    record = await supervisor.monitoring.get_improvement("imp-3")
    assert str(record.status) == "failed"
    assert "no built agent called 'nobody'" in (record.result or "")
