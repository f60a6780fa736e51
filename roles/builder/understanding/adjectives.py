"""Words before the name of a table that are values of its columns: "open orders", "office properties"."""

from __future__ import annotations

import re

from common.language.words import word_set
from roles.builder.understanding.requirements import Place
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.tagged import Tagged
from roles.builder.understanding.words import words_of_name

__all__ = ["EXPLAINED", "value_before"]

_KINDS = word_set(
    "status state type category kind sector specialty stage phase class segment tier level decision outcome result"
)
_PLAIN = word_set(
    """all our the any total each every last latest recent new newest old oldest top best most least expensive cheapest
    highest lowest largest smallest biggest different existing given various several single individual first following
    many of per by in for from with and or that which their my your its these those certain some other own whole entire
    available known current actual relevant matching unique distinct average sum number count list show database table
    overall combined shop data agent sql row record unit late shown main following same such good bad happen
    longest shortest heaviest more less than few only also please how what who where when did do does doe is are be"""
)
_IS = re.compile(
    r"\b(?P<mark>T\d+) (?:(?:that|which|who) )?(?:is|are|was|were|have been|has been) (?:(?:still|currently|now"
    r"|already|all) )?"
    r"(?P<word>(?!(?:not|no|never|in|on|at|under|over|above|below|from|of|by|per|more|less|the|an?|too|very|due"
    r"|there|being|to|with|between)\b)"
    r"[a-z]{4,20})(?=\s*(?:[.,;:?)]|$|with\b|by\b|per\b))"
)
_IS_FAR = re.compile(
    r"\b(?P<mark>T\d+) (?:(?!\b(?:that|which|who|T\d+)\b)[^.;?])*?(?:that|which|who|and) (?:is|are|was|were|have"
    r" been|has been) "
    r"(?:(?:still|currently|now|already|all) )?(?P<word>(?!(?:not|no|never|there|being|too|very|due|more"
    r"|less)\b)[a-z]{4,20})"
    r"(?=\s*(?:[.,;:?)]|$))"
)
_COLOURS = word_set("red white black blue green yellow brown grey gray orange purple pink silver gold beige rose")
_STATES = word_set(
    """open closed active inactive pending cancelled canceled completed finished running overdue late paid unpaid
    settled outstanding expired valid approved rejected declined shipped delivered returned booked confirmed ended"""
)
"""Words for how far a thing has got: no category or type holds them."""
EXPLAINED = re.compile(
    r" T\d+ (?:\(|, i ?\. ?e ?\.?(?: ?,)?|, that is ?,?|, meaning)(?: i ?\. ?e ?\.?)? ?(?:(?:not|nothing|no"
    r"|never|without|that|which|i\.?e|have|has|whose|where|only|with|meaning)\b|[CT]\d+ (?:is|are|has"
    r"|was|not|never|above|below|over|under|before|after|at least|at most|more|less)\b|[CT]\d+ [=<>≥≤])"
)
"""The request says itself what the word before means: "active members (not cancelled)"."""
_BEFORE = re.compile(
    r"(?:^|(?<=[.:;] )|\b(?:list|show|find|get|count|fetch|display|return|all|many|of|which|the|our|give me|show "
    r"me|number of|on|for|with|from|[a-z]+est|F\d+)\s+)"
    r"(?P<word>[a-z]{3,20})\s+(?P<mark>T\d+)\b"
)


def value_before(tagged: Tagged, tables: Tables, table: str) -> tuple[Place, str] | None:
    """A word of unknown meaning before the table, and the one column of kinds whose value it can be; None for none."""
    match = next((one for one in _BEFORE.finditer(tagged.text) if tagged.table(one["mark"]) == table), None)
    if match is None or match["word"] in _PLAIN:
        match = next((one for one in _IS.finditer(tagged.text) if tagged.table(one["mark"]) == table), None)
    if match is None:
        match = next((one for one in _IS_FAR.finditer(tagged.text) if tagged.table(one["mark"]) == table), None)
    if match is None or match["word"] in _PLAIN or tagged.is_taken(match.start("word")):
        return None
    columns = [
        one.name
        for one in tables.tables[table].columns
        if one.type == "text" and words_of_name(one.name)[-1:] and words_of_name(one.name)[-1] in _KINDS
    ]
    if match["word"] in _COLOURS:
        columns = [
            one.name for one in tables.tables[table].columns if {"colour", "color"} & set(words_of_name(one.name))
        ]
    if match["word"] in _STATES:
        columns = [
            one
            for one in columns
            if words_of_name(one)[-1] in ("status", "state", "stage", "phase", "decision", "outcome")
        ]
    if match.re is _BEFORE and EXPLAINED.match(tagged.text[match.end("word") :]):
        return None
    return (Place(table=table, column=columns[0]), match["word"]) if len(columns) == 1 else None
