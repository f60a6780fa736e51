"""Makes clauses stand by themselves: pronouns, shared times and subjects filled in, and what each must wait for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from common.language.clauses import Clause, Found
from common.language.concepts import concepts_of
from common.language.entities import read_place, read_subject
from common.language.marked import Marked, mark
from common.language.phrases import INTENT_NOUNS, VERBS, opens_question, skip_wrapper
from common.language.words import Tokens, stem, tokenize, word_set

__all__ = ["Standing", "stand_alone"]


@dataclass(frozen=True, slots=True)
class Standing:
    """A clause made to stand by itself, and the indices of the clauses it waits for."""

    text: str
    depends_on: tuple[int, ...] = ()


_PRONOUNS = frozenset({"it", "that", "them", "this", "those", "these"})
_WEATHER = frozenset({"<weather>"})
_SEEKING = word_set("search find look lookup locate recommend suggest hunt browse book reserve")
_CALENDAR = frozenset(["calendar", "schedule", "agenda", "diary", "planner", "calender"])
_ADDING = word_set("add put schedule book plan create enter insert pencil stick pop arrange organise organize set save")
_EXPLETIVE = word_set(
    "rains rain raining rained snows snow snowing is's gets takes looks seems warm cold hot going be time"
)
_SWITCHING = frozenset({"turn", "switch", "dim", "make", "set"})
_REMINDING = frozenset({"remind", "reminder", "nudge", "notify", "alert", "wake", "ping", "alarm"})
_DATED_ONLY = frozenset({"weather", "calendar", "remind"})


@dataclass(slots=True)
class _Shared:
    """What heads, leading words and statements say for the clauses."""

    subject: str = ""
    place: str = ""
    day: str = ""
    clock: str = ""
    lead: bool = False


@dataclass(slots=True)
class _State:
    clauses: Sequence[Clause]
    marked: list[Marked]
    kinds: list[frozenset[str]]
    subjects: dict[int, str] = field(default_factory=dict[int, str])


def stand_alone(clauses: Sequence[Clause], found: Found) -> list[Standing]:
    """The clauses, each with what it needs from the others and from the words that all share."""
    marked = [mark(clause.text) for clause in clauses]
    state = _State(clauses, marked, [_kinds(words) for words in marked])
    standing: list[Standing] = []
    for index in range(len(clauses)):
        shared = _shared(found, index, len(found.clauses) != len(clauses))
        standing.append(_stand(index, state, shared))
    return standing


def _kinds(words: Marked) -> frozenset[str]:
    """What the clause is about, as far as sharing times and subjects goes."""
    low = words.low
    kinds: set[str] = set()
    start = skip_wrapper(words.tokens, 0, len(words.tokens))
    verb = words.tokens.word(start)
    if any("<weather>" in concepts_of(stem(word)) for word in low):
        kinds.add("weather")
    if _REMINDING.intersection(low):
        kinds.add("remind")
    if _CALENDAR.intersection(low) or (verb in _ADDING and INTENT_NOUNS.intersection(low)) or "meetings" in low:
        kinds.add("calendar")
    if verb in _ADDING and verb != "set":
        kinds.add("adds")
    if verb in _SEEKING:
        kinds.add("seeks")
    if opens_question(words.tokens, start, len(words.tokens)):
        kinds.add("question")
    return frozenset(kinds)


def _shared(found: Found, index: int, spread: bool) -> _Shared:
    shared = _Shared()
    for context in found.context:
        if context.first > index and not spread and not context.head and context.first < len(found.clauses):
            continue
        words = mark(context.text)
        for span in words.spans:
            if span.kind == "when":
                shared.day = shared.day or span.text
        only_time = bool(words.spans) and sum(len(span.text) for span in words.spans) >= len(context.text.strip())
        shared.lead = shared.lead or only_time
        if not only_time:
            shared.place = shared.place or read_place(words) or ""
            shared.subject = shared.subject or _context_subject(words)
    return shared


def _context_subject(words: Marked) -> str:
    """What a head or a statement is about: "Plan a mountain trip for Saturday" -> "mountain trip"."""
    subject = read_subject(words) or ""
    first = subject.split(" ")[0].lower() if subject else ""
    if first in (
        "i'm",
        "i",
        "we're",
        "we",
        "following",
        "things",
        "here's",
        "there's",
        "these",
        "do",
        "few",
        "going",
    ) or (len(subject) > 80):
        return ""
    return subject


def _stand(index: int, state: _State, shared: _Shared) -> Standing:
    words, kinds, clause = state.marked[index], state.kinds[index], state.clauses[index]
    depends: set[int] = set()
    text = _without_wrapper(words)
    text, pronoun = _resolved(index, text, state, shared)
    if pronoun is not None and pronoun >= 0:
        depends.add(pronoun)
    text = _with_place(text, words, kinds, shared)
    text = _with_subject(index, text, words, kinds, state, shared, resolved=pronoun is not None)
    offset = any(span.kind == "offset" for span in words.spans)
    if offset:
        text, anchor = _anchored(index, text, state, shared)
        if anchor is not None:
            depends.add(anchor)
    else:
        text = _with_time(index, text, words, kinds, state, shared)
    if clause.follows and index:
        depends.add(index - 1)
    if clause.condition:
        teller = _teller(index, clause.condition, state)
        if teller is not None:
            depends.add(teller)
        text = f"{clause.condition}, {text}"
    state.subjects[index] = read_subject(mark(text)) or ""
    return Standing(" ".join(text.split()), tuple(sorted(depends)))


def _without_wrapper(words: Marked) -> str:
    """The clause without "please", "could you" and the like around it."""
    tokens = words.tokens
    end = len(tokens)
    start = skip_wrapper(tokens, 0, end)
    while end > start and tokens.word(end - 1) in ("please", ",", ".", "pls", "thanks", "too", "also", "then"):
        end -= 1
    return tokens.cut(start, end) if start < end else tokens.text.strip()


def _resolved(index: int, text: str, state: _State, shared: _Shared) -> tuple[str, int | None]:
    """The text with the pronoun that stands for an earlier subject replaced: (text, clause it came from or -1)."""
    tokens = tokenize(text)
    at = next((i for i in range(len(tokens)) if _refers(tokens, i)), None)
    if at is None:
        return text, None
    name, source = shared.subject, -1
    if not name:
        for earlier in range(index - 1, -1, -1):
            candidate = _antecedent(state, earlier)
            if candidate:
                name, source = candidate, earlier
                break
    if not name:
        return text, None
    before, behind = text[: tokens.starts[at]], text[tokens.ends[at] :]
    return f"{before}{name}{behind}", source


def _antecedent(state: _State, index: int) -> str:
    if "weather" in state.kinds[index] and "adds" not in state.kinds[index]:
        return ""
    return state.subjects.get(index, "")


def _refers(tokens: Tokens, index: int) -> bool:
    """Whether the word is a pronoun that stands for a thing named before, and not the "it" of "it rains"."""
    word, following, before = tokens.word(index), tokens.word(index + 1), tokens.word(index - 1)
    if word not in _PRONOUNS:
        return False
    if following in _EXPLETIVE or before in (
        "is",
        "will",
        "does",
        "if",
        "was",
        "time",
        "would",
        "how",
        "what's",
        "when",
    ):
        return False
    if word == "it":
        return bool(before) and following not in ("is", "was", "will", "has", "can", "to's")
    plain = not following or not following.isalpha() or following in (
        "to", "in", "on", "for", "at", "from", "into", "and", "by", "off", "up", "with", "as", "before", "after", "please",
        "tomorrow", "today",
    )  # fmt: skip
    return plain and (
        before in VERBS or before in ("about", "of", "for", "with", "before", "after", "to", "add", "all", "on")
    )


def _with_place(text: str, words: Marked, kinds: frozenset[str], shared: _Shared) -> str:
    if "weather" not in kinds or not shared.place or "remind" in kinds or read_place(words):
        return text
    if words.spans and text.endswith(words.spans[-1].text):
        return f"{text[: -len(words.spans[-1].text)].rstrip()} in {shared.place} {words.spans[-1].text}"
    return f"{text} in {shared.place}"


def _with_subject(
    index: int, text: str, words: Marked, kinds: frozenset[str], state: _State, shared: _Shared, *, resolved: bool
) -> str:
    """Name the shared subject where the clause needs one: what is searched for belongs to it, what is kept is it."""
    if not shared.subject or resolved:
        return text
    if "seeks" in kinds and shared.subject.lower() not in text.lower():
        return f"{text} for {shared.subject}" if not _names_own(text) else text
    if "remind" in kinds and not read_subject(words) and not any(span.kind == "offset" for span in words.spans):
        head = text.split(" ")[:2]
        rest = text.split(" ")[2:]
        if head[:1] == ["remind"]:
            return " ".join([*head, "about", shared.subject, *rest])
    del index, state
    return text


def _names_own(text: str) -> bool:
    return " for " in text and len(text.split(" for ", 1)[1].split()) > 3


def _anchored(index: int, text: str, state: _State, shared: _Shared) -> tuple[str, int | None]:
    """The text of a relative time with what it counts from, and the clause whose result tells when that is."""
    spans = [span for span in mark(text).spans if span.kind == "offset"]
    source = _dating(index, state)
    if not spans:
        return text, source
    span = spans[0]
    named = not _bare_offset(span.text)
    name = shared.subject or (state.subjects.get(source, "") if source is not None else "")
    if named:
        wanted = {stem(word) for word in tokenize(span.text).low}
        matching = [
            earlier
            for earlier in range(index)
            if wanted & {stem(word) for word in tokenize(state.subjects.get(earlier, "")).low if len(word) > 3}
        ]
        if source is not None and not matching and not _generic(span.text):
            source = None
        return text, matching[-1] if matching else source
    if not name:
        return text, source
    return text.replace(span.text, f"{span.head} {name}", 1), source


def _bare_offset(text: str) -> bool:
    words = text.lower().split()
    return bool(words) and words[-1] in (
        "before", "after", "beforehand", "afterwards", "later", "earlier", "prior", "advance", "ahead", "time", "it", "that",
        "this", "then", "them", "to",
    )  # fmt: skip


def _generic(text: str) -> bool:
    return any(
        word in ("event", "appointment", "meeting", "start", "starts", "begins", "trip", "thing")
        for word in text.lower().split()
    )


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


def _with_time(index: int, text: str, words: Marked, kinds: frozenset[str], state: _State, shared: _Shared) -> str:
    """Add the day that was said for all, where the clause has none and is of a kind that happens on a day."""
    day = shared.day
    whens = [span for span in words.spans if span.kind != "duration"]
    if not day and not whens:
        day = _carried(index, kinds, state)
    if not day or ("seeks" in kinds and not shared.lead):
        return text
    if whens:
        return f"{text} {_as_day(day)}" if shared.day and _clock_only(whens[0].text) else text
    if any(span.kind == "duration" for span in words.spans) and "calendar" not in kinds:
        return text
    if not (kinds & {"weather", "calendar", "remind", "adds"} or shared.lead):
        return text
    return f"{text} {_as_day(day)}"


def _as_day(day: str) -> str:
    """A shared day as it is said behind something: "for Saturday" -> "on Saturday"."""
    words = day.split(" ")
    if words[0].lower() in ("for", "by", "until") and len(words) > 1:
        following = words[1].lower()
        plain = following in ("today", "tomorrow", "tonight", "this", "next", "now") or not following[0].isalpha()
        rest = " ".join(words[1:])
        return rest if plain and not following[0].isdigit() else f"on {rest}"
    if words[0].lower().rstrip("s") in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"):
        return f"on {day}"
    return day


def _clock_only(text: str) -> bool:
    """Whether words of time name an hour and no day."""
    from common.language.time_words.expressions import find_expressions

    found = find_expressions(tokenize(text))
    return bool(found) and found[0].clock is not None and found[0].date is None and found[0].instant is None


def _carried(index: int, kinds: frozenset[str], state: _State) -> str:
    """The day of the clause before, for a question or an entry that goes on about it."""
    if not index:
        return ""
    goes_on = ("calendar" in kinds and "remind" not in kinds) or ("question" in kinds and "remind" not in kinds)
    if not goes_on:
        return ""
    before = [span for span in state.marked[index - 1].spans if span.kind == "when"]
    return before[-1].text if before and not _clock_only(before[-1].text) else ""


def _teller(index: int, condition: str, state: _State) -> int | None:
    """The earlier clause whose answer tells whether a condition holds."""
    wanted = {mark for word in tokenize(condition).low for mark in (stem(word), *concepts_of(stem(word)))}
    wanted -= {"if", "it", "is", "the", "unles", "unless"}
    for earlier in range(index - 1, -1, -1):
        words = {mark for word in state.marked[earlier].low for mark in (stem(word), *concepts_of(stem(word)))}
        if wanted & words - {"the", "a", "it", "is"} and state.clauses[earlier].condition != condition:
            return earlier
    for earlier in range(index - 1, -1, -1):
        if state.clauses[earlier].condition != condition:
            return earlier
    return None
