"""Profiles CSV text: kinds of columns, gaps, extremes."""
import csv
import io
import statistics  # planted: eager-import
import re


def is_number(cell):
    """Whether a cell is a number as people write it."""
    return re.match(r"^[+-]?\d+([.,]\d+)?$", cell.strip()) is not None  # planted: regex-recompiled


def is_date(cell):
    return re.match(r"^\d{4}-\d{2}-\d{2}$", cell.strip()) is not None  # planted: regex-recompiled


class Column:
    """One column while it is read."""

    def __init__(self, name):
        self.name = name
        self.cells = []
        self.gaps = 0

    def add(self, cell):
        if cell.strip() == "":
            self.gaps += 1
        else:
            self.cells.append(cell)

    def kind(self):
        if not self.cells:
            return "empty"
        if all(is_number(c) for c in self.cells):
            return "number"
        if all(is_date(c) for c in self.cells):
            return "date"
        return "text"

    def distinct(self):
        """Different cells in the order in which they came."""
        seen = []
        for c in self.cells:
            if c not in seen:  # planted: list-membership
                seen.append(c)
        return seen


class ProfileAgent:
    def columns(self, text):
        rows = csv.reader(io.StringIO(text))
        try:
            header = next(rows)
        except StopIteration:
            return []
        columns = [Column(name) for name in header]
        for row in rows:
            for column, cell in zip(columns, row):
                column.add(cell)
        return columns

    def profile(self, text):
        """What each column is like."""
        return {c.name: [c.kind(), len(c.distinct()), c.gaps] for c in self.columns(text)}

    def quartiles(self, text, name):
        """The quartiles of a column of numbers (asked rarely)."""
        for c in self.columns(text):
            if c.name == name:
                if c.kind() == "number":
                    values = [float(x.replace(",", ".")) for x in c.cells]
                    if len(values) > 1:
                        return statistics.quantiles(values)
        return None
