"""The words that mean a column: those of its name, of its table, of what it holds, and other words for these."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from common.language.words import word_set
from roles.builder.understanding.requirements import Place
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.words import words_of, words_of_name
from roles.engineering.formulas.quantities import QUANTITIES

__all__ = ["NEGATED", "column_phrases", "synonyms"]

NEGATED = 0.93
"""How surely "unpaid" means that the column `paid` does not hold."""

_Words = tuple[str, ...]
_Phrase = tuple[_Words, float]
_MEASURING = frozenset({"total", "average", "number", "count", "monthly", "annual", "unit"})
_SYNONYMS = """
    salary pay paid wage earnings compensation; price cost expensive cheap costly pricey cheapest priciest; employee
    staff worker people; customer client buyer; borrower applicant debtor; fee charge; quantity amount volume; stock
    inventory supply; product item article goods; order purchase; score rating grade mark; revenue sale turnover;
    kwh energy consumption electricity; city town; country nation; name title; email mail; phone telephone; minute
    duration length; distance mileage km; type kind category; department team division; hired joined started; rent
    rental; visit appointment; doctor physician; patient case; student pupil; loan credit mortgage; reading
    measurement; company firm business; vehicle car truck; supplier vendor; invoice bill; due deadline; status
    state; opened started created; placed ordered; born birth; bicycle bike; apartment flat; film movie; lorry truck;
    teacher instructor tutor; photo picture; animal pet
"""
"""Groups of words that stand for one thing."""
_GENERIC = word_set("""value cost amount date name id number type status price rate x n size time interest end start""")


_UNITS = word_set(
    "second minute hour day week month year kg km nm m cm mm gram tonne litre kwh mwh eur usd gbp percent pct hectare"
)


_EMPTY = word_set("""in on at of by to for from with is has was are it the a an no not out off up as per and or""")
"""Words that name nothing by themselves, be they part of a column's name: ``check_in``."""


def column_phrases(tables: Tables, place: Place, kind: str) -> Mapping[_Words, float]:
    """The phrases for a column of that type, with how surely each means it (0 to 1)."""
    known = tables.phrases.get(place)
    if known is None:
        best: dict[_Words, float] = {}
        for phrase, score in _phrases(tables, place, kind):
            if phrase and not _EMPTY.issuperset(phrase) and best.get(phrase, 0.0) < score:
                best[phrase] = score
        tables.phrases[place] = known = best
    return known


def _phrases(tables: Tables, place: Place, kind: str) -> Iterable[_Phrase]:
    words = words_of_name(place.column)
    table = words_of_name(place.table.rpartition(".")[2])
    if tables.is_key(place):
        if place.column in tables.tables[place.table].key:
            return [(words, 0.7)] if words != ("id",) else []
        return _of_link(tables, place, words)
    short = _without_table(words, table)
    found: list[_Phrase] = [(words, 1.0), (short, 0.95)]
    for owner in (table, table[-1:]):
        found += [((*owner, *short), 1.0), ((*short, "of", *owner), 1.0)]
    found += _by_type(kind, words, short)
    found += [(tuple(word for word in phrase if word != "of"), 0.97) for phrase in (words, short) if "of" in phrase]
    if len(short) == 2 and short[-1] in _UNITS and kind in ("number", "integer"):
        # "kg of cherries"
        found += [((short[1], "of", short[0]), 0.85), ((short[1], short[0]), 0.7)]
    if kind in ("number", "integer"):
        found += [
            ((*short, filler), 0.75)
            for filler in ("score", "level", "reading", "figure", "amount")
            if filler not in short
        ]
    if len(short) > 2 and short[-1] in _UNITS and kind in ("number", "integer"):
        # "the first response" is told in minutes
        found.append((short[:-1], 0.8))
    if tables.label(place.table) == place:
        found.append(((*table[-1:], "name"), 0.9))
        found += [(("name",), 0.9)] if words[-1] == "name" else []
    for quantity in _quantities_of(words) | _quantities_of(short):
        found += [(words_of(other), 0.7) for other in QUANTITIES[quantity].phrases if other not in _GENERIC]
    for phrase in (words, short):
        for at, word in enumerate(phrase):
            found += [((*phrase[:at], other, *phrase[at + 1 :]), 0.6) for other in synonyms(word)]
    found += [
        ((phrase[1], phrase[0]), 0.75)
        for phrase in (words, short)
        if len(phrase) == 2 and (phrase[1].endswith("ed") or phrase[0].endswith("ed"))
    ]
    found += [
        ((phrase[1], phrase[0]), 0.7) for phrase in (words, short) if len(phrase) == 2 and phrase[1] in ("ok", "good")
    ]
    if len(short) > 1 and "per" not in short:
        found.append((short[-1:], 0.5))
        found += [((other,), 0.4) for other in synonyms(short[-1])]
        found += [(short[:1], 0.45)] if short[0] not in _MEASURING else []
    return found


