"""Reads subjects, places, people and search words from what somebody asked."""

from __future__ import annotations

from common.language.marked import Marked
from common.language.phrases import ARTICLES, VERBS, skip_wrapper
from common.language.time_words.dates import MONTHS, WEEKDAYS
from common.language.words import is_name_like, word_set

__all__ = ["quoted", "read_people", "read_place", "read_query", "read_subject"]

_PARTICLES = frozenset({"up", "out", "down", "in", "on", "off", "over", "back", "away"})
_OPENING = word_set(
    "me us a an the my our is are was i we have has do does did there what what's when when's which who "
    "where how any new another about of to for that any's some all please set up new it's will be your"
)
_TRAILING = word_set(
    "for at on in to from by with of the a an my and or please about until till is are again , - also "
    "then i do does have it too around before after"
)
_CALENDARS = word_set("calendar calendars schedule agenda diary planner calender calandar")
_OWN_NOUNS = word_set("timer alarm reminder countdown entry timers alarms reminders stopwatch")
_NAMED = frozenset({"called", "named", "titled", "labelled", "labeled", "entitled"})
_KEEPING = frozenset({"remember", "memorise", "memorize", "note"})


def quoted(text: str) -> str | None:
    """What stands between the first pair of quotation marks."""
    first = text.find('"')
    last = text.find('"', first + 1)
    inner = text[first + 1 : last].strip() if 0 <= first < last else ""
    return inner or None


def _end(marked: Marked) -> int:
    end = len(marked.tokens)
    while end and marked.tokens.word(end - 1) in (".", "?", "!", ",", ";"):
        end -= 1
    return end


def read_subject(marked: Marked) -> str | None:
    """What the thing asked for is about or called: "add lunch with Anna to my calendar" -> "lunch with Anna"."""
    tokens = marked.tokens
    if name := quoted(tokens.text):
        return name
    end = _end(marked)
    start = skip_wrapper(tokens, 0, end)
    if (kept := _kept(marked, start, end)) is not None:
        return kept
    named = next((index for index in range(start, end) if marked.low[index] in _NAMED), None)
    if named is not None:
        start = named + 1
        places = [index for index in range(start, end) if marked.free(index)]
    else:
        places = _object(marked, start, end)
    places = _without_calendar(marked, places)
    return _trimmed(marked, places)


def _kept(marked: Marked, start: int, end: int) -> str | None:
    """The statement that is to be remembered, whole ("remember that …"), or None where nothing is."""
    low, tokens = marked.low, marked.tokens
    at = start
    words = low[at : at + 4]
    if words[:1] and words[0] in _KEEPING:
        at += 1
    elif words[:3] == ["keep", "in", "mind"]:
        at += 3
    elif (words[:1] == ["forget"] and tokens.word(at - 1) in ("not", "don't", "never")) or words[:2] in (
        ["save", "that"],
        ["store", "that"],
        ["know", "that"],
        ["learn", "that"],
        ["record", "that"],
    ):
        at += 1
    else:
        return None
    if tokens.word(at) in ("down", "for") and tokens.word(at + 1) in ("me", "that", ":", "the"):
        at += 1
    while at < end and tokens.word(at) in ("that", ":", ",", "me"):
        at += 1
    return tokens.cut(at, end) or None


def _object(marked: Marked, start: int, end: int) -> list[int]:
    """The places of the words that name the object of the request."""
    tokens = marked.tokens
    at = start
    if tokens.word(at) in VERBS:
        at += 1
        if tokens.word(at) in _PARTICLES and tokens.word(at - 1) not in ("remind",):
            at += 1
    while at < end and (tokens.word(at) in _OPENING or not marked.free(at) or tokens.word(at) in (":", "-")):
        at += 1
    places = [index for index in range(at, end) if marked.free(index)]
    return _about(marked, places)


