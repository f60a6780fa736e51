"""How commands get their settings and their supervisor."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from supervisor.cli.options import CommonOptions, find_config
from supervisor.cli.output import redact_with

if TYPE_CHECKING:
    from common.settings import Settings
    from supervisor.facade import Supervisor

__all__ = ["load", "open_supervisor"]


def load(common: CommonOptions) -> Settings:
    """Settings from file, environment and `.env`; logging as they and the options say. Raises `ConfigurationError`."""
    from common.settings_loader import load_settings
    from supervisor.cli.dot_env import read_environment, with_llm_variables
    from supervisor.cli.logs import configure_logging

    environment = read_environment(os.environ, Path.cwd())
    variables = environment.variables
    settings = with_llm_variables(load_settings(find_config(common, variables, Path.cwd()), variables), environment)
    redact_with(settings.redaction.redactor())
    log = settings.log
    configure_logging(
        common.log_level or log.level,
        common.log_file if common.log_file is not None else log.file,
        common.log_json or log.json_lines,
    )
    return settings


@asynccontextmanager
async def open_supervisor(
    common: CommonOptions, *, background: bool = False, allow_missing_keys: bool = False
) -> AsyncGenerator[Supervisor]:
    """A running supervisor for one command; loops run only for commands that stay.

    With `allow_missing_keys` also over a log of which some can't be read, for commands that are about just that.
    """
    from supervisor.facade import Supervisor

    supervisor = Supervisor(load(common), background=background, allow_missing_keys=allow_missing_keys)
    async with supervisor:
        yield supervisor
