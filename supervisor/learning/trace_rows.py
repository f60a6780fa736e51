"""The format of trace files: one JSON object a run, with its steps; read with suspicion, written back the same."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from pydantic import JsonValue, ValidationError

from events.catalogue.collected import CollectedStep, TraceCollected
from supervisor.learning.bounded import excerpt, json_value, number, text_of
from supervisor.learning.records import MAX_NAME, MAX_STEPS, MAX_TEXT
from supervisor.learning.trace_building import MAX_TASK, SUCCESS_FROM, build_trace, make_step, task_id_of

__all__ = ["BadRow", "ReadRow", "read_row", "row_of"]

_MAX_ID = 200
_UNKNOWN_AGENT = "agent"
_DEFAULTS = {"finished": True, "source": "traces"}


class BadRow(ValueError):
    """Raised for a row that is no trace; its text says why."""


@dataclass(frozen=True, slots=True)
class ReadRow:
    """A trace that was read; `remarks` say what of it was not taken as it stood."""

    trace: TraceCollected
    remarks: tuple[str, ...] = ()


def read_row(row: object, user: str, agent_type: str | None = None) -> ReadRow:
    """The trace of a row of a file; `agent_type` is for rows that do not name theirs (else their domain, or agent).

    Raises `BadRow`.
    """
    if not isinstance(row, dict):
        raise BadRow(f"a trace is a JSON object, not {_kind(row)}")
    fields = cast("dict[str, Any]", row)
    remarks: list[str] = []
    trace_id = _identifier(fields, "trace_id")
    if trace_id is None:
        raise BadRow("it has no trace_id")
    task, domain, agent = (_text(fields, name, limit) for name, limit in _TEXTS)
    success, score = _outcome(fields, remarks)
    steps = fields.get("steps", [])
    if not isinstance(steps, list):
        raise BadRow(f"steps must be a list, not {_kind(steps)}")
    given = cast("list[object]", steps)
    if len(given) > MAX_STEPS:
        remarks.append(f"of {len(given):,} steps the first {MAX_STEPS:,} are kept")
    read = [_step(step, place) for place, step in enumerate(given[:MAX_STEPS], 1)]
    counts = _left_out(fields)
    if len(given) > MAX_STEPS:
        counts["steps"] = counts.get("steps", 0) + len(given) - MAX_STEPS
    problem, _ = json_value(fields.get("problem") or {})
    try:
        trace = build_trace(
            {
                "trace_id": trace_id,
                "user": user,
                "source": _text(fields, "source", MAX_NAME) or "traces",
                "agent_type": _text(fields, "agent_type", MAX_NAME) or agent_type or domain or agent or _UNKNOWN_AGENT,
                "task_id": _identifier(fields, "task_id") or task_id_of(task) or trace_id,
                "task": task,
                "agent": agent,
                "domain": domain,
                "guideline_version": _text(fields, "guideline_version", MAX_NAME),
                "success": success,
                "score": score,
                "finished": fields.get("finished") is not False,
                "error": _text(fields, "error", MAX_TEXT),
                "started_at": _time(fields.get("started_at")),
                "seconds": number(fields.get("seconds")),
                "tokens": _whole(fields.get("tokens")),
                "cost": number(fields.get("cost")),
                "parent": _identifier(fields, "parent"),
                "problem": problem if isinstance(problem, dict) else {},
                "left_out": counts,
            },
            read,
        )
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise BadRow(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    return ReadRow(trace, tuple(remarks))


_TEXTS = (("task", MAX_TASK), ("domain", MAX_NAME), ("agent", MAX_NAME))


def _kind(value: object) -> str:
    names: dict[type, str] = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")


def _identifier(fields: Mapping[str, Any], name: str) -> str | None:
    """A name that streams may have. Raises `BadRow`."""
    value = fields.get(name)
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63:
        return str(value)
    if not isinstance(value, str):
        raise BadRow(f"{name} must be text, not {_kind(value)}")
    if not value or len(value) > _MAX_ID or not value.isprintable():
        raise BadRow(f"{name} must be 1 to {_MAX_ID} printable characters")
    return value


def _text(fields: Mapping[str, Any], name: str, limit: int) -> str:
    value = fields.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadRow(f"{name} must be text, not {_kind(value)}")
    return excerpt(value, limit)


def _outcome(fields: Mapping[str, Any], remarks: list[str]) -> tuple[bool | None, float | None]:
    """What the row says of its outcome; where that contradicts itself nothing is known. Raises `BadRow`."""
    success, score = fields.get("success"), fields.get("score")
    if success is not None and not isinstance(success, bool):
        raise BadRow(f"success must be true, false or null, not {_kind(success)}")
    if score is not None:
        if isinstance(score, bool) or not isinstance(score, (int, float)) or not math.isfinite(_float(score)):
            raise BadRow("score must be a number from 0 to 1")
        if not 0 <= score <= 1:
            raise BadRow(f"score must be from 0 to 1, not {score:g}" if isinstance(score, float) else "score is over 1")
        if success is None:
            success = score >= SUCCESS_FROM
        elif (success and score == 0) or (not success and score == 1):
            remarks.append(f"success is {str(success).lower()} and the score {score:g}: the outcome counts as unknown")
            return None, None
    return success, None if score is None else float(score)


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _whole(value: object) -> int | None:
    found = number(value)
    return None if found is None or found >= 2**63 else int(found)


def _time(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment if moment is None or moment.tzinfo is not None else None


def _left_out(fields: Mapping[str, Any]) -> dict[str, int]:
    given = fields.get("left_out")
    if not isinstance(given, dict):
        return {}
    counts = cast("dict[object, object]", given)
    return {
        excerpt(name, MAX_NAME): min(count, 2**31)
        for name, count in list(counts.items())[:20]
        if isinstance(name, str) and isinstance(count, int) and not isinstance(count, bool) and count > 0
    }


def _step(step: object, place: int) -> dict[str, Any]:
    if not isinstance(step, dict):
        raise BadRow(f"step {place} must be an object, not {_kind(step)}")
    fields = cast("dict[str, Any]", step)
    kind = fields.get("type")
    try:
        if kind == "thinking":
            name = _text(fields, "kind", MAX_NAME) or "think"
            return make_step("reply" if name == "reply" else "thinking", name, text=_text(fields, "text", MAX_TEXT))
        if kind == "tool_call":
            return _tool_call(fields)
    except BadRow as error:
        raise BadRow(f"step {place}: {error}") from None
    raise BadRow(f"step {place} has the unknown type {text_of(kind, 50)!r}; known are thinking and tool_call")


def _tool_call(fields: Mapping[str, Any]) -> dict[str, Any]:
    tool = _text(fields, "tool", MAX_NAME)
    if not tool:
        raise BadRow("it names no tool")
    given, ok = fields.get("arguments"), fields.get("ok")
    if ok is not None and not isinstance(ok, bool):
        raise BadRow(f"ok must be true, false or null, not {_kind(ok)}")
    arguments = cast("dict[str, Any]", given) if isinstance(given, dict) or given is None else {"value": given}
    digest = fields.get("arguments_digest")
    return make_step(
        "tool",
        tool,
        arguments=arguments,
        digest=excerpt(digest, 64) if isinstance(digest, str) else "",
        ok=ok,
        seconds=number(fields.get("seconds")),
        error=_text(fields, "error", MAX_TEXT),
        text=text_of(fields.get("response_excerpt"), MAX_TEXT),
    )


def row_of(trace: TraceCollected, success: bool | None, score: float | None) -> dict[str, JsonValue]:
    """A trace as a row of a file, with the outcome that counts; `read_row` makes the same of it again."""
    row: dict[str, JsonValue] = {
        "trace_id": trace.trace_id,
        "task_id": trace.task_id,
        "agent": trace.agent,
        "domain": trace.domain,
        "success": success,
        "score": score,
        "task": trace.task,
        "agent_type": trace.agent_type,
    }
    for name in ("guideline_version", "finished", "source", "error", "seconds", "tokens", "cost", "parent", "problem",
                 "left_out"):  # fmt: skip
        value = getattr(trace, name)
        if value not in (None, "", {}) and value != _DEFAULTS.get(name):
            row[name] = value
    if trace.started_at is not None:
        row["started_at"] = trace.started_at.isoformat()
    row["steps"] = [_row_step(step) for step in trace.steps]
    return row


def _row_step(step: CollectedStep) -> JsonValue:
    if step.kind != "tool":
        return {"type": "thinking", "kind": step.name, "text": step.text}
    row: dict[str, JsonValue] = {"type": "tool_call", "tool": step.name}
    if step.arguments is not None:
        row["arguments"] = cast("JsonValue", step.arguments)
    row["ok"] = step.ok
    row["response_excerpt"] = step.text
    for name, value in (("arguments_digest", step.digest), ("error", step.error), ("seconds", step.seconds)):
        if value not in (None, ""):
            row[name] = value
    return row
