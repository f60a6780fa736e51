"""Patterns as rules: of the guideline grammar where one fits, else one plain sentence from a table.

Names come from traces and may be hostile. In either form a name stands in “”, with nothing in it but letters, digits,
dots, dashes and underscores, and at most 128 of them in a rule of the grammar and 48 in a sentence. A sentence holds
nothing else that traces bring but whole numbers, and none is in the grammar.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from common.language.rules import parse_rules, rule_name
from supervisor.learning.candidates import Key
from supervisor.learning.patterns import Pattern

__all__ = ["named", "rule_text"]

_LONGEST = 48
_UNUSUAL = re.compile(r"[^A-Za-z0-9_.\-]+")
_PLAIN = re.compile(r"[A-Za-z0-9_.\-]{1,128}")
_NAME_PLACES: Mapping[str, tuple[int, ...]] = {
    "prefer": (1, 3),
    "avoid": (1,),
    "order": (1, 3),
    "retry": (1,),
    "stop": (2,),
}
"""At which words of a rule of the grammar its names stand."""

_MORE: Mapping[str, str] = {
    "uses": "Call {1} where it fits.",
    "both": "Where one of {1} and {2} is called, call the other as well where it fits.",
    "first": "Begin with a call of {1} where it fits.",
    "last": "End with a call of {1} where it fits.",
    "count": "Where {1} is called, call it at least {n} times.",
    "order": "Where both are called, call {1} first and {2} afterwards.",
    "retried": "After a failed call of {1}, try it once more.",
    "failed then": "Right after a failed call of {1}, call {2} where it fits.",
    "calls": "Make at least {n} calls before answering.",
    "tools": "Look at the task with at least {n} different tools.",
    "steps": "Take at least {n} steps before answering.",
    "thinks": "Put down thoughts of the kind {1}.",
    "thought before": "Where {1} is called, think right before it.",
    "opens with thought": "Think before anything else.",
    "thinking chars": "Think in at least {n} characters in all.",
    "thoughts": "Put down at least {n} thoughts.",
    "mean thought": "Let thoughts be at least {n} characters long on average.",
    "longest thought": "Let the longest thought have at least {n} characters.",
}
"""What is said where the behaviour goes with success. A family that is missing is nothing to be advised."""

_LESS: Mapping[str, str] = {
    "uses": "Call {1} only where nothing else fits.",
    "both": "Where one of {1} and {2} is enough, do not call the other.",
    "first": "Begin with something other than a call of {1} where that fits.",
    "last": "End with something other than a call of {1} where that fits.",
    "count": "Call {1} fewer than {n} times.",
    "order": "Where both are called, call {2} first and {1} afterwards.",
    "fails": "Check the arguments before a call of {1}; look for another way where they are in doubt.",
    "unrecovered": "After a failed call of {1}, change the arguments or the tool rather than answer without it.",
    "retried": "After a failed call of {1}, do something other than call it again.",
    "failures": "After {n} failed calls, change the way rather than try the same again.",
    "repeats": "Do not make the very same call twice.",
    "repeats tool": "Do not make the very same call of {1} twice.",
    "failed then": "Right after a failed call of {1}, do something other than call {2}.",
    "calls": "Make fewer than {n} calls, and answer with what is known by then.",
    "tools": "Use fewer than {n} different tools.",
    "steps": "Take fewer than {n} steps, and answer with what is known by then.",
    "thinks": "Leave out thoughts of the kind {1}.",
    "thought before": "Where {1} is called, call it without a thought right before it.",
    "opens with thought": "Begin with something other than a thought.",
    "thinking chars": "Think in fewer than {n} characters in all; where in doubt, check with a tool or ask.",
    "thoughts": "Put down fewer than {n} thoughts; where in doubt, check with a tool or ask.",
    "mean thought": "Let thoughts be fewer than {n} characters long on average.",
    "longest thought": "Keep every thought under {n} characters; where in doubt, check with a tool or ask.",
}
"""What is said where the behaviour goes with failure."""

_FIRST_FAILURE = "After a failed call, change the way rather than try the same again."


def named(name: str | int) -> str:
    """A name from a trace as it stands in a rule."""
    text = _UNUSUAL.sub("_", str(name)[: 4 * _LONGEST]) or "_"
    return f"“{text[:_LONGEST]}”"


def rule_text(pattern: Pattern) -> tuple[str, bool]:
    """The pattern as a rule, and whether it is one of the grammar; ("", False) where it gives no advice."""
    formal = _formal(pattern.rule)
    return (formal, True) if formal else (_sentence(pattern.key, pattern.effect), False)


def _formal(rule: str) -> str:
    """A rule of the grammar with its names quoted; "" for what is none."""
    words = rule.split(" ")
    places = _NAME_PLACES.get(words[0], ())
    if not places or places[-1] >= len(words) or parse_rules([rule]).empty:
        return ""
    names = [words[place] for place in places]
    known = {rule_name(name) for name in names}
    if not all(_PLAIN.fullmatch(name) for name in names) or len(known) < len(names) or "" in known:
        return ""
    return " ".join(f"“{word}”" if place in places else word for place, word in enumerate(words))


def _sentence(key: Key, effect: float) -> str:
    family, names = str(key[0]), [named(part) for part in key[1:] if isinstance(part, str)]
    number = key[-1] if isinstance(key[-1], int) else 0
    if family in {"gram", "whole"}:
        return _sequence(names, effect, whole=family == "whole")
    if family == "failures" and number == 1 and effect < 0:
        return _FIRST_FAILURE
    template = (_MORE if effect > 0 else _LESS).get(family, "")
    if not template or ("{n}" in template and number < 2):
        return ""
    return template.format("", *names, n=number)


def _sequence(names: list[str], effect: float, *, whole: bool) -> str:
    said = ", then directly ".join(names)
    if whole:
        more = f"Where it is enough, call {said}, and nothing else."
        return more if effect > 0 else f"Do not leave it at {said} where something else fits as well."
    return f"Call {said}, where that fits." if effect > 0 else f"Do not call {said}, where another way fits."
