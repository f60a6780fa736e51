"""Names of events, what to look for and where something is to be moved, read from people's words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from common.language.concepts import STOP_WORDS
from common.language.time_words import find_spans, length_note, read_duration, read_when
from common.language.time_words.expressions import find_expressions
from common.language.time_words.resolve import at_wall
from common.language.words import stem, tokenize, word_set
from common.remembered import Remembered
from common.settings import LanguageSettings
from roles.calendar.backend import Occurrence

__all__ = [
    "Target",
    "Topic",
    "is_all",
    "is_all_day",
    "is_next",
    "is_series",
    "later",
    "name_in",
    "place_in",
    "read_target",
    "split_move",
    "topic_in",
    "without_spans",
]

_TIDY = " \t\n.,;:!?–—-\"'“”‘’"
_ALL_DAY = re.compile(r"\b(?:for )?(?:all|the whole|whole|the entire|entire|full|a full)[- ]day\b", re.IGNORECASE)
_CALENDAR = re.compile(
    r"\s*\b(?:to|in|into|on|onto|from|off|of|at)?\s*(?:my|the|our)?\s*(?:calendar|diary|agenda|schedule|planner)\b",
    re.IGNORECASE,
)
_HEADING = re.compile(r"^(?:save the )?(?:date|appointment|event|entry)\s*[:–-]\s*", re.IGNORECASE)
_ARTICLE = re.compile(r"^(?:a|an|the|my|our|another|new)\s+", re.IGNORECASE)
_ALL = re.compile(r"\b(?:all|every|everything|each|both|clear|empty|wipe)\b", re.IGNORECASE)
_SERIES = re.compile(
    r"\b(?:series|all (?:of )?(?:the |its |their )?(?:occurrences|repetitions|repeats|instances|dates)"
    r"|for good|altogether|every (?:single )?(?:one|occurrence|instance|time))\b",
    re.IGNORECASE,
)
_NEXT = re.compile(r"\b(?:next|upcoming|first|coming up next)\b", re.IGNORECASE)
_JOINT = re.compile(r"\s(?:to|until|till|for|onto|into|->|→)\s+", re.IGNORECASE)
_BESIDE = word_set("to the please instead then thanks change it that day same from and on at")
_EARLIER = re.compile(r"\b(?:earlier|sooner|forward|ahead|advance|up)\b", re.IGNORECASE)
_GENERIC = frozenset(map(stem, word_set("appointment event entry booking thing session date slot")))
_KINDS = frozenset(map(stem, word_set("meeting call class lesson party trip visit")))
_COMMAND_WORDS = word_set(
    "cancel delete remove drop scrap erase off clear empty wipe get rid take skip move reschedule shift push postpone "
    "bring forward back earlier later sooner delay change put set make update calendar diary agenda schedule planner "
    "list show tell view check see look read find plans planned plan going happening anything something nothing coming "
    "up next upcoming busy free day today tomorrow all every everything each both only just one now instead again new "
    "please time what's whats happen do have got there when where is are am i my the is it's series occurrence ahead "
    "advance won't can't doesn't don't longer more any need attend attending go able make long does start starts begin "
    "begins begin end ends last lasts much many first week weekend month moved know"
)
_COMMANDS = _COMMAND_WORDS | frozenset(map(stem, _COMMAND_WORDS))


def later(moment: datetime, length: timedelta) -> datetime:
    """So much real time later, in the zone of `moment`."""
    return (moment.astimezone(UTC) + length).astimezone(moment.tzinfo)


def without_spans(text: str) -> str:
    """The text without its words of time."""
    kept, after = "", 0
    for span in find_spans(text):
        kept += text[after : span.start] + " "
        after = span.end
    return " ".join((kept + text[after:]).split())


def is_all_day(*texts: str) -> bool:
    """Whether a whole day is meant."""
    return any(_ALL_DAY.search(text) for text in texts)


def is_all(text: str) -> bool:
    """Whether everything that fits is meant, not one thing."""
    return _ALL.search(text) is not None


def is_series(text: str) -> bool:
    """Whether a series as a whole is meant."""
    return _SERIES.search(text) is not None


def is_next(text: str) -> bool:
    """Whether only the next one is meant."""
    return _NEXT.search(text) is not None


def name_in(subject: str, person: str) -> str:
    """What an event is to be called: “Lunch with Anna”; "" where nothing was said."""
    name = _ALL_DAY.sub(" ", _CALENDAR.sub(" ", f" {subject} "))
    name = _HEADING.sub("", " ".join(name.split()).strip(_TIDY))
    spans = find_spans(name)
    if spans and spans[-1].end >= len(name) and spans[-1].start > 0:
        name = name[: spans[-1].start].strip(_TIDY)
    name = _ARTICLE.sub("", name)
    person = " ".join(person.split()).strip(_TIDY)
    if person and stem(tokenize(person).low[-1]) not in {stem(word) for word in tokenize(name).low}:
        name = f"{name or 'meeting'} with {person}"
    return name[:1].upper() + name[1:]


def place_in(place: str, name: str) -> str:
    """Where an event is; what merely repeats how its name begins ("coffee" of “Coffee with Anna”) is no place."""
    place = " ".join(place.split()).strip(_TIDY)
    return "" if name.casefold().startswith(place.casefold()) else place


@dataclass(frozen=True, slots=True)
class Topic:
    """What to look for: `core` words that name an event, and `kind` words such as “meeting” that may be in its name."""

    core: frozenset[str]
    kind: frozenset[str]

    def __bool__(self) -> bool:
        return bool(self.core or self.kind)

    def choose(self, entries: list[Occurrence]) -> list[Occurrence]:
        """The entries that fit best; all of them where only something like “my meeting” was said and none is one."""
        if self.core:
            scored = [(self._score(entry), entry) for entry in entries]
            best = max((score for score, _ in scored), default=0.0)
            return [entry for score, entry in scored if best >= 0.5 and score >= 0.95 * best]
        named = [entry for entry in entries if self.kind & _stems(entry.name)]
        return named or (entries if not self.kind - _GENERIC else [])

    def _score(self, entry: Occurrence) -> float:
        words = _stems(f"{entry.name} {entry.place}")
        hits = sum(1 for word in self.core if word in words or _begins(word, words))
        kind = 0.1 * len(self.kind & words)
        return hits / len(self.core) + (kind if hits else 0.0)


def _begins(word: str, words: frozenset[str]) -> bool:
    return len(word) >= 4 and any(
        other.startswith(word) or (len(other) >= 4 and word.startswith(other)) for other in words
    )


def _stems(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in tokenize(text).low if word[0].isalnum())


def _topic_in(text: str) -> Topic:
    words = [
        stem(word)
        for word in tokenize(_CALENDAR.sub(" ", f" {without_spans(text)} ")).low
        if word[0].isalnum() and word not in STOP_WORDS and word not in _COMMANDS
    ]
    kind = frozenset(word for word in words if word in _GENERIC or word in _KINDS)
    return Topic(frozenset(words) - kind - _COMMANDS, kind)


topic_in = Remembered(_topic_in)
"""The words of a request that can be part of an event's name."""


