"""Finds what each part of a request means of what its session spoke of: “make it an hour later and call it brunch”.

As with a request for one thing, nothing is guessed: a part that may mean more than one thing is asked about, before
anything is done.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from common.follow_up import FollowUp
from common.language.parts import Part, split
from common.language.references import DEVICE, EVENT, may_refer, read_reference
from common.language.session_things import AskBack, Found, Session, Turn
from common.language.time_words import is_relative_to_fact
from common.tool import Fact

__all__ = ["Step", "Steps", "find_steps", "has_steps"]

_LAST = frozenset({"cancel", "off"})
"""After these there is nothing left to be changed."""


@dataclass(frozen=True, slots=True)
class Step:
    """One part: its place, what it says, the role it goes to, and what it means of earlier turns.

    `facts` are what a time of it counts from. It needs the steps `depends_on`, and merely comes after those of `after`.
    """

    index: int
    text: str
    role: str
    follow_up: FollowUp | None = None
    facts: tuple[Fact, ...] = ()
    depends_on: tuple[int, ...] = ()
    after: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps of `request`: the one that was made, or the one that it answers a question about."""

    request: str
    steps: tuple[Step, ...]


def has_steps(text: str) -> bool:
    """Whether a text is to be read part by part: it has several, and is no follow-up as a whole (“call it A and B”)
    unless each part of it is one.
    """
    parts = split(text)
    if len(parts) < 2:
        return False
    return read_reference(text) is None or all(
        read_reference(part.text) or is_relative_to_fact(part.text) for part in parts
    )


def find_steps(
    text: str, turns: Sequence[Turn], role_of: Callable[[str], str], touching: frozenset[str]
) -> Steps | AskBack | None:
    """The steps of a request of several parts, some of which refer to earlier turns; `turns` are the oldest first.

    `role_of` names the role of a part that says itself what it means, and `touching` are roles whose parts may have
    made what a later “it” means. None where no part is completed, where one depends on a circumstance, or where the
    parts contradict each other (what was cancelled is moved): the request is then taken for what it says.
    """
    if not turns:
        return None
    session = Session(turns)
    if turns[-1].asked and (picked := session.picked(text, turns[-1])):
        chosen = frozenset(str(thing.data.get("id")) for thing in picked)
        found = _Reader(Session(turns[:-1], chosen), role_of, touching).read(turns[-1].asked)
        return (
            replace(found, request="") if isinstance(found, AskBack) else found
        )  # one question, not one after another
    return _Reader(session, role_of, touching).read(text)


@dataclass(slots=True)
class _Reader:
    session: Session
    role_of: Callable[[str], str]
    touching: frozenset[str]
    steps: list[Step] = field(default_factory=list[Step])

    def read(self, text: str) -> Steps | AskBack | None:
        """The steps of a text, as `find_steps` tells them."""
        parts = split(text)
        if len(parts) < 2 or not may_refer(text) or any(part.condition for part in parts):
            return None
        for part in parts:
            found = self._meant(part)
            if isinstance(found, AskBack):
                return AskBack(found.question, found.choices, text)
            step = self._step(part, found)
            if step is None:
                return None
            self.steps.append(step)
        refers = any(step.follow_up or step.facts for step in self.steps)
        return Steps(text, tuple(self.steps)) if refers else None

    def _meant(self, part: Part) -> Found | AskBack | None:
        if any(step.follow_up is None and step.role in self.touching and not step.facts for step in self.steps):
            return None  # “it” may be what this request makes itself
        reading = read_reference(part.text)
        if reading is not None:
            return self.session.meant(reading, part.text)
        return None if self._moved() else self.session.counted_from(part.text)

    def _step(self, part: Part, found: Found | None) -> Step | None:
        if found is not None and found.follow_up is not None:
            after = self._of(found.follow_up)
            return None if after is None else Step(part.index, part.text, found.role, found.follow_up, after=after)
        if found is not None:
            return Step(part.index, part.text, self.role_of(part.text), facts=found.facts)
        moved = self._moved()
        if moved and is_relative_to_fact(part.text):
            return Step(part.index, part.text, self.role_of(part.text), depends_on=moved[-1:])
        return Step(
            part.index, part.standalone, self.role_of(part.standalone), depends_on=part.depends_on, after=part.after
        )

    def _moved(self) -> tuple[int, ...]:
        """The steps that give an event another time, which a later “an hour before” counts from."""
        return tuple(
            step.index
            for step in self.steps
            if step.follow_up is not None
            and step.follow_up.action == "move"
            and all(thing.kind == EVENT for thing in step.follow_up.meant)
        )

    def _of(self, said: FollowUp) -> tuple[int, ...] | None:
        """The steps about the same things, which come first; None where they leave nothing for this one to do."""
        names = {str(thing.data.get("id")) for thing in said.meant}
        before: list[int] = []
        for step in self.steps:
            if step.follow_up is None or names.isdisjoint(str(one.data.get("id")) for one in step.follow_up.meant):
                continue
            devices = all(thing.kind == DEVICE for thing in said.meant)
            if not devices and (step.follow_up.action in _LAST or step.follow_up.action == said.action):
                return None
            before.append(step.index)
        return tuple(before)
