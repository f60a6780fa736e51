"""Walks the whole log and says whether it is what was written."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, field
from typing import Any

from common.errors import StoreError
from events.archive.check import ArchiveCheck
from events.backend import Backend, Head
from events.blob_check import BlobCheck
from events.catalogue.log import LogSealed
from events.codec import Codec, DamagedFrame, StoredRow, digest, unframe
from events.damage import PastDamage, is_whole
from events.persistence.scratch_heads import ScratchHeads
from events.projection import Progress, Views
from events.recorded import Erased, Unknown
from events.seal import STREAM, SealCheck
from events.store import EventStore

__all__ = ["VerifyReport", "ViewReport", "verify"]

_PAGE = 1_000
_MOST_PROBLEMS = 1_000


@dataclass(frozen=True, slots=True)
class ViewReport:
    """Whether a view equals one that is built anew, and how many rows it has."""

    equal: bool
    rows: int


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What was found; `problems` are sentences, at most 1,000 of them.

    `newer` counts the events of kinds and versions that this version does not know: they are no problem, but what they
    hold was not looked at. `seals` counts the seals, and `unsealed` the events behind the last of them, whose removal
    no seal would show.
    """

    events: int
    streams: int
    ok: bool
    problems: list[str]
    views: dict[str, ViewReport]
    newer: int = 0
    seals: int = 0
    unsealed: int = 0
    erased: int = 0
    """Events that were forgotten on purpose, which is no problem either."""

    def as_json(self) -> dict[str, Any]:
        """The document of `events verify --json`."""
        data = asdict(self)
        return {name: data[name] for name in ("events", "streams", "ok", "problems", "views")}


async def verify(
    store: EventStore,
    views: Views | None = None,
    progress: Progress | None = None,
    *,
    seals: Collection[str] = (),
    comparing: Callable[[str], Progress | None] | None = None,
) -> VerifyReport:
    """Check every event of a log and, where given, every view over it.

    Found are: changed and damaged rows (checksum), replaced and removed ones (chain of hashes, gaps in versions and
    positions, positions given out behind the last row, seals), payloads that their kind does not allow, and blobs that
    are missing or damaged. An event of a newer kind is no problem. `seals` are digests of seals that were noted
    elsewhere: where the log has lost one of them, its end was removed. Appends may go on meanwhile. Memory does not
    grow with the log.

    `progress` is called with position and head; `comparing` gives the one for the comparison of each view, by name.
    """
    try:
        walk = await store.run(
            lambda: _Walk(store.backend, store.codec, set(seals), BlobCheck(store.backend, store.keyring))
        )
    except StoreError as error:
        return VerifyReport(0, 0, False, [f"the log can't be read: {error}"], {})
    streams = await _walk_log(store, walk, progress)
    reports = await _compare(views, walk, comparing) if views is not None else {}
    return VerifyReport(
        walk.events,
        streams,
        not walk.problems,
        walk.problems,
        reports,
        walk.newer,
        walk.seals,
        walk.unsealed,
        walk.erased,
    )


async def _walk_log(store: EventStore, walk: _Walk, progress: Progress | None) -> int:
    """Go through the whole log; returns how many streams it has."""
    streams = 0
    try:
        while await store.run(walk.archive.next_file):
            pass
        last = False
        while not last:
            last = await store.run(walk.page)
            if progress is not None:
                progress(walk.position, max(walk.position, store.known_head))
        await store.run(walk.end)
        streams = await store.run(walk.heads.count)
    except StoreError as error:
        walk.problem(f"the log can't be read behind position {walk.position}: {error}")
        streams = walk.heads.count()
    finally:
        walk.heads.close()
        walk.blobs.close()
    return streams


async def _compare(
    views: Views, walk: _Walk, comparing: Callable[[str], Progress | None] | None
) -> dict[str, ViewReport]:
    """Compare each view with one that is built anew; what is wrong is noted with the walk."""
    reports: dict[str, ViewReport] = {}
    for name in views.names:
        try:
            equal, rows = await views.compare(name, comparing(name) if comparing is not None else None)
        except StoreError as error:
            walk.problem(f"view {name} can't be compared: {error}")
            continue
        reports[name] = ViewReport(equal, rows)
        if not equal:
            walk.problem(f"view {name} differs from one that is built anew: run events rebuild {name}")
    return reports


