"""How callers name the thing that is asked about, said anywhere in any words: read first, and taken out of the request.

"Given by its code", "looked up by client name", "I type in the plate", "takes the name of a lawyer and returns …": what
is left reads as if it said "of a given lawyer", and by which column the caller names it is kept beside.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from roles.builder.understanding.naming_forms import (
    BEHIND,
    BY_KEY,
    CLAUSES,
    DET,
    SITE_BY_NAME,
    WHICHEVER,
)
from roles.builder.understanding.requirements import Place
from roles.builder.understanding.said_nouns import NounReader, SaidNoun
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.words import words_of_name

__all__ = ["NamedThings", "things_named"]


@dataclass(slots=True)
class NamedThings:
    """What the caller gives: things with the columns that name them (None: their keys), and parts of time."""

    by: dict[str, Place | None] = field(default_factory=dict[str, "Place | None"])
    times: list[str] = field(default_factory=list[str])


def things_named(text: str, tables: Tables) -> tuple[str, NamedThings]:
    """The request without the phrases that tell how the caller names things, and what these told."""
    named = NamedThings()
    if not tables:
        return text, named
    reader = NounReader(tables)
    for pattern in CLAUSES:
        text = _without_clauses(text, pattern, reader, named)
    text = _without_lookups(text, reader, named)
    for pattern in BEHIND:
        text = _without_behind(text, pattern, reader, named)
    return _with_time(text, named), named


def _without_clauses(text: str, pattern: re.Pattern[str], reader: NounReader, named: NamedThings) -> str:
    at = 0
    while (match := pattern.search(text, at)) is not None:
        said = reader.nouns(match["list"])
        rest = text[: match.start()] + " \x00 " + text[match.end() :]
        if said is None or not (resolved := _resolved(said, rest, reader)) or not _fits(match, resolved):
            at = match.start() + max(1, len(match["lead"]))
            continue
        if not _kept(resolved, named):
            return text
        told = _given(resolved, rest, reader)
        lead, end = match["lead"], match["end"].strip()
        if lead.strip() == "(" and end == ")":
            lead = " "
        elif lead.strip() in (",", "(", "–", "—", "-"):
            lead = ", "
        elif lead.strip().lower() in (
            "where",
            "and",
            "when",
            "whenever",
            "once",
            "if",
            "with",
        ) or lead.lower().startswith(("after", "as ")):
            lead = " "
        elif (
            lead.strip().lower() in ("that", "which", "it", "agent", "tool", "bot", "function", "lookup", "endpoint")
            and told
        ):
            lead = lead if lead.strip().lower() not in ("that", "which", "it") else " "
        elif lead.strip().lower() in ("that", "which", "it"):
            lead = " "
        behind = text[match.end() :]
        behind = (
            re.sub(r"^\s*,?\s*(?:and|then)\s+(?:it\s+)?(?:then\s+)?(?=[a-z])", " ", behind)
            if told or lead == " "
            else behind
        )
        text = _tidy(f"{text[: match.start()]}{lead}{told}{behind}")
        text = _as_given(text, resolved, reader)
        at = 0
    return text


def _as_given(text: str, said: Sequence[SaidNoun], reader: NounReader) -> str:
    """ "A client" as "a given client", where that is what the caller names."""
    for one in said:
        for start, end, table, _ in reader.mentions(text):
            match = re.match(r"(?:an?|one|any|some)\s+(?!given\b)", text[start:end], re.IGNORECASE)
            if table == one.table and match is not None:
                text = f"{text[:start]}a given {text[start + match.end() :]}"
                break
    return text


def _fits(match: re.Match[str], said: Sequence[SaidNoun]) -> bool:
    """Whether a clause is about what the caller gives, and is no "from a station": words alone decide little there."""
    if not re.match(r"(?:\W|\b(?:that|which|and|when|agent)\b)*(?:from|with|starting)\b", match[0], re.IGNORECASE):
        return True
    return all(one.by_key or one.place is not None for one in said)


def _resolved(said: Sequence[SaidNoun], rest: str, reader: NounReader) -> list[SaidNoun]:
    """The same, with the thing that "its code" is of; empty where that can't be told."""
    found: list[SaidNoun] = []
    for one in said:
        if one.table or one.time:
            found.append(one)
            continue
        before = rest.split("\x00")[0]
        tables = [table for *_, table, _ in reader.mentions(before)] or [
            table for *_, table, _ in reader.mentions(rest)
        ]
        owners = [
            each for each in dict.fromkeys(reversed(tables)) if reader.column(each, one.words.split()) is not None
        ]
        singular = [table for *_, table, alone in reader.mentions(rest) if alone and table in owners]
        chosen = singular[-1:] or owners[:1]
        if not chosen or (resolved := reader.column(chosen[0], one.words.split())) is None:
            return []
        found.append(resolved)
    return found


