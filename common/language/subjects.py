"""Reads what a thing is about or called: the subject of an event, a reminder, a timer, a ticket."""

from __future__ import annotations

import re

from common.language.marked import Marked
from common.language.phrases import ARTICLES, PRONOUNS, VERBS, opens_request, opens_statement, statement_end
from common.language.words import word_set
from common.language.wrappers import skip_wrapper

__all__ = ["content_end", "content_start", "quoted", "read_subject"]

_PARTICLES = frozenset({"up", "out", "down", "in", "on", "off", "over", "back", "away"})
_OPENING = word_set(
    "me us a an the my our is are was i we have has do does did there what what's when when's which who "
    "where how any new another about of to for that any's some all please set up it's will be your planned scheduled"
)
_TRAILING = word_set(
    "for at on in to from by with of the a an my and or please about until till is are again , - also "
    "then i do does have it too around before after"
)
_CALENDARS = word_set("calendar calendars schedule agenda diary planner calender calandar")
_BEFORE_CALENDAR = word_set("my the our to in into on onto from work own off of")
_OWN_NOUNS = word_set("reminded timer alarm reminder countdown entry timers alarms reminders stopwatch")
_CONTAINERS = word_set(
    "ticket tickets issue case email e-mail mail message note memo document doc report request task page "
    "bug complaint appointment's inquiry question item post"
)
_MESSAGES = frozenset({"email", "e-mail", "mail", "message", "text", "sms"})
_MOVERS = word_set("take get put bring push pull move scratch cross pencil")
_AWAY = word_set("out off up back forward down away in")
_TO_CONTENT = word_set("for to about of that the a an entry event me on set")
_NAMED = frozenset({"called", "named", "titled", "labelled", "labeled", "entitled"})
_KEEPING = frozenset({"remember", "memorise", "memorize", "note"})
_KEPT_PAIRS = frozenset({"save", "store", "know", "learn", "record"})
_SAYING = frozenset({"saying", "says", "stating", "reading"})
_TELLING = frozenset({"email", "mail", "text", "message", "tell", "write"})
_BEFORE_VERB = word_set(", please could you can - and to would i'd like just pls you will i want need so now then")
_NOT_NAMES = frozenset({"me", "it", "that", "them", "this", "something", "us"})
_LOST = frozenset({"for", "at", "on", "from", "by", ","})
_ADDRESS = re.compile(
    r"[\w.+\-]{1,64}@[\w\-]{1,63}(?:\.[\w\-]{1,63}){1,8}|(?:https?://|www\.)\S{1,2000}", re.IGNORECASE
)


def quoted(text: str) -> str | None:
    """What stands between the first pair of quotation marks."""
    first = text.find('"')
    last = text.find('"', first + 1)
    inner = text[first + 1 : last].strip() if 0 <= first < last else ""
    return inner or None


def content_end(marked: Marked) -> int:
    """The index behind the last token that is no closing sign."""
    end = len(marked.tokens)
    while end and marked.tokens.word(end - 1) in (".", "?", "!", ",", ";"):
        end -= 1
    return end


def content_start(marked: Marked, end: int) -> int:
    """The index of the first token behind politeness and words of time at the front."""
    at = 0
    for _ in range(4):
        start = skip_wrapper(marked.tokens, at, end)
        while start < end and (not marked.free(start) or marked.low[start] == ","):
            start += 1
        if start == at:
            break
        at = start
    return at if at < end else 0


def read_subject(marked: Marked) -> str | None:
    """The subject of a request: "add lunch with Anna to my calendar" -> "lunch with Anna"."""
    tokens = marked.tokens
    if name := quoted(tokens.text):
        return name
    end = content_end(marked)
    kept_from = _kept(marked, skip_wrapper(tokens, 0, end))
    if kept_from is not None:
        return tokens.cut(kept_from, end) or None
    start = _reminding(marked, content_start(marked, end), end)
    end = _before_saying(marked, start, _fronted(marked, start, end))
    named = next((index for index in range(start, end) if marked.low[index] in _NAMED), None)
    addresses = _addresses(marked)
    if named is not None:
        places = [index for index in range(named + 1, end) if marked.free(index)]
    else:
        places = [index for index in _object(marked, start, end) if index not in addresses]
    places = _without_calendar(marked, places)
    if tokens.word(start) in _MOVERS and places and tokens.word(places[-1]) in _AWAY:
        places = places[:-1]
    return _trimmed(marked, places)


def _reminding(marked: Marked, start: int, end: int) -> int:
    """Where "remind me" stands behind what led to it ("the steaks are on, remind me to turn them")."""
    low = marked.low
    if low[start:end][:1] == ["remind"]:
        return start
    return next((index for index in range(start, end - 1) if low[index : index + 2] == ["remind", "me"]), start)


def _addresses(marked: Marked) -> frozenset[int]:
    """The tokens of e-mail and web addresses."""
    text = marked.tokens.text
    if "@" not in text and "://" not in text and "www." not in text:
        return frozenset()
    found: set[int] = set()
    for match in _ADDRESS.finditer(text):
        starts = marked.tokens.starts
        found.update(index for index, start in enumerate(starts) if match.start() <= start < match.end())
    return frozenset(found)


def _fronted(marked: Marked, start: int, end: int) -> int:
    """The end of what stands before a request about it: "the dentist on Friday, please cancel it"."""
    low = marked.low
    for index in range(start + 1, end - 1):
        if low[index] in VERBS and low[index + 1] in PRONOUNS and marked.free(index) and low[index - 1] != "to":
            last = index
            while last > start and low[last - 1] in _BEFORE_VERB:
                last -= 1
            return last if last > start and (last < index or low[start] not in VERBS) else end
    return end