@dataclass(slots=True)
class _Walk:
    """The way through the log; its methods block."""

    backend: Backend
    codec: Codec
    wanted: set[str]
    """Digests of seals that are still to be found."""
    blobs: BlobCheck
    position: int = 0
    events: int = 0
    erased: int = 0
    newer: int = 0
    seals: int = 0
    unsealed: int = 0
    heads: ScratchHeads = field(default_factory=ScratchHeads)
    sealed: SealCheck = field(default_factory=SealCheck)
    archive: ArchiveCheck = field(init=False)
    reading: PastDamage = field(init=False)
    problems: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        self.archive = ArchiveCheck(self.backend)
        self.backend = self.archive.backend
        self.reading = PastDamage(self.backend, _PAGE, self.problem)

    def page(self) -> bool:
        """Check one page; True when it was the last."""
        rows, before, last = self.reading.page(self.position)
        if before > self.position:
            self.position = before
            self.sealed.skip()
        heads = self.heads.load({row[1] for row in rows if is_whole(row)})
        for row in rows:
            self._check(row, heads)
        self.heads.store(heads)
        return last

    def end(self) -> None:
        """Check that nothing is missing behind the last row."""
        issued = self.backend.issued()
        head = self.backend.head()
        if self.backend.gapless and issued > head:
            self.problem(f"the events at the positions {head + 1} to {issued} were removed")
        for problem in self.archive.problems(self.position):
            self.problem(problem)
        for fault in self.backend.faults():
            self.problem(f"the database says: {fault}")
        for name in sorted(self.wanted):
            self.problem(f"the log has no seal {name}: the end of the log, with this seal in it, was removed")

    def problem(self, text: str) -> None:
        """Note a problem; the first ones are kept."""
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(text)

    def _check(self, row: StoredRow, heads: dict[str, Head]) -> None:
        position, stream, version, topic, stored = row
        where = f"{stream}@{version} at position {position}"
        if self.backend.gapless and position != self.position + 1:
            if self.archive.explains(self.position + 1, position - 1):
                self.sealed.skip()
            else:
                self.problem(f"the events at the positions {self.position + 1} to {position - 1} were removed")
        self.position = position
        if not is_whole(row):
            self.problem(f"the row at position {position} is damaged")
            self.reading.passed += 1
            self.sealed.skip()
            return
        self.events += 1
        self.unsealed += 1
        head = heads.get(stream, Head(0, None))
        follows = version == head.version + 1
        if not follows and not self.reading.passed and not self.archive.explains_versions(position):
            self.problem(f"{where}: {_gap(head.version, version)}")
        name = digest(stream, version, topic, stored)
        heads[stream] = Head(version, name)
        event = self._read(row, where, head.digest if follows else "")
        self.archive.add(stream, event)
        if problem := self.sealed.add(stream, version, name, event):
            self.problem(f"{where}: {problem}")
        if stream == STREAM and isinstance(event, LogSealed):
            self.seals += 1
            self.unsealed = 0
            self.wanted.discard(event.digest)

    def _read(self, row: StoredRow, where: str, previous: str | None) -> object:
        """The event of a row, with its problems noted; `previous` is what its header has to name, "" for anything."""
        _, stream, version, topic, stored = row
        try:
            read = unframe(stream, version, topic, stored)
            event = self.codec.decode_frame(row, read).event
        except (DamagedFrame, KeyError, TypeError, ValueError) as error:
            self.problem(
                f"{where}: {error if isinstance(error, DamagedFrame) else 'its header lacks what it must have'}"
            )
            return Unknown(topic, 0, stored, "damaged")
        if previous != "" and read.previous != previous:
            self.problem(f"{where}: it does not follow on the event before it: one of the two was replaced")
        for problem in self.blobs.check(read.blobs) if read.blobs else ():
            self.problem(f"{where}: {problem}")
        self.erased += isinstance(event, Erased)
        if isinstance(event, Unknown):
            self.newer += not event.problem
            if event.problem:
                self.problem(f"{where}: {event.problem}")
        return event


def _gap(before: int, version: int) -> str:
    told = f"the stream's event before it has version {before}"
    if version <= before:
        return f"{told}: it was copied, or its place was changed"
    if version == before + 2:
        return f"{told}: version {before + 1} was removed"
    return f"{told}: the versions {before + 1} to {version - 1} were removed"
