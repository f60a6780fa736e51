"""Conditions of which one or another has to hold, and on rows that are there elsewhere, as groups of filters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from common.language.words import word_set
from roles.builder.understanding.grammar.amounts import deeds, pay_of, price_of
from roles.builder.understanding.grammar.forms import ColumnRef, Condition, Named, Number
from roles.builder.understanding.grammar.resolving import Asked, Resolver, Unclear, Unfit, parents_of
from roles.builder.understanding.requirements import Place
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.words import words_of_name
from roles.engineering.specification import Filter, FilterGroup, Join, Related

if TYPE_CHECKING:
    from roles.builder.understanding.grammar.filtering import Filters

__all__ = ["add_age", "add_values", "done_in", "group_of", "is_presence", "of_deeds", "plain_groups"]

Comparison = Literal["=", "!=", "<", "<=", ">", ">="]
_Way = tuple[str, list[Join], list[Join]]
"""The table of related rows, the joins from it to those who have them, and to what else is said of them."""


def is_presence(told: Condition) -> bool:
    """Whether a condition only asks that there are such rows, or that there are none."""
    if told.kind != "has" or not isinstance(told.right, Number) or told.high is not None:
        return False
    return (told.sign, told.right.value) in ((">", 0.0), (">=", 1.0), ("=", 0.0), ("<", 1.0))


def group_of(told: Condition, filters: Filters) -> FilterGroup:
    """The group of filters that a condition of several is. Raises `Unfit`, `Unclear`."""
    if told.kind == "has":
        return _related(told, filters)
    if told.negated:
        raise Asked(
            "“A or B and C” may mean that C holds of all, or only of B. Which is meant? Say “A, or B and C” or "
            "“A or B, and C”.", where="request",
        )  # fmt: skip
    denied = [one.kind == "not" or (one.kind == "value" and one.negated) for one in told.where]
    if (
        told.kind == "any"
        and any(denied)
        and not (all(denied) and told.negated)
        and not all(one.kind != "not" for one in told.where)
    ):
        raise Unfit("what is left out is no choice of several", where="request")
    if told.kind == "any" and any(denied) and not all(denied):
        raise Unfit("what is left out is no choice of several", where="request")
    if told.kind == "any" and any(one.kind == "all" and len(one.where) > 1 for one in told.where):
        filters.assumptions.append("“and” binds more than “or”")
    single: list[Filter] = []
    groups: list[FilterGroup] = []
    for one in told.where:
        if one.kind == "all" and one.table and not one.where:
            _same_things(one.table, filters)
            continue
        made = _alternative(one, filters)
        if made.related is None and not made.groups and len(made.filters) == 1:
            single += made.filters
        else:
            groups.append(made)
    return FilterGroup(any=told.kind == "any", filters=tuple(single), groups=tuple(groups))


def plain_groups(groups: Iterable[FilterGroup]) -> tuple[FilterGroup, ...]:
    """The groups without those around a single one, so that what means the same is the same."""
    found: list[FilterGroup] = []
    for one in map(_plain, groups):
        found += [one] if one not in found else []
    return tuple(found)


def _plain(group: FilterGroup) -> FilterGroup:
    inner = plain_groups(group.groups)
    if group.related is None and not group.filters and len(inner) == 1:
        return inner[0]
    if group.related is not None and len(inner) == 1 and inner[0].related is None and not group.filters:
        return group.model_copy(update={"any": inner[0].any, "filters": inner[0].filters, "groups": inner[0].groups})
    return group.model_copy(update={"groups": inner})


def _same_things(table: str, filters: Filters) -> None:
    """Raises `Unfit` where other things are named once more."""
    if table != filters.tables[0]:
        raise Unfit("other things are named", where="request")


def _alternative(told: Condition, filters: Filters) -> FilterGroup:
    if told.kind in ("any", "all", "has"):
        return group_of(told, filters)
    own = type(filters)(filters.resolver, filters.tables, owner=filters.owner)
    own.add(told)
    if own.inputs:
        raise Unfit("what callers give is no choice of several", where="request")
    filters.assumptions += own.assumptions
    return _all_of(own)


def _all_of(own: Filters) -> FilterGroup:
    """All filters that were gathered, as one group. Raises `Unfit` where there is none: all rows would keep that."""
    compared = [
        Filter.model_validate({"table": one.left.table, "column": one.left.column,
                               "comparison": "=" if one.sign == "==" else one.sign,
                               "other": (one.right.table, one.right.column)})
        for one in own.compared
    ]  # fmt: skip
    made = FilterGroup(filters=(*own.filters, *compared), groups=tuple(own.groups))
    if not made.filters and not made.groups:
        raise Unfit("it says nothing of the rows", where="request")
    return made


def _related(told: Condition, filters: Filters) -> FilterGroup:
    if not isinstance(told.right, Number) or not float(told.right.value).is_integer():
        raise Unfit("how many is not said", where="request")
    if isinstance(told.high, Number):
        low, high = replace(told, high=None), replace(told, sign="<=", right=told.high, high=None)
        return FilterGroup(groups=(_related(low, filters), _related(high, filters)))
    resolver = filters.resolver
    table, up, beside = _way(told.table or _table_of_value(told, filters), filters)
    own = type(filters)(resolver, parents_of(resolver, table), owner=table)
    for one in told.where:
        own.add(one)
    filters.inputs += own.inputs
    filters.assumptions += own.assumptions
    inner = _all_of(own) if told.where else FilterGroup()
    joins = [*up[:-1], *beside]
    for name in sorted(inner.tables):
        for join in resolver.tables.path(table, name, upwards=True) or []:
            joins.append(join)
    number = int(told.right.value)
    sign, number = {(">", 0): (">=", 1), ("<", 1): ("=", 0)}.get((told.sign, number), (told.sign, number))
    related = Related.model_validate({
        "table": table, "link": up[-1], "joins": _each_once(table, joins), "comparison": sign, "number": number,
    })  # fmt: skip
    return inner.model_copy(update={"related": related})


def _table_of_value(told: Condition, filters: Filters) -> str:
    """The table of what is called so. Raises `Unfit` where it can't be told."""
    column = told.where[0].left if told.where else None
    tables = {place.table for place, _ in column.candidates} if isinstance(column, ColumnRef) else set[str]()
    owners = _owners(filters)
    found = [one for one in sorted(tables) if any(_from(one, owner, filters.resolver) for owner in owners)]
    if len(found) != 1:
        raise Unfit("it is not said of what", where="request")
    return found[0]