def _kept(said: Sequence[SaidNoun], named: NamedThings) -> bool:
    for one in said:
        if one.time:
            named.times.append(one.time)
        elif named.by.get(one.table) is None or one.place is None:
            named.by[one.table] = named.by.get(one.table) if one.place is None else None if one.by_key else one.place
        elif one.place != named.by[one.table]:
            return False
    return True


def _given(said: Sequence[SaidNoun], rest: str, reader: NounReader) -> str:
    """ "For a given …" for what the rest of the request does not name."""
    there = {table for *_, table, alone in reader.mentions(rest) if alone}
    parts: list[str] = []
    for one in said:
        if one.table and one.table not in there:
            parts.append(f"for a given {' '.join(words_of_name(one.table.rpartition('.')[2]))}")
            there.add(one.table)
        elif (
            one.time
            and re.search(
                rf"\b(?:in|for|of|during)\s+(?:an?|one|the|some|any|that)\s+(?:[a-z]+\s+)?{one.time}\b",
                rest,
                re.IGNORECASE,
            )
            is None
        ):
            parts.append(f"in a given {one.time}")
    return " ".join(parts)


def _without_behind(text: str, pattern: re.Pattern[str], reader: NounReader, named: NamedThings) -> str:
    at = 0
    while (match := pattern.search(text, at)) is not None:
        at = match.start() + 1
        before = text[: match.start()]
        things = [one for one in reader.mentions(before) if one[1] >= len(before.rstrip()) - 24]
        if not things:
            continue
        start, end, table, alone = things[-1]
        between = before[end:].strip()
        said = reader.noun(match["list"])
        if said is None or said.table != table:
            said = reader.column(table, match["list"].lower().split()) if said is None or not said.table else None
        repeated = (
            not alone
            and re.search(r"[,(;.]\s*$", before[:start]) is not None
            and any(one[2] == table and one[3] for one in things[:-1] + reader.mentions(before[:start]))
        )
        plain_by = pattern is SITE_BY_NAME
        if (
            said is None
            or not (repeated if plain_by else alone or repeated)
            or (between and not re.fullmatch(r"[a-z ,'()]{0,24}", between))
        ):
            continue
        if not _kept([said], named):
            return text
        what = re.sub(rf"^(?:{DET}\s+)+", "", before[start:end], flags=re.IGNORECASE)
        comma = (
            ","
            if match["open"].strip() in (",", "–", "—", "-")
            and text[match.end() : match.end() + 1] not in (".", ":", ";", "?", ")", ",")
            and not match["end"]
            else ""
        )
        behind = text[match.end() :]
        if repeated:
            text = _as_given(_tidy(f"{before[:start]}{behind}"), [said], reader)
        elif not re.sub(r"^.*[.;!?:]", "", before[:start], flags=re.DOTALL).strip() and re.match(
            r"\s*(?:[.;!?]|$)", behind
        ):
            # a sentence of its own
            told = _given([SaidNoun(table, said.place)], f"{before[:start]} . {behind}", reader)
            text = _as_given(_tidy(f"{before[:start]} {told}{behind}"), [said], reader)
        else:
            text = _tidy(f"{before[:start]}a given {what}{before[end:]}{comma}{behind}")
        at = 0
    return text


def _without_lookups(text: str, reader: NounReader, named: NamedThings) -> str:
    match = BY_KEY.search(text)
    if match is not None:
        said = reader.noun(match["list"])
        if said is not None and said.table and said.place is not None and _kept([said], named):
            what = " ".join(words_of_name(said.table.rpartition(".")[2]))
            text = f"{text[: match.start()]}{match['noun']}for a given {what}{text[match.end() :]}"
    match = WHICHEVER.search(text)
    if match is not None:
        said = reader.noun(match["list"])
        if said is not None and (said.table or said.time) and _kept([said], named):
            what = said.words if said.time else " ".join(words_of_name(said.table.rpartition(".")[2]))
            text = f"{text[: match.start()]}{match['before']}a given {what}{text[match.end() :]}"
    return text


def _with_time(text: str, named: NamedThings) -> str:
    for one in named.times:
        text = re.sub(
            rf"\b(in|for|of|during|within)\s+(?:an?|one|some|any|that|the)\s+(?:single\s+|certain\s+)?({one})\b(?!\s+(?:to|later|ago|before))",
            r"\1 a given \2", text, count=1, flags=re.IGNORECASE,
        )  # fmt: skip
    return text


def _tidy(text: str) -> str:
    text = re.sub(r"\s+", " ", text)
    text = re.sub(r"\s+([.,;:?!)])", r"\1", text)
    text = re.sub(r"([.;:!?])(?:\s*[.,;])+", r"\1", text)
    text = re.sub(r",\s*([.:;?!])", r"\1", text)
    text = re.sub(r"^[\s.,;:]+", "", text)
    return text.strip()
