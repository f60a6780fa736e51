"""From requests to a guideline that serves: learned, tried and promoted, without a language model."""

from __future__ import annotations

from pathlib import Path

import anyio
from pydantic import BaseModel, Field

from common.context import TaskContext
from common.language.formats import Subject
from common.learning_settings import LearningSettings
from common.tool import Tool, ToolContext, ToolResult
from events.catalogue.trace import TaskStarted, ToolCalled
from supervisor import Supervisor
from supervisor.testing import offline_settings

WAIT = 0.05


class Pump(BaseModel):
    """Which pump."""

    pump: Subject = Field(default="", description="the pump")


def gauge(name: str, text: str, *utterances: str, wrong_after: int) -> Tool:
    """A tool that answers, and is right once in so many calls (0: always)."""
    calls = 0

    async def read(_: Pump, context: ToolContext) -> ToolResult:
        nonlocal calls
        calls += 1
        right = not wrong_after or calls % wrong_after == 0
        return ToolResult(text="7 volts" if right else "minus 1 volt")

    return Tool(f"gauge.{name}", text, Pump, read, utterances=utterances)


async def ask(supervisor: Supervisor, first: int, number: int) -> list[tuple[str, str | None, bool]]:
    """Requests for either gauge in turn, judged by the host; tool, version and whether the answer was right."""
    found: list[tuple[str, str | None, bool]] = []
    for index in range(first, first + number):
        what = "noted" if index % 2 else "live"
        context = TaskContext(request_id=f"r{index}", flags={"meta-planning": True})
        response = await supervisor.process_request(f"read the {what} voltage of pump {index}", context)
        right = "minus" not in response.text
        await supervisor.report_outcome(response.trace_id, 0.9 if right else 0.1, "by the host")
        events = [entry.event for entry in (await supervisor.trace(response.trace_id)).events]
        (tool,) = [event.tool for event in events if isinstance(event, ToolCalled)]
        (version,) = [event.guideline_version for event in events if isinstance(event, TaskStarted)]
        found.append((tool, version, right))
    await anyio.sleep(2 * WAIT)
    return found


async def test_what_was_learned_is_tried_and_serves_once_outcomes_speak_for_it(tmp_path: Path) -> None:
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
        before = await ask(supervisor, 0, 120)
        assert {tool for tool, _, _ in before} == {"gauge.noted", "gauge.live"}
        assert {version for _, version, _ in before} == {None}
        report = await supervisor.learning.cycle()
        assert [(each.agent_type, each.rules, each.state) for each in report.proposed] == [
            ("agent", ("prefer “gauge.live” over “gauge.noted”",), "trial")
        ]
        served: list[tuple[str, str | None, bool]] = []
        for first in range(120, 320, 20):
            served += await ask(supervisor, first, 20)
            decided = await supervisor.learning.trials.step()
            if decided:
                break
        assert [(each.version, each.decision, each.made) for each in decided] == [("1.0.0", "promote", True)]
        assert {tool for tool, version, _ in served if version == "1.0.0"} == {"gauge.live"}
        assert {tool for tool, version, _ in served if version is None} == {"gauge.noted", "gauge.live"}
        after = await ask(supervisor, 320, 4)
        assert after == [("gauge.live", "1.0.0", True)] * 4
