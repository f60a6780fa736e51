"""Redaction of what people and programs are shown: logs, traces, exports, telemetry, error messages.

What is recognised: values under telling keys (password, token, api_key, …), passwords and keys that somebody tells in
words (“the password is …”), tokens of common services, bearer tokens, JWTs, private keys, passwords in connection
strings, payment card numbers. Every pattern starts at a literal or at the
border of a run of characters and is bounded, so that a text is read in linear time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextvars import ContextVar

from pydantic import JsonValue

__all__ = ["CARD", "REDACTED", "Redactor", "current_redactor", "is_secret_key"]

REDACTED = "[redacted]"
CARD = "[card number]"

_RUN = r"(?<![A-Za-z0-9_-])"
_DIGIT_AHEAD = r"(?=[A-Za-z_-]{0,200}[0-9])"

_TOKENS = re.compile(
    _RUN
    + r"(?:"
    + r"(?:sk|rk|pk)[-_]"  # OpenAI, Anthropic, Stripe and those who copied them
    + _DIGIT_AHEAD
    + r"[A-Za-z0-9_-]{16,}"
    + r"|gh[pousr]_[A-Za-z0-9_-]{20,}|github_pat_[A-Za-z0-9_-]{20,}|glpat-[A-Za-z0-9_-]{16,}"
    + r"|(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9_-])|AIza[A-Za-z0-9_-]{30,}|ya29\.[A-Za-z0-9_-]{20,}"
    + r"|xox[a-z]-[A-Za-z0-9_-]{10,}|hf_[A-Za-z0-9_-]{20,}|npm_[A-Za-z0-9_-]{20,}|pypi-[A-Za-z0-9_-]{30,}"
    + r"|asv_[0-9a-f]{12}_[A-Za-z0-9_-]{16,}"  # our own HTTP API
    + r"|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"
    + r"|eyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]*"  # a JWT
    + r")"
)
_BEARER = re.compile(
    r"(?i)\b(bearer[ \t]{1,4})(?:(?=[A-Za-z._~+/-]{0,100}[0-9])[A-Za-z0-9._~+/-]{8,}|[A-Za-z0-9._~+/-]{24,})={0,2}"
)
_ASSIGNED = re.compile(
    r"(?i)(?<![a-z0-9])"
    r"((?:password|passwd|passphrase|pwd|secret|token|credentials?|authorization|cookie"
    r"|(?:api|access|private|secret|encryption|signing)[ _-]?key)"
    r"(?:\\{0,3}[\"'])?[ \t]{0,3}(?:=|:(?!//))[ \t]{0,3}(?:(?:bearer|basic|digest)[ \t]{1,3})?)"
    r"(?:(\\{0,3}\")[^\"\n]{0,2000}\"|(\\{0,3}')[^'\n]{0,2000}'|\[redacted\]|[^\s\"',;&<>()\[\]{}”][^\s\"',;&<>”]*)"
)
_SAID = re.compile(
    r"(?i)(?<![a-z0-9])"
    r"((?:password|passwd|passphrase|passcode|pwd|pin(?:[ -]?code)?|access[ _-]token"
    r"|(?:api|access|private|secret)[ _-]?key)"
    r"(?:[ \t]{1,3}(?:for|of|to|at|on)[ \t]{1,3}[^\n.,;:!?\"']{1,60}?)?"
    r"[ \t]{1,3}(?:is|was|are)(?:[ \t]{1,3}now)?[ \t]{1,3})"
    r"(?:(\")[^\"\n]{1,500}\"|(')[^'\n]{1,500}'|“[^”\n]{1,500}”"
    r"|(?=[^\s\"',;”]{4})(?=[^\s\"',;”]{0,200}[0-9])[^\s\"',;”]{0,500}[^\s\"',;.!?)”])"
)
_CONNECTION = re.compile(r"(?i)(?<![a-z0-9+.-])([a-z][a-z0-9+.-]{0,30}://[^\s:/@]{0,200}:)[^\s/]{1,200}@")

_TELLING = (_ASSIGNED, _SAID, _BEARER, _CONNECTION)
"""Patterns whose secret is one by the words before it; each has those as its first group."""
_MOST_KNOWN = 100
_SPLIT = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z])(?=[0-9])")
"""Where language tools take a token apart."""

_KEY_BEGIN = re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_KEY_END = re.compile(r"-----END [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----")

_DIGIT_GROUPS = re.compile(
    "(?<![0-9A-Za-z_])(?<![0-9][.])[0-9]+(?:[ \u00a0\u2009\u202f\u2010-\u2013-][0-9]+)*(?![0-9A-Za-z_])"
)
_GROUP = re.compile(r"[0-9]+")
_ISSUERS = re.compile(
    r"4|5[1-8]|6[0-9]|3[0-9]|22(?:2[1-9]|[3-9])|2[3-6]|27(?:[01]|20)"  # leading digits that networks hand out
)

_WORD_BORDER = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+")
_SECRET_LAST = frozenset({"token", "authorization", "cookie", "credential", "credentials", "pwd", "passwd"})
_SECRET_ANYWHERE = frozenset({"password", "passphrase", "secret", "apikey"})
_KEY_KINDS = frozenset({"api", "access", "private", "secret", "encryption", "signing"})


def is_secret_key(name: str) -> bool:
    """Whether a value under this key is a secret (``api_key``, ``dbPassword``; not ``input_tokens``)."""
    words = [word.lower() for word in _WORD_BORDER.split(name[:200]) if word]
    if not words:
        return False
    if words[-1] in _SECRET_LAST or not _SECRET_ANYWHERE.isdisjoint(words):
        return True
    return words[-1] == "key" and len(words) > 1 and words[-2] in _KEY_KINDS


class Redactor:
    """Replaces secrets in text and in JSON values; doing it twice changes nothing more.

    `patterns` are regular expressions of the host's own, whole matches of which are replaced; they must not match
    the replacement ``[redacted]``.
    """

    def __init__(self, patterns: Iterable[str | re.Pattern[str]] = ()) -> None:
        self._patterns: Sequence[re.Pattern[str]] = tuple(re.compile(pattern) for pattern in patterns)
        self._secrets: frozenset[str] = frozenset()
        self._known: re.Pattern[str] | None = None

    def knowing(self, text: str) -> Redactor:
        """A redactor that takes away what `text` tells to be a secret wherever it stands, its telling word or not.

        For all that comes of a request: a tool may be called with the bare password, or with half a token. Only what
        looks like a secret by itself is remembered: six characters or more, with a digit.
        """
        if not any(map(str.isdigit, text)):
            return self
        told = {_value_of(match).lower() for pattern in _TELLING for match in pattern.finditer(text)}
        told.update(match[0].lower() for pattern in (_TOKENS, *self._patterns) for match in pattern.finditer(text))
        told.update([part for secret in told for part in [*_SPLIT.split(secret), *re.split(r"[^A-Za-z0-9]+", secret)]])
        told = {each for each in told if len(each) >= 6 and any(map(str.isdigit, each))} - self._secrets
        if not told:
            return self
        knowing = Redactor(self._patterns)
        knowing._secrets = frozenset([*told, *self._secrets][:_MOST_KNOWN])
        longest_first = sorted(knowing._secrets, key=len, reverse=True)
        knowing._known = re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE)
        return knowing

    def text(self, text: str) -> str:
        """The text without its secrets."""
        text = self._without_patterns(text)
        if self._known is None:
            return text
        while (less := self._without_patterns(self._known.sub(REDACTED, text))) != text:
            text = less  # what stood beside a known secret may be one by itself now
        return text

    def _without_patterns(self, text: str) -> str:
        text = _without_private_keys(text)
        text = _ASSIGNED.sub(_keep_key, text)
        text = _SAID.sub(_keep_key, text)
        text = _CONNECTION.sub(rf"\g<1>{REDACTED}@", text)
        text = _BEARER.sub(rf"\g<1>{REDACTED}", text)
        text = _TOKENS.sub(REDACTED, text)
        text = _DIGIT_GROUPS.sub(_without_cards, text)
        for pattern in self._patterns:
            text = pattern.sub(REDACTED, text)
        return text

    def value(self, value: JsonValue) -> JsonValue:
        """A JSON value of the same shape without its secrets; numbers that are card numbers become text."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if isinstance(value, dict):
            return self._mapping(value)
        if isinstance(value, int) and not isinstance(value, bool) and _is_card(str(value)):
            return CARD
        return value

    def _mapping(self, value: dict[str, JsonValue]) -> JsonValue:
        shown: dict[str, JsonValue] = {}
        for key, inner in value.items():
            name = unused = self.text(key)
            number = 1
            while unused in shown:
                number += 1
                unused = f"{name} ({number})"
            # the key as it is shown counts, too: what is shown again must not turn out to be a secret then
            is_secret = is_secret_key(key) or is_secret_key(unused)
            hidden = is_secret and inner is not None and not isinstance(inner, bool) and inner != ""
            shown[unused] = REDACTED if hidden else self.value(inner)
        return shown


