"""Spreads one verb over several things: "the kitchen and living room lights", "a timer … and an alarm …"."""

from __future__ import annotations

from dataclasses import replace

from common.language.clauses import Clause
from common.language.phrases import ARTICLES, DEVICES, EVENT_NOUNS, INTENT_NOUNS, ROOMS, SWITCH_VERBS, VERBS
from common.language.regions import region_end
from common.language.time_words.expressions import find_expressions
from common.language.words import Tokens, tokenize, word_set
from common.language.wrappers import skip_wrapper

__all__ = ["spread"]

_PARTICLES = frozenset({"on", "off", "up", "down"})
_SETTERS = word_set("set start create make add put schedule book need want cancel delete remove plan wake stop")
_TIMED = frozenset({"timer", "timers", "alarm", "alarms"})
_SHOWN = word_set("check show tell list read give what what's whats see get display view how's how")
_ANOTHER = frozenset({"another", "one"})
_PLURALS = {"lights": "light", "lamps": "lamp", "fans": "fan", "blinds": "blinds", "heaters": "heater", "doors": "door",
            "curtains": "curtains", "shutters": "shutters", "windows": "window", "speakers": "speaker", "tvs": "tv",
            "plugs": "plug", "locks": "lock", "bulbs": "bulb", "radiators": "radiator"}  # fmt: skip
_PLACED = word_set("weather forecast temperature rain snow raining snowing sunny cold hot warm")
_DATE_LEADS = word_set("on at to for from until till in by before after")
_PLACE_WORDS = 6
_DATING = _SETTERS | word_set("move push shift reschedule postpone change bring pencil enter note arrange")
_JOINED_NAMES = frozenset({("trinidad", "tobago"), ("bosnia", "herzegovina"), ("tyne", "wear"), ("antigua", "barbuda")})


def spread(clause: Clause) -> list[Clause]:
    """The clause as several where one verb governs several things that are asked for; else the clause alone."""
    tokens = tokenize(clause.text)
    joints = [index for index, word in enumerate(tokens.low) if word in ("and", "&", "plus") or word == ","]
    longer = [index for index in range(len(tokens)) if tuple(tokens.low[index : index + 3]) == ("as", "well", "as")]
    if not joints and not longer:
        return [clause]
    start = skip_wrapper(tokens, 0, len(tokens))
    covered = bytearray(len(tokens))
    for found in find_expressions(tokens):
        covered[found.first + 1 : found.last] = b"\x01" * max(0, found.last - found.first - 1)
    joints = sorted(index for index in (*joints, *longer) if not covered[index] and index > start)
    if not joints:
        return [clause]
    texts = (
        _switched(tokens, start, joints)
        or _timed(tokens, start, joints)
        or _things(tokens, start, joints)
        or _places(tokens, start, joints)
        or _dated(tokens, start, joints)
    )
    if not texts:
        return [clause]
    return [replace(clause, text=text, follows=clause.follows and not index) for index, text in enumerate(texts)]


def _conjuncts(tokens: Tokens, start: int, joints: list[int]) -> list[tuple[int, int]]:
    """The stretches between the joints, joining words left out."""
    found: list[tuple[int, int]] = []
    first = start
    for joint in joints:
        if joint > first:
            found.append((first, joint))
        first = joint + (3 if tokens.word(joint) == "as" else 1)
        while tokens.word(first) in ("and", "also", "then", "&"):
            first += 1
    if first < len(tokens):
        found.append((first, len(tokens)))
    return found


def _words(tokens: Tokens, first: int, last: int) -> list[str]:
    return tokens.low[first:last]


def _switched(tokens: Tokens, start: int, joints: list[int]) -> list[str] | None:
    """Turn on the kitchen and living room lights; turn the heating up and the lights off."""
    setting = tokens.word(start) in ("set", "make")
    if tokens.word(start) not in SWITCH_VERBS and not setting:
        return None
    verb_end = start + 1
    if tokens.word(verb_end) in _PARTICLES:
        verb_end += 1
    pieces = _conjuncts(tokens, verb_end, joints)
    if len(pieces) < 2 or not all(_names_device(tokens, *piece) for piece in pieces):
        return None
    if setting and not all(any(word[0].isdigit() for word in tokens.low[slice(*piece)]) for piece in pieces):
        return None
    particle = tokens.word(verb_end - 1) if tokens.word(verb_end - 1) in _PARTICLES else ""
    verb = tokens.text[: tokens.ends[start]]
    stretches = [_Piece(tokens, *piece) for piece in pieces]
    tail = "" if particle else next((piece.particle for piece in reversed(stretches) if piece.particle), "")
    _share_nouns(stretches)
    texts: list[str] = []
    for piece in stretches:
        leading, own = piece.leading or particle, piece.particle or tail
        words = f"{verb} {leading} {piece.noun_phrase()}" if leading else f"{verb} {piece.noun_phrase()} {own}"
        texts.append(" ".join(f"{words} {piece.rest}".split()))
    return texts


