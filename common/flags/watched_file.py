"""The file of flag definitions, read again as it changes; the last good set stays when it breaks."""

from __future__ import annotations

import os
import stat
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import anyio
import anyio.to_thread

from common.clock import Clock
from common.errors import ConfigurationError
from common.flags.declarations import Declarations
from common.flags.flag_set import FlagSet, digest_of
from common.flags.strict_json import MAX_BYTES
from common.logs import get_logger

__all__ = ["FlagFault", "FlagFile", "read_content"]

_log = get_logger(__name__)

POLL = 0.4
"""Seconds between looks at the file while the loops run."""

_STALE = 1.0
"""Seconds after which an evaluation looks itself, where no loop does."""


@dataclass(frozen=True, slots=True)
class FlagFault:
    """What is wrong with the flags, since when, and what holds meanwhile."""

    what: str
    where: str
    todo: str
    since: datetime
    meanwhile: str


def read_content(path: Path) -> bytes | None:
    """The bytes of a file, None where there is none. Raises `OSError`; blocks for no pipe or device."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(0, "it is no regular file")
        return file.read(MAX_BYTES + 1)


class FlagFile:
    """Holds the set of a file. `current` is None where there is no file: then settings and defaults hold.

    A file counts by its content, whatever its times say. A broken one is refused as a whole. A file that vanishes is
    looked for a second time before it counts as gone, for editors move files about.
    """

    def __init__(self, path: Path, declared: Declarations, clock: Clock) -> None:
        self.path = path
        self.current: FlagSet | None = None
        self.fault: FlagFault | None = None
        self._declared = declared
        self._clock = clock
        self._digest: str | None = None
        self._looked = float("-inf")
        self._missed = False
        self._busy = False
        self.reloads = 0
        self.refusals = 0

    @property
    def is_due(self) -> bool:
        """Whether nobody looked for a second."""
        return time.monotonic() - self._looked >= _STALE

    async def refresh(self) -> None:
        """Look at the file, and take over what is new and good. Raises nothing."""
        if self._busy:
            return
        self._busy = True
        try:
            self._take(await anyio.to_thread.run_sync(self._look, abandon_on_cancel=True))
        finally:
            self._looked = time.monotonic()
            self._busy = False

    def _look(self) -> _Look:
        """Read and check the file, in a worker thread."""
        try:
            content = read_content(self.path)
        except OSError as error:
            said = f"the file can't be read: {error.strerror}"
            return _Look(said, ConfigurationError(said, where=str(self.path), todo="Look at the file's permissions."))
        if content is None:
            return _Look(None)
        digest = digest_of(content)
        if digest == self._digest:
            return _Look(digest)
        try:
            return _Look(digest, FlagSet.read(content, self.path.name, self._declared))
        except ConfigurationError as error:
            return _Look(digest, error)

    def _take(self, look: _Look) -> None:
        if look.digest is None:
            self._miss()
            return
        self._missed = False
        if look.digest == self._digest:
            return
        first, self._digest = self._digest is None, look.digest
        if isinstance(look.found, FlagSet):
            self.current, self.fault = look.found, None
            self.reloads += 1
            if not first:
                _log.info("%s changed; its %d flags hold", self.path.name, len(look.found.definitions))
        elif look.found is not None:
            self._refuse(look.found)

    def _miss(self) -> None:
        if self._digest is None:
            return
        if not self._missed:
            self._missed = True
            return
        _log.warning("there is no %s any more: settings and defaults hold", self.path.name)
        self._digest, self.current, self.fault, self._missed = None, None, None, False

    def _refuse(self, error: ConfigurationError) -> None:
        self.refusals += 1
        meanwhile = "settings and defaults hold" if self.current is None else "the last good set holds"
        since = self._clock.now() if self.fault is None else self.fault.since
        todo = error.todo or "Mend the file; it is read again within a second."
        self.fault = FlagFault(error.what, error.where, todo, since, meanwhile)
        _log.warning("the flags are refused, and %s: %s", meanwhile, error)


@dataclass(frozen=True, slots=True)
class _Look:
    """What was seen: the digest of the file's content (None: no file), and the set in it or what is wrong with it."""

    digest: str | None
    found: FlagSet | ConfigurationError | None = None
