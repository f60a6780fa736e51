"""What expected success changes in a plan: a choice among equals, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from common.hints import PlanningHints
from common.intents import IntentHandler
from common.results import RoleResult
from common.run_context import RunContext
from common.tool import Tool
from llm_provider.factory import LLMFactory
from llm_provider.offline_model import OfflineModel
from llm_provider.tool_registry import ToolRegistry
from roles.core_planning import PlanningRole
from roles.planning_expectations import CLEARLY, EQUALLY, expectation_text, preferring
from roles.role_registry import RoleRegistry
from tests.llm_provider.made_up_tools import scene

NAMES = ["search", "calendar", "timer.set", "weather"]
SHARES = st.floats(0, 1)


def best(priors: dict[str, dict[str, float]]) -> str:
    return max(priors, key=lambda name: priors[name]["p"])


def test_the_clearly_better_of_two_equals_is_chosen() -> None:
    tie = {"search": {"p": 0.50}, "calendar": {"p": 0.48}, "weather": {"p": 0.1}}
    assert best(preferring(tie, ["p"], {})) == "search"
    assert best(preferring(tie, ["p"], {"search": 0.4, "calendar": 0.9})) == "calendar"
    assert best(preferring(tie, ["p"], {"search": 0.8, "calendar": 0.9})) == "search", "not clearly better"
    assert best(preferring(tie, ["p"], {"calendar": 0.9})) == "search", "nothing is known of the best"
    same = {"search": {"p": 0.5}, "calendar": {"p": 0.5}}
    assert best(preferring(same, ["p"], {"search": 0.4, "calendar": 0.9})) == "calendar"


def test_a_tool_has_what_is_expected_of_its_role() -> None:
    tie = {"search.documents": {"p": 0.5}, "calendar.find": {"p": 0.5}}
    assert best(preferring(tie, ["p"], {"search": 0.3, "calendar": 0.9})) == "calendar.find"


@given(st.dictionaries(st.sampled_from(NAMES), SHARES, min_size=1), st.dictionaries(st.sampled_from(NAMES), SHARES))
def test_a_clear_match_is_never_overridden(scores: dict[str, float], expected: dict[str, float]) -> None:
    priors = {name: {"p": score} for name, score in scores.items()}
    found = preferring(priors, ["p"], expected)
    top, chosen = best(priors), best(found)
    assert scores[chosen] >= EQUALLY * scores[top]
    assert chosen == top or expected[chosen] - expected[top] >= CLEARLY
    assert {name for name in found if found[name]["p"] > 0} <= {name for name in scores if scores[name] > 0}


def test_a_model_is_told_in_lines_of_their_own_or_not_at_all() -> None:
    assert expectation_text({}) == ""
    assert expectation_text({"search": 0.412, "weather": 1.0}).splitlines()[-2:] == ["- search: 41%", "- weather: 100%"]


class Equal:
    """A router to whom two roles are alike for anything, but for what one of them plainly covers."""

    def probabilities(self, text: str) -> Mapping[str, float]:
        if "alpha" in text:
            return {"alpha": 0.9, "beta": 0.1}
        return {"alpha": 0.5, "beta": 0.5}


@dataclass
class Twin:
    """A role that says and covers the same as its twin."""

    name: str
    description: str = "answers whatever is asked about things"
    examples: Sequence[str] = ("tell me about a thing", "what about this thing")
    tools: Sequence[Tool] = ()
    intent_handlers: Sequence[IntentHandler] = ()

    async def execute(self, request: str, run: RunContext) -> RoleResult:
        raise NotImplementedError


class Listening(OfflineModel):
    """Remembers the system prompt that it was given last."""

    heard = ""

    async def stream(self, messages: Any, tool_specs: Any = None, system_prompt: Any = None, **kwargs: Any) -> Any:  # pyright: ignore
        self.heard = str(system_prompt)
        async for event in super().stream(messages, tool_specs, system_prompt, **kwargs):
            yield event


async def planned(request: str, expected: dict[str, float], model: OfflineModel | None = None) -> str:
    """The role that the offline planner gives a request."""
    roles = RoleRegistry()
    for name in ("alpha", "beta"):
        roles.add(Twin(name))
    run = scene(hints=PlanningHints(expected_success=expected)).run
    planner = PlanningRole(roles, ToolRegistry(), LLMFactory({}, overrides={"smart": model or OfflineModel()}), Equal())
    graph = await planner.create_task_graph(request, run.context, run)
    return graph.tasks[0].role


async def test_the_offline_planner_takes_the_hint_among_equals_and_no_further() -> None:
    request = "tell me about a thing"
    usual = await planned(request, {})
    other = "beta" if usual == "alpha" else "alpha"
    assert await planned(request, {usual: 0.2, other: 0.9}) == other
    assert await planned(request, {usual: 0.9, other: 0.2}) == usual
    assert await planned("tell me about a thing of alpha", {"alpha": 0.2, "beta": 0.9}) == "alpha"


async def test_a_model_reads_the_hint_in_its_prompt() -> None:
    model = Listening()
    await planned("tell me about a thing", {"task_graph": 0.75, "beta": 0.9}, model)
    assert "Expected success" in model.heard
    assert model.heard.endswith("\n- task_graph: 75%\n- beta: 90%")
    await planned("tell me about a thing", {}, model)
    assert "Expected success" not in model.heard
