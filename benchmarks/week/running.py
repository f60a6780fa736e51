"""Runs the week: people ask, cycles run, a person decides; the clock is moved, everything else is real."""

from __future__ import annotations

import shutil
import time
from collections import deque
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.older_templates import older_templates
from benchmarks.week.held_out import held_out
from benchmarks.week.judging import is_right
from benchmarks.week.person import Answers, Person, answers_of
from benchmarks.week.traffic import Question, Traffic, make_demands
from benchmarks.week.world import answers, make_database
from common.builder_settings import BuilderSettings
from common.context import Owner, TaskContext
from common.errors import ConfigurationError
from common.evolution_settings import EvolutionSettings
from common.intents import Policy
from common.results import RequestMetadata, Response
from common.settings import IntentSettings, Settings, StoreSettings
from events.catalogue.agent import AgentTrialEnded
from events.catalogue.trace import ToolCalled
from events.projection import Row
from events.store import stream_name
from supervisor import Supervisor
from supervisor.evolution.report import EvolutionReport
from supervisor.testing import MovableClock, offline_settings

__all__ = ["Answered", "Plan", "Week", "run_week"]

START = datetime(2027, 3, 1, 6, 0, tzinfo=UTC)
"""A Monday; far from the machine's day, so that whatever reads another clock is seen."""
PARTS = 4
"""Parts of a day with their traffic; a cycle runs between each two of them."""
_PART = timedelta(hours=4)
_SAMPLE = timedelta(minutes=30)
_FEEDBACK = 4
"""Every so many questions somebody says whether the answer was right."""
_MANY = 1_000_000


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is simulated. `each`: held-out questions of a figure; `improvements`: tried in one cycle.

    On the first `older_days` agents are built with some templates of an earlier version; then the builder is upgraded.
    """

    days: int = 7
    per_day: int = 14
    seed: int = 7
    each: int = 2
    builds: int = 6
    improvements: int = 1
    older_days: int = 1


@dataclass(frozen=True, slots=True)
class Answered:
    """A question of the week, and what came of it. `day` from 0; `roles` are those whose tools were called."""

    question: Question
    day: int
    roles: frozenset[str]
    right: bool
    failed: bool


@dataclass(slots=True)
class Week:
    """What a week came to: answers to the held-out questions before and after, what was asked, and rows of views."""

    plan: Plan
    questions: Sequence[Question]
    before: list[bool] = field(default_factory=list[bool])
    after: list[bool] = field(default_factory=list[bool])
    asked: list[Answered] = field(default_factory=list[Answered])
    person: Answers | None = None
    decisions: list[Row] = field(default_factory=list[Row])
    improvements: list[Row] = field(default_factory=list[Row])
    trials: list[AgentTrialEnded] = field(default_factory=list[AgentTrialEnded])
    report: EvolutionReport | None = None
    seconds: float = 0.0


def settings_for(folder: Path, plan: Plan) -> Settings:
    """The switches of the week: evolution creates and improves, a person retires; the rest as it is by default."""
    return offline_settings(folder).model_copy(
        update={
            "store": StoreSettings(url=f"sqlite:///{folder}/events.db"),
            "builder": BuilderSettings(database_url=f"sqlite:///{folder}/source.db"),
            "evolution": EvolutionSettings(
                allowed=("create", "improve"), builds=plan.builds, improvements=plan.improvements, unused_requests=200,
            ),
            "intents": IntentSettings(policies={"calendar.add_event": Policy.ASK}),
        }
    )  # fmt: skip


async def run_week(folder: Path, plan: Plan) -> Week:
    """Run it in a folder, or go on with what was begun there; prints a line for each part of a day."""
    started = time.monotonic()
    own = folder / "week"
    make_database(own / "source.db", plan.seed)
    right = answers(own / "source.db")
    demands = make_demands(plan.days, plan.per_day, plan.seed)
    week = Week(plan, held_out(demands, right, plan.each, plan.seed))
    _copy(own, folder / "start", "source.db")
    week.before = await _examine(folder / "start", week, START)
    _tell(started, f"held-out questions right at the start: {sum(week.before)} of {len(week.before)}")
    clock = MovableClock(START)
    async with Supervisor(settings_for(own, plan), clock=clock, background=False) as supervisor:
        await _Simulation(supervisor, clock, week, Traffic(demands, right, plan.seed), started).run()
        await _read(supervisor, week)
    _copy(own, folder / "end", "*")
    week.after = await _examine(folder / "end", week, START + timedelta(days=plan.days))
    _tell(started, f"held-out questions right at the end: {sum(week.after)} of {len(week.after)}")
    week.seconds = time.monotonic() - started
    return week


async def _read(supervisor: Supervisor, week: Week) -> None:
    """What the log tells of it."""
    views = supervisor.views
    week.report = await supervisor.evolution.report(days=week.plan.days)
    week.decisions = await views.query("evolution", order_by="position", limit=_MANY)
    week.improvements = await views.query("system_improvements", limit=_MANY)
    week.person = await answers_of(views)
    ended = await supervisor.store.read_all(0, {AgentTrialEnded.TOPIC}, limit=10_000)
    week.trials = [entry.event for entry in ended if isinstance(entry.event, AgentTrialEnded)]


async def _examine(folder: Path, week: Week, at: datetime) -> list[bool]:
    """Ask the held-out questions of a copy of what there is, so that they are nobody's traffic."""
    found: list[bool] = []
    async with Supervisor(settings_for(folder, week.plan), clock=MovableClock(at), background=False) as supervisor:
        for question in week.questions:
            answer = await supervisor.process_request(question.text, TaskContext(user="examiner"))
            found.append(is_right(question, answer))
    return found


