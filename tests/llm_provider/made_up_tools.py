"""A supervisor's surroundings for tests, and tools that no role has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar

from pydantic import BaseModel, Field

from common.blob import Blob
from common.context import TaskContext
from common.intent_collector import IntentCollector
from common.intents import Intent
from common.language.formats import Place, Query, Subject, When
from common.limits import Budget, Limits
from common.run_context import RunContext
from common.telemetry import Telemetry
from common.tool import Fact, Tool, ToolContext, ToolResult
from common.updates import Update

NOW = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
CONTEXT = TaskContext(timezone="Europe/Zurich", current_time=NOW, location="Bern")


@dataclass
class Trace:
    """Keeps what was recorded."""

    trace_id: str = "0123456789abcdef"
    events: list[Any] = field(default_factory=list[Any])
    blobs: list[Blob] = field(default_factory=list[Blob])

    def record(self, event: BaseModel, blobs: Sequence[Blob] = ()) -> None:
        event.model_dump_json()
        self.events.append(event)
        self.blobs.extend(blobs)

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


@dataclass
class Scene:
    """A run with everything it leaves behind at hand."""

    run: RunContext
    trace: Trace
    updates: list[Update]

    @property
    def collector(self) -> IntentCollector:
        return self.run.collector

    def metric(self, name: str, **labels: str) -> float:
        return self.run.telemetry.metrics.registry.get_sample_value(name, labels) or 0.0


def scene(
    limits: Limits | None = None,
    *,
    task: str = "",
    telemetry: Telemetry | None = None,
    context: TaskContext = CONTEXT,
    **changes: Any,
) -> Scene:
    trace, updates = Trace(), []
    run = RunContext(
        context=context,
        trace=trace,
        budget=Budget(limits or Limits(wall_clock=10, turns=30, tokens=1_000_000, tool_calls=60)),
        collector=IntentCollector(),
        telemetry=telemetry or Telemetry(),
        emit=updates.append,
        task=task,
        **changes,
    )
    return Scene(run, trace, updates)


class AddIntent(Intent):
    TYPE: ClassVar[str] = "diary.add"
    title: str
    when: str


class RemindIntent(Intent):
    TYPE: ClassVar[str] = "bell.remind"
    text: str
    when: str


class SkyArguments(BaseModel):
    place: Place | None = Field(default=None, description="Where")
    when: When | None = Field(default=None, description="For when")


class FindArguments(BaseModel):
    query: Query = Field(description="What to look for")


class AddArguments(BaseModel):
    title: Subject = Field(description="What the entry is called")
    when: When = Field(description="When it starts")


class RemindArguments(BaseModel):
    text: Subject = Field(default="", description="What to be reminded of")
    when: When = Field(description="When to remind")


async def look_at_sky(arguments: SkyArguments, context: ToolContext) -> ToolResult:
    return ToolResult(text=f"Sunny {arguments.when or 'today'} in {arguments.place or context.context.location}.")


async def find(arguments: FindArguments, context: ToolContext) -> ToolResult:
    return ToolResult(text=f"Three huts fit “{arguments.query}” (huts.md).", sources=("huts.md",))


async def add(arguments: AddArguments, context: ToolContext) -> ToolResult:
    await context.register_intent(AddIntent(title=arguments.title, when=arguments.when))
    fact = Fact(kind="event", name=arguments.title, start="2026-11-21T09:00:00+01:00")
    return ToolResult(text=f"“{arguments.title}” is going to be added.", facts=(fact,))


async def remind(arguments: RemindArguments, context: ToolContext) -> ToolResult:
    await context.register_intent(RemindIntent(text=arguments.text, when=arguments.when))
    return ToolResult(text="A reminder is going to be set.")


SKY = Tool(
    "sky.outlook",
    "Tells the weather and the forecast for a place and a time.",
    SkyArguments,
    look_at_sky,
    utterances=("what is the weather like", "check the weather in Bern", "will it rain on Sunday", "forecast for Rome"),
)
FIND = Tool(
    "library.find",
    "Searches the user's documents, notes and guides.",
    FindArguments,
    find,
    utterances=("search for a hut", "look up the packing list", "find lodging in my documents", "search my notes"),
)
ADD = Tool(
    "diary.add",
    "Adds an event to the user's calendar.",
    AddArguments,
    add,
    utterances=("add lunch with Tom to my calendar", "put the dentist in my calendar on Friday", "schedule a meeting"),
    effect=True,
)
REMIND = Tool(
    "bell.remind",
    "Sets a reminder for the user.",
    RemindArguments,
    remind,
    utterances=("remind me to call mum at 5", "remind me an hour before", "set a reminder for the meeting"),
    effect=True,
)
TRIP_TOOLS: Sequence[Tool] = (SKY, FIND, ADD, REMIND)


class Nothing(BaseModel):
    """No arguments."""


def tool(name: str, handler: Any, arguments: type[BaseModel] = Nothing, **values: Any) -> Tool:
    return Tool(name, f"The tool {name}.", arguments, handler, **values)


def answering(text: str, **values: Any) -> Any:
    async def handler(arguments: Any, context: ToolContext) -> ToolResult:
        return ToolResult(text=text, **values)

    return handler
