"""The database of the simulated week, and what is right to answer, by SQL of its own."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from benchmarks.week.trades import TRADES

__all__ = ["ROWS", "Answers", "answers", "make_database"]

Answers = dict[tuple[str, str, int], tuple[float, ...]]
"""What is right, by trade, key of what is wanted, and row (0: all rows)."""

ROWS = 40
"""Rows of each trade: half are asked about during the week, half are kept for the held-out questions."""

_WHOLE = {
    "occupied_units", "total_units", "term_months", "months_paid", "years", "sample_size", "customers_lost",
    "customers_at_start", "customers_won", "conversions", "visitors", "members", "books_lent", "rooms", "nights_sold",
}  # fmt: skip


def make_database(path: Path, seed: int) -> None:
    """Make the tables, with rows drawn by the seed, where they are not there yet."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draw = random.Random(seed)
    with sqlite3.connect(path) as database:
        for trade in TRADES:
            group, values = trade.groups
            columns = ", ".join(f"{name} {'INTEGER' if name in _WHOLE else 'NUMERIC'}" for name in trade.columns)
            plain = f"id INTEGER PRIMARY KEY, name TEXT NOT NULL, {group} TEXT"
            if trade.table != trade.things:
                key = f"{trade.thing}_id INTEGER NOT NULL REFERENCES {trade.things}(id)"
                database.execute(f"CREATE TABLE {trade.things} ({plain})")
                database.execute(f"CREATE TABLE {trade.table} (id INTEGER PRIMARY KEY, {key}, {columns})")
            else:
                database.execute(f"CREATE TABLE {trade.table} ({plain}, {columns})")
            for row in range(1, ROWS + 1):
                about = (row, f"{trade.thing.capitalize()} {chr(64 + row % 26)}{row}", draw.choice(values))
                drawn = [_drawn(draw, column, *bounds) for column, bounds in trade.columns.items()]
                if trade.table != trade.things:
                    _insert(database, trade.things, about)
                    _insert(database, trade.table, (row, row, *drawn))
                else:
                    _insert(database, trade.table, (*about, *drawn))
    database.close()


def _insert(database: sqlite3.Connection, table: str, values: Sequence[object]) -> None:
    database.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(values))})", values)


def _drawn(draw: random.Random, column: str, low: float, high: float) -> float:
    if column in _WHOLE:
        return draw.randint(round(low), round(high))
    return round(draw.uniform(low, high), 4 if high < 2 else 2)


def answers(path: Path) -> Answers:
    """What is right for everything that may be asked, computed by the database alone."""
    found: Answers = {}
    with sqlite3.connect(path) as database:
        for trade in TRADES:
            for wanted in trade.wanted:
                sql = wanted.sql
                for column in sorted(_WHOLE & set(trade.columns)):
                    sql = sql.replace(column, f"({column} * 1.0)")
                for row, value in database.execute(f"SELECT id, {sql} FROM {trade.table}"):
                    found[trade.name, wanted.key, int(row)] = (float(value),)
            for fact in trade.facts:
                found[trade.name, fact.key, 0] = tuple(float(value) for (value,) in database.execute(fact.sql))
    database.close()
    return found
