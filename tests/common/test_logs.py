"""Whatever a module of ours logs is redacted before any handler sees it."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest

from common.logs import get_logger
from common.redaction import Redactor, current_redactor

ROOT = Path(__file__).parents[2]


def fail() -> None:
    raise ValueError("token=abc")


def test_messages_and_tracebacks_are_redacted(caplog: pytest.LogCaptureFixture) -> None:
    logger = get_logger("common.test_logs")
    assert get_logger("common.test_logs") is logger
    assert len(logger.filters) == 1
    logger.warning("100%% sure: %s and %d", "password=hunter2", 5)
    try:
        fail()
    except ValueError:
        logger.exception("it failed")
    said, failed = caplog.records
    assert said.getMessage() == "100% sure: password=[redacted] and 5"
    assert failed.exc_info is None
    assert failed.exc_text is not None
    assert failed.exc_text.startswith("Traceback (most recent call last)")
    assert failed.exc_text.endswith("ValueError: token=[redacted]")
    assert logging.Formatter().format(failed).endswith("ValueError: token=[redacted]")


def test_the_patterns_of_the_settings_count(caplog: pytest.LogCaptureFixture) -> None:
    token = current_redactor.set(Redactor(["CUST-[0-9]+"]))
    try:
        get_logger("common.test_logs").warning("of CUST-123")
    finally:
        current_redactor.reset(token)
    assert caplog.messages == ["of [redacted]"]


def test_every_module_logs_through_it() -> None:
    plain = re.compile(r"logging\.(getLogger\(__name__|(debug|info|warning|error|exception|critical)\()")
    found = [
        str(path.relative_to(ROOT))
        for package in ("common", "events", "llm_provider", "roles", "supervisor")
        for path in (ROOT / package).rglob("*.py")
        if plain.search(path.read_text())
    ]
    assert found == []
