"""How commands get their settings and their supervisor."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from supervisor.cli.options import CommonOptions, find_config

if TYPE_CHECKING:
    from common.settings import Settings
    from supervisor.facade import Supervisor

__all__ = ["load", "open_supervisor"]


def load(common: CommonOptions) -> Settings:
    """Settings from file and environment; logging as they and the options say. Raises `ConfigurationError`."""
    from common.settings_loader import load_settings
    from supervisor.cli.logs import configure_logging

    settings = load_settings(find_config(common, os.environ, Path.cwd()), os.environ)
    log = settings.log
    configure_logging(
        common.log_level or log.level,
        common.log_file if common.log_file is not None else log.file,
        common.log_json or log.json_lines,
    )
    return settings


@asynccontextmanager
async def open_supervisor(common: CommonOptions, *, background: bool = False) -> AsyncGenerator[Supervisor]:
    """A running supervisor for one command; loops run only for commands that stay."""
    from supervisor.facade import Supervisor

    async with Supervisor(load(common), background=background) as supervisor:
        yield supervisor
