"""Words and numbers of a text: tokens with their places, light stemming, spelled-out numbers.

Everything here is total (any text is fine) and linear in the length of the text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

__all__ = [
    "MAX_CHARS",
    "Tokens",
    "by_word",
    "clean",
    "is_name_like",
    "read_number",
    "read_ordinal",
    "read_whole",
    "stem",
    "tokenize",
    "word_set",
]

T = TypeVar("T")

MAX_CHARS = 20_000
"""Characters of a text that are looked at; what stands behind them is ignored."""

_TOKEN = re.compile(r"\d+|[^\W\d_]+(?:'[^\W\d_]+)?|[^\w\s]|_")
_SAME_LENGTH = {
    ord(old): new for old, new in zip("’‘‛´`“”„«»‐‑‒–—−\u00a0\u2009\u202f", "'''''\"\"\"\"\"------   ", strict=True)
}
_MAX_DIGITS = 12

_SMALL = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
_TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fourty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80,
    "ninety": 90,
}  # fmt: skip
_SCALES = {"hundred": 100, "thousand": 1000, "million": 1_000_000}
_VAGUE = {"couple": 2, "few": 3, "dozen": 12}
_FRACTIONS = {"½": 0.5, "¼": 0.25, "¾": 0.75}
_ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
    "tenth": 10, "eleventh": 11, "twelfth": 12, "thirteenth": 13, "fourteenth": 14, "fifteenth": 15, "sixteenth": 16,
    "seventeenth": 17, "eighteenth": 18, "nineteenth": 19, "twentieth": 20, "thirtieth": 30,
}  # fmt: skip
_ORDINAL_ENDS = frozenset({"st", "nd", "rd", "th"})

NUMBER_WORDS = frozenset(_SMALL) | frozenset(_TENS)


def word_set(text: str) -> frozenset[str]:
    """The words of a text as a set; long lists of words stay readable this way."""
    return frozenset(text.split())


def by_word(groups: Mapping[T, str]) -> dict[str, T]:
    """A table from each word of a text to the key it stands under."""
    return {word: key for key, text in groups.items() for word in text.split()}


@dataclass(frozen=True, slots=True)
class Tokens:
    """A text cut into tokens: runs of digits, words (with inner apostrophe) and single signs.

    `low` holds them in lower case, `starts` and `ends` where they stand in `text`.
    """

    text: str
    low: list[str]
    starts: list[int]
    ends: list[int]

    def __len__(self) -> int:
        return len(self.low)

    def word(self, index: int) -> str:
        """The token in lower case, or "" beyond either end."""
        low = self.low  # this is asked thousands of times for one request
        return low[index] if 0 <= index < len(low) else ""

    def raw(self, index: int) -> str:
        """The token as written, or "" beyond either end."""
        return self.text[self.starts[index] : self.ends[index]] if 0 <= index < len(self.low) else ""

    def glued(self, index: int) -> bool:
        """Whether no space stands between this token and the one before it."""
        return 0 < index < len(self.low) and self.starts[index] == self.ends[index - 1]

    def cut(self, first: int, last: int) -> str:
        """The text from token `first` up to, not including, token `last`."""
        return self.text[self.starts[first] : self.ends[last - 1]] if first < last else ""


def clean(text: str) -> str:
    """Typographic quotes, dashes and spaces as plain ones, each sign keeping its place; cut at `MAX_CHARS`."""
    return text[:MAX_CHARS].translate(_SAME_LENGTH)


def tokenize(text: str) -> Tokens:
    """Cut a text into tokens; places refer to the cleaned text, which is as long as the given one."""
    text = clean(text)
    starts: list[int] = []
    ends: list[int] = []
    low: list[str] = []
    for match in _TOKEN.finditer(text):
        starts.append(match.start())
        ends.append(match.end())
        low.append(match.group().lower())
    return Tokens(text, low, starts, ends)


def read_whole(tokens: Tokens, index: int, depth: int = 3) -> tuple[int, int] | None:
    """A whole number in digits or words at `index`: (value, index behind it), or None."""
    word = tokens.word(index)
    if word.isdecimal():
        return (int(word), index + 1) if len(word) <= _MAX_DIGITS else None
    if word in _SMALL:
        value, after = _SMALL[word], index + 1
    elif word in _TENS:
        value, after = _TENS[word], index + 1
        at = after + 1 if tokens.word(after) == "-" else after
        unit = _SMALL.get(tokens.word(at), 0)
        if 0 < unit < 10:
            value, after = value + unit, at + 1
    elif word in ("a", "one") and tokens.word(index + 1) in _SCALES:
        value, after = 1, index + 1
    else:
        return None
    return _scaled(tokens, value, after, depth) if depth else (value, after)


def _scaled(tokens: Tokens, value: int, after: int, depth: int) -> tuple[int, int]:
    scale = _SCALES.get(tokens.word(after))
    if scale is None:
        return value, after
    value, after = value * scale, after + 1
    at = after + 1 if tokens.word(after) == "and" else after
    rest = read_whole(tokens, at, depth - 1) if not tokens.word(at).isdecimal() else None
    if rest is not None and rest[0] < scale:
        return value + rest[0], rest[1]
    return value, after


def read_number(tokens: Tokens, index: int) -> tuple[float, int] | None:
    """A number at `index`: "12", "1.5", "2,5", "1 1/2", "½", "twenty five", "a couple of", "half a dozen"."""
    word = tokens.word(index)
    if word in _FRACTIONS:
        return _FRACTIONS[word], index + 1
    start = index + 1 if word == "a" else index
    if tokens.word(start) in _VAGUE:
        after = start + 1
        return float(_VAGUE[tokens.word(start)]), after + 1 if tokens.word(after) == "of" else after
    whole = read_whole(tokens, index)
    if whole is None:
        return None
    value, after = float(whole[0]), whole[1]
    if tokens.low[after : after + 2] == ["and", "a"] and tokens.word(after + 2) in ("half", "quarter"):
        return value + (0.5 if tokens.word(after + 2) == "half" else 0.25), after + 3
    if not word.isdecimal():
        if tokens.word(after) == "point" and (decimal := read_whole(tokens, after + 1)) and decimal[0] < 10:
            return value + decimal[0] / 10, decimal[1]
        return value, after
    sign, digits = tokens.word(after), tokens.word(after + 1)
    if sign in (".", ",") and digits.isdecimal() and tokens.glued(after) and tokens.glued(after + 1):
        if sign == "," and len(digits) == 3:
            return _thousands(tokens, value, after)
        return float(f"{word}.{digits[:_MAX_DIGITS]}"), after + 2
    if sign in _FRACTIONS:
        return value + _FRACTIONS[sign], after + 1
    return value, after


def _thousands(tokens: Tokens, value: float, after: int) -> tuple[float, int]:
    while (
        tokens.word(after) == ","
        and len(tokens.word(after + 1)) == 3
        and tokens.word(after + 1).isdecimal()
        and tokens.glued(after)
        and tokens.glued(after + 1)
        and value < 1e12
    ):
        value, after = value * 1000 + int(tokens.word(after + 1)), after + 2
    sign, digits = tokens.word(after), tokens.word(after + 1)
    if sign == "." and digits.isdecimal() and tokens.glued(after) and tokens.glued(after + 1):
        return value + float(f"0.{digits[:_MAX_DIGITS]}"), after + 2
    return value, after


def read_ordinal(tokens: Tokens, index: int) -> tuple[int, int] | None:
    """An ordinal at `index`: "3rd", "third", "twenty-first": (value, index behind it), or None."""
    word = tokens.word(index)
    if word.isdecimal() and len(word) <= 3:
        if tokens.word(index + 1) in _ORDINAL_ENDS and tokens.glued(index + 1):
            return int(word), index + 2
        return None
    if word in _ORDINALS:
        return _ORDINALS[word], index + 1
    if word in ("twenty", "thirty"):
        at = index + 2 if tokens.word(index + 1) == "-" else index + 1
        unit = _ORDINALS.get(tokens.word(at), 0)
        if 0 < unit < 10:
            return _TENS[word] + unit, at + 1
    return None


def is_name_like(tokens: Tokens, index: int) -> bool:
    """Whether the token is written like a name: a capital first and not merely because a sentence starts there."""
    raw = tokens.raw(index)
    return bool(raw) and raw[0].isupper() and raw not in ("I", "I'm", "I'd", "I'll", "I've")


_KEEP = word_set(
    "this his is as was has does news bus gas plus yes always across address business less princess "
    "process access christmas series express boss class glass grass press dress miss pass cross us paris "
    "texas thus perhaps morning evening during nothing something anything everything string king ring "
    "spring thing wedding ceiling need feed speed seed red bed shed united hundred"
)


def stem(word: str) -> str:
    """A light stem: plural, -ing, -ed and possessive endings off; words that only look so are kept."""
    if word.endswith("'s"):
        word = word[:-2]
    if len(word) < 4 or word in _KEEP or not word.isascii():
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes", "zes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
        if word in _KEEP:
            return word
    for ending in ("ing", "ed"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return _undouble(word[: -len(ending)])
    if word.endswith("e") and len(word) > 4:
        return word[:-1]
    return word


def _undouble(base: str) -> str:
    if len(base) > 3 and base[-1] == base[-2] and base[-1] not in "lsz":
        return base[:-1]
    return base