def _about(marked: Marked, places: list[int]) -> list[int]:
    """Behind "timer", "alarm" or "reminder" only what it is for counts, or the noun before it ("pasta timer")."""
    low = marked.low
    own = next((n for n, index in enumerate(places[:6]) if low[index] in _OWN_NOUNS or low[index] in _CALENDARS), None)
    if own is None:
        return places
    if low[places[own]] in _CALENDARS and not (
        own + 1 < len(places) and low[places[own + 1]] in ("entry", "event", "for")
    ):
        return places
    before = [index for index in places[:own] if low[index] not in ARTICLES | _OPENING | {"-", "minute", "hour"}]
    behind = places[own + 1 :]
    while behind and low[behind[0]] in (
        "for",
        "to",
        "about",
        "of",
        "that",
        "the",
        "a",
        "an",
        "entry",
        "event",
        "me",
        "on",
    ):
        behind = behind[1:]
    if behind and low[behind[0]] in ("at", "in", "on", "called", "and", "please"):
        behind = behind[1:] if low[behind[0]] == "called" else []
    return behind or before


def _without_calendar(marked: Marked, places: list[int]) -> list[int]:
    """Leave out "to my calendar", "from the agenda"."""
    low = marked.low
    for n, index in enumerate(places):
        if low[index] in _CALENDARS:
            first = n
            while first > 0 and low[places[first - 1]] in ("my", "the", "our", "to", "in", "into", "on", "onto", "from", "work",
                                                          "own", "off"):  # fmt: skip
                first -= 1
            if first < n:
                return places[:first] + places[n + 1 :]
    return places


def _trimmed(marked: Marked, places: list[int]) -> str | None:
    low = marked.low
    while places and (low[places[-1]] in _TRAILING or not low[places[-1]][0].isalnum()):
        places = places[:-1]
    while places and (
        low[places[0]] in ARTICLES | {"for", "to", "of", "about", "that", ":", ",", "-", "and", "in", "on", "at"}
    ):
        places = places[1:]
    kept = [
        index
        for n, index in enumerate(places)
        if not (low[index] in ("for", "at", "on", "from", "by", ",") and n + 1 < len(places) and _hole(places, n, low))
    ]
    text = marked.text_of(kept).strip(" ,.;:-")
    return text if text and text.lower() not in ("me", "it", "that", "them", "this") else None


def _hole(places: list[int], n: int, low: list[str]) -> bool:
    """Whether a preposition lost its words of time ("for [Saturday] with Anna")."""
    return places[n + 1] != places[n] + 1 and low[places[n]] in ("for", "at", "on", "from", "by", ",")


_PLACE_LEADS = {
    "in": 3,
    "near": 3,
    "around": 2,
    "outside": 2,
    "at": 1,
    "for": 1,
    "to": 1,
    "from": 1,
    "over": 1,
    "of": 0,
}
_PLACE_STOPS = word_set(
    "and or with please on for at if when that is are was will be right now like by , . ? ! ; : to from "
    "in near because so this next the tomorrow today tonight then than which who do does should would "
    "could can i we you it going get have has look looking looks there weather forecast temperature "
    "during"
)
_INNER = word_set("de la le du der am an upon of del las los san santa st saint sur la el den les the")
_NO_PLACES = word_set(
    "morning afternoon evening night calendar celsius fahrenheit degrees minutes hours english german "
    "french general advance case time mind detail total fact euro euros dollars percent it there here "
    "that this my me us them him her home outside inside documents notes files folder kitchen bedroom "
    "bathroom week weekend month day days hour minute order particular bed work rain snow mph kmh metric "
    "dark shape charge touch bold stock a an our your his their"
)
_WEATHER = word_set("weather forecast temperature temperatures temp humidity rain snow wind climate conditions")


def read_place(marked: Marked) -> str | None:
    """The place that is named: "weather in new york tomorrow" -> "new york", "Bern forecast" -> "Bern"."""
    tokens = marked.tokens
    end = _end(marked)
    weather = bool(_WEATHER.intersection(marked.low))
    best: tuple[int, str] = (0, "")
    for index in range(end - 1):
        lead = _PLACE_LEADS.get(tokens.word(index))
        if lead is None or (not marked.free(index + 1)) or not marked.free(index):
            continue
        name = _place_at(marked, index + 1, end, any_case=lead >= 2 or (weather and lead >= 1))
        if name is None:
            continue
        score = lead + (2 if name[:1].isupper() or name.lower().startswith("the ") else 0)
        if score > best[0] and score >= 3 - weather:
            best = (score, name)
    return best[1] or _place_beside(marked, end)


