"""Turns a bad variant off: the flag's definition goes back to the reference, with an event and an alert."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

import anyio

from common.clock import Clock
from common.errors import ConfigurationError, StoreError, StreamConflict
from common.flags import Flags
from common.flags.change import FlagChange
from common.logs import get_logger
from common.owner_keys import DEFAULT_OWNER
from common.rollout_settings import GuardSettings
from events.catalogue.flag import FlagChanged
from events.catalogue.system import AlertRaised
from events.projection import Views
from events.store import EventStore, stream_name
from supervisor.commands.flags import FlagCommands
from supervisor.guard.judgement import Finding, findings, judge
from supervisor.guard.record import FlagRecord
from supervisor.guard.watch import ALERT_KIND, TURNED_OFF, VariantWatch
from supervisor.notifications import Notification, Notifications

__all__ = ["BY", "VariantGuard"]

BY = "guard"
"""Who is named in the log for what the guard changes."""

_PAUSE = 0.05
"""Seconds between two looks at the least: what ends meanwhile is looked at together."""
_AFTER_FAULT = 5.0

_log = get_logger(__name__)


class VariantGuard:
    """Looks at the watched flags whenever a request ended under one of their variants.

    What it knows is a view over the log, so that it is the same in all processes and after a restart; only one of them
    makes the change, and only on top of the definition that the evidence is about.
    """

    def __init__(
        self,
        settings: GuardSettings,
        flags: Flags,
        store: EventStore,
        views: Views,
        clock: Clock,
        notifications: Notifications,
    ) -> None:
        for flag in settings.flags:
            if flag not in flags.declared:
                near = get_close_matches(flag, flags.keys, n=1)
                raise ConfigurationError(
                    f"unknown flag {flag!r}{f'; did you mean {near[0]!r}?' if near else ''}", where="guard.flags"
                )
        self._settings = settings
        self._store = store
        self._views = views
        self._clock = clock
        self._notifications = notifications
        self._commands = FlagCommands(flags, store)
        self._seen = anyio.Event()

    def saw(self, variants: Mapping[str, str]) -> None:
        """A request ended under these variants."""
        if not self._settings.flags.keys().isdisjoint(variants):
            self._seen.set()

    async def run(self) -> None:
        """Look for as long as the supervisor runs."""
        if not self._settings.enabled:
            return
        while True:
            self._seen = anyio.Event()
            try:
                await self.step()
                await anyio.sleep(_PAUSE)
            except (StoreError, ConfigurationError):
                _log.exception("the guard of flags could not do its work")
                await anyio.sleep(_AFTER_FAULT)
            await self._seen.wait()

    async def step(self) -> list[FlagChanged]:
        """Look once; returns what was turned off. Raises `StoreError` and `ConfigurationError`."""
        done: list[FlagChanged] = []
        for flag, reference in self._settings.flags.items() if self._settings.enabled else ():
            row = await self._views.get(VariantWatch.name, (flag,))
            finding = None if row is None else judge(FlagRecord.load(row["record"]), self._settings)
            if row is not None and finding is not None:
                changed = await self._turn_off(flag, reference, finding, row["flag_version"])
                if changed is not None:
                    done.append(changed)
        return done

    async def report(self) -> list[dict[str, Any]]:
        """What is known of every watched flag, variant by variant: see `Finding`."""
        rows = await self._views.query(VariantWatch.name, limit=1_000)
        return [
            {"flag": row["flag"], "reference": self._settings.flags[row["flag"]], **finding.as_json()}
            for row in rows
            for finding in findings(FlagRecord.load(row["record"]), self._settings)
        ]

    async def _turn_off(self, flag: str, reference: str, finding: Finding, version: int) -> FlagChanged | None:
        what = "fails too often" if finding.about == "errors" else "is too slow"
        title = f"{flag}: {finding.variant} {what}"
        change = FlagChange(variant=reference, only=self._settings.turn_off == "everywhere")
        changed: FlagChanged | None = None
        try:
            with anyio.CancelScope(shield=True):  # whoever turns it off raises the alert, too
                changed = await self._commands.change(flag, change, BY, f"{title}: {finding}", expected_version=version)
                if changed is not None:
                    text = f"Turned off, {reference} is served instead: {finding}"
                    await self._alert(flag, title, text, finding, turned_off=True)
                elif self._settings.turn_off == "shares":
                    text = f"No percentage serves it any more, only rules do, which stay: {finding}"
                    await self._alert(flag, title, text, finding, turned_off=False)
        except StreamConflict:
            _log.info("the flag %s was changed meanwhile; the guard looks anew", flag)
        except ConfigurationError as error:
            text = f"It could not be turned off ({error}): {finding}"
            await self._alert(flag, title, text, finding, turned_off=False)
        return changed

    async def _alert(self, flag: str, title: str, text: str, finding: Finding, *, turned_off: bool) -> None:
        node = socket.gethostname() or "localhost"
        alert = AlertRaised(
            node=node,
            kind=ALERT_KIND,
            subject=flag,
            title=title,
            text=text,
            evidence={**finding.as_json(), TURNED_OFF: turned_off},
        )
        _log.warning("%s. %s", title, text)
        await self._store.append(stream_name("system", node), [alert])
        await self._notifications.send(Notification("alert", title, text, self._clock.now(), DEFAULT_OWNER))
