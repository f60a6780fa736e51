"""What a timer is called, and which of the running ones is meant, read from people's words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from common.language.concepts import STOP_WORDS
from common.language.relevance import similarity
from common.language.time_words import find_spans, read_duration, read_when
from common.language.words import stem, tokenize, word_set
from common.settings import LanguageSettings
from roles.timer.view import SetTimerRow

__all__ = ["Meant", "label_in", "select", "subject_in"]

_KINDS = {
    "timer": "timer",
    "timers": "timer",
    "countdown": "timer",
    "countdowns": "timer",
    "alarm": "alarm",
    "alarms": "alarm",
    "wakeup": "alarm",
    "reminder": "reminder",
    "reminders": "reminder",
}
_PLURALS = frozenset({"timers", "countdowns", "alarms", "reminders"})
_ALL = frozenset({"all", "every", "everything", "both", "each"})
_FIRST = frozenset({"next", "first"})
_COMMANDS = word_set(
    "cancel stop delete remove clear turn switch off kill dismiss scrap end abort drop call forget discard get rid set "
    "start run begin launch make create put add give wake up show list tell check view see read how long much many "
    "time minute minutes second seconds hour hours left remain remaining remains go goes going ring rings due done "
    "finish finished active current currently pending running there one ones which any more still have got another "
    "longer anymore need don't want doesn't are is called named label labelled labeled about please now never mind "
    "after all counting down"
)
_AROUND = word_set(
    "make sure awake asleep need bed know tell say shout beep ring ping clock up over "
    "done gone passed past when time is are have go off"
)
_LIKE = 0.62
_SHARE = 0.5
_TIDY = " \t\n.,;:!?–—-\"'“”‘’()"

_LEAD = re.compile(
    r"^(?:(?:please|hey|ok(?:ay)?|and|also|then|so|(?:can|could|would|will) you|i (?:need|want)|i['’]d like)[,\s]+)*"
    r"(?:(?:set|start|put|make|create|add|give|run|begin|launch|schedule|have|get)\b\s*(?:me\b|up\b|on\b|in\b)?\s*)?"
    r"(?:(?:a|an|the|my|another|one|new)\b\s*)*",
    re.IGNORECASE,
)
_REMIND = re.compile(
    r"^(?:(?:please|hey|ok(?:ay)?|and|also|then|so|(?:can|could|would|will) you|i (?:need|want) you to)[,\s]+)*"
    r"(?:remind (?:me|us)\b|(?:set|create|make|add|put in|give me)? ?(?:a|an|the|my)? ?(?:new )?reminder\b"
    r"|(?:don['’]?t|do not) let me forget\b|make sure (?:i|that i) (?:don['’]?t forget|remember)\b)?\s*"
    r"(?:(?:for me|that i (?:have to|need to|must|should)|to|of|about|that|for)\b\s*)?",
    re.IGNORECASE,
)
_NOUN = re.compile(r"\b(?:timer|countdown|alarm|wake[- ]?up call|reminder)s?\b", re.IGNORECASE)
_EDGE = re.compile(
    r"^(?:(?:a|an|the|my|for|to|of|about|called|named|labell?ed|in|on|at|with|and|that|says?|saying|it|me|up|wake)\b\s*)+"
    r"|(?:\s*\b(?:for|to|of|about|called|named|in|on|at|with|and|a|an|the|my|please|now|by))+$",
    re.IGNORECASE,
)


def label_in(text: str) -> str:
    """The name of a timer or alarm: what is left of the words without times and “set a timer”; may be empty."""
    kept = _without_spans(text)
    words = _tidy(_NOUN.sub(" ", _LEAD.sub("", kept, count=1))).split()
    while words and _is_noise(words[0]):
        words = words[1:]
    while words and _is_noise(words[-1]):
        words = words[:-1]
    return _tidy(" ".join(words))


def _is_noise(word: str) -> bool:
    """Whether a word at the edge of a label belongs to the request around it ("let me know when … are up")."""
    low = word.strip(_TIDY).lower()
    return low in _AROUND or low in STOP_WORDS


def subject_in(text: str) -> str:
    """What to be reminded of, without “remind me to” and without times at either end; may be empty."""
    kept = _REMIND.sub("", " ".join(text.split()), count=1).strip(_TIDY)
    spans = find_spans(kept)
    while spans and spans[0].start == 0:
        kept = re.sub(r"^\W*(?:to|that|of|about)\b", "", kept[spans[0].end :], flags=re.IGNORECASE).strip(_TIDY)
        spans = find_spans(kept)
    while spans and spans[-1].end >= len(kept):
        kept = kept[: spans[-1].start].strip(_TIDY)
        spans = find_spans(kept)
    return _tidy(kept)


def _without_spans(text: str) -> str:
    kept, after = "", 0
    for span in find_spans(text):
        kept += text[after : span.start] + " "
        after = span.end
    return kept + text[after:]


def _tidy(text: str) -> str:
    text = " ".join(text.split()).strip(_TIDY)
    while (shorter := _EDGE.sub("", text).strip(_TIDY)) != text:
        text = shorter
    return text


@dataclass(frozen=True, slots=True)
class Meant:
    """Which timers somebody's words mean: `chosen`, or, where that is not clear, the `candidates` to ask about.

    `named` tells that the words say more than “the timer” (a name, a time, a kind), `fitting` whether the candidates
    are what the words name.
    """

    chosen: tuple[SetTimerRow, ...] = ()
    candidates: tuple[SetTimerRow, ...] = ()
    named: bool = False
    fitting: bool = True


def select(text: str, timers: Sequence[SetTimerRow], now: datetime, language: LanguageSettings) -> Meant:
    """The timers that words such as “my tea timer”, “the 7 o'clock alarm” or “all timers” mean."""
    words = tokenize(text).low
    kinds = {_KINDS[word] for word in words if word in _KINDS}
    if "wake" in words:
        kinds.add("alarm")
    of_kind = [timer for timer in timers if timer.kind in kinds] if kinds else list(timers)
    topic = _topic(text)
    found = _by_label(topic, of_kind) or _by_label(topic, timers)
    if topic and not found:
        return Meant((), tuple(of_kind or timers), named=True, fitting=False)
    found = found or of_kind
    timed = bool(find_spans(text))
    if timed and not (found := _by_time(text, found, now, language)):
        return Meant((), tuple(of_kind or timers), named=True, fitting=False)
    named = bool(topic or timed or kinds)
    several = bool(_ALL & set(words)) or bool(_PLURALS & set(words))
    if not found:
        return Meant((), tuple(timers), named=named, fitting=False)
    if len(found) == 1 or several:
        return Meant(tuple(found), named=named)
    if _FIRST & set(words):
        return Meant((found[0],), named=named)
    return Meant((), tuple(found), named=named)