def _before_saying(marked: Marked, start: int, end: int) -> int:
    """Where the words of a message begin ("saying …"; behind a verb of telling also "that …")."""
    if marked.tokens.word(start) in _TELLING:
        end = next((index for index in range(start + 1, end) if marked.low[index] == "that"), end)
    return next((index for index in range(start + 1, end) if marked.low[index] in _SAYING), end)


def _kept(marked: Marked, at: int) -> int | None:
    """Where the statement starts that is to be remembered whole ("remember that …"), or None where nothing is."""
    tokens = marked.tokens
    words = marked.low[at : at + 3]
    if words[:2] in (["don't", "forget"], ["dont", "forget"], ["never", "forget"]):
        at += 1
    elif words == ["do", "not", "forget"]:
        at += 2
    verb, second = tokens.word(at), tokens.word(at + 1)
    negated = tokens.word(at - 1) in ("not", "don't", "dont", "never")
    if words == ["keep", "in", "mind"]:
        at += 3
    elif (
        (verb in _KEEPING and second not in ("to", "me"))
        or (verb == "forget" and negated)
        or (verb in _KEPT_PAIRS and second == "that")
    ):
        at += 1
    else:
        return None
    if tokens.word(at) in ("down", "for") and tokens.word(at + 1) in ("me", "that", ":", "the"):
        at += 1
    while tokens.word(at) in ("that", ":", ",", "me"):
        at += 1
    return at


def _object(marked: Marked, start: int, end: int) -> list[int]:
    """The places of the words that name the object of the request."""
    tokens = marked.tokens
    at = start
    if marked.low[at : at + 4] in (["don't", "let", "me", "forget"], ["dont", "let", "me", "forget"]):
        at += 4
    elif opens_statement(tokens, at, end):
        at = statement_end(tokens, at, end)
    elif tokens.word(at) in VERBS or opens_request(tokens, at, end):
        at += 1
        if tokens.word(at) in _PARTICLES and tokens.word(at - 1) != "remind":
            at += 1
        if tokens.low[at : at + 2] == ["rid", "of"]:
            at += 2
    elif (tokens.word(at), tokens.word(at + 1)) == ("what", "time"):
        at += 2
    while at < end and (tokens.word(at) in _OPENING or not marked.free(at) or tokens.word(at) in (":", "-")):
        at += 1
    colon = next(
        (index for index in range(at, min(end, at + 5)) if tokens.word(index) == ":" and marked.free(index)), None
    )
    if colon is not None and colon + 1 < end:
        at = colon + 1
    places = [index for index in range(at, end) if marked.free(index)]
    return _about(marked, places)


def _about(marked: Marked, places: list[int]) -> list[int]:
    """Behind "timer", "alarm" or "ticket" only what it is for counts, or the noun before it ("pasta timer")."""
    low = marked.low
    for n, index in enumerate(places[:6]):
        following = low[places[n + 1]] if n + 1 < len(places) else ""
        if low[index] in _CONTAINERS and (about := _content_of(marked, places[n + 1 :])):
            return about
        if _tells(marked, places, n):
            return []
        if low[index] in _OWN_NOUNS or (low[index] in _CALENDARS and following in ("entry", "event", "for")):
            return _content_behind(marked, places, n)
    return places


def _content_of(marked: Marked, behind: list[int]) -> list[int]:
    """What a ticket or message is about, behind its "about"; "for Carla" may stand before that."""
    for n, index in enumerate(behind[:6]):
        if marked.low[index] in ("about", "regarding", "concerning", "re", ":"):
            return behind[n + 1 :]
    return []


def _tells(marked: Marked, places: list[int], n: int) -> bool:
    """Whether a message goes to somebody ("an email to Bob that …"), so that it has no subject of its own."""
    following = [marked.low[index] for index in places[n + 1 : n + 8]]
    return marked.low[places[n]] in _MESSAGES and ("to" in following[:2] or "that" in following)


def _content_behind(marked: Marked, places: list[int], n: int) -> list[int]:
    low = marked.low
    before = [index for index in places[:n] if low[index] not in ARTICLES | _OPENING | {"-", "minute", "hour"}]
    behind = places[n + 1 :]
    while behind and low[behind[0]] in _TO_CONTENT:
        behind = behind[1:]
    if behind and low[behind[0]] in ("at", "in", "called", "and", "please", ","):
        behind = behind[1:] if low[behind[0]] == "called" else []
    return behind or before


def _without_calendar(marked: Marked, places: list[int]) -> list[int]:
    """Leave out "to my calendar", "from the agenda"."""
    low = marked.low
    for n, index in enumerate(places):
        if low[index] in _CALENDARS:
            first = n
            while first > 0 and low[places[first - 1]] in _BEFORE_CALENDAR:
                first -= 1
            parted = n == 0 or places[n - 1] != index - 1
            if first < n or parted:
                return places[:first] + places[n + 1 :]
    return places


def _trimmed(marked: Marked, places: list[int]) -> str | None:
    low = marked.low
    while places and (low[places[-1]] in _TRAILING or not low[places[-1]][0].isalnum()):
        places = places[:-1]
    while places and (low[places[0]] in ARTICLES or low[places[0]] in _TRAILING or not low[places[0]][0].isalnum()):
        if low[places[0]] in ("i", "it", "do", "is", "have") and len(places) > 1:
            break
        places = places[1:]
    kept = [index for n, index in enumerate(places) if not _hole(places, n, low)]
    text = marked.text_of(kept).strip(" ,.;:-")
    return text if text and text.lower() not in _NOT_NAMES else None


def _hole(places: list[int], n: int, low: list[str]) -> bool:
    """Whether a preposition lost its words of time ("for [Saturday] with Anna")."""
    return n + 1 < len(places) and low[places[n]] in _LOST and places[n + 1] != places[n] + 1
