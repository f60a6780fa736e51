"""Finds what a request of a session means among the things that its earlier turns spoke of.

Nothing is guessed: where more than one thing may be meant, the answer is a question.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from common.follow_up import FollowUp
from common.language.follow_ups import asked_again
from common.language.marked import mark
from common.language.phrases import opens_question
from common.language.places import read_place
from common.language.references import DEVICE, EVENT, TIMER, Reading, may_refer, opened, read_reference
from common.language.time_words import is_relative_to_fact
from common.language.words import stem, tokenize, word_set
from common.tool import Fact

__all__ = ["AskBack", "AskedAgain", "Found", "Session", "Turn", "find_meant", "may_refer"]

_MAX_SHOWN = 6
_MANY = re.compile(r"(?:them|these|those|both|all)\b", re.IGNORECASE)
_BOTH = re.compile(r"\bboth\b", re.IGNORECASE)
_EVERY = re.compile(r"(?:both|all)(?: of (?:them|these|those))?", re.IGNORECASE)
_NAMED = re.compile(r"the one (?:with|at|on|for|about|in|from|called) (.+)|the (.+) one", re.IGNORECASE)
_AGAIN = re.compile(r"(?:and|what about|how about|and what about|and how about)\s+(.+)", re.IGNORECASE)
_YES = re.compile(r"(?:yes|yeah|yep|sure|right|correct|exactly|that(?: one)?|it)(?: (?:one|please))?", re.IGNORECASE)
_THERE = re.compile(r"(?<!is )(?<!are )(?<!was )(?<!were )(?<!be )\bthere\b(?! (?:is|are|was|any|an?|be|will)\b)", re.I)
_ORDINALS = {"first": 0, "1st": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2, "fourth": 3, "fifth": 4, "last": -1}
_KINDS = {
    **dict.fromkeys(map(stem, word_set("event appointment meeting entry booking")), EVENT),
    **dict.fromkeys(map(stem, word_set("timer alarm reminder countdown")), TIMER),
    **dict.fromkeys(map(stem, word_set("device")), DEVICE),
}
_FILLING = word_set(
    "the a an one my i mean meant please that this it with at on for about in from called is of and to thing"
)


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier turn: what was asked, and the things it spoke of, in order, as they stood behind it.

    With `unclear` it was about something that did not come to be, or is not there yet. `asked` is the request that was
    answered with a question, and `choices` what that let choose from.
    """

    request: str
    things: tuple[Fact, ...] = ()
    unclear: bool = False
    asked: str = ""
    choices: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """What is meant; or, without `follow_up`, what a time of the request counts from."""

    role: str
    follow_up: FollowUp | None
    facts: tuple[Fact, ...] = ()
    request: str = ""
    """The request that was left open before, where this one answers the question about it."""


@dataclass(frozen=True, slots=True)
class AskBack:
    """More than one thing may be meant, or what is meant is not certain."""

    question: str
    choices: tuple[Fact, ...]
    request: str


@dataclass(frozen=True, slots=True)
class AskedAgain:
    """The question of the turn before, asked of another time or place."""

    request: str


def find_meant(text: str, turns: Sequence[Turn]) -> Found | AskBack | AskedAgain | None:
    """What a request means that does not say it itself; `turns` are the earlier ones, the oldest first.

    None where it is no follow-up, or nothing in the turns can be meant: it is then taken for what it says.
    """
    if not turns:
        return None
    session = Session(turns)
    if turns[-1].asked and (answered := session.answered(text, turns[-1])) is not None:
        return answered
    reading = read_reference(text)
    if reading is not None:
        return session.meant(reading, text)
    again = _AGAIN.fullmatch(opened(text)) or _AGAIN.fullmatch(text.strip(" .?!"))
    if again is not None:
        question = asked_again(turns[-1].request.rstrip(" .?!"), again[1].strip(" .?!"))
        return None if question is None else AskedAgain(question)
    if (asked := _asked_there(text, turns)) is not None:
        return AskedAgain(asked)
    return session.counted_from(text)


def _asked_there(text: str, turns: Sequence[Turn]) -> str | None:
    """A question about “there” with the place that was named last instead."""
    found = _THERE.search(text)
    if found is None or not opens_question(tokens := tokenize(text), 0, len(tokens)):
        return None
    for turn in reversed(turns):
        place = read_place(mark(turn.request))
        if place is not None:
            return f"{text[: found.start()]}in {place}{text[found.end() :]}"
    return None


