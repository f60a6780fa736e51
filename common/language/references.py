"""Reads requests that leave out what they are about: “make it an hour later”, “cancel it”, “how long is left on it?”.

Only what is understood word for word is read; everything else is no follow-up, and is taken for what it says itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from common.language.time_words import find_spans
from common.language.words import tokenize, word_set

__all__ = ["DEVICE", "EVENT", "TIMER", "Reading", "may_refer", "opened", "read_reference"]

EVENT, TIMER, DEVICE = "event", "timer", "device"
_MAX_CHARS = 300

_REFERRING = re.compile(
    r"\b(?:it|its|that|this|them|those|these|both|one|instead|again|later|earlier|sooner|rather|meant?|left|remaining|"
    r"longer|shorter|more|extra|brighter|dimmer|darker|lighter|warmer|cooler|colder|hotter|louder|quieter|"
    r"rename|title|before|after|beforehand|there)\b"
    r"|\b(?:add|take)\b.{1,30}\b(?:seconds?|minutes?|hours?)\b"
    r"|^\W*(?:and|what about|how about|off|on|back)\b",
    re.IGNORECASE,
)
_SAME = str.maketrans("’‘´`“”„«»\u00a0", '\'\'\'\'""""" ')
_LEAD = re.compile(
    r"(?:(?:ok(?:ay)?|yes|yeah|no|nope|oh|hm+|um+|well|so|and|but|then|actually|sorry|wait|please|hey|alright|right|great|"
    r"thanks|thank you|perfect|now|also|just|cool|good|on second thoughts?|in fact|(?:can|could|would|will) you"
    r"|(?:can|could) we|let'?s|i(?:'d| would) like (?:you )?to|i want (?:you )?to|i need you to|you can|better)"
    r"(?=[\s,.!-])[\s,.!-]*)+",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"(?:[\s,]+(?:please|thanks|thank you|for me|then|now|after all|ok(?:ay)?|actually|if you can"
    r"|(?:w|c)ould you|will you|for now|right away))*[\s.!?]*$",
    re.IGNORECASE,
)

_KIND_OF = {
    **dict.fromkeys(("event", "appointment", "meeting", "entry", "booking"), EVENT),
    **dict.fromkeys(("timer", "alarm", "reminder", "countdown"), TIMER),
    **dict.fromkeys(("light", "lamp", "device"), DEVICE),
}
_NOUNS = "|".join(_KIND_OF)
_REF = (
    rf"(?P<ref>(?:this|that|the (?:same|last|latest|new|first|second|third|other)) (?:one|thing|{_NOUNS})"
    r"|the one (?:with|at|on|for|about|in|from|called) [\w' :-]{1,40}?|the [\w' :-]{1,40}? one"
    r"|(?:both|all)(?: of (?:them|those|these))?|them(?: both| all)?|these|those|it|this|that)"
)
_LENGTH = r"(?P<rest>(?:another |(?:a )?(?:couple|few) (?:of )?|\d|an? |half |[a-z]+ ).*?)"
_MINE = r" (?:my|the|our) (?:calendar|diary|agenda|schedule|list)"
_CALENDAR = rf"(?: (?:from|off|out of|of|in){_MINE})?"
_CHANGE = (
    r"make|move|push|shift|put|reschedule|postpone|delay|bring|change|set|pull|switch|have|do|start|get|turn|adjust"
)
_SHADES = (
    r"brighter|dimmer|darker|lighter|warmer|cooler|colder|hotter|louder|quieter|softer|higher|lower|faster|slower|red|green"
    r"|blue|white|yellow|orange|purple|pink|violet|turquoise|cyan|magenta"
)
_PARTICLES = word_set(
    "to for on by back forward off until till at in instead later earlier sooner from the same time day rather up down "
    "out over ahead only just be start starting again of week and around about exactly sharp it's is , . ' - now not"
)
_DIRECTION = word_set("later earlier sooner back forward ahead off up by after before")
_SHIFTING = word_set("postpone delay push bring shift")
_LENGTHS = word_set("longer shorter more less extra")
_SAYINGS = frozenset({"a day", "a night", "quits", "even", "done"})
_NO_NAMES = word_set("off out in back again up down on it that this them over later tomorrow today")


@dataclass(frozen=True, slots=True)
class Reading:
    """A request as a follow-up.

    `actions` tells for each kind of thing that may be meant what is to be done with it. `reference` are the words that
    stand for the thing (“it”, “the second one”), empty where none do; `words` is what else is said.
    """

    actions: Mapping[str, str] = field(default_factory=dict[str, str])
    reference: str = ""
    words: str = ""

    @property
    def kind(self) -> str:
        """The kind that the reference names (“that meeting”), or empty."""
        last = self.reference.lower().rsplit(" ", 1)[-1]
        return _KIND_OF.get(last, "")


def may_refer(text: str) -> bool:
    """Whether a text has any word of a follow-up; costs next to nothing."""
    return len(text) <= _MAX_CHARS and _REFERRING.search(text) is not None


