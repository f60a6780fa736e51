"""A supervisor whose role does well or badly by the version of its guideline, with its trials and its watch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from common.clock import SystemClock
from common.context import TaskContext
from common.results import RoleResult
from common.run_context import RunContext
from common.settings import StoreSettings
from events.catalogue.guideline import TrialTerms
from events.state.guideline import GuidelineStatus
from supervisor import Supervisor
from supervisor.learning.service_watch import ServiceWatch
from supervisor.learning.trials import Trials
from supervisor.notifications import Notification, Notifications
from tests.supervisor.scripted_role import ScriptedRole, settings_that_know_the_role

Goes = Callable[[str | None, int], bool]
"""Whether the n-th request under a version of the guideline goes well."""


class World:
    def __init__(self, folder: Path, goes: Goes, *, on_disk: bool = False) -> None:
        settings = settings_that_know_the_role(folder)
        if on_disk:
            settings = settings.model_copy(update={"store": StoreSettings(url=f"sqlite:///{folder / 'events.db'}")})
        self.supervisor = Supervisor(settings, background=False)
        self.supervisor.add_role(ScriptedRole(self._play))
        self.goes = goes
        self.counts: dict[str | None, int] = {}
        self.told: list[Notification] = []

    async def _play(self, request: str, run: RunContext) -> RoleResult:
        version = run.hints.guideline_version
        number = self.counts[version] = self.counts.get(version, 0) + 1
        return RoleResult("done") if self.goes(version, number) else RoleResult("it went wrong", ok=False)

    async def _notified(self, notification: Notification) -> None:
        self.told.append(notification)

    def trials(self, *, auto: bool = True) -> Trials:
        """Trials as a process that has just begun has them."""
        supervisor, notifications = self.supervisor, Notifications(self._notified)
        return Trials(
            supervisor.store, supervisor.views, supervisor.guidelines, SystemClock(), notifications, auto=auto
        )

    def watch(self, **given: Any) -> ServiceWatch:
        """A watch as a process that has just begun has it."""
        supervisor, notifications = self.supervisor, Notifications(self._notified)
        return ServiceWatch(
            supervisor.store, supervisor.views, supervisor.guidelines, SystemClock(), notifications, **given
        )

    async def propose(self, *rules: str) -> str:
        return (await self.supervisor.guidelines.propose("scripted", rules, by="ann")).version

    async def serve(self, *rules: str) -> str:
        version = await self.propose(*rules)
        await self.supervisor.guidelines.activate("scripted", version, by="ann")
        return version

    async def candidate(self, *rules: str, share: float = 0.5, **terms: Any) -> str:
        version = await self.propose(*rules)
        await self.trials().start("scripted", version, share=share, terms=TrialTerms(**terms))
        return version

    async def ask(self, number: int, first: int = 0, **context: Any) -> None:
        for index in range(first, first + number):
            await self.supervisor.process_request(
                "play the script", TaskContext(request_id=f"request {index}", **context)
            )

    async def ask_until(self, step: Callable[[], Any], *, first: int = 0, most: int = 400) -> list[Any]:
        """Requests in tens until a step does something; what it did."""
        for index in range(first, first + most, 10):
            await self.ask(10, index)
            done = await step()
            if done:
                return done
        raise AssertionError("nothing was decided")

    async def events(self, *kinds: Any) -> list[Any]:
        topics = {kind.TOPIC for kind in kinds}
        return [entry.event for entry in await self.supervisor.store.read_all(0, topics)]

    async def status(self, version: str) -> GuidelineStatus:
        return (await self.supervisor.guidelines.get("scripted", version)).status
