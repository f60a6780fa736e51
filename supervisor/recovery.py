"""Settles what dead processes left behind: their intents, then their traces."""

from __future__ import annotations

from collections.abc import Collection

import anyio.to_thread

from common.errors import StreamConflict, SupervisorError
from common.logs import get_logger
from common.results import IntentReport, Response
from events.catalogue.trace import TraceEnded
from events.ownership import Ownership
from events.projection import Views
from events.recorded import is_erased, refuse_unreadable
from events.store import EventStore, stream_name
from supervisor.answers import compose_text
from supervisor.intent_processor import IntentProcessor
from supervisor.traces import TraceReading, read_trace

__all__ = ["Recovery"]

_log = get_logger(__name__)


class Recovery:
    """Closes traces whose owner is certainly dead as `interrupted`, after settling their intents.

    A trace whose owner lives is never touched. Several processes may recover at once: every step is compare-and-set.
    """

    def __init__(self, store: EventStore, views: Views, ownership: Ownership, intents: IntentProcessor) -> None:
        self._store = store
        self._views = views
        self._ownership = ownership
        self._intents = intents

    async def recover(self, running_here: Collection[str] = ()) -> int:
        """Settle every abandoned trace and intent; returns how many traces.

        `running_here` are this process's own running traces.
        """
        rows = await self._views.query("trace_index", {"outcome": None}, order_by="position", limit=10_000)
        settled = 0
        for row in rows:
            trace_id = str(row["trace_id"])
            if trace_id in running_here or await anyio.to_thread.run_sync(self._ownership.is_alive, str(row["owner"])):
                continue
            try:
                await self.settle_trace(trace_id)
            except SupervisorError:
                _log.exception("trace %s could not be recovered", trace_id)
                continue
            settled += 1
        await self._settle_approved()
        return settled

    async def _settle_approved(self) -> None:
        """Carry on with intents that were approved after their trace had ended, by a process that died since."""
        where = {"status in": ["registered", "claimed"]}
        for row in await self._views.query("intents", where, order_by="position", limit=10_000):
            trace = await self._views.get("trace_index", (str(row["trace_id"]),))
            if trace is None or trace["outcome"] is None:
                continue
            if is_erased(await self._store.read(stream_name("intent", str(row["intent_id"])))):
                continue  # its tenant was forgotten, and the view does not know it yet
            try:
                await self._intents.process(str(row["intent_id"]))
            except SupervisorError:
                _log.exception("intent %s could not be settled", row["intent_id"])

    async def settle_trace(self, trace_id: str) -> None:
        """Settle one trace whose owner is dead: carry on with its intents by the rules of effects, then close it.

        Raises `StoreError` for a trace with events that can't be read: it is left as it is. So is one of a tenant who
        was forgotten, without a word.
        """
        recorded = await self._store.read(stream_name("trace", trace_id))
        if is_erased(recorded):
            return
        refuse_unreadable(recorded, "this trace is not settled")
        reading = read_trace(recorded)
        if reading.ended is not None or reading.started is None:
            return
        reports = await self.settle_intents(trace_id, reading)
        response = Response(
            trace_id=trace_id,
            text=_interrupted_text(reading, reports),
            outcome="interrupted",
            metadata=reading.metadata,
            intents=tuple(reports),
            usage=reading.usage,
        )
        ended = TraceEnded(
            outcome="interrupted",
            response=response.model_dump(mode="json"),
            error="the process that handled it ended before the answer",
        )
        try:
            await self._store.append(
                stream_name("trace", trace_id), [ended], reading.version, tenant=reading.tenant, correlation=trace_id
            )
        except StreamConflict:
            _log.info("trace %s was closed by another process", trace_id)

    async def settle_intents(self, trace_id: str, reading: TraceReading) -> list[IntentReport]:
        """Bring every intent of a trace to rest and tell where each stands."""
        rows = await self._views.query(
            "intents", {"trace_id": trace_id, "tenant": reading.tenant}, order_by="ordinal", limit=1_000
        )
        return [await self._intents.process(str(row["intent_id"])) for row in rows]


def _interrupted_text(reading: TraceReading, reports: list[IntentReport]) -> str:
    if reports:
        return compose_text(reading.outputs, reports)
    return "The request was interrupted before anything was carried out; ask again to have it done."
