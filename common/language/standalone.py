"""Makes clauses stand by themselves: pronouns, shared times and subjects filled in, and what each must wait for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from common.language.clauses import Clause, Found
from common.language.concepts import STOP_WORDS, concepts_of
from common.language.marked import Marked, mark
from common.language.phrases import EVENT_NOUNS, INTENT_NOUNS, VERBS, opens_question
from common.language.places import read_place
from common.language.sharing import Shared, antecedent, shared_by
from common.language.subjects import read_subject
from common.language.time_words import Span
from common.language.time_words.spoken import Said, said_in
from common.language.words import Tokens, stem, tokenize, word_set
from common.language.wrappers import skip_wrapper

__all__ = ["Standing", "stand_alone"]


@dataclass(frozen=True, slots=True)
class Standing:
    """A clause made to stand by itself, and the indices of the clauses it waits for."""

    text: str
    depends_on: tuple[int, ...] = ()
    after: tuple[int, ...] = ()


_PRONOUNS = frozenset({"it", "that", "them", "this", "those", "these"})
_SEEKING = word_set("search find look lookup locate recommend suggest hunt browse book reserve google")
_CALENDAR = word_set("calendar schedule agenda diary planner calender")
_ADDING = word_set(
    "add put schedule book plan create enter insert pencil stick pop arrange organise organize save reserve note"
)
_EXPLETIVE = word_set("rains rain raining rained snows snow snowing gets takes looks seems warm cold hot going be time")
_BEFORE_EXPLETIVE = frozenset(
    {"is", "will", "does", "if", "was", "time", "would", "how", "what's", "when", "unless", "how's"}
)
_REMINDING = word_set("remind reminder nudge notify alert wake ping alarm")
_BEHIND_PRONOUN = word_set(
    "to in on for at from into and by off up with as before after please tomorrow today when if until down out every"
)
_BEFORE_PRONOUN = word_set("about of for with before after to add all on in from by")
_OWN = word_set("i my we our free anything calendar schedule busy i'm appointments meetings weather")
_ORDINALS = word_set("first last next earliest latest second")
_RESCHEDULING = word_set("move push shift bring reschedule postpone delay")
_SHIFTING = _RESCHEDULING | word_set("make start begin have hold")
_SHIFTED = frozenset({"later", "earlier", "sooner"})
_GENERIC = word_set("event appointment meeting start starts begins trip thing")


@dataclass(slots=True)
class _State:
    clauses: Sequence[Clause]
    marked: list[Marked]
    kinds: list[frozenset[str]]
    meant: list[str] = field(default_factory=list[str])
    texts: list[str] = field(default_factory=list[str])


def stand_alone(clauses: Sequence[Clause], origins: Sequence[int], found: Found) -> list[Standing]:
    """The clauses, each with what it needs from the others and from the words that all share.

    `origins` are the numbers of the clauses as found, before one verb was spread over several things.
    """
    marked = [mark(clause.text) for clause in clauses]
    state = _State(clauses, marked, [_kinds(words) for words in marked])
    return [
        _stand(index, state, shared_by(found, clause, origin))
        for index, (clause, origin) in enumerate(zip(clauses, origins, strict=True))
    ]


def _kinds(words: Marked) -> frozenset[str]:
    """What the clause is about, as far as sharing times and subjects goes."""
    tokens, low = words.tokens, words.low
    kinds: set[str] = set()
    start = skip_wrapper(tokens, 0, len(tokens))
    verb = tokens.word(start)
    if any("<weather>" in concepts_of(stem(word)) for word in low):
        kinds.add("weather")
    if not _REMINDING.isdisjoint(low):
        kinds.add("remind")
    if (
        not _CALENDAR.isdisjoint(low)
        or (verb in _ADDING and not INTENT_NOUNS.isdisjoint(low))
        or not {"meetings", "appointments"}.isdisjoint(low)
    ):
        kinds.add("calendar")
    if verb in _ADDING:
        kinds.add("adds")
    if verb in _SEEKING:
        kinds.add("seeks")
    if opens_question(tokens, start, len(tokens)):
        kinds.add("question")
    return frozenset(kinds)


def _stand(index: int, state: _State, shared: Shared) -> Standing:
    words, kinds, clause = state.marked[index], state.kinds[index], state.clauses[index]
    depends: set[int] = set()
    text = _without_wrapper(words)
    text, source = _resolved(index, text, state, shared)
    if source is not None and source >= 0:
        depends.add(source)
    text = _with_place(text, words, kinds, shared)
    text = _with_subject(text, words, kinds, shared, resolved=source is not None)
    offset = next((span for span in words.spans if span.kind == "offset"), None)
    if offset is not None:
        text, dating = _anchored(index, text, offset, state, shared)
        if dating is not None:
            depends.add(dating)
    else:
        text = _with_time(index, text, words, kinds, state, shared)
    after = {index - 1} - depends if clause.follows and index else set[int]()
    state.meant.append(antecedent(text, kinds))
    state.texts.append(text)
    if clause.condition:
        teller = _teller(index, clause.condition, state)
        if teller is not None:
            depends.add(teller)
        text = f"{clause.condition}, {text}"
    return Standing(" ".join(text.split()), tuple(sorted(depends)), tuple(sorted(after - depends)))


def _without_wrapper(words: Marked) -> str:
    """The clause without "please", "could you" and the like around it."""
    tokens = words.tokens
    end = len(tokens)
    start = skip_wrapper(tokens, 0, end)
    while end > start and tokens.word(end - 1) in ("please", ",", ".", "pls", "thanks", "too", "also", "then"):
        end -= 1
    return tokens.cut(start, end) if start < end else tokens.text.strip()


# ---- pronouns --------------------------------------------------------------------------------------------------------


def _resolved(index: int, text: str, state: _State, shared: Shared) -> tuple[str, int | None]:
    """The text with the pronoun that stands for an earlier subject replaced: (text, clause it came from or -1)."""
    tokens = tokenize(text)
    at = next((place for place in range(len(tokens)) if _refers(tokens, place)), None)
    if at is None:
        return text, None
    name, source = shared.subject, -1
    if not name or _nearer(index, state):
        earlier = next((n for n in range(index - 1, -1, -1) if state.meant[n]), None)
        if earlier is not None:
            name, source = state.meant[earlier], earlier
    if not name:
        return text, None
    return f"{text[: tokens.starts[at]]}{name}{text[tokens.ends[at] :]}", source


def _nearer(index: int, state: _State) -> bool:
    """Whether "it" takes up what the clause right before did ("translate the report and send it") and no head."""
    return (
        index > 0
        and not state.kinds[index - 1] & {"weather", "seeks", "calendar", "remind", "question"}
        and bool(state.meant[index - 1])
    )


def _refers(tokens: Tokens, index: int) -> bool:
    """Whether the word is a pronoun that stands for a thing named before, and not the "it" of "it rains"."""
    word, following, before = tokens.word(index), tokens.word(index + 1), tokens.word(index - 1)
    if word not in _PRONOUNS or following in _EXPLETIVE or before in _BEFORE_EXPLETIVE:
        return False
    if word == "it":
        return bool(before) and following not in ("is", "was", "will", "has", "can", "should")
    plain = not following or not following.isalpha() or following in _BEHIND_PRONOUN
    return plain and (before in VERBS or before in _BEFORE_PRONOUN or index == 1)


# ---- subjects and places ---------------------------------------------------------------------------------------------


def _with_place(text: str, words: Marked, kinds: frozenset[str], shared: Shared) -> str:
    if "weather" not in kinds or not shared.place or "remind" in kinds or read_place(words):
        return text
    there = text.lower().find(" there")
    if there >= 0 and text[there + 6 : there + 7] in ("", " ", "?"):
        return f"{text[:there]} in {shared.place}{text[there + 6 :]}"
    return _before_time(text, words, f"in {shared.place}")


def _before_time(text: str, words: Marked, addition: str) -> str:
    """The text with something added, before a time that stands at its end."""
    last = words.spans[-1].text if words.spans else ""
    if last and text.endswith(last):
        return f"{text[: -len(last)].rstrip()} {addition} {last}"
    return f"{text} {addition}"


def _with_subject(text: str, words: Marked, kinds: frozenset[str], shared: Shared, *, resolved: bool) -> str:
    """Name the shared subject where the clause needs one: what is searched for serves it, a reminder is about it."""
    if not shared.subject or resolved or shared.subject.lower() in text.lower():
        return text
    if "seeks" in kinds:
        full = " for " in text and len(text.split(" for ", 1)[1].split()) > 3
        return text if full else _before_time(text, words, f"for {shared.subject}")
    bare = "remind" in kinds and text.lower().startswith("remind me") and not read_subject(words)
    if bare and not any(span.kind == "offset" for span in words.spans):
        return f"{text[:9]} about {shared.subject}{text[9:]}"
    return text


# ---- times -----------------------------------------------------------------------------------------------------------


def _anchored(index: int, text: str, offset: Span, state: _State, shared: Shared) -> tuple[str, int | None]:
    """The text of a relative time with what it counts from, and the clause whose result tells when that is."""
    if _shifts_itself(state.marked[index], offset):
        return text, None
    source = _dating(index, state)
    if offset.anchor:
        wanted = _content(offset.anchor)
        matching = [n for n in range(index) if wanted & _content(state.meant[n])]
        known = matching[-1] if matching else source if wanted & _GENERIC or not wanted else None
        if known is None and index and wanted & _ORDINALS:
            known = index - 1
        return text, known
    name = (state.meant[source] if source is not None else "") or shared.subject
    if source is None and shared.when is not None and shared.when.has_clock:
        name = f"{name} {shared.when.whole}".strip()
    said = f"{offset.head} {name} {offset.tail}".rstrip()
    return (text.replace(offset.text, said, 1) if name else text), source


def _shifts_itself(words: Marked, offset: Span) -> bool:
    """“make lunch an hour later”: the time counts from the one that the thing has already, not from another part's."""
    tokens = words.tokens
    start = skip_wrapper(tokens, 0, len(tokens))
    if tokens.word(start) not in _SHIFTING or offset.anchor or offset.text.rpartition(" ")[2].lower() not in _SHIFTED:
        return False
    named = [tokens.word(at) for at in range(start + 1, len(tokens)) if words.free(at)]
    if not named or named[0] in _PRONOUNS | {"me", "us", "a", "an", "another"}:
        return False
    return tokens.word(start) in _RESCHEDULING or not EVENT_NOUNS.isdisjoint(named)


