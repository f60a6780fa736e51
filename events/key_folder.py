"""Keys in a folder that only its owner may read, one file a key: the default where no key service is given.

    <id>.key                    the key (JSON: id, tenant, secret in base64, created_at)
    <digest of tenant>.current  the id of the tenant's current key
    destroyed                   the ids of all keys that were destroyed, one a line

Processes agree without locks: a file appears under its name when it is whole and on the disk, and of several that make
a tenant's first key at once one comes to be the current one. That pointer may get lost at any time: the next key is
made then, and the ones before stay readable.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import stat
import time
from collections.abc import Collection, Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

from common.errors import ConfigurationError, StoreError, StoreUnavailable
from events.keys import DataKey, id_prefix, make_key

__all__ = ["KeyFolder"]

_KEY = ".key"
_CURRENT = ".current"
_NEW = ".new"
_GONE = ".gone"
_DESTROYED = "destroyed"
_ID = re.compile(r"[0-9a-f]{32}")
_TRIES = 100
_LEFT_BEHIND = 3600.0
"""Seconds after which a file that was being made has no maker any more."""
_MAX_BYTES = 64 * 1024


class KeyFolder:
    """Implements `events.keys.KeyService`. The folder is made with the first key, not before."""

    def __init__(self, path: Path, *, rotate_after: timedelta | None = timedelta(days=90)) -> None:
        """`rotate_after` is the age from which a tenant's current key is no longer used for new payloads; None: never.

        Random nonces should not be used more than some four thousand million times under one key.
        """
        self.path = path
        self._rotate_after = rotate_after

    def check(self) -> None:
        """Raise `ConfigurationError` when the folder can't be used or others may read it; one not made yet is fine."""
        try:
            with self._translated():
                self._is_there()
        except StoreError as error:
            raise ConfigurationError(error.what, where=error.where, todo=error.todo) from error

    def count(self) -> int:
        """How many keys there are, each looked at. Raises `StoreUnavailable` for one that can't be used."""
        with self._translated():
            names = [path.stem for path in self.path.glob(f"*{_KEY}")] if self._is_there() else []
            return sum(self._read_key(name) is not None for name in names)

    def current(self, tenant: str) -> DataKey:
        """The tenant's key for new payloads, made where there is none."""
        with self._translated():
            self._make_folder()
            pointer = self.path / _pointer(tenant)
            for _ in range(_TRIES):
                key = self._pointed(pointer)
                if key is None:
                    self._point(pointer, make_key(tenant), replace=False)
                elif self._is_old(key):
                    self._point(pointer, make_key(tenant), replace=True)
                else:
                    return key
        raise StoreUnavailable(
            "no key stays the current one: something else changes the folder", where=str(self.path), todo="Stop it."
        )

    def get(self, key_id: str) -> DataKey | None:
        """A key by its id; None when it is not there, or its file is damaged."""
        if not _ID.fullmatch(key_id):
            return None
        with self._translated():
            try:
                return self._read_key(key_id) if self._is_there() else None
            except _DamagedKey:
                return None

    def keys_of(self, tenant: str) -> list[str]:
        """The ids of a tenant's keys; of damaged files, too, that may hold one."""
        with self._translated():
            if not self._is_there():
                return []
            found: list[str] = []
            for path in sorted(self.path.glob(f"{id_prefix(tenant)}*{_KEY}")):
                try:
                    key = self._read_key(path.stem)
                except _DamagedKey:
                    found.append(path.stem)
                else:
                    if key is not None and key.tenant == tenant:
                        found.append(key.id)
            return found

    def destroy(self, key_ids: Collection[str]) -> None:
        """Overwrite the files of keys and remove them."""
        with self._translated():
            if not self._is_there():
                return
            self._sweep()
            done = self._destroyed()
            fresh = [key_id for key_id in key_ids if key_id not in done and _ID.fullmatch(key_id)]
            if not fresh:
                return
            for key_id in fresh:
                gone = self.path / f"{key_id}{_GONE}"
                with contextlib.suppress(FileNotFoundError):
                    os.rename(self.path / f"{key_id}{_KEY}", gone)  # from here on nobody finds it
                _shred(gone)
            self._sync()
            # only now: who drops a key because of this must not find it again
            descriptor = os.open(self.path / _DESTROYED, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            try:
                os.write(descriptor, "".join(f"{key_id}\n" for key_id in fresh).encode())
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            self._sync()

    def rotate(self, tenant: str) -> None:
        """Have the next payloads of a tenant encrypted under a new key; the old ones stay readable.

        Processes that run take it up within a minute.
        """
        with self._translated(), contextlib.suppress(FileNotFoundError):
            os.unlink(self.path / _pointer(tenant))

    def stamp(self) -> object:
        """How much was noted of destroyed keys."""
        try:
            return os.stat(self.path / _DESTROYED).st_size
        except OSError:
            return 0

    def _is_there(self) -> bool:
        """Whether the folder was made. Raises `StoreUnavailable` when others may look into it."""
        try:
            found = os.stat(self.path)
        except FileNotFoundError:
            return False
        if not stat.S_ISDIR(found.st_mode):
            raise StoreUnavailable("the folder of keys is no folder", where=str(self.path), todo="Set store.keys.")
        _refuse_shared(found, self.path, "the folder of keys", "700")
        return True

    def _make_folder(self) -> None:
        if not self._is_there():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileExistsError):
                os.mkdir(self.path, 0o700)
                _sync_folder(self.path.parent)
            self._is_there()

    def _pointed(self, pointer: Path) -> DataKey | None:
        """The key that is the current one; None where there is none, or it is gone."""
        try:
            key_id = _read(pointer, "the file").decode(errors="replace").strip()
        except FileNotFoundError:
            return None
        key = self._read_key(key_id) if _ID.fullmatch(key_id) else None
        if key is None or _pointer(key.tenant) != pointer.name:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(pointer)
            return None
        return key

    def _point(self, pointer: Path, key: DataKey, *, replace: bool) -> None:
        """Make a key the current one; where another came to be it meanwhile, it stays, and this key is let go."""
        document = {
            "id": key.id,
            "tenant": key.tenant,
            "secret": base64.b64encode(key.secret).decode(),
            "created_at": key.created_at.isoformat(),
        }
        place = self.path / f"{key.id}{_KEY}"
        new = self._write_new(json.dumps(document).encode())
        os.link(new, place)
        os.unlink(new)
        self._sync()
        new = self._write_new(f"{key.id}\n".encode())
        if replace:
            os.rename(new, pointer)
        else:
            try:
                os.link(new, pointer)
            except FileExistsError:
                _shred(place)
            finally:
                os.unlink(new)
        self._sync()

    def _write_new(self, content: bytes) -> Path:
        """A file on the disk that nobody looks for yet."""
        path = self.path / f"{os.urandom(16).hex()}{_NEW}"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, content)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        return path

    def _read_key(self, key_id: str) -> DataKey | None:
        path = self.path / f"{key_id}{_KEY}"
        try:
            content = _read(path, "a key")
        except FileNotFoundError:
            return None
        try:
            document = cast("dict[str, Any]", json.loads(content))
            secret = base64.b64decode(document["secret"], validate=True)
            created_at = datetime.fromisoformat(document["created_at"]).astimezone(UTC)
            key = DataKey(str(document["id"]), str(document["tenant"]), secret, created_at)
        except (ValueError, KeyError, TypeError):
            key = None
        if key is None or key.id != key_id:
            raise _DamagedKey("the file of a key is damaged", where=str(path), todo="Restore it from a backup.")
        return key

    def _is_old(self, key: DataKey) -> bool:
        return self._rotate_after is not None and datetime.now(UTC) - key.created_at > self._rotate_after

    def _destroyed(self) -> set[str]:
        try:
            return set((self.path / _DESTROYED).read_text(errors="replace").split())
        except FileNotFoundError:
            return set()

    def _sweep(self) -> None:
        """Remove what processes that died while they made a key have left behind."""
        for path in self.path.glob(f"*{_NEW}"):
            with contextlib.suppress(FileNotFoundError):
                if time.time() - os.stat(path).st_mtime > _LEFT_BEHIND:
                    _shred(path)

    def _sync(self) -> None:
        _sync_folder(self.path)

    @contextmanager
    def _translated(self) -> Generator[None]:
        try:
            yield
        except OSError as error:
            raise StoreUnavailable(
                f"the folder of keys can't be used: {error.strerror}",
                where=str(error.filename or self.path),
                todo="Give this user the right to read and write it, or set store.keys.",
            ) from error


