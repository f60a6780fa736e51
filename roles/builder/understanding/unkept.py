"""What a request promises its caller, and its requirements do not keep: values to be given, verdicts to be told."""

from __future__ import annotations

import re
from collections.abc import Iterable

from common.language.words import word_set
from roles.builder.understanding.requirements import Question, Requirements
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.words import words_of, words_of_name

__all__ = ["with_promises_kept"]

_GIVEN = re.compile(
    r"\b(?:an?|the|some|any|and|,|for|of|with)\s+given\s+(?P<what>[a-z]+(?:\s+(?!(?:and|"
    r"or|with|by|in|for|of|to|is|are|the|at|on|per|from|that|which|how|what|"
    r"when|if|show|list|as)\b)[a-z]+){0,2})",
    re.IGNORECASE,
)
_IN_UNITS = re.compile(r"\s+in\s+(?P<units>[a-z]+)", re.IGNORECASE)
"""Behind what is given: "a given size in hectares" is a number of hectares."""
_NOTHING = word_set(
    """in by to for the below above here one formula formulas order way number amount name value values date day month
    year quarter period week limit threshold minimum maximum time range dates thing key id"""
)
_VERDICT = re.compile(
    r"\b(?:(?:pass(?:es|ed)?|fail(?:s|ed)?)\s+(?:if|when|whenever|only|unless|where|"
    r"as\s+long\s+as|provided|otherwise|once)"
    r"|(?:pass|fail)\s+or\s+(?:fail|pass)|pass/fail|(?:otherwise|else)\s+(?:it\s+)?(?:pass|fail)(?:es|s)?)\b",
    re.IGNORECASE,
)

_SUMMED = re.compile(r",\s*(?P<what>(?:summed|added\s+up|totalled|summed\s+up)\s+(?:over|across)\b)", re.IGNORECASE)
_QUOTIENT = re.compile(r"\bsum\(\(?\w+ / \w+\)?\)")


def with_promises_kept(made: Requirements, text: str, tables: Tables) -> Requirements:
    """The requirements, with a question where callers give what nothing is made of, or nothing tells what passes."""
    if made.missing or made.uncovered or not tables:
        return made
    lost = list(_gifts(made, text, tables))
    verdict = _VERDICT.search(text)
    if verdict is not None and not made.rules:
        lost.append(verdict[0])
    if made.rules and made.entity:
        # a comparison beside a rule of one thing tells whether it passes, not which rows there are
        lost += [f"{one.left.column} {one.sign} {one.right.column}".replace("_", " ") for one in made.compared]
    summed = _SUMMED.search(text)
    if summed is not None and any(_QUOTIENT.search(one.expression) for one in made.figures):
        # the sum of quotients, or the quotient of sums
        lost.append(summed["what"])
    if not lost:
        return made
    said = ", ".join(f"“{one}”" for one in dict.fromkeys(lost))
    question = Question(name="unclear", text=f"What is meant by {said}? It was not understood. Say it in other words.")
    return made.model_copy(update={"missing": (question,)})


def _gifts(made: Requirements, text: str, tables: Tables) -> Iterable[str]:
    known = set(_words_of_inputs(made, tables))
    many = len(made.inputs) + len([one for one in made.bindings if one.input is not None]) + bool(made.entity)
    for match in _GIVEN.finditer(text):
        words = words_of(match["what"])
        measured = _IN_UNITS.match(text, match.end())
        meant = {*words, *(words_of(measured["units"]) if measured is not None else ())}
        if words and words[0] not in _NOTHING and not known & meant and many <= 1:
            yield f"given {match['what']}"


def _words_of_inputs(made: Requirements, tables: Tables) -> Iterable[str]:
    """The words of what callers give: inputs, and the things and columns that these are compared with."""
    names = [one.name for one in made.inputs]
    for bound in made.bindings:
        if bound.input is not None:
            names += [bound.name, bound.input.name]
            yield from (word for phrase in bound.phrases for word in words_of(phrase))
    for one in made.all_filters:
        if one.input:
            names += [one.table, one.column, one.input]
    if made.entity:
        label = tables.label(made.entity)
        names += [made.entity, tables.key(made.entity), *([label.column] if label is not None else ())]
    if made.named_by is not None:
        names.append(made.named_by.column)
    for name in names:
        yield from words_of_name(name)
