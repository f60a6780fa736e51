"""Instants and lengths in ISO 8601."""

from __future__ import annotations

import re
from datetime import datetime

from common.language.time_words.durations import read_iso_length
from common.language.time_words.model import Expression
from common.language.words import Tokens

__all__ = ["iso_places"]

_ISO = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?(?![\d:])", re.IGNORECASE
)
_ISO_LENGTH = re.compile(r"\bP(?:\d{1,6}[YMWD]){0,4}(?:T(?:\d{1,6}[HMS]){1,3})?(?![\w])")


def iso_places(tokens: Tokens) -> dict[int, Expression]:
    """Instants and lengths in ISO 8601, by the token they start at."""
    places: dict[int, Expression] = {}
    text = tokens.text
    if ":" not in text and "P" not in text:
        return places
    by_start = {start: index for index, start in enumerate(tokens.starts)}
    for match in _ISO.finditer(text):
        raw = match.group().upper().replace(" ", "T")
        try:
            instant = datetime.fromisoformat(raw)
        except ValueError:
            continue
        if (first := by_start.get(match.start())) is not None:
            last = next((i for i in range(first, len(tokens)) if tokens.starts[i] >= match.end()), len(tokens))
            places[first] = Expression(first, last, instant=instant)
    for match in _ISO_LENGTH.finditer(text):
        length = read_iso_length(match.group())
        if length is not None and (first := by_start.get(match.start())) is not None:
            last = next((i for i in range(first, len(tokens)) if tokens.starts[i] >= match.end()), len(tokens))
            places[first] = Expression(first, last, duration=length)
    return places
