"""One build: what its events add up to, and what may come next.

The deciding functions return the event to be appended with ``expected_version=state.version``, so that two who work on
one build at once can't both go on; they raise `BuildError` where the state does not allow it::

    running → finished | failed      failed → running (resumed)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from pydantic import JsonValue

from common.errors import BuildError, NotFound
from events.catalogue.build import (
    BuildFailed,
    BuildFinished,
    BuildResumed,
    BuildStageFailed,
    BuildStageFinished,
    BuildStarted,
)
from events.recorded import RecordedEvent, refuse_unreadable

__all__ = [
    "STAGES",
    "BuildState",
    "BuildStatus",
    "Stage",
    "evolve",
    "fail",
    "finish",
    "fold_build",
    "resume",
    "send_back",
    "stage_finished",
]


class Stage(StrEnum):
    """The stages of a build, in their order."""

    ANALYZE = "analyze"
    DESIGN = "design"
    SPECIFY = "specify"
    VALIDATE = "validate"
    WRITE = "write"
    WRITE_TESTS = "write_tests"
    SYNTAX = "syntax"
    SECURITY = "security"
    TEST = "test"
    DOCUMENT = "document"
    DEPLOY = "deploy"
    HEALTH = "health"


STAGES: tuple[Stage, ...] = tuple(Stage)


class BuildStatus(StrEnum):
    """Where a build stands."""

    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class BuildState:
    """Where a build stands. `version` is for the compare-and-set of the next append.

    `done` are the finished stages whose results hold; `tried` what failed and went back, oldest first; `to_mend` what
    of it the stage that it went back to has not been finished since. `model_calls` and `tokens` are those of all
    attempts.
    """

    started: BuildStarted
    version: int
    status: BuildStatus = BuildStatus.RUNNING
    owner: str = ""
    done: Mapping[Stage, BuildStageFinished] = field(default_factory=dict[Stage, BuildStageFinished])
    tried: tuple[BuildStageFailed, ...] = ()
    to_mend: tuple[BuildStageFailed, ...] = ()
    finished: BuildFinished | None = None
    failed: BuildFailed | None = None
    model_calls: int = 0
    tokens: int = 0
    seconds: float = 0.0

    @property
    def build_id(self) -> str:
        """Its id."""
        return self.started.build_id

    @property
    def next_stage(self) -> Stage | None:
        """The first stage that is not done; None where all are."""
        return next((stage for stage in STAGES if stage not in self.done), None)

    def attempts(self, component: str) -> int:
        """How often a stage was sent back because of a component since the build last began."""
        return sum(one.component == component for one in self.tried)


def fold_build(recorded: Sequence[RecordedEvent]) -> BuildState:
    """Where a build stands after all events of its stream.

    Raises `NotFound` where there are none, `StoreError` for one that can't be read, and `BuildError` for a history
    that no build can have.
    """
    if not recorded:
        raise NotFound("there is no such build", where="builds", todo="List them with builds list.")
    refuse_unreadable(recorded, "this build does not go on")
    state: BuildState | None = None
    for entry in recorded:
        state = evolve(state, entry)
    assert state is not None  # noqa: S101 - there was an event
    return state


def evolve(state: BuildState | None, recorded: RecordedEvent) -> BuildState:
    """The state after one more event. Raises like `fold_build`."""
    event = recorded.event
    if state is None:
        if not isinstance(event, BuildStarted):
            raise BuildError("a build begins with its start", where=recorded.id)
        return BuildState(event, recorded.version, owner=event.owner)
    state = replace(state, version=recorded.version)
    match event:
        case BuildResumed():
            tried = () if state.status is BuildStatus.FAILED else state.tried
            return replace(state, status=BuildStatus.RUNNING, owner=event.owner, failed=None, tried=tried)
        case BuildStageFinished():
            _running(state, recorded.id)
            done = {**state.done, _stage(event.stage, recorded.id): event}
            left = tuple(one for one in state.to_mend if one.back_to != event.stage)
            return replace(_spent(state, event), done=done, to_mend=left)
        case BuildStageFailed():
            _running(state, recorded.id)
            kept = STAGES[: STAGES.index(_stage(event.back_to, recorded.id))]
            done = {stage: held for stage, held in state.done.items() if stage in kept}
            tried, to_mend = (*state.tried, event), (*state.to_mend, event)
            return replace(_spent(state, event), done=done, tried=tried, to_mend=to_mend)
        case BuildFinished():
            _running(state, recorded.id)
            return replace(state, status=BuildStatus.FINISHED, finished=event)
        case BuildFailed():
            _running(state, recorded.id)
            calls, tokens = state.model_calls + event.model_calls, state.tokens + event.tokens
            return replace(state, status=BuildStatus.FAILED, failed=event, model_calls=calls, tokens=tokens)
        case _:
            raise BuildError(f"{recorded.topic} does not belong into the stream of a build", where=recorded.id)


def _stage(name: str, where: str) -> Stage:
    try:
        return Stage(name)
    except ValueError:
        raise BuildError(f"a build has no stage {name!r}", where=where) from None


def _running(state: BuildState, where: str) -> None:
    if state.status is not BuildStatus.RUNNING:
        raise BuildError(f"the build is {state.status} already", where=where)


def _spent(state: BuildState, event: BuildStageFinished | BuildStageFailed) -> BuildState:
    return replace(
        state,
        model_calls=state.model_calls + event.model_calls,
        tokens=state.tokens + event.tokens,
        seconds=state.seconds + event.seconds,
    )


def resume(state: BuildState, *, owner: str, by: str) -> BuildResumed:
    """Go on. Raises `BuildError` for a build that is finished."""
    if state.status is BuildStatus.FINISHED:
        raise BuildError("the build is finished already", where=state.build_id, todo="Start another one.")
    return BuildResumed(build_id=state.build_id, owner=owner, by=by)


def stage_finished(
    state: BuildState,
    stage: Stage,
    *,
    seconds: float,
    text: str,
    artifacts: Mapping[str, str],
    reused: bool,
    model_calls: int,
    tokens: int,
) -> BuildStageFinished:
    """A stage is done. Raises `BuildError` where it is not the next one."""
    _running(state, state.build_id)
    if stage is not state.next_stage:
        raise BuildError(f"{stage} is not the stage that comes next", where=state.build_id)
    return BuildStageFinished(
        build_id=state.build_id, stage=stage, seconds=seconds, text=text, artifacts=dict(artifacts), reused=reused,
        model_calls=model_calls, tokens=tokens,
    )  # fmt: skip


def send_back(
    state: BuildState,
    stage: Stage,
    *,
    component: str,
    error: str,
    back_to: Stage,
    seconds: float,
    model_calls: int,
    tokens: int,
) -> BuildStageFailed:
    """A stage failed and goes back to an earlier one. Raises `BuildError` where that is none."""
    _running(state, state.build_id)
    if STAGES.index(back_to) > STAGES.index(stage):
        raise BuildError(f"{stage} can't go back to {back_to}", where=state.build_id)
    return BuildStageFailed(
        build_id=state.build_id, stage=stage, component=component, error=error, back_to=back_to,
        attempt=state.attempts(component) + 1, seconds=seconds, model_calls=model_calls, tokens=tokens,
    )  # fmt: skip


def finish(
    state: BuildState,
    *,
    name: str,
    version: str,
    specification_hash: str,
    deployed: bool,
    figures: dict[str, JsonValue],
) -> BuildFinished:
    """All is done. Raises `BuildError` where a stage is not."""
    _running(state, state.build_id)
    if state.next_stage is not None:
        raise BuildError(f"the stage {state.next_stage} is not done", where=state.build_id)
    return BuildFinished(
        build_id=state.build_id, name=name, version=version, specification_hash=specification_hash, deployed=deployed,
        figures=figures, seconds=state.seconds,
    )  # fmt: skip


def fail(
    state: BuildState,
    stage: Stage,
    *,
    code: str,
    error: str,
    component: str = "",
    todo: str = "",
    model_calls: int = 0,
    tokens: int = 0,
) -> BuildFailed:
    """It can't be mended."""
    _running(state, state.build_id)
    return BuildFailed(
        build_id=state.build_id, stage=stage, component=component, code=code, error=error, todo=todo,
        model_calls=model_calls, tokens=tokens,
    )  # fmt: skip
