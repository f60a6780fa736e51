"""A request as a row of words and marks; what has a meaning is one mark: ``lists the T0 in a C1 with their C2``.

Marks are R (a ratio), D (a formula that the request gives), F (a function over rows), C (a column), T (a table).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from roles.builder.understanding.lexicon import Lexicon, Meaning, Span
from roles.builder.understanding.requirements import Place
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.words import NUMBERS, singular, words_of, words_of_name

__all__ = ["DETERMINER", "ONE_OF_MANY", "Tagged", "tag"]

_TOKEN = re.compile(
    r"\d{4}-\d{2}-\d{2}|\d{4}-[a-z]+|\d+(?:st|nd|rd|th)\b|\d+(?:,\d{3})*(?:\.\d+)?\s?(?:%|percent\b|per cent\b)?"
    r"|\d{4}-[a-z]+|[A-Za-z]+\d[a-z0-9]*|[A-Za-z]+(?:'[a-z]+)?|"
    r"\"[^\"]{1,80}\"|>=|<=|!=|[=<>≥≤.,;:()?]"
)
_ANYWHERE = frozenset({"date", "name", "day", "time", "number", "code", "type", "id", "value"})
"""Words that columns of any table may hold."""
_LETTER = {"ratio": "R", "function": "F", "column": "C", "table": "T"}
ONE_OF_MANY = (
    r"(?:an?|any|one|given|certain|specific|particular|chosen|selected|some|each|every|single|individual|requested|"
    r"named)"
)
"""Words before the name of a thing of which the caller names one."""
DETERMINER = rf"(?:(?:the|our|my|your|their|its|his|her|all|this|that|these|those|both|{ONE_OF_MANY[3:-1]})\s+)"
"""Words that stand before a name and mean nothing here."""


@dataclass(slots=True)
class Tagged:
    """The marked text, the spans that its marks stand for, and which of them were made use of."""

    text: str
    spans: list[Span]
    words: list[str]
    tables: Tables
    used: set[int] = field(default_factory=set[int])
    taken: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    spent: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    """Places of words such as "highest" that are functions and tell no order."""
    proper: frozenset[str] = frozenset()
    """Words that are written in capitals within sentences, as names are."""

    def span(self, mark: str) -> Span:
        """The span of a mark such as ``C3``."""
        return self.spans[int(mark[1:])]

    def use(self, mark: str) -> None:
        """Note that a mark has its part in what was understood."""
        self.used.add(int(mark[1:]))

    def take(self, match: re.Match[str]) -> None:
        """Note that this place of the text has its part in what was understood."""
        self.taken.append(match.span())

    def take_mark(self, mark: str) -> None:
        """Note that a mark and the words right before it have their part."""
        if (match := re.search(rf"(?:[a-z']+\s+){{0,2}}\b{mark}\b", self.text)) is not None:
            self.take(match)

    def is_taken(self, at: int) -> bool:
        """Whether something made use of that place."""
        return any(start <= at < end for start, end in self.taken)

    def said(self, mark: str) -> str:
        """The words of a mark."""
        span = self.span(mark)
        return " ".join(self.words[span.start : span.end])

    def marks(self, letters: str, *, unused: bool = False) -> list[str]:
        """The marks of these kinds, in order."""
        found = re.findall(rf"\b[{letters}]\d+\b", self.text)
        return [one for one in found if not (unused and int(one[1:]) in self.used)]

    def table(self, mark: str) -> str:
        """The table of a mark T."""
        return self.span(mark).best.name

    def by_key(self, mark: str) -> bool:
        """Whether a mark T names the key of a table: "property id"."""
        return self.span(mark).best.place is not None

    def column(self, mark: str, focus: Sequence[str] = ()) -> Place | None:
        """The column of a mark; of several that of the first table of `focus`, else the one nearest to these.

        "The price of a product" is one of the products.
        """
        owner = re.search(rf"\b{mark} of {DETERMINER}*(T\d+)\b", self.text)
        owned = [
            one
            for one in self.span(mark).meanings
            if owner is not None and one.place is not None and one.kind == "column"
            and one.place.table == self.table(owner[1])
        ]  # fmt: skip
        if owned:
            return max(owned, key=lambda one: one.score).place
        meanings = [one for one in self.span(mark).meanings if one.kind == "column"]
        words = set(words_of(self.said(mark)))
        literal = [one for one in meanings if one.place is not None and words <= set(words_of_name(one.place.column))]
        return nearest(meanings if not literal or words & _ANYWHERE else literal, focus, self.tables)

    def sure_tables(self) -> list[str]:
        """The tables of the columns that can only be of one, in the order of the text."""
        found: list[str] = []
        for mark in self.marks("C"):
            owners = {one.place.table for one in self.span(mark).meanings if one.place is not None}
            found += owners if len(owners) == 1 else ()
        return list(dict.fromkeys(found))

    def negated(self, mark: str) -> bool:
        """Whether "not" or the like stands before a mark, or within its word."""
        at = re.search(rf"\b{mark}\b", self.text)
        before = self.text[: at.start()].split()[-3:] if at else []
        return self.span(mark).best.name == "not" or any(
            one in ("not", "never", "no", "without", "non") or one.endswith("n't") for one in before
        )


def nearest(meanings: Iterable[Meaning], focus: Sequence[str], tables: Tables) -> Place | None:
    """The column among meanings whose table is in focus, or the nearest to it; surer meanings first."""
    ranked = sorted(meanings, key=lambda one: -one.score)
    if not ranked:
        return None

    def distance(meaning: Meaning) -> tuple[float, float]:
        place = meaning.place
        if place is None:
            return (99.0, 0.0)
        if place.table in focus:
            return (0.1 * focus.index(place.table), -meaning.score)
        steps = [len(path) for other in focus if (path := tables.path(other, place.table)) is not None]
        return ((float(min(steps)) if steps else 9.0), -meaning.score)

    sure = [one for one in ranked if one.score >= ranked[0].score - 0.3]
    return min(sure, key=distance).place


def tag(text: str, lexicon: Lexicon, tables: Tables, names: Sequence[str] = ()) -> Tagged:
    """Mark a text. `names` are the words of the formulas that it gives; their marks have the letter D."""
    words, plain = _tokens(text)
    own = {
        tuple(singular(part) for part in name.lower().replace("-", " ").split()): index
        for index, name in enumerate(names)
    }
    spans: list[Span] = []
    shown: list[str] = []
    known = {span.start: span for span in _with_dates(plain, _with_extremes(plain, _spans(plain, lexicon)), tables)}
    at = 0
    while at < len(plain):
        mine = _own(plain, at, own)
        span = mine or known.get(at)
        if (
            span is not None
            and mine is None
            and (_says_given(span, plain) or _says_period(span, plain) or _says_order(span, plain))
        ):
            span = None
        if span is not None and mine is None and _is_limit(span, plain):
            shown.append(span.best.name)
            at = span.end
            continue
        if span is None:
            shown.append(plain[at] if not plain[at].startswith('"') else words[at])
            at += 1
            continue
        letter = "D" if mine else _LETTER[span.best.kind]
        shown.append(f"{letter}{len(spans)}")
        spans.append(span)
        at = span.end
    marked = _LIMIT_OF.sub(lambda match: _limit_of(match, spans), " ".join(shown))
    marked = _IS_LIMIT.sub(lambda match: f"{match[1]}{_limit_of(match, spans)}", marked)
    marked = _SIGNED.sub(
        lambda match: f"{match['mark']} {'below' if match['sign'] == 'negative' else 'above'} 0", marked
    )
    if re.search(r"\b[RD]\d", marked):
        for pattern, instead in _ZERO:
            marked = pattern.sub(instead, marked)
    proper = frozenset(
        form for match in _PROPER.finditer(text) for form in (match[1].lower(), singular(match[1].lower()))
    )
    return Tagged(marked, spans, words, tables, proper=proper)


def _says_given(span: Span, plain: tuple[str, ...]) -> bool:
    """Whether a word that may be a column tells that a value is given: "a given minimum", whatever ``given_on`` is."""
    alone = span.end == span.start + 1 and plain[span.start] in ("given", "chosen", "named", "selected", "entered")
    return alone and span.start > 0 and plain[span.start - 1] in ("a", "an", "any", "some", "the")


def _says_order(span: Span, plain: tuple[str, ...]) -> bool:
    """Whether "first" tells an order, as in "slowest first", and not a column such as ``first_reply``."""
    alone = span.end == span.start + 1 and plain[span.start] in ("first", "last") and span.start > 0
    before = plain[span.start - 1] if alone else ""
    return before.endswith("est") or before in ("worst", "most", "least", "expensive", "recent", "costly")


def _says_period(span: Span, plain: tuple[str, ...]) -> bool:
    """Whether "per year" means the years of the rows, and not a column such as ``born_year``."""
    alone = span.end == span.start + 1 and plain[span.start] in ("day", "month", "quarter", "year")
    return (
        alone and span.best.score <= 0.5 and span.start > 0 and plain[span.start - 1] in ("per", "each", "every", "by")
    )


_EXTREMES = {
    "largest": "maximum", "highest": "maximum", "biggest": "maximum", "greatest": "maximum", "longest": "maximum",
    "smallest": "minimum", "lowest": "minimum", "shortest": "minimum",
}  # fmt: skip
_ROW_LINKS = frozenset({",", "and", "the", "as", "well", "also", "its", "their"})


def _with_extremes(plain: tuple[str, ...], spans: list[Span]) -> list[Span]:
    """The spans with "largest" as a function where it stands in a row of functions: "mean, median and largest gift"."""
    starts = {one.start for one in spans if one.best.kind == "function"}
    ends = {one.end for one in spans if one.best.kind == "function"}
    of = {one.start: one.end for one in spans if one.best.kind == "column"}
    ends |= {of[at] for end in ends for at in (end, end + 1) if at in of}
    free = [
        at for at, word in enumerate(plain)
        if word in _EXTREMES and plain[at + 1 : at + 2] not in (("first",), ("to",))
        and not any(one.start <= at < one.end for one in spans)
    ]  # fmt: skip
    found: dict[int, Span] = {}
    for _ in free:
        for at in free:
            past = of.get(at + 1, at + 1)
            behind = next((to for to in range(past, len(plain)) if plain[to] not in _ROW_LINKS), past)
            before = next((to for to in range(at, 0, -1) if plain[to - 1] not in _ROW_LINKS), at)
            alone = behind in free and behind > past
            if (behind in starts and behind > past) or (before in ends and before < at) or alone:
                for one in (at, behind) if alone else (at,):
                    found[one] = Span(one, one + 1, (Meaning("function", _EXTREMES[plain[one]]),))
                    starts.add(one)
                    ends |= {one + 1, of.get(one + 1, one + 1)}
    return [*spans, *found.values()]


_EDGES = {"latest": "maximum", "newest": "maximum", "last": "maximum", "earliest": "minimum", "first": "minimum"}
_GROUPING = frozenset({"per", "each", "every", "by"})


def _with_dates(plain: tuple[str, ...], spans: list[Span], tables: Tables) -> list[Span]:
    """The spans with "latest" as a function before a date, where other functions or groups are asked for."""
    if not any(one.best.kind == "function" for one in spans) and not _GROUPING.intersection(plain):
        return spans
    dates = {
        one.start for one in spans
        if one.best.place is not None and one.best.kind == "column" and tables.column(one.best.place).type == "date"
    }  # fmt: skip
    taken = {at for one in spans for at in range(one.start, one.end)}
    found = list(spans)
    for at, word in enumerate(plain):
        if word in _EDGES and at + 1 in dates and at not in taken:
            found.append(Span(at, at + 1, (Meaning("function", _EDGES[word]),)))
        elif plain[at : at + 2] == ("most", "recent") and at + 2 in dates and at not in taken:
            found.append(Span(at, at + 2, (Meaning("function", "maximum"),)))
    return found


_SIGNED = re.compile(r"\b(?:an? )?(?P<sign>negative|positive) (?P<mark>[RDC]\d+)\b")
_VERDICT = (
    r"(?:pass\w*|fail\w*|must|should|has to|have to|needs? to|may|can|cannot|can't|accept\w*|reject\w*|flag\w*"
    r"|warn\w*|ok|okay|fine|bad|good|unacceptable)"
)
_ZERO = (
    (re.compile(r"\bzero (?=or (?:below|less|lower|under|above|more|higher|greater)\b)"), "0 "),
    (re.compile(r"\b(above|below|over|under|than|least|most|exceeds?) zero\b"), r"\1 0"),
    (re.compile(r"\b(?:(?:not|never) (?:be |become |turn |go |get )?|non )negative\b"), "at least 0"),
    (re.compile(rf"\b({_VERDICT} (?:[a-z]+ ){{0,5}}|an? )negative\b(?! [CT]\d)"), r"\1below 0"),
    (re.compile(rf"\bnegative(?= (?:[a-z]+ )?(?:is |are |must |should )?{_VERDICT})"), "below 0"),
    (re.compile(rf"\b({_VERDICT} (?:[a-z]+ ){{0,5}}|an? )positive\b(?! [CT]\d)"), r"\1above 0"),
    (re.compile(rf"\bpositive(?= (?:[a-z]+ )?(?:is |are |must |should )?{_VERDICT})"), "above 0"),
)
"""Limits at zero that are said without a number; they are put into the words of limits."""
_PROPER = re.compile(r"(?<=[a-z,;:(] )([A-Z][a-zà-ÿ]{2,}|[A-Z][a-z]+[A-Z][A-Za-z]+|[A-Z]{2,})\b")


_LIMIT_LINKS = frozenset(
    [
        "acceptable",
        "allowed",
        "required",
        "permitted",
        "accepted",
        "tolerated",
        "wanted",
        "value",
        "level",
        "limit",
        "threshold",
        "is",
        "of",
        "at",
        "to",
        "now",
        "should",
        "must",
        "be",
        ":",
        "=",
    ]
)


_LIMIT_OF = re.compile(
    r"(?P<before>)\bF(?P<function>\d+) (?P<mark>[RD]\d+)(?= (?:(?:of|is|at|:|=|should|must|to|be|set) )*\d)"
)


_IS_LIMIT = re.compile(
    r"(?P<before>\d ?%? is (?:the|our|a) )F(?P<function>\d+)(?P<mark>)(?= (?:acceptable |allowed )?[.,;]|$)"
)


def _limit_of(match: re.Match[str], spans: Sequence[Span]) -> str:
    """ "Minimum DSCR of 1.25" tells what it has to keep."""
    name = spans[int(match["function"])].best.name
    rest = f" {match['mark']}" if match["mark"] else ""
    return f"{name}{rest}" if name in ("minimum", "maximum") else match[0].removeprefix(match["before"])


def _is_limit(span: Span, plain: tuple[str, ...]) -> bool:
    """Whether "minimum" tells what a figure has to keep, with a number behind, and is no function over rows."""
    if span.best.kind != "function" or span.best.name not in ("minimum", "maximum"):
        return False
    at = span.end
    while at < len(plain) and plain[at] in _LIMIT_LINKS and at < span.end + 4:
        at += 1
    return at < len(plain) and plain[at][0].isdigit()


def _own(plain: tuple[str, ...], at: int, own: dict[tuple[str, ...], int]) -> Span | None:
    for words, index in sorted(own.items(), key=lambda one: -len(one[0])):
        if plain[at : at + len(words)] == words:
            return Span(at, at + len(words), (Meaning("ratio", f"#{index}"),))
    for words, index in own.items():
        # "the burden" is the rent burden
        if len(words) > 1 and plain[at] == words[-1] and at and plain[at - 1] in ("the", "this", "that", "its"):
            return Span(at, at + 1, (Meaning("ratio", f"#{index}"),))
    return None


def _spans(plain: tuple[str, ...], lexicon: Lexicon) -> list[Span]:
    found: list[Span] = []
    start = 0
    for index, token in enumerate((*plain, ".")):
        if not token[0].isalnum():
            found += [
                Span(one.start + start, one.end + start, one.meanings) for one in lexicon.spans(plain[start:index])
            ]
            start = index + 1
    return found


def _tokens(text: str) -> tuple[list[str], tuple[str, ...]]:
    """The tokens as they are said, and in the form in which they are compared."""
    low = text.lower().replace("’", "'").replace("“", '"').replace("”", '"').replace("_", " ")
    low = re.sub(r"(?<=[a-z])[-/](?=[a-z])", " ", low)
    words = _TOKEN.findall(low)
    plain: list[str] = []
    for word in words:
        bare = word.removesuffix("'s").removesuffix("'")
        bare = re.sub(r"\s|(?<=\d),(?=\d)", "", bare).replace("percent", "%") if bare[0].isdigit() else bare
        plain.append(str(NUMBERS[bare]) if bare in NUMBERS and bare != "one" else singular(bare) or bare)
    return words, tuple(plain)
