"""Splits a request into its parts, each made to stand by itself."""

from __future__ import annotations

from dataclasses import dataclass

from common.language.clauses import Clause, find_clauses
from common.language.coordination import spread
from common.language.standalone import Standing, stand_alone
from common.language.words import MAX_CHARS

__all__ = ["MAX_PARTS", "Part", "split"]

MAX_PARTS = 20


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that a request asks for.

    `text` is what was said, `standalone` the same made to stand by itself ("add it" -> "add mountain trip"),
    `depends_on` the indices of parts whose result or completion it needs, `condition` the words that make it
    depend on a circumstance ("if it rains"), which nobody but the caller checks.
    """

    index: int
    text: str
    standalone: str
    depends_on: tuple[int, ...] = ()
    condition: str | None = None

    @property
    def id(self) -> str:
        """t1, t2, …"""
        return f"t{self.index + 1}"

    @property
    def action(self) -> str:
        """`standalone` without the condition: what is to be done if it holds."""
        if not self.condition or self.condition not in self.standalone:
            return self.standalone
        return self.standalone.replace(self.condition, "", 1).strip(" ,;:") or self.standalone


def split(request: str) -> tuple[Part, ...]:
    """The parts of a request in the order they are to be done, at most `MAX_PARTS`; none for blank text.

    A request for one thing is one part whose `standalone` is the text itself, stripped.
    """
    text = request[:MAX_CHARS].strip()
    if not text:
        return ()
    found = find_clauses(text)
    clauses = [piece for clause in found.clauses for piece in spread(clause)]
    if len(clauses) <= 1 and not found.context:
        condition = clauses[0].condition if clauses else None
        return (Part(0, text, text, (), condition),)
    clauses = _merged(clauses)
    if len(clauses) <= 1:
        condition = clauses[0].condition if clauses else None
        return (Part(0, text, text, (), condition),)
    standing = stand_alone(clauses, found)
    return tuple(
        _part(index, clause, stood) for index, (clause, stood) in enumerate(zip(clauses, standing, strict=True))
    )


def _merged(clauses: list[Clause]) -> list[Clause]:
    """The clauses, with what goes beyond the bound joined to the last one."""
    if len(clauses) <= MAX_PARTS:
        return clauses
    head, rest = clauses[: MAX_PARTS - 1], clauses[MAX_PARTS - 1 :]
    return [*head, Clause(" and ".join(clause.text for clause in rest))]


def _part(index: int, clause: Clause, standing: Standing) -> Part:
    return Part(index, clause.text, standing.text, standing.depends_on, clause.condition)
