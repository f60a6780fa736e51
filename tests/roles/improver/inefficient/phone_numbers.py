"""Finds phone numbers in lines of text."""

import re


class PhoneAgent:
    """Looks for phone numbers."""

    __slots__ = ()

    def numbers(self, lines: list[str]) -> list[str]:
        """The first number of each line that has one."""
        found = []
        for line in lines:
            match = re.search(r"\+?\d[\d -]{5,}\d", line)  # planted: regex-recompiled
            if match:
                found.append(match.group(0))
        return found