def _owners(filters: Filters) -> list[str]:
    if filters.owner:
        return [filters.owner]
    return [one for one in filters.resolver.owners if one in filters.tables] or list(filters.tables[:1])


def _each_once(table: str, joins: list[Join]) -> list[Join]:
    """The joins from a table on, one for each further table."""
    there, kept = {table}, list[Join]()
    for join in joins:
        if join.right_table not in there:
            kept.append(join)
            there.add(join.right_table)
    return kept


def _way(wanted: str, filters: Filters) -> _Way:
    """How rows lead to those who have them. Raises `Unfit` where they don't, `Unclear` where several keys could."""
    resolver = filters.resolver
    for owner in _owners(filters):
        found = _from(wanted, owner, resolver)
        if found is not None:
            for join in (*found[1], *found[2]):
                keys = resolver.tables.links(join.left_table, join.right_table)
                if len(keys) > 1 and (join.left_table, join.right_table) not in resolver.tables.meant:
                    raise Unclear(
                        f"{join.left_table} lead to {join.right_table} by {' and '.join(keys)}", where="request"
                    )
            return found
    raise Unfit("they don't belong to the things", where="request")


def _from(wanted: str, owner: str, resolver: Resolver) -> _Way | None:
    """The way from rows to an owner: by themselves, or over a table that leads to both (who takes which course)."""
    tables = resolver.tables
    if wanted == owner:
        return None
    up = tables.path(wanted, owner, upwards=True)
    if up:
        return wanted, up, []
    ways: list[_Way] = []
    for name in tables.tables:
        to_owner, to_wanted = tables.path(name, owner, upwards=True), tables.path(name, wanted, upwards=True)
        if name not in (owner, wanted) and to_owner and to_wanted and to_owner[0] != to_wanted[0]:
            ways.append((name, to_owner, to_wanted))
    shortest = min((len(one[1]) + len(one[2]) for one in ways), default=0)
    near = [one for one in ways if len(one[1]) + len(one[2]) == shortest]
    if len(near) > 1:
        raise Unfit("several tables lead there", where="request")
    return near[0] if near else None


def add_values(filters: Filters, told: Condition) -> None:
    """Add values of one column; "open or unpaid" may be of two. Raises `Unfit`, `Unclear`."""
    if told.left is not None or len(told.values) == 1 or told.negated:
        filters.value(told)
        return
    own = type(filters)(filters.resolver, filters.tables, owner=filters.owner)
    try:
        own.value(told)
    except (Unclear, Unfit):
        several = tuple(replace(told, values=(one,)) for one in told.values)
        filters.groups.append(group_of(Condition("any", where=several), filters))
        return
    filters.value(told)


