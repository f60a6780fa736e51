"""Finds the formulas that a request gives: ``margin = (price - cost) / price``, or in words, "defined as X over Y"."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from common.language.words import word_set
from roles.builder.understanding.expression_words import AGGREGATES, Names, ReadExpression, read_expression
from roles.builder.understanding.formula_meanings import in_hundreds, in_one_reading, over_all, without_groups
from roles.builder.understanding.words import identifier, words_of

__all__ = ["Definition", "find_definitions"]

_EQUALS = re.compile(r"(?<![<>=!:])=(?!=)")
_NAME_BEFORE = re.compile(
    r"(?<!['’A-Za-z])([A-Za-z][A-Za-z0-9_]*(?:[ /-](?:[A-Za-z][A-Za-z0-9_]*|(?<=per )1,?0{2,3}(?="
    r" [a-z]))){0,7})\s*(?:\(%\)|\([A-Za-z]{2,8}\))?\s*$"
)
_AS = re.compile(
    r"(?P<name>[A-Za-z][A-Za-z0-9_ -]{1,80}?)\s+as\s+(?P<rest>(?!an?\b|the\s+(?:ratio"
    r"|difference)\b)[A-Za-z(].+)",
    re.IGNORECASE,
)
_TRIGGER = re.compile(
    r"(?P<name>[A-Za-z][A-Za-z0-9_ -]{1,80}?)\s*,?\s+(?:which\s+(?:is|equals)|(?:is\s+|are\s+)?(?:defined|calculated|"
    r"computed|worked out|given)\s+(?:as|by)|meaning|that\s+is|i\.e\.|equals|is equal to)\s+(?P<rest>.+)",
    re.IGNORECASE,
)
_PARENTHESES = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9_ -]{1,80}?)\s*\((?P<inside>(?:[^()]|\([^()]*\)){3,200})\)")
_BOUNDARY = word_set(
    """and then calculate calculates compute computes computing calculating calculator that with where is the a an its
    formula use uses using get gets give gives me i want need needs our for to return returns determine work out show
    which as by agent per from of in report reports tell tells want wants also so it check find finds please build make
    create creating define every each any all our my us system tool helper"""
)
_WITHIN = frozenset({"per", "of", "in", "to"})
"""Words that may stand within the name of a figure: "net debt to EBITDA", "cost per day"."""
_ARITHMETIC = word_set("times plus minus over less by multiplied divided and of to with")
"""Words before a bracket that is a part of a formula."""
_IN_PERCENT = re.compile(r"\s+in\s+(?:percent|per cent|%)\s*$", re.IGNORECASE)
_ROWS_OF = re.compile(r"[ .]*|,?\s*(?:averaged|summed|added up|taken|totalled)\s+(?:over|across|for|of)\s+(?:the"
                      r"|its|their|all|each|every)\s+[a-z ]+|\s*in\s+[a-z%]+\s*"
                      r"|\s*(?:from|of|in|over|across|for|per)\s+(?:the|its|their|all|each|every)\s+[a-z ]+",
                      re.IGNORECASE)  # fmt: skip
"""What may stand behind a formula in brackets: the rows that it is of."""
_GOES_ON = re.compile(r"\s*(?:[*/^\[{&|?]|//)|\.(?=[a-z_])|[(\[{'\"`@#$~\\]")
"""What stands behind a formula only where it goes on in a way that is not read."""
_OF_ONE = re.compile(
    r"\s+(?:(?:of|for|per)\s+(?:an?|the|each|every|any|one)|(?:on|in)\s+(?:an?|each|every|any|one))\s+(?:(?!\s(?:of|for|per)\s).)*$|(?<=\w)\s+an?\s+[a-z]+$"
)


@dataclass(frozen=True, slots=True)
class Definition:
    """A formula as it was given. `name` is empty where it was given none.

    `expression` is in the formula language, over names made of the words; `phrases` are those words by name.
    `aggregate` is the function that stands before its name ("total revenue (quantity * price)").
    """

    name: str
    words: str
    expression: str
    phrases: dict[str, str]
    start: int
    end: int
    aggregate: str = ""
    said: dict[str, str] = field(default_factory=dict[str, str])
    """Functions that were made of words, with these words: they may be a plain name, "total costs"."""
    unread: str = ""
    """The beginning of what goes on behind it, and can't be read: the formula is not the one that was meant."""


