"""The flags of one request: each evaluated once, and told to the trace, the span and the metrics."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import anyio
from opentelemetry import trace
from pydantic import JsonValue

from common.context import TaskContext
from common.flags.declarations import FlagValue
from common.flags.evaluation import Flags, ReadFlag, evaluation_context
from common.telemetry import Telemetry

if TYPE_CHECKING:
    from openfeature.evaluation_context import EvaluationContext

__all__ = ["RequestFlags"]


class RequestFlags:
    """Reads flags for one request and remembers what they were: a flag that changes meanwhile changes nothing here.

    `record` is called with each evaluation made after `routed`; those made before are what `routed` returns. The
    targeting key is the request's id, else `trace_id`.
    """

    __slots__ = ("_context", "_flags", "_lock", "_read", "_record", "_routed", "_target", "_telemetry", "_trace_id")

    def __init__(
        self,
        flags: Flags,
        context: TaskContext,
        trace_id: str,
        telemetry: Telemetry,
        record: Callable[[dict[str, str]], None],
    ) -> None:
        self._flags = flags
        self._context = context
        self._trace_id = trace_id
        self._telemetry = telemetry
        self._record = record
        self._read: dict[str, ReadFlag] = {}
        self._routed = False
        self._lock: anyio.Lock | None = None
        self._target: EvaluationContext | None = None

    async def read(self, key: str) -> ReadFlag:
        """The flag's value for this request. Raises `ConfigurationError` for a flag nobody declared."""
        known = self._read.get(key)
        if known is not None:
            return known
        if self._lock is None:
            self._lock = anyio.Lock(fast_acquire=True)
        async with self._lock:
            if key not in self._read:
                if self._target is None:
                    self._target = evaluation_context(self._context, self._trace_id)
                self._take(key, await self._flags.read(key, self._context, self._target))
        return self._read[key]

    def _take(self, key: str, read: ReadFlag) -> None:
        self._read[key] = read
        reading = read.reading
        self._telemetry.metrics.flags.labels(key, read.label, reading.reason).inc()
        span = trace.get_current_span()
        if span.is_recording():
            attributes = {
                "feature_flag.key": key,
                "feature_flag.result.variant": reading.variant,
                "feature_flag.result.reason": reading.reason.lower(),
                "feature_flag.provider.name": read.provider,
                "feature_flag.context.id": self._context.request_id or self._trace_id,
            }
            if read.error:
                attributes |= {"error.type": "general", "feature_flag.error.message": read.error}
            span.add_event("feature_flag.evaluation", attributes)
        if self._routed:
            self._record(read.record)

    def known(self, key: str) -> FlagValue | None:
        """The value of a flag that was evaluated for this request already; None: it was not."""
        read = self._read.get(key)
        return None if read is None else read.value

    def routed(self) -> list[dict[str, JsonValue]]:
        """The evaluations so far, for the event that tells of routing; later ones are recorded one by one."""
        self._routed = True
        return [dict(read.record) for read in self._read.values()]

    @property
    def served(self) -> dict[str, str]:
        """The variants that were chosen for this request, by key; not those that it set for itself."""
        return {key: read.reading.variant for key, read in self._read.items() if read.provider != "request"}

    def ended(self, outcome: str, seconds: float) -> None:
        """Count how a request of these variants ended."""
        metrics = self._telemetry.metrics
        for key, read in self._read.items():
            metrics.flag_requests.labels(key, read.label, outcome).inc()
            metrics.flag_request_seconds.labels(key, read.label).observe(seconds)
