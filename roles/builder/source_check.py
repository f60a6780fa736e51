"""Whether the database has what a given specification reads; of what is understood from words that is known already."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from common.errors import BuildError
from roles.builder.parts import Understanding
from roles.engineering.specification import DataSource, Specification

__all__ = ["check_sources"]

_VARIABLE = "DATABASE_URL"
"""The variable of the database that the builder knows the address of; others are the host's affair."""
_TOLD = 10


async def check_sources(understanding: Understanding, made: Specification, database_url: str | None) -> None:
    """Raise `BuildError` for tables and columns of a specification that the builder's database does not have."""
    wanted = [source for source in made.sources if source.variable == _VARIABLE]
    if not wanted or not database_url:
        return
    there = await understanding.read_schema(database_url)
    missing = list(_missing(wanted, there))
    if missing:
        more = f" and {len(missing) - _TOLD} more" if len(missing) > _TOLD else ""
        raise BuildError(
            f"the database has no {', no '.join(missing[:_TOLD])}{more}, which the specification reads",
            where="specification", todo="Name another database (builder.database_url), or mend the specification.",
        )  # fmt: skip


def _missing(wanted: Sequence[DataSource], there: Sequence[DataSource]) -> Iterator[str]:
    """What is not there, as databases compare names: whatever their case, and with or without a schema."""
    known = {_plain(table.name): {_plain(one.name) for one in table.columns} for one in there for table in one.tables}
    for source in wanted:
        for table in source.tables:
            columns = known.get(_plain(table.name))
            if columns is None:
                yield f"table {table.name}"
            else:
                yield from (
                    f"column {table.name}.{one.name}" for one in table.columns if _plain(one.name) not in columns
                )


def _plain(name: str) -> str:
    return name.rpartition(".")[2].lower()
