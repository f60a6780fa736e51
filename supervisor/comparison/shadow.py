"""Shadow comparisons: what the other engine would have made of live requests, after their answers were given."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

import anyio
from prometheus_client import CollectorRegistry, Counter

from common.comparison import ComparedSide
from common.errors import RequestRejected, SupervisorError
from common.flags import SHADOW_COMPARISON
from common.logs import get_logger
from common.results import Response
from common.rollout_settings import ComparisonSettings
from common.updates import Update
from events.catalogue.comparison import EnginesCompared
from supervisor.admission import Admission
from supervisor.comparison.comparer import Asked, Comparer
from supervisor.comparison.sides import side_of
from supervisor.runs import Run

__all__ = ["ShadowMetrics", "Shadows"]

_log = get_logger(__name__)
_LOOK = 0.02
"""Seconds between two looks at whether live requests run."""
_QUIET_LOOKS = 4
"""So many looks in a row without one are a pause."""
_BUSY = 0.003
"""Seconds by which looks come late, on average, where live requests keep the process busy."""
_NOT_COMPARED = frozenset({"cancelled", "interrupted"})


class ShadowMetrics:
    """Counters of what shadows did and cost; they count in no other metric."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.shadows = Counter(
            "supervisor_shadow_comparisons", "Live requests for shadow comparison", ["status"], registry=registry
        )
        self.tokens = Counter(
            "supervisor_shadow_tokens", "Tokens that shadows used", ["engine", "direction"], registry=registry
        )
        self.cost = Counter(
            "supervisor_shadow_cost_usd", "Cost of shadows, where a price is known", ["engine"], registry=registry
        )


@dataclass(frozen=True, slots=True)
class _Waiting:
    """An answered request: all that its shadow needs, so that the run itself is let go."""

    asked: Asked
    given: ComparedSide


class Shadows:
    """Compares answered requests in the background: a bounded queue, few at once, live requests first."""

    def __init__(
        self, comparer: Comparer, settings: ComparisonSettings, admission: Admission, metrics: ShadowMetrics
    ) -> None:
        self._comparer = comparer
        self._settings = settings
        self._admission = admission
        self._metrics = metrics
        self._waiting: deque[_Waiting] = deque()
        self._more = anyio.Event()
        self._working = 0
        self._is_running = False

    @property
    def pending(self) -> int:
        """Requests that wait for their shadow, or have it now."""
        return len(self._waiting) + self._working

    def offer(self, run: Run, response: Response) -> None:
        """Compare an answered request later, if its flag says so; never waits and never raises."""
        flags = run.context.flags
        if flags is None or not flags.known(SHADOW_COMPARISON) or response.outcome in _NOT_COMPARED:
            return
        if not self._is_running or len(self._waiting) >= self._settings.queue:
            self._metrics.shadows.labels("dropped").inc()
            return
        try:
            given = side_of(run, response, place=1, engine=response.metadata.approach)
        except Exception:  # an intent of a host's that can't be told must not disturb the answer
            _log.exception("the request of trace %s can't be compared", response.trace_id)
            self._metrics.shadows.labels("failed").inc()
            return
        self._waiting.append(_Waiting(Asked(run.request, replace(run.context, emit=_ignore)), given))
        self._more.set()

    async def run(self) -> None:
        """Compare for as long as the supervisor runs; what waits at its end is dropped."""
        self._is_running = True
        try:
            async with anyio.create_task_group() as group:
                for _ in range(self._settings.concurrency):
                    group.start_soon(self._work)
        finally:
            self._is_running = False
            self._metrics.shadows.labels("dropped").inc(len(self._waiting))
            self._waiting.clear()

    async def _work(self) -> None:
        while True:
            while not self._waiting:
                self._more = anyio.Event() if self._more.is_set() else self._more
                await self._more.wait()
            waiting = self._waiting.popleft()
            self._working += 1
            try:
                if await self._may_begin():
                    await self._compare(waiting)
                else:
                    self._metrics.shadows.labels("dropped").inc()
            finally:
                self._working -= 1

    async def _may_begin(self) -> bool:
        """Wait for a pause of live requests.

        Where there is none within the patience, they may be waiting for models all the time: then a shadow takes
        nothing from them. It would, where they keep the process busy.
        """
        looks = quiet = 0
        late = 0.0
        started = before = anyio.current_time()
        while before - started < self._settings.patience:
            await anyio.sleep(_LOOK)
            now = anyio.current_time()
            looks, late, before = looks + 1, late + now - before - _LOOK, now
            quiet = 0 if self._admission.running else quiet + 1
            if quiet >= _QUIET_LOOKS:
                return True
        return late <= _BUSY * looks

    async def _compare(self, waiting: _Waiting) -> None:
        status = "failed"
        try:
            error = await self._comparer.error_of(waiting.given.trace_id)
            event = await self._comparer.shadow(waiting.asked, waiting.given, error, self._settings.limits)
            self._count(event)
            await self._comparer.record(event, waiting.asked.context, correlation=waiting.given.trace_id)
            status = "compared"
        except RequestRejected as problem:
            _log.info("a shadow was refused: %s", problem)
        except SupervisorError:
            _log.exception("the shadow of trace %s failed", waiting.given.trace_id)
        except Exception:  # whatever a shadow meets ends with it
            _log.exception("the shadow of trace %s failed by a fault of ours", waiting.given.trace_id)
        finally:
            self._metrics.shadows.labels(status).inc()

    def _count(self, event: EnginesCompared) -> None:
        side = event.second
        self._metrics.tokens.labels(side.engine, "input").inc(side.input_tokens)
        self._metrics.tokens.labels(side.engine, "output").inc(side.output_tokens)
        self._metrics.cost.labels(side.engine).inc(side.cost or 0.0)


def _ignore(_: Update) -> None:
    return None
