"""Edits a file of flag definitions safely: one editor at a time, checked before, replaced as a whole.

All of it blocks: call it from a worker thread.
"""

from __future__ import annotations

import contextlib
import copy
import fcntl
import json
import os
import re
import stat
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from pydantic import JsonValue

from common.errors import ConfigurationError
from common.flags.declarations import Declarations
from common.flags.flag_set import FlagSet, check_document
from common.flags.strict_json import read_json
from common.flags.watched_file import read_content

__all__ = ["Edit", "editing"]

SCHEMA = "https://flagd.dev/schema/v0/flags.json"
_EXPANDED = 2
"""Levels that are always laid out line by line: the document, its flags, their parts."""
_LINE = 80
_INDENT = re.compile(rb"\{\r?\n([ \t]+)\"")

Definition = dict[str, JsonValue]


class Edit:
    """One change of a file, prepared: `before` and `after` are the flag's definitions (None: none).

    The change is on disk beside the file, checked; `commit` puts it in the file's place.
    """

    def __init__(self, path: Path, content: bytes | None, before: Definition | None, after: Definition | None) -> None:
        self.before = before
        self.after = after
        self._path = path
        self._content = content
        self._prepared: Path | None = None

    @property
    def is_change(self) -> bool:
        """Whether anything is different afterwards."""
        return self.before != self.after

    def prepare(self, content: bytes) -> None:
        """Write the new content beside the file, through to the disk, with the file's permissions."""
        descriptor, name = tempfile.mkstemp(prefix=f".{self._path.name}.", dir=self._path.parent)
        self._prepared = Path(name)
        with os.fdopen(descriptor, "wb") as file:
            _like(descriptor, self._path)
            file.write(content)
            file.flush()
            os.fsync(descriptor)

    def commit(self) -> None:
        """Put the prepared content in the file's place, atomically and for good.

        Raises `ConfigurationError` when somebody changed the file in between without taking the lock.
        """
        if self._prepared is None:
            raise RuntimeError("nothing was prepared")
        if read_content(self._path) != self._content:
            raise ConfigurationError(
                "somebody else changed the file at the same time; it is left as they wrote it",
                where=str(self._path),
                todo="Look at it, and try again.",
            )
        os.replace(self._prepared, self._path)
        self._prepared = None
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def discard(self) -> None:
        """Remove what was prepared and not committed."""
        prepared, self._prepared = self._prepared, None
        if prepared is not None:
            prepared.unlink(missing_ok=True)


Change = Callable[[Definition | None], Definition | None]


@contextmanager
def editing(path: Path, key: str, change: Change, declared: Declarations, *, timeout: float = 5.0) -> Generator[Edit]:
    """Prepare a change of the flag `key` under the file's lock; it takes effect by `commit`, else not at all.

    `change` gets the flag's definition and gives the new one (None: none). Raises `ConfigurationError` for a file that
    is broken as it stands, for a change that would break it, and where another editor holds the lock for `timeout`
    seconds.
    """
    target = path.resolve()  # a link stays one
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _locked(target, timeout):
            edit, content = _edited(target, key, change, declared)
            try:
                if edit.is_change:
                    edit.prepare(content)
                yield edit
            finally:
                edit.discard()
    except OSError as error:
        raise ConfigurationError(
            f"the flags can't be written: {error.strerror}", where=str(path), todo="Name a file you may write to."
        ) from None


def _edited(target: Path, key: str, change: Change, declared: Declarations) -> tuple[Edit, bytes]:
    content = read_content(target)
    document: Definition = {"$schema": SCHEMA, "flags": {}}
    if content is not None:
        try:
            loaded = read_json(content, target.name)
            check_document(loaded, target.name, declared)
        except ConfigurationError as error:
            raise ConfigurationError(
                f"the file is broken and is not touched: {error.what}",
                where=error.where,
                todo="Mend it by hand, or move it away and begin anew.",
            ) from None
        document = cast("Definition", loaded)
    flags = cast("dict[str, JsonValue]", document["flags"])
    before = cast("Definition | None", copy.deepcopy(flags.get(key)))
    after = change(copy.deepcopy(before))
    if after is None:
        flags.pop(key, None)
    else:
        flags[key] = after
    written = _text(document, content)
    FlagSet.read(written, target.name, declared)
    return Edit(target, content, before, after), written


def _text(document: Definition, earlier: bytes | None) -> bytes:
    """The document as JSON, indented as it was."""
    found = _INDENT.search(earlier or b"")
    indent = found.group(1).decode() if found else "  "
    return (_pretty(document, indent, 0) + "\n").encode()


def _pretty(value: JsonValue, indent: str, depth: int) -> str:
    """JSON as a person would lay it out: parts of a definition that fit on a line stand on one."""
    line = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, (dict, list)) or not value or (depth > _EXPANDED and len(line) <= _LINE):
        return line
    if isinstance(value, dict):
        brackets = "{}"
        items = [
            f"{json.dumps(key, ensure_ascii=False)}: {_pretty(part, indent, depth + 1)}" for key, part in value.items()
        ]
    else:
        brackets = "[]"
        items = [_pretty(part, indent, depth + 1) for part in value]
    inner, outer = "\n" + indent * (depth + 1), "\n" + indent * depth
    return f"{brackets[0]}{inner}{f',{inner}'.join(items)}{outer}{brackets[1]}"


def _like(descriptor: int, path: Path) -> None:
    """Give a new file the permissions of the one it is to replace, and its owner where that is allowed."""
    try:
        earlier = path.stat()
    except FileNotFoundError:
        os.fchmod(descriptor, 0o644)
        return
    with contextlib.suppress(PermissionError):
        os.fchown(descriptor, earlier.st_uid, earlier.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(earlier.st_mode))


@contextmanager
def _locked(target: Path, timeout: float) -> Generator[None]:
    """Hold the lock of a file's editors: a file beside it, for the file itself is replaced."""
    descriptor = os.open(target.with_name(f".{target.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        deadline = time.monotonic() + timeout
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise ConfigurationError(
                        "somebody else is changing the flags", where=str(target), todo="Try again in a moment."
                    ) from None
                time.sleep(0.02)
        yield
    finally:
        os.close(descriptor)
