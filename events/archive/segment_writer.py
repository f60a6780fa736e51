"""Writes a segment file, so that it is whole on the disk before anybody is told of it.

Its writer holds a lock on it until the log has taken note of it or has not: a file that the log does not know and that
nobody has locked is an orphan, left by a process that died in between.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import uuid
from collections.abc import Callable, Generator, Sequence
from pathlib import Path

from common.errors import StoreUnavailable
from events.archive.layout import MAGIC, Block, Index, encode_block
from events.backend import Segment
from events.codec import StoredRow

__all__ = ["NewSegment", "orphans", "remove_orphan", "write_segment"]

_BLOCK_ROWS = 128
_BLOCK_BYTES = 128 * 1024
_SUFFIX = ".segment"
_PART = ".part"


class NewSegment:
    """A segment file that is written and not yet part of the log; either `release` or `discard` it."""

    def __init__(self, segment: Segment, path: Path, descriptor: int) -> None:
        self.segment = segment
        self._path = path
        self._descriptor: int | None = descriptor

    @property
    def exists(self) -> bool:
        """Whether the file still lies where the log will look for it."""
        with contextlib.suppress(OSError):
            return self._descriptor is not None and _is_at(self._descriptor, self._path)
        return False

    def release(self) -> None:
        """The log knows it: let go the lock."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def discard(self) -> None:
        """The log does not know it: remove the file."""
        with contextlib.suppress(OSError):
            self._path.unlink()
        self.release()


def write_segment(folder: Path, identity: str, rows: Sequence[StoredRow]) -> NewSegment:
    """Write rows (at least one, in the order of positions) into a new file of `folder`; blocks.

    The file is forced to the disk, and so is its name. Raises `StoreUnavailable` when it can't be written; nothing is
    left then.
    """
    first, last = rows[0][0], rows[-1][0]
    path = folder / f"{identity}-{first:012}-{last:012}-{uuid.uuid4().hex[:12]}{_SUFFIX}"
    part = folder / f"{path.name}{_PART}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = _create(part)
        try:
            size, digest = _write(descriptor, identity, rows)
            os.fsync(descriptor)
            os.rename(part, path)
            _sync_folder(folder)
        except BaseException:
            for name in (part, path):
                with contextlib.suppress(OSError):
                    name.unlink()
            os.close(descriptor)
            raise
    except OSError as error:
        raise StoreUnavailable(
            f"the segment file can't be written: {error.strerror or error}",
            where=str(folder),
            todo="Free some space, or name a folder you may write to (store.archive); nothing was moved.",
        ) from error
    topics = tuple(sorted({row[3] for row in rows}))
    return NewSegment(Segment(0, path.name, first, last, len(rows), size, digest, topics), path, descriptor)


def _create(path: Path) -> int:
    """Make and lock a file; again when somebody took it for an orphan in between and removed it."""
    while True:
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with contextlib.suppress(FileNotFoundError):
            if _is_at(descriptor, path):
                return descriptor
        os.close(descriptor)


def _is_at(descriptor: int, path: Path) -> bool:
    there, here = os.stat(path), os.fstat(descriptor)
    return (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino)


def _write(descriptor: int, identity: str, rows: Sequence[StoredRow]) -> tuple[int, str]:
    """Write the whole content; returns its size and its SHA-256."""
    hashed = hashlib.sha256()
    size = 0

    def put(content: bytes) -> None:
        nonlocal size
        hashed.update(content)
        size += len(content)
        view = memoryview(content)
        while view:
            view = view[os.write(descriptor, view) :]

    put(MAGIC)
    blocks: list[Block] = []
    streams: list[tuple[str, int]] = []
    for group in _groups(rows):
        packed, block = encode_block(group, size)
        streams += [(row[1], len(blocks)) for row in group]
        blocks.append(block)
        put(packed)
    put(Index.of(identity, blocks, streams).encode(size))
    return size, hashed.hexdigest()


def _groups(rows: Sequence[StoredRow]) -> Generator[Sequence[StoredRow]]:
    """The rows of each block."""
    begin = size = 0
    for number, row in enumerate(rows):
        if number > begin and (number - begin >= _BLOCK_ROWS or size + len(row[4]) > _BLOCK_BYTES):
            yield rows[begin:number]
            begin, size = number, 0
        size += len(row[4])
    yield rows[begin:]


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def orphans(folder: Path, identity: str, known: Callable[[str], bool]) -> list[Path]:
    """Files in `folder` of the log with this identity that it does not know; some may be in the making."""
    try:
        found = sorted(folder.glob(f"{identity}-*"))
    except OSError:
        return []
    return [path for path in found if path.name.endswith((_SUFFIX, f"{_SUFFIX}{_PART}")) and not known(path.name)]


def remove_orphan(path: Path) -> bool:
    """Remove a file unless its writer lives; whether it was removed.

    To be called while nobody else can write to the log, and for a file that it was found not to know meanwhile: what a
    writer that died had begun is over only then.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not _is_at(descriptor, path):
            return False
        path.unlink()
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True
