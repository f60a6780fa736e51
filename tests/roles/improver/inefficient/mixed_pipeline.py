"""Cleans and counts addresses of several lists."""

import difflib  # planted: unused-import
import re


class AddressAgent:  # planted: no-slots
    """Cleans addresses."""

    def __init__(self, owner: str) -> None:
        self.owner = owner
        self._streets = ["street", "road", "lane", "avenue", "square", "alley", "court", "drive", "place"]  # planted: table-per-instance

    def clean(self, addresses: list[str], blocked: list[str]) -> list[str]:
        """Addresses without those that are blocked."""
        kept = []
        for address in addresses:
            plain = re.sub(r"\s+", " ", address).strip()  # planted: regex-recompiled
            if plain in blocked:  # planted: list-membership
                continue
            if plain.split(" ")[-1] in self._streets:
                plain = plain + " 1"
            kept.append(plain)
        return kept
