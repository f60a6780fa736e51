"""What the classifier looks at in a text: words, their neighbours and classes, the form of the request, and pieces
of words (so that a typo still looks like the word).

A text becomes three blocks of named features. Each block is scaled to the same length whatever the text's length, and
names that the weights don't know count too: the less of a text is known, the less certain the answer is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from roles.scorer.lexicon import word_classes

__all__ = ["BLOCKS", "MAX_CHARS", "MAX_TOKENS", "FeatureBlocks", "extract", "tokenize"]

MAX_CHARS = 400
MAX_TOKENS = 48
BLOCKS = ("words", "classes", "pieces")

_CONTRACTIONS = re.compile(
    r"\b(?:(what|where|who|how|when|why|that|it|there|here|let|he|she)['’]?s"
    r"|(i)['’]?m|(i|you|we|they)['’](d|ll|ve|re)|(youre|theyre|ive)|(ca|do|does|did|is|are|was|wo|would|could|should|has|have)n['’]?t"
    r")\b"
)
_FULL = {
    "d": "would",
    "ll": "will",
    "ve": "have",
    "re": "are",
    "youre": "you are",
    "theyre": "they are",
    "ive": "i have",
}
_NEGATED = {"ca": "can", "wo": "will"}
_TOKEN = re.compile(
    r"(?P<clock>\d{1,2}[:.]\d\d(?:\s?[ap]\.?m\b\.?)?|\d{1,2}\s?(?:[ap]\.?m\b\.?|o['’]?clock))"
    r"|(?P<date>\d{1,2}(?:st|nd|rd|th)\b|\d{1,4}[/-]\d{1,2}(?:[/-]\d{2,4})?)"
    r"|(?P<money>[$€£]\s?\d[\d.,]*|\d[\d.,]*\s?[$€£])"
    r"|(?P<percent>\d+\s?%)"
    r"|(?P<number>\d[\d.,]*)"
    r"|(?P<word>[^\W\d_]+(?:['’-][^\W\d_]+)*)"
    r"|(?P<mark>[?+*/=×÷])"
)
_SPELLED = frozenset({
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty", "thirty", "forty", "fourty",
    "fifty", "sixty", "seventy", "eighty", "ninety", "hundred", "thousand", "half", "couple", "ninety-five",
    "twenty-five", "forty-five", "thirty-five",
})  # fmt: skip
_OPENERS = re.compile(
    r"(?:(?:hey|hi|hello|ok|okay|alright|all right|so|well|um|uh|please|pls|plz|kindly|yo|and|also|just|actually|now"
    r"|then|excuse me|good morning|good evening|by the way|quick question|quickly|maybe|perhaps)\b[\s,!.:]*"
    r"|(?:can|could|would|will|cld|might) (?:you|u|ya|we|i)(?: please| maybe| possibly| kindly| quickly| just| mind"
    r"| be able to| be so kind as to| help me(?: to)?| go ahead and| get| have)?\b\s*"
    r"|i(?: would| do)? (?:need|want|like|love|wish|prefer) (?:you to|for you to|to|u to)\b\s*"
    r"|(?:i am|i was) (?:wondering|curious|trying to (?:find|figure) out|looking for|interested in knowing)\b\s*"
    r"|(?:is it|would it be|is there any way|is there a way) (?:possible )?(?:for you )?to\b\s*"
    r"|(?:do you (?:happen to )?know|do you have any idea|any idea|do u know)\b\s*"
    r"|(?:go ahead and|i need help with|help me(?: to| with)?|i have to|i must|let us|let me|would you mind)\b\s*"
    r"|(?:tell me|let me know|find out|check|see|show me|figure out)"
    r"(?= (?:if|whether|what|when|where|who|how|which|why|about)\b)\s*"
    r"|(?:if|whether)\b\s*)"
)
_QUESTION = frozenset({"what", "when", "where", "who", "whom", "whose", "which", "why", "how"})
_AUXILIARY = frozenset({
    "is", "are", "was", "were", "am", "do", "does", "did", "has", "have", "had", "will", "would", "can", "could",
    "should", "shall", "may", "might", "must",
})  # fmt: skip
_PRONOUNS = {
    "i": "me",
    "me": "me",
    "my": "me",
    "mine": "me",
    "we": "me",
    "our": "me",
    "us": "me",
    "you": "you",
    "your": "you",
    "yourself": "you",
    "yours": "you",
    "u": "you",
}


class FeatureBlocks(NamedTuple):
    """The feature names of one text, without repetition, in the blocks of `BLOCKS`."""

    words: Sequence[str]
    classes: Sequence[str]
    pieces: Sequence[str]


def _expand(match: re.Match[str]) -> str:
    subject, am, pronoun, ending, glued, negated = match.groups()
    if subject:
        return "let us" if subject == "let" else f"{subject} is"
    if am:
        return "i am"
    if pronoun:
        return f"{pronoun} {_FULL[ending]}"
    if glued:
        return _FULL[glued]
    return f"{_NEGATED.get(negated, negated)} not"


def normalize(text: str) -> str:
    """Lower case, compatibility characters folded, contractions written out, cut to `MAX_CHARS`."""
    text = text[:MAX_CHARS]
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)[:MAX_CHARS]
    text = " ".join(text.lower().split())
    return _CONTRACTIONS.sub(_expand, text)


def tokenize(normalized: str) -> list[tuple[str, str]]:
    """Tokens of a normalised text as (kind, token); kinds are the group names of the token pattern."""
    found: list[tuple[str, str]] = []
    for match in _TOKEN.finditer(normalized):
        found.append((match.lastgroup or "word", match.group()))
        if len(found) >= MAX_TOKENS:
            break
    return found


@lru_cache(maxsize=8192)
def _stem(word: str) -> str:
    """The word without the commonest endings; both "timers" and "timer" become "timer"."""
    if len(word) > 4:
        if word.endswith("ies"):
            return word[:-3] + "y"
        if word.endswith("ing") and len(word) > 5:
            base = word[:-3]
            return base[:-1] if len(base) > 3 and base[-1] == base[-2] and base[-1] not in "ls" else base
        if word.endswith("ed") and len(word) > 5:
            return word[:-2]
        if word.endswith("es") and word[-3] in "sxzh":
            return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


@lru_cache(maxsize=8192)
def _pieces(word: str) -> tuple[str, ...]:
    if len(word) > 24:
        word = word[:24]
    padded = f"<{word}>"
    size = len(padded)
    return tuple(padded[i : i + n] for n in (3, 4, 5) if size >= n for i in range(size - n + 1))


def _classes(words: Sequence[str]) -> list[tuple[str, tuple[str, ...], int]]:
    """The words with their classes, pairs and triples of words that are listed together taken as one."""
    listed = word_classes()
    found: list[tuple[str, tuple[str, ...], int]] = []
    index, size = 0, len(words)
    while index < size:
        for length in (3, 2):
            if index + length <= size:
                joined = " ".join(words[index : index + length])
                if joined in listed:
                    found.append((joined, listed[joined], length))
                    index += length
                    break
        else:
            word = words[index]
            found.append((word, listed.get(word, ()), 1))
            index += 1
    return found


class _Token(NamedTuple):
    text: str  # as in word pairs: the word, or the kind of number
    mapped: str  # as in class pairs: the class that stands in for it, or its stem
    classes: tuple[str, ...]


def _tokens_of(core: str) -> list[_Token]:
    raw: list[str] = []
    for kind, token in tokenize(core):
        if kind == "word":
            raw.append("#number" if token in _SPELLED else token)
        elif kind == "mark":
            raw.append(token)
        else:
            raw.append(f"#{kind}")
    found: list[_Token] = []
    for text, classes, _ in _classes(raw):
        if text[0] == "#":
            found.append(_Token(text, text, (text,)))
        elif "unit" in classes and found and found[-1].text in ("#number", "a", "an"):
            found[-1] = _Token(found[-1].text, "duration", ("duration",))
            found.append(_Token(text, "", ("unit",)))
        else:
            found.append(_Token(text, classes[0] if classes else _stem(text), classes))
    return found


def _word_block(tokens: Sequence[_Token]) -> dict[str, None]:
    block: dict[str, None] = {}
    previous = "^"
    for token in tokens:
        for word in token.text.split():
            block["w:" + _stem(word)] = None
        block[f"b:{previous} {token.text}"] = None
        previous = token.text
    block[f"b:{previous} $"] = None
    starts = [token.text for token in tokens[:3]]
    for size in range(1, len(starts) + 1):
        block["s:" + " ".join(starts[:size])] = None
    return block


def _form(tokens: Sequence[_Token]) -> list[str]:
    """Marks of the request's form: question or order, about whom, how long."""
    first = tokens[0].text if tokens else ""
    if first in _QUESTION:
        asked = first if first != "how" or len(tokens) < 2 else f"how {tokens[1].text}"
        marks = [f"ask:{asked}"]
    elif first in _AUXILIARY:
        marks = [f"aux:{first}"]
    elif tokens and tokens[0].classes:
        marks = [f"do:{tokens[0].classes[0]}"]
    else:
        marks = ["say"]
    marks.extend(sorted({f"who:{_PRONOUNS[token.text]}" for token in tokens if token.text in _PRONOUNS}))
    return marks


