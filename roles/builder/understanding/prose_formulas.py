"""Formulas told as steps or shares, brought into signs: "take A plus B and divide that by C" is "(A plus B) / C"."""

from __future__ import annotations

import re

from roles.builder.understanding.expression_words import Names
from roles.builder.understanding.words import words_of

__all__ = ["in_formula_signs"]

_PART = r"(?:\([^()]*\)|(?<=\d)[.,](?=\d)|[^,.;:?!()=\n])"
_X = rf"{_PART}+?"
_IT = (
    r"(?:it|that|this|them|(?:the\s+)?(?:result|sum|total|whole|difference|product|answer)|all(?:\s+of\s+(?:it|that))?)"
)
_THEN = r"\s*,?\s*(?:(?:and|then|afterwards|finally)\s+)*"
_THE = r"(?:(?:the|its|their|our|all|of)\s+)*"
_STEP = (
    rf"(?:divid(?:e|ed|ing)\s+(?:{_IT}\s+)?by|multipl(?:y|ied|ying)\s+(?:{_IT}\s+)?(?:by|with)"
    rf"|subtract(?:ing)?(?!\s+{_X}\s+from\b)|deduct(?:ing)?|add(?:ing)?)\b"
)
_COMMAND = r"(?:take|taking|start(?:ing)?\s+(?:with|from)|get|use|using)"
_END = r"(?=\s*(?:[,;:?!)]|\.(?!\d)|$))"
_ENDS = (
    r"(?=\s*(?:[,;:?!)]|\.(?!\d)|$)|\s+(?:for|of\s+(?:an?|each|every|one|the\s+given)|per|by|must|should|has\s+to|and\s+(?:it|then|fail|pass"
    r"|flag|warn)|which|where|when|if|so|it|as\s+an?)\b|\s+(?:divided|multiplied|times|over|plus|minus|less)\b|\s*[-+*/])"
)
_WHOLE = (
    r"(?=\s*(?:[,;:?!)]|\.(?!\d)|$)|\s+(?:for|of\s+(?:an?|each|every|one|the\s+given)|per|by|must|should|has\s+to|and\s+(?:it|then|fail|pass"
    r"|flag|warn)|which|where|when|if|so|it|as\s+an?)\b|\s+(?:multiplied|times)\b|\s*\*)"
)
"""The end of what is divided by, sums included."""
_BEFORE = (
    r"(?:(?<=^)|(?<=[.:;?!=,(]\s)|(?<=[=(])|(?<=\bis\s)|(?<=\bas\s)|(?<=\bare\s)|(?<=\bi\.e\.\s)"
    r"|(?<=\bby\s)|(?<=\bthen\s)|(?<=\band\s))"
)
_STEPS = re.compile(rf"\b{_COMMAND}\s+(?P<first>{_X})(?P<steps>(?:{_THEN}(?:{_STEP})\s+{_X})+){_END}", re.IGNORECASE)
_ONE_STEP = re.compile(rf"{_THEN}(?P<how>{_STEP})\s+", re.IGNORECASE)
_ADDED = re.compile(
    rf"\badd(?:ing)?\s+(?:up\s+|together\s+)?(?P<a>{_X}(?:\s*,\s*{_X})*?)\s*,?\s+(?:and|to)\s+(?P<b>{_X})(?:\s+together|\s+up)?"
    rf"(?P<steps>(?:{_THEN}(?:divid(?:e|ed|ing)\s+(?:{_IT}\s+)?by|multipl(?:y|ied|ying)\s+(?:{_IT}\s+)?(?:by|with))\s+{_X})*){_END}",
    re.IGNORECASE,
)
_TAKEN_FROM = re.compile(
    rf"\b(?:subtract|deduct)(?:ing)?\s+(?P<a>{_X})\s+from\s+(?P<b>{_X})"
    rf"(?P<steps>(?:{_THEN}(?:divid(?:e|ed|ing)\s+(?:{_IT}\s+)?by|multipl(?:y|ied|ying)\s+(?:{_IT}\s+)?(?:by|with))\s+{_X})*){_END}",
    re.IGNORECASE,
)
_DIVIDE = re.compile(rf"\bdivide\s+(?P<a>{_X})\s+by\s+(?P<b>{_X}){_WHOLE}", re.IGNORECASE)
_MULTIPLY = re.compile(rf"\bmultiply\s+(?P<a>{_X})\s+(?:by|with)\s+(?P<b>{_X}){_ENDS}", re.IGNORECASE)
_COMMA = re.compile(
    rf"(?P<a>{_X}\s+(?:plus|minus|less)\s+{_X})"
    rf"(?:\s*,\s*(?:(?:and|then|all|both|the\s+(?:whole|sum|total|result|difference)|that|it)\s+)*"
    rf"|\s+(?:all|the\s+whole|together)\s+)(?:divided\s+by|over)\s+",
    re.IGNORECASE,
)
_SUM_OF = re.compile(
    rf"(?P<lead>\b(?:divided\s+by|over|times|minus|less|plus|multiplied\s+by|/|\*)\s+)(?:the\s+)?sum\s+of\s+(?P<a>{_X})\s+and\s+"
    rf"(?P<b>{_X}){_ENDS}"
    rf"|(?:\bthe\s+)?\bsum\s+of\s+(?P<a2>{_X})\s+and\s+(?P<b2>{_X})(?=\s*,?\s+(?:divided\s+by|over|multiplied\s+by|times|minus|less)\b)",
    re.IGNORECASE,
)
_DIFFERENCE = re.compile(
    rf"(?:\bthe\s+)?\bdifference\s+(?:between\s+(?P<a>{_X})\s+and|of\s+(?P<a2>{_X})\s+and)\s+(?P<b>{_X})"
    r"(?=\s*,?\s+(?:divided\s+by|over|multiplied\s+by|times|as\s+an?)\b)",
    re.IGNORECASE,
)
_RATIO = re.compile(
    rf"(?P<named>(?:(?:\bis|\bas|\bequals|[:=(,]|\bi\.e\.)\s*))(?:the\s+)?ratio\s+(?:of\s+(?P<a>{_X})\s+(?:to|over|and)"
    rf"|between\s+(?P<a2>{_X})\s+and)\s+(?P<b>{_X}){_WHOLE}",
    re.IGNORECASE,
)
_SHARE = re.compile(
    rf"{_BEFORE}(?P<a>(?:(?!\b(?:list|show|is|are|with|for|give|want|need|calculate|compute)\b){_PART})+?)\s+(?:expressed\s+)?as\s+(?:an?\s+)?"
    rf"(?P<how>percentage|percent|per\s+cent|%|share|fraction|proportion|ratio|part)\s+of\s+(?P<b>{_X}){_WHOLE}",
    re.IGNORECASE,
)
_WEIGHTED = re.compile(
    rf"\b(?:the\s+)?(?:(?:average|mean|avg)\s+(?P<a>{_X})\s*,?\s+weighted\s+by|weighted\s+(?:average|mean)\s+(?:of\s+)?(?P<a2>{_X})\s*,?\s+"
    rf"(?:weighted\s+)?by|(?P<a3>(?:(?<=[=:(]\s)|(?<=\bof\s)){_X})\s+weighted\s+by)\s+{_THE}(?P<b>{_X}){_ENDS}",
    re.IGNORECASE,
)
_PER_MANY = re.compile(
    rf"{_BEFORE}(?P<a>{_X})\s+per\s+(?P<number>1(?:0{{2,6}}|,000|0,000|00,000|,000,000))\s+{_THE}(?P<b>{_X}){_ENDS}",
    re.IGNORECASE,
)
_WHAT_SHARE = re.compile(
    rf"\bwhat\s+(?P<how>percentage|share|fraction|proportion|part)\s+of\s+{_THE}(?P<b>{_X})\s+(?:is|are|was|were|does|do)\s+{_THE}(?P<a>{_X})"
    rf"(?:\s+make\s+up)?{_ENDS}",
    re.IGNORECASE,
)
_SHARE_IN = re.compile(
    rf"\b(?:the\s+)?(?P<how>percentage|share|fraction|proportion|part)\s+of\s+{_THE}(?P<a>{_X})\s+(?:in|within|out\s+of)\s+{_THE}(?P<b>{_X}){_ENDS}",
    re.IGNORECASE,
)
_CALLED = re.compile(
    r"(?P<formula>(?:^|(?<=[.;:!?]\s))[^.;:?!]+?)\s*(?:[-–—,;(]|\band)\s*(?:please\s+)?(?:call|name|label)\s+(?:it|this|that|the\s+result|the\s+figure)\s+"
    r"(?:the\s+|an?\s+)?(?P<name>[A-Za-z][A-Za-z ]{1,40}?)\)?(?=\s*(?:[.,;:?!]|$))",
    re.IGNORECASE,
)
_DAYS = re.compile(
    r"(?P<lead>\b(?:how\s+many|(?:the\s+)?number\s+of|the)\s+)?(?<![\d-])\b(?P<unit>days|nights)\s+(?:(?:passed|elapsed|went\s+by|lie)\s+)?"
    r"(?:from\s+(?:the\s+)?(?P<a>[a-z]+(?:\s[a-z]+){0,2}?)\s+(?:to|until|till)|between\s+(?:the\s+)?(?P<a2>(?!two\b)[a-z]+(?:\s[a-z]+){0,2}?)\s+and)"
    rf"\s+(?:the\s+)?(?P<b>[a-z]+(?:\s[a-z]+){{0,2}}?){_ENDS}",
    re.IGNORECASE,
)
""" "How many days from order to delivery"."""
_SO_MUCH_PER = re.compile(
    r"(?P<lead>(?:\b(?:plus|minus|less|add|and)|[-+])\s+[€$£]?)(?P<number>\d+(?:\.\d+)?)\s*(?:euros?|dollars?|pounds?|eur|usd|gbp)?\s+(?:per|for\s+(?:each|every))\s+"
    r"(?=[a-z])",
    re.IGNORECASE,
)
""" "Plus 20 per machine hour"."""
_HUNDREDS = ("percentage", "percent", "per cent", "%")
_SUMMED = re.compile(r"\s*,\s*(?:and\s+)?|\s+and\s+", re.IGNORECASE)
_COMPUTES = re.compile(r"\s[-+*/×÷]\s|\b(?:divided|over|times|minus|less|plus|multiplied)\b", re.IGNORECASE)
_LEAD = re.compile(
    r"^.*\b(?:is|are|as|which|that|be|equals|means?|calculat\w+|comput\w+|gives?|get|take|by|of\s+an?\s+\w+|that['’]s|it['’]s)\s+(?=\S)",
    re.IGNORECASE,
)


