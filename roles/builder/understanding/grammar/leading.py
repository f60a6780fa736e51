"""Requests for the first rows of each kind: rows of a table, or things by their figures."""

from __future__ import annotations

from dataclasses import replace

from common.language.words import word_set
from roles.builder.understanding.grammar.amounts import amount_of_rows, deeds, pay_of, price_of, takings
from roles.builder.understanding.grammar.directions import higher_first
from roles.builder.understanding.grammar.forms import (
    Aggregate,
    Binary,
    ColumnRef,
    Count,
    Expression,
    Figure,
    Order,
    Query,
    Thing,
    Top,
)  # fmt: skip
from roles.builder.understanding.grammar.joint_filters import done_in
from roles.builder.understanding.grammar.keys import keys_of
from roles.builder.understanding.grammar.listing import listing
from roles.builder.understanding.grammar.overview import overview
from roles.builder.understanding.grammar.people_words import tables_called
from roles.builder.understanding.grammar.resolving import Resolver, Unfit, inner_columns
from roles.builder.understanding.requirements import LeadingRows, Place, Requirements
from roles.builder.understanding.superlatives import superlative_of
from roles.builder.understanding.words import plural, words_of_name

__all__ = ["leading", "with_top"]

_RANKS = word_set("year month week quarter grade level floor star rating class rank season version number no code")
"""Whole numbers that kinds of rows are told by, as columns of them are called."""
_NUMERIC = ("number", "integer")
_IN_TIME = ("latest", "earliest", "oldest", "youngest", "highest", "lowest")
_UP = ("lowest", "cheapest", "worst paid", "worst selling", "earliest")


def with_top(query: Query) -> Query:
    """ "Top 3 products by price in each category" said in pieces: an order of so many, and groups of other things."""
    if query.top is not None or len(query.orders) != 1 or not query.groups or query.grouped_by or not query.subject:
        return query
    (order,) = query.orders
    things = [one.table for one in query.groups if isinstance(one, Thing)]
    if not order.limit or query.subject in things or order.of == "time" or order.by is None:
        return query
    if not isinstance(order.by, ColumnRef | Aggregate | Count | Binary):
        return query
    words = {"up": "lowest", "down": "highest", "best": "best", "worst": "worst"}
    if order.way not in words:
        return query
    top = Top(Thing(query.subject), words[order.way], order.limit, order.by, tuple(query.groups))
    return replace(query, top=top, orders=(), groups=(),
                   figures=tuple(one for one in query.figures if one.value != order.by))  # fmt: skip


def leading(query: Query, resolver: Resolver) -> Requirements:
    """The requirements of the first rows of each kind. Raises `Unfit`, `Unclear`."""
    top = query.top
    if top is None or query.orders or query.groups or query.rules or query.empty_too or query.entity is not None:
        raise Unfit("two orders", where="request")
    notes: list[str] = []
    table = top.thing.table or _table_of(top, resolver)
    if query.subject not in ("", table):
        raise Unfit("other things are named", where="request")
    top = replace(top, thing=Thing(table))
    by = _by(top, resolver, notes)
    places = [resolver.place(by, [table])] if isinstance(by, ColumnRef) else []
    if places and resolver.tables.path(table, places[0].table, upwards=True) is None:
        by = Aggregate("sum", by)
        places = []
    made = _of_rows(query, top, resolver, by, places[0]) if places else _of_figures(query, top, resolver, by)
    many = plural(resolver.tables.one(table)).replace("_", " ")
    notes.append(f"{many} that are equal in it are all listed")
    return made.model_copy(update={"assumptions": (*made.assumptions, *notes)})


def _table_of(top: Top, resolver: Resolver) -> str:
    """The things that are sold, or the people who are paid. Raises `Unfit` where it can't be told."""
    tables = resolver.tables
    if top.word in ("best paid", "worst paid"):
        found = [name for name in tables_called(tables, "employee") if pay_of(tables, name) is not None]
    else:
        found = [name for name in tables_called(tables, "product") if _sold(name, resolver)]
    if len(found) != 1:
        raise Unfit("it is not said of what", where="request")
    return found[0]


def _sold(table: str, resolver: Resolver) -> list[str]:
    """The tables whose rows tell that things of a table were sold."""
    tables = resolver.tables
    found = [name for name in deeds(tables, "sold") if name != table and tables.path(name, table, upwards=True)]
    lines = [name for name in found if amount_of_rows(tables, name) is not None]
    return lines or found


def _by(top: Top, resolver: Resolver, notes: list[str]) -> Expression:
    """What the rows are put in order by. Raises `Unfit`."""
    table, tables = top.thing.table, resolver.tables
    if top.by is not None:
        return top.by
    if top.word in ("best selling", "worst selling"):
        sold = _sold(table, resolver)
        if len(sold) != 1:
            raise Unfit("it is not said how much was sold", where="request")
        amount = amount_of_rows(tables, sold[0])
        notes.append(f"what sells best is told by the {'units' if amount is not None else 'number of sales'}")
        return amount or Count(sold[0])
    if top.word.startswith(("most ", "least ")):
        return _done_most(top.word.split()[1], table, resolver, notes)
    place = _place_of(top.word, table, resolver)
    if place is None:
        raise Unfit("it is not said by what", where="request")
    if top.word not in ("latest", "earliest"):
        notes.append(f"“{top.word}” is by {place.column.replace('_', ' ')}")
    return ColumnRef(place.column.replace("_", " "), ((place, 1.0),))


