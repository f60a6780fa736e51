"""The folders of builds: those that nobody needs any more are taken away.

What stays: the latest `builder.keep_builds`, those of the versions in service, builds under way, and failed or
interrupted ones for `builder.keep_failed` hours. A version in service does not need its build's folder (it has one of
its own); it is kept for a look. Folders that no build of this log has are left alone.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio.to_thread

from common.builder_settings import BuilderSettings
from common.clock import Clock
from common.errors import NotFound, SupervisorError
from common.logs import get_logger
from events.ownership import Ownership
from events.projection import Views
from events.state.build import BuildStatus
from events.store import EventStore
from events.views.agent_registry import AgentRegistryView
from events.views.builds import BuildView
from roles.builder.pipeline import read_build

__all__ = ["BuildFolders"]

_log = get_logger(__name__)
_MANY = 100_000
_AT_ONCE = 100
"""Folders that one call takes away at most, so that it ends soon; the next call goes on."""


class BuildFolders:
    """Takes folders of builds away by the rules of the module."""

    def __init__(
        self,
        settings: BuilderSettings,
        folder: Path,
        store: EventStore,
        views: Views,
        ownership: Ownership,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._folder = folder
        self._store = store
        self._views = views
        self._ownership = ownership
        self._clock = clock

    async def prune(self) -> list[str]:
        """Take away what nobody needs; the ids of the builds. What can't be done now is logged, and left to later."""
        try:
            return await self._prune()
        except (SupervisorError, OSError) as error:
            _log.warning("folders of old builds stay for now: %s", error)
            return []

    async def _prune(self) -> list[str]:
        names = await anyio.to_thread.run_sync(_folders, self._folder)
        if len(names) <= self._settings.keep_builds:
            return []
        known = await self._views.query(BuildView.name, order_by="-position", limit=_MANY)
        rows = [row for row in known if str(row["id"]) in names]
        in_service = await self._in_service()
        gone: list[str] = []
        for row in rows[self._settings.keep_builds :]:
            name = str(row["id"])
            if len(gone) == _AT_ONCE:
                break
            if name not in in_service and await self._is_over(row):
                await anyio.to_thread.run_sync(_remove, self._folder / name)
                gone.append(name)
        return gone

    async def _in_service(self) -> set[str]:
        rows = await self._views.query(AgentRegistryView.name, {"state": "deployed"}, limit=_MANY)
        placed: list[Mapping[str, Any]] = [row["deployment"] or {} for row in rows]
        return {str(deployment.get("build", "")) for deployment in placed}

    async def _is_over(self, row: Mapping[str, Any]) -> bool:
        """Whether nobody works on the build, or is going to; by its stream, for the view may be behind."""
        try:
            state = await read_build(self._store, str(row["id"]))
        except NotFound:
            return False
        if state.status is BuildStatus.FINISHED:
            return True
        kept = timedelta(hours=self._settings.keep_failed)
        if self._clock.now() - row["updated_at"] < kept:
            return False
        return state.status is BuildStatus.FAILED or not await anyio.to_thread.run_sync(
            self._ownership.is_alive, state.owner
        )


def _folders(folder: Path) -> set[str]:
    """The names of the builds' folders that are there; none where nothing was built yet."""
    if not folder.is_dir():
        return set()
    return {path.name for path in folder.iterdir() if path.is_dir() and not path.is_symlink()}


def _remove(folder: Path) -> None:
    """Take a folder away; what can't be taken away now is there at the next call."""
    shutil.rmtree(folder, ignore_errors=True)
