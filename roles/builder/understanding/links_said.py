"""Which of two keys to one table a request means, by its verbs: trips "started at" a station, "ended at" it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from common.language.words import word_set
from roles.builder.understanding.requirements import Place, Requirements
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.words import plural, words_of_name

__all__ = ["Meant", "links_said", "with_links_said"]

Meant = Mapping[tuple[str, str], str]
_SIDES: tuple[tuple[frozenset[str], str, str], ...] = (
    (
        word_set(
            "start from origin source departure depart sender sending pickup begin leaving "
            "out outgoing shipper seller owner home borrowing lender"
        ),
        r"start(?:s|ed|ing)?|beg[iau]n(?:s|ning)?|depart(?:s|ed|ing)?|left|leav(?:es?|"
        r"ing)|(?:were\s+|was\s+|are\s+|being\s+)?sent(?:\s+out)?|sending|set\s+off|originat(?:es?|"
        r"ed|ing)|pick(?:ed|s)?\s+up|went\s+out|go\s+out|ship(?:ped|s)|dispatched|collected|"
        r"come|came|taken",
        r"(?:start(?:ing)?|origin(?:ating)?|departure|departing|source|sending|pickup|"
        r"pick-up|from|dispatching|shipping|outgoing|home)",
    ),
    (
        word_set(
            "end to destination target arrival arrive receiver receiving dropoff finish return "
            "incoming goal buyer recipient away dest"
        ),
        r"end(?:s|ed|ing)?(?:\s+up)?|finish(?:es|ed|ing)?|arriv(?:es?|ed|ing)|(?:were\s+|"
        r"was\s+|are\s+|being\s+)?received|receiving|returned|returning|delivered|drop(?:ped|"
        r"s)?\s+off|went|go(?:es|ing)?|come\s+in|came\s+in|headed|bound|sent|shipped|moved|"
        r"brought",
        r"(?:end(?:ing)?|destination|arrival|arriving|target|receiving|drop-?off|final|"
        r"finishing|incoming|to|recipient|away)",
    ),
)
"""Words of key columns that tell a side, verbs of it, and words for it before the name of the thing."""
_AT = {0: r"(?:at|from|in|out\s+of|on)", 1: r"(?:at|to|in|into|by|on|for|with)"}
_EACH = r"(?:each|every|an?|the|any|one|our|which|a\s+given|given|all|all\s+the|some)"


def links_said(text: str, tables: Tables) -> tuple[str, Meant]:
    """The request without the words that tell which key is meant, and the keys by child and parent."""
    meant: dict[tuple[str, str], str] = {}
    for child, parent, columns in _doubles(tables):
        sides = {_side(column, parent): column for column in columns}
        if len(columns) != 2 or set(sides) != {0, 1}:
            continue
        text = _same_things(text, parent, sides)
        found: set[int] = set()
        changed = text
        for side in (0, 1):
            changed = _plain(changed, parent, side, found, tables)
        if len(found) == 1:
            text = changed
            meant[child, parent] = sides[next(iter(found))]
    return text, meant


def _doubles(tables: Tables) -> Iterable[tuple[str, str, list[str]]]:
    pairs = dict.fromkeys((one.left_table, one.right_table) for one in tables.joins)
    for child, parent in pairs:
        columns = tables.links(child, parent)
        if len(columns) > 1:
            yield child, parent, columns


def _side(column: str, parent: str) -> int | None:
    words = set(words_of_name(column)) - set(words_of_name(parent.rpartition(".")[2]))
    found = [side for side, (names, *_) in enumerate(_SIDES) if words & names]
    return found[0] if len(found) == 1 else None


def _names(parent: str) -> str:
    words = words_of_name(parent.rpartition(".")[2])
    whole = " ".join(words)
    return "|".join(re.escape(one) for one in dict.fromkeys((plural(whole), whole, plural(words[-1]), words[-1])))


def _plain(text: str, parent: str, side: int, found: set[int], tables: Tables) -> str:
    """The text with "started at each station" as "of each station", where words of that side are said."""
    _, verbs, before = _SIDES[side]
    name = _names(parent)

    def of(match: re.Match[str]) -> str:
        found.add(side)
        return f"of {match['thing']}"

    def alone(match: re.Match[str]) -> str:
        found.add(side)
        return match["thing"]

    if side == 1:
        # "sent to", "shipped to" are of the other end
        text = re.sub(
            rf"\b(?:that\s+|which\s+)?(?:were\s+|was\s+|are\s+|have\s+)?(?:sent|shipped|moved|"
            rf"brought|went|go(?:es)?|came|headed|bound|delivered)\s+(?:to|into)\s+(?P<thing>(?:{_EACH}\s+)?(?:{name})\b)",
            of,
            text,
            flags=re.IGNORECASE,
        )
    at = _AT[side] if side == 0 else r"(?:at|in|by|on)"
    text = re.sub(
        rf"\b(?:that\s+|which\s+|who\s+)?(?:have\s+|has\s+|had\s+|did\s+)?(?:{verbs})\s+{at}\s+(?P<thing>(?:{_EACH}\s+)?(?:{name})\b)",
        of,
        text,
        flags=re.IGNORECASE,
    )
    return re.sub(rf"\b{before}\s+(?P<thing>(?:{name})\b)(?!\s+id\b)", alone, text, flags=re.IGNORECASE)


def _same_things(text: str, parent: str, sides: Mapping[int | None, str]) -> str:
    """ "That ended at the same station where they had started": one key is like the other."""
    name = _names(parent)
    verbs = "|".join(one[1] for one in _SIDES)
    both = f"with {sides[1].replace('_', ' ')} equal to {sides[0].replace('_', ' ')}"
    pattern = re.compile(
        rf"\b(?:that\s+|which\s+|who\s+)?(?:(?:did|have|has|had)\s+)?(?:{verbs}|start(?:ed)?\s+and\s+end(?:ed)?|"
        rf"begin\s+and\s+end|began\s+and\s+ended)\s+(?:at|in|to|from)\s+(?:the\s+(?:very\s+)?same|"
        rf"one\s+and\s+the\s+same)\s+(?:{name})\b"
        rf"(?:\s+(?:where|as|that|from\s+which|at\s+which|in\s+which|to\s+which)?\s*(?:(?:they|"
        rf"it|he|she|the\s+[a-z]+)\s+)?(?:(?:had|have|has|were|was)\s+)?(?:{verbs})(?:\s+(?:at|"
        rf"from|in|to))?(?=\s*(?:[.,;?!]|$|in\b|during\b)))?",
        re.IGNORECASE,
    )
    return pattern.sub(both, text)


def with_links_said(made: Requirements, meant: Meant) -> Requirements:
    """The requirements with the keys that were said."""
    more = [Place(table=child, column=column) for (child, _), column in meant.items()]
    links = tuple(dict.fromkeys((*made.links, *more)))
    return made if links == made.links else made.model_copy(update={"links": links})
