"""What a finished run amounts to, as one side of a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, JsonValue

from common.comparison import ComparedIntent, ComparedSide
from common.intents import IntentStatus
from common.results import Response
from events.catalogue.base import Event
from events.catalogue.trace import AgentConfigured, RequestRouted, TraceEnded
from llm_provider.json_safe import bounded_text, json_safe
from supervisor.comparison.dry import DryTrace
from supervisor.runs import Run

__all__ = ["error_of", "side_of"]

_TEXT = 20_000
_STEP = 600
_STEPS = 200
_ARGUMENTS = 4_000
_COLLECTED = "collected"


def side_of(run: Run, response: Response, *, place: int, engine: str, error: str | None = None) -> ComparedSide:
    """The side that a run was; `place` tells whether it ran first or second, `error` what its trace says of that."""
    trace = run.trace
    dry = isinstance(trace, DryTrace)
    usage, metadata = response.usage, response.metadata
    return ComparedSide(
        engine=engine,
        dry=dry,
        place=place,
        trace_id=response.trace_id,
        approach=metadata.approach,
        outcome=response.outcome,
        text=bounded_text(response.text, _TEXT),
        tools_selected=list(metadata.tools_selected),
        tools_used=list(metadata.tools_used),
        intents=_intents(run, response, dry=dry),
        seconds=round(response.duration_ms / 1000 if run.worked is None else run.worked, 6),
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        model_calls=usage.model_calls,
        tool_calls=usage.tool_calls,
        cost=usage.cost,
        error=error if error is not None else error_of(trace.events) if isinstance(trace, DryTrace) else None,
        fallback=metadata.fallback,
        steps=_steps(trace.events) if isinstance(trace, DryTrace) else [],
    )


def error_of(events: Sequence[object]) -> str | None:
    """What a trace says went wrong with the request as a whole."""
    return next((event.error for event in reversed(events) if isinstance(event, TraceEnded)), None)


def _intents(run: Run, response: Response, *, dry: bool) -> list[ComparedIntent]:
    """Those that were collected; a run that ended before they were looked at has no word on any of them."""
    reports = [report.status for report in response.intents]
    found: list[ComparedIntent] = []
    for place, entry in enumerate(run.collected()):
        status = reports[place] if place < len(reports) else None
        untold = status is None or (dry and status is IntentStatus.PROCESSED)
        said = _COLLECTED if status is None or untold else status.value
        arguments = json_safe(entry.intent.model_dump(mode="json"), _ARGUMENTS)
        found.append(
            ComparedIntent(
                type=entry.intent.TYPE,
                summary=bounded_text(entry.intent.summary(), _STEP),
                arguments=arguments if isinstance(arguments, dict) else {},
                status=said,
            )
        )
    return found


def _steps(events: Sequence[BaseModel]) -> list[dict[str, JsonValue]]:
    told = [event for event in events if isinstance(event, Event) and not isinstance(event, TraceEnded)]
    return [_step(event) for event in told[:_STEPS]]


def _step(event: Event) -> dict[str, JsonValue]:
    """An event in brief: without what is empty, with long parts cut."""
    if isinstance(event, AgentConfigured):
        event = event.model_copy(update={"configuration": {"plan": event.configuration.get("plan")}})
    if isinstance(event, RequestRouted):
        event = event.model_copy(update={"flags": [], "alternatives": {}})
    kept: dict[str, Any] = {
        name: value
        for name, value in event.model_dump(mode="json").items()
        if value not in (None, "", [], {}, 0, 0.0) and name != "whole"
    }
    return {"step": event.TOPIC, **{name: _brief(value) for name, value in kept.items()}}


def _brief(value: Any) -> JsonValue:
    if isinstance(value, str):
        return bounded_text(value, _STEP)
    return json_safe(value, _STEP) if isinstance(value, list | dict) else value
