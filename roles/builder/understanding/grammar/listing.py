"""Requests for rows: which columns, which rows, in which order."""

from __future__ import annotations

from dataclasses import replace

from roles.builder.understanding.grammar.amounts import deeds, pay_of, price_of
from roles.builder.understanding.grammar.averages import against_average, is_against_average
from roles.builder.understanding.grammar.beginnings import beginning_of, told_time
from roles.builder.understanding.grammar.directions import higher_first
from roles.builder.understanding.grammar.filtering import Filters
from roles.builder.understanding.grammar.forms import ColumnRef, Condition, Count, Figure, Named, Number, Order, Query
from roles.builder.understanding.grammar.joint_filters import is_presence, plain_groups
from roles.builder.understanding.grammar.parents import of_parents
from roles.builder.understanding.grammar.resolving import Resolver, Unfit, parents_of, surname_of
from roles.builder.understanding.requirements import Place, Requirements
from roles.engineering.specification import Filter

__all__ = ["listing", "parents_of"]

_MAX_SHOWN = 12


def listing(query: Query, resolver: Resolver) -> Requirements:
    """The requirements of a list. Raises `Unfit`, `Unclear`."""
    base = _base(query, resolver)
    tables = parents_of(resolver, base)
    filters = Filters(resolver, tables)
    lacking: list[Filter] = []
    for one in query.conditions:
        if is_against_average(one):
            shown = [resolver.place(each, tables[:1]) for each in query.shown]
            return against_average(query, resolver, base, shown, filters.column_of(one))
    for said in query.conditions:
        told = of_parents(_of_children(said, resolver, base), resolver, tables)
        if told.kind == "has":
            several = sum(one.kind == "has" for one in query.conditions) > 1
            more = told.where or told.sign != "=" or not _is_child(told, resolver, base)
            if more and (is_presence(told) or several):
                filters.add(told)
                continue
            if told.sign != "=" or told.right != Number(0.0) or told.where:
                others = tuple(one for one in query.conditions if one != said)
                return _by_counts(replace(query, conditions=(*others, told)), resolver, told, base)
            lacking.append(_without(resolver, told, base))
        else:
            filters.add(told)
    shown = [resolver.place(one, tables[:1]) for one in query.shown]
    shown = [each for one in shown for each in _with_surname(resolver, base, one)]
    entity = query.entity.table if query.entity is not None else ""
    if entity not in ("", base) and resolver.tables.path(base, entity, upwards=True) is None:
        raise Unfit("the rows don't belong to it", where="request")
    if entity and entity != base and not query.subject:
        raise Unfit("there may be one row or several", where="request")
    reached = {*tables}
    used = [one.table for one in (*shown, *filters.filters)]
    used += [side.table for one in filters.compared for side in (one.left, one.right)]
    used += [table for one in filters.groups for table in one.tables]
    if not reached.issuperset(used):
        raise Unfit("there may be several for each row", where="request")
    order, down, limit = _order(query, resolver, base, shown, filters)
    first = _identifying(resolver, base, shown)
    ordered: list[Place] = [order] if order is not None else []
    every = list(dict.fromkeys([*first, *(shown or _columns(resolver, base)), *ordered]))
    return Requirements(
        request="", kind="data", table=base, entity=entity, show=tuple(every[: 3 * _MAX_SHOWN]),
        filters=(*filters.filters, *lacking), filter_groups=plain_groups(filters.groups),
        compared=tuple(filters.compared), inputs=tuple(filters.inputs),
        order=order, descending=down, limit=limit, assumptions=tuple(dict.fromkeys(filters.assumptions)),
    )  # fmt: skip


def _base(query: Query, resolver: Resolver) -> str:
    if query.subject:
        return query.subject
    places = [resolver.place(one) for one in query.shown]
    wanted = [one.table for one in places] + ([query.entity.table] if query.entity else [])
    found = resolver.tables.base(wanted) if wanted else None
    if found is None or (found != (places[0].table if places else "") and query.entity is None):
        raise Unfit("no rows are named", where="request")
    return found


def _of_children(told: Condition, resolver: Resolver, base: str) -> Condition:
    """ "Never sold" is said of things that no row of the sales leads to."""
    if told.kind != "done" or resolver.happened(told.values[0], [base]) is not None:
        return told
    children = [
        name for name in deeds(resolver.tables, told.values[0])
        if name != base and resolver.tables.path(name, base, upwards=True) is not None
    ]  # fmt: skip
    if len(children) != 1:
        return told
    many = Number(0.0)
    return Condition("has", sign="=" if told.negated else ">", right=many, table=children[0])


def _is_child(told: Condition, resolver: Resolver, base: str) -> bool:
    return any((one.left_table, one.right_table) == (told.table, base) for one in resolver.tables.joins)


def _without(resolver: Resolver, told: Condition, base: str) -> Filter:
    child = told.table
    key = resolver.tables.foreign_key(base, child)
    if key is not None and resolver.tables.column(Place(table=base, column=key)).nullable:
        # "jobs without a mechanic": the key to one is missing
        return Filter(table=base, column=key, comparison="=", value=None)
    if resolver.tables.path(child, base, upwards=True) is None or len(resolver.tables.links(child, base)) != 1:
        raise Unfit("they don't belong to the things", where="request")
    return Filter(table=child, column=resolver.tables.key(child), comparison="=", value=None)


