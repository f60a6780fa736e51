"""The words of tools and requests as selection compares them: joined names taken apart, endings off, meanings added."""

from __future__ import annotations

import re
from functools import lru_cache

from common.language.concepts import STOP_WORDS, WEAK_WORDS
from common.language.words import clean, word_set

__all__ = ["MAX_WORDS", "is_weak", "root", "spelled_out", "words_of"]

MAX_WORDS = 300
"""Words of a text that are looked at."""
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_A-Za-z]+")
_ADDRESS = re.compile(r"https?://\S+|www\.\S+|\S+@\S+\.\w+")
_MONEY = re.compile(r"[$€£¥]\s?\d|\d\s?[$€£¥]")
_ENDINGS = (
    ("isation", "iz"), ("ization", "iz"), ("ational", "at"), ("fulness", ""), ("iveness", ""), ("ations", "at"),
    ("ation", "at"), ("ments", ""), ("ment", ""), ("ators", "at"), ("ator", "at"), ("ities", ""), ("ising", "iz"),
    ("izing", "iz"), ("ised", "iz"), ("ized", "iz"), ("iser", "iz"), ("izer", "iz"), ("ise", "iz"), ("ize", "iz"),
    ("ical", "ic"), ("ness", ""), ("sion", "s"), ("tion", "t"), ("ally", ""), ("ating", "at"), ("ated", "at"),
    ("ate", "at"), ("ible", ""), ("able", ""), ("ance", ""), ("ence", ""), ("ity", ""), ("ive", ""), ("ing", ""),
    ("ies", "y"), ("ers", ""), ("ors", ""), ("ed", ""), ("er", ""), ("or", ""), ("al", ""), ("ly", ""), ("es", ""),
    ("s", ""), ("e", ""),
)  # fmt: skip
_LEAST = 3
_GENERAL = word_set(
    "tool tools function functions api apis plugin plugins app apps service services system based given specific "
    "provide provides providing provided using information info data details detail help helps allow allows enable "
    "enables perform performs return returns fetch retrieve retrieves retrieving value values type name names id "
    "input output parameter parameters list number string object option options optional default example various "
    "different certain particular current new best include including related require required support supports "
    "user users access request requests result results ask offer offers seamlessly easily quickly find get make show "
    "tell give create know see look looking interested recommend suggest could someone wondering latest today "
    "assist assistance able unique multiple possible wide range across between within per via "
    "perfect professional professionally effective effectively efficient accurate reliable detailed comprehensive "
    "complete full high low quality level easy simple quick fast powerful popular famous amazing engaging great "
    "additional extra available suitable appropriate relevant important exact exactly precise recent recently "
    "specifically potential individual general common similar main major personal own real simply truly actually "
    "currently especially particularly possibly probably please kindly urgent urgently immediate immediately curious "
    "week weeks day days month months year years daily weekly moment hours ago since upcoming start started end "
    "world global worldwide around online everyone anyone people person someone everything experience practice "
    "practices method methods technique techniques strategy way ways steps tip tips advice guide guidance idea ideas "
    "suggestion suggestions recommendation recommendations solution solutions problem problems question questions "
    "explain describe understand discover explore learn try trying work working use used useful choose pick select "
    "compare check follow bring take come put keep become improve enhance ensure manage handle connect share "
    "discuss talk say said think feel enjoy love like hate wish hope believe decide considering consider planning "
    "let allow start begin receive obtain acquire generate identify gather determine include contain associated "
    "involved provided fees term terms set sets total average amount top good better nice bad big small large long "
    "short old first last second third several few lots hear heard told read amazing boost unlock unleash effortless "
    "effortlessly ai powered assistant companion platform one"
)


@lru_cache(maxsize=32_768)
def root(word: str) -> str:
    """A lower-case word without the endings that make other words of it: "calculation" and "calculates" meet."""
    if len(word) <= _LEAST or not word.isascii():
        return word
    for _ in range(2):
        for ending, left in _ENDINGS:
            if word.endswith(ending) and len(word) - len(ending) + len(left) >= _LEAST and not word.endswith("ss"):
                word = word[: len(word) - len(ending)] + left
                break
        else:
            break
    if len(word) > _LEAST and word[-1] == word[-2] and word[-1] not in "lsz":
        word = word[:-1]
    if len(word) > _LEAST and word[-1] in "yi":
        word = word[:-1] + "i"
    return word


_WEAK = frozenset(root(word) for word in _GENERAL | WEAK_WORDS)


def is_weak(rooted: str) -> bool:
    """Whether a root says little about what a tool does, or a request is about."""
    return rooted in _WEAK


def words_of(text: str) -> list[str]:
    """The telling words of a text or a name, as roots, in their order; a link, an address and an amount of money
    leave the words that people call them by."""
    found: list[str] = []
    text = clean(text)
    if _ADDRESS.search(text):
        found.extend(("email",) if "@" in text and "://" not in text else ("url", "link"))
    if _MONEY.search(text):
        found.append("money")
    for match in _WORD.finditer(text):
        word = match.group().lower()
        if word not in STOP_WORDS and len(word) > 1:
            found.append(root(word))
            if len(found) >= MAX_WORDS:
                break
    return found


def spelled_out(name: str) -> str:
    """A joined name as words: ``getHTTPStatus`` becomes ``get http status``."""
    return " ".join(match.group().lower() for match in _WORD.finditer(name)) or name