class _Piece:
    """One thing to be switched: its noun phrase, a particle before or behind it, and what follows."""

    def __init__(self, tokens: Tokens, first: int, last: int) -> None:
        self.leading = self.particle = self.rest = ""
        if tokens.word(first) in _PARTICLES:
            self.leading, first = tokens.word(first), first + 1
        self.article = tokens.raw(first) if tokens.word(first) in ARTICLES | {"all"} else ""
        if self.article:
            first += 1
        at = first
        while at < last and tokens.word(at) not in _PARTICLES | {"to", "at", "in", "for", "by", "please", "with"}:
            at += 1
        self.words = [tokens.raw(index) for index in range(first, at)]
        self.place: list[str] = []
        if tokens.word(at) == "in" and at < last:
            stop = at + 1
            while stop < last and tokens.word(stop) not in _PARTICLES | {"to", "at", "for", "by"}:
                stop += 1
            self.place = [tokens.raw(index) for index in range(at, stop)]
            at = stop
        if at < last and tokens.word(at) in _PARTICLES:
            self.particle, at = tokens.word(at), at + 1
        self.rest = tokens.cut(at, last)
        self.shared = False

    @property
    def head(self) -> str:
        """The device it names, or ""."""
        return next((word for word in reversed(self.words) if word.lower() in DEVICES), "")

    def noun_phrase(self) -> str:
        """The words that name the thing."""
        return " ".join((*([self.article] if self.article else []), *self.words, *self.place))


def _share_nouns(pieces: list[_Piece]) -> None:
    """Give each piece that names only a room the device of its neighbour."""
    last = pieces[-1]
    if last.head and any(not piece.head for piece in pieces):
        shared = _PLURALS.get(last.head.lower(), last.head)
        for piece in pieces[:-1]:
            if not piece.head:
                piece.words.append(shared)
                piece.article = piece.article or last.article
        last.words = [shared if word == last.head else word for word in last.words]
        last.article = last.article or pieces[0].article
        return
    first = pieces[0]
    if first.head and first.place:
        for piece in pieces[1:]:
            if not piece.head:
                rooms = [*([piece.article] if piece.article else []), *piece.words]
                article = "the" if first.place[1:2] == ["the"] and not piece.article else ""
                piece.article, piece.words = first.article, list(first.words)
                piece.place = ["in", *([article] if article else []), *rooms]


def _names_device(tokens: Tokens, first: int, last: int) -> bool:
    words = _words(tokens, first, last)
    return bool((DEVICES | ROOMS).intersection(words)) and len(words) <= 12


def _timed(tokens: Tokens, start: int, joints: list[int]) -> list[str] | None:
    """Set an alarm for 6 and 7:30; a timer for 5 minutes and another for 10; timers for 5 and 10 minutes."""
    low = tokens.low
    if not (_TIMED.intersection(low) or tokens.word(start) == "wake") or len(joints) != 1:
        return None
    joint = joints[0]
    left = tokens.text[: tokens.ends[joint - 1]]
    found = [span for span in find_expressions(tokens) if span.last <= joint]
    at = joint + 1
    if tokens.word(at) in _ANOTHER:
        at += 1 + (tokens.word(at + 1) in ("one", "alarm", "timer"))
    right = tokens.cut(at, len(tokens))
    probe = tokenize(right if tokens.word(at) in ("for", "at", "in", "to") else f"at {right}")
    second = find_expressions(probe)
    if not second or second[0].first > 0 or second[0].last < len(probe) - 1:
        return None
    if (shared := _shared_unit(tokens, joint, right)) is not None:
        return shared
    if not found:
        return None
    stem = tokens.text[: tokens.starts[found[-1].first]].removesuffix("both ")
    lead = tokens.raw(found[-1].first) if tokens.word(found[-1].first) in ("for", "at", "in", "to") else "for"
    led = tokens.word(at) in ("for", "at", "in", "to") or stem.rstrip().endswith((" for", " at", " to"))
    return [left.replace(" both ", " "), f"{stem}{right if led else f'{lead} {right}'}"]


def _shared_unit(tokens: Tokens, joint: int, right: str) -> list[str] | None:
    """Timers for 5 and 10 minutes: both take the unit."""
    words = tokenize(right)
    if not tokens.word(joint - 1).isdecimal() or len(words) != 2 or not words.word(0).isdecimal():
        return None
    stem = tokens.text[: tokens.starts[joint - 1]]
    return [f"{stem}{tokens.raw(joint - 1)} {words.raw(1)}", f"{stem}{right}"]


