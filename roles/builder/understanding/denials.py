"""Whether a reading uses the words of a request that deny, leave out, or tell a state: the net below both readers.

A negation that is dropped turns an answer into its opposite without a word. So each one needs something in the
requirements that denies; what has nothing is asked about.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, cast

from common.language.words import word_set
from roles.builder.understanding.requirements import Place, Requirements
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.words import singular, words_of_name

__all__ = ["dropped_words"]

_COMPARED = (
    r"(?:be\s+|is\s+|fall\s+|drop\s+|go\s+|rise\s+|any\s+)?(?:more|less|fewer|later|earlier|longer\s+than"
    r"|higher|lower|greater"
    r"|smaller|older|younger|above|below|over|under|before|after|beyond|past|exceed\w*|worse|better|cheaper)\b"
)
_DENIAL = re.compile(
    rf"\b(?:(?P<compared>(?:no|not|never|cannot)\s+{_COMPARED})"
    r"|(?P<speech>(?:no|not)\s+(?:only|just|necessarily|matter|need|problem|idea|sure|hurry|frills|rush)\b"
    r"|(?:or|if|why|of\s+course)\s+not\b|not\s+(?:at\s+all\s+)?important\b"
    r"|(?:do|does|did|will|would|can|could|should)\s+not\s+(?:need|mind|care|know|matter|worry|want\s+to|have\s+to)\b"
    r"|no\s+(?:id|one)\b(?=\s*[.,;)]|$)|without\s+(?:further|more)\s+ado|never\s+mind|(?:is|are)\s+no\s+longer\s+than)"
    r"|(?P<out>leav(?:e|es|ing)\s+(?:\w+\s+){0,5}?(?:out|aside)|left\s+out|not\s+(?:counting|including"
    r"|counted|included|considering)"
    r"|(?:do|does|should|must)\s+not\s+(?:count|include|consider|list|show|contain)\b|exclud\w+|except\w*"
    r"|apart\s+from|aside\s+from|other\s+than"
    r"|ignor\w+|omit\w*|disregard\w*|but\s+not|rather\s+than|instead\s+of|with\s+the\s+exception|bar(?:ring)?\s+the"
    r"|outside(?:\s+of)?\s+(?!hours)(?=[A-Z])|(?:anything|everything|everyone|everybody|anybody|anyone"
    r"|all|any|each|every\s+\w+)\s+but(?!\s+(?:only|also|with|in|as)\b)|skip(?:ping|s|ped)?"
    r"|without\s+counting|not\s+to\s+count)"
    r"|(?P<plain>no\s+longer|not|never|without|none|neither|nobody|nothing|nowhere|no\s+one|lack(?:s|ing)?|no)\b"
    r"|\bnon[- ](?=[a-z]))",
    re.IGNORECASE,
)
_SHORT = re.compile(r"\b(?P<verb>[a-z]+)n['’]t\b", re.IGNORECASE)
_WHOLE = {"ca": "can", "wo": "will", "sha": "shall"}
_NULL = re.compile(r"\b(?:missing|empty|unknown|blank|null|lacking|absent)\b", re.IGNORECASE)
_SPARED = re.compile(
    r"\b(?:includ\w*|even|also|too|as\s+(?:zero|0|well)|with\s+(?:zero|0)|at\s+0|shown?|listed|appear)\b", re.IGNORECASE
)
_GOES_ON = re.compile(
    r"\b(?:(?:still|currently|current)\s+(?!not|no|without)(?:[a-z]+)|un(?:paid|returned|shipped|finished"
    r"|delivered|solved|resolved|settled|fixed|closed)"
    r"|(?:open|active|running|employed|overdue|outstanding|pending|ongoing|vacant)(?!\s+(?:not|no)\b))\b",
    re.IGNORECASE,
)
"""Words for what goes on, which ask as well that a day is missing."""
_TWICE = re.compile(r"(?:\s+[\w'-]+){0,6}?\s+(?:not|never|without|no|un[a-z]+)\b", re.IGNORECASE)
_SHOWN = 34
"""Letters of a request that are told with a word that was not understood."""


def _in_full(text: str) -> str:
    return _SHORT.sub(lambda match: f"{_WHOLE.get(match['verb'].lower(), match['verb'])} not", text)


def dropped_words(text: str, made: Requirements, tables: Tables) -> list[str]:
    """The words of a request that deny, tell a state, or leave a time to whoever asks, and that nothing stands for."""
    if made.missing or made.uncovered or not tables:
        return []
    found = [
        *_denials(text, made, tables),
        *_states(text, made, tables),
        *_periods(text, made, tables),
        *_in_time(text, made, tables),
    ]
    return [*found, *_unasked(text, made), *_only_one(text, made, tables)]


def _denials(text: str, made: Requirements, tables: Tables) -> list[str]:
    """The words of a request that deny, where the requirements deny less often than it does."""
    said = [one for one in _DENIAL.finditer(_in_full(text)) if not one["speech"] and not _is_name(one, tables)]
    plain = [one for one in said if not one["compared"]]
    if not said:
        return []
    nodes = list(_nodes(made.model_dump()))
    if any(one["compared"] for one in said) and not (made.rules or _compares(made, nodes)):
        return [_around(one) for one in said if one["compared"]]
    if made.modes or made.rules:
        # what a mode does not change, and when something does not pass, is said in such words as well
        return []
    carried = len(_denying(nodes)) + len(made.compared)
    carried += sum(1 for one in nodes if one.get("moment") and one["comparison"] in ("<", "<="))
    missing = [one for one in nodes if _is_missing(one, "=")]
    told = sum(1 for one in missing if _is_denied(str(one["column"]), plain))
    carried -= max(0, min(len(_GOES_ON.findall(_in_full(text))), len(missing)) - told)
    carried += sum(
        1 for one in made.figures if re.search(r"!=|is_null\(|\bnot\b|== (?:False|0)\b|[<>]", one.expression)
    )
    carried += sum(1 for one in made.filters if one.figure and one.comparison in ("<", "<="))
    # "ignoring invoices that are not paid" denies nothing in the end
    pairs = sum(1 for one in plain if one["out"] and _TWICE.match(one.string[one.end() :]))
    carried += 2 * pairs if nodes or made.compared else 0
    if made.every or "every" in str(made.assumptions):
        carried += sum(1 for one in plain if _SPARED.search(one.string))
    if (_NULL.search(text) or any(one["out"] for one in plain)) and (
        there := {(one["table"], one["column"]) for one in nodes if _is_missing(one, "!=")}
    ):
        # "excluding open ones" asks that a day is there
        carried += len(there)
    return [_around(one) for one in plain] if len(plain) > carried else []


def _is_denied(column: str, said: list[re.Match[str]]) -> bool:
    """Whether a word that denies stands before the name of a column: "running projects (no finish date yet)"."""
    words = {word[:4] for word in words_of_name(column) if len(word) > 3}
    behind = (one.string[one.end() : one.end() + _SHOWN].lower() for one in said)
    return any({word[:4] for word in re.findall("[a-z]+", part)} & words for part in behind)


def _around(match: re.Match[str]) -> str:
    """A word that denies, with those behind it."""
    text = " ".join(match.string[match.start() : match.end() + _SHOWN].split())
    cut = re.split(r"[.,;:?!)]", text)[0]
    return cut if len(cut) <= _SHOWN else cut[: cut.rfind(" ", 0, _SHOWN) if " " in cut[:_SHOWN] else _SHOWN]


def _is_name(match: re.Match[str], tables: Tables) -> bool:
    """Whether "no" is the end of a name: the "order no", "no-show"."""
    if match[0].lower() != "no":
        return False
    behind = match.string[match.end() :]
    if behind.startswith(("-", ".")) or not re.match(r"\s+[A-Za-z]", behind):
        return True
    before = re.search(r"([A-Za-z]+)\s+$", match.string[: match.start()])
    names = {words[:-1] for words in (words_of_name(one.column) for one, _ in tables.places()) if words[-1:] == ("no",)}
    return before is not None and any(singular(before[1].lower()) in words for words in names)


def _nodes(part: object) -> Iterable[dict[str, Any]]:
    """All parts of requirements that compare something."""
    if isinstance(part, dict):
        node = cast("dict[str, Any]", part)
        if "comparison" in node:
            yield node
        for one in node.values():
            yield from _nodes(one)
    elif isinstance(part, list | tuple):
        for one in cast("list[object]", part):
            yield from _nodes(one)


def _is_missing(node: dict[str, Any], sign: str) -> bool:
    return node["comparison"] == sign and node.get("value") is None and not any(
        node.get(other) for other in ("input", "moment", "other", "related")
    ) and "number" not in node  # fmt: skip


def _denying(nodes: Iterable[dict[str, Any]]) -> set[tuple[str, str, str]]:
    """The columns of which something is denied, and the rows that there are none of."""
    found: set[tuple[str, str, str]] = set()
    for node in nodes:
        key = (str(node.get("table")), str(node.get("column")), str(node.get("figure")))
        if "number" in node:
            denies = node["number"] <= 1 and node["comparison"] in ("<", "<=", "=")
        elif node["comparison"] == "!=":
            denies = not _is_missing(node, "!=")
        else:
            denies = _is_missing(node, "=") or (
                node["comparison"] == "=" and not node.get("input") and node.get("value") in (False, 0)
            )
        if denies:
            found.add(key)
    return found


def _compares(made: Requirements, nodes: Iterable[dict[str, Any]]) -> bool:
    return bool(made.compared) or any(one["comparison"] in ("<", "<=", ">", ">=") for one in nodes) or any(
        re.search(r"[<>]", one.expression) for one in made.figures
    )  # fmt: skip


_STATE = re.compile(
    r"\b(?:(?P<word>current|former|present|ex|past|previous|active"
    r"|inactive)[\s-]+(?P<kind>[a-z]+\s+){0,2}?(?P<thing>[a-z]+)\b"
    r"|(?P<adverb>currently|still|presently|formerly|any\s?more|no\s+longer))\b",
    re.IGNORECASE,
)
_NO_STATE = re.compile(
    r"still\s+(?:be\s+)?(?:show\w*|appear\w*|list\w*|count\w*|included?|need\w*|want\w*|has\s+to"
    r"|have\s+to|pass\w*|ok|fine)",
    re.IGNORECASE,
)
_PEOPLE = word_set("staff people person workforce team crew personnel employee member one ones roster headcount")
_TELLS = word_set(
    """status state stage phase end ended until left cancelled canceled closed closing discontinued terminated withdrawn
    retired expired expiry expires finished resigned departed exit quit active current valid open archived deactivated
    returned completed paid delivered sold removed decommissioned stopped to thru leaving leave"""
)


def _states(text: str, made: Requirements, tables: Tables) -> list[str]:
    """Words for a state ("current", "still", "former"), where rows could tell it and the requirements don't ask."""
    read = {made.table, made.entity, *(one.table for one in (*made.groups, *made.show, *made.filters))} - {""}
    things = {words_of_name(name.rpartition(".")[2])[-1] for name in tables.tables} | _PEOPLE
    if not any({*words_of_name(one.column)} & _TELLS for one, _ in tables.places() if one.table in read):
        return []
    if any(_tells_state(one) for one in _nodes(made.model_dump())) or made.compared:
        return []
    if any(re.search(r"is_null|==|!=", one.expression) for one in made.figures):
        return []
    found: list[str] = []
    for match in _STATE.finditer(text):
        if match["adverb"]:
            if not _NO_STATE.match(text[match.start() :]):
                found.append(" ".join(text[match.start() : match.end() + 16].split()[:3]).rstrip(" .,;:?!"))
        elif singular(match["thing"].lower()) in things:
            found.append(match[0])
    return found


