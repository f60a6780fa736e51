"""Segment files that are missing, cut short or changed: told with the file's name, and the rest of the log goes on."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from common.errors import StoreUnavailable
from events.archive.archive import SegmentUnreadable
from events.archive.run import archive_log
from events.projection import Views
from events.seal import seal_log
from events.store import EventStore
from events.verify import VerifyReport, verify
from events.views.builtin import builtin_views
from tests.events.archive.traces import add_trace, all_rows, files
from tests.events.samples import fact

SEGMENTS, EVENTS = 3, 12


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.db"


@pytest.fixture
async def segments(path: Path) -> list[Path]:
    """A log with seals, facts, and three segments of three traces each."""
    async with await EventStore.open(f"sqlite:///{path}") as store:
        for number in range(9):
            await add_trace(store, f"t{number}", 3)
            await store.append("facts", [fact(number)])
            if number in (0, 4, 7):
                await seal_log(store)
        await archive_log(store, await store.head(), rows=EVENTS)
        await seal_log(store)
        await store.append("facts", [fact(10)])
        assert (await verify(store)).problems == []
        assert len(files(store)) == SEGMENTS
        return files(store)


async def verified(path: Path) -> VerifyReport:
    async with await EventStore.open(f"sqlite:///{path}") as store:
        views = Views(store, builtin_views())
        report = await verify(store, views)
        await views.close()
        return report


def sql(path: Path, *statement: object) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(*statement)  # pyright: ignore[reportArgumentType, reportCallIssue]


def remove(file: Path) -> None:
    file.unlink()


def cut(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def flip(place: float) -> Callable[[Path], None]:
    def change(file: Path) -> None:
        content = bytearray(file.read_bytes())
        content[int(len(content) * place)] ^= 1
        file.write_bytes(content)

    return change


def grow(file: Path) -> None:
    file.write_bytes(file.read_bytes() + b"more")


def exchange(file: Path) -> None:
    other = next(each for each in file.parent.iterdir() if each != file)
    shutil.copy(other, file)


def make_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def empty(file: Path) -> None:
    os.truncate(file, 0)


DAMAGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "missing": (remove, "is missing"),
    "cut": (cut, "was cut short"),
    "grown": (grow, "was changed"),
    "empty": (empty, "was cut short"),
    "magic": (flip(0.0), "was changed"),
    "block": (flip(0.3), "was changed"),
    "index": (flip(0.9), "was changed"),
    "footer": (flip(0.9999), "was changed"),
    "exchanged": (exchange, "changed|cut short"),
    "folder": (make_folder, "can't be read|changed|cut short"),
}


@pytest.mark.parametrize("damage", DAMAGES)
async def test_a_damaged_file_is_one_problem_and_the_rest_is_verified(
    path: Path, segments: list[Path], damage: str
) -> None:
    whole = await verified(path)
    how, told = DAMAGES[damage]
    how(segments[1])
    report = await verified(path)
    assert not report.ok
    of_the_log = [problem for problem in report.problems if not problem.startswith("view ")]
    assert len(of_the_log) == 1, report.problems
    assert str(segments[1]) in of_the_log[0]
    assert "12 events at positions from" in of_the_log[0]
    assert any(word in of_the_log[0] for word in told.split("|"))
    assert report.events == whole.events - EVENTS
    assert report.seals == whole.seals


@pytest.mark.parametrize("damage", [name for name in DAMAGES if name != "magic"])
async def test_reads_that_need_the_file_are_told_and_others_go_on(
    path: Path, segments: list[Path], damage: str
) -> None:
    DAMAGES[damage][0](segments[1])
    async with await EventStore.open(f"sqlite:///{path}") as store:
        with pytest.raises(SegmentUnreadable) as caught:
            all_rows(store.backend)
        assert caught.value.where == str(segments[1])
        assert "archive folder" in caught.value.todo
        with pytest.raises(StoreUnavailable):
            await store.read("trace/t4")
        assert len(await store.read("trace/t0")) == 5
        assert len(await store.read("trace/t4", 4)) == 1
        assert len(await store.read("facts")) == 10
        assert await store.append("trace/t4", [fact(1)], 5) == await store.head()


async def test_what_was_removed_besides_is_still_found(path: Path, segments: list[Path]) -> None:
    segments[1].unlink()
    sql(path, "DELETE FROM stored_events WHERE topic = 'trace.ended' AND originator_id = 'trace/t4'")
    problems = (await verified(path)).problems
    assert any("1 more events are missing there than those files held" in problem for problem in problems), problems
    sql(path, "DELETE FROM stored_events WHERE topic = 'memory.remembered' AND originator_version = 10")
    problems = (await verified(path)).problems
    assert any("were removed" in problem and "positions" in problem for problem in problems), problems


async def test_changed_rows_are_found_beside_a_missing_file(path: Path, segments: list[Path]) -> None:
    segments[0].unlink()
    sql(path, "UPDATE stored_events SET state = x'00' WHERE originator_id = 'facts' AND originator_version = 9")
    problems = (await verified(path)).problems
    assert any(problem.startswith("facts@9 ") for problem in problems), problems


async def test_a_folder_that_is_gone_is_a_problem_a_file(path: Path, segments: list[Path]) -> None:
    shutil.rmtree(segments[0].parent)
    report = await verified(path)
    assert sum("is missing" in problem for problem in report.problems if "view" not in problem) == SEGMENTS


async def test_a_log_without_its_folder_named_is_told(path: Path, segments: list[Path], tmp_path: Path) -> None:
    async with await EventStore.open(f"sqlite:///{path}", archive=tmp_path / "elsewhere") as store:
        with pytest.raises(SegmentUnreadable, match="missing"):
            await store.read("trace/t0")


async def test_segments_and_what_tells_of_them_belong_together(path: Path, segments: list[Path]) -> None:
    sql(path, "UPDATE segments SET digest = replace(digest, substr(digest, 1, 1), 'x') WHERE name = ?",
        (segments[0].name,))  # fmt: skip
    problems = (await verified(path)).problems
    assert any(f"{segments[0].name} is registered with other numbers" in problem for problem in problems), problems
    sql(path, "DELETE FROM segments WHERE name = ?", (segments[0].name,))
    problems = (await verified(path)).problems
    assert any(f"{segments[0].name} is told of, but it is not registered" in problem for problem in problems), problems


async def test_a_segment_that_the_log_does_not_tell_of_is_a_problem(path: Path, segments: list[Path]) -> None:
    sql(
        path,
        "INSERT INTO segments SELECT position + 1, 'made-up', first, last, events, size, digest, topics FROM segments "
        "WHERE position = (SELECT MAX(position) FROM segments)",
    )
    shutil.copy(segments[-1], segments[-1].with_name("made-up"))
    problems = (await verified(path)).problems
    assert any("made-up is registered, but the log does not tell of it" in problem for problem in problems), problems


async def test_a_file_of_another_log_is_not_taken(path: Path, segments: list[Path]) -> None:
    sql(path, "UPDATE log SET identity = 'another'")
    async with await EventStore.open(f"sqlite:///{path}") as store:
        with pytest.raises(SegmentUnreadable, match="of another log"):
            await store.read("trace/t0")
