"""Runs hosts that kill themselves in processes of their own, quickly: forked from one that has imported everything."""

from __future__ import annotations

import multiprocessing
from collections.abc import Awaitable, Callable
from typing import Any

import anyio

__all__ = ["run_forked"]

_PRELOADED = (
    "tests.supervisor.crashing_host",
    "tests.supervisor.resuming_host",
    "supervisor.bootstrap",
    "dateparser",
    "icalendar",
    "recurring_ical_events",
    "numpy",
    "strands",
)


def run_forked(main: Callable[..., Awaitable[None]], *arguments: str, timeout: float = 60.0) -> int:
    """Run an async function in a process of its own; its exit code, negative for the signal that killed it.

    The process shares no open file, thread or loop with anybody: the one it is forked from has none of ours.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(_PRELOADED))
    process = context.Process(target=_run, args=(main, arguments), daemon=True)
    process.start()
    process.join(timeout)
    if process.exitcode is None:
        process.kill()
        process.join()
        raise TimeoutError(f"it did not end within {timeout:g} seconds")
    code = process.exitcode
    process.close()
    return code


def _run(main: Callable[..., Awaitable[None]], arguments: tuple[Any, ...]) -> None:
    anyio.run(main, *arguments)