def _tells_state(node: dict[str, Any]) -> bool:
    """Whether a condition may be on a state: on nothing being there, a text, a flag, the day of the question."""
    value = node.get("value")
    return bool(
        node.get("moment")
        or _is_missing(node, "=")
        or _is_missing(node, "!=")
        or isinstance(value, bool | str | list)
        or "number" in node
    )


_PERIOD = re.compile(
    r"\b(?:given|certain|chosen|specific|particular|selected)\s+(?:calendar\s+)?(?:day|date|week|month"
    r"|quarter|year|period)\b"
    r"|\b(?:for|given|of)\s+an?\s+(?:[a-z]+\s+){1,3}and\s+(?:for\s+)?an?\s+(?:month|year|quarter|day|date)\b",
    re.IGNORECASE,
)
_TIMES = word_set("year month quarter day date week season period")


def _periods(text: str, made: Requirements, tables: Tables) -> list[str]:
    """ "In a given month", where the requirements take no time from whoever asks."""
    if any(one.input is not None for one in made.bindings) or any(
        {*one.name.split("_")} & _TIMES for one in made.inputs
    ):
        return []
    for one in made.all_filters:
        kind = tables.column(Place(table=one.table, column=one.column)).type if one.table in tables.tables else ""
        if one.input and (one.part or one.moment or kind == "date" or {*words_of_name(one.column)} & _TIMES):
            return []
    return [match[0] for match in _PERIOD.finditer(text)]