def _copy(source: Path, folder: Path, names: str) -> None:
    """A new folder with what there is of these names, and no more."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for each in source.glob(names):
        (shutil.copytree if each.is_dir() else shutil.copy)(each, folder / each.name)


def _tell(started: float, text: str) -> None:
    print(f"{time.monotonic() - started:6.0f} s  {text}", flush=True)


class _Simulation:
    """Goes through the days. What the log of the folder has already is read from there, not done again."""

    def __init__(
        self, supervisor: Supervisor, clock: MovableClock, week: Week, traffic: Traffic, started: float
    ) -> None:
        self._supervisor = supervisor
        self._clock = clock
        self._week = week
        self._traffic = traffic
        self._started = started
        self._person = Person(week.plan.seed)
        self._sampled = clock.now()
        self._earlier: deque[Row] = deque()
        self._cycles = 0

    async def run(self) -> None:
        """All days of the plan."""
        self._earlier.extend(await self._supervisor.views.query("trace_index", order_by="position", limit=_MANY))
        self._cycles = (await self._supervisor.evolution.report()).cycles
        for day in range(self._week.plan.days):
            self._clock.set(START + timedelta(days=day))
            for part in range(PARTS):
                await self._part(day, part)
            if not self._earlier:
                await self._supervisor.learning.cycle()

    async def _part(self, day: int, part: int) -> None:
        """Four hours of questions, with looks of the person and of monitoring, and the cycle after them."""
        questions = self._traffic.part_of_day(day, part, PARTS)
        if not self._earlier:
            await self._person.look(self._supervisor, self._clock.now())
        pause = _PART / (len(questions) + 1)
        right = 0
        for number, question in enumerate(questions):
            self._clock.move(pause)
            right += await (self._again(day, question) if self._earlier else self._ask(day, number, question))
        self._clock.move(pause)
        text = f"day {day + 1}.{part + 1}: {right} of {len(questions)} questions answered rightly"
        done = bool(self._earlier) or (part < PARTS - 1 and day * (PARTS - 1) + part < self._cycles)
        if not done:
            await self._supervisor.monitoring.trigger_analysis()
            await self._supervisor.specialists.step()
            await self._supervisor.evolution.watch()
            if part < PARTS - 1:
                text += f"; {await self._cycle(day)}"
        _tell(self._started, text)

    async def _ask(self, day: int, number: int, question: Question) -> bool:
        supervisor, at = self._supervisor, self._clock.now()
        if at - self._sampled >= _SAMPLE:
            self._sampled = at
            await supervisor.monitoring.sample()
        answer = await supervisor.process_request(question.text, TaskContext(user=question.user))
        right = is_right(question, answer)
        roles = frozenset(tool.partition(".")[0] for tool in answer.metadata.tools_used)
        self._week.asked.append(Answered(question, day, roles, right, answer.outcome == "failure"))
        if question.expected is not None and number % _FEEDBACK == 0:
            score = 1.0 if right else 0.0
            await supervisor.report_outcome(answer.trace_id, score, owner=Owner("default", question.user))
        return right

    async def _again(self, day: int, question: Question) -> bool:
        """What a question of a run before came to, by its log."""
        row = self._earlier.popleft()
        if row["request"] != question.text:
            raise ConfigurationError(f"the folder's log is of another plan: {row['request']!r}", where="simulated_week")
        entries = await self._supervisor.store.read(stream_name("trace", str(row["trace_id"])))
        tools = tuple(entry.event.tool for entry in entries if isinstance(entry.event, ToolCalled))
        roles = frozenset(tool.partition(".")[0] for tool in tools)
        about = RequestMetadata(route=row["route"] or "", tools_used=tools)
        answer = Response(trace_id=row["trace_id"], text=row["answer"] or "", outcome=row["outcome"] or "",
                          metadata=about)  # fmt: skip
        right = is_right(question, answer)
        self._week.asked.append(Answered(question, day, roles, right, answer.outcome == "failure"))
        return right

    async def _cycle(self, day: int) -> str:
        # what is built on the first days is built by an earlier version
        with older_templates() if day < self._week.plan.older_days else nullcontext():
            report = await self._supervisor.evolution.evolution_cycle()
        done = [(one.decision, one.outcome) for one in report.decisions if one.outcome is not None]
        failed = [f"{decision.kind} {outcome.text[:110]!r}" for decision, outcome in done if not outcome.ok]
        kinds = [decision.kind for decision, outcome in done if outcome.changed]
        changed = ", ".join(f"{kinds.count(kind)} × {kind}" for kind in sorted(set(kinds))) or "nothing"
        return "; ".join([f"a cycle of {report.seconds:.0f} s: {changed}", *failed, *report.notes[:3]])
