"""From a question to the words to look for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from common.language.time_words import find_spans

__all__ = ["SearchQuery", "read_query"]

_MAX_WORDS = 12
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_OWN = re.compile(
    r"\b(?:(?:in|through|from|search) )?(?:all )?(?:of )?(?:my|our)(?: own)? "
    r"(?:notes?|documents?|docs|files?|papers?)\b",
    re.IGNORECASE,
)


def _word_set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_COMMANDS = _word_set(
    "search find look lookup show tell give get list read check see say says said know want need like looking "
    "searching finding please information info details something anything everything thing things help suggest "
    "recommend mention mentions"
)
_FUNCTION_WORDS = _word_set(
    "a an the this that these those some any all and or but of in on at to for from by with without about into near "
    "around before after during until since is are was were be been am do does did done have has had can could would "
    "should will shall may might must "
    "i me my we us our you your he she it its they them their there here what which who whom whose when where why how "
    "not no if then than so as up out off over also just only s t re ve ll d m"
)
_DOCUMENT_WORDS = _word_set("note notes document documents doc docs file files")

# Words that people use for the same thing in what they keep; one line a meaning, kept short so that it stays true.
_SAME: tuple[frozenset[str], ...] = (
    _word_set("lodging accommodation lodge hut inn guesthouse refuge rifugio hostel bivouac"),
    _word_set("hike hiking walk trail trek trekking"),
    _word_set("mountain mountains alps alpine"),
    _word_set("price prices cost costs rate fee"),
    _word_set("wifi wlan internet"),
    _word_set("packing pack bag luggage"),
    _word_set("injury hurt injured accident"),
    _word_set("boiler heater radiator"),
    _word_set("refund reimbursement"),
)
_PHRASES: Mapping[str, str] = MappingProxyType(
    {
        r"places? to (?:stay|sleep)": "lodging",
        r"somewhere to (?:stay|sleep)": "lodging",
        r"where (?:can|could|do|should) (?:i|we) (?:stay|sleep)": "lodging",
        r"guest ?houses?": "guesthouse",
        r"wi-fi": "wifi",
    }
)
_SYNONYMS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {word: tuple(sorted(group - {word})) for group in _SAME for word in group}
)


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """What to look for.

    `words` are what was asked for, each with other words for it; a document counts by how many of them it holds.
    `bonus` words (times, such as "saturday") only help to rank. `own` asks for the owner's own documents first.
    """

    text: str
    words: tuple[tuple[str, tuple[str, ...]], ...]
    bonus: tuple[str, ...] = ()
    own: bool = False


def read_query(text: str) -> SearchQuery:
    """The query behind what was said: command words dropped, a few synonyms added, times made optional."""
    own = _OWN.search(text) is not None
    said = _OWN.sub(" ", text)
    for phrase, word in _PHRASES.items():
        said = re.sub(rf"\b{phrase}\b", word, said, flags=re.IGNORECASE)
    times: list[str] = []
    rest = said
    for span in reversed(find_spans(said)):
        times = _words(span.text) + times
        rest = f"{rest[: span.start]} {rest[span.end :]}"
    words = _content(rest) or _content(said) or [word for word in _words(text) if word not in _FUNCTION_WORDS]
    kept = tuple(dict.fromkeys(words or _words(text)))[:_MAX_WORDS]
    bonus = tuple(word for word in dict.fromkeys(times) if word not in _FUNCTION_WORDS and word not in kept)
    return SearchQuery(
        text=text, words=tuple((word, _synonyms(word)) for word in kept), bonus=bonus[:_MAX_WORDS], own=own
    )


def _words(text: str) -> list[str]:
    return [re.sub(r"['’]s$", "", word) for word in _WORD.findall(text.casefold())]


def _content(text: str) -> list[str]:
    dropped = _COMMANDS | _FUNCTION_WORDS
    words = [word for word in _words(text) if word not in dropped]
    return [word for word in words if word not in _DOCUMENT_WORDS] or words


def _synonyms(word: str) -> tuple[str, ...]:
    return _SYNONYMS.get(word) or _SYNONYMS.get(word.removesuffix("s"), ())
