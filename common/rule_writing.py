"""Wording of guideline rules by whoever can write, most of all a model; what it writes is taken only where it is safe.

A rule that software derived from traces has a text by template. A `RuleWriter` may say the same in better words. Rules
reach system prompts, and names in them come from traces, so `refusal` lets nothing through that says anything else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from common.language.rules import parse_rules

__all__ = ["MAX_WORDING", "RuleBrief", "RuleWording", "RuleWriter", "Worded", "accept", "refusal"]

MAX_WORDING = 120
"""Characters of a wording, or as many as the text by template has where that is more."""

_QUOTED = re.compile(r"“([^“”]*)”")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_WORD = re.compile(r"[a-z']+")
_PLAIN = re.compile(r"[A-Za-z0-9 ,;:.'()“”\-]*")
_STRONG = frozenset(
    ("not", "no", "never", "none", "without", "avoid", "don't", "dont", "doesn't", "cannot", "can't", "stop", "refrain",
     "skip", "unless", "except")
)  # fmt: skip
_WEAK = frozenset(
    ("nothing", "fewer", "less", "instead", "rather", "other", "another", "else", "only", "below", "under", "most")
)
_MORE = frozenset(("more", "always", "every", "must", "least", "over", "above", "repeatedly", "often"))
_COUNTS = frozenset(
    ("once", "twice", "thrice", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "dozen",
     "twenty", "fifty", "hundred", "thousand")
)  # fmt: skip
_DANGEROUS = re.compile(
    r"ignor|disregard|forget|overrid|bypass|circumvent|disabl|instruct|prompt|system|guideline|polic|approv|permission"
    r"|authori[sz]|confirm|consent|secret|passw|credential|token\b|api|key|send|mail|upload|post\b|publish|share|leak"
    r"|reveal|disclos|exfiltrat|http|www|url|link|code|execut|eval|shell|sudo|script|run\b|install|download|delet"
    r"|remov|eras|drop\b|pay|transfer|buy|purchas|admin|root|role|pretend|act as|you are|developer|user|person|hidden"
)


@dataclass(frozen=True, slots=True)
class RuleBrief:
    """A rule to be worded: its text by template, with names in “”, and the figures behind it."""

    id: str
    text: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class RuleWording:
    """What somebody wrote for the rule with this id."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Worded:
    """The texts that may be taken, by rule id, and why others may not (by the id they were written for)."""

    texts: dict[str, str]
    refused: dict[str, str]


class RuleWriter(Protocol):
    """Words rules: `roles.specialists.prompt_engineer`, or a host's own."""

    async def word(self, agent_type: str, rules: Sequence[RuleBrief]) -> Sequence[RuleWording]:
        """Other words for some or all of the rules of an agent type.

        What is returned is checked by `accept`. Raises `SupervisorError` where nothing can be written.
        """
        ...


def accept(rules: Sequence[RuleBrief], written: Sequence[RuleWording]) -> Worded:
    """What of the written may be taken; a rule that nobody wrote anything for keeps its text and is in neither part."""
    briefs = {rule.id: rule for rule in rules}
    found = Worded({}, {})
    for wording in written:
        shown = wording.id if wording.id in briefs else _shown(wording.id)
        brief = briefs.get(wording.id)
        if brief is None:
            found.refused[shown] = "it is a rule that was not asked for"
        elif wording.id in found.texts or wording.id in found.refused:
            found.texts.pop(shown, None)
            found.refused[shown] = "it was written twice"
        elif reason := refusal(brief.text, wording.text):
            found.refused[shown] = reason
        else:
            found.texts[shown] = wording.text
    return found


def refusal(template: str, text: str) -> str:
    """Why a text can't stand for the one by template; "" where it can.

    The same names in quotes and the same numbers, as restraining or encouraging as the template, short, one line of
    plain characters, nothing that a rule about ways of working has no use for, and no rule of the grammar.
    """
    bound = max(MAX_WORDING, len(template))
    outside, words = _QUOTED.sub(" ", text), _words(text)
    checks = (
        (not text or text != text.strip(), "it is empty, or has blanks around it"),
        (len(text) > bound, f"it has {len(text)} characters, more than {bound}"),
        (not _PLAIN.fullmatch(outside), "it has characters that no rule needs"),
        (not parse_rules([template]).empty, "a rule that software obeys keeps its text"),
        (not parse_rules([text]).empty, "software would take it for a rule to obey"),
        (sorted(_QUOTED.findall(text)) != sorted(_QUOTED.findall(template)), "it does not name what the rule is about"),
        ("“" in outside or "”" in outside, "it has a quotation mark too many"),
        (_numbers(text) != _numbers(template), "it says other numbers"),
        (_DANGEROUS.search(outside.lower()) is not None, "it speaks of what no rule of this kind is about"),
        (_sense(words) != _sense(_words(template)), "it says the opposite, or more, or less"),
        (len(re.findall(r"[.;:]", outside.strip().rstrip("."))) > 1, "it says more than one thing"),
    )
    return next((reason for failed, reason in checks if failed), "")


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(_QUOTED.sub(" ", text).lower()))


def _numbers(text: str) -> list[str]:
    outside = _QUOTED.sub(" ", text).lower()
    return sorted(_NUMBER.findall(outside) + [word for word in _WORD.findall(outside) if word in _COUNTS])


def _sense(words: frozenset[str]) -> tuple[bool, bool, bool]:
    """Whether something is forbidden, whether it is restrained at all, and whether more of something is asked for."""
    return bool(words & _STRONG), bool(words & (_STRONG | _WEAK)), bool(words & _MORE)


def _shown(name: str) -> str:
    return re.sub(r"[^\w.\-]", "_", name, flags=re.ASCII)[:64] or "_"
