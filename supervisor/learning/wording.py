"""Patterns in plain sentences, and as rules of the guideline grammar where one fits.

Names of tools and of kinds of thought come from traces, so they may be hostile: they appear in sentences only quoted,
bounded and without anything but letters, digits, spaces and a few signs, and in rules only if they are plain names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from supervisor.learning.candidates import Key

__all__ = ["describe", "quoted", "recommend", "rule_for", "rule_of_preference", "rules_of_preference"]

_LONGEST_QUOTE = 48
_UNUSUAL = re.compile(r"[^\w.\-:/ ]", re.ASCII)
_PLAIN = re.compile(r"[A-Za-z0-9_.\-]{1,128}")


def quoted(name: str | int) -> str:
    """A name from a trace as it may stand in a sentence."""
    text = _UNUSUAL.sub("?", str(name)[: _LONGEST_QUOTE + 1])
    return f"“{text}”" if len(text) <= _LONGEST_QUOTE else f"“{text[:_LONGEST_QUOTE]}…”"


_TEXTS: Mapping[str, str] = {
    "uses": "calls {1}",
    "both": "calls both {1} and {2}",
    "first": "calls {1} first",
    "last": "ends with {1}",
    "count": "calls {1} {n} times or more",
    "order": "where both are called, calls {1} before {2}",
    "failures": "has {n} or more failed calls",
    "fails": "has a failed call of {1}",
    "unrecovered": "a call of {1} fails and none succeeds after it",
    "retried": "after a failed call of {1}, calls {1} again",
    "repeats": "makes the very same call twice",
    "repeats tool": "makes the very same call of {1} twice",
    "failure at": "the first failure is at call {n}",
    "failed then": "right after a failed call of {1} comes {2}",
    "calls": "makes {n} calls or more",
    "tools": "uses {n} different tools or more",
    "steps": "takes {n} steps or more",
    "thinks": "thinks (kind {1})",
    "thought before": "where {1} is called, thinks right before it",
    "opens with thought": "thinks before anything else",
    "thinking chars": "thinks {n} characters or more in all",
    "thoughts": "thinks {n} times or more",
    "mean thought": "thinks {n} characters or more at a time on average",
    "longest thought": "has a thought of {n} characters or more",
    "seconds": "takes {s} seconds or more",
    "tokens": "uses {n} tokens or more",
    "slow tool": "where {1} is called, a call of it takes {s} seconds or more",
}


def describe(key: Key) -> str:
    """What a run does that shows the behaviour."""
    family = str(key[0])
    names = [quoted(part) for part in key[1:]]
    if family == "gram":
        return f"calls {', then directly '.join(names)}"
    if family == "whole":
        return f"calls only {', then '.join(names)}"
    number = key[-1] if isinstance(key[-1], int) else 0
    return _TEXTS[family].format("", *names, n=number, s=f"{number / 1000:g}")


def recommend(key: Key, effect: float, *, caution: str) -> tuple[str, ...]:
    """What to try, said as something to try: a pattern is a reason for a trial, not a proof."""
    share = f"{abs(effect) * 100:.0f} points"
    if effect > 0:
        first = f"Runs in which the agent {describe(key)} succeed {share} more often: prefer this where it fits."
        if _awkward(key):
            first = f"Success is {share} higher where: {describe(key)}. Prefer this where it fits."
    else:
        first = f"Runs in which the agent {describe(key)} succeed {share} less often: look for another way first."
        if _awkward(key):
            first = f"Success is {share} lower where: {describe(key)}. Look for another way first."
    second = _HINTS.get((str(key[0]), effect > 0), "")
    return tuple(text for text in (first, second, caution) if text)


def _awkward(key: Key) -> bool:
    return str(key[0]) in _AWKWARD


_AWKWARD = {"order", "unrecovered", "retried", "failure at", "failed then", "thought before", "slow tool"}

_HINTS: Mapping[tuple[str, bool], str] = {
    ("repeats", False): "Do not make a call again with the same arguments: its answer is known.",
    ("repeats tool", False): "Do not make a call again with the same arguments: its answer is known.",
    ("unrecovered", False): "After a failure change the arguments or use another tool, rather than answer without it.",
    ("failures", False): "After the first failure change the way instead of trying the same again.",
    ("calls", False): "Set a bound on the number of calls and answer with what is known when it is reached.",
    ("steps", False): "Set a bound on the number of steps and answer with what is known when it is reached.",
    ("thinking chars", False): "Long thinking goes with doubt: check the doubtful point with a tool, or ask.",
    ("longest thought", False): "Long thinking goes with doubt: check the doubtful point with a tool, or ask.",
    ("thought before", True): "Have the agent say what it expects before it calls.",
}


def rule_for(key: Key, effect: float) -> str:
    """The behaviour as one line of the guideline grammar; "" where none says it or a name is no plain one."""
    family, names = str(key[0]), [str(part) for part in key[1:] if isinstance(part, str)]
    if not all(_PLAIN.fullmatch(name) for name in names):
        return ""
    if family == "order":
        one, other = names if effect > 0 else names[::-1]
        return f"order {one} before {other}"
    if family == "uses" and effect < 0:
        return f"avoid {names[0]}"
    if family == "retried" and effect > 0:
        return f"retry {names[0]} 1"
    if family == "last" and effect > 0:
        return f"stop after {names[0]}"
    return ""


def rules_of_preference(signs: Mapping[Key, float]) -> dict[Key, str]:
    """ "prefer A over B" for the behaviours where, after the same call, A goes with success and B with failure."""
    found: dict[Key, str] = {}
    grams = {key: effect for key, effect in signs.items() if key[0] in {"gram", "whole"} and len(key) == 3}
    for bad, low in sorted(grams.items(), key=repr):
        for good, high in sorted(grams.items(), key=repr):
            if low < 0 < high and bad[1] == good[1] and bad[2] not in {good[2], bad[1]}:
                rule = rule_of_preference(str(good[2]), str(bad[2]))
                if rule:
                    found.setdefault(bad, rule)
    return found


def rule_of_preference(good: str, bad: str) -> str:
    """ "prefer A over B"; "" where a name is no plain one."""
    return f"prefer {good} over {bad}" if _PLAIN.fullmatch(good) and _PLAIN.fullmatch(bad) else ""
