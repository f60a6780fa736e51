"""Reads the places that somebody names."""

from __future__ import annotations

from common.language.concepts import STOP_WORDS, WEAK_WORDS
from common.language.marked import Marked
from common.language.phrases import ARTICLES, VERBS
from common.language.regions import region_end
from common.language.subjects import content_end
from common.language.words import is_name_like, word_set

__all__ = ["read_place"]

_LEADS = {"in": 3, "near": 3, "around": 2, "outside": 2, "at": 1, "for": 1, "to": 1, "from": 1, "over": 1,
          "visit": 1, "visiting": 1, "through": 1, "leaving": 0, "of": 0}  # fmt: skip
_SIDES = {"from": ("from", "leaving"), "to": ("to", "into", "towards", "for")}
_STOPS = word_set(
    "and or with please on for at if when that is are was will be right now like by , . ? ! ; : to from "
    "in near because so this next the tomorrow today tonight then than which who do does should would "
    "could can i we you it going get have has look looking looks there weather forecast temperature "
    "during currently instead also either via"
)
_INNER = word_set("de la le du der am an upon of del las los san santa st saint sur el den les the")
_NO_PLACES = word_set(
    "morning afternoon evening night calendar celsius fahrenheit degrees minutes hours english german "
    "french general advance case time mind detail total fact euro euros dollars percent it there here "
    "that this my me us them him her home outside inside documents notes files folder kitchen bedroom "
    "bathroom week weekend month day days hour minute order particular bed work rain snow mph kmh metric "
    "dark shape charge touch bold stock a an our your his their person private bulk progress need love"
)
_WEATHER = word_set("weather forecast temperature temperatures temp humidity rain snow wind climate conditions")
_VENUES = word_set(
    "office cafe café gym restaurant park library station airport hotel bar pub school church club museum "
    "hospital clinic theatre theater cinema beach lake mall market studio headquarters canteen stadium "
    "pool university campus bakery harbour harbor zoo castle square bridge"
)
_COMMON = word_set(
    "report forecast like going update conditions outlook today for in the a what's whats current "
    "currently hourly daily weekly local any some check show tell me give get what is how how's hows will "
    "it be good bad nice today's tomorrow's extended my our this next outdoor indoor average high low "
    "chance of and about your detailed quick see app please look up read find does do are there right now "
    "or can you could know need want wanna hot cold expected latest whole us general situation status "
    "details info alert warning channel map index suppose supposed predicted again atmospheric"
)
_SKY = frozenset({"weather", "forecast", "temperature", "temp", "climate"})
_PLAIN = frozenset({"on", "off"}) | STOP_WORDS | WEAK_WORDS | _COMMON | _WEATHER
_WORDS = 6


def read_place(marked: Marked, side: str = "", other: str = "") -> str | None:
    """The place that is named: "weather in new york tomorrow" -> "new york", "Bern forecast" -> "Bern".

    `side` "from" or "to" asks for the start or the end of a way; `other` is a place that is known to be another one.
    """
    if side:
        return _on_side(marked, side, other)
    tokens = marked.tokens
    end = content_end(marked)
    weather = not _WEATHER.isdisjoint(marked.low)
    best: tuple[int, str] = (0, "")
    for index in range(end - 1):
        lead = _LEADS.get(tokens.word(index))
        if lead is None or not marked.free(index + 1) or not marked.free(index):
            continue
        name = _place_at(marked, index + 1, end, any_case=lead >= 2 or (weather and lead >= 1))
        if name is None or name == other:
            continue
        score = lead + (2 if name[:1].isupper() or name.lower().startswith("the ") else 0)
        if score > best[0] and score >= 3 - weather:
            best = (score, name)
    return best[1] or _beside_weather(marked, end)


