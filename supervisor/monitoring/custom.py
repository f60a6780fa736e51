"""Metrics of the host's own: functions that are asked with every sample, and do no harm when they fail."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import anyio
import anyio.to_thread

from common.errors import ConfigurationError
from common.logs import get_logger
from common.redaction import current_redactor

__all__ = ["CustomMetric", "CustomMetrics", "MetricFunction"]

MetricFunction = Callable[[], float] | Callable[[], Awaitable[float]]
"""Gives the metric's value; a plain function is called on a worker thread, an async one on the event loop."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
_AT_MOST = 100
_THREADS = 4
_MAX_REASON = 200
_LARGEST = 1e150
"""Squares and sums of values stay finite up to here, so that no metric spoils what is worked out of it."""

_log = get_logger(__name__)


@dataclass(slots=True)
class CustomMetric:
    """One metric; above `limit` (where there is one) its component counts as degraded."""

    name: str
    function: MetricFunction
    limit: float | None = None
    unit: str = ""
    busy: bool = field(default=False)


class CustomMetrics:
    """The metrics of one supervisor. Each has the time-out of `read`; one that hangs is not asked again meanwhile."""

    def __init__(self) -> None:
        self._metrics: dict[str, CustomMetric] = {}
        self._threads: anyio.CapacityLimiter | None = None

    def add(self, name: str, function: MetricFunction, *, limit: float | None = None, unit: str = "") -> None:
        """Add a metric, in the place of one of the same name. Raises `ConfigurationError` for what can't be one."""
        problem = ""
        if not _NAME.fullmatch(name):
            problem = "a name is up to 60 small letters, digits and underscores, and begins with a letter"
        elif not callable(function):
            problem = "it has to be a function without arguments"
        elif limit is not None and not math.isfinite(limit):
            problem = "its limit has to be a finite number"
        elif name not in self._metrics and len(self._metrics) >= _AT_MOST:
            problem = f"there are {_AT_MOST} already"
        if problem:
            raise ConfigurationError(f"this metric can't be added: {problem}", where=f"metric {name[:80]!r}")
        self._metrics[name] = CustomMetric(name, function, limit, unit)

    def remove(self, name: str) -> None:
        """Ask a metric no more; does nothing for one that there is not."""
        self._metrics.pop(name, None)

    @property
    def all(self) -> tuple[CustomMetric, ...]:
        """Every metric."""
        return tuple(self._metrics.values())

    async def read(self, timeout: float) -> tuple[dict[str, float], dict[str, str]]:
        """The values by ``custom.<name>``, and why the others have none; each is waited for at most `timeout` s."""
        values: dict[str, float] = {}
        absent: dict[str, str] = {}

        async def ask(metric: CustomMetric) -> None:
            key = f"custom.{metric.name}"
            try:
                with anyio.fail_after(timeout):
                    values[key] = await self._ask(metric)
            except TimeoutError:
                absent[key] = f"no answer within {timeout:g} s"
            except (Exception, SystemExit) as error:  # the host's own function
                _log.debug("the metric %s failed", metric.name, exc_info=True)
                absent[key] = current_redactor.get().text(f"{type(error).__name__}: {error}")[:_MAX_REASON]

        async with anyio.create_task_group() as group:
            for metric in self._metrics.values():
                group.start_soon(ask, metric)
        return values, absent

    async def _ask(self, metric: CustomMetric) -> float:
        if metric.busy:
            raise RuntimeError("the call before has not ended yet")
        if inspect.iscoroutinefunction(metric.function):
            value: object = await metric.function()
        else:
            if self._threads is None:
                self._threads = anyio.CapacityLimiter(_THREADS)
            # those that hang hold their thread, and must not keep the others from theirs
            self._threads.total_tokens = _THREADS + sum(each.busy for each in self._metrics.values())
            value = await anyio.to_thread.run_sync(_call, metric, abandon_on_cancel=True, limiter=self._threads)
            if inspect.isawaitable(value):
                value = await value
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise ValueError(f"{value!r} is no finite number")
        if abs(value) > _LARGEST:
            raise ValueError(f"{value:.3g} is too large to be judged")
        return float(value)


def _call(metric: CustomMetric) -> object:
    metric.busy = True
    try:
        return metric.function()
    finally:
        metric.busy = False