def _of_link(tables: Tables, place: Place, words: _Words) -> list[_Phrase]:
    """The words for a column that leads to another table, where its name tells more than which table that is."""
    parent = next(
        one.right_table for one in tables.joins if (one.left_table, one.left_column) == (place.table, place.column)
    )
    plain = words[:-1] if words[-1:] in (("id",), ("code",), ("no",), ("key",), ("number",)) else words
    named = words_of_name(parent.rpartition(".")[2])
    return [(plain, 0.9), (words, 0.9)] if plain and plain not in (named, named[-1:]) else []


def _without_table(words: _Words, table: _Words) -> _Words:
    """The words without those of the table: ``site_name`` of ``sites`` is a name."""
    if words[: len(table)] == table and len(words) > len(table):
        return words[len(table) :]
    if len(table) > 1 and words[:1] == table[:1] and len(words) > 1:
        return words[1:]
    return words


def _by_type(kind: str, words: _Words, short: _Words) -> list[_Phrase]:
    if kind == "date":
        stem = tuple(word for word in short if word not in ("on", "at", "date", "day"))
        doing = [((*stem[:-1], other, "date"), 0.85) for other in _nouns_of(stem[-1])] if stem else []
        doing += [((other, "date"), 0.7) for other in _nouns_of(stem[-1])] if len(stem) > 1 else []
        undone = [((f"un{stem[0]}",), NEGATED)] if len(stem) == 1 and stem[0].endswith(("ed", "aid", "ent")) else []
        return [(stem, 0.9), ((*stem, "date"), 0.9), (("date",), 0.7), *doing, *undone]
    if kind == "text" and len(short[-1:]) == 1 and len(short[-1]) > 4 and short[-1].endswith(("ing", "e")):
        # "sponsors rated BBB" tells their rating
        return [((f"{short[-1].removesuffix('ing').removesuffix('e')}ed",), 0.6)]
    if kind == "boolean" or (kind == "integer" and short[-1:] and short[-1].endswith(("ed", "paid"))):
        return [((f"{before}{'_'.join(word)}",), NEGATED) for word in (short, words) for before in ("un", "in")]
    return []


_NOUNS = {
    "paid": "payment pay", "sent": "dispatch sending", "sold": "sale", "bought": "purchase", "born": "birth",
    "began": "start begin", "begun": "start begin", "given": "gift", "left": "leaving departure", "due": "deadline",
    "delivered": "delivery", "arrived": "arrival", "departed": "departure", "expired": "expiry expiration",
    "approved": "approval", "admitted": "admission", "registered": "registration", "hired": "hire",
    "invoiced": "invoice", "resolved": "resolution", "received": "receipt", "cancelled": "cancellation",
    "completed": "completion", "installed": "installation", "inspected": "inspection", "created": "creation",
    "shipped": "shipment shipping", "enrolled": "enrolment enrollment", "submitted": "submission", "opened": "opening",
    "planted": "planting", "built": "construction", "made": "production", "founded": "foundation founding",
    "terminated": "termination", "published": "publication", "applied": "application", "settled": "settlement",
    "maintained": "maintenance", "treated": "treatment", "started": "start", "closed": "closing closure",
    "signed": "signing signature", "expire": "expiry expiration", "end": "finish", "start": "begin beginning",
    "begin": "start", "finished": "end finish", "ended": "end",
}  # fmt: skip
"""Nouns for what was done, which dates are named by: the "delivery date" of ``delivered_on``."""


def _nouns_of(word: str) -> set[str]:
    """What may stand before "date" for a column that tells when something was done."""
    known = set(_NOUNS.get(word, "").split())
    if word.endswith("ed") and len(word) > 4:
        known |= {word[:-2], word[:-1], f"{word[:-2]}ing"}
        known |= {word[:-3]} if word[-3] == word[-4] else set()
    return known


@lru_cache(maxsize=1)
def _known_quantities() -> Mapping[tuple[str, ...], frozenset[str]]:
    found: dict[tuple[str, ...], set[str]] = {}
    for quantity in QUANTITIES.values():
        for phrase in quantity.phrases:
            if phrase not in _GENERIC:
                found.setdefault(words_of(phrase), set()).add(quantity.name)
    return {words: frozenset(names) for words, names in found.items()}


def _quantities_of(words: tuple[str, ...]) -> frozenset[str]:
    return _known_quantities().get(words, frozenset())


@lru_cache(maxsize=1)
def _groups() -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for group in _SYNONYMS.split(";"):
        for word in group.split():
            found.setdefault(word, set()).update(group.split())
    return {word: frozenset(others - {word}) for word, others in found.items()}


def synonyms(word: str) -> frozenset[str]:
    """Other words for the same thing."""
    return _groups().get(word, frozenset())
