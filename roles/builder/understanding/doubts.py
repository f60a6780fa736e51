"""Words of a request that may be meant in two ways, of which nothing tells the one."""

from __future__ import annotations

import re

from roles.builder.understanding.requirements import Place, Requirements
from roles.builder.understanding.said_places import words_at
from roles.builder.understanding.tagged import Tagged
from roles.builder.understanding.words import plural, singular

__all__ = ["flag_unsaid", "of_row_or_figure"]

_ADJECTIVE = re.compile(r"(?<!\d )\b(?P<word>C\d+) (?P<thing>T\d+)\b")


def flag_unsaid(made: Requirements, tagged: Tagged) -> list[str]:
    """ "Accessible stops", where a number tells it and nothing says which one."""
    chosen = [*(Place(table=one.table, column=one.column) for one in made.filters), *made.groups, made.order]
    chosen += [one.place for one in made.condensed]
    found: list[str] = []
    for match in _ADJECTIVE.finditer(tagged.text):
        place = tagged.column(match["word"], [tagged.table(match["thing"])])
        said = tagged.said(match["word"])
        if place is None or place in chosen or place.table != tagged.table(match["thing"]) or plural(said) == said:
            continue
        if (
            not made.figures
            and tagged.tables.column(place).type == "integer"
            and singular(said) == said
            and " " not in said
        ):
            found.append(words_at(tagged, match.start(), match.end()))
    return found


def of_row_or_figure(made: Requirements, tagged: Tagged) -> list[str]:
    """ "The average score by term, at least 60": what is compared may be each value or their average."""
    figures = [one.place for one in made.condensed if one.function != "count" and made.groups]
    found: list[str] = []
    for one in made.filters:
        if (
            one.figure
            or not isinstance(one.value, int | float)
            or Place(table=one.table, column=one.column) not in figures
        ):
            continue
        for match in re.finditer(rf"\b{one.value:g}\b", tagged.text):
            clause = re.split(r",|\b(?:only|but)\b", tagged.text[: match.start()])
            if len(clause) > 1 and not re.search(r"\b[TF]\d", clause[-1]):
                found.append(words_at(tagged, match.start() - len(clause[-1]) + 1, match.end()))
    return found
