"""A warehouse's stock, kept in SQLite."""

from __future__ import annotations

import sqlite3
from contextlib import closing


class Stock:
    """Articles, suppliers and movements."""

    def __init__(self, articles: int = 60, moves: int = 200) -> None:
        self.db = sqlite3.connect(":memory:")
        with closing(self.db.cursor()) as c:
            c.execute("CREATE TABLE articles (sku INTEGER PRIMARY KEY, name TEXT, supplier INTEGER)")
            c.execute("CREATE TABLE suppliers (id INTEGER PRIMARY KEY, name TEXT, days INTEGER)")
            c.execute("CREATE TABLE moves (id INTEGER PRIMARY KEY, sku INTEGER, amount INTEGER)")
            c.executemany("INSERT INTO suppliers VALUES (?, ?, ?)", [(i, f"supplier {i}", i % 9) for i in range(12)])
            c.executemany("INSERT INTO articles VALUES (?, ?, ?)", [(i, f"article {i}", i % 15) for i in range(articles)])
            c.executemany("INSERT INTO moves VALUES (?, ?, ?)", [(i, i * 7 % (articles + 3), i % 11 - 4) for i in range(moves)])

    def suppliers_of(self, least: int) -> list[list]:
        """Each article from a number on, with its supplier and how long that takes."""
        rows = []
        for sku, name, supplier in self.db.execute("SELECT sku, name, supplier FROM articles WHERE sku >= ? ORDER BY sku", (least,)):
            found = self.db.execute("SELECT name, days FROM suppliers WHERE id = ?", (supplier,)).fetchone()  # planted: n-plus-one-queries
            if found is None:
                rows.append([name, "unknown", -1])
            else:
                rows.append([name, found[0], found[1]])
        return rows

    def balance(self) -> dict:
        """What is there, by the name of the article."""
        sums: dict[str, int] = {}
        for _, sku, amount in self.db.execute("SELECT id, sku, amount FROM moves ORDER BY id").fetchall():
            article = self.db.execute("SELECT name FROM articles WHERE sku = ?", (sku,)).fetchone()  # planted: n-plus-one-queries
            if article is None:
                continue
            sums[article[0]] = sums.get(article[0], 0) + amount
        return sums

    def take(self, sku: int, amount: int) -> int:
        """Takes something out; tells how many movements there are."""
        self.db.execute("INSERT INTO moves (sku, amount) VALUES (?, ?)", (sku, -amount))
        return self.db.execute("SELECT COUNT(*) FROM moves").fetchone()[0]