_PUNCTUAL = re.compile(
    r"\b(?:(?:on|in)\s+time|too\s+late|(?:was|were|is|are|came|arrived|paid|finished|delivered)\s+late"
    r"|late(?:ly)?(?=\s*[.,;?]))(?!\s+(?:fee|charge|shift))",
    re.IGNORECASE,
)


def _in_time(text: str, made: Requirements, tables: Tables) -> list[str]:
    """ "On time" and "late", where no days are compared, and no column or value is called so."""
    words = {word for names in tables.names for word in names} | {
        word for held in tables.values.values() for said in held for word in said
    }
    if (
        made.compared
        or any(one.other or one.moment for one in made.all_filters)
        or {"late", "punctual", "time", "delay"} & words
    ):
        return []
    if any(re.search(r"[<>]|days_", one.expression) for one in made.figures):
        return []
    return [match[0] for match in _PUNCTUAL.finditer(text)]


_GIVES = re.compile(
    r"\b(?:given|certain|chosen|choose|selected?|specific|particular|inputs?|takes?|accepts?|enter\w*|asks?|asked|pick\w*"
    r"|name[sd]?|specif\w+|provid\w+|suppl\w+"
    r"|by|whose|one|any|of\s+an?|for\s+an?|per|lately|ahead|(?-i:[XYZN])"
    r"|(?:in|at|on|from|since|between|after|before|over|above|below|under|than|within|during)\s+(?:an?|two|some))\b",
    re.IGNORECASE,
)


