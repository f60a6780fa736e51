"""Processes that freeze in the middle of something, for test_frozen.py, which wakes them.

usage: python -m tests.crash.frozen append|page URL
       python -m tests.crash.frozen claimed|acting URL FOLDER NUMBER
What it says on stdout: ``frozen`` right before it stops, and how it ended when it was woken.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import anyio

from common.errors import StoreError, SupervisorError
from common.intents import StreamAppend
from events.backend import Transaction
from events.catalogue.intent import IntentClaimed
from events.projection import RecordedEvent, Row, Views
from events.store import EventStore
from tests.crash import world
from tests.crash.requests import ask_for, supervisor_on
from tests.crash.series import Log
from tests.events.example_views import CountView

_frozen: list[bool] = []


def freeze() -> None:
    """Stop until somebody wakes this process; once."""
    if not _frozen:
        _frozen.append(True)
        _say("frozen")
        # to this very thread, which stops here then, and the others with it; one to the process would let it run on
        signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)


def _say(text: str) -> None:
    os.write(1, f"{text}\n".encode())


async def append(url: str) -> None:
    """Freeze within the transaction of an append."""

    def freezing(transaction: Transaction) -> int:
        position = transaction.insert([("frozen", 1, "t", b"x")], {})
        freeze()
        return position

    async with await EventStore.open(url, timeout=20) as store:
        try:
            _say(f"appended at {await store.execute(freezing)}")
        except StoreError as error:
            _say(f"{type(error).__name__}: {error.what}")


class _Freezing(CountView):
    def evolve(self, key: tuple[Any, ...], row: Row | None, event: RecordedEvent) -> Row | None:
        freeze()
        return super().evolve(key, row, event)


async def page(url: str) -> None:
    """Freeze within the transaction that folds a page."""
    async with await EventStore.open(url, timeout=20) as store:
        views = Views(store, [_Freezing()], page_size=5)
        try:
            await views.catch_up()
            _say("folded")
        except StoreError as error:
            _say(f"{type(error).__name__}: {error.what}")
        _say(str((await views.get("counts", ("all", "-")) or {}).get("events")))
        await views.close()


async def request(where: str, url: str, folder: str, number: str) -> None:
    """Handle a request; freeze behind a durable claim, or right before the world is told."""
    appending, acting = EventStore.append, world.act

    async def claim(store: EventStore, stream: Any, *arguments: Any, **keywords: Any) -> int:
        position = await appending(store, stream, *arguments, **keywords)
        parts: Sequence[StreamAppend] = () if isinstance(stream, str) else stream
        if any(isinstance(event, IntentClaimed) for part in parts for event in part.events):
            freeze()
        return position

    async def act(*arguments: Any) -> bool:
        freeze()
        return await acting(*arguments)

    if where == "claimed":
        EventStore.append = claim  # type: ignore[method-assign, assignment]
    else:
        world.act = act
    async with supervisor_on(Log(url, Path(folder)), 1) as supervisor:
        try:
            response = await ask_for(supervisor, int(number))
            _say(f"answered {[intent.status.value for intent in response.intents]}")
        except SupervisorError as error:
            _say(f"{type(error).__name__}: {error.what}")


_PROGRAMS: Mapping[str, Any] = {"append": append, "page": page}

if __name__ == "__main__":
    what = sys.argv[1]
    if what in _PROGRAMS:
        anyio.run(_PROGRAMS[what], sys.argv[2])
    else:
        anyio.run(request, what, sys.argv[2], sys.argv[3], sys.argv[4])
