"""What is refused or found out before anything is written, and faults of the builder itself."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from common.errors import BuilderFault, BuildError, SandboxError
from events.state.build import BuildStatus
from events.store import EventStore
from roles.builder.beginning import is_worth_resuming
from roles.builder.service_builder import ServiceBuilder
from roles.engineering.specification import Column, DataSource, Table
from tests.roles.builder.made_parts import MadeParts, builder, specification

BUILD = "a" * 32


@pytest.fixture
def parts(tmp_path: Path) -> MadeParts:
    return MadeParts(tmp_path)


@pytest.fixture
async def made(tmp_path: Path, parts: MadeParts) -> AsyncGenerator[ServiceBuilder]:
    async with await EventStore.open("memory://") as store:
        yield builder(store, await store.ownership(), tmp_path, parts, database_url="sqlite:///there.db")


async def test_a_fault_of_the_builder_itself_is_told_as_one_and_kept_in_the_folder(
    made: ServiceBuilder, parts: MadeParts, tmp_path: Path
) -> None:
    def broken(what: str) -> None:
        if what == "security":
            raise NameError("name 'nothing' is not defined")

    parts.at = broken
    with pytest.raises(BuilderFault, match=r"NameError: name 'nothing' is not defined\); the build's folder stays"):
        await made.create_agent("double a number", by="ann", build_id=BUILD)
    state = await made.state(BUILD)
    assert state.failed is not None
    assert (state.status, state.failed.stage, state.failed.code) == (BuildStatus.FAILED, "security", "builder_fault")
    assert "NameError" in (tmp_path / "builds" / BUILD / "fault.txt").read_text()
    parts.at = lambda _: None
    assert made.may_come_further(state)
    assert (await made.resume(BUILD, by="ann")).deployed


async def test_without_a_sandbox_nothing_is_written(made: ServiceBuilder, parts: MadeParts) -> None:
    async def none() -> None:
        raise SandboxError("there is no sandbox", todo="apt-get install bubblewrap")

    whole = made.parts
    made.parts = replace(whole, ready=none)
    with pytest.raises(SandboxError, match="there is no sandbox"):
        await made.create_agent("double a number", by="ann", build_id=BUILD)
    assert not any(what.startswith("write") for what in parts.counts)
    state = await made.state(BUILD)
    assert state.failed is not None
    assert (state.failed.stage, made.may_come_further(state)) == ("validate", True)
    made.parts = whole
    assert (await made.resume(BUILD, by="ann")).deployed


def source(*columns: str, table: str = "homes", **more: Any) -> DataSource:
    there = tuple(Column(name=name, type="number") for name in columns)
    return DataSource(tables=(Table(name=table, columns=there),), **more)


@pytest.mark.parametrize(
    ("reads", "missing"),
    [
        (source("id", "rent"), ""),
        (source("ID", "Rent", table="public.Homes"), ""),
        (source("id", "price"), "no column homes.price"),
        (source("id", table="houses"), "no table houses"),
        (source("id", table="houses", variable="OTHER_URL"), ""),
    ],
)
async def test_a_given_specification_reads_what_the_database_has(
    made: ServiceBuilder, parts: MadeParts, reads: DataSource, missing: str
) -> None:
    async def read_schema(url: str) -> tuple[DataSource, ...]:
        return (source("id", "rent"),)

    parts.read_schema = read_schema  # type: ignore[method-assign]
    given = specification("halver", sources=(reads,)).model_dump_json()
    if missing:
        with pytest.raises(BuildError, match=missing):
            await made.create_agent("", by="ann", specification=given)
        assert not any(what.startswith("write") for what in parts.counts)
    else:
        assert (await made.create_agent("", by="ann", specification=given)).deployed


@pytest.mark.parametrize(
    ("stage", "code", "model", "worth"),
    [
        ("analyze", "build", False, False), ("analyze", "build", True, False), ("validate", "build", False, False),
        ("specify", "validation", True, True), ("analyze", "sandbox", False, True), ("test", "build", False, True),
        ("health", "build", False, True), ("specify", "configuration", False, False),
        ("analyze", "builder_fault", False, True),
    ],
)  # fmt: skip
def test_what_can_not_be_understood_stays_so(stage: str, code: str, model: bool, worth: bool) -> None:
    assert is_worth_resuming(stage, code, model=model) is worth
