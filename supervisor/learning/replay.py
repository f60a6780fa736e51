"""Counterfactual replay: recorded requests done again, without effect, under the rules in service and under a draft's.

Only where the engine is deterministic, that is with the offline model: then what differs is what the rules changed.
Both runs read the world as it is now, which is not the one that the request was recorded in; so they are compared
with each other, and with the recorded outcome only to tell whether a success would be broken.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import anyio
from pydantic import ValidationError

from common.context import TaskContext
from common.errors import StoreError, SupervisorError
from common.flags import META_PLANNING
from common.hints import PLANNING, ROUTER, PlanningHints
from common.intents import Intent
from common.results import Response
from common.updates import Update
from events.catalogue.trace import (
    AgentConfigured,
    FollowUpRead,
    RequestRouted,
    TaskGraphPlanned,
    TaskStarted,
    ToolCalled,
    TraceEnded,
    TraceStarted,
)
from events.commit import StreamDrafts
from events.projection import Views
from events.recorded import RecordedEvent
from events.store import EventStore, stream_name
from llm_provider.factory import LLMFactory
from supervisor.comparison.dry import DryTrace, GivenSessions
from supervisor.learning.replay_report import Replayed, ReplayReport, rank_of
from supervisor.requests import RequestHandler, RequestServices
from supervisor.routing import Routes
from supervisor.runs import Run, Runs

__all__ = ["ReplayReport", "Replayed", "Replayer"]

_PAGE = 500
_MOST_LOOKED_AT = 2_000
_UNREPEATABLE = frozenset({"cancelled", "interrupted"})
_CANDIDATE = "draft"


@dataclass(frozen=True, slots=True)
class _Recorded:
    trace_id: str
    text: str
    context: TaskContext
    outcome: str


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a run came to, as far as it can be compared."""

    outcome: str
    tools: tuple[tuple[str, str, bool], ...]
    intents: tuple[tuple[str, Mapping[str, str]], ...]
    answer: str

    def noise(self, other: _Seen) -> frozenset[tuple[str, str]]:
        """Arguments of intents that differ though the runs wanted as many of the same kinds: (type, argument)."""
        if [kind for kind, _ in self.intents] != [kind for kind, _ in other.intents]:
            return frozenset()
        pairs = zip(self.intents, other.intents, strict=True)
        return frozenset(
            (kind, name)
            for (kind, ours), (_, theirs) in pairs
            for name in ours.keys() | theirs.keys()
            if ours.get(name) != theirs.get(name)
        )

    def without(self, noise: frozenset[tuple[str, str]]) -> _Seen:
        """The same but for such arguments: ids that are made anew each time."""
        kept = ((kind, {name: value for name, value in given.items() if (kind, name) not in noise})
                for kind, given in self.intents)  # fmt: skip
        return replace(self, intents=tuple(kept))

    def differs(self, other: _Seen) -> tuple[str, ...]:
        pairs = {
            "outcome": self.outcome == other.outcome,
            "tools": self.tools == other.tools,
            "intents": self.intents == other.intents,
            "answer": self.answer == other.answer,
        }
        return tuple(name for name, same in pairs.items() if not same)

    def worse_than(self, other: _Seen) -> tuple[str, ...]:
        found: list[str] = []
        if rank_of(self.outcome) < rank_of(other.outcome):
            found.append(f"the outcome is {self.outcome}, it was {other.outcome}")
        errors = Counter(tool for _, tool, ok in self.tools if not ok)
        known = Counter(tool for _, tool, ok in other.tools if not ok)
        found += [f"a call of {tool} fails" for tool in sorted(errors) if errors[tool] > known[tool]]
        return tuple(found)


class _RuledRuns(Runs):
    """Runs under guidelines that are given, whatever is in service."""

    def __init__(self, runs: Runs, guidelines: Mapping[str, PlanningHints]) -> None:
        self._runs = runs
        self._ruled = guidelines

    def open(
        self,
        request: str,
        context: TaskContext,
        trace_id: str,
        emit: Callable[[Update], None],
        opening: Sequence[StreamDrafts] = (),
    ) -> Run:
        """A run of the others' kind."""
        run = self._runs.open(request, context, trace_id, emit, opening)
        run.guidelines = self._ruled
        return run

    async def assign(self, run: Run) -> None:
        """Nothing is drawn: what the request goes by is given."""


