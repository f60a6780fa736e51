"""Secrets of every kind that is recognised, and a way to tell whether any part of one was shown."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

__all__ = ["PATTERN", "Planted", "leaked", "planted"]

PATTERN = "CUST-[0-9]{6}-[a-z]{8}"
"""A pattern of the host's own, for `redaction.patterns`."""

_WINDOW = 9
_LETTERS = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ"
_DIGITS = "23456789"


@dataclass(frozen=True)
class Planted:
    """How a secret is written, and what of it must not be seen."""

    written: str
    secret: str


def _random(size: int) -> st.SearchStrategy[str]:
    """Letters and digits, both of them: no word of any language, and no number."""
    half = st.text(_LETTERS, min_size=size - 3, max_size=size - 3)
    return st.builds(_joined, half, st.text(_DIGITS, min_size=3, max_size=3))


def _joined(letters: str, digits: str) -> str:
    return letters[:2] + digits + letters[2:]


def _with_check_digit(body: str) -> str:
    total = 0
    for position, digit in enumerate(reversed(body)):
        value = int(digit) * (1 if position % 2 else 2)
        total += value - 9 if value > 9 else value
    return body + str(-total % 10)


def _written(form: str, size: int) -> st.SearchStrategy[Planted]:
    return _random(size).map(lambda secret: Planted(form.format(secret), secret))


_cards = st.text("0123456789", min_size=14, max_size=14).map(lambda rest: _with_check_digit("4" + rest))

planted: st.SearchStrategy[Planted] = st.one_of(
    _written("sk-proj-{}", 24),
    _written("ghp_{}", 36),
    _written("xoxb-{}", 20),
    _written("password={}", 12),
    _written("my password is {}", 12),
    _written("token: {}", 16),
    _written("Authorization: Bearer {}", 30),
    _written("eyJhbGciOiJIUzI1NiJ9.{}.c2lnbmF0dXJl", 30),
    _written("postgresql://me:{}@db/x", 14),
    _written('{{"clientSecret": "x", "secret": "{}"}}', 14),
    _cards.map(lambda card: Planted(card, card)),
    _cards.map(lambda card: Planted(" ".join(card[i : i + 4] for i in range(0, len(card), 4)), card)),
    st.text("abcdefgh", min_size=8, max_size=8).map(lambda name: Planted(f"CUST-234567-{name}", f"234567-{name}")),
)


def leaked(text: str, secrets: list[Planted]) -> list[str]:
    """The parts of secrets, nine characters or more, that can be seen in a text."""
    packed = text.replace(" ", "").lower()
    parts = [
        each.secret[start : start + _WINDOW] for each in secrets for start in range(len(each.secret) - _WINDOW + 1)
    ]
    return [part for part in parts if part.lower() in packed]