def split_move(text: str) -> tuple[str, str]:
    """What is to be moved, and where to: “my dentist on Tuesday”, “Thursday at 3”; "" where no target was said."""
    found = [
        (text[: joint.start()], target)
        for joint in _JOINT.finditer(text)
        if (target := text[joint.end() :].strip(_TIDY)) and _begins_with_time(target)
    ]
    if not found:
        return text, ""
    return next((pair for pair in found if _is_time_alone(pair[1])), found[-1])


def _begins_with_time(target: str) -> bool:
    """Whether words of time come first; a lone number is an hour behind "at"."""
    found = (find_spans(f"{before} {target}") for before in ("to", "at"))
    return any(spans and spans[0].start <= len("to the") for spans in found)


def _is_time_alone(target: str) -> bool:
    """Whether hardly anything but words of time is said: not “4 meeting to Friday”."""
    left = min((without_spans(f"{before} {target}") for before in ("to", "at")), key=len)
    return not {word for word in tokenize(left).low if word[0].isalnum()} - _BESIDE


@dataclass(frozen=True, slots=True)
class Target:
    """The new time of an event, and what was assumed."""

    start: datetime
    end: datetime
    all_day: bool
    notes: tuple[str, ...] = ()


def read_target(words: str, entry: Occurrence, now: datetime, language: LanguageSettings) -> Target | None:
    """Where an entry is moved to: a time keeps its day, a day keeps its time, “an hour later” counts from it."""
    expressions = find_expressions(tokenize(words))
    if not expressions:
        words = f"at {words}"
        expressions = find_expressions(tokenize(words))
    dated = any(found.date or found.instant or (found.shift and found.anchor_text is None) for found in expressions)
    timed = any(found.clock or found.daypart or found.instant for found in expressions)
    shift = read_duration(words)
    if shift is not None and not dated and not timed:
        by = -shift if _EARLIER.search(words) else shift
        vague = (note,) if (note := length_note(words)) else ()
        if entry.all_day:
            days = timedelta(days=round(by / timedelta(days=1)))
            return Target(entry.start + days, entry.end + days, all_day=True, notes=vague)
        return Target(later(entry.start, by), later(entry.end, by), all_day=False, notes=vague)
    if not dated and timed:
        return _on_its_day(words, entry, language)
    found = read_when(words, now, language=language, default_time=time(0))
    if found is None:
        return None
    notes = (found.note,) if found.note else ()
    if not found.has_time:
        return _same_time(_day_in(found.start, found.end, entry), entry, notes)
    return _from(found.start, found.end, entry, notes)