def in_formula_signs(text: str, names: Names = frozenset()) -> str:
    """The text with formulas that are told as steps, sums, ratios or shares in brackets and signs.

    What is not told as one of these stays as it is. `names` are the words of columns: a share of two of them needs
    no name before it.
    """
    plain = _SUM_OF.sub(_sum_of, _CALLED.sub(_named_first, text))
    plain = _SO_MUCH_PER.sub(r"\g<lead>\g<number> * ", plain)
    plain = _DIFFERENCE.sub(lambda match: f"({match['a'] or match['a2']} - {match['b']})", plain)
    plain = _WEIGHTED.sub(lambda match: _weighted(match, plain), plain)
    plain = _STEPS.sub(lambda match: _stepped(match["first"], match["steps"]), plain)
    plain = _ADDED.sub(lambda match: _stepped(" + ".join(_SUMMED.split(f"{match['a']} and {match['b']}")),
                                              match["steps"]), plain)  # fmt: skip
    plain = _TAKEN_FROM.sub(lambda match: _stepped(f"{match['b']} - {_grouped(match['a'])}", match["steps"]), plain)
    plain = _DIVIDE.sub(lambda match: f"{_grouped(match['a'])} / {_grouped(match['b'])}", plain)
    plain = _MULTIPLY.sub(lambda match: f"{_grouped(match['a'])} * {_grouped(match['b'])}", plain)
    plain = _COMMA.sub(lambda match: _with_bracket(match, names), plain)
    plain = _RATIO.sub(
        lambda match: f"{match['named']} {_grouped(match['a'] or match['a2'])} / {_grouped(match['b'])}", plain
    )
    plain = _SHARE.sub(lambda match: _shared(match, plain), plain)
    plain = _DAYS.sub(lambda match: _days(match, plain, names), plain)
    for pattern in (_PER_MANY, _WHAT_SHARE, _SHARE_IN):
        plain = pattern.sub(lambda match: _of_columns(match, names), plain)
    return plain


