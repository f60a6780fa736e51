"""`supervisor.guidelines`: the rules that agents work by, looked at and changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import anyio
import anyio.to_thread

from common.clock import Clock
from common.errors import ConfigurationError, StoreError
from common.hints import PlanningHints
from common.logs import get_logger
from events.catalogue import Event
from events.catalogue.guideline import GuidelineProposed, RuleChange
from events.projection import Views
from events.state.guideline import ACTIVE
from events.store import EventStore
from supervisor.active_guidelines import ActiveGuidelines
from supervisor.commands.guidelines import GuidelineCommands
from supervisor.guideline_files import file_of, guideline_yaml
from supervisor.queries.guidelines import (
    GuidelineRecord,
    GuidelineStep,
    diff_guidelines,
    find_guideline,
    guideline_steps,
    list_guidelines,
)
from supervisor.queries.moments import position_of

__all__ = ["Guidelines"]

_log = get_logger(__name__)


class Guidelines(GuidelineCommands):
    """The guidelines of one supervisor.

    A change is durable on return, and what this supervisor handles from then on goes by it; other processes see it
    within a second. A version is named by its number, or `events.state.guideline.ACTIVE` and `NONE`. `at` is a position
    of the log or a time, as in `Supervisor.agents`.
    """

    def __init__(
        self, store: EventStore, views: Views, clock: Clock, active: ActiveGuidelines, agent_types: Sequence[str]
    ) -> None:
        super().__init__(store)
        self._views = views
        self._clock = clock
        self._active = active
        self.agent_types = tuple(agent_types)
        """The agent types of this supervisor's own agents; a host's other agents may have any name."""

    @property
    def current(self) -> Mapping[str, PlanningHints]:
        """What is in service, by agent type: an immutable snapshot that costs nothing to read."""
        return self._active.current

    async def refresh(self) -> None:
        """Take in what other processes decided; the loops of a supervisor with `background` do so."""
        await self._active.refresh()

    async def versions(
        self, agent_type: str | None = None, *, at: int | datetime | None = None
    ) -> list[GuidelineRecord]:
        """Every version, by agent type and then as they were proposed."""
        return await list_guidelines(self._views, agent_type, await self._position(at))

    async def get(self, agent_type: str, version: str = ACTIVE, *, at: int | datetime | None = None) -> GuidelineRecord:
        """One version. Raises `NotFound`."""
        return await find_guideline(self._views, agent_type, version, await self._position(at))

    async def diff(self, agent_type: str, before: str, after: str) -> list[RuleChange]:
        """What leads from one version to another. Raises `NotFound`."""
        return await diff_guidelines(self._views, agent_type, before, after)

    async def history(self, agent_type: str, *, at: int | datetime | None = None) -> list[GuidelineStep]:
        """How the guideline came to be what it is, oldest first. Raises `NotFound`."""
        return await guideline_steps(self._store, agent_type, await self._position(at))

    async def export(self, folder: Path, *, at: int | datetime | None = None) -> list[Path]:
        """Write every version as a YAML file below `folder`; the files, in order. Raises `ConfigurationError`."""
        records = await self.versions(at=at)
        return await anyio.to_thread.run_sync(_write, folder, records)

    async def _changed(self, event: Event) -> None:
        if isinstance(event, GuidelineProposed):
            return
        try:  # the change is durable by now, so what fails here must not look as if it were not
            await self._active.refresh()
        except StoreError as error:
            _log.warning("a guideline was changed, and this supervisor goes by it later: %s", error)

    async def _position(self, at: int | datetime | None) -> int | None:
        return None if at is None else await position_of(self._store, at, self._clock)


def _write(folder: Path, records: Sequence[GuidelineRecord]) -> list[Path]:
    written: list[Path] = []
    for record in records:
        path = file_of(folder, record)
        partial = path.with_name(f"{path.name}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            partial.write_text(guideline_yaml(record), encoding="utf-8")
            partial.replace(path)
        except OSError as error:
            raise ConfigurationError(
                f"the guidelines can't be written: {error.strerror}", where=str(path), todo="Name another folder."
            ) from None
        written.append(path)
    return written