def find_definitions(text: str, names: Names = frozenset()) -> list[Definition]:
    """The formulas of a text, in its order, with the places that they take in it. Raises `ValidationFailed`.

    `names` are the words of columns, which a formula may name although they hold words that else end it.
    """
    found: list[Definition] = []
    for way in (_by_sign, _in_words, _in_parentheses, _behind_colon, _by_is, _of_the_sentence_before):
        for one in way(text, names):
            named_by_other = way in _NAMED_BEFORE and any(0 <= one.start - other.end <= 1 for other in found)
            if not named_by_other and all(one.end <= other.start or one.start >= other.end for other in found):
                found.append(one)
    found = found or _nameless(text, names)
    return [over_all(in_hundreds(text, in_one_reading(text, one))) for one in sorted(found, key=lambda one: one.start)]


def _by_sign(text: str, names: Names) -> list[Definition]:
    found: list[Definition] = []
    for sign in _EQUALS.finditer(text):
        before = _NAME_BEFORE.search(text[: sign.start()])
        if before is None:
            continue
        head = _IN_PERCENT.sub("", _BY.sub("", _OF_ONE.sub("", before[1])))
        read = read_expression(text[sign.end() :], names)
        words = _named(head, names, read)
        whole = read is not None and not _unread(text, sign.end() + read.end)
        if names and words and read is not None and whole and _is_equality(words, read, names):
            continue
        if words and read is not None and (read.operators or read.aggregated or len(read.expression.split("_")) <= 3):
            start = before.start() + before[0].rfind(words)
            start = start if words in before[0] else before.start() + before[0].find(words.split()[0])
            if head != before[1] or not head.endswith(words):
                # "profit of a product = …": the words about the thing still belong to the request
                start = sign.start()
            end = sign.end() + read.end
            found.append(replace(_definition(words, read, start, end), unread=_unread(text, end)))
    return found


def _is_equality(words: str, read: ReadExpression, names: Names) -> bool:
    """Whether "paid = 0", "status = open" tell a column's value: nothing is computed, and no column is named behind."""
    if read.operators or read.aggregated:
        return False
    number = re.fullmatch(r"[\d.]+", read.expression) is not None
    said = words_of(words)
    column = any(said[at:] in names for at in range(len(said)))
    return said in names if number else column and words_of(read.expression) not in names


def _unread(text: str, end: int) -> str:
    """What a formula goes on with behind its end and was not read; empty where it is whole."""
    last = text[:end].rstrip()[-1:]
    behind = text[end:]
    if (last and last in "*/^+" and behind.strip(" .")) or _GOES_ON.match(behind):
        return (last if last in "*/^+" else "") + behind.strip()[:40]
    return ""


def _in_words(text: str, names: Names) -> list[Definition]:
    found: list[Definition] = []
    at = 0
    while (match := _TRIGGER.search(text, at)) is not None:
        read = read_expression(match["rest"], names)
        words = _name_words(_OF_ONE.sub("", match["name"]))
        if read is None or not read.operators or not words:
            at = match.start("rest")
            continue
        start = match.start("name") + match["name"].rfind(words.split()[0])
        tail = match["name"][match["name"].rfind(words) + len(words) :] if words in match["name"] else ""
        end = match.start("rest") + read.end
        # what stands between the name and its definition ("of a site") still belongs to the request
        found.append(_definition(words, read, start + len(words) + len(tail), end))
        at = end
    return found


def _in_parentheses(text: str, names: Names) -> list[Definition]:
    found: list[Definition] = []
    for match in _PARENTHESES.finditer(text):
        read = read_expression(match["inside"], names)
        if read is None or not _computes_somehow(read) or not _ROWS_OF.fullmatch(match["inside"][read.end :]):
            continue
        if re.match(r"\s*(?:[-*/^×÷+]\s|divided\b|times\b|over\b|plus\b|minus\b)", text[match.end() :]):
            # the bracket is a part of a formula
            continue
        if match["name"].split()[-1].lower() in _ARITHMETIC or match["name"].rstrip().endswith("-"):
            continue
        head = _BY.sub("", _OF_ONE.sub("", match["name"]))
        words = _named(head, names, read)
        if not words:
            continue
        first = words.split()[0].lower()
        aggregate = "" if "(" in read.expression.lstrip("(") and read.aggregated else AGGREGATES.get(first, "")
        where = match.start("inside") - 1, match.end()
        made = _definition(words, read, *where, aggregate="" if read.aggregated else aggregate)
        found.append(without_groups(made, names))
    return found


def _computes_somehow(read: ReadExpression) -> bool:
    """Whether brackets hold a formula, and no condition as in "projects over budget (actual cost > planned cost)"."""
    return read.operators > 0 and (
        not re.search(r"[<>=]", read.expression) or "if(" in read.expression or read.aggregated
    )


