"""The forms in which people say how callers name a thing, as patterns over texts."""

from __future__ import annotations

import re

from common.language.words import word_set

__all__ = [
    "BEHIND", "BY_KEY", "CLAUSES", "DET", "DETERMINERS", "KEYS", "NUMBERS", "SITE_BY_NAME", "SPLIT", "WHICHEVER",
    "WORD", "YEARS",
]  # fmt: skip

_TO_THE_END = r"(?=\s*(?:[.;:!?)]|,|—|–|\s-\s|$))"
DET = r"(?:the|an?|one|its|his|her|their|your|our|my|this|that|some|any|given|whole|exact)"
WORD = r"[A-Za-z][A-Za-z0-9_]*(?:['’]s)?"
_NOT_IN_LISTS = (
    r"(?:and|or|with|by|via|for|then|so|but|as|to|is|are|was|were|it|you|i|we|they|"
    r"get|gets|give|gives|show(?!\s+(?:id|code|title|name|number)\b)|shows|tell"
    r"|tells|return|returns|find|finds|list|lists|compute|computes|calculate|calculates|where|when|which|that|who|from"
    r"|given|in|on|work|works|report|reports|answer|answers|respond|responds|want|need|please|returning|showing|count"
    r"|counts|see|sees|say|says|passes|fails|pass|fail|using|use|uses|check|checks)\b"
)
_NOUN = (
    rf"(?:{DET}\s+)*(?!{_NOT_IN_LISTS}|{DET}\s){WORD}"
    rf"(?:\s+(?:of\s+(?:{DET}\s+)*)?(?!{_NOT_IN_LISTS}|{DET}\s){WORD}){{0,3}}"
)
_LIST = (
    rf"{_NOUN}(?:\s*(?:,\s*(?:and\s+)?|\s+and\s+|\s*(?:&|\+)\s*|\s+plus\s+|\s+together\s+with\s+)"
    rf"(?!{_NOT_IN_LISTS}){_NOUN}){{0,3}}"
)
_WHO = (
    r"(?:(?:the|an?|our|its|each|every)\s+)?(?:callers?|users?|"
    r"person(?:\s+asking)?|people|requesters?|clerks?|operators?"
    r"|colleagues?|somebody|someone|whoever\s+(?:asks|calls)|i|we|you|they)"
)
_AUX = (
    r"(?:(?:will|would|can|shall|may|should|must|'ll|have\s+to|has\s+to|always|only|just|simply|am\s+going\s+to"
    r"|want\s+to|would\s+like\s+to)\s+)*"
)
_GIVES = (
    r"(?:gives?|giving|names?|naming|supply|supplies|supplying|provides?|providing|enters?|entering|types?(?:\s+in)?"
    r"|typing(?:\s+in)?|picks?|picking|chooses?|choosing|selects?|"
    r"selecting|specify|specifies|specifying|pass(?:es)?(?:\s+in)?"
    r"|passing(?:\s+in)?|states?|sends?|sending|hands?(?:\s+over)?|handing(?:\s+over)?|quotes?|keys?\s+in|keying\s+in"
    r"|puts?\s+in|inputs?|tells?|says?|feeds?(?:\s+in)?)"
)
_OBJECT = r"(?:(?:in|it|me|us|you|the\s+(?:agent|tool|bot|assistant|function)|them)\s+)?"
_AFTER = (
    r"(?:\s+as\s+(?:an?\s+|the\s+)?(?:inputs?|parameters?|arguments?|keys?)|\s+(?:as|at)\s+(?:the\s+)?start"
    r"|\s+myself|\s+in\b)?"
)
CLAUSES = (
    # "The caller names the project and the year."
    re.compile(
        rf"(?P<lead>^|[.;!?:]\s+|[,(–—]\s*|\s-\s+|\b(?:where|and|when|whenever|once|if|after|as\s+soon\s+as)\s+)"
        rf"{_WHO}\s*{_AUX}{_GIVES}\s+{_OBJECT}(?P<list>{_LIST}){_AFTER}(?P<end>\s*\)|"
        rf"{_TO_THE_END}|(?=\s+(?:and|then)\b))",
        re.IGNORECASE,
    ),
    # "An agent that takes the full name of a lawyer and returns …"
    re.compile(
        rf"(?P<lead>\b(?:that|which|and|it|agent|tool|bot|function|lookup|"
        rf"endpoint)\s+|^)(?:takes?|taking|accepts?|accepting|expects?|receives?"
        rf"|is\s+(?:given|fed|passed|told)|asks?\s+(?:me\s+|the\s+(?:user|caller)\s+|"
        rf"us\s+)?for|gets?(?=\s[^.;]*\bas\s+(?:an?\s+)?(?:input|parameter|argument))"
        rf"|prompts?\s+(?:me\s+)?for)\s+(?P<list>{_LIST})"
        rf"{_AFTER}(?P<end>{_TO_THE_END}|(?=\s+(?:and|then)\b))",
        re.IGNORECASE,
    ),
    # "Inputs: client name, year."
    re.compile(
        rf"(?P<lead>^|[.;!?:]\s+|[,(–—]\s*|\s-\s+|\bwith\s+)(?:the\s+|as\s+|its\s+|"
        rf"only\s+)?(?:only\s+|single\s+)?(?:inputs?|parameters?|arguments?|args?|params?)"
        rf"\s*(?::|=|-|(?:is|are|will\s+be|being)\b:?)?\s+(?P<list>{_LIST})(?P<end>\s*\)|"
        rf"{_TO_THE_END}|(?=\s+and\s+(?:it|returns?|the\s+output)))",
        re.IGNORECASE,
    ),
    # "… The order number is given by the user."
    re.compile(
        rf"(?P<lead>^|[.;!?]\s+|[,(–—]\s*|\s-\s+|\bwith\s+)(?P<list>{_LIST})\s+(?:(?:is|"
        rf"are|being|will\s+be|gets|comes?|has\s+to\s+be|must\s+be)\s+)?"
        rf"(?:given|supplied|provided|passed(?:\s+in)?|typed(?:\s+in)?|entered|"
        rf"picked|chosen|specified|handed\s+over|known|in\s+the\s+request"
        rf"|(?:as\s+)?(?:an?\s+|the\s+|my\s+)?(?:inputs?|arguments?|parameters?))"
        rf"(?:\s+(?:by|from)\s+(?:me|us|(?:the|a)\s+(?:users?|callers?)))?(?P<end>\s*\)|{_TO_THE_END})",
        re.IGNORECASE,
    ),
    # "Given a matter id, tell me …"
    re.compile(
        rf"(?P<lead>^|[.;!?:]\s+|[,(–—]\s*|\b(?:that|which|and|when|agent)\s+,"
        rf"?\s*)(?:given|provided\s+with|starting\s+from|(?<![a-z] )from)"
        rf"\s+(?P<list>{_LIST}){_AFTER}(?P<end>\s*\)|(?=\s*[,:;)–—]))",
        re.IGNORECASE,
    ),
)
_BY = (
    r"(?:(?:(?:which|that|who)\s+)?(?:is\s+|are\s+|will\s+be\s+|being\s+|gets\s+|"
    r"to\s+be\s+)?(?:given|identified|looked\s+up|found|named|selected|chosen"
    r"|specified|picked|addressed|referenced|referred\s+to|retrieved|fetched|"
    r"searched(?:\s+for)?|called\s+up|known|keyed|requested|entered|asked\s+for"
    r"|identifiable|told|recognised)\s+(?:to\s+\w+\s+)?(?:by|via|with|using|through|from|on|under)"
    r"|by\s+way\s+of|by\s+means\s+of|lookup\s+by|look-up\s+by)"
)
BEHIND = (
    # "a test given by its code", "one customer, identified by name", "a bike (looked up by frame number)"
    re.compile(rf"(?P<open>\s*[,(–—]\s*|\s+-\s+|\s+){_BY}\s+(?P<list>{_NOUN})(?P<end>\s*\)|"
               rf"{_TO_THE_END}|(?=\s+(?:in|for|of|and|with|to|over|is|during)\b)|,?)",
               re.IGNORECASE),
    # "a bike (by id)", "a bike by its id"
    re.compile(rf"(?P<open>\s*\(\s*)(?:by|via|using|with|per|input:?|"
               rf"key:?|give(?:n)?|as)\s+(?P<list>{_NOUN})(?P<end>\s*\))", re.IGNORECASE),
    re.compile(rf"(?P<open>\s*,?\s+)(?:by|via|using|through)\s+(?P<list>(?:its|his|her|"
               rf"their)\s+{_NOUN})(?P<end>{_TO_THE_END}|(?=\s+(?:in|for|of|and|with|over)\b))",
               re.IGNORECASE),
    # "…, site by name."
    SITE_BY_NAME := re.compile(rf"(?P<open>\s+)(?:by|via)\s+(?P<list>(?:name|id|code|"
                               rf"number|title|full\s+name))(?P<end>{_TO_THE_END})", re.IGNORECASE),
    # "an order whose number I type in"
    re.compile(rf"(?P<open>\s*,?\s+)(?:whose|where\s+the|with\s+the|for\s+which\s+the)\s+(?P<list>{_NOUN})\s+(?:(?:is|"
               rf"are|will\s+be|gets)\s+(?:given|entered|supplied|"
               rf"provided|typed\s+in|passed(?:\s+in)?|known|an?\s+input)"
               rf"(?:\s+by\s+(?:me|us|(?:the|a)\s+(?:users?|callers?)))?|"
               rf"{_WHO}\s*{_AUX}{_GIVES}(?:\s+in)?)(?P<end>{_TO_THE_END}|(?=\s+(?:in|for|of|and|with|over)\b))",
               re.IGNORECASE),
)  # fmt: skip
BY_KEY = re.compile(
    rf"(?P<noun>\b(?:check|look-?up|finder|query|report|card|profile|calculator|calculation|"
    rf"quote|search|agent|details?|helper|tool)\s+)by\s+(?P<list>{_NOUN}){_TO_THE_END}",
    re.IGNORECASE,
)
WHICHEVER = re.compile(
    rf"\b(?P<before>(?:for|of|in|on|at|from)\s+)(?:whichever|whatever|which\s+ever|the|that|"
    rf"any)\s+(?P<list>{_NOUN})\s+(?:that\s+|which\s+)?{_WHO}\s*{_AUX}{_GIVES}(?:\s+in)?"
    rf"(?P<end>{_TO_THE_END}|(?=\s+(?:in|for|of|and|with|over)\b))",
    re.IGNORECASE,
)
YEARS = word_set("year month quarter")
KEYS = word_set("id key identifier identification ident uuid pk")
NUMBERS = word_set("number no nr num reference ref code")
SPLIT = re.compile(
    r"\s*(?:,\s*(?:and\s+)?|\s+and\s+|\s*(?:&|\+)\s*|\s+plus\s+|\s+together\s+with\s+)\s*", re.IGNORECASE
)
DETERMINERS = word_set(
    "the a an one its his her their your our my this that some any given whole exact single certain specific particular"
)
