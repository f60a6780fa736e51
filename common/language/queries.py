"""Reads the words to search for."""

from __future__ import annotations

from common.language.marked import Marked
from common.language.subjects import content_end, quoted
from common.language.words import word_set
from common.language.wrappers import skip_wrapper

__all__ = ["read_query"]

_VERBS = word_set(
    "search find look lookup locate browse seek google hunt show get give check query read list recall remind"
)
_SCOPES = word_set(
    "document documents file files note notes folder pdf pdfs papers paper collection library web "
    "internet online archive docs knowledge base wiki guides guide texts records"
)
_SCOPE_LEADS = frozenset({"in", "through", "from", "on"})
_BEFORE_SCOPE = word_set("my the our in through from on all knowledge of any")
_LEADS = word_set(
    "for about on regarding concerning of mentioning mention mentions containing contain with what which "
    "who where how is are there do does did i my a an the any some me us anything something information "
    "info details in up through say says said to that have has everything it it's will can you we tell "
    "know need documents document notes files from what's where's when when's who's was were remember re"
)
_TRAILING = word_set(
    "for at on in to from by with of the a an my and or please about is are again , - also then do say"
)
_FILLING = frozenset({"is", "are", "there", "please"})


def read_query(marked: Marked) -> str | None:
    """The words to search for: "search my notes for the router password" -> "router password"."""
    tokens = marked.tokens
    if name := quoted(tokens.text):
        return name
    low = tokens.low
    end = content_end(marked)
    start = skip_wrapper(tokens, 0, end)
    places = [index for index in range(start, end) if marked.free(index)] or list(range(start, end))
    if places and low[places[0]] in _VERBS:
        places = places[1:]
    places = _without_scope(marked, places)
    while places and (low[places[0]] in _LEADS or not (low[places[0]][0].isalnum() or low[places[0]] == "#")):
        places = places[1:]
    while places and (low[places[-1]] in _TRAILING or not low[places[-1]][0].isalnum()):
        places = places[:-1]
    if len(places) > 2:
        places = [index for index in places if low[index] not in _FILLING]
    return marked.text_of(places).strip() or None


def _without_scope(marked: Marked, places: list[int]) -> list[int]:
    """Leave out where to search: "in my notes", "my documents", "the web"."""
    low = marked.low
    for n, index in enumerate(places):
        if low[index] not in _SCOPES:
            continue
        first, last = n, n + 1
        while first > 0 and low[places[first - 1]] in _BEFORE_SCOPE:
            first -= 1
        while last < len(places) and low[places[last]] in _SCOPES:
            last += 1
        if first > 0 and first < n and low[places[first]] in _SCOPE_LEADS:
            return places[:first] + places[last:] or places
        if first == 0 and last < len(places):
            return places[last:]
    return places
