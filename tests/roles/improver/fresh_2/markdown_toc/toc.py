"""Makes tables of contents of Markdown texts."""

import string
from string import Template


ENTRY = "$indent- [$title](#$anchor)"


class Toc:
    """Headings with anchors; the same anchor twice gets a number."""

    __slots__ = ("depth", "_allowed")

    def __init__(self, depth: int = 3):
        self.depth = depth
        self._allowed = list(string.ascii_lowercase + string.digits + "-_ ")

    def anchor(self, title: str) -> str:
        """The anchor as web pages make it."""
        kept = "".join(c for c in title.lower() if c in self._allowed)
        return kept.replace(" ", "-")

    def headings(self, text: str) -> list[tuple[int, str]]:
        """Levels and titles; code blocks are left out."""
        found, code = [], False
        for line in text.splitlines():
            if line.startswith("```"):
                code = not code
            if code or not line.startswith("#"):
                continue
            level = len(line) - len(line.lstrip("#"))
            if level <= self.depth:
                found.append((level, line[level:].strip()))
        return found

    def render(self, text: str) -> str:
        """The table as Markdown."""
        toc = ""
        used = []
        for level, title in self.headings(text):
            base = self.anchor(title)
            anchor, number = base, 0
            while anchor in used:  # planted: list-membership
                number += 1
                anchor = base + "-" + str(number)
            used.append(anchor)
            entry = Template(ENTRY)  # planted: object-per-call
            toc += entry.substitute(indent="  " * (level - 1), title=title, anchor=anchor)
            toc += "\n"
        return toc

    def numbered(self, text: str) -> list[str]:
        """Titles with their numbers."""
        counters = [0] * 7
        result = []
        for level, title in self.headings(text):
            counters[level] += 1
            for deeper in range(level + 1, 7):
                counters[deeper] = 0
            number = ""
            for part in counters[1 : level + 1]:
                number = number + str(part) + "."
            result.append(number + " " + title)
        return result
