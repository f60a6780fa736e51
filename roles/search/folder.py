"""A folder of documents: what is in it, and the bytes of one file, without ever leaving the folder."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["FolderScan", "ScannedFile", "read_bytes", "scan"]

_MAX_FILES = 10_000
_MAX_DEPTH = 20


@dataclass(frozen=True, slots=True)
class ScannedFile:
    """A file as the scan saw it; `path` is relative to the folder, with forward slashes."""

    path: str
    size: int
    mtime: int


@dataclass(slots=True)
class FolderScan:
    """The documents of a folder. `unknown` are subfolders (or "" for all) that could not be looked into."""

    files: list[ScannedFile] = field(default_factory=list[ScannedFile])
    problems: list[str] = field(default_factory=list[str])
    unknown: list[str] = field(default_factory=list[str])

    def may_still_exist(self, path: str) -> bool:
        """Whether a file that the scan did not see may be there all the same."""
        return any(not folder or path.startswith(f"{folder}/") for folder in self.unknown)


def scan(root: Path, suffixes: Collection[str], *, max_bytes: int, exclude: Collection[Path] = ()) -> FolderScan:
    """Regular files under `root` with these endings. Hidden names and links are passed over.

    A link inside the folder is passed over as well: what it leads to in the folder is seen under its own name.
    A folder that does not exist is empty.
    """
    found = FolderScan()
    real = root.resolve()
    excluded = {path.resolve() for path in exclude}
    pending: list[tuple[str, int]] = [("", 0)]
    while pending:
        folder, depth = pending.pop()
        if (real / folder) in excluded:
            continue
        try:
            with os.scandir(real / folder) as entries:
                for entry in sorted(entries, key=lambda item: item.name):
                    if len(found.files) >= _MAX_FILES:
                        found.problems.append(f"only the first {_MAX_FILES} documents are searched")
                        found.unknown.append("")
                        return found
                    _take(entry, folder, depth, suffixes, max_bytes, found, pending)
        except FileNotFoundError:
            continue
        except OSError as error:
            found.unknown.append(folder)
            found.problems.append(f"the folder {folder or root.name} can't be read: {error.strerror}")
    return found


def _take(
    entry: os.DirEntry[str],
    folder: str,
    depth: int,
    suffixes: Collection[str],
    max_bytes: int,
    found: FolderScan,
    pending: list[tuple[str, int]],
) -> None:
    if entry.name.startswith(".") or entry.is_symlink():
        return
    path = f"{folder}/{entry.name}" if folder else entry.name
    if entry.is_dir(follow_symlinks=False):
        if depth < _MAX_DEPTH:
            pending.append((path, depth + 1))
        return
    if os.path.splitext(entry.name)[1].lower() not in suffixes:
        return
    try:
        path.encode()
    except UnicodeEncodeError:
        shown = os.fsencode(path).decode("utf-8", "replace")
        found.problems.append(f"{shown}: its name is no UTF-8 text")
        return
    try:
        status = entry.stat(follow_symlinks=False)
    except FileNotFoundError:  # it went away since the folder was listed
        return
    if not stat.S_ISREG(status.st_mode):
        return
    if status.st_size > max_bytes:
        found.problems.append(f"{path}: it is larger than {max_bytes} bytes")
        return
    found.files.append(ScannedFile(path, status.st_size, status.st_mtime_ns))


def read_bytes(root: Path, path: str, max_bytes: int) -> tuple[bytes, ScannedFile]:
    """A file's bytes and what it was when they were read. Raises `OSError`, and `ValueError` for one that grew."""
    # No link is followed and no pipe is waited for, even if the file was swapped since the scan.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with open(os.open(root.resolve() / path, flags), "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("it is no regular file")
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise ValueError(f"it is larger than {max_bytes} bytes")
    return data, ScannedFile(path, status.st_size, status.st_mtime_ns)