def _done_most(word: str, table: str, resolver: Resolver, notes: list[str]) -> Expression:
    """How often something was done with each, or what was spent. Raises `Unfit` where it can't be told."""
    tables = resolver.tables
    if word == "spent":
        # of orders and their lines the orders are nearer to those who spent it
        ways = [(len(tables.path(name, table, upwards=True) or []), one, told)
                for name, one, told in takings(tables) if _leads(one, table, resolver)]  # fmt: skip
        nearest = min((one[0] for one in ways), default=0)
        found = [(one, told) for length, one, told in ways if length == nearest]
        if len(found) != 1:
            raise Unfit("it is not said what was spent", where="request")
        notes.append(f"what was spent is the total of {found[0][1]}")
        return found[0][0]
    rows = [name for name in done_in(tables, word) if name != table and tables.path(name, table, upwards=True)]
    if len(rows) != 1:
        raise Unfit("it is not said where that is told", where="request")
    return amount_of_rows(tables, rows[0]) or Count(rows[0])


def _leads(one: Expression, table: str, resolver: Resolver) -> bool:
    """Whether the rows that an amount is of belong to things of a table."""
    places = [column.candidates[0][0] for column in inner_columns(one)]
    return bool(places) and all(resolver.tables.path(place.table, table, upwards=True) for place in places[:1])


def _place_of(word: str, table: str, resolver: Resolver) -> Place | None:
    tables = resolver.tables
    if word in ("latest", "earliest"):
        return resolver.moment(table)
    if word in ("cheapest", "dearest"):
        return price_of(tables, table)
    if word in ("best paid", "worst paid"):
        return pay_of(tables, table)
    found = superlative_of(word, tables, table)
    if found is not None:
        return found[0]
    if word in ("oldest", "youngest"):
        return None
    numbers = [
        place for one in tables.tables[table].columns
        if one.type in _NUMERIC and not tables.is_key(place := Place(table=table, column=one.name))
    ]  # fmt: skip
    return numbers[0] if len(numbers) == 1 and word in ("highest", "lowest", "biggest") else None


def _down(top: Top, resolver: Resolver, figure: Figure, name: str) -> bool:
    """Whether the first ones are the highest. Raises `Unclear` where it is not known which end is good."""
    if top.word in ("best", "worst"):
        return higher_first(top.word, figure, name)
    if top.by is None and (found := superlative_of(top.word, resolver.tables, top.thing.table)) is not None:
        return found[1]
    return top.word not in _UP and not top.word.startswith("least ")


def _of_rows(query: Query, top: Top, resolver: Resolver, by: Expression, place: Place) -> Requirements:
    if query.figures:
        raise Unfit("figures beside rows", where="request")
    tables, table = resolver.tables, top.thing.table
    kind = resolver.kind(place)
    if kind not in (*_NUMERIC, "date") or (kind == "date" and top.word not in _IN_TIME):
        raise Unfit("rows are not ordered by that", where="request")
    down = _down(top, resolver, Figure(by), place.column)
    kinds: list[Place] = []
    shown: list[Place] = []
    for one in top.keys:
        places = _kind_of(one, table, resolver)
        kinds.append(places[-1])
        shown.append(places[0])
    plain = replace(query, top=None, subject=table, orders=(Order(by, "down" if down else "up"),))
    made = listing(plain, resolver)
    show = tuple(dict.fromkeys([*shown, *made.show]))
    label = tables.label(table)
    if label is not None and label not in show:
        show = (*shown, label, *(one for one in made.show if one not in shown))
    return made.model_copy(update={"show": show, "leading": LeadingRows(by=tuple(kinds), number=top.number)})


def _kind_of(one: object, table: str, resolver: Resolver) -> list[Place]:
    """What tells a kind of rows, to be shown, and what tells it apart. Raises `Unfit`."""
    tables = resolver.tables
    if isinstance(one, Thing):
        path = tables.path(table, one.table, upwards=True)
        if not path:
            raise Unfit("rows don't belong to such things", where="request")
        key = Place(table=one.table, column=tables.key(one.table))
        return [tables.label(one.table) or key, key]
    if isinstance(one, str):
        moment = resolver.moment(table)
        if moment is None or resolver.kind(moment) != "date":
            raise Unfit("rows have no time", where="request")
        return [moment.model_copy(update={"part": one})]
    if not isinstance(one, ColumnRef):
        raise Unfit("it is not said of what", where="request")
    place = resolver.place(one, [table])
    if tables.path(table, place.table, upwards=True) is None or resolver.kind(place) in ("date", "number"):
        raise Unfit("rows don't belong to that", where="request")
    if resolver.kind(place) == "integer" and not tables.is_key(place) and not {*words_of_name(place.column)} & _RANKS:
        raise Unfit("kinds are no amounts", where="request")
    parent = next((join.right_table for join in tables.joins
                   if (join.left_table, join.left_column) == (place.table, place.column)), "")  # fmt: skip
    if parent and (label := tables.label(parent)) is not None:
        return [label, place]
    return [place]


def _of_figures(query: Query, top: Top, resolver: Resolver, by: Expression) -> Requirements:
    figures = tuple(one for one in query.figures if one.value != by)
    first = Figure(by) if by not in [one.value for one in query.figures] else next(
        one for one in query.figures if one.value == by
    )  # fmt: skip
    if top.word in ("best", "worst"):
        order = Order(by, "best" if top.word == "best" else "worst")
    else:
        order = Order(by, "down" if _down(top, resolver, first, "") else "up")
    plain = replace(query, top=None, subject="", figures=(first, *figures), orders=(order,),
                    groups=(*top.keys, Thing(top.thing.table)))  # fmt: skip
    made = overview(plain, resolver)
    apart = keys_of(replace(plain, groups=top.keys), resolver, made.table, [])
    return made.model_copy(update={"leading": LeadingRows(by=tuple(apart.places), number=top.number)})
