"""What rules ask for, so that no two of them contradict each other.

A `Claim` says of one rule which names it calls for and against, what comes before what, and within which bounds.
`Claims` gathers those of a guideline, and says of another whether it can hold beside them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from common.language.rules import parse_rules, rule_name
from supervisor.learning.candidates import Key, measure_of

__all__ = ["Claim", "Claims", "claim_of_behaviour", "claim_of_text"]

Measure = tuple[str | int, ...]

_WITHIN: Mapping[str, tuple[str, ...]] = {
    "count": ("calls",),
    "tools": ("calls",),
    "calls": ("steps",),
    "thoughts": ("steps",),
    "mean thought": ("longest thought",),
    "longest thought": ("thinking chars",),
}
"""Measure -> those that are never smaller."""
_SEQUENCES = frozenset({"gram", "whole"})


@dataclass(frozen=True, slots=True)
class Claim:
    """What one rule asks for; names as `rule_name` gives them.

    wanted, unwanted: names to be called, and not. before: (earlier, later). prefers: (better, worse). ends: names
    after which nothing is called. first: the name to begin with. direct, not_direct: sequences to be made, and not.
    again, not_again: names that are called again after a failure, and not. least, below: bounds on measures; a value
    is at least the one and below the other.
    """

    wanted: frozenset[str] = frozenset()
    unwanted: frozenset[str] = frozenset()
    before: frozenset[tuple[str, str]] = frozenset()
    prefers: frozenset[tuple[str, str]] = frozenset()
    ends: frozenset[str] = frozenset()
    first: str | None = None
    direct: frozenset[tuple[str, ...]] = frozenset()
    not_direct: frozenset[tuple[str, ...]] = frozenset()
    again: frozenset[str] = frozenset()
    not_again: frozenset[str] = frozenset()
    least: tuple[tuple[Measure, int], ...] = ()
    below: tuple[tuple[Measure, int], ...] = ()


def claim_of_text(text: str) -> Claim:
    """What a rule of the grammar asks for; nothing for any other text."""
    rules = parse_rules([text])
    retried = frozenset(name for name, count in rules.retry if count)
    return Claim(
        unwanted=rules.avoid,
        before=frozenset(rules.order),
        prefers=frozenset(rules.prefer),
        ends=rules.stop_after,
        again=retried,
        not_again=frozenset(name for name, count in rules.retry if not count),
    )


def claim_of_behaviour(key: Key, effect: float) -> Claim:
    """What a rule asks for that is to bring a behaviour about (effect above 0), or to keep it from happening."""
    family = str(key[0])
    names = tuple(rule_name(part) for part in key[1:] if isinstance(part, str))
    measure = measure_of(key)
    if measure is not None:
        bound = ((_named(measure), int(key[-1])),)
        wanted = frozenset(names) if family == "count" and effect > 0 else frozenset[str]()
        return Claim(wanted=wanted, least=bound) if effect > 0 else Claim(below=bound)
    if effect > 0:
        return _wanted(family, names)
    return _unwanted(family, names)


def _wanted(family: str, names: tuple[str, ...]) -> Claim:
    if family in _SEQUENCES:
        return Claim(
            wanted=frozenset(names),
            before=frozenset(pairwise(names)) if len(set(names)) == len(names) else frozenset(),
            direct=frozenset({names}) if len(names) > 1 else frozenset(),
            least=((("calls",), len(names)),),
        )
    match family:
        case "uses" | "both" | "last":
            return Claim(wanted=frozenset(names), least=((("calls",), len(names)),))
        case "first":
            return Claim(wanted=frozenset(names), first=names[0], least=((("calls",), 1),))
        case "order":
            return Claim(before=frozenset({(names[0], names[1])}))
        case "retried":
            return Claim(again=frozenset(names))
        case "failed then":
            return Claim(again=frozenset(names[:1])) if names[0] == names[1] else Claim(wanted=frozenset(names[1:]))
        case "thinks" | "opens with thought" | "thought before":
            return Claim(least=((("thoughts",), 1),))
        case _:
            return Claim()


def _unwanted(family: str, names: tuple[str, ...]) -> Claim:
    match family:
        case "gram":
            return Claim(not_direct=frozenset({names}))
        case "uses":
            return Claim(unwanted=frozenset(names))
        case "order":
            return Claim(before=frozenset({(names[1], names[0])}))
        case "retried":
            return Claim(not_again=frozenset(names))
        case "failed then" if names[0] == names[1]:
            return Claim(not_again=frozenset(names[:1]))
        case _:
            return Claim()


@dataclass(slots=True)
class Claims:
    """The claims of the rules of one guideline, in the order in which they were taken."""

    _taken: list[Claim] = field(default_factory=list[Claim])

    def add(self, claim: Claim) -> None:
        """Take a claim, whatever it contradicts."""
        self._taken.append(claim)

    def against(self, claim: Claim) -> str:
        """Why the claim can't hold beside those that were taken; "" where it can."""
        every = [*self._taken, claim]
        for name, holds in (
            ("calls for what another rule avoids", _apart(every, claim)),
            ("would close a circle of what comes before what", not _closes(every, claim, "before")),
            ("would close a circle of what is preferred", not _closes(every, claim, "prefers")),
            ("has something come after what ends a run, or before what begins it", _ends_hold(every, claim)),
            ("asks for another beginning than another rule", _one_first(every, claim)),
            ("asks for a sequence of calls that another rule is against", _sequences_hold(every, claim)),
            ("asks for bounds that another rule's leave no room for", _bounds_hold(every, claim)),
        ):
            if not holds:
                return f"it {name}"
        return ""


