"""Finds the columns that hold the figures a formula needs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from roles.builder.understanding.column_words import column_phrases, synonyms
from roles.builder.understanding.requirements import Place
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.words import words_of, words_of_name
from roles.engineering.formulas import parse
from roles.engineering.formulas.quantities import QUANTITIES, Quantity

__all__ = ["Bound", "bind_phrase", "bind_quantity", "column_for", "table_of_most"]

_LEAST = 0.45
_MAX_DEPTH = 3


@dataclass(frozen=True, slots=True)
class Bound:
    """A figure's source: a column, or a formula over further figures, each with its own source."""

    place: Place | None = None
    expression: str = ""
    parts: Mapping[str, Bound] | None = None


def column_for(
    words: tuple[str, ...], tables: Tables, within: Collection[str] = (), *, least: float = _LEAST, first: str = ""
) -> Place | None:
    """The column that words name; of equally good ones that of the table `first`, or of one in `within`."""
    best: tuple[float, Place] | None = None
    for place, column in tables.places():
        score = column_phrases(tables, place, column.type).get(words, 0.0)
        score += (0.25 if place.table == first else 0.2 if place.table in within else 0.0) if score else 0.0
        if score >= least and (best is None or score > best[0]):
            best = (score, place)
    return best[1] if best else None


def bind_phrase(
    words: tuple[str, ...], tables: Tables, within: Collection[str] = (), *, first: str = ""
) -> Place | None:
    """The column that words of a formula name, less sure matches included; None where no column fits."""
    return column_for(words, tables, within, first=first)


def table_of_most(phrases: Iterable[tuple[str, ...]], tables: Tables) -> str:
    """The table that alone has the columns of these words: where a formula's other names belong; empty for none."""
    alone: dict[str, int] = {}
    for words in phrases:
        owners = {
            place.table for place, column in tables.places()
            if column_phrases(tables, place, column.type).get(words, 0.0) >= 0.9
        }  # fmt: skip
        if len(owners) == 1:
            alone[next(iter(owners))] = alone.get(next(iter(owners)), 0) + 1
    return max(alone, key=lambda one: alone[one]) if alone else ""


def bind_quantity(
    quantity: Quantity,
    tables: Tables,
    within: Collection[str] = (),
    *,
    depth: int = 0,
    seen: frozenset[str] = frozenset(),
) -> Bound | None:
    """Where a figure of the library comes from; None where neither a column nor a derivation gives it."""
    if (place := _column_of(quantity, tables, within)) is not None:
        return Bound(place)
    if depth >= _MAX_DEPTH:
        return None
    for text in quantity.derived:
        names = parse(text).names
        if quantity.name in seen or any(name in seen for name in names):
            continue
        parts = {
            name: bind_quantity(QUANTITIES[name], tables, within, depth=depth + 1, seen=seen | {quantity.name})
            for name in names
        }
        if all(parts.values()):
            return Bound(None, text, {name: part for name, part in parts.items() if part is not None})
    return None


def _column_of(quantity: Quantity, tables: Tables, within: Collection[str]) -> Place | None:
    """The numeric column whose name is, or contains, one of the quantity's phrases; earlier phrases count more."""
    best: tuple[float, Place] | None = None
    for place, column in tables.places():
        if column.type not in ("number", "integer") or tables.is_key(place):
            continue
        score = max(
            (_likeness(words_of(phrase), place, tables) - 0.02 * rank for rank, phrase in enumerate(quantity.phrases)),
            default=0.0,
        )
        score += 0.1 if score > 0 and place.table in within else 0.0
        if score >= 0.5 and (best is None or score > best[0] + 1e-9):
            best = (score, place)
    if best is None and quantity.series:
        return _only_measure(quantity, tables)
    return best[1] if best else None


def _likeness(phrase: tuple[str, ...], place: Place, tables: Tables) -> float:
    words = words_of_name(place.column)
    table = words_of_name(place.table.rpartition(".")[2])
    if words == phrase:
        return 1.0
    if (*table, *words) == phrase or (*table[-1:], *words) == phrase:
        return 0.98
    short = words[len(table) :] if words[: len(table)] == table else words
    if short and short == phrase:
        return 0.95
    if len(phrase) > 1 and set(phrase) <= set(words):
        return 0.85 - 0.05 * (len(words) - len(phrase))
    if len(words) > 1 and set(words) < set(phrase) and len(phrase) - len(words) == 1:
        return 0.7
    if len(words) == len(phrase) and all(
        one == other or other in synonyms(one) for one, other in zip(words, phrase, strict=True)
    ):
        return 0.6
    return 0.0


def _only_measure(quantity: Quantity, tables: Tables) -> Place | None:
    """The one numeric column, besides keys and numbers of periods, of a table that is called like the figure."""
    for table in tables.tables.values():
        name = words_of_name(table.name.rpartition(".")[2])
        if not any(words_of(phrase) == name for phrase in quantity.phrases):
            continue
        order = tables.order(table.name)
        measures = [
            Place(table=table.name, column=one.name)
            for one in table.columns
            if one.type in ("number", "integer")
            and not tables.is_key(place := Place(table=table.name, column=one.name))
            and place != order
        ]
        if len(measures) == 1:
            return measures[0]
    return None
