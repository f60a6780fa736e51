"""`agent-supervisor events views | rebuild | parked`: the views over the log, and what they could not take."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import anyio
from cyclopts import Parameter
from cyclopts.validators import Number

from common.errors import ConfigurationError
from supervisor.cli.bars import bars
from supervisor.cli.options import CommonOptions, who
from supervisor.cli.output import columns, note, one_line, terminal_width, write, write_json
from supervisor.cli.runtime import open_supervisor

if TYPE_CHECKING:
    from events.projection import ParkedEvent, Rebuilt, Views

__all__ = ["drop", "list_parked", "list_views", "rebuild", "retry"]

_ERROR = 200
Position = Annotated[int, Parameter(validator=Number(gte=1))]


def list_views(
    *,
    json: Annotated[bool, Parameter(help="Print one JSON document instead.")] = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Every view: how far it is, how many events behind the log at most, its rows, the events it could not take."""

    async def work() -> int:
        async with open_supervisor(common) as supervisor:
            states = await supervisor.views.states()
        if json:
            write_json([asdict(state) for state in states])
            return 0
        cells = [
            tuple(str(value) for value in (each.name, each.version, each.position, each.lag, each.rows, each.parked))
            for each in states
        ]
        write("\n".join(columns(("VIEW", "VERSION", "POSITION", "BEHIND", "ROWS", "PARKED"), cells, terminal_width())))
        return 0

    return anyio.run(work)


def rebuild(
    *names: Annotated[str, Parameter(help="The views, as “events views” names them.")],
    all: Annotated[bool, Parameter(help="Every view.")] = False,
    quiet: Annotated[bool, Parameter(help="Show no progress.")] = False,
    json: Annotated[bool, Parameter(help="Print one JSON document instead.")] = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Build views anew beside the live ones, check them, and switch; parked events are tried again.

    Reads and appends go on meanwhile. Whatever ends it early leaves the old view as it was.
    """
    if bool(names) == all:
        raise ConfigurationError("name the views, or say --all", where="events rebuild NAME|--all")

    async def work() -> int:
        async with open_supervisor(common) as supervisor:
            views = supervisor.views
            wanted = views.names if all else _known(names, views)
            rebuilt: list[Rebuilt] = []
            with bars(quiet=quiet) as shown:
                for name in wanted:
                    rebuilt.append(await views.rebuild(name, shown.follow(name), shown.follow(f"{name}, once more")))
        _tell(rebuilt, json)
        return 0

    return anyio.run(work)


def list_parked(
    *,
    all: Annotated[bool, Parameter(help="Those that were dropped, too.")] = False,
    json: Annotated[bool, Parameter(help="Print one JSON document instead.")] = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Events that a view could not take, oldest first, and why. The other views have them."""

    async def work() -> int:
        async with open_supervisor(common) as supervisor:
            parked = await supervisor.views.parked(dropped=all)
        if json:
            write_json([_parked_data(entry) for entry in parked])
        elif not parked:
            note("Nothing is parked.")
        else:
            cells = [
                (str(each.position), each.view, each.event_id, each.topic, "dropped" if each.dropped else "parked",
                 one_line(each.error, _ERROR))
                for each in parked
            ]  # fmt: skip
            header = ("POSITION", "VIEW", "EVENT", "TOPIC", "STATE", "ERROR")
            write("\n".join(columns(header, cells, terminal_width())))
        return 0

    return anyio.run(work)


def retry(
    *positions: Position,
    all: Annotated[bool, Parameter(help="Every parked event that was not dropped.")] = False,
    quiet: Annotated[bool, Parameter(help="Show no progress.")] = False,
    json: Annotated[bool, Parameter(help="Print one JSON document instead.")] = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Try the events at these positions again, by building the views anew that parked them.

    Exits with 1 where some are parked again.
    """
    _one_way(positions, all)

    async def work() -> int:
        from supervisor.queries.parked import parked_at, retry_parked

        async with open_supervisor(common) as supervisor:
            tried = await parked_at(supervisor.views, None if all else positions)
            with bars(quiet=quiet) as shown:
                rebuilt = await retry_parked(supervisor.views, tried, shown.follow)
            left = {(entry.view, entry.event_id) for entry in await supervisor.views.parked(dropped=True)}
        again = [entry for entry in tried if (entry.view, entry.event_id) in left]
        if json:
            write_json(
                {
                    "tried": [_parked_data(entry) for entry in tried],
                    "parked_again": [_parked_data(entry) for entry in again],
                    "rebuilt": [asdict(each) for each in rebuilt],
                }
            )
        else:
            write(f"{_count(tried)} tried, {len(tried) - len(again)} taken, {len(again)} parked again")
        return 1 if again else 0

    return anyio.run(work)


def drop(
    *positions: Position,
    all: Annotated[bool, Parameter(help="Every parked event.")] = False,
    reason: Annotated[str, Parameter(help="Recorded with the decision.")] = "",
    by: Annotated[str | None, Parameter(help="Who decides (default: the login name).")] = None,
    json: Annotated[bool, Parameter(help="Print one JSON document instead.")] = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Have parked events listed no more: they stay in the log and out of the view. The decision is an event, too."""
    _one_way(positions, all)

    async def work() -> int:
        from supervisor.queries.parked import drop_parked, parked_at

        async with open_supervisor(common) as supervisor:
            parked = await parked_at(supervisor.views, None if all else positions)
            dropped = await drop_parked(supervisor.views, parked, by=who(by), reason=reason)
        if json:
            write_json({"dropped": dropped, "events": [_parked_data(entry) for entry in parked]})
        else:
            write(f"{dropped} of {_count(parked)} dropped")
        return 0

    return anyio.run(work)


def _one_way(positions: Collection[int], all: bool) -> None:
    if bool(positions) == all:
        raise ConfigurationError("name positions, or say --all", where="events parked", todo="List: events parked.")


def _known(names: Sequence[str], views: Views) -> list[str]:
    for name in names:
        if name not in views.names:
            near = difflib.get_close_matches(name, views.names, n=1, cutoff=0.4)
            todo = f"Did you mean {near[0]!r}?" if near else f"Views: {', '.join(sorted(views.names))}."
            raise ConfigurationError(f"there is no view {name!r}", where="events rebuild", todo=todo)
    return list(dict.fromkeys(names))


def _tell(rebuilt: Sequence[Rebuilt], as_json: bool) -> None:
    if as_json:
        write_json([asdict(each) for each in rebuilt])
        return
    for each in rebuilt:
        rows = "other rows than before" if each.changed else "the same as before"
        parked = f"; {each.parked} parked, see events parked" if each.parked else ""
        write(f"{each.name}: {each.rows} rows up to position {each.position}, {rows}{parked}")


def _parked_data(entry: ParkedEvent) -> dict[str, object]:
    return {**asdict(entry), "parked_at": entry.parked_at.isoformat()}


def _count(parked: Sequence[ParkedEvent]) -> str:
    return f"{len(parked)} parked event{'' if len(parked) == 1 else 's'}"
