"""A tenant is forgotten again and again while others append for it, and for one that stays."""

from __future__ import annotations

import contextlib
import itertools
import uuid
from collections.abc import Collection

import anyio

from common.errors import StoreError
from events.forget import forget_tenant
from events.key_folder import KeyFolder
from events.recorded import Erased, RecordedEvent, Unknown
from events.store import EventStore
from events.verify import verify
from tests.crash.facts import fact, views_over
from tests.crash.processes import Tell
from tests.crash.series import Findings, Log

__all__ = ["Forgets"]

_GOES, _STAYS = "goes", "stays"


class Forgets:
    """What is acknowledged is there; what was forgotten is unreadable; what came after is under another key."""

    name = "forget"
    at_once = 4
    longest = 0.6
    in_round = 30
    _BACKLOG = 60

    def prepare(self, log: Log) -> None:
        """Something to be forgotten."""
        anyio.run(self._fill, log)

    async def _fill(self, log: Log) -> None:
        async with await _open(log) as store:
            for tenant in (_GOES, _STAYS):
                facts = [fact(f"{tenant}/{number}", number, tenant) for number in range(self._BACKLOG)]
                await store.append(f"before/{tenant}", facts, tenant=tenant)

    def beside(self, log: Log, tell: Tell) -> None:
        """Nobody else writes."""
        tell("ready")

    def work(self, log: Log, number: int, tell: Tell) -> None:
        """Forget, or append for both tenants, until killed."""
        anyio.run(self._append if number % 2 else self._forget, log, tell)

    async def _append(self, log: Log, tell: Tell) -> None:
        store = await _open(log)
        run = uuid.uuid4().hex
        for number in itertools.count():
            tenant = (_GOES, _STAYS)[number % 2]
            one = fact(f"{run}/{number}", number, tenant)
            position = await store.append(f"{tenant}/{run}", [one], tenant=tenant)
            tell(f"+{tenant} {position}")

    async def _forget(self, log: Log, tell: Tell) -> None:
        store = await _open(log)
        views = views_over(store, 200)
        tell("begun")
        while True:
            head = await store.head()
            with contextlib.suppress(StoreError):  # another one swept its half-built table away: it is done again
                await forget_tenant(store, views, _GOES)
                tell(f"+forgotten {head}")

    def check(self, log: Log, acknowledged: Collection[str], children: int) -> Findings:
        """Look at every event, forget once more to the end, and verify."""
        return anyio.run(self._look, log, acknowledged)

    async def _look(self, log: Log, acknowledged: Collection[str]) -> Findings:
        told = [(what, int(position)) for what, position in (name.split() for name in acknowledged)]
        forgotten = max((position for what, position in told if what == "forgotten"), default=0)
        async with await _open(log) as store:
            before = {entry.position: entry for entry in await _all(store)}
            found = Findings(
                lost=[
                    f"{tenant} {position}"
                    for tenant, position in told
                    if tenant != "forgotten" and (position not in before or before[position].tenant != tenant)
                ],
                problems=[problem for entry in before.values() for problem in _wrong(entry, forgotten)],
            )
            views = views_over(store, 200)
            try:
                await forget_tenant(store, views, _GOES)
                found.problems += [p for entry in await _all(store) for p in _wrong(entry, max(before))]
                found.problems += (await verify(store, views)).problems
                if await views.get("counts", ("user", _GOES)) is not None:
                    found.problems.append("a view has rows of the tenant that was forgotten")
            finally:
                await views.close()
        if KeyFolder(log.folder / "keys").keys_of(_GOES):
            found.problems.append("keys that were forgotten are there")
        return found


async def _open(log: Log) -> EventStore:
    return await EventStore.open(log.url, keys=KeyFolder(log.folder / "keys"))


async def _all(store: EventStore) -> list[RecordedEvent]:
    recorded: list[RecordedEvent] = []
    while page := await store.read_all(recorded[-1].position if recorded else 0):
        recorded += page
    return recorded


def _wrong(entry: RecordedEvent, forgotten: int) -> list[str]:
    """What is wrong with an event, when the tenant that goes was forgotten up to a position, at the least."""
    if isinstance(entry.event, Unknown):
        return [f"{entry.id} can't be read: {entry.event.problem}"]
    erased = isinstance(entry.event, Erased)
    if entry.tenant == _GOES and entry.position <= forgotten and not erased:
        return [f"{entry.id} can be read, and was forgotten"]
    return [f"{entry.id} can't be read any more"] if erased and entry.tenant != _GOES else []
