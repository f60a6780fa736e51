"""States that rows tell by the day something ended, by flags, or by a word: "current staff", "closed branches"."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal

from common.language.words import word_set
from roles.builder.understanding.conditions import flag_like
from roles.builder.understanding.grammar.chart import Reading
from roles.builder.understanding.grammar.forms import ColumnRef, Condition
from roles.builder.understanding.grammar.tokens import Token
from roles.builder.understanding.requirements import Place
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.words import words_of_name
from roles.engineering.specification import Filter, FilterGroup

if TYPE_CHECKING:
    from roles.builder.understanding.grammar.filtering import Filters
    from roles.builder.understanding.grammar.linking import Linker

__all__ = ["add_state", "done_day", "end_day", "state_of"]

Way = Literal["on", "off"]
_ON = word_set(
    """current active employed open running ongoing live serving operating operational valid existing present working
    continuing unfinished outstanding pending"""
)
_OFF = word_set(
    """former inactive closed ended over gone left departed discontinued terminated cancelled canceled withdrawn retired
    resigned expired finished completed quit dismissed stopped past previous ex"""
)
_TELLS_ON = word_set("active current employed open live running valid enabled operational")
_TELLS_OFF = word_set("closed inactive discontinued retired terminated archived expired ended disabled withdrawn")
_LIKE_ACTIVE = word_set("current active inactive former ex employed working left gone valid existing present")
_OVER = word_set(
    """left leaving leave cancelled canceled cancellation closed closing closure discontinued terminated termination
    withdrawn withdrawal retired retirement resigned resignation departed departure quit deactivated archived
    decommissioned scrapped dismissed dissolved removed disposed stopped ended exit"""
)
"""In the name of a day on which something came to its end."""
_PLANNED = word_set("end ends until thru through to expires expiry expired expiration ending")
""" "Until": a day that may lie ahead."""
_DONE = word_set("finished completed returned resolved fixed solved settled repaired done checkout handled discharged")
_MET = word_set(
    "paid returned return delivered finished completed closed settled shipped submitted done received "
    "handed payment fixed resolved"
)
_OF_PEOPLE = word_set("employed serving working left departed resigned retired quit dismissed former ex present")
_PLAIN = word_set("current former ex present working left employed now")
"""Words that are no value of a column of states."""
_STATES = word_set("status state stage phase standing")


def state_of(word: str) -> Way | None:
    """Whether a word tells that something goes on (``on``) or is over; None for other words."""
    low = word.lower()
    return "on" if low in _ON else "off" if low in _OFF else None


def add_state(filters: Filters, told: Condition) -> bool:
    """Add the filters of a state; False where nothing of the rows tells it.

    The first of `values` is ``on`` or ``off``, the second the word that was said.
    """
    way, word = told.values[0], told.values[-1].lower()
    if way == "overdue":
        return _overdue(filters, told)
    goes_on = (way == "on") != told.negated
    for table in [told.table] if told.table else list(filters.tables)[:1]:
        if _by_flag(filters, table, word, goes_on=goes_on) or _by_value(filters, table, word, told, goes_on=goes_on):
            return True
        if word not in _PLAIN and _may_hold(filters, table):
            return False
        place = _end_of(filters.resolver.tables, table, word)
        if place is not None:
            return _by_end(filters, place, goes_on=goes_on)
        if word == "now" and not _tells_states(filters.resolver.tables, table):
            # all that is known is as it is now
            return True
    return False


def _tells_states(tables: Tables, table: str) -> bool:
    return any(
        {*words_of_name(one.name)} & (_STATES | _OVER | _PLANNED | _DONE) for one in tables.tables[table].columns
    )


def _overdue(filters: Filters, told: Condition) -> bool:
    """What ought to be done by a day that is over, and has no day on which it was."""
    table = told.table or next(iter(filters.tables))
    due = filters.resolver.due(table)
    done = [one.name for one in filters.resolver.tables.tables[table].columns
            if one.type == "date" and one.nullable and {*words_of_name(one.name)} & _MET]  # fmt: skip
    if due is None or len(done) != 1 or told.negated:
        return False
    filters.filters.append(Filter(table=table, column=done[0], comparison="="))
    filters.filters.append(Filter(table=due.table, column=due.column, comparison="<", moment="day+0"))
    said = done[0].replace("_", " ")
    filters.assumptions.append(
        f"overdue is what has no {said}, and whose {due.column.replace('_', ' ')} is before the day of the question"
    )
    return True


def done_day(linker: Linker, tokens: Sequence[Token], at: int) -> Iterable[Reading]:
    """A participle in the place of the day on which it was done: "the date they left" may be ``end_date``."""
    for end, word, cost in linker.terminals["done_word"](tokens, at):
        found = [(place, score) for place, score in linker.columns((word,))
                 if score >= 0.55 and linker.tables.column(place).type == "date"]  # fmt: skip
        if not found and state_of(word) == "off":
            ends = (_end_of(linker.tables, name, word) for name in linker.tables.tables)
            found = [(place, 0.85) for place in ends if place is not None]
        if found:
            yield end, ColumnRef(word, tuple(found)), cost


def end_day(tables: Tables, table: str, word: str) -> Place | None:
    """The day that tells when rows of a table left, closed or ended, as a word says; None for other words."""
    return _end_of(tables, table, word) if state_of(word) == "off" else None


def _by_flag(filters: Filters, table: str, word: str, *, goes_on: bool) -> bool:
    """ "Active" by a flag of that name, or of its opposite; a flag of something else says nothing of it."""
    tables = filters.resolver.tables
    found: list[tuple[Place, bool]] = []
    for one in tables.tables[table].columns:
        place = Place(table=table, column=one.name)
        words = [each for each in words_of_name(one.name) if each not in ("is", "has", "still", "currently", "flag")]
        if one.type == "text" or len(words) != 1 or not flag_like(tables, place):
            continue
        said = state_of(word) or "on"
        if words[0] == word:
            found.append((place, goes_on == (said == "on")))
        elif words[0] in _TELLS_ON and word in _LIKE_ACTIVE:
            found.append((place, goes_on))
        elif words[0] in _TELLS_OFF and word in _LIKE_ACTIVE - _OF_PEOPLE:
            found.append((place, not goes_on))
    if len(found) != 1:
        return False
    place, holds = found[0]
    value = holds if tables.column(place).type == "boolean" else int(holds)
    filters.filters.append(Filter(table=place.table, column=place.column, comparison="=", value=value))
    return True


def _by_value(filters: Filters, table: str, word: str, told: Condition, *, goes_on: bool) -> bool:
    """A column of states that is known to hold the word, or one that means as much."""
    tables = filters.resolver.tables
    for place, values in tables.values.items():
        if place.table != table or not {*words_of_name(place.column)} & _STATES:
            continue
        same = values.get((word,)) or (values.get(("active",)) if word in ("current", "employed") else None)
        if same is None and word in ("inactive", "former", "past") and (active := values.get(("active",))) is not None:
            same, goes_on = active, not goes_on
        if same is None:
            continue
        denied = told.negated if word != "active" else not goes_on
        for one in same if denied else ():
            filters.filters.append(Filter(table=table, column=place.column, comparison="!=", value=one))
        if not denied:
            filters.filters.append(Filter(table=table, column=place.column, comparison="in", value=list(same)))
        return True
    return False


def _may_hold(filters: Filters, table: str) -> bool:
    """Whether there is a column of states of which it is not known what it holds."""
    places = [Place(table=table, column=one.name) for one in filters.resolver.tables.tables[table].columns
              if one.type == "text" and {*words_of_name(one.name)} & _STATES]  # fmt: skip
    return any(one not in filters.resolver.tables.values for one in places)


def _end_of(tables: Tables, table: str, word: str) -> Place | None:
    """The day on which something of a table ended; None where there is none, or several."""
    dates = [one for one in tables.tables[table].columns if one.type == "date"]
    kinds = [_OVER | _PLANNED] if word in _OF_PEOPLE else [_OVER | _PLANNED, _DONE]
    for kind in kinds:
        found = [one.name for one in dates if {*words_of_name(one.name)} & kind]
        if len(found) == 1:
            return Place(table=table, column=found[0])
        if found:
            return None
    return None


def _by_end(filters: Filters, place: Place, *, goes_on: bool) -> bool:
    words, column = {*words_of_name(place.column)}, filters.resolver.tables.column(place)
    said = place.column.replace("_", " ")
    ahead = bool(words & _PLANNED) and not words & (_OVER | _DONE)
    missing = Filter(table=place.table, column=place.column, comparison="=")
    later = Filter(table=place.table, column=place.column, comparison=">=", moment="day+0")
    if not column.nullable and not ahead:
        # every row has that day
        return False
    if goes_on and ahead and column.nullable:
        filters.groups.append(FilterGroup(any=True, filters=(missing, later)))
        filters.assumptions.append(f"what goes on has no {said}, or one that is not over on the day of the question")
    elif goes_on:
        filters.filters.append(later if ahead else missing)
        filters.assumptions.append(f"what goes on has no {said}" if not ahead else f"what goes on has a {said} ahead")
    elif ahead:
        filters.filters.append(Filter(table=place.table, column=place.column, comparison="<", moment="day+0"))
        filters.assumptions.append(f"what is over has a {said} before the day of the question")
    else:
        filters.filters.append(Filter(table=place.table, column=place.column, comparison="!="))
    return True
