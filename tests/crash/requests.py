"""Whole requests of real supervisors, which act on the world outside; asked again by others after a kill."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import anyio
from pydantic import BaseModel, Field

from common.context import TaskContext
from common.errors import StoreError
from common.intents import Effect, Intent, IntentExecution, IntentResult, IntentStatus
from common.results import Response, RoleResult
from common.run_context import RunContext
from common.settings import Settings
from common.tool import Tool, ToolContext, ToolResult
from events.catalogue.intent import IntentProcessed, IntentRegistered
from events.catalogue.timer import TimerSet
from events.projection import RecordedEvent
from events.verify import verify
from llm_provider.tool_execution import execute_tool
from supervisor import Supervisor
from supervisor.testing import offline_settings
from tests.crash import world
from tests.crash.processes import Tell
from tests.crash.series import Findings, Log

__all__ = ["LASTS", "Requests", "ask_for", "learn_the_role", "supervisor_on"]

LASTS = 0.5
"""Seconds after which a telling of the world can no longer be acted upon."""
_KINDS = {"bell": Effect.IDEMPOTENT, "letter": Effect.QUERYABLE, "stamp": Effect.AT_MOST_ONCE}
_OPEN = (IntentStatus.REGISTERED, IntentStatus.CLAIMED)
_WORDS = {"bell": "ring bell", "letter": "send letter", "stamp": "print stamp"}


class _Do(Intent):
    name: int

    def summary(self) -> str:
        return f"{self.TYPE} {self.name}"


class RingBell(_Do):
    TYPE: ClassVar[str] = "world.bell"


class SendLetter(_Do):
    TYPE: ClassVar[str] = "world.letter"


class PrintStamp(_Do):
    TYPE: ClassVar[str] = "world.stamp"


_INTENTS: dict[str, type[_Do]] = {"bell": RingBell, "letter": SendLetter, "stamp": PrintStamp}


@dataclass
class _Handler:
    """Tells the world, at some moment within the time that the claim gives."""

    kind: str
    folder: Path
    dice: random.Random
    lasts: float = LASTS

    @property
    def intent_type(self) -> type[Intent]:
        return _INTENTS[self.kind]

    @property
    def effect(self) -> Effect:
        return _KINDS[self.kind]

    async def carry_out(self, intent: Intent, execution: IntentExecution) -> IntentResult:
        assert isinstance(intent, _Do)
        delay = self.dice.choice((0.0, 0.01, 0.1, self.dice.uniform(0, LASTS)))
        not_after = execution.not_after.timestamp()
        if not await world.act(self.folder, self.kind, str(intent.name), execution.key, delay, not_after):
            raise TimeoutError("the world was told too late")
        return IntentResult(f"{intent.summary()} is done.")

    async def happened(self, intent: Intent, execution: IntentExecution) -> IntentResult | None:
        return IntentResult("It had happened.") if await world.happened(self.folder, execution.key) else None


class _Numbered(BaseModel):
    number: Annotated[int, Field(ge=0, description="the number of the thing")]


class _World:
    """A host's role with one tool for each kind of effect."""

    name = "house"
    description = "Rings bells, sends letters and prints stamps by their numbers."
    examples = tuple(f"{words} {number}" for words in _WORDS.values() for number in (1, 22, 333))

    def __init__(self, folder: Path, dice: random.Random) -> None:
        self.intent_handlers = tuple(_Handler(kind, folder, dice) for kind in _KINDS)
        self.tools = tuple(self._tool(kind) for kind in _KINDS)

    @staticmethod
    def _tool(kind: str) -> Tool:
        async def run(arguments: _Numbered, context: ToolContext) -> ToolResult:
            await context.register_intent(_INTENTS[kind](name=arguments.number))
            return ToolResult(text=f"{_WORDS[kind]} {arguments.number} is going to be done.")

        words = _WORDS[kind]
        return Tool(
            f"house.{kind}",
            words.capitalize(),
            _Numbered,
            run,
            utterances=(f"{words} 4711", f"{words} 12"),
            effect=True,
        )

    async def execute(self, request: str, run: RunContext) -> RoleResult:
        """Do what the request names."""
        used: list[str] = []
        for tool in self.tools:
            words = _WORDS[tool.name.removeprefix("house.")]
            _, found, behind = request.lower().partition(words)
            if found:
                arguments = {"number": int(behind.split()[0].strip(".,"))}
                await execute_tool(tool, arguments, run, f"{run.task}-{tool.name}", timeout=10, max_chars=1_000)
                used.append(tool.name)
        return RoleResult("", ok=bool(used), tools_called=tuple(used), iterations=1)


def _text(number: int) -> str:
    """The request of a number; every third goes the short way, the others are planned."""
    if number % 3 == 0:
        return f"{_WORDS[list(_KINDS)[number // 3 % 3]]} {number}"
    parts = [f"{words} {number}" for words in _WORDS.values()]
    parts = parts[number % 3 :] + parts[: number % 3]
    return f"{parts[0]}, {parts[1]}, {parts[2]} and set a timer for ten minutes"


def learn_the_role() -> Path:
    """What a router learns of the role, as a cache folder of a supervisor; whoever asks removes it."""
    folder = Path(tempfile.mkdtemp(prefix="crash-role-"))

    async def start() -> None:
        supervisor = Supervisor(offline_settings(folder), background=False)
        supervisor.add_role(_World(folder, random.Random(0)))
        async with supervisor:
            pass

    anyio.run(start)
    return folder


