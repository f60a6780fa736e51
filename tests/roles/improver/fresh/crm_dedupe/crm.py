"""Finds contacts that are in a CRM twice."""

from __future__ import annotations

from typing import Any, Callable

import normal


def by(key: Callable[[dict], Any]) -> Callable[[list[dict]], dict[Any, list[dict]]]:
    """A function that groups by a key."""

    def group(rows: list[dict]) -> dict[Any, list[dict]]:
        groups: dict[Any, list[dict]] = {}
        for row in rows:
            groups.setdefault(key(row), []).append(row)
        return groups

    return group


class DedupeAgent:
    """Groups and merges."""

    def __init__(self, keep: str = "first") -> None:
        self.keep = keep

    def duplicates(self, contacts: list[dict]) -> list[list[int]]:
        """Ids of contacts with the same phone number."""
        groups = by(lambda c: normal.phone(c["phone"]))(contacts)
        return [[c["id"] for c in g] for g in groups.values() if len(g) > 1]

    def missing(self, contacts: list[dict], imported: list[str]) -> list[str]:
        """Numbers of an import that no contact has."""
        numbers = [normal.phone(c["phone"]) for c in contacts]
        return [n for n in imported if normal.phone(n) not in numbers]  # planted: list-membership

    def merge(self, contacts: list[dict]) -> list[dict]:
        """One for each company; empty fields are filled from the others."""
        merged = []
        done = []
        for contact in contacts:
            name = normal.company(contact["company"])
            if name in done:  # planted: list-membership
                continue
            done.append(name)
            same = [c for c in contacts if normal.company(c["company"]) == name]
            result = dict(contact)
            for other in same:
                for field, value in other.items():
                    if not result.get(field):
                        result[field] = value
            merged.append(result)
        return merged

    def label(self, contact: dict) -> str:
        """For an envelope."""
        if contact.get("person"):  # planted: nested-conditions
            if contact.get("company"):
                return contact["person"] + ", " + contact["company"]
            else:
                return contact["person"]
        else:
            return contact.get("company", "")
