"""Which columns tell how many, what something costs, what somebody earns, and what was taken in."""

from __future__ import annotations

from collections.abc import Iterable, Set

from common.language.words import word_set
from roles.builder.understanding.grammar.forms import Aggregate, Binary, ColumnRef, Expression
from roles.builder.understanding.grammar.tokens import stem
from roles.builder.understanding.requirements import Place
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.words import words_of_name

__all__ = ["amount_of_rows", "deeds", "handled_in", "pay_of", "price_of", "quantity_of", "rate_added_up", "takings"]

_QUANTITY = word_set("quantity qty unit units piece pieces copy copies item items count volume")
_PER_ONE = word_set("price cost rate fee per id no value weight")
_PRICE = word_set("price fare fee charge tariff rate rent toll")
_MONEY = word_set(
    """price fare fee charge tariff rent toll amount cost value total salary wage pay premium budget revenue sum
    income takings turnover"""
)
_PAY = word_set("salary wage wages pay earnings income stipend compensation remuneration")
_TAKEN = word_set(
    "amount total revenue charge charged fee fare paid takings turnover price premium rent income net gross bill billed"
)
_NOT_TAKEN = word_set("cost discount tax vat tip deposit refund unit hourly list budget hour day per fine commission")


def _numbers(tables: Tables, table: str) -> list[tuple[Place, Set[str]]]:
    found: list[tuple[Place, Set[str]]] = []
    for one in tables.tables[table].columns:
        place = Place(table=table, column=one.name)
        if one.type in ("number", "integer") and not tables.is_key(place):
            found.append((place, {*words_of_name(one.name)}))
    return found


def _only(found: Iterable[Place]) -> Place | None:
    several = list(found)
    return several[0] if len(several) == 1 else None


def quantity_of(tables: Tables, table: str) -> Place | None:
    """The column that tells how many a row is of, where one does."""
    return _only(place for place, words in _numbers(tables, table) if words & _QUANTITY and not words & _PER_ONE)


def price_of(tables: Tables, table: str) -> Place | None:
    """What one costs: the only price of a table, else its only column of money."""
    numbers = _numbers(tables, table)
    return _only(place for place, words in numbers if words & _PRICE) or _only(
        place for place, words in numbers if words & _MONEY
    )


def pay_of(tables: Tables, table: str) -> Place | None:
    """What people earn: the only wage or salary of a table, else their only rate."""
    numbers = _numbers(tables, table)
    return _only(place for place, words in numbers if words & _PAY) or _only(
        place for place, words in numbers if words & {"rate", "fee"}
    )


def rate_added_up(values: Iterable[object], text: str) -> str:
    """What a total of rates is asked back by, where the request does not name the rate: "total pay" is no sum of wages.

    Empty where there is none.
    """
    for one in values:
        if not isinstance(one, Aggregate) or one.function != "sum" or not isinstance(one.of, ColumnRef):
            continue
        place = one.of.candidates[0][0]
        per = {*words_of_name(place.column)} & {"hourly", "daily", "weekly"}
        if per and not any(word in text.lower() for word in per):
            column = place.column.replace("_", " ")
            said = f"“{one.of.words}” may be the {column}, which can't be added up"
            return f"{said}: by what is it multiplied? Say it as a formula."
    return ""


def deeds(tables: Tables, word: str) -> list[str]:
    """The tables whose rows tell that something was done: "sold" of ``sales``, "rented" of ``rented_at``."""
    wanted = stem(word)
    named = [
        name for name in tables.tables
        if wanted in {stem(one) for one in words_of_name(name.rpartition(".")[2])} and _happens(tables, name)
    ]  # fmt: skip
    if named:
        return named
    dated = [
        name for name, table in tables.tables.items()
        if any(one.type == "date" and wanted in {stem(each) for each in words_of_name(one.name)}
               for one in table.columns) and _happens(tables, name)
    ]  # fmt: skip
    if dated or wanted not in _TRADE:
        return dated
    traded = [
        name for name in tables.tables
        if {stem(one) for one in words_of_name(name.rpartition(".")[2])} & _TRADE and _happens(tables, name)
    ]  # fmt: skip
    return traded or [name for name in tables.tables if _happens(tables, name) and _taken(tables, name) is not None]


def handled_in(tables: Tables) -> list[str]:
    """The tables whose rows tell how many of something were handled: lines of orders, sales."""
    return [name for name in tables.tables if _happens(tables, name) and quantity_of(tables, name) is not None]


_TRADE = {stem(word) for word in ["sold", "bought", "purchased", "ordered", "sale", "order", "purchase"]}


def _happens(tables: Tables, table: str) -> bool:
    """Whether rows of a table are what happens to others: they belong to something, and have a day or a number."""
    belongs = any(one.left_table == table for one in tables.joins)
    dated = any(one.type == "date" for one in tables.tables[table].columns)
    return belongs and (dated or bool(_numbers(tables, table)))


def amount_of_rows(tables: Tables, table: str) -> Expression | None:
    """How many were sold or handled in rows of a table: the sum of their quantities; None where rows tell none."""
    place = quantity_of(tables, table)
    return Aggregate("sum", _ref(place)) if place is not None else None


def _ref(place: Place) -> ColumnRef:
    return ColumnRef(" ".join(words_of_name(place.column)), ((place, 1.0),))


def _taken(tables: Tables, table: str) -> Expression | None:
    """What a row brings in."""
    numbers = _numbers(tables, table)
    quantity = quantity_of(tables, table)
    whole = [place for place, words in numbers if words & _TAKEN and not words & _NOT_TAKEN]
    if quantity is None:
        place = _only(whole)
        return _ref(place) if place is not None else None
    totals = [place for place in whole if not {*words_of_name(place.column)} & {"price", "fare", "fee", "charge"}]
    if totals:
        place = _only(totals)
        return _ref(place) if place is not None else None
    own = [place for place, words in numbers if words & _PRICE and not words & {"cost", "list"}]
    parents = [name for name in tables.tables if name != table and tables.path(table, name, upwards=True) is not None]
    prices = own or [
        place for name in parents for place, words in _numbers(tables, name)
        if words & {"price", "fare"} and not words & {"cost", "purchase"}
    ]  # fmt: skip
    price = _only(prices)
    return Binary("*", _ref(quantity), _ref(price)) if price is not None else None


def takings(tables: Tables) -> list[tuple[str, Expression, str]]:
    """The tables that may tell what was taken in, each with the total and with what that is."""
    found: list[tuple[str, Expression, str]] = []
    for name in tables.tables:
        above = [one for one in tables.tables if tables.path(name, one, upwards=True) is not None]
        dated = any(one.type == "date" for table in above for one in tables.tables[table].columns)
        taken = _taken(tables, name) if dated and _happens(tables, name) else None
        if taken is not None:
            found.append((name, Aggregate("sum", taken), _told(taken)))
    return found


def _told(one: Expression) -> str:
    match one:
        case ColumnRef(candidates=((place, _), *_)):
            return f"{place.column.replace('_', ' ')} of {place.table.replace('_', ' ')}"
        case Binary(left=left, right=right):
            return f"{_told(left)} times {_told(right)}"
        case _:
            return ""