def _named_first(match: re.Match[str]) -> str:
    """ "A minus B, call it the surplus" with its name before it."""
    computes = _COMPUTES.search(match["formula"]) or _ONE_STEP.search(match["formula"])
    return f"{match['name']}: {match['formula'].strip()}" if computes is not None else match[0]


def _grouped(part: str) -> str:
    """A part of a formula in brackets, where it is one itself."""
    part = part.strip()
    return f"({part})" if _COMPUTES.search(part) and not re.fullmatch(r"\([^()]*\)", part) else part


def _sum_of(match: re.Match[str]) -> str:
    first, second = match["a"] or match["a2"], match["b"] or match["b2"]
    return f"{match['lead'] or ''}({' + '.join(_SUMMED.split(f'{first} and {second}'))})"


def _stepped(first: str, steps: str) -> str:
    """What the steps make of the first value, each of all that is before it."""
    made = first.strip()
    marks = list(_ONE_STEP.finditer(steps))
    for at, mark in enumerate(marks):
        end = marks[at + 1].start() if at + 1 < len(marks) else len(steps)
        operand = steps[mark.end() : end].strip()
        sign = _sign(mark["how"].lower())
        if sign in "+-":
            parts = _SUMMED.split(operand)
            made = f"{made} {sign} {_grouped(operand) if len(parts) == 1 else '(' + ' + '.join(parts) + ')'}"
        else:
            made = f"{_grouped(made)} {sign} {_grouped(operand)}"
    return made


