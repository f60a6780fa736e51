"""What is to be remembered, looked up or forgotten, taken out of the words around it."""

from __future__ import annotations

import re

__all__ = ["fact_in", "is_everything", "is_everything_about", "is_question", "tidy", "topic_in"]

_ASIDE = r"for (?:the record|future reference|later|your information)"
_LEAD = (
    r"(?:(?:please|ok(?:ay)?|hey|so|and|also|just|now|(?:can|could|would|will) you(?: please)?"
    rf"|i(?:['’]d| would) like you to|i want you to|{_ASIDE})[,:]?\s+)*"
)
_KEEP = (
    r"(?:(?:do not|don['’]?t|never) forget|remember|memori[sz]e|keep in mind|bear in mind|note down|write down"
    r"|(?:make|take) (?:a |yourself a )?note(?: of)?)"
)
# "store", "save" and the like begin a fact as well ("store opens at nine"), so they need a word that points at it.
_KEEP_THIS = r"(?:note|store|save|learn)(?= (?:that|this|the fact|for me)\b| ?:)"
_REMEMBER = re.compile(
    rf"^(?:{_LEAD}(?:{_KEEP}|{_KEEP_THIS})(?: (?:for me|the fact|this|it|down))?"
    rf"(?:\s*[:,]\s*|\s+(?:that(?:\s+|$))?|$)|{_ASIDE}[,:]?\s+(?:that\s+)?)",
    re.IGNORECASE,
)
_FORGET = re.compile(
    rf"^{_LEAD}(?:forget|delete|remove|erase|drop)\s+(?:the fact\s+|the memory\s+|your memory of\s+)?", re.IGNORECASE
)
_SAID = re.compile(
    r"^(?:what(?:ever)?|everything|anything|all|the thing|things|something)?\s*(?:that\s+)?(?:i|you)(?:['’]ve| have)?"
    r"\s+(?:said|told you|know|remember|stored|saved|noted|mentioned|asked you to remember)"
    r"(?:\s+(?:about|on|of))?\s*",
    re.IGNORECASE,
)
_ABOUT = re.compile(r"^(?:everything|anything|all|things)\s+(?:about|on)\s+", re.IGNORECASE)
_ASK = re.compile(
    rf"^{_LEAD}(?:(?:do you (?:still )?)?(?:remember|know|recall)|tell me|remind me(?: of)?|recall|look up"
    r"|what did i (?:say|tell you)(?: about| on)?|what do you (?:know|remember) (?:about|of))\s*(?:again\s+)?",
    re.IGNORECASE,
)
# "where is the key" asks, "where I parked" only names: the verb must come before who does it.
_QUESTION = re.compile(
    r"(?:(?:who|what|where|when|which|whose|how|why)(?: (?!i\b|you\b|we\b|he\b|she\b|they\b)\w+)?"
    r"(?:['’]s|['’]re| is| are| was| were| am| do| does| did| can| will| has| have)\b"
    r"|(?:is|are|was|were|does|did|am i|do i|do you (?:still )?(?:remember|know|recall))\b"
    r"|(?:please )?(?:tell|remind) me (?:again )?(?:who|what|where|when|which|whose|how|why)\b)",
    re.IGNORECASE,
)
_EVERYTHING = re.compile(
    r"(?:(?:absolutely )?(?:everything|all|all of it|it all|all (?:the |my )?(?:facts|memories)|your (?:whole )?memory)"
    r"(?: (?:that )?(?:you (?:know|remember|have stored)|i(?:['’]ve| have)? (?:ever )?(?:told you|said))"
    r"(?: about (?:me|myself))?| about me)?)",
    re.IGNORECASE,
)


def tidy(text: str) -> str:
    """The text with single blanks, without the marks around it."""
    return " ".join(text.split()).strip(' .!?,;:"“”')


def is_question(text: str) -> bool:
    """Whether the words ask for something to be told, and for nothing to be done."""
    return _QUESTION.match(" ".join(text.split())) is not None


def fact_in(text: str) -> str:
    """The fact, word for word, without the words that ask to keep it ("remember that …")."""
    fact = tidy(_REMEMBER.sub("", " ".join(text.split()), count=1))
    return re.sub(r",? please$", "", fact, flags=re.IGNORECASE).strip()


def topic_in(text: str) -> str:
    """What a question or a request to forget is about."""
    topic = _FORGET.sub("", tidy(text))
    topic = _ASK.sub("", topic)
    topic = _SAID.sub("", topic)
    return tidy(_ABOUT.sub("", topic))


def is_everything(text: str) -> bool:
    """Whether all facts are meant ("forget everything you know about me")."""
    return _EVERYTHING.fullmatch(_FORGET.sub("", tidy(text))) is not None


def is_everything_about(text: str) -> bool:
    """Whether all facts of a topic are meant ("what I said about my sister"), not a single one."""
    rest = _FORGET.sub("", tidy(text))
    return bool(_SAID.match(rest) or _ABOUT.match(rest))