class Requests:
    """Supervisors share a log, and are asked with the same ids, some of which others have begun with."""

    name = "intents"
    at_once = 4
    longest = 2.0
    in_round = 16
    _AHEAD = 8
    _STEP = 2

    def __init__(self, learned: Path) -> None:
        """`learned` is what `learn_the_role` gave."""
        self._learned = learned

    def prepare(self, log: Log) -> None:
        """The router has learned the role before."""
        shutil.copytree(self._learned / "cache", log.folder / "cache")

    def beside(self, log: Log, tell: Tell) -> None:
        """The world outside."""
        world.serve(log.folder, tell)

    def work(self, log: Log, number: int, tell: Tell) -> None:
        """Handle requests until killed."""
        first = max(0, number * self._STEP - self._AHEAD // 2)
        anyio.run(self._handle, log, range(first, first + self._AHEAD), number, tell)

    async def _handle(self, log: Log, numbers: Sequence[int], seed: int, tell: Tell) -> None:
        async with supervisor_on(log, seed) as supervisor:
            tell("begun")
            for number in numbers:
                response = await ask_for(supervisor, number)
                tell("\n".join(f"+{mark}" for mark in _marks(number, response)))
            await anyio.sleep_forever()

    def check(self, log: Log, acknowledged: Collection[str], children: int) -> Findings:
        """Ask for everything again, and compare the answers, the log and the world."""
        return anyio.run(self._look, log, acknowledged, (children - 1) * self._STEP + self._AHEAD)

    async def _look(self, log: Log, acknowledged: Collection[str], most: int) -> Findings:
        found = Findings()
        async with supervisor_on(log, 0) as supervisor:
            answers: set[str] = set()
            for number in range(most):
                response = await ask_for(supervisor, number)
                answers.update(_marks(number, response))
                found.problems += _unsettled(number, response)
            found.lost += [mark for mark in acknowledged if mark not in answers]
            await _compare(supervisor, world.read_acts(log.folder), found)
            try:
                found.problems += (await verify(supervisor.store, supervisor.views)).problems
            except StoreError as error:
                found.problems.append(str(error))
        return found


def supervisor_on(log: Log, seed: int) -> Supervisor:
    """A supervisor that is not started, with its data in the folder; `seed` is for how soon the world acts."""
    settings: Settings = offline_settings(log.folder)
    settings = settings.model_copy(
        update={
            "store": settings.store.model_copy(update={"url": log.url}),
            "intents": settings.intents.model_copy(update={"attempts": 10}),
        }
    )
    supervisor = Supervisor(settings, background=False)
    supervisor.add_role(_World(log.folder, random.Random(seed)))
    return supervisor


async def ask_for(supervisor: Supervisor, number: int) -> Response:
    """Have the request of a number handled, or told again. 0 rings a bell, 3 sends a letter, 6 prints a stamp."""
    context = TaskContext(request_id=f"r{number}", flags={"meta-planning": number % 2 == 1})
    return await supervisor.process_request(_text(number), context)


def _marks(number: int, response: Response) -> list[str]:
    """What must be the same whenever the request is asked again: an intent that is still under way may go on."""
    answer = f"r{number} {response.trace_id}"
    settled = [intent for intent in response.intents if intent.status not in _OPEN]
    return [answer, *(f"{answer} {intent.type}={intent.status.value}" for intent in settled)]


def _unsettled(number: int, response: Response) -> list[str]:
    """What is wrong with an answer that came after everything was over."""
    wanted = sorted(["world.bell", "world.letter", "world.stamp", "timer.set_timer"])
    if number % 3 == 0:
        wanted = [_INTENTS[list(_KINDS)[number // 3 % 3]].TYPE]
    if sorted(intent.type for intent in response.intents) != wanted:
        return [f"request {number} has other intents than it asked for: {response.intents}: {response.text}"]
    allowed = {IntentStatus.PROCESSED}
    return [
        f"request {number}: {intent.type} is {intent.status.value}: {intent.detail}"
        for intent in response.intents
        if intent.status not in (allowed | {IntentStatus.UNCERTAIN} if intent.type == PrintStamp.TYPE else allowed)
    ]


async def _compare(supervisor: Supervisor, outside: world.World, found: Findings) -> None:
    """The log against the world: what is said to be done was done, and nothing was done twice."""
    recorded: list[RecordedEvent] = []
    after = 0
    topics = {IntentRegistered.TOPIC, IntentProcessed.TOPIC, TimerSet.TOPIC}
    while page := await supervisor.store.read_all(after, topics):
        recorded += page
        after = page[-1].position
    registered = {entry.stream: entry.event for entry in recorded if isinstance(entry.event, IntentRegistered)}
    processed = [entry.stream for entry in recorded if isinstance(entry.event, IntentProcessed)]
    timers = [entry.correlation for entry in recorded if isinstance(entry.event, TimerSet)]
    found.doubled += outside.doubled
    found.doubled += [stream for stream in set(processed) if processed.count(stream) > 1]
    found.doubled += [f"timer of {trace}" for trace in set(timers) if timers.count(trace) > 1]
    keys, traces = outside.keys, set(timers)
    for stream in processed:
        intent = registered[stream]
        if intent.type.startswith("world.") and intent.key not in keys:
            found.falsely_done.append(f"{intent.type} {intent.arguments}")
        if intent.type.startswith("timer.") and intent.trace_id not in traces:
            found.falsely_done.append(f"{intent.type} of {intent.trace_id}")
    known = {intent.key for intent in registered.values()}
    found.problems += [f"the world was told {act} by nobody in the log" for act in outside.acts if act[2] not in known]