def _on_side(marked: Marked, side: str, other: str) -> str | None:
    """The start or end of a way: "from Bern to Oslo", "Bern to Oslo"."""
    tokens = marked.tokens
    end = content_end(marked)
    for index in range(end - 1):
        if tokens.word(index) in _SIDES[side] and marked.free(index) and marked.free(index + 1):
            name = _place_at(marked, index + 1, end, any_case=True)
            if name is not None and name != other and name.lower() not in VERBS:
                return name
    if side == "from":
        to = next((index for index in range(1, end) if tokens.word(index) == "to"), None)
        if to is not None and is_name_like(tokens, to - 1):
            first = to - 1
            while first > 0 and is_name_like(tokens, first - 1):
                first -= 1
            return tokens.cut(first, to)
    return None


def _place_at(marked: Marked, start: int, end: int, *, any_case: bool) -> str | None:
    """The name of a place that starts at a token."""
    tokens = marked.tokens
    article = tokens.word(start) == "the"
    at = start + 1 if article else start
    first = tokens.word(at)
    if article and first in _VENUES:
        return tokens.cut(start, at + 1)
    if not first[:1].isalpha() or first in _NO_PLACES:
        return None
    capital = is_name_like(tokens, at)
    if not capital and (article or not any_case or first in _STOPS):
        return None
    last = _name_end(marked, at, end, capital=capital)
    if article and last < end and marked.free(last) and tokens.word(last).isalpha() and tokens.word(last) not in _STOPS:
        return None
    if not capital and last == at + 1 and tokens.word(last).isdecimal() and marked.free(last) and last < end:
        last += 1
    name = tokens.cut(start if article else at, last).strip(" -.,'")
    return (name[:-2] if name.endswith("'s") and not capital else name) or None


def _name_end(marked: Marked, start: int, end: int, *, capital: bool) -> int:
    tokens = marked.tokens
    last = start + 1
    while last < end and marked.free(last) and last - start < _WORDS:
        word = tokens.word(last)
        region = region_end(tokens, last + 1) if word in (",", "in") else 0
        if region and region <= end and marked.free(last + 1):
            last = region
            continue
        if word == "," and last + 1 < end and marked.free(last + 1) and _region(marked, last + 1, end, capital=capital):
            last += 2
            continue
        upper_next = last + 1 < end and tokens.raw(last + 1)[:1].isupper()
        if word in _INNER and upper_next:
            last += 1
            continue
        if word == "." and tokens.word(last - 1) in ("st", "mt", "bad"):
            last += 1
            continue
        if word in _STOPS or not (word[0].isalpha() or word in ("-", "'")):
            break
        raw = tokens.raw(last)
        elided = raw[1:2] == "'" and raw[2:3].isupper()
        if capital and word[0].isalpha() and not (raw[:1].isupper() or elided or tokens.glued(last)):
            break
        last += 1
    return last


def _region(marked: Marked, index: int, end: int, *, capital: bool) -> bool:
    """Whether what follows a comma is a country or a state ("Sparks, Nevada", "richmond, va")."""
    tokens = marked.tokens
    raw = tokens.raw(index)
    if not capital and index + 1 < end and tokens.word(index + 1).isalpha() and marked.free(index + 1):
        return False
    return raw[:1].isupper() if capital else len(raw) == 2 and raw.isalpha()


def _beside_weather(marked: Marked, end: int) -> str | None:
    """A place right behind or before a word such as "weather"."""
    tokens = marked.tokens
    for index in range(end):
        if tokens.word(index) not in _SKY or not marked.free(index):
            continue
        if index + 1 < end and marked.free(index + 1):
            behind = _place_at(marked, index + 1, end, any_case=True)
            if behind and not any(word.lower() in VERBS or word.lower() in _PLAIN for word in behind.split()):
                return behind
        first = index
        while first > 0 and marked.free(first - 1) and _placelike(tokens.word(first - 1)):
            first -= 1
        if first < index:
            name = tokens.cut(first, index).strip()
            return name[:-2] if name.endswith("'s") else name
    return None


def _placelike(word: str) -> bool:
    return word[0].isalpha() and word not in _PLAIN and word not in VERBS and word not in ARTICLES
