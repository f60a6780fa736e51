"""A ledger in SQLite."""

import sqlite3


class Ledger:
    def __init__(self):
        self.connection = sqlite3.connect(":memory:")
        run = self.connection.execute
        run("CREATE TABLE accounts (number INTEGER PRIMARY KEY, owner TEXT, lim INTEGER)")
        run("CREATE TABLE bookings (id INTEGER PRIMARY KEY, account INTEGER, cents INTEGER)")
        for n in range(20):
            run("INSERT INTO accounts VALUES (?, ?, ?)", (n, "owner %d" % n, -n))
        for n in range(120):
            run("INSERT INTO bookings VALUES (?, ?, ?)", (n, n % 20, n % 37))

    def statement(self, start):
        """Bookings from a number on with their owners."""
        lines = []
        for id, account, cents in self.connection.execute("SELECT id, account, cents FROM bookings WHERE id >= ? ORDER BY id", (start,)):
            row = self.connection.execute("SELECT owner FROM accounts WHERE number = ?", (account,)).fetchone()  # planted: n-plus-one-queries
            if row is not None:
                lines.append("%d %s %d" % (id, row[0], cents))
        return lines

    def overdrawn(self):
        """Owners of single bookings below their limit."""
        names = []
        rows = self.connection.execute("SELECT id, account, cents FROM bookings ORDER BY id").fetchall()
        for _, account, cents in rows:
            found = self.connection.execute("SELECT owner, lim FROM accounts WHERE number = ?", (account,)).fetchone()  # planted: n-plus-one-queries
            if found is not None and -cents < found[1] and found[0] not in names:
                names.append(found[0])
        return names

    def name_of(self, number):
        row = self.connection.execute("SELECT owner FROM accounts WHERE number = ?", (number,)).fetchone()
        if row is None:
            raise Exception("no account %d" % number)  # planted: untyped-error
        return row[0]
