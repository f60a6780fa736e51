"""The words that mean something in a request: tables, columns, functions over rows, ratios of the library."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from roles.builder.understanding.column_words import NEGATED, column_phrases, synonyms
from roles.builder.understanding.requirements import Place
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.words import words_of, words_of_name
from roles.engineering.formulas.ratios import RATIOS

__all__ = ["FUNCTION_PHRASES", "Lexicon", "Meaning", "Span"]

Kind = Literal["ratio", "function", "column", "table"]
_MAX_WORDS = 7


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a phrase can stand for, and how well it fits (0 to 1)."""

    kind: Kind
    name: str = ""
    place: Place | None = None
    score: float = 1.0


@dataclass(frozen=True, slots=True)
class Span:
    """A phrase at tokens `start` to `end` (exclusive) with its meanings, the best first."""

    start: int
    end: int
    meanings: tuple[Meaning, ...]

    @property
    def best(self) -> Meaning:
        """The meaning that fits best."""
        return self.meanings[0]


FUNCTION_PHRASES: Mapping[str, str] = {
    phrase: function
    for function, phrases in {
        "mean": "average; mean; avg; on average; arithmetic mean; typical",
        "sum": "total; sum; sum of; total of; how much; overall; sum up; add up; totals; combined; aggregate; "
        "cumulative; in "
        "total; "
        "altogether; summed up; summed; added up; added together; totalled; totaled; adding up; summing up",
        "count": "count; number of; how many; headcount; head count; count of; quantity of; the number",
        "median": "median; middle value",
        "minimum": "minimum; min; lowest value; smallest value",
        "maximum": "maximum; max; highest value; largest value",
        "stdev": "standard deviation; std; stdev; std dev; spread",
        "variance": "variance",
        "correlation": "correlation; correlate; correlation coefficient; pearson correlation",
        "covariance": "covariance",
        "slope": "trend; slope",
        "growth": "growth; total growth; growth over time",
        "percentile 90": "90th percentile; p90",
        "percentile 95": "95th percentile; p95",
        "percentile 99": "99th percentile; p99",
        "percentile 75": "75th percentile; third quartile; upper quartile; p75",
        "percentile 25": "25th percentile; first quartile; lower quartile; p25",
        "percentile 10": "10th percentile; p10",
    }.items()
    for phrase in phrases.split("; ")
}
"""How people name functions over rows."""


class Lexicon:
    """All phrases with a meaning, for one set of tables.

    Without tables the ratios and functions are left; `ratios` are those that may be meant.
    """

    def __init__(self, tables: Tables, ratios: Iterable[str] | None = None) -> None:
        self._phrases: dict[tuple[str, ...], list[Meaning]] = {}
        for phrase, function in FUNCTION_PHRASES.items():
            self._add(words_of(phrase), Meaning("function", function))
        for name in RATIOS if ratios is None else ratios:
            for phrase in RATIOS[name].phrases:
                self._add(words_of(phrase), Meaning("ratio", name))
        for table in tables.tables:
            self._add_table(tables, table)
        for place, column in tables.places():
            for words, score in column_phrases(tables, place, column.type).items():
                negated = score == NEGATED
                self._add(words, Meaning("column", "not" if negated else "", place, score))

    def _add_table(self, tables: Tables, table: str) -> None:
        words = words_of_name(table.rpartition(".")[2])
        meaning = Meaning("table", table)
        self._add(words, meaning)
        for last in ("id", "number", "no", "code", "key"):
            self._add((*words, last), Meaning("table", table, Place(table=table, column=tables.key(table)), 1.0))
        if len(words) == 1:
            for other in synonyms(words[0]):
                self._add((other,), Meaning("table", table, score=0.6))
        else:
            self._add(words[-1:], Meaning("table", table, score=0.55))
        for end in ("table", "record", "row"):
            self._add((*words, end), meaning)
        label = tables.label(table)
        called = words_of_name(label.column)[:-1] if label is not None else ()
        others = {words_of_name(one.rpartition(".")[2]) for one in tables.tables}
        if called and called != words and called not in others and called[-1:] not in {one[-1:] for one in others}:
            # "beers" are the rows of recipes, which have a beer_name
            self._add(called, Meaning("table", table, score=0.6))

    def _add(self, words: tuple[str, ...], meaning: Meaning) -> None:
        if words:
            known = self._phrases.setdefault(words, [])
            same = [
                one for one in known if (one.kind, one.name, one.place) == (meaning.kind, meaning.name, meaning.place)
            ]
            if not same or same[0].score < meaning.score:
                known[:] = [one for one in known if one not in same] + [meaning]

    def spans(self, tokens: tuple[str, ...]) -> list[Span]:
        """The phrases of a text, longest first where they overlap, in the order of the text."""
        found: list[Span] = []
        at = 0
        while at < len(tokens):
            for length in range(min(_MAX_WORDS, len(tokens) - at), 0, -1):
                meanings = self._phrases.get(tokens[at : at + length])
                if meanings:
                    found.append(Span(at, at + length, tuple(sorted(meanings, key=_rank))))
                    at += length
                    break
            else:
                at += 1
        return found

    def meanings(self, words: tuple[str, ...]) -> tuple[Meaning, ...]:
        """What one phrase can stand for, the best first."""
        return tuple(sorted(self._phrases.get(words, ()), key=_rank))


def _rank(meaning: Meaning) -> tuple[float, int]:
    return -meaning.score, {"column": 0, "ratio": 1, "function": 2, "table": 3}[meaning.kind]
