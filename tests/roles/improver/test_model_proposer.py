"""A configured model writes changes; they are told what is wrong with them, judged like all others, and bounded."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any

import pytest

from common.errors import ModelError
from common.limits import Limits
from common.sandbox_settings import SandboxSettings
from common.settings import BreakerSettings, ModelSettings
from llm_provider.factory import LLMFactory
from roles.improver.acceptance import AcceptanceRules
from roles.improver.agent import PlainAgent, RecordedRequest
from roles.improver.bottlenecks import Bottleneck
from roles.improver.improver import ServiceImprover
from roles.improver.model_proposer import ModelProposer
from roles.sandbox.bubblewrap import BubblewrapSandbox
from tests.roles.sandbox.contract import usable
from tests.services.llmock_server import LLMockProcess, calls, llmock_process, llmock_server  # noqa: F401
from tests.system_parts import requires

# sums of all beginnings, each anew: no strategy knows the shape
SLOW = '''"""Running totals."""


class Agent:
    """Adds up."""

    __slots__ = ()

    def totals(self, numbers: list[int]) -> list[int]:
        """The sum of each beginning of the list."""
        found = []
        for place in range(len(numbers)):
            found.append(sum(numbers[: place + 1]))
        return found
'''
WRONG = SLOW.replace("place + 1", "place")
GOOD = SLOW.replace("found = []", "found, total = [], 0").replace(
    "for place in range(len(numbers)):\n            found.append(sum(numbers[: place + 1]))",
    "for number in numbers:\n            total += number\n            found.append(total)",
)
PLACE = Bottleneck("latency", "high", "sums are taken anew", 2.0, 1.0, "agent.py", "Agent.totals", 13)
RULES = AcceptanceRules(screening_rounds=3, rounds=12, finalists=1, tolerance=5.0)
AGENT = PlainAgent("totals", {"agent.py": SLOW}, requests=[RecordedRequest("agent:Agent.totals", (list(range(600)),))])


def change(code: str, path: str = "agent.py", why: str = "each number is added once") -> dict[str, Any]:
    return calls(("ChangeOutput", {"files": [{"path": path, "code": code}], "why": why}))


@pytest.fixture
def server(llmock_server: LLMockProcess) -> LLMockProcess:  # noqa: F811
    return llmock_server


@pytest.fixture
async def models(server: LLMockProcess) -> AsyncGenerator[LLMFactory]:
    settings = ModelSettings(
        provider="openai", model="gpt-x", base_url=server.openai, retries=0, timeout=20.0, idle_timeout=20.0
    )
    made = LLMFactory({"smart": settings}, breaker=BreakerSettings(failures=100))
    yield made
    await made.aclose()


async def test_bad_code_is_mended_a_wrong_change_refused_and_a_good_one_kept(
    server: LLMockProcess, models: LLMFactory
) -> None:
    requires("bwrap", "apt-get install bubblewrap", everywhere=False)
    sandbox = await usable(BubblewrapSandbox(SandboxSettings(concurrent=2)))
    server.script(change("def totals(  # bad"), change(WRONG), change(f"```python\n{GOOD}```"))
    proposer = ModelProposer(models, "smart")
    result = await ServiceImprover(sandbox, rules=RULES, types=False, proposer=proposer).improve_agent(AGENT)
    assert [(one.candidate.name, one.code) for one in result.verdicts] == [
        ("written 1", "answers_differ"), ("written 2", "accepted"),
    ]  # fmt: skip
    assert result.files == {"agent.py": GOOD}
    assert proposer.model_calls == result.model_calls == 3
    said = [str(one["body"]) for one in server.requests()]
    assert "is no Python" in said[1]
    assert "each number is added once" in said[2]
    assert all("sum(numbers[: place + 1])" in one for one in said)


async def test_what_is_asked_for_names_places_figures_and_what_may_be_relied_on(
    server: LLMockProcess, models: LLMFactory
) -> None:
    server.script(change(GOOD))
    agent = replace(AGENT, specification=replace(AGENT.specification, transient=frozenset({"read"})))
    assert await ModelProposer(models, "smart", proposals=1).propose(agent, [PLACE]) == [{"agent.py": GOOD}]
    (asked,) = (str(one["body"]) for one in server.requests())
    assert "sums are taken anew, 2 where 1 is usual (agent.py, Agent.totals, line 13)" in asked
    assert "may fail for a moment: read" in asked


@pytest.mark.parametrize("bad", [change(GOOD, path="../agent.py"), change("def (")], ids=["path", "syntax"])
async def test_what_can_not_be_a_change_is_none(server: LLMockProcess, models: LLMFactory, bad: dict[str, Any]) -> None:
    server.script(bad, bad, bad)
    assert await ModelProposer(models, "smart").propose(AGENT, [PLACE]) == []
    assert len(server.requests()) == 2  # refused with the reason once, and then given up


async def test_what_changes_nothing_or_was_written_before_is_left_out(
    server: LLMockProcess, models: LLMFactory
) -> None:
    server.script(change(SLOW), change(GOOD), change(GOOD))
    assert await ModelProposer(models, "smart", proposals=3).propose(AGENT, []) == [{"agent.py": GOOD}]


async def test_the_budget_ends_it_with_what_there_is(server: LLMockProcess, models: LLMFactory) -> None:
    server.script(change(GOOD), change(WRONG), change(WRONG))
    proposer = ModelProposer(models, "smart", proposals=3, limits=Limits(turns=1, tokens=100_000, wall_clock=60.0))
    assert await proposer.propose(AGENT, [PLACE]) == [{"agent.py": GOOD}]
    assert len(server.requests()) == 1
    assert proposer.model_calls == 1


async def test_a_model_that_can_not_be_asked_is_an_error_and_the_offline_one_writes_nothing(
    server: LLMockProcess, models: LLMFactory
) -> None:
    server.script(*[{"type": "fail", "status": 500}] * 4)
    with pytest.raises(ModelError):
        await ModelProposer(models, "smart").propose(AGENT, [PLACE])
    offline = LLMFactory({"smart": ModelSettings(provider="offline")}, breaker=BreakerSettings())
    try:
        assert await ModelProposer(offline, "smart").propose(AGENT, [PLACE]) == []
    finally:
        await offline.aclose()


async def test_an_agent_that_is_too_long_to_be_sent_is_not_asked_about(
    server: LLMockProcess, models: LLMFactory
) -> None:
    long = replace(AGENT, files={"agent.py": SLOW + "# more\n" * 6_000})
    assert await ModelProposer(models, "smart").propose(long, [PLACE]) == []
    assert server.requests() == []
