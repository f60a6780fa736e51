"""Log records of the command line: level, place, format, trace id, no secrets."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path

import pytest

from common.errors import ConfigurationError
from common.trace_context import current_trace_id
from supervisor.cli.logs import configure_logging


def log_something() -> None:
    token = current_trace_id.set("4f0c")
    try:
        logging.getLogger("a.b").warning("password=%s", "hunter2")
        try:
            raise ValueError("token=abc")
        except ValueError:
            logging.getLogger("a.b").exception("failed")
    finally:
        current_trace_id.reset(token)
    logging.getLogger("a.b").info("outside")


def test_records_are_json_lines_with_the_trace_id(tmp_path: Path) -> None:
    configure_logging("info", tmp_path / "log", json_lines=True)
    log_something()
    warned, failed, outside = (json.loads(line) for line in (tmp_path / "log").read_text().splitlines())
    assert warned.keys() == {"time", "level", "logger", "message", "trace_id"}
    assert (warned["level"], warned["logger"], warned["trace_id"]) == ("warning", "a.b", "4f0c")
    assert warned["message"] == "password=[redacted]"
    assert failed["traceback"].endswith("ValueError: token=[redacted]")
    assert (outside["message"], outside["trace_id"]) == ("outside", None)


def test_records_are_text_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("warning", None, json_lines=False)
    log_something()
    captured = capsys.readouterr()
    lines = captured.err.splitlines()
    assert captured.out == ""
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00 WARNING a\.b \[4f0c\] password=\[redacted\]", lines[0])
    assert lines[-1] == "ValueError: token=[redacted]"
    assert "outside" not in captured.err


def test_configuring_again_replaces_what_was(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("debug", tmp_path / "first", json_lines=False)
    configure_logging("error", None, json_lines=False)
    log_something()
    assert (tmp_path / "first").read_text() == ""
    assert capsys.readouterr().err.count("[4f0c]") == 1


def test_a_log_file_that_can_not_be_opened_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="the log file can't be opened: Is a directory") as caught:
        configure_logging("info", tmp_path, json_lines=False)
    assert caught.value.where == str(tmp_path)
