"""Reads text that was given word for word: codes, addresses, messages, values named by what they are."""

from __future__ import annotations

import re

from common.language.marked import Marked
from common.language.subjects import quoted
from common.language.words import stem, word_set

__all__ = ["read_code", "read_email", "read_named_text", "read_url"]

_EMAIL = re.compile(r"[\w.+\-]{1,64}@[A-Za-z0-9\-]{1,63}(?:\.[A-Za-z0-9\-]{1,63}){1,8}")
_URL = re.compile(r"(?:https?://|www\.)[^\s\"'<>]{1,2000}", re.IGNORECASE)
_LINKS = frozenset(
    {"is", "=", ":", "of", "to", "as", "no", ".", "number", "id", "#", "nr", "called", "named", "with", "-"}
)
_SAYING = frozenset({"saying", "says", "say", "that", "reading", ":", "stating"})
_MESSAGES = frozenset(stem(word) for word in ("message", "text", "body", "content", "note", "comment", "caption"))
_REASONS = frozenset({"because", "since", "due"})
_CODE_SIGNS = frozenset("-_/#.")
_STOPS = word_set("and or with for to on in at by from please , ; . ? ! then because that if as")
_MAX_WORDS = 8
_MAX_LAST = 3
_BEFORE_NAME = frozenset({"with", "in", "of", "whose", "by", "has", "have", "having", "for"})
_ARTICLES = frozenset({"the", "a", "an"})


def read_email(text: str) -> str | None:
    """The first e-mail address."""
    match = _EMAIL.search(text)
    return match.group().rstrip(".") if match else None


def read_url(text: str) -> str | None:
    """The first web address."""
    match = _URL.search(text)
    return match.group().rstrip(".,;!?)") if match else None


def read_code(marked: Marked, name: str, words: frozenset[str]) -> tuple[str, int, int] | None:
    """A code, number or reference that belongs to a property ("invoice 4711", "order #W12"): (it, its token places)."""
    tokens = marked.tokens
    own = _own_words(name, words)
    loose: tuple[str, int, int] | None = None
    for index in range(len(tokens)):
        if not marked.free(index) or not _code_start(marked, index):
            continue
        last = _code_end(marked, index)
        code = tokens.cut(index, last).lstrip("#")
        if not any(char.isdigit() for char in code):
            continue
        before = {stem(marked.low[i]) for i in range(max(0, index - 4), index)}
        if own & before:
            return code, index, last
        if loose is None and any(char.isalpha() or char in "-#" for char in tokens.cut(index, last)):
            loose = code, index, last
    return loose


def _own_words(name: str, words: frozenset[str]) -> frozenset[str]:
    parts = {stem(part.lower()) for part in re.findall(r"[a-z]+|[A-Z][a-z]*", name)} - {
        "id",
        "number",
        "no",
        "code",
        "ref",
    }
    return frozenset(parts) or words


def _code_start(marked: Marked, index: int) -> bool:
    tokens = marked.tokens
    word = tokens.word(index)
    if index and tokens.glued(index) and (tokens.word(index - 1)[0].isalnum() or tokens.word(index - 1) in _CODE_SIGNS):
        return tokens.word(index - 1) in ("#", "(") and word[0].isalnum()
    return word[0].isdigit() or (word[0].isalpha() and tokens.glued(index + 1) and (
        tokens.word(index + 1)[0].isdigit() or tokens.word(index + 1) in _CODE_SIGNS)) or word == "#"  # fmt: skip


def _code_end(marked: Marked, index: int) -> int:
    tokens = marked.tokens
    last = index + 1
    while last < len(tokens) and tokens.glued(last):
        word = tokens.word(last)
        if word[0].isalnum():
            last += 1
        elif word in _CODE_SIGNS and tokens.glued(last + 1) and tokens.word(last + 1)[0].isalnum():
            last += 2
        else:
            break
    return last


def read_named_text(marked: Marked, name: str, *, alone: bool) -> str | None:
    """The text that is given for a property: named by it ("reason: too late"), said ("saying I'm late"), or quoted.

    `alone`: no other property takes a text, so that quotes, last words and a proper name can be for this one only.
    """
    tokens = marked.tokens
    own = {stem(part.lower()) for part in re.findall(r"[a-z]+|[A-Z][a-z]*", name)}
    end = len(tokens)
    while end and tokens.word(end - 1) in (".", "?", "!", ","):
        end -= 1
    if own & _MESSAGES and (said := _message(marked, end)):
        return said
    if "reason" in own and (why := next((i for i in range(1, end) if marked.low[i] in _REASONS), None)) is not None:
        first = why + 1 + (tokens.word(why + 1) in ("of", "to"))
        return tokens.cut(first, end) or None
    for index in range(end - 1):
        if stem(marked.low[index]) in own and len(marked.low[index]) > 1:
            value = _after(marked, index + 1, end)
            if value is not None:
                return value
    if not alone:
        return None
    return (
        quoted(tokens.text) or _last_words(marked, own, end) or (_proper_name(marked, end) if "name" in own else None)
    )


def _last_words(marked: Marked, own: set[str], end: int) -> str | None:
    """What ends the part behind the property's own name: "with status late", "in the category garden tools"."""
    for index in range(1, end - 1):
        before = index - 1 - (index > 1 and marked.low[index - 1] in _ARTICLES)
        if stem(marked.low[index]) in own and marked.low[before] in _BEFORE_NAME and end - index - 1 <= _MAX_LAST:
            last = range(index + 1, end)
            if all(marked.free(place) and marked.tokens.word(place) not in _STOPS for place in last):
                return marked.tokens.cut(index + 1, end)
    return None


def _proper_name(marked: Marked, end: int) -> str | None:
    """The capitalised words that end the part, without what begins it."""
    first = end
    while first > 1 and marked.free(first - 1) and marked.tokens.raw(first - 1)[:1].isupper():
        first -= 1
    return marked.tokens.cut(first, end) if first < end <= first + _MAX_LAST else None


def _message(marked: Marked, end: int) -> str | None:
    """What is to be said: behind "saying", "that" or a colon, or between quotation marks."""
    tokens = marked.tokens
    if name := quoted(tokens.text):
        return name
    for index in range(1, end - 1):
        if marked.low[index] in _SAYING and marked.free(index):
            first = index + 1 + (tokens.word(index + 1) in ("that", ":"))
            return tokens.cut(first, end).strip() or None
    return None


def _after(marked: Marked, index: int, end: int) -> str | None:
    """The value behind the property's own name, up to the next joining word."""
    tokens = marked.tokens
    linked = False
    while index < end and tokens.word(index) in _LINKS:
        linked = linked or tokens.word(index) in ("is", "=", ":", "to", "as", "called", "named")
        index += 1
    if index >= end or not marked.free(index):
        return None
    if tokens.word(index) == '"':
        return quoted(tokens.text[tokens.starts[index] :])
    if not linked and not (
        tokens.word(index)[0].isdigit() or tokens.raw(index)[:1].isupper() or tokens.word(index - 1) == "#"
    ):
        return None
    last = index
    while last < end and last - index < _MAX_WORDS and marked.free(last):
        if last > index and tokens.word(last) in _STOPS and not (tokens.glued(last) and tokens.glued(last + 1)):
            break
        last += 1
    return tokens.cut(index, last).strip(" ,.;") or None