_GIVEN = re.compile(r"\s+(?:from|using|given|taking|based on)\s+(?:the\s+|an?\s+)?[a-z].*$", re.IGNORECASE)
"""What a figure is computed from, told behind its name."""
_COLON = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9_ '’/&-]{1,120}?)(?:\s*\([a-z]{1,8}\))?\s*(?::|–|—"
                    r"|\s-)\s+(?P<rest>\S.+)",
                    re.IGNORECASE)  # fmt: skip
_TOOL = re.compile(r"\s+(?:calculator|calculation|agent|tool|bot|helper|checker|check|computation|formula|figure)s?$",
                   re.IGNORECASE)  # fmt: skip


def _behind_colon(text: str, names: Names) -> list[Definition]:
    """ "Cost per day of an admission: total charges divided by length of stay"."""
    found: list[Definition] = []
    at = 0
    while (match := _COLON.search(text, at)) is not None:
        at = match.start("rest")
        read = read_expression(match["rest"], names)
        if read is None or not read.operators:
            continue
        whole = re.split(r"[.;:]\s", text[: match.end("name")])[-1]
        named = whole if _GIVEN.search(whole) else match["name"]
        head = _TOOL.sub("", _BY.sub("", _OF_ONE.sub("", _GIVEN.sub("", named))))
        words = _named(head, names, read)
        if not words:
            continue
        # what stands between the name and the sign ("of an admission") still belongs to the request
        found.append(replace(_definition(words, read, match.end("name"), match.start("rest") + read.end),
                             unread=_unread(text, match.start("rest") + read.end)))  # fmt: skip
    return found


_IS = re.compile(
    r"(?:^|[.;:,]\s+|\b(?:and|where|that|then)\s+)(?P<name>[A-Za-z][A-Za-z0-9_ '’/-]{1,80}?)\s+(?:is|are|being)"
    r"\s+(?P<rest>[A-Za-z0-9(].+)",
    re.IGNORECASE,
)
_LIMITS = word_set("limit limits threshold minimum maximum floor ceiling target it this that which what who there")


def _by_is(text: str, names: Names) -> list[Definition]:
    """ "Gross pay is hours worked times hourly wage"."""
    found: list[Definition] = []
    at = 0
    while (match := _IS.search(text, at)) is not None:
        at = match.start("rest")
        read = read_expression(match["rest"], names)
        head = _OF_ONE.sub("", match["name"])
        words = _name_words(head, within=_WITHIN)
        if read is None or not _computes(read) or not words or _LIMITS.intersection(words.lower().split()):
            continue
        end = match.start("rest") + read.end
        found.append(replace(_definition(words, read, match.end("name"), end), unread=_unread(text, end)))
        at = end
    return found


def _computes(read: ReadExpression) -> bool:
    """Whether a formula combines at least one name with something, and compares nothing."""
    return bool(re.fullmatch(r"[\w(][^<>=!]* (?:[-+*/]|\*\*) [^<>=!]+", read.expression)) and bool(read.phrases)


_SENTENCE = re.compile(
    r"(?<=[a-z0-9)%])[.;?!]\s+(?:(?:it|this|that|the formula|the calculation|formula)"
    r"\s*(?:is|'s|being|equals|means|:|=)?\s+)?"
    r"(?P<rest>[A-Za-z(](?:[^.;?!]|\.(?=\d))+)",
    re.IGNORECASE,
)


def _of_the_sentence_before(text: str, names: Names) -> list[Definition]:
    """ "An agent for the cost ratio of a firm. Cost of sales divided by sales": a sentence that is a formula."""
    found: list[Definition] = []
    for match in _SENTENCE.finditer(text):
        read = read_expression(match["rest"], names)
        before = re.split(r"[.;:?!]\s", text[: match.start()])[-1]
        words = _name_words(_TOOL.sub("", _BY.sub("", _OF_ONE.sub("", before))), within=_WITHIN)
        if read is None or not _computes(read) or not words or _NO_NAME.intersection(words.lower().split()):
            continue
        if ("table", *words_of(words)) in names:
            continue
        end = match.start("rest") + read.end
        found.append(replace(_definition(words, read, match.start() + 1, end), unread=_unread(text, end)))
    return found


_CLAUSE = re.compile(
    r"(?:^|(?<=[:,;?!])\s+|(?<=\.)\s+)(?:(?:just|simply|please|calculate|compute|work out|return|give me|show me"
    r"|it's|it is|that's|that is|i"
    r"|we|want|need|the formula is|formula)\s+)*(?=(?P<rest>[A-Za-z(][^;?!]+))",
    re.IGNORECASE,
)
_SURE_SIGNS = re.compile(
    r"\s[*/×÷+]\s|[)\d]\s*[*/×÷+]|[*/×÷+]\s*[(\d]|\b(?:divided by|multiplied (?:by|with)|times|minus"
    r"|plus)\b",
    re.IGNORECASE,
)
_NO_NAME = word_set(
    """what how why did do does us we you they i actually far along much many is are was were up here there hey can"""
)


