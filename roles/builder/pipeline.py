"""Takes a build from stage to stage; every end of a stage is an event, so that a killed build goes on from there."""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import anyio
from pydantic import JsonValue

from common.errors import BuilderFault, BuildError, ConstraintViolation, LimitExceeded, StoreError, SupervisorError
from common.logs import get_logger
from events.catalogue.base import Event
from events.state.build import (
    BuildState,
    BuildStatus,
    Stage,
    fail,
    finish,
    fold_build,
    send_back,
    stage_finished,
)
from events.store import EventStore, stream_name
from roles.builder.parts import Failed
from roles.builder.stage_context import Back, Building, StageResult
from roles.builder.stages import WORK

__all__ = ["build_stream", "read_build", "run_stages"]

_log = get_logger(__name__)
_MAX_ERROR = 4_000
_FAULT = "fault.txt"
_MAX_ENDING = 20.0
"""Seconds that may be spent on recording how a build ended, once its time is over."""


class _Spent(NamedTuple):
    """What a stage used."""

    seconds: float
    model_calls: int
    tokens: int


def build_stream(build_id: str) -> str:
    """The stream of a build."""
    return stream_name("build", build_id)


async def read_build(store: EventStore, build_id: str) -> BuildState:
    """Where a build stands. Raises `NotFound`, `StoreError`."""
    return fold_build(await store.read(build_stream(build_id)))


async def run_stages(store: EventStore, build: Building, *, retries: int) -> BuildState:
    """Do all stages that are not done; returns the finished build.

    A component that fails is mended at most `retries` times. Raises `BuildError` (or the error of a sandbox, a model or
    a limit) once `BuildFailed` is recorded, and `StoreError` where the log can't be written: then the build can be
    gone on with later. Cancelled, it records nothing, and can be gone on with, too.
    """
    await _distrust(store, build)
    try:
        with anyio.fail_after(build.budget.remaining()):
            while (stage := build.state.next_stage) is not None:
                await _step(store, build, stage, retries)
    except TimeoutError:
        stage = build.state.next_stage or Stage.HEALTH
        seconds = build.budget.limits.wall_clock or 0.0
        error = BuildError(
            f"the build took longer than {seconds:g} seconds", where=stage, todo="Raise builder.timeout, and resume it."
        )
        with anyio.move_on_after(_MAX_ENDING, shield=True):
            await _fail(store, build, stage, error, _Spent(0.0, 0, 0))
        raise error from None
    if build.state.status is BuildStatus.RUNNING:
        made = await build.specification()
        event = finish(
            build.state, name=made.name, version=made.version, specification_hash=made.fingerprint(),
            deployed=build.parts.deploying is not None and build.state.started.deploy, figures=await _figures(build),
        )  # fmt: skip
        await _append(store, build, [event])
    return build.state


async def _distrust(store: EventStore, build: Building) -> None:
    """Have stages done again whose results are no longer what they were."""
    for stage, done in build.state.done.items():
        if not await build.is_whole(done.artifacts):
            event = send_back(
                build.state, stage, component="", error="its results are gone or were changed", back_to=stage,
                seconds=0.0, model_calls=0, tokens=0,
            )  # fmt: skip
            await _append(store, build, [event])
            return


async def _step(store: EventStore, build: Building, stage: Stage, retries: int) -> None:
    """Do one stage, and record how it ended."""
    if build.budget.remaining() == 0.0:
        raise TimeoutError
    build.tell(stage, "started")
    usage, started = replace(build.budget.usage), time.monotonic()

    def spent() -> _Spent:
        now = build.budget.usage
        tokens = now.input_tokens + now.output_tokens - usage.input_tokens - usage.output_tokens
        return _Spent(round(time.monotonic() - started, 4), now.model_calls - usage.model_calls, tokens)

    try:
        result = await WORK[stage](build)
    except Back as back:
        await _go_back(store, build, stage, back, spent(), retries)
    except StoreError:
        raise
    except LimitExceeded as reached:
        error = _of_build(reached)
        await _fail(store, build, stage, error, spent())
        raise error from reached
    except SupervisorError as error:
        await _fail(store, build, stage, error, spent())
        raise
    except Exception as error:
        fault = await _fault(build, stage, error)
        await _fail(store, build, stage, fault, spent())
        raise fault from error
    else:
        await _done(store, build, stage, result, spent())


