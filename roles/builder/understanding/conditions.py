"""Conditions that requests put on rows by what columns hold: numbers, times, other columns, nothing at all."""

from __future__ import annotations

import re
from collections.abc import Sequence

from common.language.words import word_set
from roles.builder.understanding.adjectives import EXPLAINED
from roles.builder.understanding.lacking import read_lacking
from roles.builder.understanding.requirements import Compared, Place
from roles.builder.understanding.rows_read import COMPARISONS, Rows, percent_of
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.tagged import DETERMINER, Tagged
from roles.builder.understanding.window_conditions import read_given_spans, read_spans
from roles.builder.understanding.words import column_identifier, singular, words_of_name

__all__ = ["flag_like", "read_conditions"]

_NUMERIC = ("number", "integer")
_LINK = r"(?:is|are|was|were|be|has|have|that|which|it|its|their|currently|still|now|then)"
_UNLIKE = r"(?!and\b|or\b|that\b|which\b|who\b|with\b|but\b|from\b|in\b|for\b)"
_NOTHING = re.compile(
    rf"\b(?P<how>without|lacking|missing|lack|no|unknown|empty|blank|null)\s+(?:{DETERMINER}|any\s+|recorded\s+"
    rf"|known\s+"
    r"|registered\s+|valid\s+|yet\s+|on file\s+)*(?P<mark>C\d+)\b"
)
_BEHIND = re.compile(
    rf"\b(?P<mark>C\d+)\s+(?:{_LINK}\s+)*(?P<how>missing|unknown|not known|empty|blank|null|not null|not set|not given"
    r"|not recorded|not empty|not missing|known|present|available|recorded)\b"
)
_RECORDED = r"(?:recorded|known|on file|entered|registered|given|noted|stored|filled in|set)\b"
_DONE = re.compile(
    r"\b(?P<aux>have|has|had|were|was|been|are|is|be|already|to be|got|get|(?<=T\d )who|(?<=T\d )that|(?<=T\d"
    r" )which)\s+(?:(?:been|already|ever|now"
    r"|all)\s+)*(?P<mark>C\d+)\b"
    r"(?!\s+(?:(?:on|in|at|or)\s+)?(?:between|since|before|after|from|until|by|within|during|span|earlier|later"
    r"|more|less"
    r"|above|below|over|under|at|>|<|=|and T|a|an|the|in|on)\b)"
)
_NOT_DONE = re.compile(
    r"\b(?:not|never|nothing|haven't|hasn't|hadn't|weren't|wasn't|isn't|aren't|didn't|don't|doesn't|un|yet to)\s+"
    r"(?:(?:yet|been|be|ever|already|get|got|to|actually|so|far)\s+)*(?P<mark>C\d+)\b"
)
_EQUALS = re.compile(
    r"\b(?P<mark>C\d+)\s+(?:is|are|=|equals?|equal to|being|named|called|set to)\s+(?:exactly\s+|equal to\s+)?"
    r"(?P<value>\d+(?:,\d{3})*(?:\.\d+)?(?!\d|\s?%|-)|[a-z][a-z]+(?:\s(?!and\b|or\b|with\b|by\b|per\b|for\b"
    r"|in\b)[a-z]+)?)(?=\s*(?:[.,;:?)]|$|and\b|or\b|with\b|by\b"
    r"|per\b|for\b|sorted\b|in\b))"
)
_NO_VALUES = word_set(
    """given chosen known unknown missing null above below over under at more less greater lower higher between
    not no yes
    true false the an a any some mine what which that this required wanted asked entered provided specified set
    shown listed told calculated computed defined good bad fine ok acceptable low high needed after before"""
)
_FLAG_STARTS = word_set("is has in was can")
_FLAG_ENDS = word_set(
    """active enabled discontinued archived deleted closed paid cancelled canceled verified approved vegan vegetarian
    organic electric insured furnished recurring urgent remote"""
)


