"""`agent-supervisor traces`: requests that were handled, and how."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, cast

import anyio
from cyclopts import Parameter
from cyclopts.validators import Number
from pydantic import JsonValue

from supervisor.cli.event_lines import event_data, event_line, value_text
from supervisor.cli.options import AT_HELP, CommonOptions, OwnerOptions, moment_of
from supervisor.cli.output import columns, note, one_line, redact_known, redactor, terminal_width, write, write_json
from supervisor.cli.runtime import open_supervisor

if TYPE_CHECKING:
    from supervisor.queries.tool_results import WholeResult
    from supervisor.queries.traces import TraceDetail

__all__ = ["list_traces", "show_trace", "trace_rows"]

_DETAIL = 200


def list_traces(
    *,
    limit: Annotated[int, Parameter(help="At most this many (default: 20).", validator=Number(gte=1, lte=1000))] = 20,
    session: Annotated[str | None, Parameter(help="Only of this session.")] = None,
    json: Annotated[bool, Parameter(help="Print one JSON document instead.")] = False,
    owner: OwnerOptions = OwnerOptions(),  # noqa: B008 - frozen
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """The latest requests, newest first."""

    async def work() -> int:
        async with open_supervisor(common) as supervisor:
            rows = await supervisor.traces(limit=limit, session=session, owner=owner.owner)
        if json:
            write_json([_shown(row) for row in rows])
        elif not rows:
            note("No requests yet.")
        else:
            header = ("TRACE", "STARTED", "OUTCOME", "WAY", "REQUEST")
            write("\n".join(columns(header, trace_rows(rows), terminal_width())))
        return 0

    return anyio.run(work)


def show_trace(
    trace_id: Annotated[str, Parameter(help="Its id, or the beginning of it.")],
    /,
    *,
    at: Annotated[str | None, Parameter(help=AT_HELP)] = None,
    whole: Annotated[bool, Parameter(help="Show all that each tool answered, too, not only its beginning.")] = False,
    json: Annotated[bool, Parameter(help="Print one JSON document instead.")] = False,
    owner: OwnerOptions = OwnerOptions(),  # noqa: B008 - frozen
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """One request, step by step."""
    moment = moment_of(at)

    async def work() -> int:
        from supervisor.queries.tool_results import whole_results

        async with open_supervisor(common) as supervisor:
            detail = await supervisor.trace(trace_id, owner=owner.owner, at=moment)
            redact_known(str(detail.row.get("request", "")))
            results = whole_results(supervisor.store, detail.events if whole else ())
            if json:
                more = {"results": [_result_data(result) async for result in results]} if whole else {}
                events = [event_data(recorded) for recorded in detail.events]
                write_json({**_shown(detail.row), "events": events, **more})
                return 0
            _write_trace(detail)
            async for result in results:
                _write_result(result)
        return 0

    return anyio.run(work)


def _write_trace(detail: TraceDetail) -> None:
    for name, value in _shown(detail.row).items():
        if value not in (None, ""):
            write(f"{name + ':':<16} {value_text(value)}")
    write("")
    for recorded in detail.events:
        write(event_line(recorded))


def _result_data(result: WholeResult) -> dict[str, Any]:
    return {
        "event": result.event_id,
        "tool": result.call.tool,
        "call_id": result.call.call_id,
        "text": result.text,
        "data": result.data,
        "problem": result.problem,
    }


def _write_result(result: WholeResult) -> None:
    from json import dumps

    write(f"\n{result.event_id}  {result.call.tool}{f' ({result.problem})' if result.problem else ''}")
    write(result.text)
    if result.data is not None:
        write(dumps(redactor().value(result.data), ensure_ascii=False, indent=2))


def trace_rows(rows: Sequence[dict[str, Any]]) -> list[tuple[str, ...]]:
    """Rows of the trace index as cells."""
    return [
        (
            str(row["trace_id"])[:12],
            _when(row.get("started_at")),
            str(row.get("outcome") or "running"),
            str(row.get("approach") or ""),
            one_line(str(row.get("request", "")), _DETAIL),
        )
        for row in rows
    ]


def _shown(row: dict[str, Any]) -> dict[str, JsonValue]:
    redact = redactor().knowing(str(row.get("request", "")))
    shown = redact.value(cast("JsonValue", row))
    return shown if isinstance(shown, dict) else {}


def _when(value: object) -> str:
    """A view's time as it is listed: local and to the second."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) and value else value
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S") if isinstance(moment, datetime) else ""
