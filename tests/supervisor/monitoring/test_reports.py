"""Reports and the status file: whole or not there, bounded, and no name leads out of the folder."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import ConfigurationError, NotFound
from supervisor.monitoring.files import ReportFolder, write_status
from tests.supervisor.monitoring.conftest import Stepped

AT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


async def test_a_report_is_written_as_json_and_as_a_page(stepped: Stepped, tmp_path: Path) -> None:
    stepped.supervisor.metric("odd", lambda: 1 / 0)
    await stepped.sample(3, heat=50)
    await stepped.handled(5, seconds=2)
    await stepped.analyse()
    written = await stepped.monitoring.write_report()
    (listed,) = await stepped.monitoring.get_reports()
    assert listed == written
    report = await stepped.monitoring.read_report(written.name)
    assert isinstance(report, dict)
    assert report["status"] == json.loads((tmp_path / "system_status.json").read_text())
    assert report["status"]["pending_improvements"] == 1  # pyright: ignore
    assert "timer" in {agent["agent_name"] for agent in report["agents"]}  # pyright: ignore
    assert len(report["metrics"]) == 4  # pyright: ignore
    page = await stepped.monitoring.read_report_html(written.name)
    assert page == await stepped.monitoring.read_report_html(written.html or "")
    assert "metric:heat: heat is too high" in page
    assert "ZeroDivisionError" in page
    assert "<polyline" in page
    for outside in ("http:", "https:", "<script", "src=", "@import", "url("):
        assert outside not in page


async def test_what_a_name_says_is_text_on_the_page(stepped: Stepped) -> None:
    await stepped.handled(6, tool="<b onload=x>")
    await stepped.sample()
    await stepped.handled(6, tool="<b onload=x>", ok=False)
    await stepped.sample(3)
    await stepped.monitoring.trigger_analysis()
    name = (await stepped.monitoring.write_report()).name
    page = await stepped.monitoring.read_report_html(name)
    assert "<b onload" not in page
    assert "&lt;b onload" in page


def test_the_oldest_reports_go(tmp_path: Path) -> None:
    folder = ReportFolder(tmp_path, 3)
    for number in range(6):
        folder.write(AT + timedelta(minutes=number), {"number": number}, "<p>")
    assert [folder.read(info.name) for info in folder.list()] == [{"number": 5}, {"number": 4}, {"number": 3}]
    assert len(list(folder.path.iterdir())) == 6
    assert folder.prune(1) == 2


def test_two_reports_of_one_second_are_two(tmp_path: Path) -> None:
    folder = ReportFolder(tmp_path, 10)
    names = {folder.write(AT, {"number": number}, "<p>").name for number in range(3)}
    assert len(names) == 3
    assert [folder.read(info.name) for info in folder.list()] == [{"number": 2}, {"number": 1}, {"number": 0}]


def test_files_of_others_are_neither_listed_read_nor_deleted(tmp_path: Path) -> None:
    folder = ReportFolder(tmp_path, 1)
    written = folder.write(AT, {}, "<p>")
    secret = tmp_path / "secret.json"
    secret.write_text("{}")
    link = folder.path / "system_report_20260101T000000Z.json"
    link.symlink_to(secret)
    (folder.path / "notes.json").write_text("{}")
    assert [info.name for info in folder.list()] == [written.name]
    for name in (link.name, "notes.json", "../secret.json", str(secret), "", ".", "..", written.name + "\n", "a\0b"):
        with pytest.raises(NotFound):
            folder.read(name)
        with pytest.raises(NotFound):
            folder.read_html(name)
    folder.prune(0)
    assert {path.name for path in folder.path.iterdir()} == {link.name, "notes.json"}


@given(st.text(max_size=60))
def test_no_name_reads_outside_the_folder(name: str) -> None:
    folder = ReportFolder(Path("/nonexistent"), 1)
    with pytest.raises(NotFound):
        folder.find(name)


def test_the_status_file_is_replaced_and_leaves_no_parts(tmp_path: Path) -> None:
    write_status(tmp_path, {"at": 1})
    write_status(tmp_path, {"at": 2})
    assert json.loads((tmp_path / "system_status.json").read_text()) == {"at": 2}
    assert [path.name for path in tmp_path.iterdir()] == ["system_status.json"]
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError):
        write_status(tmp_path / "file", {})


async def test_maintenance_does_what_the_settings_name(stepped: Stepped, tmp_path: Path) -> None:
    folder = ReportFolder(tmp_path, 1_000)
    for number in range(300):
        folder.write(AT + timedelta(minutes=number), {}, "<p>")
    done = await stepped.supervisor.maintain()
    assert (done.archived_events, done.deleted_reports, done.problems) == (0, 12, {})
    done = await stepped.supervisor.maintain(archive_after=1)
    assert "no folder is named" in done.problems["archive"]
