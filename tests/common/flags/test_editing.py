"""Edits of the file are safe: checked first, replaced as a whole, one editor at a time, nothing lost."""

from __future__ import annotations

import fcntl
import json
import os
import stat
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest

from common.errors import ConfigurationError
from common.flags import shipped_flags
from common.flags.declarations import Declarations
from common.flags.editing import Definition, editing
from tests.common.flags.definitions import meta_planning, write

DECLARED = Declarations(shipped_flags(), {})
ON: Definition = {"state": "ENABLED", "variants": {"on": True, "off": False}, "defaultVariant": "on"}


def edit(path: Path, after: Definition | None = ON, key: str = "meta-planning", timeout: float = 5.0) -> None:
    with editing(path, key, lambda _: after, DECLARED, timeout=timeout) as prepared:
        if prepared.is_change:
            prepared.commit()


def test_a_new_file_is_one_that_flagd_knows(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "flags.json"
    edit(path)
    assert json.loads(path.read_text()) == {
        "$schema": "https://flagd.dev/schema/v0/flags.json",
        "flags": {"meta-planning": ON},
    }
    assert '"variants": {"on": true, "off": false}' in path.read_text(), "laid out for people"


def test_what_is_not_changed_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "flags.json"
    other = {"description": "ours – ü", "state": "DISABLED", "variants": {"a": 1.5, "b": 10**20}, "_ticket": [1, {}]}
    document = {"_comment": "top", "flags": {"other": other, "$note": "x"}, "metadata": {"team": "a"}}
    path.write_text(json.dumps(document, indent=4), encoding="utf-8")
    if os.geteuid() == 0:
        os.chown(path, 12_345, 12_346)
    os.chmod(path, 0o640)
    owner = path.stat().st_uid, path.stat().st_gid
    edit(path)
    after = json.loads(path.read_text(encoding="utf-8"))
    assert list(after) == ["_comment", "flags", "metadata"]
    assert after == {**document, "flags": {**document["flags"], "meta-planning": ON}}
    assert path.read_text(encoding="utf-8").startswith('{\n    "_comment"')
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert (path.stat().st_uid, path.stat().st_gid) == owner
    edit(path, None)
    assert json.loads(path.read_text(encoding="utf-8")) == document


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real.json", tmp_path / "flags.json"
    write(real, meta_planning())
    link.symlink_to(real)
    edit(link)
    assert link.is_symlink()
    assert json.loads(real.read_text())["flags"]["meta-planning"] == ON


@pytest.mark.parametrize("broken", ["{", "{}", "", '{"flags": {"a": 1}}'])
def test_a_broken_file_is_not_touched(tmp_path: Path, broken: str) -> None:
    path = tmp_path / "flags.json"
    write(path, broken)
    with pytest.raises(ConfigurationError, match="the file is broken and is not touched"):
        edit(path)
    assert path.read_text() == broken


def test_a_change_that_would_break_the_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "flags.json"
    write(path, meta_planning())
    before = path.read_bytes()
    with pytest.raises(ConfigurationError, match="defaultVariant is 'yes'"):
        edit(path, {**ON, "defaultVariant": "yes"})
    assert path.read_bytes() == before
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [".flags.json.lock", "flags.json"]


def test_without_commit_nothing_happens(tmp_path: Path) -> None:
    path = tmp_path / "flags.json"
    write(path, meta_planning())
    before = path.read_bytes()
    with pytest.raises(RuntimeError, match="no"), editing(path, "meta-planning", lambda _: ON, DECLARED):
        raise RuntimeError("no")
    assert path.read_bytes() == before
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [".flags.json.lock", "flags.json"]


def test_somebody_who_takes_no_lock_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "flags.json"
    write(path, meta_planning())
    with editing(path, "meta-planning", lambda _: ON, DECLARED) as prepared:
        write(path, meta_planning(description="theirs"))
        with pytest.raises(ConfigurationError, match="somebody else changed the file"):
            prepared.commit()
    assert json.loads(path.read_text()) == meta_planning(description="theirs")


def test_a_lock_that_is_never_given_back_is_waited_for_within_bounds(tmp_path: Path) -> None:
    path = tmp_path / "flags.json"
    with open(tmp_path / ".flags.json.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(ConfigurationError, match="somebody else is changing"):
            edit(path, timeout=0.05)
    edit(path)
    assert path.exists()


def test_a_folder_that_can_not_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="the flags can't be written"):
        edit(tmp_path / "file" / "flags.json")


async def test_of_many_editors_at_once_none_undoes_another(tmp_path: Path) -> None:
    path = tmp_path / "flags.json"

    async def one(index: int) -> None:
        await anyio.to_thread.run_sync(edit, path, ON, f"flag-{index}")

    async with anyio.create_task_group() as group:
        for index in range(20):
            group.start_soon(one, index)
    flags: dict[str, Any] = json.loads(path.read_text())["flags"]
    assert set(flags) == {f"flag-{index}" for index in range(20)}


async def test_who_reads_meanwhile_sees_one_whole_set_or_the_other(tmp_path: Path) -> None:
    path = tmp_path / "flags.json"
    write(path, meta_planning())
    seen: set[str] = set()
    done = anyio.Event()

    async def look() -> None:
        while not done.is_set():
            document = json.loads(await anyio.to_thread.run_sync(path.read_text))
            seen.add(document["flags"]["meta-planning"]["defaultVariant"])

    async with anyio.create_task_group() as group:
        group.start_soon(look)
        for index in range(40):
            variant = "on" if index % 2 else "off"
            await anyio.to_thread.run_sync(edit, path, {**ON, "defaultVariant": variant, "_n": index})
        done.set()
    assert seen <= {"on", "off"}
    assert seen