def _all(claims: Sequence[Claim], what: str) -> frozenset[object]:
    return frozenset[object]().union(*(getattr(claim, what) for claim in claims))


def _apart(every: Sequence[Claim], claim: Claim) -> bool:
    """Names that are wanted or preferred are not avoided, and what is to be tried again not against it."""
    liked = _all(every, "wanted") | {better for one in every for better, _ in one.prefers}
    return not (
        (claim.unwanted & liked)
        or ((claim.wanted | {better for better, _ in claim.prefers}) & _all(every, "unwanted"))
        or (claim.again & _all(every, "not_again"))
        or (claim.not_again & _all(every, "again"))
    )


def _closes(every: Sequence[Claim], claim: Claim, what: str) -> bool:
    """Whether a pair of the claim leads back to where it began, over the pairs of all."""
    follows: dict[str, set[str]] = {}
    for one in every:
        for start, end in getattr(one, what):
            follows.setdefault(start, set()).add(end)
    return any(_reaches(follows, end, start) for start, end in getattr(claim, what))


def _reaches(follows: Mapping[str, Iterable[str]], start: str, goal: str) -> bool:
    seen: set[str] = set()
    stack = [start]
    while stack:
        name = stack.pop()
        if name == goal:
            return True
        if name not in seen:
            seen.add(name)
            stack.extend(follows.get(name, ()))
    return False


def _ends_hold(every: Sequence[Claim], claim: Claim) -> bool:
    pairs = {pair for one in every for pair in one.before}
    ends, firsts = _all(every, "ends"), {one.first for one in every if one.first is not None}
    own = {name for pair in claim.before for name in pair} | claim.ends | {claim.first}
    return not any((start in ends or end in firsts) and own & {start, end} for start, end in pairs)


def _one_first(every: Sequence[Claim], claim: Claim) -> bool:
    return claim.first is None or all(one.first in (None, claim.first) for one in every)


def _sequences_hold(every: Sequence[Claim], claim: Claim) -> bool:
    asked = {sequence for one in every for sequence in one.direct}
    against = {sequence for one in every for sequence in one.not_direct}
    own = claim.direct | claim.not_direct
    return not any(_holds(long, short) for long in asked for short in against if long in own or short in own)


def _holds(long: tuple[str, ...], short: tuple[str, ...]) -> bool:
    """Whether the longer sequence holds the shorter one."""
    return any(long[place : place + len(short)] == short for place in range(len(long) - len(short) + 1))


def _bounds_hold(every: Sequence[Claim], claim: Claim) -> bool:
    """Whether a value can be at least each lower bound and below each upper one, of its measure and those above it."""
    if not claim.least and not claim.below:
        return True
    least = [bound for one in every for bound in one.least]
    below = [bound for one in every for bound in one.below]
    return not any(low >= high and upper in _not_smaller(lower) for lower, low in least for upper, high in below)


def _not_smaller(measure: Measure) -> set[Measure]:
    found: set[Measure] = set()
    stack = [measure]
    while stack:
        one = stack.pop()
        if one not in found:
            found.add(one)
            stack.extend((wider,) for wider in _WITHIN.get(str(one[0]), ()))
    return found


def _named(measure: Key) -> Measure:
    return (measure[0], *(rule_name(str(part)) for part in measure[1:]))
