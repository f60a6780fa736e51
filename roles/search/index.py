"""The full-text index of one owner's documents: a SQLite file that can be thrown away at any time.

Every use brings it up to date first (by path, size and time, then by content) and then asks it. Several processes may
use one index; a damaged one is removed and built anew. Everything here is synchronous and meant for worker threads.
"""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from roles.search.folder import FolderScan, ScannedFile, read_bytes, scan
from roles.search.lock import hold
from roles.search.query import SearchQuery
from roles.search.ranking import rank
from roles.search.reader import DocumentReader, ReadDocument, UnreadableDocument
from roles.search.source import Findings, FoundDocument, SearchUnavailable

__all__ = ["DocumentIndex", "Folder"]

_VERSION = 1
_BATCH = 50
_PAUSE = 0.01
"""Seconds between tries to get at a busy index."""
_FRESH = 2_000_000_000
"""Nanoseconds within which a file may change again without its time showing it."""
_DAMAGED = frozenset({sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_SCHEMA = """
CREATE TABLE documents (
    id INTEGER PRIMARY KEY, origin TEXT NOT NULL, path TEXT NOT NULL, title TEXT NOT NULL, size INTEGER NOT NULL,
    mtime INTEGER NOT NULL, checked INTEGER NOT NULL, hash TEXT NOT NULL, problem TEXT, UNIQUE (origin, path)
);
CREATE TABLE passages (
    id INTEGER PRIMARY KEY, document INTEGER NOT NULL, ordinal INTEGER NOT NULL, UNIQUE (document, ordinal)
);
CREATE VIRTUAL TABLE texts USING fts5(title, heading, body, tokenize = "porter unicode61 remove_diacritics 2");
"""

_NAME_FILLER = frozenset(
    [
        *("the", "a", "an", "my", "me", "to", "of", "on", "for", "about", "see", "whole", "full", "entire", "text"),
        *("document", "documents", "file", "note", "notes", "collection", "md", "txt"),
    ]
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder to index: its documents are cited as ``origin: path``."""

    origin: str
    root: Path
    exclude: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class _Known:
    id: int
    size: int
    mtime: int
    checked: int
    hash: str

    def is_unchanged(self, file: ScannedFile) -> bool:
        return (self.size, self.mtime) == (file.size, file.mtime) and self.mtime + _FRESH < self.checked


@dataclass(frozen=True, slots=True)
class _Read:
    """A file that was read: its new row, and its content unless that is what the index has already."""

    file: ScannedFile
    checked: int
    hash: str
    document: ReadDocument | None = None
    problem: str | None = None


@dataclass(slots=True)
class _Refresh:
    problems: list[str] = field(default_factory=list[str])
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
            text = _whole_text(connection, number)
            return FoundDocument(title, f"{origin}: {path}", text[:max_chars], len(text))

        return self._use(ask)

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
        with _writing(connection):
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
            seen = scan(folder.root, self._readers, max_bytes=self._max_file_bytes, exclude=folder.exclude)
            refreshed.problems += seen.problems
            known = _known(connection, folder.origin)
            self._forget(connection, folder.origin, seen, known)
            changed = [file for file in seen.files if not (old := known.get(file.path)) or not old.is_unchanged(file)]
            for start in range(0, len(changed), _BATCH):
                if time.monotonic() >= deadline:
                    refreshed.left += len(changed) - start
                    break
                self._take(connection, folder, changed[start : start + _BATCH], known, refreshed)
        _drop_origins(connection, origins)
        return refreshed

    @staticmethod
    def _forget(connection: sqlite3.Connection, origin: str, seen: FolderScan, known: Mapping[str, _Known]) -> None:
        present = {file.path for file in seen.files}
        gone = [path for path in known if path not in present and not seen.may_still_exist(path)]
        if gone:
            with _writing(connection):
                for path in gone:
                    _remove(connection, known[path].id)

    def _take(
        self,
        connection: sqlite3.Connection,
        folder: Folder,
        files: Sequence[ScannedFile],
        known: Mapping[str, _Known],
        refreshed: _Refresh,
    ) -> None:
        """Read a batch of files, then write what is new of it in one transaction."""
        reads: list[_Read] = []
        for file in files:
            try:
                reads.append(self._read(folder, file, known.get(file.path)))
            except FileNotFoundError:
                continue
            except (OSError, ValueError) as error:
                reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
                refreshed.problems.append(f"{file.path}: {reason}")
        if not reads:
            return
        with _writing(connection):
            for read in reads:
                _write(connection, folder.origin, read)

    def _read(self, folder: Folder, file: ScannedFile, old: _Known | None) -> _Read:
        checked = time.time_ns()
        data, now = read_bytes(folder.root, file.path, self._max_file_bytes)
        digest = hashlib.sha256(data).hexdigest()
        if old is not None and old.hash == digest:
            return _Read(now, checked, digest)
        name = Path(file.path)
        try:
            document = self._readers[name.suffix.lower()].read(name.stem, data)
        except UnreadableDocument as error:
            return _Read(now, checked, digest, problem=str(error))
        return _Read(now, checked, digest, document)

    @staticmethod
    def _problems(connection: sqlite3.Connection, refreshed: _Refresh) -> list[str]:
        rows = connection.execute("SELECT path, problem FROM documents WHERE problem IS NOT NULL ORDER BY path")
        problems = [*refreshed.problems, *(f"{path}: {problem}" for path, problem in rows)]
        if refreshed.left:
            problems.insert(0, f"{refreshed.left} documents are not indexed yet; ask again in a moment")
        return problems


def choose_document(name: str, documents: Sequence[tuple[str, str, str]]) -> int | None:
    """The index of the (origin, path, title) that a title or source means; None where none comes near."""
    wanted = name.casefold().strip(" \"'“”.?!")
    words = set(_words(wanted))
    best: tuple[float, int] | None = None
    for position, (origin, path, title) in enumerate(documents):
        exact = {f"{origin}: {path}".casefold(), path.casefold(), title.casefold(), Path(path).stem.casefold()}
        mine = set(_words(f"{title} {Path(path).stem}"))
        score = 2.0 if wanted in exact else len(words & mine) / len(words) if words else 0.0
        if score >= 0.6 and (best is None or score > best[0]):
            best = (score, position)
    return best[1] if best else None


def _words(text: str) -> list[str]:
    words = "".join(char if char.isalnum() else " " for char in text.casefold()).split()
    return [word for word in words if word not in _NAME_FILLER]


def _is_damaged(error: sqlite3.Error) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(code, int) and code & 0xFF in _DAMAGED


def _is_sound(connection: sqlite3.Connection) -> bool:
    connection.execute("SELECT 1 FROM documents, passages LIMIT 1")
    connection.execute("INSERT INTO texts(texts) VALUES ('integrity-check')")
    return connection.execute("PRAGMA integrity_check(1)").fetchone() == ("ok",)


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


@contextmanager
def _writing(connection: sqlite3.Connection) -> Generator[None]:
    """One transaction that has the write lock from its start, so that it can't fail half-way for another writer."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _known(connection: sqlite3.Connection, origin: str) -> dict[str, _Known]:
    rows = connection.execute("SELECT path, id, size, mtime, checked, hash FROM documents WHERE origin = ?", (origin,))
    return {path: _Known(*rest) for path, *rest in rows}


def _drop_origins(connection: sqlite3.Connection, kept: Collection[str]) -> None:
    """Remove documents of folders that are no longer asked for."""
    found = connection.execute("SELECT DISTINCT origin FROM documents").fetchall()
    dropped = [origin for (origin,) in found if origin not in kept]
    rows = [connection.execute("SELECT id FROM documents WHERE origin = ?", (origin,)) for origin in dropped]
    gone = [number for found_rows in rows for (number,) in found_rows.fetchall()]
    if gone:
        with _writing(connection):
            for number in gone:
                _remove(connection, number)


def _remove(connection: sqlite3.Connection, document: int) -> None:
    connection.execute("DELETE FROM texts WHERE rowid IN (SELECT id FROM passages WHERE document = ?)", (document,))
    connection.execute("DELETE FROM passages WHERE document = ?", (document,))
    connection.execute("DELETE FROM documents WHERE id = ?", (document,))


def _write(connection: sqlite3.Connection, origin: str, read: _Read) -> None:
    """Make a document's rows those of `read`, unless a process that read it later has done so already."""
    file = read.file
    row = connection.execute(
        "SELECT id, hash, checked FROM documents WHERE origin = ? AND path = ?", (origin, file.path)
    ).fetchone()
    if row is not None and row[2] > read.checked:
        return
    if row is not None and row[1] == read.hash:
        connection.execute(
            "UPDATE documents SET size = ?, mtime = ?, checked = ? WHERE id = ?",
            (file.size, file.mtime, read.checked, row[0]),
        )
        return
    if row is not None:
        _remove(connection, row[0])
    if read.document is None and read.problem is None:  # another process took it out in between: next time
        return
    title = read.document.title if read.document else ""
    values = (origin, file.path, title, file.size, file.mtime, read.checked, read.hash, read.problem)
    number = connection.execute(
        "INSERT INTO documents (origin, path, title, size, mtime, checked, hash, problem) VALUES (?,?,?,?,?,?,?,?)",
        values,
    ).lastrowid
    for ordinal, passage in enumerate(read.document.passages if read.document else ()):
        added = connection.execute("INSERT INTO passages (document, ordinal) VALUES (?, ?)", (number, ordinal))
        connection.execute(
            "INSERT INTO texts (rowid, title, heading, body) VALUES (?, ?, ?, ?)",
            (added.lastrowid, title, passage.heading, passage.text),
        )


def _whole_text(connection: sqlite3.Connection, document: int) -> str:
    rows = connection.execute(
        "SELECT texts.heading, texts.body FROM passages JOIN texts ON texts.rowid = passages.id "
        "WHERE passages.document = ? ORDER BY passages.ordinal",
        (document,),
    )
    parts: list[str] = []
    last = ""
    for heading, body in rows:
        if heading != last:
            parts.append(str(heading))
        parts.append(str(body))
        last = heading
    return "\n".join(part for part in parts if part)
