"""Names the owner of each property."""

import sqlite3


def make_database(count: int) -> sqlite3.Connection:
    """A database with properties and their owners."""
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE owners (id INTEGER PRIMARY KEY, name TEXT)")
    connection.execute("CREATE TABLE properties (id INTEGER PRIMARY KEY, owner_id INTEGER, rent INTEGER)")
    connection.executemany("INSERT INTO owners VALUES (?, ?)", [(n, "owner " + str(n)) for n in range(count // 3)])
    connection.executemany(
        "INSERT INTO properties VALUES (?, ?, ?)", [(n, None if n % 7 == 0 else n % (count // 2), n * 10) for n in range(count)]
    )
    return connection


_CONNECTION = make_database(600)


class OwnerAgent:
    """Answers about owners."""

    __slots__ = ()

    def owners(self, least: int) -> list:
        """Properties above a rent, with the names of their owners."""
        found = []
        connection = _CONNECTION
        rows = connection.execute("SELECT id, owner_id FROM properties WHERE rent >= ? ORDER BY id", (least,)).fetchall()
        for row in rows:
            owner = connection.execute("SELECT name FROM owners WHERE id = ?", (row[1],)).fetchone()  # planted: n-plus-one-queries
            found.append([row[0], None if owner is None else owner[0]])
        return found