def _nameless(text: str, names: Names) -> list[Definition]:
    """ "How full was it? Passengers over seats": a clause that is a formula; its name stands before, or is made up."""
    for match in _AS.finditer(text):
        read = read_expression(match["rest"], names)
        words = _name_words(_OF_ONE.sub("", match["name"]), within=_WITHIN)
        if read is None or not _computes(read) or not words or _NO_NAME.intersection(words.lower().split()):
            continue
        end = match.start("rest") + read.end
        if _SURE_SIGNS.search(text[match.start("rest") : end]) and identifier(words) not in read.phrases:
            # what stands between the name and its formula ("of a crossing") still belongs to the request
            return [replace(_definition(words, read, match.end("name"), end), unread=_unread(text, end))]
    for match in _CLAUSE.finditer(text):
        read = read_expression(match["rest"], names)
        if read is None or not _computes(read):
            continue
        end = match.start("rest") + read.end
        sure = _SURE_SIGNS.search(text[match.start("rest") : end]) is not None
        if not sure and not all(words_of(phrase) in names for phrase in read.phrases.values()):
            continue
        words = _name_before(text[: match.start("rest")], names, read)
        return [replace(_definition(words, read, match.start("rest"), end), unread=_unread(text, end))]
    return []


def _name_before(before: str, names: Names, read: ReadExpression) -> str:
    """The words of the clause before a formula that can be its name, else a name made of what it divides."""
    clauses = [part for part in re.split(r"[.;:,?!–—]\s+|\s-\s", before.strip(" ,.;:?!–—-")) if part.strip()]
    for clause in reversed(clauses[-2:]):
        words = _name_words(_TOOL.sub("", _BY.sub("", _OF_ONE.sub("", clause))), within=_WITHIN)
        said = words.lower().split()
        table = ("table", *words_of(words)) in names
        if words and not table and not _NO_NAME.intersection(said) and identifier(words) not in read.phrases:
            return words
    phrases = list(read.phrases.values())
    return f"{phrases[0]} per {phrases[-1]}" if "/" in read.expression and len(phrases) > 1 else "result"


_PER_THING = re.compile(r"\s+per\s+[A-Za-z]+$")


def _per_thing(head: str, names: Names) -> bool:
    """Whether a name ends with "per" and a table: "revenue per product" is the revenue, for each product."""
    last = re.search(r"\bper\s+([A-Za-z]+)$", head)
    return last is not None and ("table", *words_of(last[1])) in names


_NAMED_BEFORE = (_behind_colon, _of_the_sentence_before)
"""Ways in which the name stands before the place that a formula takes."""


def _named(head: str, names: Names, read: ReadExpression | None) -> str:
    """The name of a formula from the words before it."""
    words = _name_words(_PER_THING.sub("", head) if _per_thing(head, names) else head, within=_WITHIN)
    if read is not None and words and identifier(words) in read.phrases:
        # "price after a discount: price * (1 - discount)", "costs per room = costs / rooms"
        longer = _name_words(head, within=_WITHIN)
        longer = longer if longer != words else " ".join(head.split()[-5:])
        return longer if identifier(longer) not in read.phrases else words
    return words


_BY = re.compile(r"\s+by\s+(?:the\s+)?[a-z ]{2,30}$", re.IGNORECASE)


def _definition(words: str, read: ReadExpression, start: int, end: int, *, aggregate: str = "") -> Definition:
    return Definition(identifier(words), words, read.expression, read.phrases, start, end, aggregate, read.said)


_ORDER = re.compile(r"(?:\b(?:best|worst|[a-z]+est) (?:ones? )?first|\b(?:a|de)scending)\s*$", re.IGNORECASE)
""" "By route, worst first: …" is no name of a figure."""


def _name_words(text: str, *, within: frozenset[str] = frozenset()) -> str:
    """The last words of a text that can be a name: back to a word that can't; those of `within` may stand inside."""
    kept: list[str] = []
    words = re.split(r"\s+", text.strip())
    if _ORDER.search(text):
        return ""
    for word in reversed(words):
        if not kept and len(words) > 1 and word.lower() in ("use", "return") and words[-2].lower() not in _BOUNDARY:
            kept.append(word)
            continue
        if (word.lower() in _BOUNDARY - (within if kept else frozenset())) or not word or len(kept) == 5:
            break
        kept.append(word)
    while kept and kept[-1].lower() in _BOUNDARY:
        kept.pop()
    return " ".join(reversed(kept))