def read_conditions(tagged: Tagged, tables: Tables, table: str, focus: Sequence[str], rows: Rows) -> None:
    """Add what is said of columns' values; the marks that it is said by are used up."""
    near = [table, *focus]
    read_spans(tagged, tables, near, rows)
    read_given_spans(tagged, tables, near, rows)
    _read_columns_compared(tagged, tables, near, rows)
    _read_numbers_first(tagged, tables, near, rows)
    _read_comparatives(tagged, tables, near, rows)
    _read_nothing(tagged, tables, near, rows)
    read_lacking(tagged, tables, table, rows)
    _read_open(tagged, tables, near, rows)
    _read_overdue(tagged, tables, near, rows)
    _read_done(tagged, tables, near, rows)
    _read_values(tagged, tables, near, rows)


def flag_like(tables: Tables, place: Place) -> bool:
    """Whether a column tells yes or no: a boolean, or a whole number whose name says so."""
    kind = tables.column(place).type
    words = words_of_name(place.column)
    return kind == "boolean" or (
        kind == "integer"
        and bool(words)
        and (
            words[0] in _FLAG_STARTS
            or words[-1] in _FLAG_ENDS
            or (len(words) == 1 and words[0].endswith(("ed", "able", "ible")))
        )
    )


def _read_columns_compared(tagged: Tagged, tables: Tables, near: Sequence[str], rows: Rows) -> None:
    """ "Products whose stock is below the reorder level"."""
    for words, sign in COMPARISONS:
        pattern = rf"\b(?P<mark>C\d+)\s+(?:{_LINK}\s+)*(?P<not>not\s+)?{words}\s+{DETERMINER}*(?P<other>C\d+)\b"
        for match in re.finditer(pattern, tagged.text):
            left, right = tagged.column(match["mark"], near), tagged.column(match["other"], near)
            if left is None or right is None or left == right:
                continue
            kinds = {tables.column(left).type, tables.column(right).type}
            if not (kinds <= set(_NUMERIC) or kinds == {"date"}):
                continue
            opposite = {">": "<=", "<": ">=", ">=": "<", "<=": ">"}
            rows.compared.append(Compared(left=left, sign=opposite[sign] if match["not"] else sign, right=right))
            for mark in (match["mark"], match["other"]):
                tagged.use(mark)
                rows.shown.append(mark)
            tagged.take(match)


def _read_numbers_first(tagged: Tagged, tables: Tables, near: Sequence[str], rows: Rows) -> None:
    """ "Wards with more than 20 beds": the number stands before what it is of."""
    for words, sign in COMPARISONS:
        pattern = (
            rf"\b(?P<not>not\s+)?{words}\s+(?P<number>\d+(?:,\d{{3}})*(?:\.\d+)?)\s?(?P<percent>%)?\s+"
            rf"(?:{_UNLIKE}[a-z]+\s+){{0,2}}?(?P<mark>C\d+)\b"
        )
        for match in re.finditer(pattern, tagged.text):
            if match["percent"] and re.search(r"% of\b", match[0]):
                # "more than 80 % of their limit" compares with a part of what the column holds
                continue
            if re.search(rf"[CRD]\d+\s+(?:{_LINK}\s+)*$", tagged.text[: match.start()]) or tagged.is_taken(
                match.start()
            ):
                continue
            mark = match["mark"]
            place = tagged.column(mark, near)
            if place is None or tables.column(place).type not in _NUMERIC or int(mark[1:]) in tagged.used:
                continue
            share = percent_of(place) if match["percent"] else 1
            if not share:
                # whether 12 % is 12 or 0.12 in it can't be told
                continue
            number = float(match["number"].replace(",", "")) / share
            opposite = {">": "<=", "<": ">=", ">=": "<", "<=": ">"}
            way = opposite[sign] if match["not"] else sign
            value = int(number) if number.is_integer() else number
            rows.add(place, way, "", "number", value)
            rows.shown.append(mark)
            tagged.use(mark)
            tagged.take(match)


_COMPARATIVES: tuple[tuple[str, str, str], ...] = (
    ("longer", ">", "length duration days nights minutes hours stay long"), ("shorter", "<", "length duration "
                                                                                             "days nights "
                                                                                             "minutes hours stay"),
    ("cheaper", "<", "price cost rate fee fare"), ("(?:more expensive|pricier|dearer)", ">", "price cost rate "
                                                                                             "fee fare"),
    ("heavier", ">", "weight mass kg"), ("lighter", "<", "weight mass kg"),
    ("older", ">", "age"), ("younger", "<", "age"),
    ("(?:bigger|larger)", ">", "size area capacity hectares floor"), ("smaller", "<", "size area capacity "
                                                                                      "hectares floor"),
)  # fmt: skip


