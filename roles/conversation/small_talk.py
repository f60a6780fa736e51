"""Short fixed answers to greetings, thanks and questions about the assistant itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["ABILITIES", "answer_small_talk"]

ABILITIES: tuple[str, ...] = (
    "Turn on the kitchen light",
    "Set a timer for 10 minutes",
    "What's the weather in Bern tomorrow?",
    "Add lunch with Anna to my calendar on Friday at noon",
    "Find a mountain hut",
    "Remember that my locker code is 4711",
)
"""One request for each of the other shipped roles."""


@dataclass(frozen=True, slots=True)
class _Reply:
    pattern: re.Pattern[str]
    text: str
    invites: bool = False


def _reply(pattern: str, text: str, *, invites: bool = False) -> _Reply:
    return _Reply(re.compile(pattern, re.IGNORECASE), text, invites)


def _abilities() -> str:
    return "; ".join(f"“{example}”" for example in ABILITIES)


_ADDRESSED = r"(?: (?:there|again|everyone|everybody|all|you|friend|my friend|assistant|supervisor|bot|buddy|man))*"
_SELF = (
    "I am an assistant program. I look after weather, timers, calendar, smart home, documents and a memory of what you "
    "tell me"
)
_REPLIES: tuple[_Reply, ...] = (
    _reply(rf"(?:hi|hello|hey|hiya|howdy|greetings|yo|hallo){_ADDRESSED}", "Hello.", invites=True),
    _reply(rf"good (?:morning|afternoon|evening|day){_ADDRESSED}", "Hello.", invites=True),
    _reply(rf"(?:nice|good|pleased|great) to (?:meet|see) you{_ADDRESSED}", "Nice to meet you.", invites=True),
    _reply(
        r"(?:(?:so |and )?how(?:['’]s| is) (?:it going|everything|life|your day(?: going)?)"
        r"|(?:so |and )?how (?:are|do) you(?: (?:do|doing|feeling))?(?: (?:today|this morning|tonight))?"
        rf"|what['’]?s up|sup|are you (?:ok|okay|well|there)){_ADDRESSED}",
        "I am a program and ready to work.",
        invites=True,
    ),
    _reply(
        r"(?:ok |okay |great |perfect |many |no )?(?:thanks|thank you|thx|ty|cheers|much appreciated|i appreciate it)"
        rf"(?: (?:a lot|a bunch|so much|very much|again|anyway|for .+))*{_ADDRESSED}",
        "You're welcome.",
    ),
    _reply(
        r"(?:bye|bye bye|goodbye|good bye|see you(?: (?:later|soon|tomorrow))?|later|cya|farewell"
        rf"|have a (?:nice|good) .+){_ADDRESSED}",
        "Goodbye.",
    ),
    _reply(rf"(?:good ?night|sleep well){_ADDRESSED}", "Good night."),
    _reply(
        r"(?:who|what) (?:exactly )?are you|what(?:['’]s| is) your name|do you have a name|introduce yourself"
        r"|tell me (?:something |a bit )?about yourself|who (?:am i talking to|is this)"
        r"|are you (?:a |an |really a )?(?:robot|bot|human|person|real|real person|machine|computer|program|ai|chatbot"
        r"|language model)",
        f"{_SELF}; no person and no language model speaks here.",
        invites=True,
    ),
    _reply(
        r"(?:so |and )?what (?:can|could|do) you (?:do|help(?: me)? with|offer)(?: for me)?|help(?: me)?"
        r"|how do you work|how (?:can|could) you help(?: me)?|what are you able to do"
        r"|what are your (?:skills|abilities|features)"
        r"|what (?:can|should) i (?:ask|say)(?: you)?|what are you (?:good )?for|what is (?:this|possible)"
        r"|can you help(?: me)?",
        f"{_SELF}. Ask, for example: {_abilities()}.",
    ),
    _reply(
        r"(?:ok|okay|fine|great|perfect|cool|nice|awesome|super|all right|alright|good|very good|well done|good job"
        r"|great job|that(?:['’]s| is| was) (?:all|great|good|perfect|helpful|nice|fine)|never ?mind"
        r"|you(?:['’]re| are) (?:great|the best|awesome|helpful|welcome))(?: (?:then|for now|work))?",
        "All right.",
    ),
    _reply(r"(?:i(?:['’]m| am) )?(?:so |very )?sorry(?: about that)?|my (?:bad|mistake)|excuse me", "No harm done."),
)
_FILLER = re.compile(r"^(?:please|well|oh|so|and|ah|ok|okay)\s+|\s+(?:please|then|today)$", re.IGNORECASE)
_INVITATION = "What can I do for you?"


def answer_small_talk(request: str) -> str | None:
    """The fixed answer where every clause of the request is small talk, else None."""
    clauses = [" ".join(clause.split()) for clause in re.split(r"[,.!?;:\n…—]+", request)]
    replies: list[_Reply] = []
    for clause in filter(None, clauses):
        reply = _match(clause) or _match(_FILLER.sub("", clause))
        if reply is None:
            return None
        replies.append(reply)
    return _joined(replies) if replies else None


def _match(clause: str) -> _Reply | None:
    return next((reply for reply in _REPLIES if reply.pattern.fullmatch(clause)), None)


def _joined(replies: Sequence[_Reply]) -> str:
    said = list(dict.fromkeys(reply.text for reply in replies))
    if all(reply.invites for reply in replies):
        said.append(_INVITATION)
    return " ".join(said)
