"""Fixtures of the command line's tests."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from supervisor.cli.logs import reset_logging


@pytest.fixture(autouse=True)
def restored_logging() -> Iterator[None]:
    """Commands run inside a test configure the process's logging: leave it as it was."""
    level = logging.getLogger().level
    yield
    reset_logging()
    logging.getLogger().setLevel(level)
