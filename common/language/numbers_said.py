"""Numbers that are said in a text, with the words around them that tell what they count."""

from __future__ import annotations

from dataclasses import dataclass

from common.language.concepts import concepts_of
from common.language.marked import Marked
from common.language.words import by_word, read_number, stem

__all__ = ["Said", "fit", "said_numbers"]

_UNITS: dict[str, frozenset[str]] = {
    unit: frozenset(stem(word) for word in words.split())
    for unit, words in {
        "percent": (
            "percent percentage pct brightness level volume humidity intensity position speed discount rate tip share"
        ),
        "degree": "temperature degree thermostat heat target celsius fahrenheit warm setpoint",
        "money": (
            "amount price cost budget total sum value fee payment money refund balance max maximum limit salary euro "
            "dollar currency deposit principal paid pay spend"
        ),
        "people": "people person guest party size seat adult participant passenger traveler headcount",
        "distance": "distance length radius km mile meter range height width depth",
        "mass": "weight mass kg load",
        "count": "count quantity number limit item copy top result unit size page night room ticket",
        "time": "minute hour second day duration time week month year period term night",
    }.items()
}
"""What the unit of a number may count: stemmed words of the names of properties."""
_UNIT_WORDS = by_word(
    {
        "percent": "percent % percentage pct per",
        "degree": "degree degrees ° celsius fahrenheit c f",
        "money": ("euro euros eur € dollar dollars usd $ chf francs franc pound pounds gbp £ cents bucks yen sek"),
        "people": "people persons person guests guest adults kids friends seats of",
        "distance": "km kilometers kilometres miles mile meters metres m cm feet ft mm",
        "mass": "kg kilos grams g lbs kilo gram tons",
        "count": "times items copies pieces results tickets pages rooms nights units x",
        "time": "minutes minute hours hour seconds days day weeks years year months",
    }
)
_COMPANIES = frozenset({"party", "group", "table", "family", "team", "crowd", "booking", "reservation", "class"})
_LEVELS = {
    "half": 0.5, "halfway": 0.5, "full": 1.0, "maximum": 1.0, "max": 1.0, "minimum": 0.0, "min": 0.0, "lowest": 0.0,
    "highest": 1.0, "fully": 1.0, "brightest": 1.0,
}  # fmt: skip
_SCALES = {"k": 1e3, "mn": 1e6, "bn": 1e9}
_NUMBER_ENDS = frozenset({*_SCALES, "st", "nd", "rd", "th"})
_MAX = 24


@dataclass(frozen=True, slots=True)
class Said:
    """A number, the tokens it takes, its unit ("money", "percent", …) and the stemmed words before and behind it."""

    value: float
    first: int
    last: int
    unit: str
    before: tuple[str, ...]
    behind: str
    level: bool = False


def said_numbers(marked: Marked) -> list[Said]:
    """The numbers outside words of time, in order."""
    tokens, found = marked.tokens, list[Said]()
    index = 0
    while index < len(tokens) and len(found) < _MAX:
        word = tokens.word(index)
        level = _LEVELS.get(word)
        number = read_number(tokens, index) if word not in ("a", "couple") else None
        if not marked.free(index) and not _counted_time(marked, index):
            index += 1
            continue
        if number is None and level is None:
            index += 1
            continue
        value, last = number if number is not None else (level or 0.0, index + 1)
        if number is not None and _in_code(marked, index, last):
            index = last
            continue
        scale = _SCALES.get(tokens.word(last)) if number is not None and tokens.glued(last) else None
        if scale is not None:
            value, last = value * scale, last + 1
        sign = -1.0 if tokens.word(index - 1) == "-" and tokens.glued(index) and not tokens.glued(index - 1) else 1.0
        found.append(
            Said(value * sign, index, last, _unit(marked, index, last), _before(marked, index), stem(tokens.word(last)),
                 number is None)
        )  # fmt: skip
        index = max(last, index + 1)
    return found


def _counted_time(marked: Marked, index: int) -> bool:
    """Numbers in lengths of time count too, for tools that ask for minutes or years as numbers."""
    span = marked.spans[marked.inside[index] - 1]
    return span.kind == "duration"


def _in_code(marked: Marked, first: int, last: int) -> bool:
    """Whether the digits are a piece of a code such as "INV-2024-7" or "#W12"."""
    tokens = marked.tokens
    sign = tokens.word(first - 1)
    glued_before = tokens.glued(first) and (sign[0].isalpha() or sign in "-_/#@")
    if glued_before and sign in "-/":
        glued_before = tokens.glued(first - 1) and tokens.word(first - 2)[:1].isalnum()
    behind = tokens.word(last)
    lettered = behind[:1].isalpha() and behind not in _UNIT_WORDS and behind not in _NUMBER_ENDS
    glued_behind = bool(behind) and tokens.glued(last) and (behind == "_" or lettered)
    return glued_before or glued_behind


def _unit(marked: Marked, first: int, last: int) -> str:
    tokens = marked.tokens
    behind = tokens.word(last)
    if behind == "-" and tokens.glued(last):
        behind = tokens.word(last + 1)
    if behind == "of":
        return ""
    before = tokens.word(first - 1)
    if before == "of" and tokens.word(first - 2) not in _COMPANIES:  # "a price of 20" counts no people
        before = ""
    return _UNIT_WORDS.get(behind) or _UNIT_WORDS.get(before, "")


def _before(marked: Marked, first: int) -> tuple[str, ...]:
    return tuple(stem(marked.low[index]) for index in range(max(0, first - 5), first) if marked.low[index][0].isalpha())


def fit(said: Said, words: frozenset[str]) -> float:
    """How well a number fits a property with these stemmed words in its name and description, 0 to 1."""
    score = 0.0
    if said.unit:
        score += 0.6 if _UNITS[said.unit] & words else -0.3
    near = said.before[-1:] and said.before[-1] in words
    if near or said.behind in words:
        score += 0.6
    elif words.intersection(said.before):
        score += 0.35
    meant = {concept for word in said.before for concept in concepts_of(word)}
    if meant and not meant.isdisjoint(concept for word in words for concept in concepts_of(word)):
        score += 0.2
    return score
