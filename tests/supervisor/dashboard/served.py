"""A supervisor with something to show, served on this machine."""

from __future__ import annotations

import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import uvicorn

from common.context import TaskContext
from common.errors import BuildError
from common.intents import Policy
from events.catalogue.agent import AgentRegistered
from events.catalogue.evolution import (
    EvolutionCycleFinished,
    EvolutionCycleStarted,
    EvolutionDecisionEnded,
    EvolutionDecisionTaken,
)
from events.catalogue.guideline import TrialTerms
from events.catalogue.improvement import Evidence, ImprovementEvidenceAdded
from events.catalogue.system import HealthChanged, SystemSampled
from supervisor import Supervisor
from supervisor.http import create_app
from supervisor.testing import offline_settings
from supervisor.tokens import Scope
from tests.events.improvement_samples import suggestion
from tests.roles.builder.made_parts import MadeParts
from tests.supervisor.built_agents import deploy

__all__ = ["CYCLE", "FAILED", "HOSTILE", "Site", "serving"]

HOSTILE = "<img src=x onerror=\"document.title='broken'\"><script>document.title='broken'</script>"
CYCLE = f"{5:032x}"
"""The latest cycle of evolution."""
FAILED = "feed" * 8
"""A build that failed, and can be gone on with."""
ADD = "calendar.add_event"
LUNCH = "add lunch with Anna to my calendar on Friday at noon"


@dataclass
class Site:
    """A served supervisor: where, and a token for everything."""

    supervisor: Supervisor
    address: str
    token: str
    app: Any

    async def ask(self, text: str, **context: Any) -> str:
        """Have a request handled; its trace."""
        response = await self.supervisor.process_request(text, TaskContext(**context))
        return response.trace_id

    async def new_token(self, *scopes: Scope, **bound: Any) -> tuple[str, str]:
        """A token of some scopes, and its id."""
        made = await self.supervisor.tokens.create("test", scopes, by="test", **bound)
        self.app.state.access.tokens._looked = float("-inf")  # what another process would see within half a second
        return made.token, made.record.token_id

    async def revoke(self, token_id: str) -> None:
        """Have a token count for nothing."""
        await self.supervisor.tokens.revoke(token_id, by="test")
        self.app.state.access.tokens._looked = float("-inf")

    async def drop_streams(self) -> None:
        """End all streams, as a proxy does that is restarted; new ones may begin."""
        self.app.state.streams.close()
        self.app.state.streams._closed = False


@asynccontextmanager
async def serving(folder: Path) -> AsyncGenerator[Site]:
    """Serve it, with requests, samples, improvements and guidelines in its log."""
    base = offline_settings(folder)
    settings = base.model_copy(update={"intents": base.intents.model_copy(update={"policies": {ADD: Policy.ASK}})})
    async with Supervisor(settings, background=False) as supervisor:
        await _samples(supervisor)
        await _improvements(supervisor)
        await _guidelines(supervisor)
        await _requests(supervisor)
        await _agents(supervisor, folder)
        await _evolution(supervisor)
        token = (await supervisor.tokens.create("ann", tuple(Scope), by="test")).token
        app = create_app(supervisor)
        with socket.create_server(("127.0.0.1", 0)) as opened:
            config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", ws="none")
            server = uvicorn.Server(config)
            async with anyio.create_task_group() as group:
                group.start_soon(lambda: server.serve(sockets=[opened]))
                with anyio.fail_after(30):
                    while not server.started:
                        await anyio.sleep(0.01)
                yield Site(supervisor, f"http://127.0.0.1:{opened.getsockname()[1]}/", token, app)
                app.state.streams.close()
                server.should_exit = True


async def _samples(supervisor: Supervisor) -> None:
    now = datetime.now(UTC)
    samples = [_sample(now - timedelta(minutes=5 * (59 - number)), number) for number in range(60)]
    changed = HealthChanged(
        node="one", process="p", component="tool:search.web", before="healthy", after="degraded",
        reasons=["response_time 41 s is beyond 30 s"],
    )  # fmt: skip
    await supervisor.store.append("system/one", [*samples, changed])


