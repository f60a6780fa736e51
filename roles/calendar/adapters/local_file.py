"""Calendars in local .ics files, one an owner.

Readers take whatever version of the file is complete; writers take turns by a lock file, and replace the file as a
whole, so that a crash at any moment leaves the old version or the new one.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import anyio
import anyio.to_thread

from common.clock import Clock
from common.context import Owner
from common.health import Reached
from common.owner_keys import DEFAULT_OWNER
from common.settings import Settings
from roles.calendar.adapters.ics_text import BrokenIcs
from roles.calendar.backend import CalendarError, EventReference, NewEvent, NotInCalendar, Occurrence

if TYPE_CHECKING:
    from roles.calendar.adapters.ics_reading import IcsCalendar

__all__ = ["LocalCalendar"]

Result = TypeVar("Result")
Change = Callable[["IcsCalendar"], str | None]
"""A new text made of what a calendar says now; None where nothing needs to change."""

_LOCK_SECONDS = 10.0
_MAX_BYTES = 50_000_000
_KEPT = 16
_THREADS = 8


class LocalCalendar:
    """Implements `CalendarBackend` over local files; `clock` stamps what is written."""

    def __init__(self, settings: Settings, clock: Clock, *, lock_timeout: float = _LOCK_SECONDS) -> None:
        """`lock_timeout` is how many seconds a change waits for those of other processes."""
        self._settings = settings
        self._clock = clock
        self._lock_timeout = lock_timeout
        self._kept: OrderedDict[Path, tuple[tuple[int, ...], IcsCalendar]] = OrderedDict()
        self._keeping = threading.Lock()
        self._limiter: anyio.CapacityLimiter | None = None

    async def between(self, owner: Owner, start: datetime, end: datetime) -> list[Occurrence]:
        """See `CalendarBackend`."""
        path = self._settings.calendar_path(owner)
        return await self._in_thread(lambda: self._read(path, lambda calendar: calendar.between(start, end)))

    async def get(self, owner: Owner, reference: EventReference, like: datetime) -> Occurrence | None:
        """See `CalendarBackend`."""
        path = self._settings.calendar_path(owner)
        return await self._in_thread(lambda: self._read(path, lambda calendar: calendar.get(reference, like.tzinfo)))

    async def add(self, owner: Owner, event: NewEvent) -> bool:
        """See `CalendarBackend`."""
        from roles.calendar.adapters.ics_editing import with_event

        now = self._clock.now()
        return await self._change(owner, lambda calendar: with_event(calendar, event, now))

    async def move(
        self, owner: Owner, reference: EventReference, start: datetime, end: datetime, *, all_day: bool
    ) -> None:
        """See `CalendarBackend`."""
        from roles.calendar.adapters.ics_editing import NoSuchEntry, with_moved

        now = self._clock.now()
        try:
            await self._change(
                owner, lambda calendar: with_moved(calendar, reference, start, end, now, all_day=all_day)
            )
        except NoSuchEntry:
            raise NotInCalendar(
                "the event is no longer in the calendar", where=str(self._settings.calendar_path(owner))
            ) from None

    async def rename(self, owner: Owner, reference: EventReference, name: str) -> None:
        """See `CalendarBackend`."""
        from roles.calendar.adapters.ics_editing import NoSuchEntry, with_renamed

        now = self._clock.now()
        try:
            await self._change(owner, lambda calendar: with_renamed(calendar, reference, name, now))
        except NoSuchEntry:
            raise NotInCalendar(
                "the event is no longer in the calendar", where=str(self._settings.calendar_path(owner))
            ) from None

    async def remove(self, owner: Owner, reference: EventReference) -> bool:
        """See `CalendarBackend`."""
        from roles.calendar.adapters.ics_editing import without_entry

        return await self._change(owner, lambda calendar: without_entry(calendar, reference))

    async def probe(self) -> Reached:
        """Read the default owner's file. See `HealthCheck`."""
        path = self._settings.calendar_path(DEFAULT_OWNER)
        count = await self._in_thread(lambda: self._read(path, lambda calendar: len(calendar.stored)))
        if not await self._in_thread(path.exists):
            return Reached(detail=f"{path} will be made with the first event")
        return Reached(detail=f"{path}, {count} {'event' if count == 1 else 'events'}")

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        """A read that takes too long is left to end by itself; it changes nothing."""
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(_THREADS)
        return await anyio.to_thread.run_sync(work, limiter=self._limiter, abandon_on_cancel=True)

    async def _change(self, owner: Owner, change: Change) -> bool:
        path = self._settings.calendar_path(owner)
        return await anyio.to_thread.run_sync(self._change_now, path, change)

    def _read(self, path: Path, look: Callable[[IcsCalendar], Result]) -> Result:
        with _told(path):
            return look(self._calendar(path))

    def _change_now(self, path: Path, change: Change) -> bool:
        """Under the lock: read the file anew, change its text, put the new one in its place."""
        with _told(path):
            real = Path(os.path.realpath(path))
            real.parent.mkdir(parents=True, exist_ok=True)
            with _locked(real.with_name(f"{real.name}.lock"), self._lock_timeout):
                text = change(self._calendar(real))
                if text is None:
                    return False
                _replace(real, text.encode("utf-8"))
                return True

    def _calendar(self, path: Path) -> IcsCalendar:
        """What the file says now; the last versions that were read are kept."""
        from roles.calendar.adapters.ics_editing import EMPTY
        from roles.calendar.adapters.ics_reading import IcsCalendar

        try:
            with path.open("rb") as file:
                status = os.fstat(file.fileno())
                version = (status.st_ino, status.st_mtime_ns, status.st_size)
                with self._keeping:
                    kept = self._kept.get(path)
                if kept is not None and kept[0] == version:
                    return kept[1]
                content = file.read(_MAX_BYTES + 1)
        except FileNotFoundError:
            return IcsCalendar(EMPTY)
        if len(content) > _MAX_BYTES:
            raise BrokenIcs(1, f"it is larger than {_MAX_BYTES // 1_000_000} MB")
        calendar = IcsCalendar(_decoded(content) if content.strip() else EMPTY)
        with self._keeping:
            self._kept[path] = (version, calendar)
            self._kept.move_to_end(path)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return calendar


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BrokenIcs(content.count(b"\n", 0, error.start) + 1, "it is no UTF-8 text") from None


