"""`agent-supervisor compare`: both planning engines on the same requests, side by side."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import anyio
from cyclopts import Parameter

from common.context import TaskContext
from common.errors import ConfigurationError
from supervisor.cli.bars import bars
from supervisor.cli.options import CommonOptions, OwnerOptions, RequestOptions, request_context
from supervisor.cli.output import columns, note, one_line, redactor, terminal_width, write, write_json
from supervisor.cli.runtime import open_supervisor

if TYPE_CHECKING:
    from supervisor.comparison.comparer import Comparison, ComparisonRequest, Engine, Skipped

__all__ = ["compare"]

_MAX_LINES = 10_000
_ANSWER = 500


def compare(
    *what: Annotated[
        str, Parameter(help="Requests, each one argument, and files: a request a line, as text or JSON; - reads input.")
    ],
    real: Annotated[
        Literal["first", "second", "task_graph", "meta_planning"] | None,
        Parameter(help="Carry out what this engine wants, as ask does; the other one stays dry (default: neither)."),
    ] = None,
    dry: Annotated[bool, Parameter(help="Carry out nothing, of neither engine (the default).")] = False,
    limit: Annotated[int | None, Parameter(help="Compare only so many requests, the first ones.")] = None,
    html: Annotated[Path | None, Parameter(help="Write a report with plots to this file.")] = None,
    json: Annotated[bool, Parameter(help="Print one JSON document instead.")] = False,
    seed: Annotated[int, Parameter(help="Draws which engine goes first with each request.")] = 0,
    request: RequestOptions = RequestOptions(),  # noqa: B008 - frozen
    owner: OwnerOptions = OwnerOptions(),  # noqa: B008 - frozen
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Have both planning engines work on the same requests, and tell how they differ.

    The engines are task_graph (the first) and meta_planning (the second). Both run dry: what they want to change is
    collected and shown, and nothing is carried out, unless --real names one. Lines of JSON are objects with "text" and,
    if wanted, "context". Broken lines are named and passed over.
    """
    if dry and real is not None:
        raise ConfigurationError("--dry and --real exclude each other", where="compare")
    if limit is not None and limit < 1:
        raise ConfigurationError("at least one request is to be compared", where=f"--limit {limit}")
    context = request_context(request, owner)
    requests, skipped = _requests(what, context, limit)
    if html is not None:
        _check_writable(html)
    return anyio.run(_compare, requests, skipped, context, _engine(real), html, json, seed, request.quiet, common)


def _engine(real: str | None) -> Engine | None:
    named = {"first": "task_graph", "second": "meta_planning"}
    return None if real is None else cast("Engine", named.get(real, real))


def _requests(
    what: Sequence[str], context: TaskContext, limit: int | None
) -> tuple[list[ComparisonRequest], list[Skipped]]:
    from supervisor.comparison.comparer import ComparisonRequest
    from supervisor.comparison.reading import read_requests

    if not what:
        raise ConfigurationError("say what is to be compared", where="compare FILE|TEXT…")
    requests: list[ComparisonRequest] = []
    skipped: list[Skipped] = []
    for argument in what:
        left = None if limit is None else limit - len(requests)
        if left == 0:
            break
        lines = _lines(argument)
        if lines is None:
            requests.append(ComparisonRequest(argument))
            continue
        found, broken = read_requests(lines, context, left)
        requests += found
        skipped += broken
    return requests, skipped


def _lines(argument: str) -> list[bytes] | None:
    """The lines of a file, or of standard input; None where the argument names neither."""
    if argument == "-":
        return list(islice(sys.stdin.buffer, _MAX_LINES))
    path = Path(argument)
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            return list(islice(cast("Iterable[bytes]", file), _MAX_LINES))
    except ValueError:  # no path at all, with a NUL in it, say
        return None
    except OSError as error:
        if len(argument) > 255 or not path.exists():  # too long to be the name of a file
            return None
        raise ConfigurationError(f"the file can't be read: {error.strerror}", where=argument) from None