def opened(text: str) -> str:
    """The text without what is only said around a request: politeness, “ok”, “no, actually”."""
    core = " ".join(text.translate(_SAME).split())
    if (lead := _LEAD.match(core)) is not None:
        core = core[lead.end() :]
    return _TAIL.sub("", core).strip(" ,")


def read_reference(text: str) -> Reading | None:
    """The text as a follow-up; None where it is none, or not understood as one."""
    if not may_refer(text):
        return None
    core = opened(text)
    for pattern, read in _PATTERNS:
        found = pattern.fullmatch(core)
        if found is not None and (reading := read(found)) is not None:
            return reading
    return None


Read = Callable[["re.Match[str]"], Reading | None]


def _ref(found: re.Match[str]) -> str:
    return (found.groupdict().get("ref") or "").strip()


def _plain(actions: Mapping[str, str]) -> Read:
    """Words that say all of it: what is done is the whole text."""

    def read(found: re.Match[str]) -> Reading:
        return Reading(actions, _ref(found), found.group(0))

    return read


def _rename(found: re.Match[str]) -> Reading | None:
    name = re.sub(r"\s+(?:instead|rather|again)$", "", found["rest"].strip(), flags=re.IGNORECASE).strip("\"' .")
    low = tokenize(name).low
    if not low or low[0] in _NO_NAMES or " ".join(low) in _SAYINGS:
        return None
    return Reading({EVENT: "rename"}, _ref(found), name)


def _change(found: re.Match[str]) -> Reading | None:
    """“make it …”: another time, another length, or another state of a device."""
    rest = found["rest"].strip()
    verb = (found.groupdict().get("verb") or "").lower()
    if re.fullmatch(rf"(?:to |a (?:bit|little|lot) |much |slightly )*(?:{_SHADES})(?: (?:again|light))?", rest, re.I):
        return Reading({DEVICE: "switch"}, _ref(found), found.group(0))
    if re.fullmatch(r"(?:to |at )?\d{1,3}(?:[.,]\d)? ?(?:%|percent|per cent|degrees?(?: celsius)?|°c?)", rest, re.I):
        return Reading({DEVICE: "switch"}, _ref(found), found.group(0))
    timed = _time(f"{verb} {rest}" if verb in _SHIFTING else rest)
    if timed is None:
        return None
    bare = re.fullmatch(r"to \d{1,2}", rest) is not None
    device: Mapping[str, str] = {DEVICE: "switch"} if bare else {}
    return Reading({**timed, **device}, _ref(found), found.group(0) if bare else rest)


def _elliptical(found: re.Match[str]) -> Reading | None:
    """“an hour later”, “on Friday instead”."""
    timed = _time(found["rest"].strip())
    return None if timed is None else Reading(timed, _ref(found), found["rest"].strip())


def _time(words: str) -> Mapping[str, str] | None:
    """What a change to a time or by a length can be done to; None where the words say anything else."""
    spans = find_spans(words)
    if not spans:
        spans = find_spans(f"at {words}") if re.match(r"\d", words) else []
        if not spans or _left_of(f"at {words}"):
            return None
        return {EVENT: "move", TIMER: "move"}
    low = set(tokenize(words).low)
    if _left_of(words) - _LENGTHS - _SHIFTING:
        return None
    if low & _LENGTHS:
        return {TIMER: "extend"}
    if all(span.kind != "when" for span in spans) and not low & (_DIRECTION | _SHIFTING):
        return {TIMER: "extend"}
    return {EVENT: "move", TIMER: "move"}


def _left_of(words: str) -> set[str]:
    """The words beside those of time that are no mere particles."""
    kept, after = "", 0
    for span in find_spans(words):
        kept += f"{words[after : span.start]} "
        after = span.end
    return {word for word in tokenize(kept + words[after:]).low if word not in _PARTICLES}


def _extend(found: re.Match[str]) -> Reading | None:
    rest = re.sub(r"\b(\w+) more (\w+)", r"\1 \2 more", found["rest"].strip())
    spans = find_spans(rest)
    if not spans or any(span.kind == "when" for span in spans) or _left_of(rest) - _LENGTHS - {"another"}:
        return None
    words = found.group(0).replace(found["rest"].strip(), rest)
    return Reading({TIMER: "extend"}, _ref(found), words)


def _left(found: re.Match[str]) -> Reading | None:
    return Reading({TIMER: "left"}, _ref(found), found.group(0))


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_CANCEL: Mapping[str, str] = {EVENT: "cancel", TIMER: "cancel"}
_OFF: Mapping[str, str] = {TIMER: "off", DEVICE: "switch"}
_ON: Mapping[str, str] = {DEVICE: "switch"}
_ASK: Mapping[str, str] = {EVENT: "ask", TIMER: "ask"}
_HOW_LONG = r"how (?:long|much time|much longer|many (?:more )?(?:seconds|minutes|hours))"

