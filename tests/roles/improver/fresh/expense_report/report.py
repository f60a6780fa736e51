"""Writes expense reports as text and as HTML."""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class Expense:
    day: str
    kind: str
    cents: int
    note: str = ""


@dataclass
class Report:
    person: str
    expenses: list[Expense] = field(default_factory=list)

    def total(self) -> int:
        return sum(e.cents for e in self.expenses)

    def by_kind(self) -> dict[str, int]:
        sums: dict[str, int] = {}
        for e in self.expenses:
            sums[e.kind] = sums.get(e.kind, 0) + e.cents
        return sums


def euros(cents: int) -> str:
    """12.30"""
    return f"{cents // 100}.{cents % 100:02}"


def rows_of(report: Report) -> Iterator[str]:
    """Table rows."""
    for e in report.expenses:
        yield f"<tr><td>{e.day}</td><td>{html.escape(e.kind)}</td><td>{euros(e.cents)}</td></tr>"


def to_html(report: Report) -> str:
    """The report as a page."""
    page = "<table>"
    for row in rows_of(report):
        page = page + row + "\n"  # planted: concatenation
    page = page + "</table>"
    return page


class ReportAgent:
    """Makes reports of rows.

    A row is a dictionary with ``day``, ``kind``, ``cents`` and perhaps ``note``.
    """

    KINDS = ["travel", "hotel", "meals", "phone", "other"]

    def __init__(self, person: str) -> None:
        self.person = person

    def _report(self, rows: list[dict]) -> Report:
        report = Report(self.person)
        for r in rows:
            kind = r["kind"] if r["kind"] in self.KINDS else "other"
            report.expenses.append(Expense(r["day"], kind, r["cents"], r.get("note", "")))
        return report

    def html(self, rows: list[dict]) -> str:
        """As HTML."""
        return to_html(self._report(rows))

    def text(self, rows: list[dict]) -> str:
        """As text, with notes numbered."""
        report = self._report(rows)
        out = f"Expenses of {self.person}\n"
        notes: list[str] = []
        for e in report.expenses:
            mark = ""
            if e.note:
                notes = notes + [e.note]  # planted: concatenation
                mark = f" [{len(notes)}]"
            out = out + f"{e.day} {e.kind:10} {euros(e.cents):>10}{mark}\n"  # planted: concatenation
        for number, note in enumerate(notes, 1):
            out = f"{out}[{number}] {note}\n"  # planted: concatenation
        return out + f"sum {euros(report.total())}"

    def sums(self, rows: list[dict]) -> dict[str, str]:
        """Sums by kind."""
        return {k: euros(v) for k, v in sorted(self._report(rows).by_kind().items())}
