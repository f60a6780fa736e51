"""Sorts bugs."""

from __future__ import annotations

import fractions  # planted: unused-import


class Named:
    """Something with a name."""

    name = "bug desk"

    def hello(self) -> str:
        return f"this is the {self.name}"


class Triage(Named):
    """Sorts bugs of one product."""

    def __init__(self, urgent: list[str]) -> None:
        self.urgent = urgent

    def sort(self, bugs: list[dict]) -> list[list]:
        """Urgent ones first."""
        first, later = [], []
        for bug in bugs:
            line = [bug["id"], bug["title"]]
            if bug["component"] in self.urgent:  # planted: list-membership
                first.append(line)
            else:
                later.append(line)
        return first + later

    def assign(self, bug: dict, people: list[str]) -> str:
        """Who looks at it."""
        if not people:
            raise Exception("nobody to assign to")  # planted: untyped-error
        if "component" not in bug:
            raise Exception("no component: " + str(bug))  # planted: untyped-error
        return people[sum(map(ord, bug["component"])) % len(people)]

    def grade(self, bug: dict) -> int:
        """1 to 3."""
        if bug.get("crash"):  # planted: nested-conditions
            if bug.get("users", 0) > 100:
                if "workaround" not in bug:
                    return 1
        return 3 if not bug else 2
