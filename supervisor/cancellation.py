"""Stops requests, wherever they run: in this process at once, in another one by an event that its owner looks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import anyio

from common.context import Owner
from common.errors import RequestRejected
from common.logs import get_logger
from common.results import Response
from events.catalogue.request import CancellationRequested
from events.projection import Views
from events.store import EventStore, stream_name
from supervisor.earlier import Earlier, EarlierAttempts, RunningRequest
from supervisor.queries.traces import find_trace

__all__ = ["LOOK_EVERY", "Cancellation", "Cancellations"]

_log = get_logger(__name__)

LOOK_EVERY = 0.5
"""Seconds between two looks for cancellations that others ask for: they are seen within twice that."""


@dataclass(frozen=True, slots=True)
class Cancellation:
    """What became of the wish to stop a request.

    `state` is ``cancelled``; ``ended`` where it had come to its end before, or was quicker than the wish; or
    ``requested`` where the process that handles it has been told and has not stopped yet. `response` is the answer of
    a request that has ended: it tells of everything that was carried out, which stays.
    """

    trace_id: str
    state: Literal["cancelled", "ended", "requested"]
    response: Response | None = None

    @property
    def text(self) -> str:
        """What became of it, as a sentence."""
        if self.response is None:
            return "The process that handles the request has been told to stop; it has not ended yet."
        if self.state == "cancelled":
            return "The request is cancelled."
        return f"The request was not cancelled: it has ended before, with the outcome {self.response.outcome}."


class Cancellations:
    """Asks for cancellations, and looks for those that others asked for."""

    def __init__(
        self, store: EventStore, views: Views, earlier: EarlierAttempts, running: Mapping[str, RunningRequest]
    ) -> None:
        self._store = store
        self._views = views
        self._earlier = earlier
        self._running = running

    async def cancel(self, trace_id: str, owner: Owner, *, by: str, reason: str, timeout: float) -> Cancellation:
        """Stop a request of the owner's; waits at most `timeout` seconds for its end. Raises `NotFound`."""
        detail = await find_trace(self._store, self._views, trace_id, owner)
        trace_id = str(detail.row["trace_id"])
        if detail.row["outcome"] is not None:
            return await self._told(trace_id, await self._earlier.ended(trace_id, self._running), asked=False)
        running = self._running.get(trace_id)
        if running is not None:
            stop(running)
        else:
            asked = CancellationRequested(trace_id=trace_id, by=by, reason=reason)
            await self._store.append(_stream(trace_id), [asked], tenant=owner.tenant, correlation=trace_id)
        try:
            earlier = await self._earlier.ended(trace_id, self._running, timeout)
        except RequestRejected:
            return Cancellation(trace_id, "requested")
        return await self._told(trace_id, earlier, asked=True)

    async def _told(self, trace_id: str, earlier: Earlier, *, asked: bool) -> Cancellation:
        response = await self._earlier.again(earlier)
        cancelled = asked and earlier.ended.outcome == "cancelled"
        return Cancellation(trace_id, "cancelled" if cancelled else "ended", response)

    async def watch(self) -> None:
        """Stop requests of this process that others want stopped, until cancelled itself.

        Only requests that are under way for longer than one look are looked for, all of them at once.
        """
        before: set[str] = set()
        while True:
            await anyio.sleep(LOOK_EVERY)
            now = set(self._running)
            if lasting := sorted(before & now):
                try:
                    await self._look(lasting)
                except Exception:  # the log can't be read for now
                    _log.warning("it could not be looked for cancellations", exc_info=True)
            before = now

    async def _look(self, trace_ids: list[str]) -> None:
        version = self._store.backend.version
        asked = await self._store.run(lambda: [trace for trace in trace_ids if version(_stream(trace)) > 0])
        for trace_id in asked:
            if (running := self._running.get(trace_id)) is not None:
                _log.info("request cancelled by another process")
                stop(running)


def stop(running: RunningRequest) -> None:
    """Stop a request of this process at the next point where it can stop."""
    running.cancelled = True
    running.scope.cancel()


def _stream(trace_id: str) -> str:
    return stream_name("cancellation", trace_id)
