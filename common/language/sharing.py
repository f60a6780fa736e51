"""What heads, leading words and statements say for the clauses of a request."""

from __future__ import annotations

from dataclasses import dataclass

from common.language.clauses import Clause, Context, Found
from common.language.marked import Marked, mark
from common.language.phrases import opens_statement, statement_end
from common.language.places import read_place
from common.language.queries import read_query
from common.language.subjects import read_subject
from common.language.time_words.spoken import Said, said_in
from common.language.words import word_set
from common.language.wrappers import skip_wrapper

__all__ = ["Shared", "antecedent", "shared_by"]

_STATING = word_set(
    "leave leaves leaving start starts starting begin begins is are at on in for depart departs goes ends "
    "from until to takes with"
)
_TRANSFERS = word_set(
    "translate convert send email mail forward rename turn change export upload copy share deliver text "
    "print move show summarize summarise write give attach"
)
_AWAY = frozenset({"to", "into", "by", "via", "as"})
_STATES = word_set("open closed shut locked unlocked on off running free ready done empty full there still")
_SUBJECT_LIMIT = 80


@dataclass(frozen=True, slots=True)
class Shared:
    """A subject, a place and a time that hold for a clause without being said in it; `lead` where the time stands at
    the front for all to come ("tomorrow, …")."""

    subject: str = ""
    place: str = ""
    when: Said | None = None
    lead: bool = False


def shared_by(found: Found, clause: Clause, origin: int) -> Shared:
    """What holds for a clause that came from clause number `origin` of those found."""
    subject = place = ""
    when: Said | None = None
    lead = False
    for context in found.context:
        words = mark(context.text)
        said = said_in(context.text)
        only_time = _only_time(words)
        if only_time and (context.sentence != clause.sentence or context.first > origin) and not context.head:
            continue
        if context.first > origin and context.first < len(found.clauses):
            continue
        when = when or said
        lead = lead or (only_time and said is not None)
        if not only_time:
            place = place or read_place(words) or ""
            subject = subject or _subject(words, context)
    return Shared(subject, place, when, lead)


def _only_time(words: Marked) -> bool:
    return bool(words.spans) and all(
        words.inside[index] or not words.low[index][0].isalnum() for index in range(len(words.low))
    )


def _subject(words: Marked, context: Context) -> str:
    """What a head or a statement is about: "Plan a mountain trip for Saturday" -> "mountain trip"."""
    tokens = words.tokens
    start = skip_wrapper(tokens, 0, len(tokens))
    if not opens_statement(tokens, start, len(tokens)):
        subject = read_subject(words) or ""
        generic = not context.head and len(subject.split()) > 6
        return "" if generic or subject.split(" ")[0].lower() in _GENERIC or len(subject) > _SUBJECT_LIMIT else subject
    first = statement_end(tokens, start, len(tokens))
    last = first
    while (
        last < len(tokens) and words.free(last) and (tokens.word(last) not in _STATING or tokens.word(last) == "with")
    ):
        if not tokens.word(last)[0].isalnum():
            break
        last += 1
    name = tokens.cut(first, last)
    return "" if len(name.split()) > 5 or name == read_place(words) else name


_GENERIC = frozenset(
    {"", "following", "things", "these", "do", "few", "several", "two", "three", "here", "tasks", "list", "steps"}
)


def antecedent(text: str, kinds: frozenset[str]) -> str:
    """What "it" means after a clause: what was looked for, added or changed there."""
    words = mark(text)
    if "weather" in kinds and "adds" not in kinds:
        return ""
    if "seeks" in kinds and "adds" not in kinds:
        return read_query(words) or ""
    subject = read_subject(words) or ""
    if "question" in kinds and subject.rpartition(" ")[2] in _STATES:
        subject = subject.rpartition(" ")[0]
    tokens = words.tokens
    if tokens.word(skip_wrapper(tokens, 0, len(tokens))) in _TRANSFERS:
        pieces = subject.split(" ")
        cut = next((n for n, piece in enumerate(pieces) if n and piece.lower() in _AWAY), len(pieces))
        subject = " ".join(pieces[:cut])
    return subject