def _unasked(text: str, made: Requirements) -> list[str]:
    """What the requirements have a caller give, though the request says nothing of that: "flats with a balcony"."""
    if _GIVES.search(text):
        return []
    return [" ".join(words_of_name(one.column)) for one in made.all_filters if one.input]


_SOLE = re.compile(
    r"(?:^|\b(?:the|which|what|our|whose)\s+)(?P<most>oldest|newest|latest|youngest|cheapest|dearest"
    r"|biggest|largest|smallest|longest|shortest"
    r"|heaviest|lightest|(?:most|least)\s+[a-z]+)\s+(?:[a-z]+\s+)?(?P<thing>[a-z]+)\b(?!\s+(?:first|per"
    r"|of\s+each|in\s+each|for\s+each|by|at\s+the\s+top|on\s+top))",
    re.IGNORECASE,
)


def _only_one(text: str, made: Requirements, tables: Tables) -> list[str]:
    """ "The oldest partner shop" is one, where the requirements list all."""
    if (
        not made.show
        or made.groups
        or made.condensed
        or made.single
        or made.limit < 1_000
        or made.leading
        or made.entity
        or made.figures
    ):
        return []
    things = {words_of_name(name.rpartition(".")[2])[-1] for name in tables.tables}
    found = [
        one
        for one in _SOLE.finditer(text)
        if one["thing"].lower() in things and singular(one["thing"].lower()) == one["thing"].lower()
    ]
    held = {word for node in _nodes(made.model_dump()) for word in str(node.get("value") or "").lower().split()}
    return [one[0] for one in found if not {*one["most"].lower().split()} & held]
