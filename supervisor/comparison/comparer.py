"""Has both engines work on the same requests and puts them side by side."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import anyio

from common.comparison import ComparedSide
from common.context import TaskContext
from common.errors import RequestRejected
from common.flags import META_PLANNING
from common.limits import Limits
from common.results import Response
from common.run_context import RunContext
from common.task_graph import TaskGraph
from common.updates import Update
from events.catalogue.comparison import EnginesCompared
from events.projection import Views
from events.store import EventStore, stream_name
from supervisor.comparison.dry import GivenSessions
from supervisor.comparison.sides import error_of, side_of
from supervisor.comparison.summary import Metric, summarise
from supervisor.request_text import checked_text
from supervisor.requests import RequestHandler, RequestServices
from supervisor.runs import Run
from supervisor.sessions import Sessions

__all__ = ["ENGINES", "Asked", "Comparer", "Comparison", "ComparisonRequest", "Engine", "Skipped"]

Engine = Literal["task_graph", "meta_planning"]
ENGINES: tuple[Engine, Engine] = ("task_graph", "meta_planning")
"""The first and the second engine of every comparison that somebody asks for."""

Follow = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class ComparisonRequest:
    """A request to be compared; `line` tells where it stood, for messages."""

    text: str
    context: TaskContext | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """A request that could not be compared."""

    line: int | None
    text: str
    problem: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as an engine gets it: its text, and the run context that tells what it means in its session.

    `graph` is the plan, where the session told what each part means: no engine makes another one then.
    """

    text: str
    meant: RunContext
    graph: TaskGraph | None = None

    @property
    def context(self) -> TaskContext:
        """The request's context, resolved."""
        return self.meant.context


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came of comparing: one event a request, and what differs over all of them.

    `real` is the engine whose intents were carried out; None: neither's.
    """

    id: str
    real: Engine | None
    seed: int
    compared: Sequence[EnginesCompared]
    metrics: Sequence[Metric]
    skipped: Sequence[Skipped] = ()

    def as_json(self) -> dict[str, Any]:
        """The comparison for programs; the same data as the report."""
        return {
            "id": self.id,
            "engines": list(ENGINES),
            "real": self.real,
            "seed": self.seed,
            "requests": len(self.compared),
            "skipped": [
                {"line": skipped.line, "text": skipped.text, "problem": skipped.problem} for skipped in self.skipped
            ],
            "metrics": [metric.as_json() for metric in self.metrics],
            "results": [event.model_dump(mode="json") for event in self.compared],
        }


@dataclass(slots=True)
class _Done:
    """The run and the answer of a request, caught at its end."""

    run: Run | None = None
    response: Response | None = None

    def catch(self, run: Run, response: Response) -> None:
        self.run, self.response = run, response


@dataclass(slots=True)
class Comparer:
    """Compares the planning engines. `dry` are the services of requests without effect, `real` those of others."""

    dry: RequestServices
    real: RequestServices
    views: Views
    store: EventStore = field(init=False)
    sessions: Sessions = field(init=False)

    def __post_init__(self) -> None:
        self.store = self.real.store
        self.sessions = self.real.sessions

    async def compare(
        self,
        requests: Iterable[ComparisonRequest],
        context: TaskContext,
        *,
        real: Engine | None = None,
        seed: int = 0,
        warm_up: bool = True,
        progress: Follow | None = None,
    ) -> Comparison:
        """Compare one request after the other; see `Operations.compare`."""
        given = list(requests)
        order = random.Random(seed)  # noqa: S311 - which engine goes first is no secret
        identity = uuid.uuid4().hex
        compared: list[EnginesCompared] = []
        skipped: list[Skipped] = []
        warm = not warm_up
        for done, request in enumerate(given):
            if progress is not None:
                progress(done, len(given))
            first = order.choice(ENGINES) if real is None else _other(real)
            try:
                text = checked_text(request.text, self.dry.settings.requests.max_chars)
                asked = await self._asked(text, request.context or context)
                if not warm:
                    warm = True
                    for engine in ENGINES:
                        await self._side(asked, engine, place=0, dry=True)
                sides = {
                    engine: await self._side(asked, engine, place=place, dry=engine != real)
                    for place, engine in enumerate((first, _other(first)), 1)
                }
            except RequestRejected as problem:
                skipped.append(Skipped(request.line, request.text[:200], str(problem)))
                continue
            event = _event(identity, "command", asked, sides[ENGINES[0]], sides[ENGINES[1]])
            await self.record(event, asked.context)
            compared.append(event)
        if progress is not None:
            progress(len(given), len(given))
        metrics = await anyio.to_thread.run_sync(summarise, compared)
        return Comparison(identity, real, seed, compared, metrics, skipped)

    async def shadow(self, asked: Asked, given: ComparedSide, error: str | None, limits: Limits) -> EnginesCompared:
        """Have the other engine than the one whose answer was `given` work on a request, dry."""
        other: Engine = _other("meta_planning" if given.engine == "meta_planning" else "task_graph")
        own = limits.over(asked.context.limits or self.dry.settings.requests.limits)
        bounded = replace(asked.meant, context=asked.context.model_copy(update={"limits": own}))
        side = await self._side(Asked(asked.text, bounded), other, place=2, dry=True)
        first = given.model_copy(update={"error": error})
        return _event(uuid.uuid4().hex, "shadow", asked, first, side)

    async def record(self, event: EnginesCompared, context: TaskContext, *, correlation: str | None = None) -> None:
        """Put a comparison into the log. Raises `StoreError`."""
        stream = stream_name("comparison", event.comparison_id)
        await self.store.append(stream, [event], tenant=context.tenant, correlation=correlation)

    async def error_of(self, trace_id: str) -> str | None:
        """What the log says went wrong with a request. Raises `StoreError`."""
        return error_of([entry.event for entry in await self.store.read(stream_name("trace", trace_id))])

    async def _asked(self, text: str, context: TaskContext) -> Asked:
        """The request as both sides get it: with one clock, and what was said before in the session."""
        settings = self.dry.settings
        resolved = context.resolved(self.dry.clock.now(), settings.timezone, settings.location)
        run = self.dry.runs.open(text, resolved, uuid.uuid4().hex, _ignore)
        if resolved.session is not None:
            await self.sessions.recall(run)
        return Asked(run.request, run.context, run.graph)

    async def _side(self, asked: Asked, engine: Engine, *, place: int, dry: bool) -> ComparedSide:
        done = _Done()
        services = self.dry if dry else self.real
        given = GivenSessions(self.views, asked.meant, asked.graph)
        handler = RequestHandler(replace(services, sessions=given, afterwards=done.catch))
        flags = {**asked.context.flags, META_PLANNING: engine == "meta_planning"}
        own = asked.context.model_copy(update={"flags": flags})
        response = await handler.handle(asked.text, own, _ignore)
        if done.run is None:  # its id was used before, so that the recorded answer was given
            raise RequestRejected(
                "this request id was answered before", where="request_id", todo="Compare without request ids."
            )
        error = None if dry else await self.error_of(response.trace_id)
        return side_of(done.run, response, place=place, engine=engine, error=error)


def _event(
    identity: str,
    source: Literal["command", "shadow"],
    asked: Asked,
    first: ComparedSide,
    second: ComparedSide,
) -> EnginesCompared:
    return EnginesCompared(
        comparison_id=identity,
        source=source,
        request=asked.text,
        user=asked.context.user,
        session=asked.context.session,
        first=first,
        second=second,
    )


def _other(engine: Engine) -> Engine:
    return "task_graph" if engine == "meta_planning" else "meta_planning"


def _ignore(_: Update) -> None:
    return None
