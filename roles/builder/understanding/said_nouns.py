"""What nouns of a request mean: things, their columns, keys and names, and parts of time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from common.language.words import word_set
from roles.builder.understanding.grammar.linking import Linker
from roles.builder.understanding.naming_forms import DETERMINERS, KEYS, NUMBERS, SPLIT, WORD, YEARS
from roles.builder.understanding.requirements import Place
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.words import words_of, words_of_name

__all__ = ["NounReader", "SaidNoun"]


@dataclass(frozen=True, slots=True)
class SaidNoun:
    """One noun of what the caller gives: of a thing (`table`), by a column, or a part of time."""

    table: str = ""
    place: Place | None = None
    by_key: bool = False
    time: str = ""
    words: str = ""


class NounReader:
    """Finds out what nouns of a request mean."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.linker = Linker(tables)

    def nouns(self, said: str) -> list[SaidNoun] | None:
        """What a list of nouns names; None where one of them is nothing of the tables."""
        found = [self.noun(one) for one in SPLIT.split(said.strip()) if one]
        return [one for one in found if one is not None] if found and all(found) else None

    def noun(self, said: str) -> SaidNoun | None:
        """What a noun names; None where it is nothing of the tables."""
        words = [word for word in re.split(r"\s+", re.sub(r"['’]s\b", " 's", said.strip().lower())) if word]
        while words and words[0] in DETERMINERS:
            words.pop(0)
        if not words:
            return None
        if "of" in words:
            at = words.index("of")
            behind = [word for word in words[at + 1 :] if word not in DETERMINERS]
            return self._owned(behind, words[:at])
        if "'s" in words:
            at = words.index("'s")
            return self._owned(words[:at], words[at + 1 :])
        if (table := self._table(words)) is not None:
            return SaidNoun(table=table, words=" ".join(words))
        for at in range(len(words) - 1, 0, -1):
            if (owned := self._owned(words[:at], words[at:])) is not None:
                return owned
        return self._alone(words)

    def _table(self, words: Sequence[str]) -> str | None:
        plain: tuple[str, ...] = words_of(" ".join(words))
        if not plain or (plain[-1] != re.sub(r"\W", "", words[-1]) and words[-1] != plain[-1]):
            return None
        found = [name for name, score in self.linker.table_of(plain) if score >= 0.55]
        return found[0] if len(found) == 1 else None

    def _owned(self, thing: Sequence[str], column: Sequence[str]) -> SaidNoun | None:
        table = self._table(thing)
        return None if table is None else self.column(table, column)

    def column(self, table: str, words: Sequence[str]) -> SaidNoun | None:
        """The column of a table that words name."""
        plain = words_of(" ".join(word for word in words if word not in DETERMINERS))
        if not plain:
            return None
        key = Place(table=table, column=self.tables.key(table))
        if set(plain) <= KEYS or (plain[-1] in KEYS and self._table(plain[:-1]) == table):
            return SaidNoun(table, key, by_key=True)
        if words_of_name(key.column) == plain:
            return SaidNoun(table, key, by_key=True)
        if (
            len(plain) > 1
            and plain[-1] in NUMBERS
            and not any(place.table == table and score >= 0.75 for place, score in self.linker.columns(plain))
        ):
            for other in sorted(NUMBERS):
                if any(
                    place.table == table and score >= 0.9 for place, score in self.linker.columns((*plain[:-1], other))
                ):
                    plain = (*plain[:-1], other)
                    break
        label = self.tables.label(table)
        if plain == ("name",) and label is not None:
            return SaidNoun(table, label)
        own = [(place, score) for place, score in self.linker.columns(plain) if place.table == table and score >= 0.75]
        own = [one for one in own if self.tables.column(one[0]).type in ("text", "integer")]
        if own and (len(own) == 1 or own[0][1] > own[1][1] + 0.05):
            return SaidNoun(table, own[0][0], by_key=own[0][0] == key)
        if len(plain) == 1 and plain[0] in NUMBERS:
            ended = [one for one in self._texts(table) if words_of_name(one.column)[-1] == plain[0]]
            return (
                SaidNoun(table, ended[0])
                if len(ended) == 1
                else SaidNoun(table, key, by_key=True)
                if not ended
                else None
            )
        return None

    def _texts(self, table: str) -> list[Place]:
        return [place for place, one in self.tables.places() if place.table == table and one.type in ("text", "integer")
                and not self.tables.is_key(place)]  # fmt: skip

    def _alone(self, words: Sequence[str]) -> SaidNoun | None:
        plain: tuple[str, ...] = words_of(" ".join(words))
        last = plain[-1] if plain else ""
        if last in YEARS and len(plain) <= 2:
            return SaidNoun(time=last, words=" ".join(plain))
        keys = [name for name in self.tables.tables if words_of_name(self.tables.key(name)) == plain]
        if len(keys) == 1 and len(plain) > 1:
            return SaidNoun(keys[0], Place(table=keys[0], column=self.tables.key(keys[0])), by_key=True)
        if set(plain) <= KEYS | NUMBERS | {"name"}:
            return SaidNoun(words=" ".join(plain))
        found = [(place, score) for place, score in self.linker.columns(plain) if score >= 0.9]
        texts = [place for place, _ in found if self.tables.column(place).type == "text" and _names_things(place)]
        if len(texts) == 1 and len(found) == 1:
            return SaidNoun(texts[0].table, texts[0])
        return None

    def mentions(self, text: str) -> list[tuple[int, int, str, bool]]:
        """Singular things in a text: where they begin and end, their table, and whether one of many is meant."""
        words = list(re.finditer(WORD, text))
        found: list[tuple[int, int, str, bool]] = []
        at = 0
        while at < len(words):
            for end in range(min(at + 3, len(words)), at, -1):
                run = words[at:end]
                if any(text[one.end() : other.start()].strip(" ") for one, other in pairwise(run)):
                    continue
                table = self._table([re.sub(r"['’]s$", "", one[0]).lower() for one in run])
                if table is not None:
                    first = at
                    if at > 1 and words[at - 1][0].lower() not in _LINKING and words[at - 2][0].lower() in DETERMINERS:
                        first -= words[at - 1].end() + 1 == words[at].start()
                    while first > 0 and words[first - 1][0].lower() in DETERMINERS | {"each", "every"}:
                        first -= 1
                    said = {one[0].lower() for one in words[first:at]}
                    found.append((words[first].start(), run[-1].end(), table, bool(said & _ALONE)))
                    at = end - 1
                    break
            at += 1
        return found


_LINKING = word_set("of for in on at by to from with and or per as is are was the a an one its each every all")
_ALONE = word_set("a an one the any given single certain specific particular")


def _names_things(place: Place) -> bool:
    return words_of_name(place.column)[-1] in (
        "name",
        "code",
        "number",
        "no",
        "title",
        "plate",
        "tag",
        "reference",
        "sku",
        "label",
    )