def _things(tokens: Tokens, start: int, joints: list[int]) -> list[str] | None:
    """Set a timer … and an alarm …; check the weather and my calendar; what's the forecast and my agenda."""
    verb = tokens.word(start)
    if verb not in _SETTERS | _SHOWN and not (verb == "i" and tokens.word(start + 1) in _SETTERS):
        return None
    pieces = _conjuncts(tokens, start, joints)
    nouns_known = INTENT_NOUNS | EVENT_NOUNS if verb in _SETTERS else INTENT_NOUNS
    heads = [
        _thing(tokens, first if index else _object(tokens, start, last), last, nouns_known)
        for index, (first, last) in enumerate(pieces)
    ]
    if len(pieces) < 2 or any(head is None for head in heads):
        return None
    nouns = [head for head in heads if head is not None]
    if verb in _SHOWN and len(set(nouns)) == 1:
        return None
    opening = tokens.text[: tokens.starts[_object(tokens, start, pieces[0][1])]]
    first = tokens.text[: tokens.ends[pieces[0][1] - 1]]
    rest = [f"{opening}{tokens.cut(*piece)}" for piece in pieces[1:]]
    if verb in _SHOWN:
        first = _with_shared_time(first, rest[-1])
    return [first, *rest]


def _with_shared_time(first: str, last: str) -> str:
    """The time said at the end holds for the first thing too, where that has none."""
    if find_expressions(tokenize(first)):
        return first
    tokens = tokenize(last)
    spans = find_expressions(tokens)
    if spans and spans[-1].last == len(tokens):
        return f"{first} {tokens.cut(spans[-1].first, spans[-1].last)}"
    return first


def _object(tokens: Tokens, start: int, end: int) -> int:
    """Where the thing begins that the verb at `start` governs."""
    at = start + 1
    if tokens.word(start) == "i":
        at += 1
    while at < end and tokens.word(at) in ("me", "us", "is", "are", "up", "about", "on", "at", "what", "what's"):
        at += 1
    return at


def _thing(tokens: Tokens, first: int, last: int, nouns: frozenset[str]) -> str | None:
    """The noun of an own thing that the stretch names ("an alarm for 7" -> alarm), if it starts like one."""
    at = first
    if tokens.word(at) in ARTICLES | {"all", "any"}:
        at += 1
    elif tokens.word(at) not in INTENT_NOUNS:
        return None
    for index in range(at, min(last, at + 4)):
        word = tokens.word(index)
        if word in nouns:
            return word.rstrip("s")
        if word in ("for", "at", "in", "on", "to", "with"):
            return None
    return None


def _places(tokens: Tokens, start: int, joints: list[int]) -> list[str] | None:
    """What's the weather in Bern and Zurich; in Bern, Oslo and Rome; but "in Paris, Texas" is one place."""
    if not _PLACED.intersection(tokens.low):
        return None
    lead = next((index for index in range(joints[0] - 1, start, -1) if tokens.word(index) in ("in", "for", "at")), None)
    if lead is None:
        return None
    pieces = _named_places(tokens, lead, [j for j in joints if tokens.word(j) != "," or not region_end(tokens, j + 1)])
    if len(pieces) < 2:
        return None
    tail = tokens.text[tokens.ends[pieces[-1][1] - 1] :]
    stem = tokens.text[: tokens.ends[lead]]
    return [f"{stem} {tokens.cut(*piece)}{tail}" for piece in pieces]


def _dated(tokens: Tokens, start: int, joints: list[int]) -> list[str] | None:
    """Move the dentist to Friday and the gym to Monday: one verb, each thing with its own time behind it."""
    if tokens.word(start) not in _DATING:
        return None
    pieces = _conjuncts(tokens, start + 1, joints)
    if len(pieces) < 2 or any(tokens.word(first) in VERBS for first, _ in pieces[1:]):
        return None
    times = find_expressions(tokens)
    for first, last in pieces:
        own = [span for span in times if first <= span.first and span.last <= last]
        if not own or own[-1].last != last or own[0].first == first or tokens.word(first) in _DATE_LEADS:
            return None
    verb = tokens.text[: tokens.ends[start]]
    return [f"{verb} {tokens.cut(*piece)}" for piece in pieces]


def _named_places(tokens: Tokens, lead: int, joints: list[int]) -> list[tuple[int, int]]:
    """The names between the joints, the first behind `lead`; empty where one of them is no name."""
    pieces: list[tuple[int, int]] = []
    first = lead + 1
    for joint in joints:
        if joint == first and pieces:  # the "and" of ", and"
            first = joint + 1
            continue
        if joint - first > _PLACE_WORDS or joint <= first or not tokens.raw(first)[:1].isupper():
            return []
        if (tokens.word(joint - 1), tokens.word(joint + 1)) in _JOINED_NAMES:
            return []
        pieces.append((first, joint))
        first = joint + 1 + (tokens.word(joint + 1) == tokens.word(lead))
    stop = first
    while tokens.raw(stop)[:1].isupper() or (
        stop > first and tokens.word(stop) == "," and region_end(tokens, stop + 1)
    ):
        stop += 1
    return [*pieces, (first, stop)] if stop > first else []
