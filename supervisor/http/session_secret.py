"""The secret that signs browsers' sessions: in a file beside the log, never in the log."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import tempfile
from pathlib import Path

from common.errors import ConfigurationError

__all__ = ["FILE", "session_secret"]

FILE = "http_sessions.secret"
_BYTES = 32


def session_secret(path: Path | None) -> bytes:
    """The secret in the file, which is made where there is none; all processes of one folder agree on it.

    Without a path it is another one in each process. Raises `ConfigurationError` for a file that can't be read or
    made, that others may read, or that is none of ours.
    """
    if path is None:
        return secrets.token_bytes(_BYTES)
    try:
        if not path.exists():
            _make(path)
        return _read(path)
    except OSError as error:
        raise ConfigurationError(
            f"the secret of sign-ins can't be had: {error.strerror or error}",
            where=str(path),
            todo="Name another file: http.session_secret.",
        ) from None


def _read(path: Path) -> bytes:
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise ConfigurationError(
            "others may read the secret that signs sessions", where=str(path), todo=f"chmod 600 {path.name}"
        )
    try:
        found = bytes.fromhex(path.read_text(encoding="ascii")[: 4 * _BYTES])
    except ValueError:
        found = b""
    if len(found) < _BYTES:
        raise ConfigurationError(
            f"a secret of sessions is {2 * _BYTES} hexadecimal digits",
            where=str(path),
            todo="Remove the file: another one is made, and browsers sign in anew.",
        )
    return found


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, whole = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # for its owner alone
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):  # another process was first: then it is that one's
            os.link(whole, path)
    finally:
        Path(whole).unlink(missing_ok=True)