def _pointer(tenant: str) -> str:
    return f"{sha256(tenant.encode(errors='surrogatepass')).hexdigest()}{_CURRENT}"


class _DamagedKey(StoreUnavailable):
    """Raised for a file that holds no key."""


def _read(path: Path, what: str) -> bytes:
    """A small file that nobody else may read. Raises `OSError`, and `StoreUnavailable` when others may read it."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        found = os.fstat(descriptor)
        _refuse_shared(found, path, what, "600")
        return os.read(descriptor, _MAX_BYTES)
    finally:
        os.close(descriptor)


def _refuse_shared(found: os.stat_result, path: Path, what: str, mode: str) -> None:
    if found.st_mode & 0o077:
        raise StoreUnavailable(
            f"{what} may be read by others (its mode is {stat.S_IMODE(found.st_mode):o})",
            where=str(path),
            todo=f"Run chmod {mode} on it, and think about who may have read it.",
        )
    if found.st_uid != os.geteuid() and os.geteuid() != 0:
        raise StoreUnavailable(
            f"{what} belongs to another user", where=str(path), todo="Run chown on it, or set store.keys."
        )


def _shred(path: Path) -> None:
    """Overwrite a file and remove it; one that is not there is no error."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        os.write(descriptor, b"\0" * os.fstat(descriptor).st_size)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
