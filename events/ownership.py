"""Tells whether the process that owns a trace still lives, by a lock that is taken away from it when it dies.

Processes on one machine, with a log in a file, lock files; where they share a server, its sessions hold the locks.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import uuid
from pathlib import Path
from typing import Protocol, Self

from common.errors import StoreUnavailable

__all__ = ["FileOwnership", "Ownership", "is_alive"]

_SUFFIX = ".lock"
_ID = re.compile(r"[0-9a-f]{32}")


def is_alive(folder: Path, owner_id: str) -> bool:
    """Whether the owner of an id holds its lock; blocks for no longer than a file is opened.

    A shared lock is tried for, so that those who look do not take each other for the owner. An owner that may not be
    looked at counts as alive.
    """
    if not _ID.fullmatch(owner_id):
        return False
    try:
        descriptor = os.open(folder / f"{owner_id}{_SUFFIX}", os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except PermissionError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


class Ownership(Protocol):
    """The liveness of one supervisor, and its look at that of others. All methods may block: use worker threads."""

    @property
    def owner_id(self) -> str:
        """The id that this owner puts on its traces and claims; does not block.

        It may change when the owner was taken for dead. Raises `StoreUnavailable` while the owner can't know that it
        is not: it claims nothing then.
        """
        ...

    def is_alive(self, owner_id: str) -> bool:
        """Whether an owner lives; one that was found dead stays so. Raises `StoreUnavailable`."""
        ...

    def release(self) -> None:
        """Stop being an owner; later calls do nothing."""
        ...


class FileOwnership:
    """The liveness of one supervisor: a locked file, held until `release` or the end of the process.

    Two supervisors in one process are two owners. Without a folder (a store in memory) nobody else can see this
    owner, and only its own id is alive. All methods block, but for no longer than a file takes to be opened.
    """

    def __init__(self, owner_id: str, folder: Path | None, descriptor: int | None) -> None:
        self._owner_id = owner_id
        self._folder = folder
        self._descriptor = descriptor
        self._held = True

    @classmethod
    def acquire(cls, folder: Path | None) -> FileOwnership:
        """Become an owner, with a file of one's own in `folder`; files of dead owners there are removed.

        Raises `StoreUnavailable` when the folder can't be written.
        """
        owner_id = uuid.uuid4().hex
        if folder is None:
            return cls(owner_id, None, None)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _sweep(folder)
            return cls(owner_id, folder, _lock(folder / f"{owner_id}{_SUFFIX}"))
        except OSError as error:
            raise StoreUnavailable(
                f"the lock of this process can't be made: {error.strerror}",
                where=str(folder),
                todo="Name a data folder you may write to.",
            ) from error

    @property
    def owner_id(self) -> str:
        """The id that this owner puts on its traces and claims."""
        return self._owner_id

    def is_alive(self, owner_id: str) -> bool:
        """Whether an owner lives; this one does until `release`."""
        if owner_id == self._owner_id:
            return self._held
        return self._folder is not None and is_alive(self._folder, owner_id)

    def release(self) -> None:
        """Stop being an owner; later calls do nothing."""
        descriptor, self._descriptor, self._held = self._descriptor, None, False
        if descriptor is not None and self._folder is not None:
            with contextlib.suppress(OSError):
                (self._folder / f"{self._owner_id}{_SUFFIX}").unlink(missing_ok=True)
            os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def _lock(path: Path) -> int:
    """Make and lock a file; again when somebody took it for a dead owner's in between and removed it."""
    while True:
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with contextlib.suppress(FileNotFoundError):
            if os.stat(path).st_ino == os.fstat(descriptor).st_ino:
                return descriptor
        os.close(descriptor)


def _sweep(folder: Path) -> None:
    """Remove the files of dead owners: an owner without a file is dead, so nothing is forgotten."""
    for path in folder.glob(f"*{_SUFFIX}"):
        with contextlib.suppress(OSError):
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()
            finally:
                os.close(descriptor)
