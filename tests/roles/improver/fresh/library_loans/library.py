"""Reminds readers of books that are overdue."""

from fractions import Fraction  # planted: unused-import

from store import open_library

FINE_PER_DAY = 20


class Library:
    """Questions about loans."""

    def __init__(self) -> None:
        self.connection = open_library()

    def overdue(self, limit: int) -> list:
        """Name and days of each reader with a book for longer than the limit."""
        cursor = self.connection.cursor()
        cursor.execute("SELECT reader, days FROM loans WHERE days > ? ORDER BY id", (limit,))
        out = []
        for reader, days in cursor.fetchall():
            name = self.connection.execute("SELECT name FROM readers WHERE id = ?", (reader,)).fetchone()  # planted: n-plus-one-queries
            if name:
                out.append([name[0], days])
        return out

    def shelves(self) -> dict:
        """How many loans each shelf has."""
        counts: dict = {}
        loans = self.connection.execute("SELECT id, isbn FROM loans").fetchall()
        for loan in loans:
            book = self.connection.execute("SELECT shelf FROM books WHERE isbn = ?", (loan[1],)).fetchone()  # planted: n-plus-one-queries
            shelf = "?" if book is None else book[0]
            counts[shelf] = counts.get(shelf, 0) + 1
        return counts

    def fine(self, days: int, limit: int) -> int:
        """Cents to be paid."""
        if days > limit:
            if days - limit > 60:
                return 60 * FINE_PER_DAY
            return (days - limit) * FINE_PER_DAY
        return 0
