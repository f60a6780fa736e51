"""`agent-supervisor events`: the log itself, of all tenants; for whoever runs the machine."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import anyio
from cyclopts import Parameter
from cyclopts.validators import Number

from common.errors import ConfigurationError
from supervisor.cli.event_lines import event_data, event_line
from supervisor.cli.options import CommonOptions
from supervisor.cli.output import note, write, write_json
from supervisor.cli.runtime import load, open_supervisor

if TYPE_CHECKING:
    from common.settings import Settings
    from events.recorded import RecordedEvent
    from events.store import EventStore

__all__ = ["export", "tail", "verify"]

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
            if json and not follow:
                write_json([event_data(recorded) for recorded in latest])
                return 0
            for recorded in latest:
                _show(recorded, json)
            if follow:
                async with aclosing(store.follow(head, topics)) as events:
                    async for recorded in events:
                        _show(recorded, json)
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
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """All events, one JSON object a line; redacted unless told otherwise."""
    if unredacted and topic:
        raise ConfigurationError("an unredacted export holds every topic", where="--topic", todo="Leave one out.")

    async def work() -> int:
        topics = _topics(topic)
        async with await _open(load(common)) as store:
            lines = _exact_lines(store, after) if unredacted else _redacted_lines(store, after, topics)
            if output is None:
                await _write_lines(lines, sys.stdout)
                return 0
            try:
                with _open_private(output) as file:
                    count = await _write_lines(lines, file)
            except OSError as error:
                raise ConfigurationError(
                    f"the export can't be written: {error.strerror or error}", where=f"--output {output}"
                ) from None
        note(f"{count} events written to {output}")
        return 0

    return anyio.run(work)


def verify(
    *,
    json: Annotated[bool, Parameter(help="Print one JSON document instead.")] = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Check every event's checksum and place in the chain, and that every view equals one built anew."""

    async def work() -> int:
        from events.verify import verify as verify_log

        async with open_supervisor(common) as supervisor:
            report = await verify_log(supervisor.store, supervisor.views)
        if json:
            write_json(report.as_json())
            return 0 if report.ok else 1
        write(f"{report.events} events in {report.streams} streams: {'ok' if report.ok else 'NOT ok'}")
        for name, view in report.views.items():
            write(f"  view {name}: {view.rows} rows, {'equal to' if view.equal else 'DIFFERENT from'} one built anew")
        for problem in report.problems:
            write(f"  problem: {problem}")
        return 0 if report.ok else 1

    return anyio.run(work)


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


async def _redacted_lines(store: EventStore, after: int, topics: Collection[str] | None) -> AsyncGenerator[str]:
    import json

    async with aclosing(_pages(store, after, topics)) as events:
        async for recorded in events:
            yield json.dumps(event_data(recorded))


def _exact_lines(store: EventStore, after: int) -> AsyncGenerator[str]:
    from events.transfer import export_lines

    return export_lines(store, after)


async def _write_lines(lines: AsyncGenerator[str], file: TextIO) -> int:
    count = 0
    async with aclosing(lines):
        async for line in lines:
            file.write(f"{line}\n")
            count += 1
    file.flush()
    return count


def _open_private(path: Path) -> TextIO:
    """A file that only its owner may read."""
    return open(path, "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600))


def _show(recorded: RecordedEvent, as_json: bool) -> None:
    if as_json:
        write_json(event_data(recorded), indent=None)
    else:
        write(event_line(recorded))