def _place_at(marked: Marked, start: int, end: int, *, any_case: bool) -> str | None:
    tokens = marked.tokens
    at = start
    article = tokens.word(at) == "the"
    if article:
        at += 1
    first = tokens.word(at)
    if (
        not first
        or not first[0].isalpha()
        or first in _NO_PLACES
        or (first in _PLACE_STOPS and not is_name_like(tokens, at))
    ):
        return None
    capital = is_name_like(tokens, at)
    if not capital and (article or not any_case):
        return None
    last = at
    while last < end and marked.free(last) and last - at < 6:
        word = tokens.word(last)
        if (
            last > at
            and word == ","
            and last + 1 < end
            and marked.free(last + 1)
            and _region(marked, last + 1, end, capital)
        ):
            last += 2
            continue
        if word in _INNER and last > at and last + 1 < end and tokens.raw(last + 1)[:1].isupper():
            last += 1
            continue
        if last > at and (word in _PLACE_STOPS or not (word[0].isalpha() or word in ("-", ".", "'"))):
            break
        if last > at and word == "." and tokens.word(last - 1) not in ("st", "mt"):
            break
        if (
            last > at
            and capital
            and word[0].isalpha()
            and not tokens.raw(last)[:1].isupper()
            and not tokens.glued(last)
        ):
            break
        last += 1
    name = tokens.cut(start if article else at, last).strip(" -.,'")
    return name[:-2] if name.endswith("'s") else name or None


def _region(marked: Marked, index: int, end: int, capital: bool) -> bool:
    """Whether what follows a comma is a country or a state ("Sparks, Nevada", "richmond, va")."""
    tokens = marked.tokens
    raw = tokens.raw(index)
    if index + 1 < end and tokens.word(index + 1).isalpha() and marked.free(index + 1) and not capital:
        return False
    return raw[:1].isupper() if capital else len(raw) == 2 and raw.isalpha()


def _place_beside(marked: Marked, end: int) -> str | None:
    """A place right before or behind a word such as "weather"."""
    tokens = marked.tokens
    for index in range(end):
        if tokens.word(index) not in _WEATHER or not marked.free(index):
            continue
        behind = (
            _place_at(marked, index + 1, end, any_case=True) if index + 1 < end and marked.free(index + 1) else None
        )
        if behind and behind.lower() not in VERBS and not _common(behind):
            return behind
        first = index
        while first > 0 and marked.free(first - 1) and _placelike(marked, first - 1):
            first -= 1
        if first < index and marked.free(first):
            name = tokens.cut(first, index).strip()
            name = name[:-2] if name.endswith("'s") else name
            if name:
                return name
    return None


_COMMON = word_set(
    "report forecast like going update conditions outlook today for in the a what's whats current "
    "currently hourly daily weekly local any some check show tell me give get what is how how's hows will "
    "it be good bad nice today's tomorrow's extended my our this next outdoor indoor average high low "
    "chance of and about your detailed quick see app please look up read find does do are there right now "
    "or hows' can you could know need want wanna is's hot cold"
)


def _common(name: str) -> bool:
    return name.split()[0].lower() in _COMMON


def _placelike(marked: Marked, index: int) -> bool:
    word = marked.tokens.word(index)
    return word[0].isalpha() and word not in _COMMON and word not in VERBS and word not in ARTICLES


_PERSON_LEADS = word_set(
    "with to for from invite call email text meet tell ask message phone ring contact notify and mail "
    "remind dear customer client colleague by"
)
_RELATIONS = word_set(
    "mom mum mother dad father wife husband partner boss sister brother son daughter doctor dentist "
    "friend girlfriend boyfriend manager team landlord grandma grandpa parents kids aunt uncle neighbour "
    "neighbor mum's"
)
_TITLES = frozenset({"dr", "mr", "mrs", "ms", "prof", "professor", "doctor", "aunt", "uncle"})
_NO_NAMES = frozenset(WEEKDAYS) | frozenset(MONTHS) | frozenset({"i", "today", "tomorrow"})