current_redactor: ContextVar[Redactor] = ContextVar("supervisor_redactor", default=Redactor())  # noqa: B039 - unchanging
"""The redactor of the supervisor or command that the current task works for, with the patterns of its settings."""


def _value_of(match: re.Match[str]) -> str:
    """What stands behind the telling words of a match, without its quotes."""
    value = match[0][len(match[1]) :]
    return value[:-1] if match.re is _CONNECTION else value.strip("\\\"'“”")


def _keep_key(match: re.Match[str]) -> str:
    quote = match[2] or match[3] or ""
    return f"{match[1]}{quote}{REDACTED}{quote}"


def _without_private_keys(text: str) -> str:
    begin = _KEY_BEGIN.search(text)
    if begin is None:
        return text
    pieces: list[str] = []
    done = 0
    while begin is not None:
        pieces += (text[done : begin.start()], REDACTED)
        end = _KEY_END.search(text, begin.end())
        if end is None:  # an excerpt that was cut inside the key
            return "".join(pieces)
        done = end.end()
        begin = _KEY_BEGIN.search(text, done)
    return "".join([*pieces, text[done:]])


def _without_cards(match: re.Match[str]) -> str:
    run = match[0]
    if len(run) < 13:
        return run
    groups = [(found.start(), found.end()) for found in _GROUP.finditer(run)]
    pieces: list[str] = []
    done = index = 0
    while index < len(groups):
        last = _card_from(run, groups, index)
        if last is None:
            index += 1
            continue
        pieces += (run[done : groups[index][0]], CARD)
        done = groups[last][1]
        index = last + 1
    return "".join([*pieces, run[done:]])


def _card_from(run: str, groups: Sequence[tuple[int, int]], first: int) -> int | None:
    """The last of the groups that make a card number with `first`, the longest number winning; else None."""
    digits = ""
    found = None
    for index in range(first, len(groups)):
        start, end = groups[index]
        if len(digits) + end - start > 19:
            break
        digits += run[start:end]
        if _is_card(digits):
            found = index
    return found


def _is_card(digits: str) -> bool:
    """Whether these digits are a payment card number: length, issuer and check digit (Luhn) fit."""
    if not 13 <= len(digits) <= 19 or not digits.isascii() or not digits.isdigit() or not _ISSUERS.match(digits):
        return False
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit)
        if position % 2:
            value = value * 2 - 9 if value > 4 else value * 2
        total += value
    return total % 10 == 0