def _sample(at: datetime, number: int) -> SystemSampled:
    slow = 8.0 if number > 45 else 0.0
    agent = {"calls": 4.0 + number % 3, "response_time": 0.4 + number % 7 / 10, "success_rate": 1.0, "errors": 0.0}
    return SystemSampled(
        node="one",
        process="p",
        at=at,
        health="degraded" if slow else "healthy",
        score=81.0 if slow else 96.0,
        figures={
            "cpu_usage": 20 + 10 * (number % 6) / 3 + slow, "memory_usage": 48 + number / 10, "requests": 12.0,
            "response_time": 0.8 + number % 5 / 10 + slow / 4, "success_rate": 0.98 if slow else 1.0,
            "error_rate": 0.02 if slow else 0.0, "total_errors": float(max(0, number - 45) // 4),
            "process_memory": 130e6 + 4e5 * number, "total_agents": 7.0, "active_agents": 7.0, "failed_agents": 0.0,
        },
        absent={"cost": "no model has a price"},
        agents={"timer": agent, "weather": {**agent, "response_time": 1.2}},
        tools={"search.web": agent},
    )  # fmt: skip


async def _improvements(supervisor: Supervisor) -> None:
    commands = supervisor.monitoring.improvements
    await commands.suggest(suggestion("imp-1", priority="high"))
    await supervisor.store.append(
        "improvement/imp-1",
        [ImprovementEvidenceAdded(improvement_id="imp-1", evidence=Evidence(text="41 s", figures={"mean": 41.2}))],
    )
    await commands.suggest(suggestion("imp-2", fingerprint="2", title="machine is short of memory", type_="resource"))
    await commands.suggest(suggestion("imp-3", fingerprint="3", title=HOSTILE, description=HOSTILE))


async def _guidelines(supervisor: Supervisor) -> None:
    guidelines = supervisor.guidelines
    first = await guidelines.propose("planner", ["Ask for a place before you look up the weather."], by="ann")
    await guidelines.activate("planner", first.version, by="ann", reason="to begin with")
    second = await guidelines.propose(
        "planner", ["Ask for a place before you look up the weather.", HOSTILE], by="learning", reason="two patterns"
    )
    await guidelines.start_trial("planner", second.version, share=0.2, by="learning", terms=TrialTerms())
    path = [
        [n, 0.12 - 0.4 / n, max(-1.0, 0.12 - 2.2 / n**0.5), min(1.0, 0.12 + 2.2 / n**0.5)] for n in range(5, 200, 5)
    ]
    arm = {"outcomes": 195, "successes": 170, "left_out": 2}
    await guidelines.activate(
        "planner", second.version, by="learning", reason="trial: it does better",
        evidence={
            "kind": "trial", "why": "better", "share": 0.2, "alpha": 0.05, "harm_alpha": 0.1, "candidate": arm,
            "incumbent": {**arm, "successes": 147}, "difference": 0.12, "low": 0.01, "high": 0.23, "evidence": 22.4,
            "harm": 0.1, "path": path,
        },
    )  # fmt: skip


async def _requests(supervisor: Supervisor) -> None:
    hostile = AgentRegistered(name="evil", kind="role", description=HOSTILE, tools=[HOSTILE])
    await supervisor.store.append("agent/evil", [hostile])
    for text in ("set a timer for 10 minutes", f"remember that {HOSTILE} is my name", LUNCH):
        await supervisor.process_request(text, TaskContext())
    both = "set a tea timer for 4 minutes and turn on the kitchen light and remember that I like tea"
    await supervisor.process_request(both, TaskContext(user="eve"))


async def _agents(supervisor: Supervisor, folder: Path) -> None:
    """A built agent of two versions, and builds that went well and not."""
    await deploy(supervisor, build="b1", figures={"coverage": 0.93})
    await deploy(supervisor, 2.0, build="b2", figures={"coverage": 0.95})
    parts = MadeParts(folder)
    builds = supervisor.builds
    builds.builder.parts = parts.parts()
    await builds.create_agent("double a number", by="ann")
    parts.unwell = True
    try:
        await builds.create_agent(HOSTILE, by="ann", build_id=FAILED)
    except BuildError:
        parts.unwell = False


async def _evolution(supervisor: Supervisor) -> None:
    """Cycles of some days, and what the latest one decided."""
    now = datetime.now(UTC)
    for number in range(1, 6):
        cycle = f"{number:032x}"
        begun = EvolutionCycleStarted(cycle=cycle, owner="one", by="evolution")
        await supervisor.store.append("evolution", [begun])
        if cycle == CYCLE:
            await supervisor.store.append(f"evolution/{cycle}", [*_decisions(cycle)])
        fitness = {"dscr_calculator": 0.8 + number / 40, "doubler": 0.9}
        ended = EvolutionCycleFinished(
            cycle=cycle, at=now - timedelta(days=5 - number), needs=number % 3, decisions=number % 4, fitness=fitness,
            seconds=4.0 + number, notes=["without the database"] if number == 3 else [],
        )  # fmt: skip
        await supervisor.store.append("evolution", [ended])


def _decisions(cycle: str) -> list[EvolutionDecisionTaken | EvolutionDecisionEnded]:
    def taken(number: int, kind: Any, subject: str, why: str, **more: Any) -> EvolutionDecisionTaken:
        return EvolutionDecisionTaken(cycle=cycle, number=number, kind=kind, subject=subject, why=why, **more)

    def ended(number: int, agent: str, text: str, **more: Any) -> EvolutionDecisionEnded:
        return EvolutionDecisionEnded(cycle=cycle, number=number, ok=True, text=text, agent=agent, **more)

    return [
        taken(1, "create", "f" * 16, "no role covers Doubling: 5 requests", by_itself=True, causes=["abcdef01"]),
        ended(1, "doubler", "doubler 1.0.0 was built", changed=True, version="1.0.0", healthy=True, within=True),
        taken(2, "improve", "dscr_calculator", HOSTILE, by_itself=True, figures={"calls": 40}),
        ended(2, "dscr_calculator", "1.0.1 is faster", changed=True, gain=0.18, healthy=True, within=True),
        taken(3, "improve", "doubler", "it serves 20 calls", by_itself=True),
        ended(3, "doubler", "the original stays (nothing to change)", gain=0.0),
        taken(4, "prune", "dscr_calculator", "fitness 0.40", by_itself=False, improvement="imp-1", causes=["imp-1"]),
    ]  # fmt: skip
