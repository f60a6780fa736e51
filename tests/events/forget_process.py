"""Processes for the tests of forgetting.

    python -m tests.events.forget_process forget URL KEYS TENANT STEP

forgets a tenant and kills itself (SIGKILL) at a step, one of `STEPS`.

    python -m tests.events.forget_process beside URL KEYS TENANT

works on the same log: it prints, as a line of JSON, what it sees of the tenant, whenever it reads a line.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread

from events import key_folder
from events.forget import forget_tenant
from events.key_folder import KeyFolder
from events.persistence.view_tables import ViewTables
from events.projection import Views
from events.recorded import Erased
from events.store import EventStore
from tests.events.example_views import CountView, FactView
from tests.events.samples import fact

__all__ = ["STEPS"]

STEPS = ("asked", "told", "hidden", "destroyed", "first view", "second view", "scrubbing", "scrubbed")


def _die(*_: Any) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


class _DyingKeys(KeyFolder):
    """Keys that kill the process on the way."""

    step = ""

    def keys_of(self, tenant: str) -> list[str]:
        return _die() if self.step == "asked" else super().keys_of(tenant)

    def destroy(self, key_ids: Collection[str]) -> None:
        if key_ids and self.step == "told":
            _die()
        super().destroy(key_ids)
        if key_ids and self.step == "destroyed":
            _die()


def _dies_behind(method: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        method(*arguments)
        _die()

    return call


async def _forget(url: str, folder: Path, tenant: str, step: str) -> None:
    keys = _DyingKeys(folder)
    keys.step = step
    async with await EventStore.open(url, keys=keys) as store:
        if step == "hidden":
            key_folder._shred = _die  # pyright: ignore[reportPrivateUsage] - its name is gone, its bytes are not
        if step == "scrubbing":
            tables: Any = ViewTables
            tables.scrub = _dies_behind(tables.scrub)
        views = Views(store, [FactView(), CountView()], page_size=10)
        dying = {"first view": "facts", "second view": "counts"}.get(step)
        await forget_tenant(store, views, tenant, by="tester", progress=lambda name: _die if name == dying else None)
        if step == "scrubbed":
            _die()


async def _beside(url: str, folder: Path, tenant: str) -> None:
    async with await EventStore.open(url, keys=KeyFolder(folder)) as store:
        views = Views(store, [FactView(), CountView()], page_size=10)
        count = 0
        while await anyio.to_thread.run_sync(sys.stdin.readline):
            recorded = await store.read("facts")
            count += 1
            await store.append("beside", [fact(1_000 + count, f"beside {count}")], tenant=tenant)
            rows = await views.query("facts", {"tenant": tenant}, order_by="fact")
            seen = {
                "erased": sum(isinstance(entry.event, Erased) for entry in recorded),
                "events": len(recorded),
                "beside": [getattr(entry.event, "text", None) for entry in await store.read("beside")],
                "rows": [row["text"] for row in rows],
            }
            print(json.dumps(seen), flush=True)
        await views.close()


if __name__ == "__main__":
    kind, url, folder, tenant, *rest = sys.argv[1:]
    if kind == "forget":
        anyio.run(_forget, url, Path(folder), tenant, rest[0])
    else:
        anyio.run(_beside, url, Path(folder), tenant)
