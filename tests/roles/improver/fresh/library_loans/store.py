"""The database of a small library."""

import sqlite3


def open_library(readers: int = 60, loans: int = 150) -> sqlite3.Connection:
    """A library with some loans."""
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE readers (id INTEGER PRIMARY KEY, name TEXT, street TEXT)")
    db.execute("CREATE TABLE books (isbn INTEGER PRIMARY KEY, title TEXT, shelf TEXT)")
    db.execute("CREATE TABLE loans (id INTEGER PRIMARY KEY, reader INTEGER, isbn INTEGER, days INTEGER)")
    db.executemany("INSERT INTO readers VALUES (?, ?, ?)", [(n, f"reader {n}", f"street {n % 7}") for n in range(readers)])
    db.executemany("INSERT INTO books VALUES (?, ?, ?)", [(n, f"book {n}", "ABC"[n % 3]) for n in range(80)])
    db.executemany("INSERT INTO loans VALUES (?, ?, ?, ?)", [(n, n * 7 % (readers + 5), n * 11 % 90, n % 40) for n in range(loans)])
    return db
