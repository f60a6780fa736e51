"""What a reading of a whole request has nothing for after all: the net below the grammar."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

from roles.builder.understanding.accounting import unaccounted
from roles.builder.understanding.requirements import Place, Requirements
from roles.builder.understanding.superlatives import SUPERLATIVE
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.tagged import Tagged
from roles.builder.understanding.words import plural, words_of_name

__all__ = ["lost_words", "with_things_left_out"]

_ALL = 1_000
"""As many rows as there are without a limit."""
_UNUSED = "no use was made of: "
_CHOOSING = re.compile(r"\b(?:in|of|from|at|on|with|by|without|not|no|over|under|above|below|except|between)$")
_FOR = re.compile(r"(?P<before>[a-z]+ )?for (?P<name>[A-Z][a-z]+)\b")
_TO_WHOM = frozenset({"agent", "helper", "tool", "assistant", "bot", "endpoint", "request", "something", "query"})
_SUPERLATIVE = re.compile(rf"\b(?:{SUPERLATIVE}|(?:most|least) (?:expensive|costly|valuable|recent))\b")
_IN_TIME = re.compile(r"\b(?:oldest|newest|latest|earliest|most recent)\b")
_AS_VERB = re.compile(r"counts? as\b")
_MANY_OF = re.compile(r"\bhow (?:many|much) (?!T\d)")


def lost_words(made: Requirements, tagged: Tagged) -> list[str]:
    """The words of the request that nothing in the requirements stands for, though every word was read.

    `tagged` is the marked text of the same request. What chooses rows and was skipped as an introduction is lost too.
    """
    tagged.taken.append((0, len(tagged.text)))
    skipped = _skipped(made)
    known = {word for one in made.figures for word in one.name.split("_")}
    known |= {word.lower() for one in made.filters for value in _values(one.value) for word in value.split()}
    found: list[str] = []
    for said in unaccounted(made, tagged):
        words = said.lower().split()
        if all(word in known | skipped for word in words) or (skipped and words[0] in skipped):
            continue
        if said in ("counts", "count") and _AS_VERB.search(tagged.text.lower() + " " + made.request.lower()):
            continue
        if said.lower().startswith(("how many", "how much")) and _MANY_OF.search(made.request.lower()):
            continue
        if words[-1].isdigit() and _is_known(int(words[-1]), made):
            continue
        found.append(said)
    return list(dict.fromkeys([*found, *_chosen_by_skipped(made), *_no_order(made, tagged), *_order_of_none(made)]))


def _values(value: object) -> Iterable[str]:
    for one in value if isinstance(value, list) else [value]:  # pyright: ignore[reportUnknownVariableType]
        if isinstance(one, str):
            yield one


def _skipped(made: Requirements) -> set[str]:
    told = [one.removeprefix(_UNUSED) for one in made.assumptions if one.startswith(_UNUSED)]
    return {word for one in told for word in one.split(", ")}


def _is_known(number: int, made: Requirements) -> bool:
    """Whether a number counts what is asked for ("three figures"), or things with none ("with 0")."""
    asked = [one for one in made.figures if one.asked]
    return number in (len(asked), len(made.condensed), len(made.show)) or (number == 0 and made.every)


def _chosen_by_skipped(made: Requirements) -> Iterable[str]:
    """ "Paintings in oil: title, price": a word behind a preposition may choose rows, before a colon as well."""
    told = [one.removeprefix(_UNUSED).split(", ") for one in made.assumptions if one.startswith(_UNUSED)]
    for words in told:
        for before, word in pairwise(words):
            behind = rf"\b{re.escape(before)}\s+(?:the\s+|our\s+)?{re.escape(word)}\b"
            if _CHOOSING.search(before) and re.search(behind, made.request, re.IGNORECASE):
                yield f"{before} {word}"
        for match in _FOR.finditer(made.request):
            if match["name"].lower() in words and (match["before"] or "").strip() not in _TO_WHOM:
                yield match[0].removeprefix(match["before"] or "")


def _no_order(made: Requirements, tagged: Tagged) -> Iterable[str]:
    """ "The cheapest room", where nothing is ordered, and nothing is the least of its kind."""
    extremes = {"minimum", "maximum", "percentile"}
    if made.order is not None or made.order_by or made.single or made.rules:
        return
    if any(one.function in extremes for one in made.condensed) or any(
        one.aggregate in extremes or re.search(r"\b(?:minimum|maximum|first|last|percentile|median)\(", one.expression)
        for one in made.figures
    ):
        return
    names = {word for words in tagged.tables.names for word in words}
    values = {word.lower() for one in made.filters for value in _values(one.value) for word in value.split()}
    latest = any("latest" in one for one in made.assumptions)
    for match in _SUPERLATIVE.finditer(made.request.lower()):
        word = match[0].split()[-1]
        if word not in names | values and not (latest and _IN_TIME.fullmatch(match[0])):
            yield match[0]


def _order_of_none(made: Requirements) -> Iterable[str]:
    """ "Not closed yet, oldest first", ordered by the day of closing: rows that have none are in no order."""
    order = made.order
    if order is None or not any(
        one.value is None and not one.input and not one.moment and one.comparison == "="
        and Place(table=one.table, column=one.column) == order
        for one in made.filters
    ):  # fmt: skip
        return
    match = _IN_TIME.search(made.request.lower())
    yield match[0] if match is not None else " ".join(words_of_name(order.column))


def with_things_left_out(made: Requirements, tables: Tables) -> Requirements:
    """The requirements with a word on things that have no rows, and are in none of the groups for that."""
    if made.missing or made.uncovered or made.every or made.table not in tables.tables:
        return made
    if any("left out" in one for one in made.assumptions) or any(one.figure for one in made.filters):
        return made
    if made.descending and made.limit < _ALL:
        # of the highest ones nothing is missing
        return made
    things = [
        one.table for one in made.groups
        if not one.part and one.table != made.table and (tables.is_key(one) or tables.label(one.table) == one)
    ]  # fmt: skip
    if not things or not (made.condensed or made.each or any(one.aggregate for one in made.figures)):
        return made
    thing, counted = (plural(" ".join(words_of_name(name.rpartition(".")[2]))) for name in (things[0], made.table))
    return made.model_copy(update={"assumptions": (*made.assumptions, f"{thing} without such {counted} are left out")})
