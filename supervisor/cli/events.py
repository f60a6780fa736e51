"""`agent-supervisor events`: the log itself, of all tenants; for whoever runs the machine."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import AsyncGenerator, Collection, Generator
from contextlib import aclosing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import anyio
from cyclopts import Parameter
from cyclopts.validators import Number

from common.errors import ConfigurationError
from supervisor.cli.bars import Follow, bars
from supervisor.cli.event_lines import TraceSecrets, event_data, event_line
from supervisor.cli.options import CommonOptions
from supervisor.cli.output import note, write, write_json
from supervisor.cli.runtime import load, open_supervisor

if TYPE_CHECKING:
    from common.redaction import Redactor
    from common.settings import Settings
    from events.recorded import RecordedEvent
    from events.store import EventStore
    from events.verify import VerifyReport

__all__ = ["export", "import_events", "seal", "tail", "verify"]

_PAGE = 1_000


def tail(
    *,
    limit: Annotated[
        int, Parameter(help="How many of the latest (default: 20).", validator=Number(gte=0, lte=100_000))
    ] = 20,
    follow: Annotated[bool, Parameter(name=["--follow", "-f"], help="Stay, and show new events as they come.")] = False,
    topic: Annotated[tuple[str, ...], Parameter(help="Only this topic, such as tool.called (repeatable).")] = (),
    json: Annotated[bool, Parameter(help="Print a JSON document (with --follow: one an event).")] = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """The latest events; with --follow it stays until Ctrl-C."""

    async def work() -> int:
        topics = _topics(topic)
        async with await _open(load(common)) as store:
            head = await store.head()
            latest = await _latest(store, head, topics, limit)
            secrets = TraceSecrets(store)
            if json and not follow:
                write_json([event_data(recorded, await secrets.redactor_for(recorded)) for recorded in latest])
                return 0
            for recorded in latest:
                _show(recorded, json, await secrets.redactor_for(recorded))
            if follow:
                async with aclosing(store.follow(head, topics)) as events:
                    async for recorded in events:
                        _show(recorded, json, await secrets.redactor_for(recorded))
        return 0

    try:
        return anyio.run(work)
    except KeyboardInterrupt:
        return 0 if follow else 1


def export(
    *,
    output: Annotated[Path | None, Parameter(help="Write to this file instead of standard output.")] = None,
    after: Annotated[int, Parameter(help="Only events behind this position.", validator=Number(gte=0))] = 0,
    topic: Annotated[tuple[str, ...], Parameter(help="Only this topic, such as tool.called (repeatable).")] = (),
    unredacted: Annotated[
        bool, Parameter(help="Whole and exact, so that it can be imported: as secret as the log itself.")
    ] = False,
    quiet: Annotated[bool, Parameter(help="Show no progress and no warning.")] = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """All events, one JSON object a line.

    Redacted unless told otherwise: to be shown and searched, and not to be imported. With --unredacted: a copy of the
    log, for events import. A file is there when it is whole; only its owner may read it.
    """
    if unredacted and topic:
        raise ConfigurationError("an unredacted export holds every topic", where="--topic", todo="Leave one out.")

    async def work() -> int:
        topics = _topics(topic)
        async with await _open(load(common)) as store:
            if unredacted and not quiet:
                note("This export holds everything, secrets included: keep it like the log itself.")
            with bars(quiet=quiet or output is None) as shown:
                follow = shown.follow("export")
                lines = (
                    _exact_lines(store, after, follow) if unredacted else _redacted_lines(store, after, topics, follow)
                )
                if output is None:
                    await _write_lines(lines, sys.stdout)
                    return 0
                with _whole_file(output) as file:
                    count = await _write_lines(lines, file)
        note(f"{count} events written to {output}")
        return 0

    return anyio.run(work)


def import_events(
    file: Annotated[Path, Parameter(help="An unredacted export; - for standard input.", allow_leading_hyphen=True)],
    /,
    *,
    quiet: Annotated[bool, Parameter(help="Show no progress.")] = False,
    json: Annotated[bool, Parameter(help="Print one JSON document instead.")] = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Put an unredacted export into an empty store, byte for byte, or finish an import that broke off.

    Everything is checked before anything is written. Importing the same file again changes nothing.
    """

    async def work() -> int:
        from events.transfer import import_lines

        settings = load(common)
        await anyio.Path(settings.data_dir).mkdir(parents=True, exist_ok=True)
        with _seekable(file) as path, bars(quiet=quiet) as shown:
            checking = shown.follow("check")
            async with await _open(settings) as store:
                imported = await import_lines(store, lambda: _lines(path, checking), shown.follow("import"))
        if json:
            write_json(asdict(imported))
        else:
            write(f"{imported.events} events read, {imported.added} added")
        return 0

    return anyio.run(work)


