"""Reads the formula at the beginning of a text, in signs or in words: "revenue minus costs, for a company"."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field

from common.language.words import word_set
from roles.builder.understanding.words import identifier, words_of
from roles.engineering.formulas.functions import ALIASES, FUNCTIONS

__all__ = ["AGGREGATES", "Names", "ReadExpression", "read_expression"]

Names = Collection[tuple[str, ...]]
"""The words of names, in the singular."""

_STOP = word_set(
    """from for with where in given using which that when if please based by per as must should and then warn fail pass
    it inputs input has need needs at is are was because so but or returns return take takes on across within
    whenever over"""
)
_ASIDE = word_set(
    """pass passes passed passing fail fails failed failing minimum maximum limit i we anything everything it must
    should please with if when where which that then warn because so but at call called name named"""
)
"""Words behind a dash that is none of arithmetic."""
_DROPPED = word_set("the a an its their our all of each my")
_UNIT = (
    r"(?:kg|kilograms?|grams?|m|met(?:er|re)s?|cm|km|kilomet(?:er|re)s?|miles?|nm|years?|months?|days?|hours?|minutes?"
    r"|dollars?|euros?|pounds?|usd|eur|gbp|percent|per cent|%|kwh|mwh|lit(?:er|re)s?|tonnes?|tons?|sqm|sqft|ha|units?)"
)
_WORDS = (
    (r"(?<=[A-Za-z0-9])['’]s\b|(?<=s)['’](?=\s)", ""), (r",\s*(?=(?:plus|minus|times|divided|multiplied)\b)", " "),
    (rf"(?<=[a-z])\s+\((?:in\s+)?(?:an?\s+)?{_UNIT}\)", " "),
    (rf"\s+in\s+{_UNIT}\b(?=\s*(?:[-+*/)^,÷×]|$|squared|cubed|divided|times|over|minus|plus|multiplied))", " "),
    (r"%\s+of\b|(?<=\d)\s*(?:percent|per cent) of\b", "% * "),
    (r"\bdivided by\b|\bover\b(?!\s+\d)|\bdividing by\b|\bout of\b(?!\s+\d)|÷", " / "),
    (r"\bmultiplied (?:by|with)\b|\btimes\b|×", " * "),
    (r"\bplus\b", " + "), (r"\bminus\b|\bless\b(?! than)|−|–", " - "), (r"\bto the power of\b|\^", " ** "),
    (r"\bsquared\b", " ** 2 "), (r"\bcubed\b", " ** 3 "),
    (r"\b(?:the\s+)?square root of\s+(?=\()", " sqrt"),
    (r"\b(?:the\s+)?square root of\s+(?:the\s+)?([a-z]+)", r" sqrt(\1)"),
    (r"\b(?:the\s+)?(?:number of\s+)?(?:days|nights) between\s+(?:the\s+)?([a-z ]+?)\s+and\s+(?:the\s+)?([a-z ]+?)"
     r"(?=\s+(?:of|times|multiplied|divided|over|plus|minus|for|must|should)\b|\s*(?:[-+*/.,;:)]|$))", r" (\2 - \1) "),
    (r"\bdividing\s+(.+?)\s+by\s+", r" \1 / "), (r"\bmultiplying\s+(.+?)\s+(?:by|with|and)\s+", r" \1 * "),
    (r"\bsubtracting\s+(.+?)\s+from\s+(\w[\w ]*)", r" \2 - \1 "), (r"\badding\s+(.+?)\s+(?:to|and)\s+", r" \1 + "),
    (r"\b(?:the\s+)?ratio of\s+(.+?)\s+to\s+", r" \1 / "),
    (r"\b(?:the\s+)?difference between\s+(.+?)\s+and\s+", r" \1 - "),
    (r"\b(?:the\s+)?product of\s+(.+?)\s+and\s+", r" \1 * "), (r"(?<=\d)\s*(?:percent|per cent)\b", "%"),
)  # fmt: skip
AGGREGATES = {
    "sum": "sum", "total": "sum", "average": "mean", "mean": "mean", "avg": "mean", "count": "count", "number": "count",
    "minimum": "minimum", "maximum": "maximum", "median": "median",
}  # fmt: skip
"""Words for functions over rows, with their names in formulas."""
_UNIT_PRICES = word_set("price rate charge fee fare wage cost tariff earnings")
_UNITS = word_set(
    """kwh unit litre liter hour day night mile km kilometre kilometer kg tonne ton item share head person seat
    gallon piece minute square"""
)
_OVER_ROWS = re.compile(
    r"\s+(?:over|across|for|in|from|of)\s+(?:(?:all|each|every|any|of|its|the|their|these|an?)\s+)+"
    r"(?P<what>[a-z]+(?:\s[a-z]+)?)\b",
    re.IGNORECASE,
)
"""What may tell the rows that a function is over, or the thing that a formula is of."""
_OVER_THING = re.compile(
    r"\s+(?:of|for|per)\s+(?:(?:an?|any|each|every|one|given)\s+)+(?P<what>[a-z]+(?:\s[a-z]+)?)\b", re.IGNORECASE
)
_GOES_ON_IN = re.compile(r"[-+*/^÷×]|\b(?:plus|minus|times|over|divided|multiplied|less)\b", re.IGNORECASE)
_TOKEN = re.compile(r"\s*(\d+(?:,\d{3})*(?:\.\d+)?|\.\d+|[A-Za-z_][A-Za-z0-9_]*|\*\*|>=|<=|==|!=|[-+*/%()<>,;.:]|\S)")
_SIGNS = frozenset({"+", "-", "*", "/", "**", "%", ">", "<", ">=", "<=", "==", "!="})
_OPEN = tuple("+-*/%(,<>=")
_OF = re.compile(r"\s*of\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ReadExpression:
    """A formula that was read, over names made of its words; `phrases` are these words by name.

    `end` is where it ends in the text, `operators` how many it has; `aggregated`: it has functions over rows. `said`
    are functions that were made of words, with these words.
    """

    expression: str
    phrases: dict[str, str]
    end: int
    operators: int
    aggregated: bool
    said: dict[str, str] = field(default_factory=dict[str, str])


def read_expression(text: str, names: Names = ()) -> ReadExpression | None:
    """The formula at the beginning of a text, up to a word that can't belong to it; None where there is none.

    Words of `names` belong to it where they go on with one.
    """
    return _Reader(text, names).read()


class _Reader:
    """Goes through the tokens of one text."""

    def __init__(self, text: str, names: Names) -> None:
        self.names = names
        self.text = text[: self._rows_at(text)]
        self.plain, self.places = _with_signs(self.text)
        self.parts: list[str] = []
        self.phrases: dict[str, str] = {}
        self.words: list[str] = []
        self.said: dict[str, str] = {}
        self.depth = self.operators = self.at = 0
        self.function = self.function_said = ""
        self.aggregated = False

    def read(self) -> ReadExpression | None:
        end = 0
        while (match := _TOKEN.match(self.plain, self.at)) is not None:
            taken = self.word(match) if match[1][0].isalpha() or match[1][0] == "_" else self.sign(match)
            if not taken:
                break
            end = self.places[min(self.at, len(self.places) - 1)]
        self.close_name()
        while self.parts and self.parts[-1] in (*_SIGNS - {"%"}, ","):
            self.parts.pop()
        if not self.parts:
            return None
        text = re.sub(r"\( | (?=[),%])", lambda found: found[0].strip(), " ".join(self.parts))
        text = re.sub(r"(?<=[a-z]) \(", "(", text)
        if re.search(r"\b(?:divided by|over)\s+[\d.,]+\s+times\b", self.text, re.IGNORECASE):
            # "debt divided by 12 times the income": what follows the number belongs below
            text = re.sub(r"/ (\d[\d.]*) \* ([a-z]\w*)(?!\w*\()", r"/ (\1 * \2)", text)
        return ReadExpression(
            text, self.phrases, min(end, len(self.text)), self.operators, self.aggregated, self.said
        )  # fmt: skip

    def _rows_at(self, text: str) -> int:
        """Where the rows are told that a function is over: "sum of price times quantity over its order lines"."""
        tables = [name[1:] for name in self.names if name[:1] == ("table",)]
        for match in _OVER_ROWS.finditer(text):
            words = words_of(match["what"])
            before = text[: match.start()]
            aggregated = re.search(rf"\b(?:{'|'.join(AGGREGATES)})\b(?!\s*$)", before, re.IGNORECASE)
            if aggregated and any(table[-len(said) :] == said for table in tables for said in (words, words[:1])):
                return match.start()
        return self._thing_at(text, tables)

    @staticmethod
    def _thing_at(text: str, tables: Collection[tuple[str, ...]]) -> int:
        """Where the thing is told that a whole formula is of: "earned value / planned value of a project"."""
        for match in _OVER_THING.finditer(text):
            words = words_of(match["what"])
            behind = re.split(r"[.;:,]\s|[.;:,]$", text[match.end() :])[0]
            if _GOES_ON_IN.search(behind) is None and any(table[-len(said) :] == said for table in tables
                                                          for said in (words, words[:1])):  # fmt: skip
                return match.start()
        return len(text)

    @property
    def wants_operand(self) -> bool:
        return not self.words and (not self.parts or self.parts[-1].endswith(_OPEN))

    def close_name(self) -> None:
        """End a name of several words, within the function that was said before it."""
        if self.words:
            name = identifier(self.words)
            self.phrases[name] = " ".join(self.words)
            self.parts.append(f"{self.function}({name})" if self.function else name)
            self.aggregated = self.aggregated or bool(self.function)
            if self.function_said:
                self.said[self.parts[-1]] = f"{self.function_said} {self.phrases[name]}"
        self.function = self.function_said = ""
        self.words.clear()

    def word(self, match: re.Match[str]) -> bool:
        """Take in a word; False for one that ends the formula."""
        said, low = match[1], match[1].lower()
        behind = self.plain[match.end() :]
        known = ALIASES.get(low, low)
        if behind.lstrip().startswith("(") and not self.words and (known in FUNCTIONS or known == "if"):
            self.parts.append(known)
            self.aggregated = self.aggregated or (known in FUNCTIONS and FUNCTIONS[known].of_series)
        elif not self.depth and not self.words and not self.wants_operand:
            # a word right behind a number or a bracket belongs to the sentence
            return False
        elif low in _DROPPED and re.match(r"\s+[A-Za-z]", behind):
            pass
        elif low in _STOP and self.depth == 0 and not self.wants_operand and not self.goes_on(low, behind):
            return False
        elif low in AGGREGATES and self.wants_operand and re.match(r"\s+(?:of\s+)?(?:the\s+)?[A-Za-z_]", behind):
            return self.aggregate(low, said, match.end())
        else:
            self.words.append(said)
        self.at = match.end()
        return True

    def goes_on(self, low: str, behind: str) -> bool:
        """Whether a word that else ends formulas stands within a name: "price per kWh", "units in stock"."""
        if self.words and words_of(" ".join([*self.words, low])) in self.names:
            return True
        after = re.match(r"\s+([A-Za-z]+)", behind)
        if not self.words or after is None:
            return False
        if low == "per" and self.words[-1].lower() in _UNIT_PRICES and after[1].lower() in _UNITS:
            return True
        words = words_of(" ".join([*self.words, low, after[1]]))
        return any(name[at : at + len(words)] == words for name in self.names for at in range(len(name)))

    def aggregate(self, low: str, said: str, end: int) -> bool:
        """Take in a function said in words: "sum of quantity times price" is over the product, "total kwh" over kwh."""
        of = _OF.match(self.plain, end)
        self.at = end if of is None else of.end()
        if of is not None and re.search(r"\*", self.plain[self.at : self.at + 60]):
            inner = read_expression(self.plain[self.at :], self.names)
            if inner is not None and inner.operators:
                self.parts.append(f"{AGGREGATES[low]}({inner.expression})")
                self.phrases |= inner.phrases
                self.operators += inner.operators
                self.aggregated = True
                self.at += inner.end
                return True
        self.function, self.function_said = AGGREGATES[low], "" if of is not None else said
        return True

    def sign(self, match: re.Match[str]) -> bool:
        """Take in a number or a sign; False for one that ends the formula."""
        sign = match[1]
        if sign == "(" and self.words:
            return False
        after = re.match(r"\s+([A-Za-z]+)", self.plain[match.end() :]) if sign == "-" else None
        if after is not None and not self.depth and not self.wants_operand and after[1].lower() in _ASIDE:
            # a dash between two parts of a sentence
            return False
        self.close_name()
        if sign[0].isdigit() or (sign[0] == "." and len(sign) > 1):
            if self.parts and not self.wants_operand:
                return False
            self.parts.append(sign.replace(",", ""))
        elif sign in _SIGNS:
            self.parts.append(sign)
            self.operators += sign != "%"
        elif sign == "(" or (sign == "," and self.depth) or (sign == ")" and self.depth):
            self.parts.append(sign)
            self.depth += {"(": 1, ")": -1}.get(sign, 0)
        else:
            return False
        self.at = match.end()
        return True


def _with_signs(text: str) -> tuple[str, list[int]]:
    """The text with signs for words of arithmetic, and for each of its places the place in the text as given."""
    plain, places = text, list(range(len(text) + 1))
    for pattern, sign in _WORDS:
        finder = re.compile(pattern, re.IGNORECASE)
        match = finder.search(plain)
        while match is not None:
            new = match.expand(sign)
            first, last = match.span()
            plain = plain[:first] + new + plain[last:]
            step = places[first:last]
            inner = len(new.rstrip())
            # a formula that ends with what was put in ends behind what it stands for
            behind = [places[last] if index >= inner else step[min(index, len(step) - 1)] for index in range(len(new))]
            places = places[:first] + behind + places[last:]
            match = finder.search(plain, first + len(new))
    return plain, places
