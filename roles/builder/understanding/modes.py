"""Reads the modes that a request names: "standard, conservative with a 10% haircut on NOI, and custom stress tests"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from common.language.words import word_set
from roles.builder.understanding.words import identifier
from roles.engineering.formulas.stress_words import Change, Target, read_adjustments
from roles.engineering.specification import Adjustment, Mode

__all__ = ["SaidMode", "find_modes", "modes_of"]

_KNOWN = [
    "standard",
    "normal",
    "base",
    "baseline",
    "default",
    "regular",
    "conservative",
    "pessimistic",
    "optimistic",
    "strict",
    "cautious",
    "careful",
    "aggressive",
    "stressed",
    "custom",
    "downside",
    "upside",
    "severe",
    "mild",
    "lenient",
    "moderate",
    "realistic",
    "adverse",
    "expected",
    "prudent",
    "relaxed",
    "harsh",
    "bull",
    "bear",
    "favourable",
    "favorable",
    "current",
    "actual",
    "tough",
    "crisis",
    "recession",
    "extreme",
    "good(?=[ -](?:case|scenario|mode))",
    "bad(?=[ -](?:case|scenario|mode))",
]
_MARK = re.compile(
    rf"\b(?:modes?|scenarios?|variants?|cases|(?<=worst[ -])case|(?<=best[ -])case|(?:{'|'.join(_KNOWN)})[ -]case)\b",
    re.IGNORECASE,
)
_PLAIN = word_set("standard normal base baseline default regular expected current actual as_is unchanged today")
_CHANGING = (frozenset(_KNOWN) | {"good", "bad"}) - _PLAIN
"""Modes that say by their name that they change something, be there others or not."""
_KNOWN_AT = re.compile(
    rf"\b(?:(worst|best)[ -]case|({'|'.join(_KNOWN)}))\b(?:(?<=custom)[ -]stress(?:[ -]?test(?:s|ing)?|es)?)?"
    r"(?:[ -](?:(?:mode|scenario|variant)s?|cases?)\b)?",
    re.IGNORECASE,
)
_LIST = re.compile(
    r"(?:\b(?:in|with|having|offering|under|supporting|has|have|and|it has|there are|use|using|for)\s+)?"
    r"(?:\b(?:the|these|following|different|several|two|three|four|five|\d)\s+){0,3}\b(?:calculation\s+)?"
    r"(?:modes?|scenarios?|variants?|cases)\b\s*(?:of calculation|available|such as|like|please)?"
    r"\s*(?:[:,(–—-]|are\b|is\b|)",
    re.IGNORECASE,
)
_PIECE = re.compile(
    r"^(?:and\s+|or\s+|an?\s+|the\s+)*(?P<name>[a-z][a-z-]*(?:\s[a-z][a-z-]*)?)\s*(?:(?:mode|scenario|case)\s*)?"
    r"(?P<rest>$|(?:with|where|in which|that|when|using|at|plus|\(|:|=|–|—|-).*)",
    re.IGNORECASE | re.DOTALL,
)
_FREE = re.compile(
    r"\b(?:such as|described|in words|by the user|user[- ]defined|any (?:stress|change)|free|own|ad hoc)\b",
    re.IGNORECASE,
)
_STRESS = re.compile(r"\b(?:stress[- ]?test(?:s|ed|ing)?|what[- ]if(?: analysis)?)\b", re.IGNORECASE)
_ASSUMED = re.compile(r"\bwhat if\b(?! analys)[^:;?.]{3,80}\d+(?:\.\d+)? ?(?:%|per ?cent\b|euros?\b)", re.IGNORECASE)
"""One change that is to be computed with, and no mode."""
_EXAMPLE = re.compile(
    r"^(?:\s*,?\s*(?:described |given |told |said |put )?in (?:plain |his |her |their |my |own |free )*words)?"
    r"(?:\s*[,:(]?\s*(?:such as|like|e\.g\.|for example|for instance|say)\s*,?\s*(?:'[^']*'|\"[^\"]*\"|[^.;]*)\)?)?",
    re.IGNORECASE,
)
"""Examples of what is said as a stress test."""
_DOES = (
    r"(?:uses?|takes?|keeps?|leaves?|means?|assumes?|applies|appl(?:y|ies)|raises?|lowers?|cuts?|adds?|reduces?"
    r"|increases?|expects?|subtracts?|works? with|reckons? with)\b"
)
_ROW = re.compile(
    rf"\b(?:standard|normal|base|baseline|default|regular)(?:[ -](?:case|mode))?\s*(?:,|and\b)\s*(?:and\s+)?(?:an?\s+)?"
    rf"(?:{'|'.join(sorted(_CHANGING))})(?:[ -](?:case|mode))?\s*(?:,|\(|and\b|with\b|where\b|$)"
    rf"|\b(?:standard|normal|base|baseline|default|regular)\s+{_DOES}[^.;]*[;,]\s*(?:and\s+)?"
    rf"(?:{'|'.join(sorted(_CHANGING))})\s+{_DOES}",
    re.IGNORECASE,
)
"""Modes in a row that nothing calls so, or only what stands behind them all."""
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z])|\n+")
_MORE = re.compile(
    r"(?:[,;]\s*(?:and\s+)?|\band\s+)(?=[a-z]+(?:\s[a-z]+)?\s*[(:]|[a-z]+(?:\s[a-z]+)?\s+(?:with|where|in which|when)\s"
    r"|[a-z]+(?:\s[a-z]+)?\s+(?:modes?|scenarios?|variants?|cases?)\b)",
    re.IGNORECASE,
)
_ALONE = re.compile(
    r"(?:(?:^|(?<=,))\s*(?:,\s*)?(?:and|or)?\s*\b(?!and\b|or\b)|(?:^\s*,|(?<=,))\s*(?:and\s+|or\s+)?(?!(?:no|not|as|just|plain|without|the|un|with)\b)"
    r"(?=[a-z]{3,20}\s[a-z]{3,20}\s*(?:[.,;]|$)))([a-z]{3,20}(?:(?<!\bno)\s(?!of\b|it\b|is\b)[a-z]{3,20})?)\s*(?=[.,;]|$)",
    re.IGNORECASE,
)
"""A further name in a list of modes, with nothing said about it."""
_LIMIT = re.compile(
    r"[;,]\s*((?:at least|at most|it|the|an?(?! (?:[a-z]+ )?(?:mode|scenario|case))|must|should|minimum|maximum"
    r"|pass|passes|fails?|anything|flag|warn)\b[^;]*"
    r"\b(?:pass|passes|fails?|at least|at most|must|should|exceeds?|above|below|minimum|maximum)\b[^;]*)$",
    re.IGNORECASE,
)
"""What has to hold, behind a list of modes."""
_AMOUNT = re.compile(r"\d\s*(?:%|per ?cent|basis points?|bps?\b|percentage points?)", re.IGNORECASE)
_TOLD_BEFORE = re.compile(
    r"[, ]*\b(?:with|and|using|applying|that has|has|having)\s+((?:an?\s+)?[^,;]*\d[^,;]*?)"
    r"\s+(?:in|under|for)\s+(?:the\s+|an?\s+)?$",
    re.IGNORECASE,
)
"""What a mode changes, told before its name."""
_POINTING = frozenset({"latter", "the_latter", "former", "this", "which", "other", "second", "first"})
_MAX = 10


@dataclass(slots=True)
class SaidMode:
    """A mode as it was said: its name and the words about it."""

    name: str
    about: list[str] = field(default_factory=list[str])

    @property
    def custom(self) -> bool:
        """Whether its adjustments come from the words of each request."""
        return self.name == "custom" or any(_FREE.search(text) for text in self.about)


def find_modes(text: str) -> tuple[list[SaidMode], str]:
    """The modes that a text names, in its order, and the text without the words about them."""
    found: dict[str, SaidMode] = {}
    kept: list[str] = []
    for sentence in _SENTENCE.split(text):
        kept.append(_read_sentence(_one_list(sentence), found))
    _with_own_stress(found)
    if not found and (stress := _STRESS.search(text)) is not None and not _ASSUMED.search(text):
        rest = (text[: stress.start()] + _EXAMPLE.sub("", text[stress.end() :])).strip()
        return [SaidMode("standard"), SaidMode("custom", [text[stress.start() :]])], rest
    return list(found.values())[:_MAX], " ".join(part for part in kept if part.strip())


_OWN_STRESS = re.compile(
    r"\s*[,;]?\s*\b(?:and|plus|but)\s+(?P<own>(?:(?!\band\b)[^;.\d])*"
    r"\b(?:stress(?:es|[- ]?tests?)?|what[- ]ifs?|changes?|assumptions?)\b[^;.\d]*)$",
    re.IGNORECASE,
)
_TOLD_FREELY = re.compile(
    r"\b(?:describ\w*|typ(?:e|ed|ing)|enter\w*|words?|own|tell\w*|say|free\w*|custom|custom\w*)\b", re.IGNORECASE
)


def _with_own_stress(found: dict[str, SaidMode]) -> None:
    """ "Conservative with 10 % less, and let me describe a stress of my own": that is a mode by itself."""
    for one in list(found.values()):
        for index, about in enumerate(one.about):
            match = _OWN_STRESS.search(about.rstrip(" ."))
            if match is None or _TOLD_FREELY.search(match["own"]) is None or one.name == "custom":
                continue
            if _AMOUNT.search(about[: match.start()]) or one.name in _PLAIN:
                one.about[index] = about[: match.start()]
                found.setdefault("custom", SaidMode("custom")).about.append(match["own"])


_FURTHER = re.compile(
    r"\s*,?\s*(?:and|plus|as well as)\s+(?:the\s+)?(?:two|three|four|\d)\s+(?:further |other |more |stress "
    r"|additional )*(?:scenarios|modes|cases|variants)\s*[:(]\s*",
    re.IGNORECASE,
)


def _one_list(sentence: str) -> str:
    """ "Base case and two scenarios: A with …" as one list."""
    match = _FURTHER.search(sentence)
    known = match is not None and _KNOWN_AT.search(sentence[: match.start()]) is not None
    return f"{sentence[: match.start()]}, {sentence[match.end() :]}" if match is not None and known else sentence


def _read_sentence(sentence: str, found: dict[str, SaidMode]) -> str:
    """Take in the modes of one sentence; what is left of it."""
    if (limit := _LIMIT.search(sentence)) is not None and _MARK.search(sentence[: limit.start()]):
        return f"{_read_sentence(sentence[: limit.start()], found)} {limit[1]}"
    mark = _MARK.search(sentence)
    start_known = _KNOWN_AT.match(sentence.lstrip())
    row = _ROW.search(sentence) if mark is None or sentence[: mark.start()].rstrip().endswith(")") else None
    known = found and start_known is not None and _mode_name(start_known) in found
    if mark is None and row is None and not known:
        return sentence
    listed = _LIST.search(sentence)
    before = [
        one for one in _KNOWN_AT.finditer(sentence) if mark is not None and one.end() >= mark.start() >= one.start()
    ]
    start = min([one.start() for one in before] + ([listed.start()] if listed is not None else [len(sentence)]))
    if row is not None:
        start = row.start()
    elif mark is None or before:
        start = min(start, *(one.start() for one in _KNOWN_AT.finditer(sentence)))
    body = sentence[start:]
    pieces = _by_known_names(body) or _by_list(sentence[listed.end() :] if listed is not None else body)
    if not pieces:
        return sentence
    told = _TOLD_BEFORE.search(sentence[:start]) if len(pieces) == 1 else None
    if told is not None and not _AMOUNT.search(pieces[0][1].partition(",")[0]) and pieces[0][0] not in found:
        # "with a haircut of 20 % on EBIT in conservative mode"
        found[pieces[0][0]] = SaidMode(pieces[0][0], [told[1]])
        return f"{sentence[: told.start()]} {pieces[0][1]}"
    if len(pieces) == 1 and not pieces[0][1].strip(" .") and pieces[0][0] in found and _AMOUNT.search(sentence[:start]):
        # "make it a 12 % haircut on NOI in conservative mode", of a mode that was named before
        found[pieces[0][0]].about.append(sentence[:start])
        return ""
    inside, behind = _bracket(pieces[-1][1])
    pieces[-1] = (pieces[-1][0], inside)
    for name, about in pieces:
        found.setdefault(name, SaidMode(name)).about.append(about)
    before = re.sub(r"\b(?:in|with|and|under|a|an|the|has|have|it)\s*$", "", sentence[:start].rstrip(" ,;:(.")).strip()
    return f"{before}{behind}" if behind else f"{before}."


_BRACKET = re.compile(r"^s?\s*\((?P<inside>[^()]*)\)\s*(?P<behind>[:;,–—-]\s*\S.*)$", re.DOTALL)


def _bracket(about: str) -> tuple[str, str]:
    """What is said of a mode in brackets, and what the sentence goes on with behind: a formula, a limit."""
    match = _BRACKET.match(about)
    if match is None or _KNOWN_AT.search(match["behind"]):
        return about, ""
    behind = match["behind"]
    return match["inside"], behind if behind[0] == ":" else f". {behind.lstrip(':;,–—- ')}"


def _mode_name(match: re.Match[str]) -> str:
    return f"{match[1].lower()}_case" if match[1] else match[2].lower()


def _by_known_names(body: str) -> list[tuple[str, str]]:
    """The pieces that begin with well-known names; other names of the same list are found between them."""
    matches = [one for one in _KNOWN_AT.finditer(body) if not _within_words(body, one)]
    pieces: list[tuple[str, str]] = []
    before = ""
    for index, match in enumerate(matches):
        end = matches[index + 1].start() if index + 1 < len(matches) else len(body)
        if body[match.end() : end] == " ":
            # "severe recession" is one mode
            before += f"{_mode_name(match)}_"
            continue
        about, *others = _MORE.split(body[match.end() : end])
        about, *alone = _ALONE.split(about)
        pieces.append((f"{before}{_mode_name(match)}", about))
        before = ""
        pieces += [(identifier(name.lower()), "") for name in alone[::2]]
        for name, more in [piece for other in others for piece in _by_list(other)]:
            if name in _POINTING:
                pieces[-1] = (pieces[-1][0], f"{pieces[-1][1]} {more}")
            else:
                pieces.append((name, more))
    lead = _LIST.search(body)
    if lead is not None and matches and matches[0].start() > lead.end():
        pieces[:0] = _by_list(body[lead.end() : matches[0].start()])
    return [each for piece in pieces for each in _with_unnamed(*piece)]


def _with_unnamed(name: str, about: str) -> list[tuple[str, str]]:
    """ "Base, NOI minus 10 %, NOI minus 20 %": what stands behind a plain mode are modes by their changes."""
    parts = [part for part in re.split(r"\s*(?:[,;]|\band\b)\s*", about) if part.strip(" .")]
    if name not in _PLAIN or len(parts) < 2 or not all(_AMOUNT.search(part) for part in parts):
        return [(name, about)]
    return [(name, ""), *((identifier(part), part) for part in parts)]


def _within_words(body: str, match: re.Match[str]) -> bool:
    """Whether the word is about something else: "current assets", "expected value", "the current rate"."""
    if match[0].lower().endswith(("mode", "scenario", "variant", "case")):
        return False
    behind = body[match.end() :].lstrip(" ")
    if match[2] and match[2].lower() in ("current", "actual", "expected", "base", "regular", "moderate", "standard"):
        return bool(re.match(r"[a-z]", behind)) and not re.match(
            r"(?:and|or|with|where|at|uses?|is|applies|in)\b", behind
        )
    return False


def _by_list(text: str) -> list[tuple[str, str]]:
    pieces: list[tuple[str, str]] = []
    text = re.sub(r"[,;\s]+(?:and|or)?\s*$", "", text)
    for piece in re.split(r"[,;]\s*(?:and\s+)?|\s+and\s+(?=[a-z-]+(?:\s+\(|\s+with\b|\s*$|\s*\.))", text.strip(" .)")):
        match = _PIECE.match(piece.strip(" ."))
        if match is not None and len(match["name"]) <= 40:
            name = re.sub(r"\s*(?:mode|scenario|case)$", "", match["name"].lower())
            pieces.append((identifier(name), match["rest"]))
        elif pieces and pieces[-1][0] in _PLAIN and _AMOUNT.search(piece):
            pieces.append((identifier(re.sub(r"^(?:and|or)\s+|\s*%", "", piece.strip(" .").lower())), piece))
        elif pieces:
            pieces[-1] = (pieces[-1][0], f"{pieces[-1][1]}, {piece}")
    return pieces


def _changes(pieces: Sequence[str], targets: Sequence[Target]) -> tuple[tuple[Change, ...], bool]:
    """What the pieces about a mode change, the later ones instead of the earlier; whether a correction was not read."""
    changes: tuple[Change, ...] = ()
    is_open = twice = False
    for index, piece in enumerate(pieces):
        read = read_adjustments(piece, targets)
        # two amounts for one value are those of two modes
        again = {change.target for change in read}
        twice = twice or len(again) < len(read) or len(_AMOUNT.findall(piece)) > len(read) > 0
        changes = (*(change for change in changes if change.target not in again), *read)
        is_open = (is_open or (index > 0 and _AMOUNT.search(piece) is not None)) and not read
    return changes, is_open or twice


def modes_of(said: Sequence[SaidMode], targets: Sequence[Target]) -> tuple[tuple[Mode, ...], tuple[str, ...]]:
    """The modes with their adjustments of these targets, the plain one first, and the names of those not understood."""
    modes: list[Mode] = []
    unclear: list[str] = []
    for one in said:
        said_of = [piece.strip(" .:") for piece in one.about]
        about = re.sub(r"[ ,]*\b(?:and|or)?\s*$", "", "; ".join(filter(None, said_of)).strip(" .,;:()\"'"))
        changes, open_amount = ((), False) if one.custom else _changes(said_of, targets)
        adjustments = tuple(
            Adjustment(target=change.target, operation=change.operation, amount=change.amount) for change in changes
        )
        tells_change = bool(modes) or one.name in _CHANGING or re.search(r"\d", about) is not None
        if open_amount or (not adjustments and not one.custom and one.name not in _PLAIN and tells_change):
            unclear.append(one.name)
        words = one.name.replace("_", " ")
        phrases = tuple(dict.fromkeys([words, *(("stress", "what if") if one.custom else ())]))
        modes.append(
            Mode(name=one.name, description=about[:200], phrases=phrases, adjustments=adjustments, custom=one.custom)
        )
    plain = next((one for one in modes if not one.adjustments and not one.custom), None)
    if modes and plain is None:
        plain = Mode(name="standard", description="The figures as they are", phrases=("standard", "normal"))
        modes.insert(0, plain)
    if plain is not None:
        modes.sort(key=lambda one: one is not plain)
    return tuple(modes), tuple(unclear)
