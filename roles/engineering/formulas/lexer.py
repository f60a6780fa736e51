"""Cuts the text of a formula into tokens, each with its column."""

from __future__ import annotations

import re
from typing import NamedTuple

from common.errors import ValidationFailed

__all__ = ["MAX_CHARS", "Token", "fault", "tokens_of"]

MAX_CHARS = 2_000

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d[\d_]*)?\.?\d[\d_]*\.?(?:[eE][-+]?\d{1,3})?)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<text>'[^'\n]{0,200}'|\"[^\"\n]{0,200}\")|(?P<sign>\*\*|<=|>=|!=|==|<>|[-+*/%^()<>=,]))"
)
_SAME = str.maketrans("−–×·÷≤≥≠“”‘’", "--**/\x01\x02\x03\"\"''")
_SIGNS = {"^": "**", "=": "==", "<>": "!=", "\x01": "<=", "\x02": ">=", "\x03": "!="}
_WORDS = {"AND": "and", "OR": "or", "NOT": "not", "IF": "if", "ELSE": "else", "THEN": "then"}


class Token(NamedTuple):
    """A token: its kind (``number``, ``name``, ``text``, ``sign``, ``end``), what it says, its column from 1."""

    kind: str
    text: str
    column: int


def fault(what: str, column: int, todo: str = "") -> ValidationFailed:
    """The error for a formula, at a column (from 1)."""
    return ValidationFailed(f"the formula can't be used: {what}", where=f"column {column}", todo=todo)


def tokens_of(text: str) -> list[Token]:
    """The tokens of a formula, the last of the kind ``end``. Raises `ValidationFailed` with the column."""
    if len(text) > MAX_CHARS:
        raise fault(f"it is longer than {MAX_CHARS} characters.", MAX_CHARS, "Split it into several.")
    plain = text.translate(_SAME)
    found: list[Token] = []
    at = 0
    while at < len(plain) and plain[at:].strip():
        start = at + len(plain[at:]) - len(plain[at:].lstrip())
        if plain[start] in "\x01\x02\x03":
            found.append(Token("sign", _SIGNS[plain[start]], start + 1))
            at = start + 1
            continue
        match = _TOKEN.match(plain, at)
        if match is None:
            raise fault(f"it has {text[start]!r}, which means nothing here.", start + 1)
        kind = match.lastgroup or ""
        said = match[kind]
        if kind == "sign":
            said = _SIGNS.get(said, said)
        elif kind == "name":
            said = _WORDS.get(said, said)
        found.append(Token(kind, said, start + 1))
        at = match.end()
    found.append(Token("end", "", len(text) + 1))
    return found
