"""Lists invoices with the city of the customer."""

import sqlite3


class InvoiceAgent:
    """Invoices of a small shop."""

    __slots__ = ("_db",)

    def __init__(self) -> None:
        self._db = sqlite3.connect(":memory:")
        self._db.execute("CREATE TABLE customers (number INTEGER PRIMARY KEY, city TEXT, active INTEGER)")
        self._db.execute("CREATE TABLE invoices (id INTEGER PRIMARY KEY, customer INTEGER, amount INTEGER)")
        for number in range(40):
            self._db.execute("INSERT INTO customers VALUES (?, ?, ?)", (number, "city " + str(number % 9), number % 2))
        for number in range(120):
            self._db.execute("INSERT INTO invoices VALUES (?, ?, ?)", (number, number % 50, number))

    def cities(self) -> dict:
        """The sum of invoices of each city."""
        sums: dict = {}
        for invoice, customer, amount in self._db.execute("SELECT id, customer, amount FROM invoices"):
            row = self._db.execute("SELECT city, active FROM customers WHERE number = ?", (customer,)).fetchone()  # planted: n-plus-one-queries
            if row is not None and row[1] == 1:
                sums[row[0]] = sums.get(row[0], 0) + amount
        return sums