_BORN = word_set("birth born birthday dob birthdate")
_MOMENTS = {"day": ("day", 1), "week": ("day", 7), "month": ("months", 1), "year": ("months", 12)}
_PEOPLE_UNITS = ("", "year")


def add_age(filters: Filters, told: Condition) -> None:
    """ "Older than 30 days": by an age, by the day of birth, else by the day of the rows. Raises `Unfit`."""
    resolver, table = filters.resolver, filters.tables[0]
    unit, number = told.values[0], int(told.right.value) if isinstance(told.right, Number) else 0
    places = [Place(table=table, column=one.name) for one in resolver.tables.tables[table].columns]
    ages = [one for one in places if "age" in words_of_name(one.column) and resolver.kind(one) in ("integer", "number")]
    born = [one for one in places if {*words_of_name(one.column)} & _BORN and resolver.kind(one) == "date"]
    if unit != "bare" and len(ages) == 1 and not born and unit in _PEOPLE_UNITS:
        filters.filters.append(Filter(table=table, column=ages[0].column, comparison=told.sign, value=number))
        return
    if unit == "bare":
        _add_bare(filters, told, ages or born)
        return
    place = (
        born[0] if len(born) == 1 and unit in _PEOPLE_UNITS else resolver.moment(table) if not born and unit else None
    )
    if place is None or resolver.kind(place) != "date":
        raise Unfit("nothing tells how old they are", where="request")
    moment, many = _MOMENTS[unit or "year"]
    turned: dict[str, Comparison] = {">": "<", ">=": "<=", "<": ">", "<=": ">="}
    at = Filter(table=table, column=place.column, comparison=turned[told.sign], moment=f"{moment}-{many * number}")
    filters.filters.append(at)
    filters.assumptions.append(
        f"how old they are is told by {place.column.replace('_', ' ')}, counted to the day on which it is asked"
    )


def _add_bare(filters: Filters, told: Condition, by_age: list[Place]) -> None:
    """ "Above 500", "under 18": of what there is only one amount, or of people how old they are. Raises `Unfit`."""
    table = filters.tables[0]
    amounts = [one for one in (price_of(filters.resolver.tables, table), pay_of(filters.resolver.tables, table)) if one]
    if bool(amounts) == bool(by_age):
        raise Unfit("it is not said of what", where="request")
    if by_age:
        add_age(filters, replace(told, values=("year",)))
        return
    column = ColumnRef(amounts[0].column, ((amounts[0], 1.0),))
    filters.add(Condition("compare", column, told.sign, told.right))
    filters.assumptions.append(f"the amount is meant that {amounts[0].column.replace('_', ' ')} tells")


_ALIASES = {"borrowed": "loan", "lent": "loan", "rented": "rental", "booked": "booking", "reserved": "reservation",
            "inspected": "inspection", "repaired": "repair", "serviced": "service", "visited": "visit"}  # fmt: skip


def done_in(tables: Tables, word: str) -> list[str]:
    """The tables whose rows tell that something was done, by the word for it or by what that is called."""
    return deeds(tables, word) or (deeds(tables, _ALIASES[word]) if word in _ALIASES else [])


def of_deeds(told: Condition, filters: Filters) -> Condition:
    """ "Who ordered in March" is said of those whom rows of the orders lead to, unless it is told of them otherwise."""
    word = told.values[0] if told.kind == "done" else told.left.words if (
        told.kind == "window" and isinstance(told.left, Named)
    ) else ""  # fmt: skip
    resolver, base = filters.resolver, filters.tables[0]
    if not word or resolver.happened(word, filters.tables) is not None:
        return told
    if told.kind == "done" and resolver.linker.stated(base) is not None:
        return told
    tables = [one for one in done_in(resolver.tables, word) if one not in filters.tables]
    tables = [one for one in tables if resolver.tables.path(one, base, upwards=True)]
    named = [one for one in tables if len(words_of_name(one.rpartition(".")[2])) == 1]
    tables = named if len(named) == 1 else tables
    if len(tables) != 1:
        return told
    where = (replace(told, negated=False),) if told.kind == "window" else ()
    sign, number = ("=", 0.0) if told.negated else (">=", 1.0)
    return Condition("has", sign=sign, right=Number(number), table=tables[0], where=where)