@dataclass(slots=True)
class Replayer:
    """Does recorded requests again. `dry` are services without effect (`supervisor.comparison.dry`), `router` the
    real one, since those of a comparison plan every request; `current` gives the guidelines in service."""

    dry: RequestServices
    router: Routes
    models: LLMFactory
    views: Views
    store: EventStore
    current: Callable[[], Mapping[str, PlanningHints]]

    async def replay(
        self,
        agent_type: str,
        rules: Sequence[str],
        *,
        before: Sequence[str] | None = None,
        limit: int = 50,
        seconds: float = 60.0,
    ) -> ReplayReport:
        """Do the latest requests again that agents of the type had a part in, `limit` at most.

        `before` are the rules to compare with; by default those in service. No more is begun after `seconds`. Raises
        `StoreError`.
        """
        if other := self._not_offline():
            return ReplayReport(agent_type, note=f"not replayed: {other} is not deterministic")
        service = dict(self.current())
        if before is not None:
            service[agent_type] = PlanningHints(guideline=tuple(before))
        drafted = {
            **service,
            agent_type: PlanningHints(guideline=tuple(rules), guideline_version=_CANDIDATE),
        }
        skipped: Counter[str] = Counter()
        work = _Work(self._handled_under(service), self._handled_under(drafted))
        note = ""
        with anyio.move_on_after(seconds) as scope:
            async with aclosing(self._recorded(agent_type, skipped)) as requests:
                async for recorded in requests:
                    await work.take(recorded)
                    if work.done >= limit:
                        break
        if scope.cancelled_caught:
            note = f"stopped after {seconds:g} seconds"
        elif not work.done:
            note = "no recorded request of this agent type can be done again"
        return ReplayReport(
            agent_type, work.done, tuple(work.changed), work.moved, work.unstable, MappingProxyType(skipped), note
        )

    def _not_offline(self) -> str:
        """A tier whose model is not the offline one, for a sentence; "" where there is none."""
        return next((f"the model of {tier!r}" for tier in self.models.tiers if not self.models.is_offline(tier)), "")

    def _handled_under(self, guidelines: Mapping[str, PlanningHints]) -> RequestServices:
        return replace(
            self.dry,
            router=self.router,
            runs=_RuledRuns(self.dry.runs, MappingProxyType(dict(guidelines))),
            sessions=GivenSessions(self.views),
        )

    async def _recorded(self, agent_type: str, skipped: Counter[str]) -> AsyncGenerator[_Recorded]:
        """The latest requests of the type, the newest first, each once."""
        seen: set[tuple[str, str, str]] = set()
        position: int | None = None
        looked_at = 0
        while looked_at < _MOST_LOOKED_AT:
            where = {} if position is None else {"position <": position}
            rows = await self.views.query("trace_index", where, order_by="-position", limit=_PAGE)
            for row in rows:
                looked_at, position = looked_at + 1, int(row["position"])
                asked = (str(row["tenant"]), str(row["user"]), str(row["request_id"]))
                if not row["outcome"] or asked in seen:
                    continue
                seen.add(asked)
                events = await self.store.read(stream_name("trace", str(row["trace_id"])))
                found = _read(str(row["trace_id"]), events, agent_type)
                if isinstance(found, _Recorded):
                    yield found
                elif found:
                    skipped[found] += 1
            if len(rows) < _PAGE:
                return


@dataclass(slots=True)
class _Work:
    """Requests done under both sets of rules, one after the other."""

    service: RequestServices
    drafted: RequestServices
    done: int = 0
    moved: int = 0
    unstable: int = 0
    changed: list[Replayed] = field(default_factory=list[Replayed])

    async def take(self, recorded: _Recorded) -> None:
        before = await _do(self.service, recorded)
        after = await _do(self.drafted, recorded)
        if before is None or after is None:
            return
        self.done += 1
        self.moved += before.outcome != recorded.outcome
        if not after.differs(before):
            return
        again = await _do(self.service, recorded)
        noise = frozenset[tuple[str, str]]() if again is None else again.noise(before)
        before, after = before.without(noise), after.without(noise)
        if again is None or again.without(noise).differs(before):
            self.unstable += 1
            return
        changed = after.differs(before)
        if not changed:
            return
        self.changed.append(
            Replayed(
                recorded.trace_id, recorded.outcome, before.outcome, after.outcome, changed, after.worse_than(before)
            )
        )


def _read(trace_id: str, recorded: Sequence[RecordedEvent], agent_type: str) -> _Recorded | str:
    """The request of a trace; why it can't be done again; or "" where the agent type had no part in it."""
    events = [entry.event for entry in recorded]
    started = next((event for event in events if isinstance(event, TraceStarted)), None)
    routed = next((event for event in events if isinstance(event, RequestRouted)), None)
    outcome = next((event.outcome for event in events if isinstance(event, TraceEnded)), "")
    if started is None or agent_type not in _types(events):
        return ""
    if any(isinstance(event, FollowUpRead) for event in events):
        return "it goes on from earlier turns of its session"
    if outcome in _UNREPEATABLE:
        return "it was stopped"
    try:
        context = TaskContext.model_validate(started.context)
    except ValidationError:
        return "its context can't be read"
    flags = dict(context.flags)
    if routed is not None and routed.approach != "direct":
        flags[META_PLANNING] = routed.approach == "meta_planning"
    context = context.model_copy(update={"request_id": None, "flags": flags})
    return _Recorded(trace_id, started.request, context, outcome)


def _types(events: Sequence[object]) -> set[str]:
    """The agent types that had a part in a trace."""
    found = {event.role for event in events if isinstance(event, TaskStarted)}
    if any(isinstance(event, RequestRouted) for event in events):
        found.add(ROUTER)
    if any(isinstance(event, TaskGraphPlanned | AgentConfigured) for event in events):
        found.add(PLANNING)
    return found


async def _do(services: RequestServices, recorded: _Recorded) -> _Seen | None:
    """What comes of the request now; None where it can't be done at all."""
    caught: list[tuple[Run, Response]] = []

    def catch(run: Run, response: Response) -> None:
        caught.append((run, response))

    try:
        await RequestHandler(replace(services, afterwards=catch)).handle(recorded.text, recorded.context, _ignore)
    except StoreError:
        raise
    except SupervisorError:
        return None
    run, response = caught[0]
    events = run.trace.events if isinstance(run.trace, DryTrace) else ()
    calls = [event for event in events if isinstance(event, ToolCalled)]
    return _Seen(
        outcome=response.outcome,
        tools=tuple(sorted(((call.task, call.tool, call.ok) for call in calls), key=lambda call: call[0])),
        intents=tuple((entry.intent.TYPE, _arguments(entry.intent)) for entry in run.collected()),
        answer=response.text,
    )


def _arguments(intent: Intent) -> dict[str, str]:
    return {name: json.dumps(value, sort_keys=True) for name, value in intent.model_dump(mode="json").items()}


def _ignore(_: Update) -> None:
    return None
