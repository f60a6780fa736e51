"""Gives a built agent the rows of its specification's queries, and nothing else of any database."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, cast

import anyio
import anyio.to_thread
from pydantic import JsonValue

from common.errors import AgentError, SupervisorError, ValidationFailed

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from roles.engineering.specification import DataSource, Specification

__all__ = ["AddressOf", "DataBroker"]

AddressOf = Callable[[str], str | None]
"""From a variable's name (``DATABASE_URL``) to the address of the database, None where none is set."""

_SCALARS = (str, int, float, bool, type(None))
_MAX_TEXT = 10_000
_MAX_ITEMS = 1_000
_GRACE = 5.0
"""Seconds beyond those of a query after which its thread is no longer waited for (a database that does not answer)."""


class DataBroker:
    """Runs the queries of one specification, read-only and bounded in time and rows; see `roles.engineering.queries`.

    The address of the database stays here: neither the agent nor any message is told it. Connections are made at the
    first query. `today` says from which day "the last 30 days" count (None: the machine's).
    """

    def __init__(
        self,
        specification: Specification,
        address_of: AddressOf,
        *,
        seconds: float = 10.0,
        today: Callable[[], date] | None = None,
    ) -> None:
        self._specification = specification
        self._address_of = address_of
        self._seconds = seconds
        self._today = today
        self._engines: dict[str, tuple[str, Engine]] = {}

    async def fetch(self, query: str, parameters: Mapping[str, JsonValue]) -> list[dict[str, JsonValue]]:
        """The rows of a query, by the names that it selects.

        Raises `AgentError`: case ``unsupported`` for a query or parameters that the specification does not have,
        ``source_unavailable`` where the database can't be asked.
        """
        try:
            wanted = self._specification.query(query)
        except KeyError:
            raise AgentError(
                "unsupported", f"the agent asked for the query {query!r}, which it does not have"
            ) from None
        _check(parameters)
        source = self._specification.source(wanted.source)
        return cast("list[dict[str, JsonValue]]", await self._in_thread(lambda: self._run(source, query, parameters)))

    async def probe(self) -> None:
        """Ask each database whether it is there, and can read the queries. Raises `AgentError`."""
        for source in self._specification.sources:
            await self._in_thread(lambda source=source: self._touch(source))

    async def close(self) -> None:
        """Let all connections go."""
        engines, self._engines = self._engines, {}
        for _, engine in engines.values():
            await anyio.to_thread.run_sync(engine.dispose)

    async def _in_thread(self, work: Callable[[], Any]) -> Any:
        try:
            with anyio.fail_after(self._seconds + _GRACE):
                return await anyio.to_thread.run_sync(work, abandon_on_cancel=True)
        except TimeoutError:
            raise _unavailable(f"the database gave no answer within {self._seconds + _GRACE:g} seconds") from None
        except ValidationFailed as error:
            raise AgentError("invalid_input", error.what, todo=error.todo) from None
        except SupervisorError as error:
            raise _unavailable(error.what, error.todo) from None

    def _run(self, source: DataSource, query: str, parameters: Mapping[str, JsonValue]) -> list[dict[str, object]]:
        from roles.engineering.queries import run_query

        today = None if self._today is None else self._today()
        engine = self._engine(source)
        return run_query(engine, self._specification, query, parameters, seconds=self._seconds, today=today)

    def _touch(self, source: DataSource) -> None:
        engine = self._engine(source)
        from sqlalchemy import select
        from sqlalchemy.exc import SQLAlchemyError

        try:
            with engine.connect() as connection:
                connection.execute(select(1))
        except SQLAlchemyError as error:
            # the driver's own words may repeat the address
            raise _unavailable(f"the database can't be reached ({type(error).__name__})") from None
        from roles.engineering.queries import try_query

        for query in self._specification.queries:
            if query.source == source.name:
                try_query(engine, self._specification, query, seconds=self._seconds)

    def _engine(self, source: DataSource) -> Engine:
        from roles.engineering.queries import engine_for

        address = self._address_of(source.variable)
        if not address:
            raise _unavailable(
                f"{source.variable} is not set, so there is no database to ask",
                f"Set {source.variable} to the database's address (postgresql://… or sqlite:///…).",
            )
        known = self._engines.get(source.name)
        if known is not None and known[0] == address:
            return known[1]
        engine = engine_for(address)
        self._engines[source.name] = (address, engine)
        return engine


def _unavailable(what: str, todo: str = "") -> AgentError:
    return AgentError(
        "source_unavailable", what, todo=todo or "Start the database, and look whether DATABASE_URL names it."
    )


def _check(parameters: Mapping[str, JsonValue]) -> None:
    """Raise `AgentError` for parameters of any other form than values and short lists of them."""
    for name, value in parameters.items():
        items = cast("list[object]", value) if isinstance(value, list) else [value]
        plain = len(items) <= _MAX_ITEMS and all(_is_plain(item) for item in items)
        if not plain:
            raise AgentError("invalid_input", f"the value of {name[:60]!r} is none that a query can take")


def _is_plain(value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= _MAX_TEXT and "\0" not in value
    return isinstance(value, _SCALARS) and not (isinstance(value, float) and not math.isfinite(value))