def _sign(how: str) -> str:
    if how.startswith("divid"):
        return "/"
    if how.startswith("multipl"):
        return "*"
    return "+" if how.startswith("add") else "-"


def _with_bracket(match: re.Match[str], names: Names) -> str:
    """ "Price minus cost, divided by price": the comma tells that all before it is divided."""
    lead = _LEAD.match(re.split(r"\b(?:plus|minus|less)\b", match["a"], flags=re.IGNORECASE)[0])
    start = lead.end() if lead is not None else len(match["a"]) - len(match["a"].lstrip())
    title, dash, _ = match["a"].partition(" - ")
    if dash and len(title) + 3 > start and words_of(title) not in names:
        # "gross margin of a pastry - price minus cost, all over price"
        start = len(title) + 3
    return f"{match['a'][:start]}({match['a'][start:].strip()}) / "


def _weighted(match: re.Match[str], text: str) -> str:
    value, weight = (match["a"] or match["a2"] or match["a3"]).strip(), match["b"].strip()
    formula = f"sum({value} * {weight}) / sum({weight})"
    return formula if _is_named(text, match.start()) else f"weighted average {value} = {formula}"


def _shared(match: re.Match[str], text: str) -> str:
    first, second = match["a"].strip(), match["b"].strip()
    formula = f"{_grouped(first)} / {_grouped(second)}" + (" * 100" if match["how"].lower() in _HUNDREDS else "")
    if _is_named(text, match.start()) or _COMPUTES.search(first):
        return formula
    kind = "percentage" if match["how"].lower() in _HUNDREDS else "share"
    return f"{first} {kind} = {formula}"


def _days(match: re.Match[str], text: str, names: Names) -> str:
    """The days between two dates as a formula with a name, where nothing else computes with them."""
    start, end = (match["a"] or match["a2"]).strip(), match["b"].strip()
    if _is_named(text, match.start()) or _COMPUTES.search(text):
        return match[0]
    first, last = (one if words_of(one) in names or one.endswith("date") else f"{one} date" for one in (start, end))
    return f"{match['unit']} from {start} to {end} = {last} - {first}"


def _of_columns(match: re.Match[str], names: Names) -> str:
    first, second = match["a"].strip(), match["b"].strip()
    if words_of(first) not in names or words_of(second) not in names:
        return match[0]
    groups = match.groupdict()
    if number := (groups.get("number") or "").replace(",", ""):
        return f"{first} per {second} = {first} / {second} * {number}"
    kind, hundreds = ("percentage", " * 100") if match["how"].lower() == "percentage" else ("share", "")
    return f"{first} {kind} = {first} / {second}{hundreds}"


def _is_named(text: str, at: int) -> bool:
    """Whether the name of a formula stands right before it."""
    return (
        re.search(r"(?:[=:(,–—]|\s-|\b(?:is|are|as|equals|i\.e\.))\s*(?:the\s+)?$", text[:at], re.IGNORECASE)
        is not None
    )