def _content(text: str) -> set[str]:
    return {stem(word) for word in tokenize(text).low if len(word) > 2 and word not in STOP_WORDS}


def _dating(index: int, state: _State) -> int | None:
    """The latest earlier clause that makes or names something with a time."""
    for wanted in ({"calendar", "adds"}, {"calendar"}, {"adds"}):
        for earlier in range(index - 1, -1, -1):
            if wanted <= state.kinds[earlier]:
                return earlier
    for earlier in range(index - 1, -1, -1):
        if state.marked[earlier].spans and "weather" not in state.kinds[earlier]:
            return earlier
    return None


def _with_time(index: int, text: str, words: Marked, kinds: frozenset[str], state: _State, shared: Shared) -> str:
    """Add the day that was said for all, where the clause has none and is of a kind that happens on a day."""
    own = said_in(text)
    when = shared.when
    if when is None:
        carried = _carried(index, own, kinds, state)
        return f"{text} {carried.day}" if carried is not None else text
    if "seeks" in kinds and "adds" not in kinds and not shared.lead:
        return text
    if own is not None:
        return f"{text} {when.day}" if when.has_day and not own.has_day else text
    if any(span.kind == "duration" for span in words.spans) and "calendar" not in kinds:
        return text
    if any(span.kind == "when" for span in words.spans):
        return text
    if not (kinds & {"weather", "calendar", "remind", "adds"} or shared.lead):
        return text
    whole = shared.lead or "calendar" in kinds
    return f"{text} {when.whole if whole else when.day}".rstrip()