def read_people(marked: Marked) -> list[str]:
    """The people that are named, in order."""
    tokens, found = marked.tokens, list[str]()
    end = _end(marked)
    index = 0
    while index < end:
        led = tokens.word(index) in _PERSON_LEADS
        name = (
            _person_at(marked, index + 1, end, led=led) if led and index + 1 < end and marked.free(index + 1) else None
        )
        if name is None:
            index += 1
            continue
        found.append(name[0])
        index = name[1]
        while tokens.word(index) in (",", "and", "&") and index + 1 < end:
            more = _person_at(marked, index + 1, end, led=False)
            if more is None:
                break
            found.append(more[0])
            index = more[1]
    return list(dict.fromkeys(found))


def _person_at(marked: Marked, start: int, end: int, *, led: bool) -> tuple[str, int] | None:
    tokens = marked.tokens
    at = start
    if tokens.word(at) in ("my", "our", "the"):
        at += 1
        if tokens.word(at) in _RELATIONS:
            first = start if tokens.word(start) != "the" else at
            return tokens.cut(first, at + 1), at + 1
        return None
    if tokens.word(at) in _RELATIONS and led:
        return tokens.raw(at), at + 1
    last = at
    if tokens.word(last) in _TITLES and last + 1 < end:
        last += 1
        if tokens.word(last) == "." and last + 1 < end:
            last += 1
    first = last
    while last < end and marked.free(last) and is_name_like(tokens, last) and tokens.word(last) not in _NO_NAMES:
        last += 1
        if tokens.word(last) == "-" and tokens.glued(last) and tokens.raw(last + 1)[:1].isupper():
            last += 1
    if last > first:
        name = tokens.cut(at, last)
        return (name[:-2] if name.endswith("'s") else name), last
    word = tokens.word(at)
    if led and tokens.word(at - 1) == "with" and word[:1].isalpha() and word not in _COMMON and word not in ARTICLES:
        behind = tokens.word(at + 1)
        if at + 1 >= end or not marked.free(at + 1) or behind in ("and", "at", "on", "in", "for", "about", "to", ","):
            return tokens.raw(at), at + 1
    return None


_SEARCH_VERBS = word_set("search find look lookup locate browse seek google hunt show get give check query read")
_SCOPES = word_set(
    "document documents file files note notes folder pdf pdfs papers paper collection library web "
    "internet online archive docs knowledge base wiki guides guide texts records"
)
_QUERY_LEADS = word_set(
    "for about on regarding concerning of mentioning mention mentions containing contain with what which "
    "who where how is are there do does did i my a an the any some me us anything something information "
    "info details in up through say says said to that have has everything it it's will can you we tell "
    "know need documents document notes files from"
)


def read_query(marked: Marked) -> str | None:
    """The words to search for: "search my notes for the router password" -> "router password"."""
    tokens = marked.tokens
    if name := quoted(tokens.text):
        return name
    end = _end(marked)
    start = skip_wrapper(tokens, 0, end)
    low = tokens.low
    places = [index for index in range(start, end) if marked.free(index)] or list(range(start, end))
    if places and low[places[0]] in _SEARCH_VERBS:
        places = places[1:]
    places = _without_scope(marked, places)
    while places and (low[places[0]] in _QUERY_LEADS or not (low[places[0]][0].isalnum() or low[places[0]] == "#")):
        places = places[1:]
    while places and (low[places[-1]] in _TRAILING or not low[places[-1]][0].isalnum()):
        places = places[:-1]
    places = (
        [index for index in places if low[index] not in ("is", "are", "there", "please")] if len(places) > 2 else places
    )
    return marked.text_of(places).strip() or None


def _without_scope(marked: Marked, places: list[int]) -> list[int]:
    """Leave out where to search: "in my notes", "my documents", "the web"."""
    low = marked.low
    for n, index in enumerate(places):
        if low[index] not in _SCOPES:
            continue
        first = n
        while first > 0 and low[places[first - 1]] in ("my", "the", "our", "in", "through", "from", "on", "all", "knowledge",
                                                      "of", "any"):  # fmt: skip
            first -= 1
        last = n + 1
        while last < len(places) and low[places[last]] in _SCOPES:
            last += 1
        led = first < n and low[places[first]] in ("in", "through", "from", "on")
        if led and first > 0:
            rest = places[:first] + places[last:]
            return rest or places
        if first == 0 and last < len(places):
            return places[last:]
    return places
