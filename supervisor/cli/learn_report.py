"""`agent-supervisor learn report`: what was learned as a page of plots."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import anyio
from cyclopts import Parameter

from common.errors import ConfigurationError
from supervisor.cli.event_transfer import whole_file
from supervisor.cli.options import CommonOptions
from supervisor.cli.output import note, redactor
from supervisor.cli.runtime import open_supervisor

__all__ = ["report"]


def report(
    *,
    html: Annotated[Path, Parameter(help="Write the page to this file.")],
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Success over time by version, effects of accepted patterns, trials, and how good predictions are, as one page.

    The page needs no other file and fetches nothing; only its owner may read it.
    """
    if html.is_dir() or not html.parent.is_dir() or not os.access(html.parent, os.W_OK):
        raise ConfigurationError("the report can't be written there", where=f"--html {html}")

    async def work() -> int:
        from supervisor.learning.report_page import report_page
        from supervisor.learning.report_sources import learning_report

        async with open_supervisor(common) as supervisor:
            found = await learning_report(supervisor.store, supervisor.learning, redactor().text)
        at = datetime.now(UTC).astimezone().isoformat(sep=" ", timespec="minutes")
        with whole_file(html) as file:
            file.write(report_page(found, f"Made at {at}."))
        note(f"The report is in {html}.")
        return 0

    return anyio.run(work)
