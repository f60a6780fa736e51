"""Whether a reading uses the values that a request names: "bakers" are asked about where nothing stands for them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from common.language.words import word_set
from roles.builder.understanding.known_values import phrase_of
from roles.builder.understanding.lexicon import FUNCTION_PHRASES
from roles.builder.understanding.requirements import Requirements
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.words import NUMBERS, singular, words_of_name

__all__ = ["dropped_values"]

_WORD = re.compile(r"[A-Za-z]+|\d+")
_LONGEST = 5
_ORDINARY = word_set(
    """the a an of in on at by for from with to and or not no is are was were be been has have had do does did that
    which who whose what where when how what many much each every all any some than then more less at least most per as
    it its them they their this these those i we you me us my our your please show list give tell find get first last
    top best worst highest lowest over under above below between total sum average mean number count only just if pass
    fail should agent tool one two three report new old good bad open normal standard custom other none yes may march
    day week month year quarter today full empty general name type kind value data row rows record time date left right
    high low large small long short early late next previous current recent main basic simple single double free per
    percent share rate ratio unit units check mode"""
)


def dropped_values(text: str, made: Requirements, tables: Tables) -> list[str]:
    """The values of the database that a text names and that nothing in the requirements stands for."""
    if not tables.values:
        return []
    known = _known(tables)
    held = made.model_dump_json(exclude={"request", "given", "assumptions", "name", "title", "missing", "uncovered"})
    held = held.lower()
    words = list(_WORD.finditer(text))
    found: list[str] = []
    at = 0
    while at < len(words):
        for length in range(min(_LONGEST, len(words) - at), 0, -1):
            said = text[words[at].start() : words[at + length - 1].end()]
            written = known.get(phrase_of(said))
            if written is not None and not re.search(r"[.;:?!,]\s", said):
                if not any(_holds(held, one.lower()) for one in written):
                    found.append(said)
                at += length
                break
        else:
            at += 1
    return list(dict.fromkeys(found))


def _holds(held: str, value: str) -> bool:
    """Whether a value is compared with, or is part of a name: of the "months paid" that are given."""
    return re.search(rf"(?<![a-z]){re.escape(value)}(?![a-z])", held) is not None


def _known(tables: Tables) -> dict[tuple[str, ...], set[str]]:
    """What is written in the database, by the words for it, without those that have another meaning as well."""
    names = {word for place, _ in tables.places() for word in words_of_name(place.column)}
    names |= {word for table in tables.tables for word in words_of_name(table.rpartition(".")[2])}
    names |= {singular(word) for phrase in FUNCTION_PHRASES for word in phrase.split()} | set(NUMBERS)
    found: dict[tuple[str, ...], set[str]] = {}
    for phrase, values in _phrases(tables):
        alone = len(phrase) == 1 and (len(phrase[0]) < 3 or phrase[0].isdigit() or phrase[0] in names | _ORDINARY)
        if phrase and not alone and not all(word.isdigit() for word in phrase):
            found.setdefault(phrase, set()).update(values)
    return found


def _phrases(tables: Tables) -> Iterable[tuple[tuple[str, ...], tuple[str, ...]]]:
    for values in tables.values.values():
        yield from values.items()
