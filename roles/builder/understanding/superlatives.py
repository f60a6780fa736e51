"""Orders that adjectives tell: "the oldest member", "strongest 2 beers by abv", "heaviest first"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from common.language.words import word_set
from roles.builder.understanding.requirements import Place
from roles.builder.understanding.rows_read import Rows
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.tagged import DETERMINER, Tagged
from roles.builder.understanding.words import singular, words_of_name

__all__ = ["SUPERLATIVE", "read_superlative", "superlative_of"]

SUPERLATIVE = (
    r"(?!(?:inter|requ|for|gu|harv|inv|hon|cont|near|dig|arr|prot|sugg|qu|mod|manif|conqu|late|crest|int|pri|ch|prot|"
    r"att|tes|be|we|re|lat|earli)est\b)[a-z]{3,}est"
)
"""A word in "-est" that chooses."""
_HIGH: dict[str, str] = {
    "strongest": "strength abv alcohol power force", "tallest": "height elevation altitude",
    "highest": "height elevation altitude", "longest": "length duration distance hour minute day night stay km mile",
    "heaviest": "weight mass kg tonnage", "fastest": "speed velocity mph kmh",
    "biggest": "size area population capacity seat bed hectare sqm headcount volume",
    "largest": "size area population capacity seat bed hectare sqm headcount volume",
    "richest": "wealth worth income balance", "hottest": "temperature", "warmest": "temperature", "deepest": "depth",
    "widest": "width", "loudest": "decibel noise volume", "thickest": "thickness", "brightest": "brightness magnitude",
}  # fmt: skip
_LOW: dict[str, str] = {
    "weakest": _HIGH["strongest"], "lowest": _HIGH["highest"], "shortest": _HIGH["longest"] + " height",
    "lightest": _HIGH["heaviest"], "slowest": _HIGH["fastest"], "smallest": _HIGH["biggest"],
    "tiniest": _HIGH["biggest"], "poorest": _HIGH["richest"], "coldest": "temperature", "coolest": "temperature",
    "shallowest": "depth", "narrowest": "width", "quietest": _HIGH["loudest"], "thinnest": "thickness",
}  # fmt: skip
_BORN = word_set("birth born dob built construction founded established foundation vintage")
_OLD = {"oldest": False, "youngest": True, "newest": True}
"""Whether the later one comes first."""
_TIMES = word_set("time duration second minute hour")
_NUMERIC = ("number", "integer")
_D = rf"{DETERMINER}*"
_OF_THINGS = re.compile(
    rf"\b(?:(?P<before>\d{{1,4}})\s+)?(?P<word>{SUPERLATIVE})\s+(?:(?P<number>\d{{1,4}})\s+)?(?:(?P<kind>[a-z]+)\s+)?(?P<thing>T\d+)\b"
    rf"(?:\s+(?:by|in terms of|according to|measured by|in)\s+{_D}(?P<mark>C\d+)\b)?"
)
_FIRST = re.compile(rf"\b(?P<word>{SUPERLATIVE}|best|worst)\s+(?:ones?\s+)?(?:first|at the top|on top)\b")
_TOP_BY = re.compile(
    rf"\b(?P<how>top|best|first|bottom|worst) (?P<number>\d{{1,4}}) (?:(?:ones|of them) )?(?:by|in terms of"
    rf"|according to|on|measured by) {_D}(?P<mark>C\d+)\b"
)
""" "Best lots: top 3 by cup score"."""
_COMPARED = re.compile(
    r"\b(?P<sign>more|longer|later|higher|above|over|less|fewer|lower|shorter|below|under)\b[^.;,]*?(?P<mark>C\d+)"
)


def read_superlative(tagged: Tagged, tables: Tables, table: str, near: Sequence[str], rows: Rows) -> bool:
    """Order the rows of `table` as an adjective tells; False where none does, or no one column is meant."""
    for match in _OF_THINGS.finditer(tagged.text):
        if tagged.table(match["thing"]) != table or tagged.is_taken(match.start("word")):
            continue
        mark = match["mark"]
        place = tagged.column(mark, near) if mark else None
        found = (
            _by_column(match["word"], place, tables) if place is not None else _of_table(match["word"], tables, table)
        )
        if found is None:
            continue
        rows.order, rows.descending = found
        number = match["number"] or match["before"]
        one = singular(said := tagged.said(match["thing"]).split()[-1]) == said
        rows.limit = int(number) if number else rows.limit if rows.limited else 1 if one else 10
        rows.limited = rows.limited or bool(number) or one
        if mark:
            tagged.use(mark)
            rows.shown.append(mark)
        # "the strongest red wine": what kind of thing it is chooses as well, and is read elsewhere
        start, end = match.span("kind") if match["kind"] else (match.end(), match.end())
        tagged.taken += [(match.start(), start), (end, match.end())]
        return True
    for match in _TOP_BY.finditer(tagged.text):
        place = tagged.column(match["mark"], near)
        if place is not None and tables.column(place).type in _NUMERIC:
            rows.order, rows.descending = place, match["how"] in ("top", "best", "first")
            rows.limit, rows.limited = int(match["number"]), True
            tagged.use(match["mark"])
            rows.shown.append(match["mark"])
            tagged.take(match)
            tagged.taken += [one.span() for one in re.finditer(r"\b(?:best|worst|top|bottom) (?=T\d)", tagged.text)]
            return True
    for match in _FIRST.finditer(tagged.text):
        found = _of_table(match["word"], tables, table) or _judged(match["word"], tagged, tables, near)
        if found is not None:
            rows.order, rows.descending = found
            tagged.take(match)
            return True
    return False


def _by_column(word: str, place: Place, tables: Tables) -> tuple[Place, bool] | None:
    """The order by a column that is named; None where it can't be told which end comes first."""
    words = set(words_of_name(place.column))
    kind = tables.column(place).type
    if word in _OLD:
        if kind == "date" or words & _BORN or "year" in words:
            return place, _OLD[word]
        return (place, not _OLD[word]) if "age" in words else None
    if kind not in _NUMERIC:
        return None
    if word in ("fastest", "slowest", "quickest"):
        slow = word == "slowest"
        return (place, slow) if words & _TIMES else (place, not slow)
    if word in _HIGH or word in _LOW:
        return place, word in _HIGH
    return None


