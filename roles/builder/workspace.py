"""The folder of one build: everything that is written or read there stays within it.

Each step of a path is opened by itself and never through a link, so nothing that stands in the folder leads out of it.
Files are written beside their place, made durable and renamed, so that a crash leaves the earlier content or the new.
All methods block; call them from a worker thread.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
from collections.abc import Generator, Mapping
from pathlib import Path, PurePosixPath

from common.errors import BuildError

__all__ = ["Workspace", "hash_of", "hash_of_files"]

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_MAX_BYTES = 4 * 2**20
_MAX_FILES = 500
_MAX_PATH = 200


class Workspace:
    """See the module. `root` is made when something is first written."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, path: str, text: str) -> str:
        """Write a text file, with the folders on its way; returns the SHA-256 of its bytes. Raises `BuildError`."""
        content = text.encode("utf-8", "backslashreplace")
        if len(content) > _MAX_BYTES:
            raise BuildError(f"a file has at most {_MAX_BYTES:,} bytes", where=path[:_MAX_PATH])
        *parents, name = _parts(path)
        with self._folder(parents, make=True) as folder:
            if self._is_other(name, folder):
                raise BuildError("there is something that is no plain file", where=path)
            _write(folder, name, content)
        return hashlib.sha256(content).hexdigest()

    def write_all(self, files: Mapping[str, str], below: str = "") -> str:
        """Write files, and take away others that stand below the folder `below`; returns the hash of them all."""
        if len(files) > _MAX_FILES:
            raise BuildError(f"a build has at most {_MAX_FILES} files", where=below)
        prefix = f"{below}/" if below else ""
        for path, text in files.items():
            self.write(prefix + path, text)
        for path in self.files(below):
            if path not in files:
                self.remove(prefix + path)
        return hash_of_files(files)

    def read(self, path: str) -> str:
        """The text of a file. Raises `BuildError` where there is none, or what is no plain file of text."""
        *parents, name = _parts(path)
        try:
            with self._folder(parents, make=False) as folder:
                descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
                with open(descriptor, "rb") as file:
                    content = file.read(_MAX_BYTES + 1)
            if len(content) > _MAX_BYTES:
                raise BuildError("the file is too large", where=path)
            return content.decode()
        except OSError as error:
            raise BuildError(f"the file can't be read: {error.strerror}", where=path) from None
        except UnicodeDecodeError:
            raise BuildError("the file is no text in UTF-8", where=path) from None

    def find(self, path: str) -> str | None:
        """Like `read`; None where that is not possible."""
        try:
            return self.read(path)
        except BuildError:
            return None

    def make_folder(self, path: str) -> None:
        """Make a folder with those on its way; nothing where it is there. Raises `BuildError`."""
        with self._folder(_parts(path), make=True):
            return

    def remove(self, path: str) -> None:
        """Take a file away; nothing where there is none. Raises `BuildError`."""
        *parents, name = _parts(path)
        with contextlib.suppress(FileNotFoundError), self._folder(parents, make=False) as folder:
            os.unlink(name, dir_fd=folder)

    def files(self, below: str = "") -> dict[str, Path]:
        """The plain files below a folder, by their relative paths; links are left out."""
        top = self.root / below if below else self.root
        found: dict[str, Path] = {}
        for folder, folders, names in os.walk(top, followlinks=False):
            folders[:] = [name for name in folders if name != "__pycache__"]
            for name in names:
                path = Path(folder, name)
                if path.is_file() and not path.is_symlink() and not name.startswith(".writing-"):
                    found[path.relative_to(top).as_posix()] = path
        return dict(sorted(found.items()))

    def texts(self, below: str = "") -> dict[str, str]:
        """The texts of those files. Raises `BuildError`."""
        prefix = f"{below}/" if below else ""
        return {path: self.read(prefix + path) for path in self.files(below)}

    @contextlib.contextmanager
    def _folder(self, parts: list[str], *, make: bool) -> Generator[int]:
        """The descriptor of a folder, reached step by step from the root."""
        opened: list[int] = []
        try:
            if make:
                self.root.mkdir(parents=True, exist_ok=True)
            opened.append(os.open(self.root, _FOLDER))
            for part in parts:
                if make:
                    with contextlib.suppress(FileExistsError):
                        os.mkdir(part, 0o755, dir_fd=opened[-1])
                opened.append(os.open(part, _FOLDER, dir_fd=opened[-1]))
            yield opened[-1]
        except FileNotFoundError:
            raise
        except OSError as error:
            where = "/".join(parts) or str(self.root)
            raise BuildError(f"the folder can't be used: {error.strerror}", where=where) from None
        finally:
            for descriptor in opened:
                os.close(descriptor)

    def _is_other(self, name: str, folder: int) -> bool:
        try:
            mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
        except FileNotFoundError:
            return False
        return (mode & 0o170000) != 0o100000


def _write(folder: int, name: str, content: bytes) -> None:
    beside = f".writing-{secrets.token_hex(8)}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(beside, flags, 0o644, dir_fd=folder)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, name, src_dir_fd=folder, dst_dir_fd=folder)
        os.fsync(folder)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(beside, dir_fd=folder)
        raise


def _parts(path: str) -> list[str]:
    parts = PurePosixPath(path).parts
    plain = bool(parts) and not path.startswith("/") and ".." not in parts and "/".join(parts) == path
    if not plain or len(path) > _MAX_PATH or not path.isprintable() or "\\" in path:
        raise BuildError(
            f"{path[:80]!r} is no path within the build's folder", where="path", todo="Name it like tests/test_it.py."
        )
    return list(parts)


def hash_of(text: str) -> str:
    """SHA-256 of a text, in hex."""
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()


def hash_of_files(files: Mapping[str, str]) -> str:
    """SHA-256 over paths and contents, whatever their order."""
    return hash_of(json.dumps({path: hash_of(text) for path, text in sorted(files.items())}))
