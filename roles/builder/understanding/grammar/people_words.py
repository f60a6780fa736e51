"""Words for people and things that are no table's name: "person", "colleague", "client", "article", "location"."""

from __future__ import annotations

from common.language.words import word_set
from roles.builder.understanding.grammar.amounts import pay_of
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.words import words_of_name

__all__ = ["people_word", "tables_called"]

_ANYBODY = word_set("person people anyone anybody everyone everybody someone somebody individual whoever")
_STAFF = word_set("employee staff worker colleague crew personnel workforce coworker teammate")
_BUYERS = word_set("customer client buyer shopper guest patron consumer patient visitor")
_ITEMS = word_set("item article product goods ware merchandise")
_PLACES = word_set("place site location branch shop store outlet office premise facility")
_PERSON_COLUMNS = word_set("surname lastname firstname born birth birthday gender hired salary wage dob")
_PERSON_NAMES = (("full", "name"), ("first", "name"), ("last", "name"), ("given", "name"), ("family", "name"))
_STAFF_COLUMNS = word_set("salary wage hired hire joined role position job grade left employed")
_BUYER_NAMES = word_set(
    """customer client patient guest member subscriber buyer visitor rider passenger tenant borrower user donor account
    company reader student pupil policyholder"""
)
_PLACE_COLUMNS = word_set("city town district address street region rent quarter")
_PERSON_ENDS = ("er", "or", "ist", "ian", "ant", "ee", "yst")
_NO_PERSONS = word_set(
    """order letter offer number paper matter computer printer register folder transfer voucher trailer container
    sensor motor tractor error floor door visitor plant restaurant grant warrant fee tree committee quarter meter
    semester chapter river poster tower border cover dinner water counter centre center"""
)
_NO_PEOPLE = word_set("company firm business organisation organization supplier vendor")


def people_word(words: tuple[str, ...]) -> str:
    """One word for several: "staff member", "member of staff" is somebody of the staff; empty for other words."""
    return "staff" if words in _STAFF_PHRASES else ""


_STAFF_PHRASES = (("staff", "member"), ("team", "member"), ("member", "of", "staff"), ("crew", "member"))


def tables_called(tables: Tables, word: str) -> list[str]:
    """The tables whose rows a general word may stand for, in singular."""
    if word in _ANYBODY:
        return [name for name in tables.tables if _is_person(tables, name)]
    if word in _STAFF:
        return [name for name in tables.tables if _is_staff(tables, name)]
    if word in _BUYERS:
        return [name for name in tables.tables if _words(name) & _BUYER_NAMES and not _is_staff(tables, name)]
    if word in _ITEMS:
        return [name for name in tables.tables if _is_item(tables, name)]
    if word in _PLACES:
        return [name for name in tables.tables if _is_place(tables, name)]
    return []


def _words(table: str) -> set[str]:
    return {*words_of_name(table.rpartition(".")[2])}


def _columns(tables: Tables, table: str) -> set[str]:
    return {word for one in tables.tables[table].columns for word in words_of_name(one.name)}


def _is_person(tables: Tables, table: str) -> bool:
    columns = _columns(tables, table)
    if columns & _NO_PEOPLE or _words(table) & _NO_PEOPLE or tables.label(table) is None:
        return False
    named = any(words_of_name(one.name)[-2:] in _PERSON_NAMES for one in tables.tables[table].columns)
    last = words_of_name(table.rpartition(".")[2])[-1]
    called = last in _BUYER_NAMES | _STAFF or (last.endswith(_PERSON_ENDS) and last not in _NO_PERSONS)
    return named or bool(columns & _PERSON_COLUMNS) or called


def _is_staff(tables: Tables, table: str) -> bool:
    words = _words(table)
    if words & _STAFF:
        return True
    paid = pay_of(tables, table) is not None
    return (
        _is_person(tables, table)
        and not words & _BUYER_NAMES
        and (paid or bool(_columns(tables, table) & _STAFF_COLUMNS))
    )


def _is_item(tables: Tables, table: str) -> bool:
    columns = _columns(tables, table)
    belongs = any(one.left_table == table for one in tables.joins)
    return bool(_words(table) & _ITEMS) or (
        "price" in columns and not belongs and not _is_person(tables, table) and tables.label(table) is not None
    )


def _is_place(tables: Tables, table: str) -> bool:
    last = words_of_name(table.rpartition(".")[2])[-1]
    return last in _PLACES or (
        bool(_columns(tables, table) & _PLACE_COLUMNS) and not _is_person(tables, table)
        and tables.label(table) is not None and not _columns(tables, table) & _NO_PEOPLE
        and not _words(table) & (_NO_PEOPLE | _BUYER_NAMES)
    )  # fmt: skip