def _read_comparatives(tagged: Tagged, tables: Tables, near: Sequence[str], rows: Rows) -> None:
    """ "Products cheaper than 12": the one column of the things that the word is about."""
    for words, sign, about in _COMPARATIVES:
        wanted = word_set(about)
        for match in re.finditer(
            rf"\b(?P<mark>T\d+)\s+(?:{_LINK}\s+)*{words} than (?P<number>\d+(?:\.\d+)?)(?: (?:day|night|minute"
            rf"|hour|kg|year)\b)?",
            tagged.text,
        ):
            table = tagged.table(match["mark"])
            columns = [
                Place(table=table, column=one.name) for one in tables.tables[table].columns
                if one.type in _NUMERIC and wanted.intersection(words_of_name(one.name))
            ]  # fmt: skip
            if len(columns) == 1 and _other_unit(match[0].split()[-1], columns[0]):
                continue
            if len(columns) == 1 and tables.path(near[0], table, upwards=True) is not None:
                number = float(match["number"])
                rows.add(columns[0], sign, "", "number", int(number) if number.is_integer() else number)
                tagged.take(match)


_TIMES = frozenset({"day", "night", "minute", "hour", "year", "week", "month", "second"})


def _other_unit(said: str, place: Place) -> bool:
    """Whether a number is in another unit of time than a column: "longer than 2 hours", of minutes."""
    return said in _TIMES and bool(told := _TIMES.intersection(words_of_name(place.column))) and said not in told


def _read_nothing(tagged: Tagged, tables: Tables, near: Sequence[str], rows: Rows) -> None:
    """ "Members without an email address": the column holds nothing."""
    for pattern in (_NOTHING, _BEHIND):
        for match in pattern.finditer(tagged.text):
            mark, how, behind = match["mark"], match["how"], tagged.text[match.end() :]
            place = tagged.column(mark, near)
            if place is None or int(mark[1:]) in tagged.used or flag_like(tables, place):
                continue
            numeric = tables.column(place).type in _NUMERIC
            recorded = pattern is _NOTHING and re.match(rf"\s+(?:{_LINK}\s+|been\s+)*{_RECORDED}", behind)
            if numeric and how in ("no", "without", "lacking", "available") and not recorded:
                if pattern is _NOTHING and tables.column(place).type == "integer" and _said_in_plural(tagged, mark):
                    # "no copies": what is counted in whole numbers is none
                    rows.add(place, "=", "", "integer", 0)
                    tagged.use(mark)
                    tagged.take(match)
                # nothing known, or zero: it can't be told
                continue
            known = pattern is _BEHIND and how in (
                "not null",
                "not empty",
                "not missing",
                "known",
                "present",
                "available",
                "recorded",
            )
            rows.add_null(place, known=known)
            tagged.use(mark)
            tagged.take(match)
            if recorded:
                tagged.taken.append((match.end(), match.end() + recorded.end()))


def _said_in_plural(tagged: Tagged, mark: str) -> bool:
    """Whether a column is said as things that can be counted: "copies", "seats left"."""
    return any(singular(word) != word for word in tagged.said(mark).split())


_FINISHED = word_set(
    "returned paid closed completed finished delivered settled resolved done shipped submitted received"
)


_ENDINGS = word_set(
    """closed ended cancelled canceled resolved finished returned completed discharged left terminated arrived
    settled solved"""
)
_OPEN = re.compile(
    r"\b(?:(?P<word>open|active|ongoing|unresolved|unfinished|running) (?P<mark>T\d+)"
    r"|(?P<thing>T\d+) (?:(?:that|which|who|is|are|was|were|still|currently|now) )*(?:open|active|ongoing"
    r"|unresolved|unfinished"
    r"|under way|underway|in progress|running)(?=\s*(?:[.,;:?]|$|and\b|with\b|by\b|per\b|for\b)))"
)


