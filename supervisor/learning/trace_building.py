"""Puts a collected trace together, within its bounds, and turns it into the record that learning works on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from events.catalogue.collected import CollectedStep, TraceCollected
from events.catalogue.request import OutcomeReported
from supervisor.learning.bounded import MAX_ARGUMENTS, excerpt, json_value
from supervisor.learning.records import MAX_NAME, MAX_STEPS, MAX_TEXT, Record, Step, StepKind, argument_digest

__all__ = ["MAX_TASK", "SUCCESS_FROM", "build_trace", "make_step", "record_of", "task_id_of"]

MAX_TASK = 2_000
"""Characters of a task's text that are kept."""
SUCCESS_FROM = 0.5
"""The score from which on a run counts as a success, where nobody says so outright."""

_MAX_BYTES = 1024 * 1024
_FEW_STEPS = 300
"""So many steps are never too large together."""
_TIGHTER = ((100, 200), (0, 0))
"""Characters of texts and arguments that steps are cut to in turn, until the trace is small enough."""
_KINDS: frozenset[str] = frozenset({"tool", "thinking", "reply"})


def make_step(
    kind: StepKind,
    name: str,
    *,
    arguments: Mapping[str, Any] | None = None,
    digest: str = "",
    ok: bool | None = None,
    seconds: float | None = None,
    error: str = "",
    text: str = "",
) -> dict[str, Any]:
    """The fields of a step, bounded; `digest` is that of arguments which were cut before."""
    step: dict[str, Any] = {"kind": kind, "name": excerpt(name, MAX_NAME)}
    if arguments is not None:
        kept, whole = json_value(arguments)
        step["arguments"] = kept if isinstance(kept, dict) else {}
        if digest or not whole:
            step["digest"] = digest or _digest(arguments)
    elif digest:
        step["digest"] = digest
    for field, value in (("ok", ok), ("seconds", seconds)):
        if value is not None:
            step[field] = value
    for field, value in (("error", error), ("text", text)):
        if value:
            step[field] = excerpt(value, MAX_TEXT)
    return step


def build_trace(fields: Mapping[str, Any], steps: Sequence[Mapping[str, Any]]) -> TraceCollected:
    """The event of a trace; steps that are too many, and what of them is too long, are left out and counted.

    Raises pydantic's `ValidationError` for fields that do not fit.
    """
    left_out = dict(cast("dict[str, int]", fields.get("left_out") or {}))
    if len(steps) > MAX_STEPS:
        left_out["steps"] = left_out.get("steps", 0) + len(steps) - MAX_STEPS
        steps = steps[:MAX_STEPS]
    trace = TraceCollected.model_validate({**fields, "steps": steps, "left_out": left_out})
    if len(steps) <= _FEW_STEPS:
        return trace
    for text, arguments in _TIGHTER:
        if len(trace.__pydantic_serializer__.to_json(trace)) <= _MAX_BYTES:
            break
        kept = [_tighter(step, text, arguments) for step in steps]
        trace = TraceCollected.model_validate({**fields, "steps": kept, "left_out": {**left_out, "texts": len(steps)}})
    return trace


def _tighter(step: Mapping[str, Any], text: int, room: int) -> dict[str, Any]:
    less = dict(step)
    for field in ("text", "error"):
        if field in less:
            less[field] = excerpt(less[field], text) if text else ""
    arguments = less.get("arguments")
    if arguments:
        kept, whole = json_value(arguments, room) if room else ({}, False)
        if not whole:
            less["digest"] = less.get("digest") or argument_digest(arguments)
            less["arguments"] = kept if isinstance(kept, dict) else {}
    return less


def _digest(arguments: Mapping[str, Any]) -> str:
    """Of arguments that are too much to be kept whole: told apart by much more of them than is kept."""
    kept, _ = json_value(arguments, MAX_ARGUMENTS * 10)
    return argument_digest(kept if isinstance(kept, dict) else {"value": kept})


def task_id_of(text: str) -> str:
    """The same name for the same task, whatever its case and spacing; "" for none."""
    words = " ".join(text.casefold().split())
    return f"task-{argument_digest({'task': words})}" if words else ""


def record_of(
    trace: TraceCollected, position: int, outcome: OutcomeReported | None = None, tenant: str = "default"
) -> Record:
    """What learning works on; a reported outcome counts for more than what the trace says of itself."""
    return Record(
        trace_id=trace.trace_id,
        agent_type=trace.agent_type,
        task_id=trace.task_id,
        success=trace.success if outcome is None else outcome.score >= SUCCESS_FROM,
        score=trace.score if outcome is None else min(1.0, max(0.0, outcome.score)),
        steps=tuple([_step_of(step) for step in trace.steps]),
        seconds=trace.seconds,
        tokens=trace.tokens,
        cost=trace.cost,
        agent=trace.agent,
        version=trace.guideline_version,
        domain=trace.domain,
        finished=trace.finished,
        position=position,
        tenant=tenant,
        task=trace.task,
    )


def _step_of(step: CollectedStep) -> Step:
    kind = cast("StepKind", step.kind) if step.kind in _KINDS else "thinking"
    digest = step.digest or argument_digest(step.arguments)
    return Step(kind, step.name, step.ok, step.seconds, digest, step.error, step.text)