def _topic(text: str) -> frozenset[str]:
    """The words that can be part of a name, stemmed."""
    return frozenset(
        stem(word)
        for word in tokenize(_without_spans(text)).low
        if word[0].isalnum()
        and word not in STOP_WORDS
        and word not in _COMMANDS
        and word not in _KINDS
        and word not in _ALL
        and word not in _FIRST
    )


def _by_label(topic: frozenset[str], timers: Sequence[SetTimerRow]) -> list[SetTimerRow]:
    if not topic:
        return []
    scores = {timer.timer_id: _likeness(topic, timer.label) for timer in timers}
    best = max(scores.values(), default=0.0)
    return [timer for timer in timers if best > 0 and scores[timer.timer_id] >= 0.9 * best]


def _likeness(topic: frozenset[str], label: str) -> float:
    words = frozenset(stem(word) for word in tokenize(label).low if word[0].isalnum())
    if not words:
        return 0.0
    share = len(topic & words) / len(topic)
    if share >= _SHARE:
        return share
    spelled = similarity(" ".join(sorted(topic)), " ".join(sorted(words)))
    return spelled if spelled >= _LIKE else 0.0


def _by_time(text: str, timers: Sequence[SetTimerRow], now: datetime, language: LanguageSettings) -> list[SetTimerRow]:
    """The timers that were set for a length, or are due at a time, that the words name."""
    length = read_duration(text)
    by_length = [timer for timer in timers if length is not None and timer.length == length]
    if by_length:
        return [timer for timer in by_length if not timer.label] or by_length
    moment = read_when(text, now, language=language)
    if moment is None:
        return []
    local = [(timer, timer.due_at.astimezone(now.tzinfo)) for timer in timers]
    if not moment.has_time:
        return [timer for timer, due in local if due.date() == moment.start.date()]
    exact = [timer for timer, due in local if _minute(due) == _minute(moment.start)]
    same_clock = [timer for timer, due in local if (due.hour, due.minute) == (moment.start.hour, moment.start.minute)]
    half_day = [
        timer for timer, due in local if (due.hour % 12, due.minute) == (moment.start.hour % 12, moment.start.minute)
    ]
    return exact or same_clock or half_day


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
