"""What a running supervisor tells and lets be done, beside handling requests."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import aclosing
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from common.context import Owner, TaskContext
from common.errors import ConfigurationError
from common.owner_keys import DEFAULT_OWNER
from common.results import IntentReport

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from common.clock import Clock
    from common.role import Role
    from events.archive.run import Archived
    from events.projection import Progress, Views
    from events.store import EventStore
    from events.views.agent_registry import AgentRecord
    from supervisor.bootstrap import Parts
    from supervisor.building import Builds
    from supervisor.commands.forget import ForgottenTenant
    from supervisor.commands.maintain import Maintained
    from supervisor.comparison.comparer import Comparison, ComparisonRequest
    from supervisor.deployment import DeployedAgents
    from supervisor.doctor import Diagnosis
    from supervisor.evolution.evolution import MetaAgentEvolution
    from supervisor.flags import FlagControl
    from supervisor.guard.guard import VariantGuard
    from supervisor.guidelines import Guidelines
    from supervisor.learning.integration import Learning
    from supervisor.learning.trace_transfer import ImportedTraces
    from supervisor.monitoring.service import Monitoring
    from supervisor.notifications import Notification
    from supervisor.queries.tool_results import WholeResult
    from supervisor.queries.traces import TraceDetail
    from supervisor.specialists.service import Specialists
    from supervisor.tokens import Tokens
    from supervisor.tuning import Tuning

__all__ = ["Operations"]


class Operations:
    """Queries and commands over the parts of a supervisor; all of them raise `ConfigurationError` before its start."""

    _parts: Parts | None = None

    @property
    def _running_parts(self) -> Parts:
        if self._parts is None:
            raise ConfigurationError(
                "the supervisor is not started",
                where="Supervisor",
                todo="Use 'async with Supervisor…' or await start().",
            )
        return self._parts

    @property
    def store(self) -> EventStore:
        """The event store."""
        return self._running_parts.store

    @property
    def views(self) -> Views:
        """The views over the log."""
        return self._running_parts.views

    @property
    def clock(self) -> Clock:
        """The clock that everything here reads."""
        return self._running_parts.clock

    @property
    def metrics_registry(self) -> CollectorRegistry:
        """The Prometheus registry of this supervisor: expose it, or register it as a collector in the host's own."""
        return self._running_parts.telemetry.metrics.registry

    async def traces(
        self, *, limit: int = 20, session: str | None = None, owner: Owner = DEFAULT_OWNER
    ) -> list[dict[str, Any]]:
        """The owner's latest traces, newest first."""
        where: dict[str, Any] = {"tenant": owner.tenant, "user": owner.user}
        if session is not None:
            where["session"] = session
        return await self.views.query("trace_index", where, order_by="-position", limit=limit)

    async def trace(
        self, trace_id: str, *, owner: Owner = DEFAULT_OWNER, at: int | datetime | None = None
    ) -> TraceDetail:
        """One trace of the owner's, by its id or an unambiguous beginning of it. Raises `NotFound`.

        With `at` (a position of the log or a time), as it stood then.
        """
        from supervisor.queries.traces import find_trace

        position = None if at is None else await self.position_at(at)
        return await find_trace(self.store, self.views, trace_id, owner, position)

    async def tool_results(self, trace_id: str, *, owner: Owner = DEFAULT_OWNER) -> AsyncGenerator[WholeResult]:
        """All that the tools of one trace of the owner's answered, call by call; not redacted. Raises `NotFound`."""
        from supervisor.queries.tool_results import whole_results

        detail = await self.trace(trace_id, owner=owner)
        async for result in whole_results(self.store, detail.events):
            yield result

    async def report_outcome(
        self, trace_id: str, score: float, comment: str = "", *, by: str = "", owner: Owner = DEFAULT_OWNER
    ) -> str:
        """Say how good a run was: a handled request, or one that was collected; the last word counts.

        `score` is 0 (useless) to 1 (perfect), or True or False; `by` is who says so (default: the user). Returns the
        id of the trace, of which an unambiguous beginning is enough. Raises `NotFound`, `ConfigurationError` for
        another score, and `StoreError`.
        """
        from supervisor.commands.outcomes import report

        reported = await report(self.store, self.views, trace_id, score, owner, comment=comment, by=by)
        return reported.trace_id

    async def import_traces(
        self,
        file: Path,
        *,
        agent_type: str | None = None,
        owner: Owner = DEFAULT_OWNER,
        progress: Progress | None = None,
    ) -> ImportedTraces:
        """Take in runs of other agents from a file of traces, or of OpenTelemetry spans; each is taken once.

        `agent_type` is for runs that do not name theirs. Rows that are no traces are told in what is returned.
        `progress` is called with the bytes read and all there are, from another thread. Raises `ConfigurationError`
        for a file that can't be read, and `StoreError`.
        """
        from supervisor.learning.trace_transfer import import_traces

        return await import_traces(self.store, file, owner, agent_type=agent_type, progress=progress)

    async def export_traces(
        self, *, owner: Owner = DEFAULT_OWNER, progress: Progress | None = None
    ) -> AsyncGenerator[dict[str, Any]]:
        """Every run of the owner's that ended, as rows of a trace file, redacted. Raises `StoreError`."""
        from supervisor.learning.trace_transfer import export_traces

        redactor = self._running_parts.settings.redaction.redactor()
        async with aclosing(export_traces(self.store, owner, redactor, progress=progress)) as rows:
            async for row in rows:
                yield row

    def roles(self) -> Sequence[Role]:
        """The roles that requests may be routed to."""
        return self._running_parts.roles.enabled()

    async def agents(self, *, at: int | datetime | None = None) -> list[AgentRecord]:
        """Every role and agent that the log knows, disabled ones too; with `at`, as they stood then."""
        registry = self._running_parts.agents
        return await (registry.get_all_agents() if at is None else registry.at(await self.position_at(at)))

    @property
    def built_agents(self) -> DeployedAgents:
        """Built agents: deployed, rolled back, removed, examined, exported."""
        return self._running_parts.deployed

    async def disable_agent(self, name: str, *, by: str, reason: str = "") -> AgentRecord:
        """Have no request routed to a role or agent, in any supervisor on this log. Raises `NotFound`."""
        record = await self._running_parts.agents.disable(name, reason=reason, by=by)
        await self._running_parts.switches.refresh()
        return record

    async def restore_agent(self, name: str, *, by: str) -> AgentRecord:
        """Undo `disable_agent`, or bring a built agent back that was removed. Raises `NotFound`.

        `DeploymentError`, too, where the files of a removed agent can't be used any more.
        """
        parts = self._running_parts
        if (await parts.agents.get(name)).state == "retired":
            await parts.deployed.restore(name, by=by)
        record = await parts.agents.restore(name, by=by)
        await parts.switches.refresh()
        await parts.deployed.refresh()
        return record

    @property
    def tokens(self) -> Tokens:
        """The tokens of the HTTP API: made, listed, revoked."""
        from supervisor.tokens import Tokens

        parts = self._running_parts
        return Tokens(parts.store, parts.views, parts.clock)

    @property
    def guidelines(self) -> Guidelines:
        """The rules that agents work by: versions, history, changes."""
        return self._running_parts.guidelines

    @property
    def learning(self) -> Learning:
        """What was learned from traces: status, a cycle at once, patterns, history, trials."""
        return self._running_parts.learning

    @property
    def monitoring(self) -> Monitoring:
        """How the system does, what would improve it, and the decisions on that."""
        return self._running_parts.monitoring

    @property
    def builds(self) -> Builds:
        """Agents built from what is asked for in words: a build, going on with one, what became of them."""
        return self._running_parts.builds

    @property
    def evolution(self) -> MetaAgentEvolution:
        """Agents that are created, improved and retired by what the log says: a cycle at once, and how it stands."""
        return self._running_parts.evolution

    @property
    def tuning(self) -> Tuning:
        """Settings that are changed while supervisors run: what holds, and commands."""
        return self._running_parts.tuning

    @property
    def specialists(self) -> Specialists:
        """Who carries out approved improvements: a step at once, taking one back, specialists of one's own."""
        return self._running_parts.specialists

    async def maintain(self, *, archive_after: int | None = None, vacuum: bool | None = None) -> Maintained:
        """Housekeeping now, as `monitoring.maintenance` says: archive, old samples and reports, room given back.

        `archive_after` (days, 0: nothing) and `vacuum` take the place of the settings. What could not be done is in
        what is returned.
        """
        from supervisor.commands.maintain import maintain

        parts = self._running_parts
        return await maintain(
            parts.store,
            parts.clock,
            parts.settings.monitoring.maintenance,
            parts.monitoring.node,
            parts.monitoring.prune_reports,
            parts.monitoring.housekeeping.retire_samples,
            archive_after=archive_after,
            vacuum=vacuum,
        )

    async def position_at(self, at: int | datetime) -> int:
        """The position of the log at a moment, for `views.as_of`, which gives any view as it stood then.

        Raises `NotFound` for a position that the log does not have, and for a time that is still to come.
        """
        from supervisor.queries.moments import position_of

        return await position_of(self.store, at, self._running_parts.clock)

    async def archive(
        self, before: int | datetime | timedelta, *, compact: bool = False, progress: Progress | None = None
    ) -> Archived:
        """Move the events of traces that had ended by then (a position, a time, an age) to files in `store.archive`.

        They stay part of the log. With `compact` the room is given back to the file system (SQLite; writers wait
        meanwhile). `progress` is called with the position reached and the last one. Raises `NotFound` and `StoreError`.
        """
        from supervisor.commands.archive import archive_before

        return await archive_before(self.store, before, self._running_parts.clock, progress, compact=compact)

    async def forget_tenant(
        self,
        tenant: str,
        *,
        by: str,
        reason: str = "",
        progress: Callable[[str], Progress | None] = lambda _: None,
    ) -> ForgottenTenant:
        """Make a tenant's encrypted payloads unreadable for ever, everywhere, and purge it from every view.

        Doing it again finishes what was interrupted. `progress` gives, by name, what follows each step. Raises
        `ConfigurationError` for a store without keys and `StoreError` for what could not be done.
        """
        from supervisor.commands.forget import forget

        return await forget(self._running_parts, tenant, by=by, reason=reason, progress=progress)

    async def approvals(self, owner: Owner = DEFAULT_OWNER) -> list[dict[str, Any]]:
        """The owner's intents that wait for a person, oldest first."""
        where = {"tenant": owner.tenant, "user": owner.user, "status": "awaiting_approval"}
        return await self.views.query("intents", where, order_by="registered_at", limit=1_000)

    async def approve(
        self, intent_id: str, *, by: str, owner: Owner = DEFAULT_OWNER, comment: str = ""
    ) -> IntentReport:
        """Approve exactly what is in the log and carry it out. Raises `NotFound` or `IntentError`."""
        return await self._running_parts.intents.approve(intent_id, owner, by=by, comment=comment)

    async def deny(self, intent_id: str, *, by: str, reason: str = "", owner: Owner = DEFAULT_OWNER) -> IntentReport:
        """Deny a waiting intent. Raises `NotFound` or `IntentError`."""
        return await self._running_parts.intents.deny(intent_id, owner, by=by, reason=reason)

    async def flags_overview(self, context: TaskContext | None = None) -> list[dict[str, Any]]:
        """Every flag with the value a request of this context would get, and why."""
        return await self.flags.overview(context)

    async def compare(
        self,
        requests: Iterable[str | ComparisonRequest],
        context: TaskContext | None = None,
        *,
        real: Literal["task_graph", "meta_planning"] | None = None,
        seed: int = 0,
        warm_up: bool = True,
        progress: Progress | None = None,
    ) -> Comparison:
        """Have both planning engines work on the same requests, and tell how they differ.

        Dry, both of them: what an engine wants to change is collected, and never carried out. With `real` that engine's
        requests are carried out as any other; the other one goes first then, so that both see the same world. Else it
        is drawn by `seed` which goes first; a first request is done by both beforehand, where there is a `warm_up`.
        `progress` is called with how many requests are done, of how many. Each comparison is in the log, as
        EnginesCompared, when it is done. Raises `StoreError`, and with `real` what `process_request` raises.
        """
        from supervisor.comparison.comparer import ComparisonRequest

        given = [ComparisonRequest(item) if isinstance(item, str) else item for item in requests]
        comparer = self._running_parts.rollout.comparer
        return await comparer.compare(
            given, context or TaskContext(), real=real, seed=seed, warm_up=warm_up, progress=progress
        )

    @property
    def guard(self) -> VariantGuard:
        """What watches the variants of flags: what it knows of each, and a look at once."""
        return self._running_parts.rollout.guard

    @property
    def flags(self) -> FlagControl:
        """The feature flags: values, changes, history, and what is wrong with them."""
        from supervisor.flags import FlagControl

        parts = self._running_parts
        return FlagControl(parts.flags, parts.store)

    async def doctor(self, *, timeout: float = 10.0) -> list[Diagnosis]:
        """Ask every part whether it is there, each for at most `timeout` seconds."""
        from supervisor.doctor import examine, health_checks

        return await examine(health_checks(self._running_parts), timeout=timeout)

    def notifications(self) -> AsyncGenerator[Notification]:
        """Timers, alarms and reminders of every owner as they fire, from the first `anext` on."""
        return self._running_parts.notifications.listen()
