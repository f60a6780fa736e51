"""Verification finds whatever was changed in a log behind its back."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.intents import StreamAppend
from events.projection import Views
from events.store import EventStore
from events.verify import VerifyReport, ViewReport, verify
from events.views.builtin import builtin_views
from tests.events.example_views import FactView
from tests.events.samples import fact

Tamper = Callable[[sqlite3.Connection], object]


async def make(path: Path) -> None:
    async with await EventStore.open(f"sqlite:///{path}") as store:
        for number in range(5):
            await store.append(
                [StreamAppend("a", [fact(number)]), StreamAppend(f"s{number}", [fact(number), fact(number)])]
            )


async def verified(path: Path) -> VerifyReport:
    async with await EventStore.open(f"sqlite:///{path}") as store:
        return await verify(store)


def tamper(path: Path, how: Tamper) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        how(database)


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    await make(tmp_path / "events.db")
    return tmp_path / "events.db"


async def test_a_whole_log(path: Path) -> None:
    report = await verified(path)
    assert report == VerifyReport(events=15, streams=6, ok=True, problems=[], views={}, unsealed=15)


async def test_the_report_as_json(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    async with await EventStore.open(f"sqlite:///{tmp_path / 'events.db'}") as store:
        views = Views(store, [FactView(), *builtin_views()])
        await store.append("a", [fact(1), fact(2)])
        report = await verify(store, views, lambda done, whole: seen.append((done, whole)))
        await views.close()
    assert report.views["facts"] == ViewReport(equal=True, rows=2)
    document = report.as_json()
    assert set(document) == {"events", "streams", "ok", "problems", "views"}
    assert document["views"]["facts"] == {"equal": True, "rows": 2}
    assert seen == [(2, 2)]


async def test_an_empty_log(tmp_path: Path) -> None:
    report = await verified(tmp_path / "events.db")
    assert (report.ok, report.events, report.streams) == (True, 0, 0)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("DELETE FROM stored_events WHERE rowid = 7", "positions 7 to 7 were removed"),
        ("DELETE FROM stored_events WHERE originator_id = 's2'", "positions 8 to 9 were removed"),
        ("DELETE FROM stored_events WHERE rowid > 12", "positions 13 to 15 were removed"),
        ("DELETE FROM stored_events", "positions 1 to 15 were removed"),
        ("UPDATE stored_events SET topic = 'x' WHERE rowid = 15", "checksum"),
        ("UPDATE stored_events SET originator_id = 'zz' WHERE rowid = 15", "checksum"),
        ("UPDATE stored_events SET originator_version = 9 WHERE rowid = 15", "checksum"),
        ("UPDATE stored_events SET state = x'' WHERE rowid = 4", "cut short"),
        ("UPDATE stored_events SET rowid = 20 WHERE rowid = 15", "positions 15 to 19"),
    ],
)
async def test_what_was_done_to_it_is_found(path: Path, change: str, found: str) -> None:
    tamper(path, lambda database: database.execute(change))
    report = await verified(path)
    assert not report.ok
    assert any(found in problem for problem in report.problems), report.problems


async def test_a_row_that_was_replaced_by_another_good_one_is_found(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    async with await EventStore.open(f"sqlite:///{other}") as store:
        await store.append("a", [fact(77)])
    with closing(sqlite3.connect(other)) as database:
        state = database.execute("SELECT state FROM stored_events").fetchone()[0]
    tamper(path, lambda db: db.execute("UPDATE stored_events SET state = ? WHERE rowid = 1", (state,)))
    report = await verified(path)
    assert report.problems == [
        "a@2 at position 4: it does not follow on the event before it: one of the two was replaced"
    ]


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 15), st.integers(min_value=0), st.integers(1, 255))
def test_any_flipped_byte_of_any_event_is_found(row: int, place: int, change: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.db"

        def flip(database: sqlite3.Connection) -> None:
            stored = bytearray(
                database.execute("SELECT state FROM stored_events WHERE rowid = ?", (row,)).fetchone()[0]
            )
            stored[place % len(stored)] ^= change
            database.execute("UPDATE stored_events SET state = ? WHERE rowid = ?", (bytes(stored), row))

        anyio.run(make, path)
        tamper(path, flip)
        report = anyio.run(verified, path)
        assert not report.ok
        assert any(f"at position {row}:" in problem for problem in report.problems)


async def test_many_problems_are_bounded(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    async with await EventStore.open(f"sqlite:///{path}") as store:
        await store.append("a", [fact(number) for number in range(1_500)])
    tamper(path, lambda db: db.execute("UPDATE stored_events SET state = x'00'"))
    report = await verified(path)
    assert (len(report.problems), report.events, report.ok) == (1_000, 1_500, False)


async def test_a_damaged_page_is_a_problem_and_no_crash(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    async with await EventStore.open(f"sqlite:///{path}") as store:
        await store.append("a", [fact(number, "x" * 2_000) for number in range(200)])
    content = bytearray(path.read_bytes())
    for page in range(20, 40):
        content[page * 4096 : page * 4096 + 64] = b"\xff" * 64
    path.write_bytes(content)
    report = await verified(path)
    assert not report.ok
    assert report.problems
