"""The full-text index of one owner's documents: a SQLite file that can be thrown away at any time.

Every use brings it up to date first (by path, size and time, then by content) and then asks it. Several processes may
use one index; a damaged one is removed and built anew. Everything here is synchronous and meant for worker threads.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from roles.search.folder import FolderScan, ScannedFile, read_bytes, scan
from roles.search.index_rows import (
    KnownDocument,
    ReadFile,
    drop_origins,
    known_documents,
    remove,
    whole_text,
    write,
    writing,
)
from roles.search.lock import hold
from roles.search.naming import choose_document
from roles.search.query import SearchQuery
from roles.search.ranking import rank
from roles.search.reader import DocumentReader, ReaderUnavailable, UnreadableDocument
from roles.search.source import Findings, FoundDocument, SearchUnavailable

__all__ = ["DocumentIndex", "Folder"]

_VERSION = 2
_BATCH = 50
_PAUSE = 0.01
"""Seconds between tries to get at a busy index."""
_DAMAGED = frozenset({sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_SCHEMA = """
CREATE TABLE documents (
    id INTEGER PRIMARY KEY, origin TEXT NOT NULL, path TEXT NOT NULL, title TEXT NOT NULL, size INTEGER NOT NULL,
    mtime INTEGER NOT NULL, checked INTEGER NOT NULL, hash TEXT NOT NULL, problem TEXT, note TEXT,
    UNIQUE (origin, path)
);
CREATE TABLE passages (
    id INTEGER PRIMARY KEY, document INTEGER NOT NULL, ordinal INTEGER NOT NULL, UNIQUE (document, ordinal)
);
CREATE VIRTUAL TABLE texts USING fts5(title, heading, body, tokenize = "porter unicode61 remove_diacritics 2");
"""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder to index: its documents are cited as ``origin: path``."""

    origin: str
    root: Path
    exclude: tuple[Path, ...] = ()


@dataclass(slots=True)
class _Refresh:
    problems: list[str] = field(default_factory=list[str])
    unavailable: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    left: int = 0