def _on_its_day(words: str, entry: Occurrence, language: LanguageSettings) -> Target | None:
    """A clock time on the day of the entry: the one of waking hours, where both halves of the day are meant alike."""
    midnight = datetime.combine(entry.start.date(), time(), tzinfo=entry.start.tzinfo)
    waking = midnight.replace(hour=6, minute=59)
    for now in (waking, midnight):
        found = read_when(words, now, language=language)
        if found is not None and found.has_time and found.start.date() == entry.start.date():
            return _from(found.start, found.end, entry, (found.note,) if found.note else ())
    return None


def _day_in(first: datetime, end: datetime | None, entry: Occurrence) -> datetime:
    """Of a week or more that is named, the entry's own day of the week; a week later where it is there already."""
    if end is None or end.date() - first.date() < timedelta(days=7):
        return first
    day = first + timedelta(days=(entry.start.weekday() - first.weekday()) % 7)
    return day + timedelta(days=7) if day.date() == entry.start.date() else day


def _same_time(day: datetime, entry: Occurrence, notes: tuple[str, ...]) -> Target:
    """The entry's own time on another day."""
    days = timedelta(days=(day.date() - entry.start.date()).days)
    if entry.all_day:
        return Target(entry.start + days, entry.end + days, all_day=True, notes=notes)
    start, changed = at_wall(entry.start.date() + days, entry.start.time(), entry.start.tzinfo)
    kept = changed or f"no time was given, so it stays at {start:%H:%M}"
    length = entry.end.astimezone(UTC) - entry.start.astimezone(UTC)
    return Target(start, later(start, length), all_day=False, notes=(*notes, kept))


def _from(start: datetime, end: datetime | None, entry: Occurrence, notes: tuple[str, ...]) -> Target:
    length = entry.end.astimezone(UTC) - entry.start.astimezone(UTC)
    if entry.all_day:
        length = timedelta(hours=1)
        notes = (*notes, "it took the whole day before, now an hour")
    return Target(start, end if end is not None and end > start else later(start, length), all_day=False, notes=notes)
