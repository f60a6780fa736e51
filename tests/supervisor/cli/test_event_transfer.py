"""`events export` and `events import`: what leaves the log, in which form, and what comes in."""

from __future__ import annotations

import base64
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import anyio
import pytest

from common.blob import Blob
from events.catalogue.base import Event
from events.catalogue.flag import FlagChanged
from events.catalogue.memory import FactRemembered
from events.catalogue.timer import TimerCancelled
from events.catalogue.trace import ToolCalled, TraceStarted
from events.key_folder import KeyFolder
from events.keys import KeyService
from events.store import EventStore
from supervisor.cli.main import main
from tests.events.newer import append_newer

ROOT = Path(__file__).parents[3]
HOLDS_ALL = "This export holds everything, secrets included: keep it like the log itself.\n"
Captured = pytest.CaptureFixture[str]


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder that the command line uses, and an empty current folder."""
    monkeypatch.chdir(tmp_path)
    use(tmp_path / "data", monkeypatch)
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


def use(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPERVISOR_DATA_DIR", str(folder))


def url(data_dir: Path) -> str:
    return f"sqlite:///{data_dir / 'events.db'}"


def append(
    data_dir: Path,
    *events: Event,
    keys: KeyService | None = None,
    tenant: str = "default",
    stream: str = "things",
    correlation: str = "4f0c",
) -> None:
    async def work() -> None:
        async with await EventStore.open(url(data_dir), keys=keys) as store:
            for event in events:
                await store.append(stream, [event], correlation=correlation, tenant=tenant)

    anyio.run(work)


def append_whole(data_dir: Path, content: bytes, keys: KeyService | None = None, correlation: str = "4f0c") -> None:
    async def work() -> None:
        async with await EventStore.open(url(data_dir), keys=keys) as store:
            blob = Blob(content)
            called = ToolCalled(call_id="c1", tool="pets.feed", ok=True, whole=blob.reference)
            await store.append("trace/4f0c", [called], correlation=correlation, blobs=[blob])

    anyio.run(work)


def fact(text: str) -> FactRemembered:
    return FactRemembered(fact_id="f", text=text, user="local")


def read_lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def exported(capsys: Captured, *options: str) -> list[dict[str, Any]]:
    """The lines of an export to standard output."""
    capsys.readouterr()
    assert main(["events", "export", *options]) == 0
    return read_lines(capsys.readouterr().out)


def test_export_writes_every_event_as_a_line(data_dir: Path, capsys: Captured) -> None:
    append(data_dir, fact("a"), fact("b"), TimerCancelled(timer_id="t"))
    assert main(["events", "export"]) == 0
    out, err = capsys.readouterr()
    lines = read_lines(out)
    assert [(line["position"], line["stream"], line["version"]) for line in lines] == [
        (1, "things", 1),
        (2, "things", 2),
        (3, "things", 3),
    ]
    assert lines[1]["payload"] == {"fact_id": "f", "text": "b", "user": "local"}
    assert (lines[1]["header"]["tenant"], lines[1]["header"]["correlation"]) == ("default", "4f0c")
    assert err == ""
    assert main(["events", "export", "--unredacted"]) == 0
    assert capsys.readouterr() == (out, HOLDS_ALL)


def test_a_secret_that_is_not_encrypted_is_redacted_and_told(data_dir: Path, capsys: Captured) -> None:
    append(data_dir, fact("token=abc"), fact("b"))
    append(data_dir, fact("c"), tenant="password=hunter2", stream="password=hunter2")
    assert main(["events", "export"]) == 0
    out, err = capsys.readouterr()
    first, second, third = read_lines(out)
    assert first["payload"]["text"] == "token=[redacted]"
    assert set(first["header"]) == {"schema_version", "recorded_at", "tenant", "correlation", "redacted"}
    assert "redacted" not in second["header"]
    assert (third["stream"], third["header"]["tenant"]) == ("password=[redacted]", "password=[redacted]")
    assert err == "2 lines with secrets were redacted: this export can't be imported. One made with --unredacted can.\n"
    assert main(["events", "export", "--quiet"]) == 0
    assert capsys.readouterr() == (out, "")


def test_what_a_request_told_is_a_secret_in_all_that_came_of_it(data_dir: Path, capsys: Captured) -> None:
    told = TraceStarted(request="my password is hunter2x", request_id="r", user="local", owner="o", context={})
    append(data_dir, told, stream="trace/4f0c")
    append(data_dir, fact("hunter2x"))
    append(data_dir, fact("hunter2x"), correlation="another")
    append_whole(data_dir, b'{"text":"it is hunter2x","data":null}')
    lines = exported(capsys)
    assert [line.get("payload", {}).get("text") for line in lines[1:3]] == ["[redacted]", "hunter2x"]
    assert lines[3]["payload"] == {"text": "it is [redacted]", "data": None}


def test_newer_and_damaged_events_are_looked_into(data_dir: Path, capsys: Captured) -> None:
    async def newer() -> None:
        async with await EventStore.open(url(data_dir)) as store:
            await append_newer(store, "things", "memory.merged", b'{"new":"token=abc"}')

    append(data_dir, fact("first"))
    anyio.run(newer)
    append(data_dir, fact("token=abc"), fact("harmless"), stream="other")
    with closing(sqlite3.connect(data_dir / "events.db")) as database, database:
        database.execute("UPDATE stored_events SET state = substr(state, 1, length(state) - 1) WHERE rowid > 2")
    _, newest, secret, harmless = exported(capsys)
    assert (newest["payload"], newest["header"]["redacted"]) == ({"new": "token=[redacted]"}, True)
    assert secret["header"] == {"redacted": True}
    assert "unreadable" in secret["payload"]
    assert b"harmless" in base64.b64decode(harmless["stored"])
    assert "token=abc" not in json.dumps([newest, secret])


def test_export_to_a_file_from_a_position_on(data_dir: Path, capsys: Captured) -> None:
    append(data_dir, fact("a"), fact("b"), TimerCancelled(timer_id="t"))
    out = data_dir / "out.jsonl"
    assert main(["events", "export", "--after", "1", "--topic", "memory.remembered", "--output", str(out)]) == 0
    (line,) = read_lines(out.read_text())
    assert (line["payload"]["text"], line["part"]) == ("b", True)
    assert capsys.readouterr() == ("", f"1 events written to {out}\n")
    assert main(["events", "import", str(out)]) == 1
    assert "an export of some topics only, which is no copy of a log [line 1]" in capsys.readouterr().err
    assert main(["events", "export", "--output", str(data_dir)]) == 2
    assert "the export can't be written: Is a directory" in capsys.readouterr().err


def test_options_that_exclude_each_other(data_dir: Path, capsys: Captured) -> None:
    assert main(["events", "export", "--unredacted", "--topic", "memory.remembered"]) == 2
    assert "an unredacted export holds every topic" in capsys.readouterr().err
    assert main(["events", "export", "--unredacted", "--readable"]) == 2
    assert "unredacted or readable, not both" in capsys.readouterr().err


def test_an_unredacted_export_is_put_into_another_store(
    data_dir: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(data_dir, fact("token=abc"), fact("b"))
    append_whole(data_dir, b'{"text":"password=hunter2","data":null}')
    out = data_dir / "out.jsonl"
    assert main(["events", "export", "--unredacted", str(out)]) == 0
    assert capsys.readouterr().err == f"{HOLDS_ALL}3 events and 1 blobs written to {out}\n"
    assert "token=abc" in out.read_text()
    assert base64.b64decode(read_lines(out.read_text())[2]["content"]) == b'{"text":"password=hunter2","data":null}'
    assert out.stat().st_mode & 0o777 == 0o600
    use(data_dir / "other", monkeypatch)
    assert main(["events", "import", str(out)]) == 0
    assert capsys.readouterr() == ("3 events and 1 blobs read, 3 added\n", "")
    assert main(["events", "import", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "events": 3,
        "added": 0,
        "blobs": 1,
        "unreadable": 0,
        "keys": [],
        "keys_folder": str(data_dir / "other" / "keys"),
    }
    assert main(["events", "export", "--unredacted", "--quiet"]) == 0
    assert capsys.readouterr() == (out.read_text(), "")


def test_what_is_encrypted_travels_without_its_keys(
    data_dir: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = KeyFolder(data_dir / "keys")
    append(data_dir, fact("token=abc"), fact("b"), keys=keys)
    append(data_dir, fact("token=abc"), keys=keys, tenant="acme", stream="acme/things")
    append(data_dir, FlagChanged(key="meta-planning", after=True), keys=keys, stream="flag/meta-planning")
    append_whole(data_dir, b'{"text":"password=hunter2","data":[1]}', keys)
    out, other = data_dir / "out.jsonl", data_dir.parent / "other"
    assert main(["events", "export", str(out)]) == 0
    assert capsys.readouterr().err == (
        f"5 events and 1 blobs written to {out}\n"
        f"5 lines are encrypted; the keys are not in the export: whoever is to read it needs {data_dir / 'keys'}.\n"
    )
    assert not any(secret in out.read_text() for secret in ("token=", "password=", "pets.feed"))

    use(other, monkeypatch)
    assert main(["events", "import", str(out)]) == 0
    said, told = capsys.readouterr()
    assert said == "5 events and 1 blobs read, 5 added\n"
    names = sorted(path.name for path in (data_dir / "keys").glob("*.key"))
    assert told == (
        "4 of the events can't be read here, for 2 of their keys are not here. Copy these files from the folder of "
        f"keys of the log that was exported to {other / 'keys'} (mode 0700): {', '.join(names)}. "
        "Then run events rebuild --all, for the views were built without them.\n"
    )
    assert main(["events", "import", str(out), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["unreadable"], report["added"]) == (4, 0)
    assert [f"{key}.key" for key in report["keys"]] == names
    assert main(["events", "export", "--quiet"]) == 0
    assert capsys.readouterr() == (out.read_text(), "")

    (other / "keys").mkdir(mode=0o700)
    for name in names:
        shutil.copy2(data_dir / "keys" / name, other / "keys")
    assert main(["events", "rebuild", "--all", "--quiet"]) == 0
    assert main(["events", "verify"]) == 0
    assert "view memory: 2 rows, equal" in capsys.readouterr().out
    assert main(["events", "import", str(out)]) == 0
    assert capsys.readouterr() == ("5 events and 1 blobs read, 0 added\n", "")


def test_a_readable_export_is_decrypted_and_redacted(data_dir: Path, capsys: Captured) -> None:
    keys = KeyFolder(data_dir / "keys")
    append(data_dir, fact("token=abc"), fact("b"), keys=keys)
    append_whole(data_dir, b'{"text":"password=hunter2","data":[1]}', keys)
    append_whole(data_dir, b"no JSON: password=hunter2", keys)
    out = data_dir / "out.jsonl"
    assert main(["events", "export", "--readable", str(out)]) == 0
    assert capsys.readouterr().err == f"4 events and 2 blobs written to {out}\n"
    lines = read_lines(out.read_text())
    assert [line["payload"]["text"] for line in lines[:2]] == ["token=[redacted]", "b"]
    assert lines[2]["payload"] == {"text": "password=[redacted]", "data": [1]}
    assert lines[2]["blob"] == lines[3]["payload"]["whole"]
    assert lines[4]["payload"] == "no JSON: password=[redacted]"
    assert all(line.get("redacted") or line["header"]["redacted"] for line in lines)
    assert main(["events", "import", str(out)]) == 1
    assert "it is redacted, for showing only" in capsys.readouterr().err
    for path in (data_dir / "keys").iterdir():
        path.unlink()
    for line in exported(capsys, "--readable"):
        assert "missing" in line["payload"]["unreadable"]


def test_a_readable_export_of_some_topics(data_dir: Path, capsys: Captured) -> None:
    append(data_dir, fact("a"), TimerCancelled(timer_id="t"), keys=KeyFolder(data_dir / "keys"))
    (line,) = exported(capsys, "--readable", "--topic", "timer.cancelled")
    assert line["payload"]["timer_id"] == "t"


def test_what_can_not_be_looked_into_is_kept_back(data_dir: Path, capsys: Captured) -> None:
    append_whole(data_dir, b"password=hunter2 " * 100)
    with closing(sqlite3.connect(data_dir / "events.db")) as database, database:
        database.execute("UPDATE blobs SET content = substr(content, 1, length(content) - 1)")
    blob, _ = exported(capsys)
    assert blob["redacted"]
    assert "checksum" in blob["payload"]["unreadable"]
    with closing(sqlite3.connect(data_dir / "events.db")) as database, database:
        database.execute("DELETE FROM blobs")
    assert exported(capsys)[0]["content"] is None
    assert exported(capsys, "--readable")[0]["payload"] == {"unreadable": "it is missing"}


def test_json_that_says_things_twice_is_looked_at_as_text(data_dir: Path, capsys: Captured) -> None:
    append_whole(data_dir, b'{"a":"token=abc","a":"harmless"}')
    assert exported(capsys)[0]["payload"] == '{"a":"token=[redacted]","a":"harmless"}'


def test_what_can_not_be_imported_is_told_with_its_line(
    data_dir: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(data_dir, fact("a"), fact("token=abc"))
    redacted, binary = data_dir / "redacted.jsonl", data_dir / "binary"
    assert main(["events", "export", "--output", str(redacted)]) == 0
    binary.write_bytes(b"\n\xff\xfe\n")
    capsys.readouterr()
    use(data_dir / "other", monkeypatch)
    for file, code, told in [
        (redacted, 1, "it is redacted, for showing only: import an export made with --unredacted [line 2]"),
        (binary, 2, f"the line is no text in UTF-8 [{binary}, line 2]"),
        (data_dir / "nothing", 2, "the file can't be read: No such file or directory"),
    ]:
        assert main(["events", "import", str(file)]) == code
        assert told in capsys.readouterr().err


def test_an_import_from_standard_input(data_dir: Path, tmp_path: Path) -> None:
    append(data_dir, fact("a"))
    command = [sys.executable, "-m", "supervisor.cli.main", "events"]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    made = subprocess.run([*command, "export"], capture_output=True, env=environ, check=True)
    environ["SUPERVISOR_DATA_DIR"] = str(tmp_path / "other")
    imported = subprocess.run([*command, "import", "-"], input=made.stdout, capture_output=True, env=environ)
    assert (imported.returncode, imported.stdout) == (0, b"1 events read, 1 added\n"), imported.stderr


def test_an_export_that_breaks_off_leaves_no_file(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    append(data_dir, fact("a"))
    before = sorted(data_dir.iterdir())

    def fail(_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    assert main(["events", "export", "--output", str(data_dir / "out.jsonl")]) == 2
    assert sorted(data_dir.iterdir()) == before
    monkeypatch.undo()
    assert main(["events", "export", "--quiet", "--output", "/dev/null"]) == 0
    assert Path("/dev/null").is_char_device()
