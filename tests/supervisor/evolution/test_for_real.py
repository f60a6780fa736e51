"""One cycle with nothing left out: from requests that fail to the same requests answered.

It takes seconds, most of them the type checker's: the only proof that needs, builder and router fit together.
"""

from __future__ import annotations

from pathlib import Path

from common.evolution_settings import EvolutionSettings
from common.sandbox_settings import SandboxSettings
from roles.sandbox.bubblewrap import BubblewrapSandbox
from supervisor import Supervisor
from supervisor.testing import offline_settings
from tests.roles.sandbox.contract import usable
from tests.supervisor.evolution.evolution_help import RATIOS, ask
from tests.system_parts import requires


async def test_from_requests_that_fail_to_answers(tmp_path: Path) -> None:
    requires("bwrap", "apt-get install bubblewrap", everywhere=False)
    await usable(BubblewrapSandbox(SandboxSettings()))
    own = EvolutionSettings(allowed=("create",), need_support=3)
    settings = offline_settings(tmp_path).model_copy(update={"evolution": own})
    async with Supervisor(settings, background=False) as supervisor:
        assert (await supervisor.process_request(RATIOS[0])).outcome == "failure"
        await ask(supervisor)
        (told,) = (await supervisor.evolution.evolution_cycle()).decisions
        assert told.outcome is not None
        assert (told.outcome.ok, told.outcome.healthy, told.outcome.within) == (True, True, True), told.outcome.text
        assert told.decision.need is not None
        assert told.decision.need.understood is not None
        assert told.outcome.agent == told.decision.need.understood.name
        answers = [(await supervisor.process_request(text)).text for text in RATIOS]
        assert [text.rstrip(".").rpartition(" ")[2] for text in answers] == ["2", "2.5", "2.5"]
        again = await supervisor.evolution.evolution_cycle()
        assert [one.decision.kind for one in again.decisions] == []  # nothing of it is missing any more
        assert again.needs == ()
        (agent,) = again.population.agents
        assert agent.fitness.success == agent.fitness.constraints == 1.0