@contextmanager
def _told(path: Path) -> Generator[None]:
    """Failures as `CalendarError`; whatever fails, the file is as it was before."""
    try:
        yield
    except BrokenIcs as error:
        raise CalendarError(
            f"the calendar file can't be read: {error.reason}",
            where=f"{path}, line {error.line}",
            todo="Repair the file, or put a copy of an earlier version in its place; it was left as it is.",
        ) from None
    except TimeoutError:
        raise CalendarError(
            "the calendar is being changed by another program for too long", where=str(path), todo="Try again."
        ) from None
    except OSError as error:
        raise CalendarError(
            f"the calendar file can't be used: {error.strerror or error}",
            where=str(path),
            todo="Check the folder and its permissions, or name another file as calendar.path.",
        ) from None


@contextmanager
def _locked(path: Path, timeout: float) -> Generator[None]:
    """Hold the lock file alone; raises `TimeoutError` after `timeout` seconds. The lock ends with its process."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
    deadline = time.monotonic() + timeout
    try:
        while not _try_lock(descriptor):
            if time.monotonic() >= deadline:
                raise TimeoutError(f"{path.name} is held by another process")
            time.sleep(0.01)
        yield
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def _replace(path: Path, content: bytes) -> None:
    """Put a whole new file in the place of the old one, on disk before the name points to it.

    The name of the file in the making is fixed: the lock allows one writer, and what a killed one left is overwritten.
    """
    making = path.with_name(f".{path.name}.new")
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o600
    descriptor = os.open(making, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0), mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    making.chmod(mode)
    os.replace(making, path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make the new name outlive a loss of power; where folders can't be synced, it does so a little later."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    except OSError:
        return
    finally:
        os.close(descriptor)
