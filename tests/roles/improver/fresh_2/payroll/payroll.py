"""A payroll for small companies."""

from __future__ import annotations

from tax import yearly_tax


class PayrollError(Exception):
    """Base of this module's errors."""


class Employee:
    """An employee with a monthly salary; 14 salaries a year."""

    def __init__(self, name: str, salary: int, since: int) -> None:
        self.name = name
        self.salary = salary
        self.since = since

    @property
    def yearly(self) -> int:
        return self.salary * 14

    @property
    def bonus(self) -> int:
        """A bonus after years of service."""
        if self.since < 2006:
            return 500
        if self.since < 2016:
            return 200
        return 0

    def net(self) -> float:
        return self.yearly - yearly_tax(self.yearly)


class Payroll:
    """Pays people."""

    def __init__(self, company: str = "") -> None:
        self.company = company

    def _read(self, rows: list[dict]) -> list[Employee]:
        return [Employee(r["name"], r["salary"], r.get("since", 2020)) for r in rows]

    def slips(self, rows: list[dict]) -> list[list]:
        """Name, gross and net of each."""
        return [[e.name, e.yearly + e.bonus, round(e.net() + e.bonus, 2)] for e in self._read(rows)]

    def total(self, rows: list[dict]) -> float:
        """What is paid in all."""
        return round(sum(e.net() for e in self._read(rows)), 2)

    def grade(self, row: dict) -> str:
        """The pay grade."""
        if "grade" in row:  # planted: nested-conditions
            if row["grade"] in ("A", "B", "C"):
                if row["salary"] >= 1000:
                    return row["grade"] + str(row["salary"] // 1000)
                else:
                    return row["grade"]
            else:
                raise PayrollError("no such grade")
        else:
            return "none"