def _class_block(tokens: Sequence[_Token]) -> dict[str, None]:
    block: dict[str, None] = {}
    mapped = [token.mapped for token in tokens if token.mapped]
    for left, right in pairwise(mapped):
        block[f"m:{left} {right}"] = None
    for left, middle, right in zip(mapped, mapped[1:], mapped[2:], strict=False):
        block[f"t:{left} {middle} {right}"] = None
    for left, right in zip(mapped, mapped[2:], strict=False):
        block[f"k:{left} {right}"] = None
    marks = dict.fromkeys(name for token in tokens for name in token.classes)
    form = _form(tokens)
    for name in [*marks, *form]:
        block["c:" + name] = None
    present = sorted(marks)[:8] + form
    for index, left in enumerate(present):
        for right in present[index + 1 :]:
            block[f"x:{left} {right}"] = None
    size = len(tokens)
    block[f"n:{size if size < 4 else 4 + min((size - 4) // 4, 4)}"] = None
    if not marks:
        block["c:none"] = None
    return block


def extract(text: str) -> FeatureBlocks:
    """The features of a text of any length; only its first `MAX_CHARS` characters and `MAX_TOKENS` words are read."""
    normalized = normalize(text)
    core = normalized
    for _ in range(6):
        match = _OPENERS.match(core)
        if match is None or match.end() == len(core):
            break
        core = core[match.end() :]
    tokens = _tokens_of(core)
    pieces: dict[str, None] = {}
    for token in tokens:
        if token.text[0] != "#":
            for word in token.text.split():
                pieces.update(dict.fromkeys(_pieces(word)))
    return FeatureBlocks(tuple(_word_block(tokens)), tuple(_class_block(tokens)), tuple(pieces))