async def _fault(build: Building, stage: Stage, error: Exception) -> BuilderFault:
    """The error for a fault of the builder itself; where it was is written into the build's folder."""
    told = f"{type(error).__name__}: {error}"[:500]
    _log.error("a build failed by a fault of the builder itself: %s", told)
    try:
        await build.write(_FAULT, "".join(traceback.format_exception(error)))
    except (SupervisorError, OSError) as problem:
        _log.error("where that was could not be kept: %s", problem, exc_info=error)
    return BuilderFault(
        f"a fault of the builder itself ({told}); the build's folder stays", where=stage,
        todo=f"Where it was stands in {_FAULT}, in the folder of the build.",
    )  # fmt: skip


def _of_build(reached: LimitExceeded) -> LimitExceeded:
    """The same limit as the builder's settings name it."""
    setting = {"turns": "model_calls", "tokens": "tokens"}.get(reached.limit, "timeout")
    return LimitExceeded(
        reached.limit,
        reached.what.replace("the request", "the build"),
        where=f"builder.{setting}",
        todo="Ask for less at once, or raise that limit and resume the build.",
    )


async def _done(store: EventStore, build: Building, stage: Stage, result: StageResult, spent: _Spent) -> None:
    event = stage_finished(
        build.state, stage, seconds=spent.seconds, text=result.text[:_MAX_ERROR], artifacts=result.artifacts,
        reused=result.reused, model_calls=spent.model_calls, tokens=spent.tokens,
    )  # fmt: skip
    await _append(store, build, [event])
    build.tell(stage, "reused" if result.reused else "finished", seconds=spent.seconds, text=result.text)


async def _go_back(store: EventStore, build: Building, stage: Stage, back: Back, spent: _Spent, retries: int) -> None:
    """Send the stage back to what caused the failure, unless that was tried often enough."""
    by_component: dict[str, list[Failed]] = {}
    for one in back.failures:
        by_component.setdefault(one.component, []).append(one)
    events: list[Event] = []
    for component, failures in by_component.items():
        error = "; ".join(one.error for one in failures)[:_MAX_ERROR]
        if build.state.attempts(component) >= retries:
            kind = ConstraintViolation if all(one.constraint for one in failures) else BuildError
            await _fail(store, build, stage, kind(error, where=component), spent)
            raise kind(
                f"{component} could not be mended in {retries} attempt{'' if retries == 1 else 's'}: {error}",
                where=f"{stage}, build {build.build_id}",
                todo="Look at the build's folder, and say the request in other words.",
            )
        first = not events
        events.append(
            send_back(
                build.state, stage, component=component, error=error, back_to=back.to,
                seconds=spent.seconds if first else 0.0, model_calls=spent.model_calls if first else 0,
                tokens=spent.tokens if first else 0,
            )
        )  # fmt: skip
        build.tell(stage, "repairing", component=component, seconds=spent.seconds, text=error)
    await _append(store, build, events)


async def _fail(store: EventStore, build: Building, stage: Stage, error: SupervisorError, spent: _Spent) -> None:
    what = error.what
    events: list[Event] = []
    if stage is Stage.HEALTH and not isinstance(error, LimitExceeded):
        # what was not well was taken out of service, so whoever goes on deploys it again
        events.append(
            send_back(
                build.state, stage, component="", error=what[:_MAX_ERROR], back_to=Stage.DEPLOY, seconds=spent.seconds,
                model_calls=0, tokens=0,
            )
        )  # fmt: skip
    events.append(
        fail(
            build.state, stage, code=error.code, error=what[:_MAX_ERROR], component=error.where[:200],
            todo=error.todo[:_MAX_ERROR],
            model_calls=spent.model_calls, tokens=spent.tokens,
        )
    )  # fmt: skip
    await _append(store, build, events)
    build.tell(stage, "failed", seconds=spent.seconds, text=what)


async def _append(store: EventStore, build: Building, events: Sequence[Event]) -> None:
    """Append in the build's stream, unless somebody else did meanwhile. Raises `StreamConflict`."""
    await store.append(build_stream(build.build_id), events, build.state.version, correlation=build.build_id)
    build.state = await read_build(store, build.build_id)


async def _figures(build: Building) -> dict[str, JsonValue]:
    held = json.loads(await build.read(f"{Stage.TEST}.json"))
    return dict(held["figures"])
