"""Asks every part of a supervisor whether it is there, and tells what to do where one is not."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import anyio
from pydantic import BaseModel, ConfigDict

from common.errors import StoreError, SupervisorError
from common.health import HealthCheck, Reached
from roles.sandbox.find import probe_sandboxes
from supervisor.key_health import probe_keys

if TYPE_CHECKING:
    from anyio.abc import TaskGroup

    from common.settings import Settings
    from supervisor.bootstrap import Parts

__all__ = ["Diagnosis", "diagnose", "examine", "health_checks"]

_SECONDS = 10.0


class Diagnosis(BaseModel):
    """What became of asking one part.

    `status` is ``reached``, ``unreachable`` (it was configured), or ``unavailable`` (nobody asked for it, so that its
    absence is no fault). `latency_ms` is how long the answer took; `todo` says what to do where there was none.
    """

    model_config = ConfigDict(frozen=True)

    part: str
    status: Literal["reached", "unreachable", "unavailable"]
    configured: bool
    latency_ms: float
    version: str = ""
    detail: str = ""
    where: str = ""
    todo: str = ""

    @property
    def is_fault(self) -> bool:
        """Whether something that was configured can't be reached."""
        return self.status == "unreachable"


async def examine(checks: Sequence[HealthCheck], *, timeout: float = _SECONDS) -> list[Diagnosis]:
    """Ask all parts at once, each for at most `timeout` seconds; the answers are in the order of the checks."""
    found: dict[int, Diagnosis] = {}

    async def ask(index: int, check: HealthCheck) -> None:
        found[index] = await _ask(check, timeout)

    async with anyio.create_task_group() as group:
        for index, check in enumerate(checks):
            group.start_soon(ask, index, check)
    return [found[index] for index in range(len(checks))]


async def _ask(check: HealthCheck, timeout: float) -> Diagnosis:
    started = time.perf_counter()
    reached, what, where, todo = None, "", "", ""
    try:
        with anyio.fail_after(timeout):
            reached = await check.probe()
    except TimeoutError:
        what, todo = f"no answer within {timeout:g} seconds", "Look whether it runs and is not overloaded."
    except SupervisorError as error:
        what, where, todo = error.what, error.where, error.todo
    except Exception as error:  # a probe of a host's own role
        what = f"asking failed: {type(error).__name__}: {error}"[:500]
    latency = round((time.perf_counter() - started) * 1_000, 2)
    if reached is not None:
        return Diagnosis(
            part=check.part,
            status="reached",
            configured=check.configured,
            latency_ms=latency,
            version=reached.version,
            detail=reached.detail,
        )
    return Diagnosis(
        part=check.part,
        status="unreachable" if check.configured else "unavailable",
        configured=check.configured,
        latency_ms=latency,
        detail=what,
        where=where,
        todo=todo,
    )


def health_checks(parts: Parts) -> list[HealthCheck]:
    """The checks of a wired supervisor: store, flags, models, what roles and notifications need, tuning, sandbox."""
    return [
        HealthCheck("store", parts.store.probe),
        HealthCheck("keys", lambda: probe_keys(parts.store)),
        HealthCheck("flags", parts.flags.probe),
        *(parts.models.health_checks() or [HealthCheck("models", _offline)]),
        *(check for role in parts.roles.all() for check in getattr(role, "health_checks", ())),
        *parts.ecosystem.health_checks,
        *parts.notifications.health_checks(),
        HealthCheck("learning", parts.learning.probe),
        HealthCheck("evolution", parts.evolution.probe),
        HealthCheck("tuning", parts.tuning.probe),
        HealthCheck("sandbox", lambda: probe_sandboxes(parts.settings.sandbox), configured=False),
    ]


async def _offline() -> Reached:
    return Reached(detail="the offline model of this package, which needs nothing")


async def diagnose(settings: Settings, *, timeout: float = _SECONDS) -> list[Diagnosis]:
    """Examine what these settings name, without a running supervisor.

    A store that can't be opened is one of the findings; the other parts are then looked at without it. Raises
    `ConfigurationError` for settings that nothing can be made of.
    """
    from supervisor.bootstrap import HostParts, build

    async with AsyncExitStack() as opened:
        store: list[Diagnosis] = []
        try:
            parts = await build(settings, HostParts(allow_missing_keys=True))
        except StoreError as error:
            store = [_closed_store(error)]
            memory = settings.store.model_copy(update={"url": "memory://"})
            parts = await build(settings.model_copy(update={"store": memory}), HostParts())
        opened.push_async_callback(parts.close)
        checks = [check for check in health_checks(parts) if not store or check.part not in ("store", "keys")]
        found: list[Diagnosis] = []
        async with anyio.create_task_group() as group:  # the parent of the built agents' processes
            parts.deployed.attach(partial(_begin, group))
            found = await examine(checks, timeout=timeout)
            group.cancel_scope.cancel()
        return [*store, *found]


def _begin(group: TaskGroup, work: Callable[[], Coroutine[Any, Any, Any]]) -> None:
    group.start_soon(work)


def _closed_store(error: StoreError) -> Diagnosis:
    return Diagnosis(
        part="store",
        status="unreachable",
        configured=True,
        latency_ms=0.0,
        detail=error.what,
        where=error.where,
        todo=error.todo,
    )
