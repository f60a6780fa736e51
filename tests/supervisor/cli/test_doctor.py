"""`agent-supervisor doctor`: exit codes, JSON, and what a person reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from supervisor.cli.main import FAILED, OK, USAGE, main


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_default_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == OK
    shown = capsys.readouterr().out
    for part in ("store", "models", "calendar", "search", "flags", "sandbox"):
        assert f"\n{part} " in shown
    assert "FAULT" not in shown


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of Apprise's own making
def test_something_configured_that_is_not_there_is_a_fault(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "config.yaml").write_text(
        "models:\n  smart: {provider: openai, model: m, base_url: 'http://127.0.0.1:9/v1', api_key: sk-very-secret}\n"
        "  fast: {provider: offline}\n"
        "calendar:\n  backend: caldav\n"
        "  caldav: {url: 'http://127.0.0.1:9/', account: {username: me, password: top-secret}}\n"
        "smart_home: {backend: mqtt, mqtt: {port: 9, host: 127.0.0.1}}\n"
        "search: {web: {provider: searxng, url: 'http://127.0.0.1:9'}}\n"
        "notifications: {urls: ['json://127.0.0.1:9/token-secret']}\n"
    )
    assert main(["doctor", "--json"]) == FAILED
    shown = capsys.readouterr().out
    told = json.loads(shown)
    assert told["ok"] is False
    faults = {row["part"] for row in told["parts"] if row["status"] == "unreachable"}
    assert faults == {"model smart", "calendar", "smart home", "web search", "notifications"}
    assert all(row["todo"] for row in told["parts"] if row["part"] in faults)
    assert "secret" not in shown
    assert main(["doctor"]) == FAILED
    shown = capsys.readouterr().out
    assert "FAULT" in shown
    assert "secret" not in shown


def test_a_store_that_can_not_be_opened_does_not_hide_the_rest(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "events.db").mkdir()
    (folder / "config.yaml").write_text("store: {url: 'sqlite:///events.db'}\n")
    assert main(["doctor", "--json"]) == FAILED
    parts = {row["part"]: row["status"] for row in json.loads(capsys.readouterr().out)["parts"]}
    assert parts["store"] == "unreachable"
    assert parts["flags"] == "reached"


def test_a_bad_configuration_is_bad_usage(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "config.yaml").write_text("models:\n  smart: {provider: openai}\n")
    assert main(["doctor"]) == USAGE
    assert "models.smart" in capsys.readouterr().err
