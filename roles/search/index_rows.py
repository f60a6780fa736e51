"""The rows of a search index: what it knows of each document, and how that is replaced."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Generator
from contextlib import contextmanager
from dataclasses import dataclass

from roles.search.folder import ScannedFile
from roles.search.reader import ReadDocument

__all__ = [
    "KnownDocument",
    "ReadFile",
    "drop_origins",
    "known_documents",
    "remove",
    "whole_text",
    "write",
    "writing",
]

_FRESH = 2_000_000_000
"""Nanoseconds within which a file may change again without its time showing it."""


@dataclass(frozen=True, slots=True)
class KnownDocument:
    """A document as the index has it."""

    id: int
    size: int
    mtime: int
    checked: int
    hash: str

    def is_unchanged(self, file: ScannedFile) -> bool:
        """Whether the file is surely the one that was read."""
        return (self.size, self.mtime) == (file.size, file.mtime) and self.mtime + _FRESH < self.checked


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file that was read: its new row, and its content unless that is what the index has already."""

    file: ScannedFile
    checked: int
    hash: str
    document: ReadDocument | None = None
    problem: str | None = None


@contextmanager
def writing(connection: sqlite3.Connection) -> Generator[None]:
    """One transaction that has the write lock from its start, so that it can't fail half-way for another writer."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def known_documents(connection: sqlite3.Connection, origin: str) -> dict[str, KnownDocument]:
    """What the index has of a folder, by path."""
    rows = connection.execute("SELECT path, id, size, mtime, checked, hash FROM documents WHERE origin = ?", (origin,))
    return {path: KnownDocument(*rest) for path, *rest in rows}


def drop_origins(connection: sqlite3.Connection, kept: Collection[str]) -> None:
    """Remove documents of folders that are no longer asked for."""
    found = connection.execute("SELECT DISTINCT origin FROM documents").fetchall()
    dropped = [origin for (origin,) in found if origin not in kept]
    rows = [connection.execute("SELECT id FROM documents WHERE origin = ?", (origin,)) for origin in dropped]
    gone = [number for found_rows in rows for (number,) in found_rows.fetchall()]
    if gone:
        with writing(connection):
            for number in gone:
                remove(connection, number)


def remove(connection: sqlite3.Connection, document: int) -> None:
    """Take a document out, its passages included."""
    connection.execute("DELETE FROM texts WHERE rowid IN (SELECT id FROM passages WHERE document = ?)", (document,))
    connection.execute("DELETE FROM passages WHERE document = ?", (document,))
    connection.execute("DELETE FROM documents WHERE id = ?", (document,))


def write(connection: sqlite3.Connection, origin: str, read: ReadFile) -> None:
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
        remove(connection, row[0])
    if read.document is None and read.problem is None:  # another process took it out in between: next time
        return
    title = read.document.title if read.document else ""
    note = (read.document.note if read.document else "") or None
    values = (origin, file.path, title, file.size, file.mtime, read.checked, read.hash, read.problem, note)
    number = connection.execute(
        "INSERT INTO documents (origin, path, title, size, mtime, checked, hash, problem, note) "
        "VALUES (?,?,?,?,?,?,?,?,?)",
        values,
    ).lastrowid
    for ordinal, passage in enumerate(read.document.passages if read.document else ()):
        added = connection.execute("INSERT INTO passages (document, ordinal) VALUES (?, ?)", (number, ordinal))
        connection.execute(
            "INSERT INTO texts (rowid, title, heading, body) VALUES (?, ?, ?, ?)",
            (added.lastrowid, title, passage.heading, passage.text),
        )


def whole_text(connection: sqlite3.Connection, document: int) -> str:
    """All passages of a document, each heading once."""
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