def _carried(index: int, own: Said | None, kinds: frozenset[str], state: _State) -> Said | None:
    """The day of the clause before, for a question or an entry that goes on about it."""
    if not index or "remind" in kinds or (own is not None and own.has_day):
        return None
    if state.marked[index].spans and own is None:
        return None
    about_own = "question" in kinds and not _OWN.isdisjoint(state.marked[index].low)
    if {"question", "weather"} <= kinds and "question" in state.kinds[index - 1]:
        about_own = True
    if own is None and not ("calendar" in kinds or about_own):
        return None
    if own is not None and not kinds & {"adds", "calendar"}:
        return None
    before = said_in(state.texts[index - 1])
    return before if before is not None and before.has_day else None


# ---- conditions ------------------------------------------------------------------------------------------------------


def _teller(index: int, condition: str, state: _State) -> int | None:
    """The earlier clause whose answer tells whether a condition holds."""
    wanted = _meanings(tokenize(condition).low)
    other = [n for n in range(index - 1, -1, -1) if not state.clauses[n].condition]
    return next((n for n in other if wanted & _meanings(state.marked[n].low)), other[0] if other else None)


def _meanings(words: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for word in words:
        if word not in STOP_WORDS:
            found.update((stem(word), *concepts_of(stem(word))))
    return found - {"unless"}