_PATTERNS: tuple[tuple[re.Pattern[str], Read], ...] = tuple(
    (_compiled(pattern), read)
    for pattern, read in (
        (
            r"(?:cancel|delete|remove|drop|scrap|erase|abort|dismiss|discard|scratch|call off|get rid of|take out) "
            rf"{_REF}"
            rf"(?: (?:off|out|again|altogether|completely|entirely|instead))?{_CALENDAR}",
            _plain(_CANCEL),
        ),
        (rf"call {_REF} off(?: again)?", _plain({EVENT: "cancel"})),
        (rf"take {_REF} (?:out|off)(?:(?: of| from)?{_MINE})?", _plain(_CANCEL)),
        (rf"i (?:don't|do not|no longer) (?:need|want) {_REF}(?: any ?more| any longer)?", _plain(_CANCEL)),
        (rf"(?:turn|switch|shut|power) {_REF} (?:back )?off(?: again)?", _plain(_OFF)),
        (rf"(?:turn|switch|shut|power) off {_REF}(?: again)?", _plain(_OFF)),
        (rf"(?:stop|kill|silence) {_REF}", _plain(_OFF)),
        (rf"(?:turn|switch|put|power) {_REF} (?:back )?(?:on|up|down)(?: again| a bit| a little)?", _plain(_ON)),
        (rf"(?:turn|switch|put|power) (?:back )?(?:on|up|down) {_REF}(?: again)?", _plain(_ON)),
        (r"(?:(?:turn|switch) )?(?:back )?(?:on|off) again|back (?:on|off)", _plain(_ON)),
        (
            rf"(?:open|close|shut|lock|unlock|dim|brighten|mute|unmute|raise|lower|toggle) {_REF}"
            r"(?: (?:up|down|again|completely|fully|half ?way|a (?:bit|little)|more|slightly|too|"
            r"(?:to |by )?\d{1,3} ?(?:%|percent)))*",
            _plain(_ON),
        ),
        (rf"(?:a (?:bit|little|lot) |much |slightly |even )*(?:{_SHADES})(?: again)?", _plain(_ON)),
        (
            rf"is {_REF} (?:still |now |really |already )*(?:on|off|open|closed|shut|locked|unlocked)",
            _plain({DEVICE: "state"}),
        ),
        (rf"{_HOW_LONG} (?:is|are|do i have|have i got)(?: there)?(?: still)? (?:left|remaining|to go)", _left),
        (
            rf"{_HOW_LONG} (?:is|are|do i have|have i got)(?: there)?(?: still)? "
            rf"(?:left |remaining |to go )?(?:on|for|of) {_REF}",
            _left,
        ),
        (rf"{_HOW_LONG} (?:does|has) {_REF} (?:still )?(?:have|got)(?: left| to go| remaining)?", _left),
        (rf"how much longer(?: (?:for|on|is) {_REF})?", _left),
        (
            rf"(?:when|(?:at )?what time) (?:does|will) {_REF} (?:go off|ring|be (?:done|up|over)|run out|stop)",
            _plain({TIMER: "left"}),
        ),
        (rf"is {_REF} (?:still )?(?:running|ticking|going|set)", _plain({TIMER: "left"})),
        (rf"(?:when|where)(?: is|'s) {_REF}(?: again| exactly| taking place)?", _plain(_ASK)),
        (
            rf"(?:when|where|(?:at )?what time) (?:does|will|is) {_REF} (?:start|begin|take place|end|finish|happen)",
            _plain(_ASK),
        ),
        (rf"(?:call|name|rename|title|retitle) {_REF} (?:to |as |into )?(?P<rest>.+)", _rename),
        (r"(?:change|set) (?:its|the) (?:name|title) (?:to|into) (?P<rest>.+)", _rename),
        (r"rename to (?P<rest>.+)", _rename),
        (rf"(?:add|put) {_LENGTH}(?: (?:to|on|onto) {_REF})?", _extend),
        (rf"give {_REF} {_LENGTH}", _extend),
        (rf"(?:extend|lengthen|prolong|shorten|cut|reduce|increase) {_REF} (?:by |for |to )?{_LENGTH}", _extend),
        (rf"take {_LENGTH} off(?: {_REF})?", _extend),
        (rf"(?P<verb>{_CHANGE}) {_REF} (?P<rest>.+)", _change),
        (rf"(?P<verb>push|move|bring|put|pull) (?:back|forward|off|up|out) {_REF} (?P<rest>.+)", _change),
        (rf"{_REF} (?:should be|needs to be|has to be|must be|shall be|is now|'s now) (?P<rest>.+)", _change),
        (rf"(?:can|could) {_REF} be (?P<rest>.+)", _change),
        (r"(?P<rest>.+ (?:instead|rather|later|earlier|sooner))", _elliptical),
        (r"i (?:meant?|said) (?P<rest>.+)", _elliptical),
        (r"(?P<rest>(?:another |\d|an? |half |[a-z]+ ).*?(?:more|extra|longer|shorter|less)\b.{0,12})", _extend),
        (r"(?P<rest>another .+)", _extend),
    )
)
