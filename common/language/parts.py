"""Splits a request into its parts, each made to stand by itself."""

from __future__ import annotations

from dataclasses import dataclass, replace

from common.language.clauses import Clause, find_clauses
from common.language.coordination import spread
from common.language.standalone import Standing, stand_alone
from common.language.suppositions import is_supposition
from common.language.words import MAX_CHARS
from common.remembered import Remembered

__all__ = ["MAX_PARTS", "Part", "split"]

MAX_PARTS = 20


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that a request asks for.

    `text` is what was said, `standalone` the same made to stand by itself ("add it" -> "add mountain trip"),
    `depends_on` the indices of parts whose result it needs, `after` those that it merely comes after ("then"),
    `condition` the words that make it depend on a circumstance ("if it rains"), which nobody but the caller checks;
    values that a question is to be answered with ("if NOI is 90k, what is …") are none, but words of `standalone`.
    """

    index: int
    text: str
    standalone: str
    depends_on: tuple[int, ...] = ()
    condition: str | None = None
    after: tuple[int, ...] = ()

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


def _split(request: str) -> tuple[Part, ...]:
    text = request[:MAX_CHARS].strip()
    if not text:
        return ()
    found = find_clauses(text)
    pieces = [(origin, piece) for origin, clause in enumerate(found.clauses) for piece in spread(clause)]
    pieces = _in_order([entry for entry in pieces if entry[1].text.strip()])
    clauses = [piece for _, piece in pieces]
    clauses = _merged(clauses)
    if len(clauses) <= 1:
        return (Part(0, text, text, (), _condition(clauses[0]) if clauses else None),)
    standing = stand_alone(clauses, [origin for origin, _ in pieces][: len(clauses)], found)
    return tuple(
        _part(index, clause, stood) for index, (clause, stood) in enumerate(zip(clauses, standing, strict=True))
    )


split = Remembered(_split)
"""The parts of a request in the order they are to be done, at most `MAX_PARTS`; none for blank text.

A request for one thing is one part whose `standalone` is the text itself, stripped. Router and planner ask for the
same request, one after the other.
"""


def _in_order(pieces: list[tuple[int, Clause]]) -> list[tuple[int, Clause]]:
    """The clauses as they are to be done: what comes "before that" stands before what was said last."""
    ordered: list[tuple[int, Clause]] = []
    for origin, clause in pieces:
        if clause.precedes and ordered:
            last_origin, last = ordered.pop()
            ordered.extend(((origin, clause), (last_origin, replace(last, follows=True))))
        else:
            ordered.append((origin, clause))
    return ordered


def _merged(clauses: list[Clause]) -> list[Clause]:
    """The clauses, with what goes beyond the bound joined to the last one."""
    if len(clauses) <= MAX_PARTS:
        return clauses
    head, rest = clauses[: MAX_PARTS - 1], clauses[MAX_PARTS - 1 :]
    return [*head, Clause(" and ".join(clause.text for clause in rest))]


def _part(index: int, clause: Clause, standing: Standing) -> Part:
    return Part(
        index, clause.text, standing.text or clause.text, standing.depends_on, _condition(clause), standing.after
    )


def _condition(clause: Clause) -> str | None:
    """The circumstance that a clause depends on, if any."""
    supposed = clause.condition is not None and is_supposition(clause.condition, clause.text)
    return None if supposed else clause.condition
