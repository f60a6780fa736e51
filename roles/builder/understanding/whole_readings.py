"""What a reading of a whole request has nothing for after all: the net below the grammar."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

from roles.builder.understanding.accounting import places_of, unaccounted
from roles.builder.understanding.grammar.amounts import deeds
from roles.builder.understanding.grammar.tokens import stem
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
_ASKING = frozenset({"list", "show", "rank", "count", "order", "report", "name"})
"""What a request may begin with, and columns may be called."""
_AS_VERB = re.compile(r"counts? as\b")
_MANY_OF = re.compile(r"\bhow (?:many|much) (?!T\d)")


def lost_words(made: Requirements, tagged: Tagged) -> list[str]:
    """The words of the request that nothing in the requirements stands for, though every word was read.

    `tagged` is the marked text of the same request. What chooses rows and was skipped as an introduction is lost too.
    """
    tagged.taken.append((0, len(tagged.text)))
    skipped = _skipped(made)
    known = {word for one in made.figures for word in one.name.split("_")}
    known |= {word.lower() for one in made.all_filters for value in _values(one.value) for word in value.split()}
    known |= _deeds_elsewhere(made, tagged)
    found: list[str] = []
    for said in unaccounted(made, tagged):
        words = said.lower().split()
        if all(word in known | skipped for word in words) or (skipped and words[0] in skipped):
            continue
        if (
            len(words) == 1
            and re.match(rf"(?:please )?(?:{re.escape(said.lower())})\b", made.request.lower())
            and said.lower() in _ASKING
        ):
            continue
        if said == "means":
            # what stands for what, and no average
            continue
        if said.lower() == "longer" and "no longer" in made.request.lower():
            continue
        if said in ("counts", "count") and _AS_VERB.search(tagged.text.lower() + " " + made.request.lower()):
            continue
        if said.lower().startswith(("how many", "how much")) and _MANY_OF.search(made.request.lower()):
            continue
        if all(_is_told(word, made, tagged.tables) for word in words):
            continue
        if words[-1].isdigit() and _is_known(int(words[-1]), made):
            continue
        found.append(said)
    found += [*_chosen_by_skipped(made), *_no_order(made, tagged), *_order_of_none(made), *_of_rows_or_groups(made)]
    return list(dict.fromkeys(found))


_LIMIT_BEHIND = re.compile(
    r",\s*(?P<limit>(?:at least|at most|over|under|above|below|more than|less than|no more than) \d[\d,.]*\b)",
    re.IGNORECASE,
)


def _of_rows_or_groups(made: Requirements) -> Iterable[str]:
    """ "Average use per plan, at least 5 GB": the rows that count, or the averages that are listed."""
    condensed = [one.place for one in made.condensed if one.function != "count"]
    rows = [one for one in made.filters if not one.figure and isinstance(one.value, int | float)]
    match = _LIMIT_BEHIND.search(made.request)
    of_rows = any(Place(table=one.table, column=one.column) in condensed for one in rows)
    if made.groups and match is not None and of_rows:
        yield match["limit"]


def _is_told(word: str, made: Requirements, tables: Tables) -> bool:
    """Whether the columns or rows that are read tell it: "paid" is told by a payment, "worked" by hours of work."""
    if word in _PAYING and made.order is not None:
        return True
    told = {made.table, *(one.table for one in places_of(made))}
    if told.intersection(deeds(tables, word)):
        return True
    read = {stem(each) for one in places_of(made) for each in words_of_name(one.column)}
    return len(word) > 3 and stem(word) in read


_PAYING = frozenset({"earns", "earn", "earned", "charges", "charge", "costs", "cost", "paid"})


def _deeds_elsewhere(made: Requirements, tagged: Tagged) -> set[str]:
    """Words for what rows elsewhere tell, of which it is asked whether there are any: "who sold forks"."""
    from roles.builder.understanding.grammar.amounts import deeds

    tables = {table for group in made.filter_groups for table, _ in group.reads}
    words = {word for word in re.findall(r"[a-z]{3,}", made.request.lower()) if tables}
    return {word for word in words if tables.intersection(deeds(tagged.tables, word))}


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
    values = {word.lower() for one in made.all_filters for value in _values(one.value) for word in value.split()}
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
    if made.leading is not None or (made.descending and made.limit < _ALL):
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