def _read_open(tagged: Tagged, tables: Tables, near: Sequence[str], rows: Rows) -> None:
    """ "Open tickets": those whose one date of an end is not there, in a table that holds no status."""
    for match in _OPEN.finditer(tagged.text):
        table = tagged.table(match["mark"] or match["thing"])
        if tables.path(near[0], table, upwards=True) is None or (
            match["word"] and EXPLAINED.match(tagged.text[match.end("word") :])
        ):
            continue
        columns = tables.tables[table].columns
        if any(flag_like(tables, Place(table=table, column=one.name)) for one in columns) or any(
            words_of_name(one.name)[-1:] in (("status",), ("state",), ("stage",), ("phase",)) for one in columns
        ):
            continue
        ends = [one.name for one in columns if one.type == "date" and _ENDINGS.intersection(words_of_name(one.name))]
        if len(ends) != 1:
            continue
        rows.add_null(Place(table=table, column=ends[0]), known=False)
        told = f"that a {tables.one(table)} is open or under way means that it has no {column_identifier(ends[0])}"
        rows.assumptions.append(told.replace("_", " "))
        tagged.take(match)


def _read_overdue(tagged: Tagged, tables: Tables, near: Sequence[str], rows: Rows) -> None:
    """ "Overdue loans": what was due before today and is not done yet, where two columns tell that."""
    match = re.search(r"\boverdue(?= T\d+\b|\s*(?:[.,;:?]|$|and\b|with\b|by\b|per\b))", tagged.text)
    if match is None:
        return
    dates = [one for one in tables.tables[near[0]].columns if one.type == "date"]
    due = [one.name for one in dates if "due" in words_of_name(one.name)]
    done = [one.name for one in dates if _FINISHED.intersection(words_of_name(one.name))]
    if len(due) != 1 or len(done) != 1:
        return
    rows.add_null(Place(table=near[0], column=done[0]), known=False)
    rows.add_moment(Place(table=near[0], column=due[0]), "<", "day+0")
    told = f"overdue is what has a {column_identifier(due[0])} before today and no {column_identifier(done[0])}"
    rows.assumptions.append(told.replace("_", " "))
    tagged.take(match)


def _read_done(tagged: Tagged, tables: Tables, near: Sequence[str], rows: Rows) -> None:
    """ "Orders that haven't shipped": a date that tells when something happened holds nothing until it does."""
    for pattern, known in ((_NOT_DONE, False), (_DONE, True)):
        for match in pattern.finditer(tagged.text):
            mark = match["mark"]
            place = tagged.column(mark, near)
            if place is None or int(mark[1:]) in tagged.used or tables.column(place).type != "date":
                continue
            dates = [one for one in tables.tables[place.table].columns if one.type == "date"]
            if re.search(r"\bnever\b", match[0]) and len(dates) == 1:
                # "items that were never used": rows that tell a use have their date
                continue
            if known and not re.search(r"(?:ed|en|own|ent|old|aid|ade|eft|one|ought)$", tagged.said(mark)):
                continue
            rows.add_null(place, known=known)
            tagged.use(mark)
            tagged.take(match)
    for mark in tagged.marks("C", unused=True):
        place = tagged.column(mark, near)
        if place is not None and tables.column(place).type == "date" and tagged.span(mark).best.name == "not":
            rows.add_null(place, known=False)
            tagged.use(mark)


def _read_values(tagged: Tagged, tables: Tables, near: Sequence[str], rows: Rows) -> None:
    """ "Whose status is open", "rating = 5"."""
    for match in _EQUALS.finditer(tagged.text):
        mark, value = match["mark"], match["value"]
        place = tagged.column(mark, near)
        if place is None or int(mark[1:]) in tagged.used or value.split()[0] in _NO_VALUES:
            continue
        kind = tables.column(place).type
        if value[0].isdigit() and kind in _NUMERIC:
            number = float(value.replace(",", ""))
            rows.add(place, "=", "", kind, int(number) if number.is_integer() else number)
        elif kind == "text" and not value[0].isdigit():
            rows.add(place, "contains", "", "text", value)
            rows.assumptions.append(f"{value!r} is meant as a value of {place.table}.{place.column}")
        else:
            continue
        tagged.use(mark)
        tagged.take(match)