def _by_counts(query: Query, resolver: Resolver, told: Condition, base: str) -> Requirements:
    """Things by how many rows lead to them."""
    from roles.builder.understanding.grammar.forms import Thing
    from roles.builder.understanding.grammar.overview import overview

    if not isinstance(told.right, Number):
        raise Unfit("how many is not said", where="request")
    count = Count(told.table, told.where)
    kept = replace(told, kind="compare", left=count, table="", where=())
    others = tuple(one for one in query.conditions if one != told)
    if any(one.kind == "has" for one in others) or query.entity is not None:
        raise Unfit("two counts", where="request")
    counted = replace(query, figures=(Figure(count),), conditions=(*others, kept), groups=(Thing(base, "each"),))
    return overview(counted, resolver)


def _with_surname(resolver: Resolver, base: str, place: Place) -> list[Place]:
    """What is shown of people of another table: with the surname, where a first name stands for them."""
    return [place, *(surname_of(resolver, place) if place.table != base else [])]


def _identifying(resolver: Resolver, base: str, shown: list[Place]) -> list[Place]:
    """What tells a row from another, where nothing that is shown does."""
    label = resolver.tables.label(base)
    key = Place(table=base, column=resolver.tables.key(base))
    if key in shown or (label is not None and label in shown):
        return []
    return [label, *surname_of(resolver, label)] if label is not None and shown else [key] if shown else []


def _columns(resolver: Resolver, base: str) -> list[Place]:
    """All that a row tells, but the keys of others."""
    tables = resolver.tables
    found = [Place(table=base, column=one.name) for one in tables.tables[base].columns]
    return [one for one in found if one.column in tables.tables[base].key or not tables.is_key(one)][: 3 * _MAX_SHOWN]


def _order(
    query: Query, resolver: Resolver, base: str, shown: list[Place], filters: Filters
) -> tuple[Place | None, bool, int]:
    if not query.orders:
        return None, False, 1_000
    if len(query.orders) != 1:
        raise Unfit("two orders", where="request")
    (one,) = query.orders
    place = _ordered_by(one, resolver, base, shown, filters)
    if resolver.tables.path(base, place.table, upwards=True) is None:
        raise Unfit("there may be several for each row", where="request")
    ways = {"up": False, "down": True, "new": True, "old": False}
    if one.way in ("best", "worst"):
        column = ColumnRef(place.column, ((place, 1.0),))
        ways[one.way] = higher_first(one.way, Figure(column), place.column)
    if one.way in ("new", "old") and resolver.kind(place) not in ("date", "integer"):
        raise Unfit("no direction is said", where="request")
    return place, ways[one.way], one.limit or 1_000


def _ordered_by(one: Order, resolver: Resolver, base: str, shown: list[Place], filters: Filters) -> Place:
    if isinstance(one.by, ColumnRef):
        return resolver.place(one.by, [base])
    if one.by is not None and not isinstance(one.by, Named):
        raise Unfit("rows are not ordered by that", where="request")
    if (named := told_time(one, resolver, base)) is not None:
        return named
    found: Place | None = None
    if one.of == "time":
        found = _time_of(resolver, base, shown, filters)
    elif one.of == "pay":
        found = pay_of(resolver.tables, base)
    elif one.of == "price":
        found = _price_of(resolver, base, shown)
    elif not one.of:
        found = _only_number(resolver, shown, filters)
    if found is None:
        raise Unfit("it is not said by what the rows are ordered", where="request")
    return found


def _time_of(resolver: Resolver, base: str, shown: list[Place], filters: Filters) -> Place | None:
    """When the rows were: their moment, the only date that is shown or asked for, or when they began."""
    times = [place for place in shown if resolver.kind(place) == "date"]
    moment = resolver.moment(base) or (times[0] if len(times) == 1 else None)
    if moment is None:
        asked = {(each.table, each.column) for each in filters.filters}
        dated = [Place(table=table, column=column) for table, column in asked]
        dated = [place for place in dated if resolver.kind(place) == "date"]
        moment = dated[0] if len(dated) == 1 else None
    return moment if moment is not None else beginning_of(resolver, base)


def _price_of(resolver: Resolver, base: str, shown: list[Place]) -> Place | None:
    """The only number that is shown, or what the things cost."""
    found = [place for place in shown if resolver.kind(place) == "number"]
    if len(found) == 1:
        return found[0]
    words = ("price",)
    priced = [place for place, score in resolver.linker.columns(words) if place.table == base and score >= 0.45]
    if len(priced) == 1:
        return priced[0]
    return price_of(resolver.tables, base)


def _only_number(resolver: Resolver, shown: list[Place], filters: Filters) -> Place | None:
    """The only number that is shown, or that a condition limits."""
    numbers = [
        place for place in shown if resolver.kind(place) in ("number", "integer") and not resolver.tables.is_key(place)
    ]
    numbers = numbers or list(dict.fromkeys(
        Place(table=each.table, column=each.column) for each in filters.filters
        if each.comparison in ("<", "<=", ">", ">=")
        and resolver.kind(Place(table=each.table, column=each.column)) in ("number", "integer")
    ))  # fmt: skip
    return numbers[0] if len(numbers) == 1 else None
