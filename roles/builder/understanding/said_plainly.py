"""Sentences of their own that leave out or take in, years before nouns, and words that add nothing, in one plain form.

"Cancelled orders do not count." becomes "excluding cancelled orders", "Only paid ones matter." "only paid ones", "our
2025 sales" "our sales in 2025". Only words are moved: what is said stays, and both readers see it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

__all__ = ["said_plainly"]

_BE = r"(?:be\s+|get\s+)?"
_NOT = r"(?:\s+not|n['’]t)"
_AUX = r"(?:do|does|should|must|shall|are|is|need|needs|ought|may|can|will|have|has)"
_SEEN = (
    r"(?:count(?:ed)?|appear(?:\s+at\s+all)?|show(?:n)?(?:\s+up)?|listed|"
    r"included|matter|considered|taken\s+into\s+account|reported|displayed|present"
    r"|in\s+(?:the\s+|this\s+)?(?:lists?|results?|answers?|table|report|overview)|"
    r"on\s+(?:the\s+|this\s+)?list|part\s+of\s+it|of\s+interest|relevant|wanted|there|in\s+it)"
)
_AT_ALL = r"(?:\s+(?:here|please|at\s+all|for\s+this|in\s+this))?"
_LEFT_OUT = r"(?:left\s+out|ignored|skipped|excluded|omitted|disregarded|dropped|filtered\s+out|left\s+aside|disregard)"
_X = r"(?P<what>(?!(?:only|but|and|that|it|this|they|i|we)\b)[^,;:.!?]+?)"
_OUT: tuple[re.Pattern[str], ...] = tuple(
    re.compile(rf"(?:please\s+|but\s+|and\s+)?(?:{one})", re.IGNORECASE)
    for one in (
        rf"(?:leave|leaving|keep)\s+{_X}\s+(?:out|aside)(?:\s+of\s+(?:it|this|the\s+list|the\s+result))?{_AT_ALL}",
        rf"(?:leave\s+out|leaving\s+out|ignore|skip|exclude|omit|drop|disregard|forget(?:\s+about)?|"
        rf"filter\s+out|never\s+mind|discard|no\s+need\s+(?:for|to\s+(?:show|list))"
        rf"|(?:do\s+not|don['’]t|i\s+do\s+not|i\s+don['’]t|we\s+don['’]t|"
        rf"we\s+do\s+not)\s+(?:count|include|list|show|consider|"
        rf"bother\s+with|report|want(?:\s+to\s+(?:see|have))?|need|"
        rf"care\s+about))\s+(?:any\s+|all\s+|the\s+)*{_X}{_AT_ALL}",
        rf"(?:any\s+|all\s+|the\s+)*{_X}\s+{_AUX}{_NOT}\s+(?:to\s+)?{_BE}{_SEEN}{_AT_ALL}",
        rf"(?:any\s+|all\s+|the\s+)*{_X}\s+(?:(?:can|may|should|must|shall)\s+be|"
        rf"are\s+to\s+be|is\s+to\s+be|are|is|get|have\s+to\s+be)\s+{_LEFT_OUT}{_AT_ALL}",
        rf"(?:without\s+counting|not\s+counting|excluding|ignoring|"
        rf"leaving\s+out|skipping)\s+(?:any\s+|all\s+|the\s+)*{_X}{_AT_ALL}",
        rf"no\s+{_X}\s*,?\s+please",
    )
)
_ONLY: tuple[re.Pattern[str], ...] = tuple(
    re.compile(rf"(?:please\s+|but\s+|and\s+|then\s+)*(?:{one})", re.IGNORECASE)
    for one in (
        rf"(?:only|just)\s+(?:the\s+)?{_X}\s+(?:(?:should|must|shall|will|do|does|are\s+to|"
        rf"is\s+to|may|can)\s+)?{_BE}(?:count(?:s|ed)?|matters?|included|considered|listed|shown"
        r"|appear|of\s+interest|are\s+of\s+interest|are\s+relevant|"
        r"are\s+wanted|are\s+needed|are\s+counted|are\s+included|are\s+shown)" + _AT_ALL,
        rf"(?:(?:only|just)\s+(?:count|consider|include|use|take|show|list|keep|look\s+at|want|report|display|return)"
        rf"|(?:count|consider|include|use|take|show|list|keep|look\s+at|report|display|"
        rf"return)\s+(?:only|just)|(?:restrict|limit)(?:ed)?\s+(?:it\s+|this\s+|them\s+|yourself\s+)?to"
        rf"|i\s+(?:only|just)\s+(?:want|care\s+about|need)(?:\s+to\s+see)?(?=[^.;,]*\b(?:that|which|who|whose|with|"
        rf"without|from|in)\b)|(?:considering|taking|counting|using|showing|including)\s+only)\s+(?:the\s+)?{_X}",
    )
)
_WITH_NONE = (
    r"(?:(?:with|having)\s+(?:none|nothing|zero|no\s+[a-z]+|0\s+[a-z]+)(?:\s+at\s+all|"
    r"\s+yet)?|without\s+(?:any|one|a\s+single\s+[a-z]+|an?\s+[a-z]+|any\s+[a-z]+|[a-z]+s)"
    r"|(?:that|which|who)\s+(?:have\s+|has\s+|had\s+)?(?:never\s+(?:had\s+(?:a|any)\s+)?[a-z]+(?:\s+(?:anything|"
    r"any|one|it))?|(?:[a-z]+ed|[a-z]+t|[a-z]+d|made|had|have)\s+(?:nothing|none|no\s+[a-z]+)"
    r"|not\s+[a-z]+\s+anything|did\s+not\s+[a-z]+\s+(?:anything|any\s+[a-z]+)))"
)
_THERE = (
    rf"(?:{_SEEN}|shown?\s+(?:as|with)\s+(?:a\s+)?(?:0|zero|nothing)|counted?\s+as\s+(?:a\s+)?(?:0|zero)|kept"
    r"|get\s+a\s+(?:0|zero)|a\s+0)"
)
_IN: tuple[re.Pattern[str], ...] = tuple(
    re.compile(rf"(?:please\s+|but\s+|and\s+)?(?:{one})", re.IGNORECASE)
    for one in (
        rf"(?:also\s+)?(?:the\s+|all\s+|any\s+)*(?P<who>[a-z]+(?:\s[a-z]+)?)\s+{_WITH_NONE}\s+(?:(?:should|must|shall|"
        rf"have\s+to|has\s+to|need\s+to|needs\s+to|are\s+to|are|can|"
        rf"may)\s+)?(?:also\s+|still\s+)?{_BE}(?:also\s+|still\s+)?"
        rf"{_THERE}(?:\s+(?:too|as\s+well|also))?(?:\s*,?\s+(?:with|as)\s+(?:a\s+)?(?:0|zero))?",
        rf"(?:also\s+)?(?:show|list|include|keep|print|give)\s+(?:also\s+|even\s+)?(?:the\s+|"
        rf"all\s+)*(?P<who>[a-z]+(?:\s[a-z]+)?)\s+{_WITH_NONE}(?:\s*,"
        rf"?\s+(?:with|as)\s+(?:a\s+)?(?:0|zero))?(?:\s+(?:too|as\s+well|also))?",
        rf"(?:with\s+|show\s+|put\s+)?(?:a\s+)?(?:0|zero)\s+(?:for|where|if|when)\s+(?P<who>those|"
        rf"the\s+ones|ones|there|[a-z]+)\s+(?:{_WITH_NONE}|is\s+none|are\s+none|were\s+none)",
        rf"(?:including|also)\s+(?P<who>those|the\s+ones|ones|"
        rf"[a-z]+)\s+{_WITH_NONE}(?:\s*,?\s+(?:with|as)\s+(?:a\s+)?(?:0|zero))",
    )
)  # fmt: skip
_SENTENCE = re.compile(
    r"(?P<lead>^|[.;!?]\s+|\s*\(|,\s+(?:and|but)\s+|,\s+|\s+(?:–|"
    r"—|-)\s+)(?P<said>[^.;!?(),–—]+?)(?=\s*(?:[.;!?),–—]|\s-\s|$))"
)
_YEAR_BEFORE = re.compile(
    r"(?P<lead>^|\b(?:our|my|your|their|its|the|all|total|average|mean|median|overall|"
    r"each\s+[a-z]+['’]s|show|list|need|want|me|of|sum\s+of|compare|how\s+many|how\s+much)\s+|['’]s\s+)"
    r"(?P<year>(?:19|20)\d\d)\s+(?P<what>(?!(?:and|or|to|until|"
    r"till|the|in|by|per|for|with|of|from|on|than|onwards|as|is|was|"
    r"units|euros?|kg|km|kwh|hours|minutes|days|litres|people|rows|"
    r"first|largest|biggest|most|least|best|worst)\b)(?![a-z]+est\b)"
    r"[A-Za-z]+(?:\s+(?!(?:by|per|for|of|in|and|or|with|from|to|that|which|who|where|on|as|at|over|"
    r"divided|minus|plus|times|across|each|is|was|were|are|grouped|split|broken)\b)[A-Za-z]+){0,3})",
    re.IGNORECASE,
)
_ALL_TIME = re.compile(
    r"\s*,?\s*\b(?:(?:over\s+|across\s+|for\s+|of\s+|from\s+)?all\s+(?:the\s+)?(?:years|months|periods|dates|times?|"
    r"quarters)\s*(?:together|combined|taken\s+together|summed\s+up|put\s+together)|(?:over|across|for|of)\s+all\s+time"
    r"|whatever\s+the\s+(?:year|date)|regardless\s+of\s+(?:the\s+)?(?:year|"
    r"date|time)|irrespective\s+of\s+(?:the\s+)?(?:year|date))\b",
    re.IGNORECASE,
)
_IN_TIME = re.compile(
    r"\s*,?\s*\b(?:(?:sorted|ordered|listed|arranged)\s+)?(?:in|by)\s+(?:the\s+)?(?:order\s+of\s+time|time\s+order|"
    r"chronological\s+order|order\s+of\s+date|date\s+order|calendar\s+order)\b|\s*,?\s*\bchronologically\b",
    re.IGNORECASE,
)
_PERIODS = re.compile(
    r"\b(?:per|by|each|every|for\s+each|of\s+each|monthly|quarterly|"
    r"yearly|annual)\s*(?:calendar\s+)?(?:month|quarter|year|day|week)?\b",
    re.IGNORECASE,
)
_TOO = re.compile(
    r"(?P<before>\b(?:show|list|include|give|add|tell|display|print|return|"
    r"with|and)\b[^.;!?]*?)\s*,?\s+(?:too|as\s+well)(?=\s*(?:[.;!?),]|$))",
    re.IGNORECASE,
)
_SAMPLE = re.compile(r"\bsample\s+(?=standard\s+deviations?\b|variances?\b|std\b|stdev\b)", re.IGNORECASE)
_SUCH = re.compile(
    r"(?P<before>\b(?:a|one|1|any|single|least\s+(?:one|1|a)|than\s+(?:one|1)|no)\s+)such\s+(?=[a-z])", re.IGNORECASE
)
_AND_HOW_MANY = re.compile(
    r"\s*,?\s+and\s+how\s+many(?:\s+(?:of\s+(?:them|these|those)|was\s+it|"
    r"were\s+(?:they|there|it)|is\s+it|are\s+(?:they|there)|each))?\s*(?=[?.!]|$)",
    re.IGNORECASE,
)


def said_plainly(text: str) -> str:
    """The request with sentences that leave out or take in, years before nouns and the like said in one way."""
    plain = _TIMES.sub(" * ", text)
    plain = _again(plain)
    plain = _YEAR_BEFORE.sub(r"\g<lead>\g<what> in \g<year>", plain)
    plain = _ALL_TIME.sub("", plain)
    plain = _IN_TIME.sub("" if _PERIODS.search(plain) else ", oldest first", plain)
    plain = _SAMPLE.sub("", plain)
    plain = _SUCH.sub(r"\g<before>", plain)
    plain = _AND_HOW_MANY.sub(_with_number(plain), plain)
    plain = _SENTENCE.sub(_sentence, plain)
    return _TOO.sub(r"\g<before>", plain)


_TIMES = re.compile(r"(?<=[a-z)])\s+x\s+(?=[a-z(])")
_THAT_TOTAL = re.compile(
    r"(?P<before>\b(?:and|or|then|also)\s+)(?:that|this|the\s+same)\s+(?P<what>total|"
    r"sum|average)(?=\s+(?:divided|over|times|minus|less|plus|per|as)\b)",
    re.IGNORECASE,
)
_BY_NAME = re.compile(
    r"\b(?:by|in\s+terms\s+of)\s+(?P<name>[a-z]+\s+(?P<last>[a-z]+))\s*(?:\(|,\s+(?:which\s+is|i\.e\.|that\s+is)|=)",
    re.IGNORECASE,
)


def _again(text: str) -> str:
    """ "And that total divided by …": the words that "that total" stands for; "the value" for "by sales value (…)"."""
    back = _THAT_TOTAL.search(text)
    if back is not None:
        named = re.search(
            rf"\b(?:the\s+)?{back['what']}\s+(?:of\s+)?(?:the\s+)?(?P<of>(?!(?:over|of|across|"
            rf"for|in)\b)[a-z]+(?:\s+(?!(?:over|of|across|for|in|from|by|per|and)\b)[a-z]+){{0,2}})",
            text[: back.start()], re.IGNORECASE,
        )  # fmt: skip
        if named is not None:
            text = f"{text[: back.start()]}{back['before']}the {back['what']} {named['of']}{text[back.end() :]}"
    name = _BY_NAME.search(text)
    if name is not None and name["last"].lower() not in ("date", "name", "id", "number"):
        behind = re.sub(
            rf"\b(?P<lead>and|with|,)\s+the\s+{name['last']}(?=\s*(?:[.,;:]|$))",
            rf"\g<lead> the {name['name']}",
            text[name.end() :],
            flags=re.IGNORECASE,
        )
        text = text[: name.end()] + behind
    return text


def _with_number(text: str) -> Callable[[re.Match[str]], str]:
    """ "Which doctors sent more than two samples, and how many?": the number that things are chosen by."""
    counted = re.search(
        r"\b(?:more\s+than|at\s+least|fewer\s+than|less\s+than|at\s+most|exactly|over|"
        r"under)\s+(?:\d+|one|two|three|four|five|six|ten)\s+(?:or\s+more\s+)?(?P<what>[a-z]+s)\b",
        text, re.IGNORECASE,
    )  # fmt: skip
    # how many there are is told with what they are chosen by
    return lambda match: "" if counted is not None else match[0]


def _sentence(match: re.Match[str]) -> str:
    said, lead = match["said"].strip(), match["lead"]
    for patterns, way in ((_IN, "including"), (_ONLY, "only"), (_OUT, "excluding")):
        for pattern in patterns:
            found = pattern.fullmatch(said)
            if found is None:
                continue
            if lead.strip() in (",", "") and lead and way != "including" and not _is_request(found[0]):
                continue
            if way == "including":
                who = found["who"].strip().lower()
                who = "those" if who in ("the ones", "ones", "there", "those") else who
                return f"{_lead(lead)}including {who} without any"
            what = _ones(found["what"])
            return f"{_lead(lead)}{way} {what[:1].lower()}{what[1:]}"
    return match[0]


def _is_request(said: str) -> bool:
    """Whether a part behind a comma asks for something by itself: "…, and show only beers …"."""
    return (
        re.match(
            r"(?:and|but|then|please|\s)*(?:show|list|keep|count|leave|ignore|skip|exclude|omit|drop|disregard|"
            r"only|just|do\s+not|don|without|not|excluding|ignoring|leaving|taking|considering|counting|using)\b",
            said,
            re.IGNORECASE,
        )
        is not None
        or re.search(r"\b(?:count|counted|appear|included|considered|matter|listed|shown|out|ignored|excluded)$", said)
        is not None
    )


def _lead(lead: str) -> str:
    return ", " if lead.strip().lower() in (", and", ", but", ",", "–", "—", "-", ";") else lead


def _ones(what: str) -> str:
    """ "Anything discontinued" as "those discontinued"."""
    plain = re.sub(
        r"^(?:anything|everything|anyone|everyone|anybody|everybody|whatever|whoever|all|items?|rows?|records?|"
        r"entries|lines)\s+(?=(?:that|which|who|is|has|was|with|"
        r"without|whose|where|not|[a-z]+(?:ed|en|wn|id|ld|nt))\b)",
        "those ", what.strip(), flags=re.IGNORECASE,
    )  # fmt: skip
    return re.sub(r"\bof\s+(?:zero|nought|nil)\b", "of 0", re.sub(r"\bis\s+zero\b", "is 0", plain))
