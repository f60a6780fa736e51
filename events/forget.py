"""Forgets a tenant: what is encrypted under its keys becomes unreadable, in every copy of the log.

The order makes it safe to be interrupted. First the log says which keys are forgotten: from then on nobody writes under
them, nor reads what they encrypted, whether they still exist or not. Then they are destroyed; every opening of the log
does so, too. Then every view is built anew, and files of views are written without what was in them. Doing all of it
again changes nothing that was done, and does what was not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from common.clock import Clock, SystemClock
from common.errors import ConfigurationError
from events.backend import Transaction
from events.catalogue import BY_TOPIC
from events.catalogue.log import TenantForgotten
from events.cipher import Cipher
from events.codec import FORGOTTEN, DamagedFrame, StoredRow, unframe
from events.commit import append_within
from events.damage import is_whole
from events.persistence.scratch_names import ScratchNames
from events.projection import Progress, Rebuilt, Views
from events.store import EventStore

__all__ = ["ForgetReport", "forget_tenant"]

_PAGE = 1_000
_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class ForgetReport:
    """What forgetting a tenant did.

    `events` and `blobs` are all of the tenant's that nobody can read any more, those forgotten before among them;
    `newly` counts the events that this time was the first for. `keys` are those that the log was told of this time.
    `readable` events and `readable_blobs` were stored before there was encryption (or while it was switched off): they
    stay in the log and in the views. `views` were built anew.
    """

    tenant: str
    events: int
    newly: int
    blobs: int
    keys: int
    readable: int
    readable_blobs: int
    views: list[Rebuilt]

    @property
    def is_complete(self) -> bool:
        """Whether nothing of the tenant's payloads stays readable."""
        return not self.readable and not self.readable_blobs


async def forget_tenant(
    store: EventStore,
    views: Views,
    tenant: str,
    *,
    by: str = "",
    reason: str = "",
    clock: Clock | None = None,
    progress: Callable[[str], Progress | None] = lambda _: None,
) -> ForgetReport:
    """Make everything that is encrypted under a tenant's keys unreadable for ever, and purge it from every view.

    Others may go on working with the log meanwhile, with this tenant, too: what they append from then on is under a new
    key. Whatever interrupts it is made up for by doing it again. `progress` gives, by name, what follows the walk
    through the log and each view. Raises `ConfigurationError` for a store without keys and `StoreError` for what could
    not be done.
    """
    cipher = store.cipher
    if cipher is None or cipher.keyring.service is None:
        raise ConfigurationError(
            "the store has no keys, so nothing in it can be made unreadable", where="forget", todo="Set store.keys."
        )
    service = cipher.keyring.service
    walk = _Walk(store, cipher, tenant)
    try:
        follow = progress("log")
        walk.keys.update(await store.run(lambda: service.keys_of(tenant)))
        while not await store.run(walk.page):
            if follow is not None:
                follow(walk.position, max(walk.position, store.known_head))
        draft = _Draft(walk, clock or SystemClock(), by, reason)
        await store.execute(draft.append, timeout=_SECONDS)
    finally:
        walk.blobs.close()
    await store.run(cipher.look)
    await store.run(cipher.destroy_forgotten)
    rebuilt = await views.purge(progress)
    newly = sum(walk.events[key] for key in draft.forgotten if key in walk.events)
    return ForgetReport(
        tenant=tenant,
        events=sum(walk.events.values()),
        newly=newly,
        blobs=walk.erased_blobs,
        keys=len(draft.forgotten),
        readable=walk.readable,
        readable_blobs=walk.readable_blobs,
        views=rebuilt,
    )


@dataclass(slots=True)
class _Walk:
    """The way through the log, which counts what is the tenant's; its methods block."""

    store: EventStore
    cipher: Cipher
    tenant: str
    position: int = 0
    keys: set[str] = field(default_factory=set[str])
    """Every key of the tenant's: those of the service, and those that the log names."""
    events: dict[str, int] = field(default_factory=dict[str, int])
    """By key, how many events are encrypted under it."""
    readable: int = 0
    erased_blobs: int = 0
    readable_blobs: int = 0
    blobs: ScratchNames = field(default_factory=ScratchNames)

    def page(self) -> bool:
        """Count one page; True when it was the last."""
        page = self.store.backend.page(self.position, None, _PAGE)
        for row in page.rows:
            if is_whole(row):
                self._count(row)
        self.position = max(self.position, page.scanned_to)
        return len(page.rows) < _PAGE

    def _count(self, row: StoredRow) -> None:
        _, stream, version, topic, stored = row
        try:
            read = unframe(stream, version, topic, stored)
        except DamagedFrame:
            return
        if read.header.get("tenant") != self.tenant:
            return
        key: object = read.key
        if isinstance(key, str):
            self.keys.add(key)
            self.events[key] = self.events.get(key, 0) + 1
        elif topic not in BY_TOPIC or BY_TOPIC[topic].PERSONAL:
            self.readable += 1
        for name in read.blobs:
            if self.blobs.add(name):
                self.erased_blobs += key is not None
                self.readable_blobs += key is None


class _Draft:
    """What is told to the log; `forgotten` are the keys that it was told of."""

    def __init__(self, walk: _Walk, clock: Clock, by: str, reason: str) -> None:
        self._walk = walk
        self._clock = clock
        self._by = by
        self._reason = reason
        self.forgotten: frozenset[str] = frozenset()

    def append(self, transaction: Transaction) -> int:
        """Take in what came since, which nobody adds to any more, and name every key that is not named yet."""
        walk = self._walk
        while not walk.page():
            pass
        walk.cipher.look()
        keys = walk.keys - walk.cipher.keyring.forgotten
        if not keys:
            return walk.position
        event = TenantForgotten(tenant=walk.tenant, keys=sorted(keys), by=self._by, reason=self._reason)
        draft = walk.store.codec.draft(event)
        outcome = append_within(transaction, FORGOTTEN, draft, self._clock.now())
        self.forgotten = frozenset(keys)
        return outcome
