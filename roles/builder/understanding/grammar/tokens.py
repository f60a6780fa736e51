"""The tokens of a request: words, numbers, quoted values, signs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from roles.builder.understanding.words import singular

__all__ = ["Token", "stem", "tokens_of"]

Kind = Literal["word", "number", "date", "quoted", "sign"]
_TOKEN = re.compile(
    r"(?P<quoted>\"[^\"\n]{1,80}\"|“[^”\n]{1,80}”|‘[^’\n]{1,80}’|(?<![A-Za-z0-9])'[^'\n]{1,80}'(?![A-Za-z]))"
    r"|(?P<date>\d{4}-\d{2}-\d{2})"
    r"|(?P<number>\d+(?:,\d{3})+(?:\.\d+)?|\d*\.\d+|\d+)(?P<ordinal>(?:st|nd|rd|th)\b)?"
    r"|(?P<word>[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*)"
    r"|(?P<own>['’]s\b|['’](?=\s|$))"
    r"|(?P<sign>\*\*|>=|<=|!=|[-+*/^=<>≥≤%(),.;:?!×÷–—&#@$€£'’]|[^\s\w]|_)"
)
_SHORT = re.compile(r"\b([A-Za-z]+)n['’]t\b")
_SHORT_WORDS = {"ca": "can", "wo": "will", "sha": "shall"}
_ENDS = ("ment", "ing", "ure", "ion", "ed", "al", "es", "e", "y")
_IRREGULAR = {
    "paid": "pay", "payment": "pay", "sold": "sell", "sale": "sell", "spent": "spend", "bought": "buy",
    "left": "leave", "sent": "send", "given": "give", "gave": "give", "taken": "take", "took": "take",
    "maximum": "max", "minimum": "mini", "kilogram": "kg", "kilo": "kg", "kilometre": "km", "litre": "l", "liter": "l",
    "hectolitre": "hl", "hr": "hour", "yr": "year", "qty": "quantity", "amt": "amount", "no": "no", "built": "build",
    "made": "make", "born": "birth", "lent": "lend", "held": "hold", "won": "win", "lost": "lose", "worn": "wear",
    "begun": "begin", "began": "begin", "written": "write", "driven": "drive", "grown": "grow", "flown": "fly",
    "expense": "expens", "utilisation": "utilis", "metre": "m", "kilowatt": "kw", "gigabyte": "gb", "admitted": "admi",
    "admission": "admi",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a request; `low` is its word in lower case and singular, `words` what an identifier is made of.

    `start` and `end` are its place in the text; `glued`: no space is between it and the token before.
    """

    kind: Kind
    text: str
    low: str
    words: tuple[str, ...]
    start: int
    end: int
    glued: bool = False

    @property
    def plain(self) -> str:
        """The text in lower case."""
        return self.text.lower()


@lru_cache(maxsize=4096)
def stem(word: str) -> str:
    """What forms of a word have in common: deliver for deliveries and delivered."""
    plain = singular(word.lower())
    if plain in _IRREGULAR:
        plain = _IRREGULAR[plain]
    if plain.endswith("ship") and len(plain) > 6:
        # a membership plan is one of members
        plain = plain[:-4]
    for end in _ENDS:
        if plain.endswith(end) and len(plain) - len(end) >= 3:
            plain = plain[: -len(end)]
            break
    if len(plain) > 3 and plain[-1] == plain[-2]:
        plain = plain[:-1]
    return plain


def tokens_of(text: str) -> tuple[Token, ...]:
    """The tokens of a text; "hasn't" is "has not"."""
    text = _SHORT.sub(lambda match: f"{_SHORT_WORDS.get(match[1].lower(), match[1])} not", text)
    found: list[Token] = []
    for match in _TOKEN.finditer(text):
        glued = bool(found) and found[-1].end == match.start()
        start, end = match.span()
        if match["quoted"]:
            inner = match[0][1:-1].strip()
            found.append(Token("quoted", inner, inner.lower(), (inner.lower(),), start, end))
        elif match["date"]:
            found.append(Token("date", match[0], match[0], (), start, end, glued))
        elif match["number"]:
            low = match["number"].replace(",", "")
            kind: Kind = "word" if match["ordinal"] else "number"
            found.append(
                Token(kind, match[0], match[0].lower() if match["ordinal"] else low, (low,), start, end, glued)
            )
        elif match["word"]:
            parts = tuple(singular(part) for part in match[0].lower().split("_") if part)
            found.append(Token("word", match[0], singular(match[0].lower()), parts, start, end, glued))
        elif match["own"]:
            found.append(Token("sign", "'s", "'s", (), start, end, glued))
        else:
            found.append(Token("sign", match[0], match[0], (), start, end, glued))
    return tuple(found)