class DocumentIndex:
    """The index file of one owner. `seconds` bounds how long one use spends on bringing it up to date."""

    def __init__(
        self,
        path: Path,
        folders: Sequence[Folder],
        readers: Sequence[DocumentReader],
        *,
        max_file_bytes: int,
        seconds: float,
        busy_seconds: float,
    ) -> None:
        self._path = path
        self._folders = tuple(folders)
        self._readers: Mapping[str, DocumentReader] = {
            suffix: reader for reader in readers for suffix in reader.suffixes
        }
        self._max_file_bytes = max_file_bytes
        self._seconds = seconds
        self._busy_seconds = busy_seconds

    def search(self, query: SearchQuery, limit: int) -> Findings:
        """The best documents for a query. Raises `SearchUnavailable`."""

        def ask(connection: sqlite3.Connection, refreshed: _Refresh) -> Findings:
            hits, unknown = rank(connection, query, limit)
            return Findings(tuple(hits), tuple(unknown), tuple(self._problems(connection, refreshed)))

        return self._use(ask)

    def read(self, name: str, max_chars: int) -> FoundDocument | None:
        """The document that `name` (a title, or a source as cited) means best. Raises `SearchUnavailable`."""

        def ask(connection: sqlite3.Connection, _: _Refresh) -> FoundDocument | None:
            rows = connection.execute("SELECT id, origin, path, title FROM documents WHERE problem IS NULL").fetchall()
            chosen = choose_document(name, [(origin, path, title) for _, origin, path, title in rows])
            if chosen is None:
                return None
            number, origin, path, title = rows[chosen]
            text = whole_text(connection, number)
            return FoundDocument(title, f"{origin}: {path}", text[:max_chars], len(text))

        return self._use(ask)

    def look(self) -> tuple[int, int | None, list[str]]:
        """(documents in the folders, documents in the index, problems), without changing anything.

        No index yet, or a damaged one, which the next use builds anew, is None. Raises `SearchUnavailable` for a
        place where there can be none.
        """
        seen = [self._scan(folder) for folder in self._folders]
        problems = [problem for found in seen for problem in found.problems]
        count = sum(len(found.files) for found in seen)
        place = next(folder for folder in (self._path, *self._path.parents) if folder.exists())
        if not os.access(place, os.R_OK | os.W_OK) or (place != self._path and not place.is_dir()):
            raise SearchUnavailable(f"the search index can't be used: {place} can't be written")
        if place != self._path:
            return count, None, problems
        try:
            with self._locked(alone=False), closing(self._connect()) as connection:
                if _version(connection) != _VERSION:
                    return count, None, problems
                row = connection.execute("SELECT count(*) FROM documents WHERE problem IS NULL").fetchone()
        except sqlite3.Error as error:
            if not _is_damaged(error):
                raise SearchUnavailable(f"the search index can't be used: {error}") from error
            return count, None, [*problems, "the index is damaged and will be built anew"]
        return count, int(row[0]), problems

    def _scan(self, folder: Folder) -> FolderScan:
        return scan(folder.root, self._readers, max_bytes=self._max_file_bytes, exclude=folder.exclude)

    def _use(self, ask: Callable[[sqlite3.Connection, _Refresh], T]) -> T:
        try:
            return self._attempt(ask)
        except sqlite3.Error as error:
            if not _is_damaged(error):
                raise SearchUnavailable(f"the search index can't be used: {error}") from error
        try:
            self._remove_damaged()
            return self._attempt(ask)
        except sqlite3.Error as error:
            raise SearchUnavailable(f"the search index can't be built: {error}") from error

    def _attempt(self, ask: Callable[[sqlite3.Connection, _Refresh], T]) -> T:
        with self._locked(alone=False), closing(self._connect()) as connection:
            self._prepare(connection)
            refreshed = self._refresh(connection)
            connection.execute("BEGIN")  # one state of the index for all questions of a search
            return ask(connection, refreshed)

    @contextmanager
    def _locked(self, *, alone: bool) -> Generator[None]:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with hold(self._path.with_suffix(".lock"), alone=alone, timeout=self._busy_seconds):
                yield
        except OSError as error:
            raise SearchUnavailable(f"the search index can't be used: {error.strerror or error}") from error

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=self._busy_seconds, isolation_level=None)
        try:
            self._use_wal(connection)
            connection.execute("PRAGMA synchronous = NORMAL")
        except BaseException:
            connection.close()
            raise
        return connection

    def _use_wal(self, connection: sqlite3.Connection) -> None:
        """Switch to write-ahead logging; SQLite does not wait for others by itself here, as it does elsewhere."""
        deadline = time.monotonic() + self._busy_seconds
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() >= deadline:
                    raise
                time.sleep(_PAUSE)
            else:
                return

    def _prepare(self, connection: sqlite3.Connection) -> None:
        if _version(connection) == _VERSION:
            return
        with writing(connection):
            if _version(connection) == _VERSION:  # another process was first
                return
            for name in ("texts", "passages", "documents"):
                connection.execute(f"DROP TABLE IF EXISTS {name}")
            for statement in _SCHEMA.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {_VERSION}")

    def _remove_damaged(self) -> None:
        """Remove the files if the damage is still there once nobody else uses them."""
        with self._locked(alone=True):
            try:
                with closing(self._connect()) as connection:
                    sound = _version(connection) == _VERSION and _is_sound(connection)
            except sqlite3.Error:
                sound = False
            if not sound:
                for ending in ("", "-wal", "-shm"):
                    self._path.with_name(self._path.name + ending).unlink(missing_ok=True)

    def _refresh(self, connection: sqlite3.Connection) -> _Refresh:
        """Bring the index up to date with the folders, in batches, for as long as the time allows."""
        deadline = time.monotonic() + self._seconds
        refreshed = _Refresh()
        origins = {folder.origin for folder in self._folders}
        for folder in self._folders:
            seen = self._scan(folder)
            refreshed.problems += seen.problems
            known = known_documents(connection, folder.origin)
            self._forget(connection, folder.origin, seen, known)
            changed = [file for file in seen.files if not (old := known.get(file.path)) or not old.is_unchanged(file)]
            for start in range(0, len(changed), _BATCH):
                self._take(connection, folder, changed[start : start + _BATCH], known, refreshed, deadline)
        drop_origins(connection, origins)
        return refreshed

    @staticmethod
    def _forget(
        connection: sqlite3.Connection, origin: str, seen: FolderScan, known: Mapping[str, KnownDocument]
    ) -> None:
        present = {file.path for file in seen.files}
        gone = [path for path in known if path not in present and not seen.may_still_exist(path)]
        if gone:
            with writing(connection):
                for path in gone:
                    remove(connection, known[path].id)

    def _take(
        self,
        connection: sqlite3.Connection,
        folder: Folder,
        files: Sequence[ScannedFile],
        known: Mapping[str, KnownDocument],
        refreshed: _Refresh,
        deadline: float,
    ) -> None:
        """Read a batch of files for as long as the time allows, then write what is new in one transaction."""
        reads: list[ReadFile] = []
        for done, file in enumerate(files):
            if time.monotonic() >= deadline:
                refreshed.left += len(files) - done
                break
            try:
                reads.append(self._read(folder, file, known.get(file.path)))
            except FileNotFoundError:
                continue
            except ReaderUnavailable as error:
                refreshed.unavailable.setdefault(str(error), []).append(file.path)
            except (OSError, ValueError) as error:
                reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
                refreshed.problems.append(f"{file.path}: {reason}")
        if not reads:
            return
        with writing(connection):
            for read in reads:
                write(connection, folder.origin, read)

    def _read(self, folder: Folder, file: ScannedFile, old: KnownDocument | None) -> ReadFile:
        name = Path(file.path)
        reader = self._readers[name.suffix.lower()]
        reader.require()
        checked = time.time_ns()
        data, now = read_bytes(folder.root, file.path, self._max_file_bytes)
        digest = hashlib.sha256(data).hexdigest()
        if old is not None and old.hash == digest:
            return ReadFile(now, checked, digest)
        try:
            document = reader.read(name.stem, data)
        except UnreadableDocument as error:
            return ReadFile(now, checked, digest, problem=str(error))
        return ReadFile(now, checked, digest, document)

    @staticmethod
    def _problems(connection: sqlite3.Connection, refreshed: _Refresh) -> list[str]:
        rows = connection.execute(
            "SELECT path, coalesce(problem, note) AS said FROM documents WHERE said IS NOT NULL ORDER BY path"
        )
        unread = [f"{_several(paths)}: {reason}" for reason, paths in refreshed.unavailable.items()]
        problems = [*unread, *refreshed.problems, *(f"{path}: {problem}" for path, problem in rows)]
        if refreshed.left:
            problems.insert(0, f"{refreshed.left} documents are not indexed yet; ask again in a moment")
        return problems


def _several(paths: Sequence[str]) -> str:
    return paths[0] if len(paths) == 1 else f"{paths[0]} and {len(paths) - 1} more"


def _is_damaged(error: sqlite3.Error) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(code, int) and code & 0xFF in _DAMAGED


def _is_sound(connection: sqlite3.Connection) -> bool:
    connection.execute("SELECT 1 FROM documents, passages LIMIT 1")
    connection.execute("INSERT INTO texts(texts) VALUES ('integrity-check')")
    return connection.execute("PRAGMA integrity_check(1)").fetchone() == ("ok",)


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
