"""The values that columns of texts hold, so that "pastries" and "cashier" can be told from words that mean nothing.

They help to read requests and go no further: into no specification, no log and no model's prompt, but for the values
that a request names itself.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import PrivateAttr

from common.language.words import word_set
from roles.builder.understanding.words import words_of_name
from roles.engineering.specification import DataSource, Table

__all__ = ["SourceWithValues", "known_values", "phrase_of", "read_values"]

_ROWS = 5_000
"""Rows of a table that are looked at."""
_DIFFERENT = 400
"""Different values of a column that are kept."""
_LONGEST = 60
_SECONDS = 5.0
_PRIVATE = word_set(
    """email mail phone telephone mobile fax address street iban account card password secret token hash key note notes
    comment comments remark remarks description text body message content url link uri path diagnosis ssn passport"""
)
"""Words in the names of columns whose values nobody groups by, or that are nobody's business."""
_WORDS = re.compile(r"[A-Za-z]+|\d+")
_IRREGULAR = {"loaves": "loaf", "knives": "knife", "shelves": "shelf", "women": "woman", "men": "man",
              "children": "child", "people": "person", "mice": "mouse", "geese": "goose", "feet": "foot",
              "teeth": "tooth", "calves": "calf", "wolves": "wolf", "halves": "half", "leaves": "leaf",
              "scarves": "scarf", "potatoes": "potato", "tomatoes": "tomato"}  # fmt: skip


class SourceWithValues(DataSource):
    """A source with values of its columns; they are no part of what is written down of it."""

    _values: Mapping[tuple[str, str], tuple[str, ...]] = PrivateAttr(
        default_factory=dict[tuple[str, str], tuple[str, ...]]
    )

    def with_values(self, values: Mapping[tuple[str, str], tuple[str, ...]]) -> SourceWithValues:
        """The same source, with values by table and column."""
        made = self.model_copy()
        made._values = dict(values)
        return made

    @property
    def values(self) -> Mapping[tuple[str, str], tuple[str, ...]]:
        """What columns of texts hold, by table and column."""
        return self._values


def known_values(sources: Sequence[DataSource]) -> Mapping[tuple[str, str], tuple[str, ...]]:
    """The values of the first source, by table and column; none where they were not read."""
    return sources[0].values if sources and isinstance(sources[0], SourceWithValues) else {}


def phrase_of(value: str) -> tuple[str, ...]:
    """A value as people say it: its words in lower case and singular."""
    return tuple(_one(word.lower()) for word in _WORDS.findall(value))


def _one(word: str) -> str:
    from roles.builder.understanding.words import singular

    if word.endswith("men") and len(word) > 5 and not word.endswith(("imen", "amen", "umen", "omen")):
        return f"{word[:-3]}man"
    return _IRREGULAR.get(word, singular(word))


def read_values(engine: Any, tables: Sequence[Table], sqlalchemy: Any) -> dict[tuple[str, str], tuple[str, ...]]:
    """The values of the columns of texts, as far as they can be had in some seconds; what fails is left out."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    until = time.monotonic() + _SECONDS
    try:
        with engine.connect() as connection:
            for table in tables:
                for column in table.columns:
                    if column.type != "text" or {*words_of_name(column.name)} & _PRIVATE:
                        continue
                    if time.monotonic() > until:
                        return found
                    values = _values_of(connection, table.name, column.name, sqlalchemy)
                    if values:
                        found[(table.name, column.name)] = values
    except sqlalchemy.exc.SQLAlchemyError:
        return found
    return found


def _values_of(connection: Any, table: str, column: str, sqlalchemy: Any) -> tuple[str, ...]:
    some = sqlalchemy.select(sqlalchemy.column(column)).select_from(sqlalchemy.table(table)).limit(_ROWS).subquery()
    asked = sqlalchemy.select(some.c[column]).distinct().limit(_DIFFERENT + 1)
    rows = [row[0] for row in connection.execute(asked)]
    texts = [one for one in rows if isinstance(one, str) and 0 < len(one.strip()) <= _LONGEST]
    return tuple(sorted(texts)) if len(rows) <= _DIFFERENT else ()
