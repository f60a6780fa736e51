"""Traces out of files into the log, each once however often it is imported, and out of the log as rows."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import JsonValue

from common.context import Owner
from common.errors import StreamConflict
from common.intents import StreamAppend
from common.redaction import Redactor
from events.catalogue.collected import TraceCollected
from events.commit import StreamDrafts
from events.store import EventStore, stream_name
from supervisor.learning.bounded import excerpt
from supervisor.learning.own_traces import PART
from supervisor.learning.trace_collector import Collected, TraceCollector, collected_stream
from supervisor.learning.trace_files import FileProblem, FileRow, read_traces
from supervisor.learning.trace_rows import row_of

__all__ = ["ImportedTraces", "export_traces", "import_traces"]

_BATCH = 500
_BATCH_BYTES = 8 * 1024 * 1024
_PROBLEMS = 1_000
"""Problems that are told one by one; what comes behind is counted."""
_SHOWN = 200
_NAMES = frozenset({"trace_id", "task_id", "parent"})
"""What traces are known by: never redacted, for nothing could be put together again."""


@dataclass(slots=True)
class ImportedTraces:
    """What an import of one file found: `traces` that could be read, `added` of which were not in the log before.

    `known` were there already, and stay as they are; `different` of them say something else there. `skipped` lines (or
    spans) are no traces. `unjudged` of those added say nothing of their outcome. `problems` tells the first ones.
    """

    traces: int = 0
    added: int = 0
    known: int = 0
    different: int = 0
    skipped: int = 0
    unjudged: int = 0
    remarks: int = 0
    problems: list[FileProblem] = field(default_factory=list[FileProblem])

    def tell(self, problem: FileProblem) -> None:
        """Count a problem, and keep it while there is room."""
        if problem.skipped:
            self.skipped += 1
        else:
            self.remarks += 1
        if len(self.problems) < _PROBLEMS:
            self.problems.append(problem)


async def import_traces(
    store: EventStore,
    path: Path,
    owner: Owner,
    *,
    agent_type: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ImportedTraces:
    """Put the traces of a file into the log; what is there already is passed over.

    Rows that are no traces are told and skipped. `agent_type` is for traces that do not name theirs; `progress` is
    called with the bytes read and all there are, from another thread. Raises `ConfigurationError` for a file that
    can't be read, and `StoreError`; what was imported until then stays.
    """
    importing = _Import(store, owner, read_traces(path, owner.user, agent_type=agent_type, progress=progress))
    try:
        while (batch := await store.run(importing.batch)) is not None:
            await _append(store, owner, importing, batch)
    finally:
        await store.run(importing.close)
    return importing.told


async def _append(store: EventStore, owner: Owner, importing: _Import, batch: list[_New]) -> None:
    while batch:
        try:
            await store.post([each.append for each in batch], tenant=owner.tenant).durable()
        except StreamConflict:  # somebody else imports the same traces: look again which are there
            batch = await store.run(lambda: [each for each in batch if not importing.is_known(each)])  # noqa: B023
            continue
        importing.told.added += len(batch)
        importing.told.unjudged += sum([each.unjudged for each in batch])
        return


@dataclass(frozen=True, slots=True)
class _New:
    """A trace that is to be appended."""

    line: int
    trace_id: str
    append: StreamDrafts
    unjudged: bool


class _Import:
    """The way through one file; its methods block."""

    def __init__(self, store: EventStore, owner: Owner, rows: Generator[FileRow | FileProblem]) -> None:
        self._store = store
        self._owner = owner
        self._rows = rows
        self.told = ImportedTraces()

    def close(self) -> None:
        """Let the file go."""
        self._rows.close()

    def batch(self) -> list[_New] | None:
        """The next traces that the log does not have; None at the end of the file."""
        batch: dict[str, _New] = {}
        size = count = 0
        while count < _BATCH and size < _BATCH_BYTES:
            each = next(self._rows, None)
            if each is None:
                return list(batch.values()) if count else None
            count += 1
            if isinstance(each, FileProblem):
                self.told.tell(each)
                continue
            self.told.traces += 1
            trace = each.row.trace
            new = self._encoded(each.line, trace)
            size += len(new.append.drafts[0].payload)
            before = batch.get(trace.trace_id)
            if before is not None:
                self._tell_known(new, same=before.append.drafts[0].payload == new.append.drafts[0].payload)
            elif not self._is_own(trace, each.line) and not self.is_known(new):
                batch[trace.trace_id] = new
        return list(batch.values())

    def _encoded(self, line: int, trace: TraceCollected) -> _New:
        stream = collected_stream(self._owner.tenant, trace.trace_id)
        return _New(line, trace.trace_id, self._store.encoded(StreamAppend(stream, [trace], 0)), trace.success is None)

    def is_known(self, new: _New) -> bool:
        """Whether the log has the trace; that it says something else there is told."""
        if not self._store.backend.version(new.append.stream):
            return False
        stored = self._store.codec.decode_page(self._store.backend.read(new.append.stream, 0))
        events = [entry.event for entry in stored[:1]]
        same = any(
            isinstance(event, TraceCollected) and self._store.codec.draft(event).payload == new.append.drafts[0].payload
            for event in events
        )
        self._tell_known(new, same=same)
        return True

    def _tell_known(self, new: _New, *, same: bool) -> None:
        self.told.known += 1
        if not same:
            self.told.different += 1
            name = excerpt(new.trace_id, _SHOWN)
            said = f"the trace {name} was there before and says something else"
            self.told.tell(FileProblem(new.line, said, skipped=False))

    def _is_own(self, trace: TraceCollected, line: int) -> bool:
        """Whether it is a trace of this very log, which was exported from it."""
        if trace.source != "supervisor":
            return False
        own = stream_name("trace", trace.trace_id.partition(PART)[0])
        known = self._store.backend.version(own) > 0
        self.told.known += known
        return known


async def export_traces(
    store: EventStore,
    owner: Owner,
    redactor: Redactor,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> AsyncGenerator[dict[str, JsonValue]]:
    """Every trace of an owner's that ended, the supervisor's own and collected ones, as rows of a trace file.

    Redacted; with the outcome that was reported last. Raises `StoreError` when the log can't be read.
    """
    collector = TraceCollector(store, tenant=owner.tenant, final=True)
    async with aclosing(collector.read()) as pages:
        async for page in pages:
            for each in page.collected:
                if each.trace.user == owner.user:
                    yield _redacted(each, redactor)
            if progress is not None:
                progress(page.position, page.head)


def _redacted(each: Collected, redactor: Redactor) -> dict[str, JsonValue]:
    record = each.record
    row = row_of(each.trace, record.success, record.score)
    redact = redactor.knowing(each.trace.task)
    return {name: value if name in _NAMES else redact.value(value) for name, value in row.items()}
