"""Walks the whole log and says whether it is what was written."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from common.errors import StoreError
from events.backend import Backend, Head
from events.codec import Codec, DamagedFrame, StoredRow, digest, unframe
from events.projection import Progress, Views
from events.recorded import Unknown
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
    """What was found; `problems` are sentences, at most 1,000 of them."""

    events: int
    streams: int
    ok: bool
    problems: list[str]
    views: dict[str, ViewReport]

    def as_json(self) -> dict[str, Any]:
        """The document of `events verify --json`."""
        return asdict(self)


async def verify(store: EventStore, views: Views | None = None, progress: Progress | None = None) -> VerifyReport:
    """Check every event of a log and, where given, every view over it.

    Found are: changed and damaged rows (checksum), replaced and removed ones (chain of hashes, gaps in versions and
    positions, positions given out behind the last row), and payloads that their kind does not allow. An event of a
    newer kind is no problem. Appends may go on meanwhile. `progress` is called with position and head.
    """
    walk = _Walk(store.backend, store.codec)
    try:
        last = False
        while not last:
            last = await store.run(walk.page)
            if progress is not None:
                progress(walk.position, max(walk.position, store.known_head))
        await store.run(walk.end)
    except StoreError as error:
        walk.problem(f"the log can't be read behind position {walk.position}: {error}")
    reports: dict[str, ViewReport] = {}
    for name in views.names if views is not None else ():
        assert views is not None  # noqa: S101 - it has names
        try:
            equal, rows = await views.compare(name)
        except StoreError as error:
            walk.problem(f"view {name} can't be compared: {error}")
            continue
        reports[name] = ViewReport(equal, rows)
        if not equal:
            walk.problem(f"view {name} differs from one that is built anew")
    return VerifyReport(walk.events, len(walk.heads), not walk.problems, walk.problems, reports)


@dataclass(slots=True)
class _Walk:
    """The way through the log; its methods block."""

    backend: Backend
    codec: Codec
    position: int = 0
    events: int = 0
    heads: dict[str, Head] = field(default_factory=dict[str, Head])
    problems: list[str] = field(default_factory=list[str])

    def page(self) -> bool:
        """Check one page; True when it was the last."""
        page = self.backend.page(self.position, None, _PAGE)
        for row in page.rows:
            self._check(row)
        return len(page.rows) < _PAGE

    def end(self) -> None:
        """Check that nothing is missing behind the last row."""
        issued = self.backend.issued()
        head = self.backend.head()
        if issued > head:
            self.problem(f"the events at the positions {head + 1} to {issued} were removed")

    def problem(self, text: str) -> None:
        """Note a problem; the first ones are kept."""
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(text)

    def _check(self, row: StoredRow) -> None:
        position, stream, version, topic, stored = row
        where = f"{stream}@{version} at position {position}"
        if self.backend.gapless and position != self.position + 1:
            self.problem(f"the events at the positions {self.position + 1} to {position - 1} were removed")
        self.position = position
        self.events += 1
        head = self.heads.get(stream, Head(0, None))
        follows = version == head.version + 1
        if not follows:
            self.problem(f"{where}: the stream's event before it has version {head.version}")
        self.heads[stream] = Head(version, digest(stream, version, topic, stored))
        try:
            previous = unframe(stream, version, topic, stored).previous
        except DamagedFrame as error:
            self.problem(f"{where}: {error}")
            return
        if follows and previous != head.digest:
            self.problem(f"{where}: it does not follow on the event before it: one of the two was replaced")
        event = self.codec.decode(row).event
        if isinstance(event, Unknown) and event.problem:
            self.problem(f"{where}: {event.problem}")
