"""Checks configuration trees against a list of rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional


class Severity:
    INFO = 0
    WARNING = 1
    ERROR = 2


@dataclass
class Finding:
    path: str
    severity: int
    text: str

    def render(self) -> str:
        return "%s: %s" % (self.path, self.text)


def walk(tree: Any, path: str = ""):
    """Paths and values of the leaves, depth first."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from walk(value, path + "." + key if path else key)
    elif isinstance(tree, list):
        for number, value in enumerate(tree):
            yield from walk(value, f"{path}[{number}]")
    else:
        yield path, tree


class Linter:
    """Has rules; makes findings."""

    def __init__(self, strict: bool = False) -> None:
        self.strict = strict
        self.deprecated = ["log.level", "db.pool", "http.timeout", "cache.dir"]  # planted: table-per-instance
        self.secrets = {"password": "a password", "token": "a token", "secret": "a secret", "key": "a key", "credential": "a credential", "private": "something private"}  # planted: table-per-instance

    def check(self, tree: dict) -> list[Finding]:
        """Everything that is wrong."""
        findings = []
        for path, value in walk(tree):
            found = self._one(path, value)
            if found is not None:
                findings.append(found)
        return findings

    def _one(self, path: str, value: Any) -> Optional[Finding]:
        if path in self.deprecated:
            return Finding(path, Severity.WARNING, "is deprecated")
        name = path.rsplit(".", 1)[-1]
        for part, what in self.secrets.items():
            if part in name and isinstance(value, str) and value != "":
                return Finding(path, Severity.ERROR, "holds " + what)
        if value is None:
            if self.strict == True:  # planted: complex-condition
                return Finding(path, Severity.ERROR, "is empty")
            else:
                return Finding(path, Severity.INFO, "is empty")
        return None

    def report(self, tree: dict, least: int = 0) -> str:
        """Findings as text, the most severe first."""
        chosen = [f for f in self.check(tree) if f.severity >= least]
        chosen.sort(key=lambda f: -f.severity)
        report = ""
        for f in chosen:
            report += f.render()  # planted: concatenation
            report += "\n"
        return report

    def paths(self, trees: list[dict]) -> list[str]:
        """All paths of all trees, each once, in order."""
        every: list[str] = []
        for tree in trees:
            for path, _ in walk(tree):
                if path in every:  # planted: list-membership
                    continue
                every.append(path)
        return every