def superlative_of(word: str, tables: Tables, table: str) -> tuple[Place, bool] | None:
    """The column of a table that an adjective such as "heaviest" is about, and whether the highest comes first."""
    return (
        _of_table(word, tables, table)
        if word in _OLD or word in _HIGH or word in _LOW or word.endswith("est")
        else None
    )


def _of_table(word: str, tables: Tables, table: str) -> tuple[Place, bool] | None:
    """The order by the one column of the table that an adjective is about."""
    columns = [Place(table=table, column=one.name) for one in tables.tables[table].columns]
    if word in _OLD:
        born = [one for one in columns if _BORN.intersection(words_of_name(one.column))]
        ages = [one for one in columns if "age" in words_of_name(one.column)]
        if len(born) + len(ages) != 1:
            return None
        return (born[0], _OLD[word]) if born else (ages[0], not _OLD[word])
    about = word_set(_HIGH.get(word, "") or _LOW.get(word, ""))
    numbers = [one for one in columns if tables.column(one).type in _NUMERIC and not tables.is_key(one)]
    named = [one for one in numbers if about.intersection(words_of_name(one.column))]
    if word in ("fastest", "slowest", "quickest") and not named:
        named = [one for one in numbers if _TIMES.intersection(words_of_name(one.column))]
        return (named[0], word == "slowest") if len(named) == 1 else None
    return (named[0], word in _HIGH) if len(named) == 1 else None


def _judged(word: str, tagged: Tagged, tables: Tables, near: Sequence[str]) -> tuple[Place, bool] | None:
    """ "Delayed by more than 30 minutes, worst first": what a condition asks for much of is worst where it is most."""
    if word not in ("worst", "best"):
        return None
    compared = _COMPARED.search(tagged.text)
    place = tagged.column(compared["mark"], near) if compared is not None else None
    if compared is None or place is None or tables.column(place).type not in _NUMERIC:
        return None
    more = compared["sign"] in ("more", "longer", "later", "higher", "above", "over")
    return place, more == (word == "worst")
