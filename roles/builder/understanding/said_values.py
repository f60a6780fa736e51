"""Values of columns that requests name without saying so: "customers from France", "status damaged", "open orders"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from common.language.words import word_set
from roles.builder.understanding.requirements import Place
from roles.builder.understanding.rows_read import Rows
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.tagged import Tagged
from roles.builder.understanding.words import words_of_name

__all__ = ["read_said_values"]

_COUNTRIES = word_set(
    """argentina australia austria belgium brazil bulgaria canada chile china colombia croatia czechia denmark egypt
    england estonia finland france germany greece hungary iceland india indonesia ireland israel italy japan kenya
    latvia lithuania malaysia mexico morocco netherlands nigeria norway pakistan peru philippines poland portugal
    romania russia scotland serbia singapore slovakia slovenia spain sweden switzerland thailand turkey ukraine usa uk
    vietnam wales"""
)
_PLACES = (
    "city",
    "town",
    "country",
    "nation",
    "region",
    "state",
    "location",
    "county",
    "province",
    "area",
    "district",
    "suburb",
    "village",
    "borough",
    "neighbourhood",
    "postcode",
)
_FROM = re.compile(
    r"\b(?:in|from|at|near|based in|located in|living in|for|within"
    r"|outside)\s+(?P<value>[a-z]{3,}(?:\s[a-z]{3,})?)(?=\s*(?:[.,;:?)]|$|\w))"
)
_BEHIND = re.compile(
    r"\b(?P<mark>C\d+)\s+(?:is\s+|of\s+|=\s+|code\s+|:\s+)?(?P<value>\"[^\"]+\"|[a-z]+\d[a-z0-9]*|\d{4}-[a-z]+|\d+(?:\.\d+)?(?!\s?%|-\d)|[a-z]{3,})(?=\s*(?:[.,;:?)]|$|and\b|or\b|with\b"
    r"|by\b|per\b|for\b|in\b|sort|order|show|,))"
)
_NO_VALUES = word_set(
    """ask want need request require expect say given chosen known unknown missing null above below over under
    at more less greater lower higher between
    not no yes and or
    true false the an a any some mine what which that this first last only too also please each every per with
    without for from
    ascending descending desc asc order sorted together itself list lookup look search agent report tool them
    it there here
    overview statistics analysis calculator trend history summary total count average column columns table row rows
    required wanted asked entered provided specified value values name names number numbers date dates amount
    ranges range
    is are was were has have then than when where who how as by of to on in"""
)


_VALUED = re.compile(
    r"(?<![\w'])(?P<value>(?!(?:of|in|by|per|the|and|or|with|their|from|for|at|on|to)\b)[a-z]{3,})"
    r" (?P<mark>C\d+) (?P<thing>T\d+)\b"
)
""" "Gold tier accounts"."""
_WITH_VALUE = re.compile(
    r"\b(?:with|of|by|on|in) (?:an? |the )?(?P<value>(?!(?:of|in|by|per|the|and|or|with|an|their|its|his|her|our"
    r"|each|all|any|both)\b)[a-z]{3,})"
    r" (?P<mark>C\d+)(?P<thing>)"
    r"(?=\s*(?:[.,;:?)]|$|and\b|with\b|sorted\b|by\b))"
)
""" "Fields with loam soil"."""
_ENDED = re.compile(
    r"\b(?:ended|ending|resulted|resulting|turned out|classed|rated|marked|graded|labelled)"
    r" (?:in |with |as )(?:an? )?(?P<value>[a-z]{3,})(?=\s*(?:[.,;:?)]|$|and\b|with\b))"
)
""" "That ended in failure"."""
_ENDS_IN = word_set("outcome result status state decision verdict grade rating")
_REASON = re.compile(
    r"\b(?:because of|due to|caused by|for|about|in|of|from|with) (?:an? )?(?P<value>[a-z]{3,}) \( (?:the |as"
    r" )?(?P<mark>C\d+) \)"
)
""" "Visits because of mastitis (reason)"."""
_SIDES = re.compile(r"\b(?:in|from|of) the (?P<value>(?:north|south|east|west)(?:ern|east|west)?|cent(?:re|er|ral))\b")
_REGIONS = word_set("region area zone district territory county part")
_DEGREES = word_set("low high")
_KINDS = word_set(
    "status state type category kind sector specialty stage phase class segment tier level grade fuel flag"
    " priority severity risk soil material colour color size topic cause reason subject"
    " plan process method variety breed species medium gender role zone shift channel brand make style genre"
    " quality condition weather"
)
_NO_KINDS = word_set("different various several all each every same other own list show count number new by per")


_NAMED_BY_COLUMN = re.compile(
    r"\b(?:about|with|of|on|in|for|under) (?:the |a )?(?P<mark>C\d+)"
    r" (?P<value>C\d+)(?! (?:C|T)\d)\b"
)
""" "Complaints about topic delay": a value that is called like another column."""


def _read_named_by_column(tagged: Tagged, tables: Tables, near: Sequence[str], rows: Rows) -> None:
    for match in _NAMED_BY_COLUMN.finditer(tagged.text):
        place = tagged.column(match["mark"], near)
        if place is None or {int(match["mark"][1:]), int(match["value"][1:])} & tagged.used:
            continue
        if _KINDS.intersection(words_of_name(place.column)) and _add(tables, place, tagged.said(match["value"]), rows):
            tagged.use(match["mark"])
            tagged.use(match["value"])
            tagged.take(match)


def read_said_values(tagged: Tagged, tables: Tables, near: Sequence[str], rows: Rows) -> None:
    """Add filters by values that stand behind the name of their column, or behind "in" and "from"."""
    _read_named_by_column(tagged, tables, near, rows)
    for match in _BEHIND.finditer(tagged.text):
        mark, value = match["mark"], match["value"].strip('"')
        place = tagged.column(mark, near)
        if (
            place is None
            or int(mark[1:]) in tagged.used
            or value in _NO_VALUES
            or tagged.is_taken(match.start("value"))
        ):
            continue
        if _add(tables, place, value, rows):
            tagged.use(mark)
            tagged.take(match)
    _read_reasons(tagged, tables, near, rows)
    for match in (*_VALUED.finditer(tagged.text), *_WITH_VALUE.finditer(tagged.text)):
        mark, value = match["mark"], match["value"]
        thing = match["thing"]
        place = tagged.column(mark, [tagged.table(thing), *near] if thing else near)
        if place is None or int(mark[1:]) in tagged.used or value in _NO_VALUES - _DEGREES or value in _NO_KINDS:
            continue
        if tagged.is_taken(match.start("value")) or not _KINDS.intersection(words_of_name(place.column)):
            continue
        if tables.path(near[0], place.table, upwards=True) is not None and _add(tables, place, value, rows):
            tagged.use(mark)
            tagged.take(match)
    _read_places(tagged, tables, near, rows)


def _read_places(tagged: Tagged, tables: Tables, near: Sequence[str], rows: Rows) -> None:
    """ "Customers from France"."""
    for match in _FROM.finditer(tagged.text):
        value = " ".join(word for word in match["value"].split() if word in tagged.proper)
        if not value or tagged.is_taken(match.start("value")):
            continue
        place = _place_for(tables, near, value, about=match[0].split()[0])
        if place is not None:
            rows.add(place, "contains", "", "text", value)
            rows.assumptions.append(f"{value!r} is meant as a value of {place.table}.{place.column}")
            last = value.split()[-1]
            tagged.taken.append((match.start(), tagged.text.index(last, match.start("value")) + len(last)))


def _read_reasons(tagged: Tagged, tables: Tables, near: Sequence[str], rows: Rows) -> None:
    """ "Visits because of mastitis (reason)", "that ended in failure", "in the north"."""
    for match in _REASON.finditer(tagged.text):
        place = tagged.column(match["mark"], near)
        if place is not None and not tagged.is_taken(match.start("value")) and tables.column(place).type == "text":
            rows.add(place, "contains", "", "text", match["value"])
            tagged.use(match["mark"])
            tagged.take(match)
    for pattern, kinds in ((_ENDED, _ENDS_IN), (_SIDES, _REGIONS)):
        for match in pattern.finditer(tagged.text):
            found = [
                Place(table=table, column=one.name)
                for table in dict.fromkeys(near) if tables.path(near[0], table, upwards=True) is not None
                for one in tables.tables[table].columns
                if one.type == "text" and kinds.intersection(words_of_name(one.name))
            ]  # fmt: skip
            if len(found) == 1 and not tagged.is_taken(match.start("value")):
                rows.add(found[0], "contains", "", "text", match["value"])
                rows.assumptions.append(f"{match['value']!r} is meant as a value of {found[0].table}.{found[0].column}")
                tagged.take(match)


def _add(tables: Tables, place: Place, value: str, rows: Rows) -> bool:
    kind = tables.column(place).type
    if kind in ("number", "integer") and re.fullmatch(r"\d+(?:\.\d+)?", value):
        number = float(value)
        rows.add(place, "=", "", kind, int(number) if number.is_integer() else number)
        return True
    if kind == "text" and tables.label(place.table) != place:
        rows.add(place, "contains", "", "text", value)
        rows.assumptions.append(f"{value!r} is meant as a value of {place.table}.{place.column}")
        return True
    return False


def _place_for(tables: Tables, near: Sequence[str], value: str, *, about: str) -> Place | None:
    """The one column of places that a name is of: a country's for a country, else the narrowest."""
    for table in near:
        if tables.path(near[0], table, upwards=True) is None:
            continue
        columns = {
            next(word for word in words_of_name(one.name) if word in _PLACES): Place(table=table, column=one.name)
            for one in tables.tables[table].columns
            if one.type == "text" and set(words_of_name(one.name)) & set(_PLACES)
        }  # fmt: skip
        if value.split()[0] in _COUNTRIES and (found := columns.get("country") or columns.get("nation")) is not None:
            return found
        if len(columns) == 1 and about != "for":
            return next(iter(columns.values()))
        if set(columns) == {"city", "country"} and about != "for":
            return columns["city"]
    return None
