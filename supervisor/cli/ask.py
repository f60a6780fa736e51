"""`agent-supervisor ask`: one request, its answer and how it was done."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import anyio
from cyclopts import Parameter

from common.context import TaskContext
from common.errors import ConfigurationError, NotFound, SupervisorError
from supervisor.cli.options import CommonOptions, OwnerOptions, RequestOptions, request_context
from supervisor.cli.output import note, redact_known, shown, terminal_width, write, write_json
from supervisor.cli.runtime import open_supervisor

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from common.results import Response
    from supervisor.facade import Supervisor

__all__ = ["ask", "print_account", "print_response", "write_metrics"]

_MAX_INPUT = 1_000_000


def ask(
    *text: Annotated[str, Parameter(help="What you want done, in your words (default: read from standard input).")],
    request: RequestOptions = RequestOptions(),  # noqa: B008 - frozen
    request_id: Annotated[
        str | None, Parameter(help="Asking again with the same id gives the same outcome; nothing is done twice.")
    ] = None,
    at: Annotated[str | None, Parameter(help="Take this ISO 8601 time as now.")] = None,
    json: Annotated[bool, Parameter(help="Print one JSON document instead.")] = False,
    metrics_file: Annotated[Path | None, Parameter(help="Write metrics for Prometheus to this file.")] = None,
    owner: OwnerOptions = OwnerOptions(),  # noqa: B008 - frozen
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Handle one request and tell how it was done.

    Prints the answer and, below it, the route, engine, plan, tools, intents and costs. Progress goes to standard
    error. Ctrl-C cancels the request.
    """
    context = request_context(request, owner, request_id=request_id, at=at)
    return anyio.run(_ask, _request_text(text), context, common, json, metrics_file, request.quiet)


def _request_text(words: Sequence[str]) -> str:
    if words:
        return " ".join(words)
    if sys.stdin.isatty():
        raise ConfigurationError("say what you want done", where="ask TEXT")
    return sys.stdin.buffer.read(_MAX_INPUT).decode("utf-8", "surrogateescape")


async def _ask(
    text: str, context: TaskContext, common: CommonOptions, as_json: bool, metrics_file: Path | None, quiet: bool
) -> int:
    from supervisor.cli.account import exit_code
    from supervisor.cli.progress import make_progress
    from supervisor.cli.running import check_flags, run_interruptible
    from supervisor.cli.timers import timer_notes

    async with open_supervisor(common) as supervisor:
        redact_known(text)
        await check_flags(supervisor, context)
        head = await supervisor.store.head()
        try:
            response = await run_interruptible(supervisor, text, context, make_progress(quiet=quiet))
        finally:
            if metrics_file is not None:
                await anyio.to_thread.run_sync(write_metrics, supervisor.metrics_registry, metrics_file)
        if as_json:
            write_json(response.model_dump(mode="json"))
        else:
            await print_response(supervisor, response, context)
        for line in await timer_notes(supervisor, {response.trace_id}, head):
            note(line)
    return exit_code(response.outcome)


async def print_response(supervisor: Supervisor, response: Response, context: TaskContext) -> None:
    """The answer, and how it was done."""
    events: list[object] = []
    with suppress(NotFound):
        detail = await supervisor.trace(response.trace_id, owner=context.owner)
        events = [recorded.event for recorded in detail.events]
    write(response.text)
    print_account(response, events)


def print_account(response: Response, events: Sequence[object]) -> None:
    """The account, dimmed on a terminal; what waits for an approval says how to decide."""
    from supervisor.cli.account import account, render_account

    width = terminal_width()
    lines = ["", *render_account(account(response, events), width)]
    for intent in response.intents:
        if intent.status == "awaiting_approval":
            lines.append(f"  decide with: agent-supervisor approvals approve {intent.id} (or deny)")
    if width is None:
        write("\n".join(lines))
        return
    from rich.console import Console
    from rich.text import Text

    Console(highlight=False).print(Text(shown("\n".join(lines)), style="dim"))


def write_metrics(registry: CollectorRegistry, path: Path) -> None:
    """Write the registry in Prometheus' text format, whole or not at all. Raises `ConfigurationError`."""
    from prometheus_client import generate_latest

    temporary: str | None = None
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            temporary = file.name
            file.write(generate_latest(registry))
        os.chmod(temporary, 0o644)  # the collector runs as another user
        os.replace(temporary, path)
    except OSError as error:
        if temporary is not None:
            with suppress(OSError):
                os.unlink(temporary)
        raise ConfigurationError(
            f"the metrics can't be written: {error.strerror or error}", where=f"--metrics-file {path}"
        ) from None
    except Exception as error:
        raise SupervisorError(f"the metrics can't be collected: {error}", where="metrics_registry") from error