@dataclass(slots=True)
class Session:
    """The things of some turns, as they stand now. `chosen` are the identities that a question was answered with."""

    turns: Sequence[Turn]
    chosen: frozenset[str] = frozenset()
    live: dict[str, Fact] = field(default_factory=dict[str, Fact])

    def __post_init__(self) -> None:
        for turn in self.turns:
            for thing in turn.things:
                identity = str(thing.data.get("id"))
                if thing.data.get("gone"):
                    self.live.pop(identity, None)
                else:
                    self.live[identity] = thing

    def _of(self, turn: Turn) -> list[Fact]:
        """The things of a turn that are still there."""
        names = dict.fromkeys(str(thing.data.get("id")) for thing in turn.things if not thing.data.get("gone"))
        return [self.live[name] for name in names if name in self.live]

    def meant(self, reading: Reading, text: str) -> Found | AskBack | None:
        """The things that a reading means."""
        if (named := _NAMED.fullmatch(reading.reference)) is not None and not _is_ordinal(reading.reference):
            every = [thing for thing in self.live.values() if _kind(thing) in reading.actions]
            fitting = _picked(named[1] or named[2], every)
            return self._chosen(fitting, reading, text, certain=len(fitting) == 1)
        certain = True
        for turn in reversed(self.turns):
            things = self._of(turn)
            fitting = [thing for thing in things if _fits(thing, reading)]
            if fitting:
                return self._chosen(fitting, reading, text, certain=certain)
            certain = certain and not (turn.things or turn.unclear)
        return None

    def _chosen(self, fitting: list[Fact], reading: Reading, text: str, *, certain: bool) -> Found | AskBack | None:
        if not fitting:
            return None
        if preferred := [thing for thing in fitting if str(thing.data.get("id")) in self.chosen]:
            fitting, certain = preferred, True
        if (place := _ordinal(reading.reference)) is not None and len(fitting) > 1:
            fitting = fitting[place:][:1]
        several = _MANY.match(reading.reference) is not None
        both = _BOTH.search(reading.reference) is not None
        one = len(fitting) == 2 if both else several or len(fitting) == 1
        roles = {str(thing.data.get("role")) for thing in fitting}
        if not fitting or not certain or not one or len(roles) > 1:
            return _ask(fitting or list(self.live.values()), text)
        actions = {reading.actions[_kind(thing)] for thing in fitting}
        return Found(roles.pop(), FollowUp(actions.pop(), tuple(fitting), reading.words))

    def answered(self, text: str, turn: Turn) -> Found | AskBack | None:
        """What was left open in the turn before, if the text chooses what it was asked to choose from."""
        reading = read_reference(turn.asked)
        choices = self._choices(turn)
        if reading is None or not choices:
            return None
        picked = self.picked(text, turn)
        actions = {reading.actions[_kind(thing)] for thing in picked if _kind(thing) in reading.actions}
        roles = {str(thing.data.get("role")) for thing in picked}
        if len(actions) != 1 or len(roles) != 1:
            return None
        if len(picked) > 1 and len(picked) < len(choices):
            return _ask(picked, turn.asked)
        return Found(roles.pop(), FollowUp(actions.pop(), tuple(picked), reading.words), request=turn.asked)

    def picked(self, text: str, turn: Turn) -> list[Fact]:
        """What the text chooses of what a turn was answered with the question about."""
        choices = self._choices(turn)
        core = opened(text) or text.strip(" .?!")
        yes = len(choices) == 1 and _YES.fullmatch(text.strip(" .?!,"))
        return choices if yes or _EVERY.fullmatch(core) else _picked(core, choices)

    def _choices(self, turn: Turn) -> list[Fact]:
        return [self.live[name] for choice in turn.choices if (name := str(choice.data.get("id"))) in self.live]

    def counted_from(self, text: str) -> Found | AskBack | None:
        """What “an hour before” counts from: the one thing with a time that was spoken of last, or is named."""
        if not is_relative_to_fact(text):
            return None
        for turn in reversed(self.turns):
            dated = [thing for thing in self._of(turn) if thing.start and _kind(thing) == EVENT]
            if not dated:
                if turn.things or turn.unclear:
                    return None
                continue
            words = set(_stems(text))
            named = [thing for thing in dated if words & set(_stems(thing.name))]
            found = [thing for thing in dated if str(thing.data.get("id")) in self.chosen] or named or dated
            return Found("", None, (found[0],)) if len(found) == 1 else _ask(found, text)
        return None


def _ask(things: Sequence[Fact], text: str) -> AskBack | None:
    if not things:
        return None
    shown = "; ".join(str(thing.data.get("words") or thing.name) for thing in things[:_MAX_SHOWN])
    more = f"; and {len(things) - _MAX_SHOWN} more" if len(things) > _MAX_SHOWN else ""
    return AskBack(f"Which one: {shown}{more}?", tuple(things[:_MAX_SHOWN]), text)


def _kind(thing: Fact) -> str:
    if thing.kind in (EVENT, DEVICE):
        return thing.kind
    return TIMER if "timer_id" in thing.data else ""


def _fits(thing: Fact, reading: Reading) -> bool:
    kind = _kind(thing)
    return kind in reading.actions and reading.kind in ("", kind)


def _is_ordinal(reference: str) -> bool:
    return _ordinal(reference) is not None


def _ordinal(reference: str) -> int | None:
    words = reference.lower().split()
    return _ORDINALS.get(words[1]) if len(words) > 1 and words[0] == "the" else None


def _stems(text: str) -> list[str]:
    return [stem(word) for word in tokenize(text).low if word[0].isalnum() and word not in _FILLING]


def _picked(words: str, things: Sequence[Fact]) -> list[Fact]:
    """The things that words name: each word must be one of its names, its kind, or say which one in order."""
    said = tokenize(words).low
    places = [_ORDINALS[word] for word in said if word in _ORDINALS]
    rest = [name for name in _stems(words) if name not in {stem(word) for word in _ORDINALS}]
    fitting = [thing for thing in things if all(_names(thing, word) for word in rest)] if rest or places else []
    if len(places) == 1 and fitting:
        return fitting[places[0] :][:1]
    return fitting


def _names(thing: Fact, word: str) -> bool:
    if word in _KINDS:
        return _KINDS[word] == _kind(thing) and (_kind(thing) != TIMER or word == "timer" or word in _own_words(thing))
    return word in _own_words(thing)


def _own_words(thing: Fact) -> Iterable[str]:
    return frozenset(_stems(f"{thing.name} {thing.data.get('words', '')}"))
