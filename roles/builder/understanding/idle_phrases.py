"""Leaves out phrases that decide nothing where they stand: "too", "on file", "ever", "altogether"."""

from __future__ import annotations

import re

__all__ = ["without_idle_phrases"]

_I = re.IGNORECASE
_END = r"(?=\s*(?:[.,;:?!)]|$))"
_BEHIND = re.compile(
    rf",?\s+(?:too|as\s+well|again|also|for\s+(?:me|us)|thank\s+you|if\s+(?:possible|you\s+can"
    rf"|you\s+could)|somehow|or\s+so\s+it\s+seems){_END}",
    _I,
)
_ON_FILE = re.compile(
    r"\s+(?:(?:that\s+(?:are|is)\s+)?on\s+(?:file|record)|(?:that\s+we\s+have\s+)?in\s+(?:the"
    r"|our)\s+(?:system|database|db|records|files))\b",
    _I,
)
_EVER = re.compile(r"\b(?<!hardly )(?<!if )ever\s+(?=[a-z])", _I)
_FOR_ME = re.compile(
    r"^\s*(?:for\s+(?:me|us)|all\s+in\s+all|in\s+all|all\s+told|altogether|overall|in\s+total|basically|so)\s*,\s*", _I
)
_IN_ALL = re.compile(
    rf",?\s+(?:in\s+all|all\s+told|altogether|overall|all\s+together|in\s+total|taken\s+together){_END}", _I
)
_COUNTED = re.compile(r"\bhow\s+(?:many|much)\b|\bnumber\s+of\b|\bcount\s+of\b|\btotal\b", _I)
_OVER_TIME = re.compile(r"\s+(?:so\s+far|to\s+date|up\s+to\s+now|until\s+now|of\s+all\s+time)" + _END, _I)


def _unless_missing(match: re.Match[str]) -> str:
    """ "No cost on file": that nothing is there is told by these words."""
    before = match.string[: match.start()].split()[-4:]
    return match[0] if {one.lower() for one in before} & {"no", "without", "missing", "lacking"} else ""


def without_idle_phrases(text: str) -> str:
    """The text without phrases that say nothing of what is asked; what may decide something stays."""
    plain = _FOR_ME.sub("", text)
    plain = _ON_FILE.sub(_unless_missing, plain)
    plain = _EVER.sub("", plain)
    for _ in range(2):
        plain = _BEHIND.sub("", plain)
    if _COUNTED.search(plain):
        plain = _IN_ALL.sub("", plain)
    if re.search(r"\b(?:not|never|yet|this\s+(?:year|month|week|quarter)|year|month)\b", plain, _I) is None:
        plain = _OVER_TIME.sub("", plain)
    return plain
