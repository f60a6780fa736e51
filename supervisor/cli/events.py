"""`agent-supervisor events`: the log itself, of all tenants; for whoever runs the machine."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing
from typing import TYPE_CHECKING, Annotated

import anyio
from cyclopts import Parameter
from cyclopts.validators import Number

from common.errors import ConfigurationError
from supervisor.cli.bars import bars
from supervisor.cli.event_lines import event_data, event_line
from supervisor.cli.options import CommonOptions
from supervisor.cli.output import note, redactor, write, write_json
from supervisor.cli.runtime import load, open_supervisor
from supervisor.queries.shown_events import TraceSecrets

if TYPE_CHECKING:
    from common.redaction import Redactor
    from common.settings import Settings
    from events.recorded import RecordedEvent
    from events.store import EventStore
    from events.verify import VerifyReport

__all__ = ["open_log", "seal", "tail", "topics_given", "verify"]

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
        topics = topics_given(topic)
        async with await open_log(load(common)) as store:
            head = await store.head()
            latest = await _latest(store, head, topics, limit)
            secrets = TraceSecrets(store, redactor)
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

        async with await open_log(load(common)) as store:
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

        async with open_supervisor(common, allow_missing_keys=True) as supervisor:
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
    if report.erased:
        write(f"  {report.erased} events were forgotten on purpose, and can't be read")
    for name, view in report.views.items():
        write(f"  view {name}: {view.rows} rows, {'equal to' if view.equal else 'DIFFERENT from'} one built anew")
    for problem in report.problems:
        write(f"  problem: {problem}")


async def open_log(settings: Settings) -> EventStore:
    """The store, whether or not its keys are there: what they encrypted is then shown as unknown."""
    from supervisor.store_opening import open_store

    return await open_store(settings, allow_missing_keys=True)


def topics_given(given: Collection[str]) -> Collection[str] | None:
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


def _show(recorded: RecordedEvent, as_json: bool, redact: Redactor) -> None:
    if as_json:
        write_json(event_data(recorded, redact), indent=None)
    else:
        write(event_line(recorded, redact))