def seal(
    *,
    json: Annotated[bool, Parameter(help="Print one JSON document instead.")] = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Append an event that says what the whole log before it is; note its digest somewhere else.

    events verify --seal DIGEST then finds even an end of the log that was removed together with its seals.
    """

    async def work() -> int:
        from events.seal import seal_log

        async with await _open(load(common)) as store:
            sealed = await seal_log(store)
        if json:
            write_json(event_data(sealed) if sealed is not None else None)
        elif sealed is None:
            note("Nothing to seal: the log has no event behind its last seal.")
        else:
            data = event_data(sealed)["payload"]
            write(f"{sealed.id}: {data['events']} events in {data['streams']} streams, digest {data['digest']}")
        return 0

    return anyio.run(work)


def verify(
    *,
    seal: Annotated[
        tuple[str, ...], Parameter(help="The digest of a seal that the log must have (repeatable), as noted before.")
    ] = (),
    quiet: Annotated[bool, Parameter(help="Show no progress.")] = False,
    json: Annotated[bool, Parameter(help="Print one JSON document instead.")] = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Check every event's checksum, its place in the chain and the seals, and that every view equals one built anew.

    Exits with 1 where something is wrong.
    """

    async def work() -> int:
        from events.verify import verify as verify_log

        async with open_supervisor(common) as supervisor:
            with bars(quiet=quiet) as shown:
                report = await verify_log(
                    supervisor.store, supervisor.views, shown.follow("log"), seals=seal, comparing=shown.follow
                )
        if json:
            write_json(report.as_json())
        else:
            _show_report(report)
        return 0 if report.ok else 1

    return anyio.run(work)


def _show_report(report: VerifyReport) -> None:
    write(f"{report.events} events in {report.streams} streams: {'ok' if report.ok else 'NOT ok'}")
    if report.seals:
        write(f"  {report.seals} seal{'' if report.seals == 1 else 's'}, {report.unsealed} events behind the last")
    else:
        write("  no seal yet: a removed stream would not be noticed (events seal)")
    if report.newer:
        write(f"  {report.newer} events of newer kinds, which only a newer version can read")
    for name, view in report.views.items():
        write(f"  view {name}: {view.rows} rows, {'equal to' if view.equal else 'DIFFERENT from'} one built anew")
    for problem in report.problems:
        write(f"  problem: {problem}")


async def _open(settings: Settings) -> EventStore:
    from events.store import EventStore

    return await EventStore.open(settings.store_url, timeout=settings.store.timeout)


def _topics(given: Collection[str]) -> Collection[str] | None:
    """The topics to look for, None for all. Raises `ConfigurationError` that names the nearest one."""
    import difflib

    from events.catalogue import BY_TOPIC

    for topic in given:
        if topic not in BY_TOPIC:
            near = difflib.get_close_matches(topic, BY_TOPIC, n=1, cutoff=0.4)
            raise ConfigurationError(
                f"there is no topic {topic!r}",
                where="--topic",
                todo=f"Did you mean {near[0]!r}?" if near else f"Topics: {', '.join(sorted(BY_TOPIC))}.",
            )
    return set(given) or None


async def _latest(store: EventStore, head: int, topics: Collection[str] | None, limit: int) -> list[RecordedEvent]:
    """The last `limit` events up to `head`: looks further and further back until there are enough."""
    back = max(limit, 1)
    while True:
        after = max(0, head - back)
        found = [recorded async for recorded in _pages(store, after, topics) if recorded.position <= head]
        if len(found) >= limit or after == 0:
            return found[len(found) - limit :] if len(found) > limit else found
        back *= 8


async def _pages(store: EventStore, after: int, topics: Collection[str] | None) -> AsyncGenerator[RecordedEvent]:
    while True:
        page = await store.read_all(after, topics, _PAGE)
        for recorded in page:
            yield recorded
        if len(page) < _PAGE:
            return
        after = page[-1].position


async def _redacted_lines(
    store: EventStore, after: int, topics: Collection[str] | None, follow: Follow | None
) -> AsyncGenerator[str]:
    import json

    secrets = TraceSecrets(store)
    async with aclosing(_pages(store, after, topics)) as events:
        async for recorded in events:
            data = event_data(recorded, await secrets.redactor_for(recorded))
            data["header"]["redacted"] = True
            yield json.dumps(data)
            if follow is not None and recorded.position % _PAGE == 0:
                follow(recorded.position, store.known_head)


def _exact_lines(store: EventStore, after: int, follow: Follow | None) -> AsyncGenerator[str]:
    from events.transfer import export_lines

    return export_lines(store, after, follow)


async def _write_lines(lines: AsyncGenerator[str], file: TextIO) -> int:
    count = 0
    async with aclosing(lines):
        async for line in lines:
            file.write(f"{line}\n")
            count += 1
    file.flush()
    return count


@contextmanager
def _whole_file(path: Path) -> Generator[TextIO]:
    """A file that only its owner may read, and that is there when it is whole. Raises `ConfigurationError`."""
    path = path.resolve()
    if path.exists() and not path.is_file() and not path.is_dir():  # a pipe or a device, which stays what it is
        with path.open("w", encoding="utf-8") as special:
            yield special
        return
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        try:
            with open(part, "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"the export can't be written: {error.strerror or error}", where=f"--output {path}"
        ) from None


@contextmanager
def _seekable(file: Path) -> Generator[Path]:
    """The file itself, or a private copy of standard input, for it is read twice. Raises `ConfigurationError`."""
    try:
        if str(file) != "-":
            with file.open("rb"):
                yield file
            return
        with tempfile.NamedTemporaryFile() as copy:
            shutil.copyfileobj(sys.stdin.buffer, copy)
            copy.flush()
            yield Path(copy.name)
    except OSError as error:
        raise ConfigurationError(f"the file can't be read: {error.strerror or error}", where=str(file)) from None


def _lines(path: Path, follow: Follow | None) -> Generator[str]:
    """The lines of a file; `follow` is told of the bytes read. Raises `ConfigurationError` for what is no text."""
    whole, done = path.stat().st_size, 0
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            done += len(line)
            if follow is not None and number % _PAGE == 0:
                follow(done, whole)
            try:
                yield line.decode()
            except UnicodeDecodeError:
                raise ConfigurationError("the line is no text in UTF-8", where=f"{path}, line {number}") from None


def _show(recorded: RecordedEvent, as_json: bool, redact: Redactor) -> None:
    if as_json:
        write_json(event_data(recorded, redact), indent=None)
    else:
        write(event_line(recorded, redact))
