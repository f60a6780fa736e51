"""Cuts a request into sentences, lines and list items, and marks what must not be cut inside."""

from __future__ import annotations

from common.language.phrases import opens_question, opens_request
from common.language.time_words.expressions import find_expressions
from common.language.words import Tokens, word_set
from common.language.wrappers import skip_wrapper

__all__ = ["ENDS", "find_sentences", "held_together"]

ENDS = frozenset(".?!;")
_ABBREVIATIONS = word_set("dr mr mrs ms prof st e g i no nr vs approx a p m etc inc ltd jr sr min sec hr hrs tel ca")
_BULLETS = frozenset("-*•.?!;,")


def held_together(tokens: Tokens) -> bytearray:
    """For every token whether it goes on with the one before: in words of time, or between quotation marks."""
    held = bytearray(len(tokens))
    for found in find_expressions(tokens):
        size = found.last - found.first - 1
        if size > 0:
            held[found.first + 1 : found.last] = b"\x01" * size
    for index, word in enumerate(tokens.low):
        thousands = word == "," and tokens.glued(index) and tokens.glued(index + 1)
        if thousands and tokens.word(index - 1).isdecimal() and tokens.word(index + 1).isdecimal():
            held[index : index + 2] = b"\x01\x01"
    for first, last in _quotations(tokens):
        held[first + 1 : last + 1] = b"\x01" * (last - first)
    return held


def _quotations(tokens: Tokens) -> list[tuple[int, int]]:
    """Pairs of quotation marks; a single one counts only where it hugs a word from outside."""
    pairs: list[tuple[int, int]] = []
    opened: dict[str, int] = {}
    for index, word in enumerate(tokens.low):
        if word not in ("'", '"'):
            continue
        hugs_next, hugs_last = tokens.glued(index + 1), tokens.glued(index)
        if word in opened and (word == '"' or (hugs_last and not hugs_next) or index + 1 == len(tokens)):
            pairs.append((opened.pop(word), index))
        elif word == '"' or (hugs_next and not hugs_last):
            opened.setdefault(word, index)
    return pairs


def find_sentences(tokens: Tokens, held: bytearray) -> list[tuple[int, int]]:
    """The sentences as token places from, up to; bullets and numbers before them are left out."""
    bounds: list[tuple[int, int]] = []
    start = 0
    for index in range(len(tokens)):
        if index > start and (_new_line(tokens, index) or _numbered(tokens, index, held)):
            bounds.append((start, index))
            start = index
        if not held[index] and _ends_sentence(tokens, index):
            bounds.append((start, index + 1))
            start = index + 1
    bounds.append((start, len(tokens)))
    return [_unbulleted(tokens, first, last) for first, last in bounds if last > first]


def _new_line(tokens: Tokens, index: int) -> bool:
    return "\n" in tokens.text[tokens.ends[index - 1] : tokens.starts[index]]


def _numbered(tokens: Tokens, index: int, held: bytearray) -> bool:
    """Whether "2)" or "2." that leads to a request stands here, inside a line."""
    if not _is_number_sign(tokens, index) or held[index]:
        return False
    at = skip_wrapper(tokens, index + 2, len(tokens))
    return opens_request(tokens, at, len(tokens)) or opens_question(tokens, at, len(tokens))


def _is_number_sign(tokens: Tokens, index: int) -> bool:
    word = tokens.word(index)
    return (
        word.isdecimal()
        and len(word) <= 2
        and tokens.word(index + 1) in (")", ".")
        and tokens.glued(index + 1)
        and not tokens.glued(index + 2)
    )


def _ends_sentence(tokens: Tokens, index: int) -> bool:
    word = tokens.word(index)
    if word not in ENDS:
        return False
    if word == ";":
        return True
    if tokens.glued(index + 1) and tokens.word(index + 1) not in ENDS:
        return False
    if word != ".":
        return True
    listed = tokens.word(index - 1).isdecimal() and (index == 1 or _new_line(tokens, index - 1))
    return index > 0 and not listed and tokens.word(index - 1) not in _ABBREVIATIONS


def _unbulleted(tokens: Tokens, first: int, last: int) -> tuple[int, int]:
    while first < last and tokens.word(first) in _BULLETS:
        first += 1
    if first + 2 < last and _is_number_sign(tokens, first):
        first += 2
    if first + 3 < last and tokens.word(first) == "(" and tokens.word(first + 2) == ")":
        first += 3
    return first, last