async def _compare(
    requests: Sequence[ComparisonRequest],
    skipped: Sequence[Skipped],
    context: TaskContext,
    real: Engine | None,
    html: Path | None,
    as_json: bool,
    seed: int,
    quiet: bool,
    common: CommonOptions,
) -> int:
    from dataclasses import replace

    from supervisor.cli.running import check_flags

    async with open_supervisor(common) as supervisor:
        await check_flags(supervisor, context)
        if real is None:
            note("Both engines run dry: what they want to change is collected, and not carried out.")
        else:
            note(f"What {real} wants to change IS CARRIED OUT; the other engine runs dry.")
        with bars(quiet=quiet) as shown:
            comparison = await supervisor.compare(
                requests, context, real=real, seed=seed, progress=shown.follow("comparing")
            )
        comparison = replace(comparison, skipped=[*skipped, *comparison.skipped])
    for entry in comparison.skipped:
        where = "" if entry.line is None else f"line {entry.line}: "
        note(f"not compared: {where}{entry.problem}")
    _tell(comparison, html, as_json)
    return 0 if comparison.compared else 1


def _tell(comparison: Comparison, html: Path | None, as_json: bool) -> None:
    from supervisor.comparison.report import html_report

    told = cast("dict[str, Any]", redactor().value(comparison.as_json()))
    if html is not None:
        at = datetime.now(UTC).astimezone().isoformat(sep=" ", timespec="minutes")
        _write_file(html, html_report(told, f"Made at {at}."))
        note(f"The report is in {html}.")
    if as_json:
        write_json(told)
    elif comparison.compared:
        _show(told)


def _show(told: Mapping[str, Any]) -> None:
    from supervisor.comparison.report import chance_text, difference_text, figure_text

    for number, result in enumerate(told["results"], 1):
        write(f"{number}. {one_line(result['request'], 200)}")
        for side in (result["first"], result["second"]):
            _show_side(side)
        write("")
    first, second = told["engines"]
    rows = [
        (
            metric["name"],
            figure_text(metric["first"], metric["unit"]),
            figure_text(metric["second"], metric["unit"]),
            difference_text(metric),
            chance_text(metric["p_holm"]),
            metric["verdict"],
        )
        for metric in told["metrics"]
    ]
    header = ("", first.upper(), second.upper(), "DIFFERENCE (95 %)", "P", f"{second.upper()} IS")
    write("\n".join(columns(header, rows, terminal_width())))


def _show_side(side: Mapping[str, Any]) -> None:
    from supervisor.comparison.report import figure_text

    tokens = side["input_tokens"] + side["output_tokens"]
    cost = "" if side["cost"] is None else f", {figure_text(side['cost'], '$')}"
    calls = f"{side['model_calls']} model and {side['tool_calls']} tool calls"
    write(
        f"   {side['engine']}{' (dry)' if side['dry'] else ' (carried out)'}: {side['outcome']}, "
        f"{figure_text(side['seconds'], 's')}, {tokens:,} tokens{cost}, {calls}"
    )
    write(f"      answer    {one_line(side['text'], _ANSWER)}")
    write(
        f"      tools     {', '.join(side['tools_used']) or 'none'} (of {', '.join(side['tools_selected']) or 'none'})"
    )
    for intent in side["intents"]:
        write(f"      intent    {one_line(intent['summary'], 200)} [{intent['status']}]")
    for name in ("error", "fallback"):
        if side[name]:
            write(f"      {name:9} {one_line(side[name], _ANSWER)}")


def _check_writable(path: Path) -> None:
    """Find out before the work is done. Raises `ConfigurationError`."""
    if path.is_dir() or not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise ConfigurationError("the report can't be written there", where=f"--html {path}")


def _write_file(path: Path, text: str) -> None:
    temporary: str | None = None
    try:
        with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            temporary = file.name
            file.write(text)
        os.chmod(temporary, 0o600)  # it holds what people asked
        os.replace(temporary, path)
    except OSError as error:
        if temporary is not None:
            with suppress(OSError):
                os.unlink(temporary)
        raise ConfigurationError(
            f"the report can't be written: {error.strerror or error}", where=f"--html {path}"
        ) from None
