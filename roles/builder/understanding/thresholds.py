"""Reads the conditions that figures have to keep: "at least 1.25", "anything above 80% should fail"."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from common.language.words import word_set

__all__ = ["Threshold", "find_thresholds", "sentence_of"]

_NUMBER = r"(?P<number>\d+(?:,\d{3})*(?:\.\d+)?) ?(?P<percent>%)?(?: ?x\b)?"
_BEFORE: tuple[tuple[str, str], ...] = (
    (r"(?:(?:minimum|min|floor|lower limit|pass mark|passing mark"
     r"|passing score)(?: \.)?(?: (?:acceptable|allowed|required|permitted|accepted"
     r"|tolerated|wanted|value|level"
     r"|limit|score|ratio|threshold|is|of|at|to|now|should|must|be|:|=))*|at or above|at or over|equal to or (?:above"
     r"|greater than)|at least|no less than|not less than|not (?:be |go |fall |drop )?(?:below|under)|a? "
     r"?minimum (?:of|is)|min"
     r"|no lower "
     r"than|never below|from and including|reach|>=|≥)", ">="),
    (r"(?:(?:maximum|max|ceiling|cap|upper limit|limit)(?: \.)?(?: (?:acceptable|allowed|required|permitted"
     r"|accepted|tolerated|wanted|value"
     r"|level|limit|score|ratio|threshold|is|of|at|to|now|should|must|be|:|=))*|at or below|at or under|equal to or "
     r"(?:below|less than)|at most|no more than|not more than|not (?:be |go |rise )?(?:above|over|exceed|more "
     r"than|higher than)|a? "
     r"?maximum "
     r"(?:of|is)|max|up to and including|up to|no higher than|never above|never exceed|<=|≤)", "<="),
    (r"(?:above|over|more than|greater than|higher than|exceed|exceeding|bigger than|larger than|>)", ">"),
    (r"(?:below|under|less than|lower than|smaller than|beneath|<)", "<"),
)  # fmt: skip
_AFTER: tuple[tuple[str, str], ...] = (
    (
        r"(?:or more|or higher|or better|or above|or greater|and above|and more|upward|minimum|or over"
        r"|is (?:the|our|a) (?:minimum|floor|lower limit|least))",
        ">=",
    ),
    (
        r"(?:or less|or lower|or below|or under|or fewer|and below|maximum"
        r"|is (?:the|our|a) (?:maximum|ceiling|cap|upper limit|most))",
        "<=",
    ),
)
_FAIL = word_set(
    """fail failed decline declined reject rejected refuse refused deny denied flag flagged warn warning alert bad risky
    unacceptable problem violation insufficient weak unhealthy critical alarm"""
)
_PASS = word_set(
    """pass passed approve approved accept accepted ok okay good healthy should must need require required has fine
    acceptable sufficient want target"""
)
_FAIL_BEHIND = word_set(
    "fail failed decline declined reject rejected flag flagged bad refused unacceptable insufficient"
)
_PASS_BEHIND = word_set(
    "pass passed ok okay good approved accepted acceptable sufficient allowed permitted tolerated fine"
)
_NEGATED = re.compile(
    r"(?:\b(?:not|never|cannot|neither|nor)|n't)(?: (?:be|is|are|go|goes|fall|falls|drop|drops|get|gets|rise|rises"
    r"|become|turn|come|sink|slip|lie|it|this|that|they|ever|even|any|allowed|permitted|supposed|may"
    r"|must|should|can|to)){0,4} $"
)
"""What turns a comparison around, right before it: "must not be lower than"."""
_VERDICTS = (_FAIL | _PASS) - word_set("need require required has target want")
_OPPOSITE = {">=": "<", "<": ">=", "<=": ">", ">": "<="}


@dataclass(frozen=True, slots=True)
class Threshold:
    """A condition: the mark of the figure (empty: none is named), how it compares, with what; what must hold."""

    mark: str
    comparison: str
    number: float
    percent: bool
    start: int
    end: int


def find_thresholds(text: str, letters: str = "RD", units: Collection[str] = ()) -> list[Threshold]:
    """The conditions in a marked text; the marks of figures have these letters.

    `units` are spans of time that the figures are in: others behind a number tell how long something takes.
    """
    found = _ranges(text, letters)
    for pattern, comparison in _patterns(units):
        for match in re.finditer(pattern, text):
            if any(match.start() < one.end and one.start < match.end() for one in found):
                continue
            within = re.search(rf"\b[{letters}]\d+\b", match[0])
            mark = within[0] if within is not None else _figure_before(text, match.start(), letters)
            said = _OPPOSITE[comparison] if _NEGATED.search(text[: match.start()]) else comparison
            meant = _OPPOSITE[said] if _fails(text, match.start(), match.end()) else said
            value = float(match["number"].replace(",", ""))
            found.append(Threshold(mark, meant, value, match["percent"] is not None, match.start(), match.end()))
    return sorted(found, key=lambda one: one.start)


_RANGE = re.compile(
    r"\b(?P<outside>outside(?: of)? (?:the range )?|not (?=between|within))?"
    r"(?:(?:between|within|from|in) (?:(?:the|a) range )?(?:of |from )?|(?<=outside )|(?<=outside of ))"
    r"(?P<low>\d+(?:,\d{3})*(?:\.\d+)?) ?%? (?:and|to) (?P<high>\d+(?:,\d{3})*(?:\.\d+)?) ?(?P<percent>%)?(?![\d.]*\d)"
)


def _ranges(text: str, letters: str) -> list[Threshold]:
    """Both ends of a range in which a figure has to be: "between 1.5 and 3 passes", "outside 10 to 20 fails"."""
    found: list[Threshold] = []
    for match in _RANGE.finditer(text):
        first, last = sentence_of(text, match.start(), match.end())
        said = re.findall(r"[a-z']+", text[first:last])
        mark = _figure_before(text, match.start(), letters)
        if not mark and len(set(re.findall(rf"\b[{letters}]\d+\b", text))) != 1:
            continue
        if not _VERDICTS.intersection(said):
            continue
        if _fails(text, match.start(), match.end()) != (match["outside"] is not None):
            # rules hold one range, not what is outside of it
            continue
        for sign, number in ((">=", match["low"]), ("<=", match["high"])):
            value = float(number.replace(",", ""))
            found.append(Threshold(mark, sign, value, match["percent"] is not None, match.start(), match.end()))
    return found


def _patterns(units: Collection[str]) -> Sequence[tuple[str, str]]:
    others = "|".join(one for one in ("day", "month", "year", "row", "result") if one not in units)
    before = [
        (rf"(?:(?<=\s)|^){words} (?:an? |the )?{_NUMBER}(?![\d.]*\d)(?! ?(?:{others})\b)", sign)
        for words, sign in _BEFORE
    ]
    after = [(rf"(?:(?<=\s)|^){_NUMBER} {words}(?! (?:an? |the )?\d)", sign) for words, sign in _AFTER]
    of = r"(?: (?:of|is|at|:|=|should|must|to|be|set|at least|now|for)){0,4}"
    kinds = (("(?:minimum|min|lowest acceptable|required|target)", ">="), ("(?:maximum|max|highest acceptable)", "<="))
    named = [(rf"\b{word} [RD]\d+{of} {_NUMBER}", sign) for word, sign in kinds]
    judged = r"(?<=pass|okay|fine|good) from|(?<=passe) from|(?<=passed|accept) from|(?<=ok) from|(?<=accepted) from"
    onwards = [(rf"(?:{judged}) {_NUMBER}(?! (?:to|and) \d)", ">=")]
    onwards += [(rf"\bfrom {_NUMBER} (?:on|onwards|upwards|up)\b", ">=")]
    return [*named, *onwards, *after, *before]


def sentence_of(text: str, start: int, end: int) -> tuple[int, int]:
    """Where the sentence begins and ends that a place of a marked text is in."""
    first = max(text.rfind(sign, 0, start) for sign in (" . ", " ; ", " : ", " ? ")) + 1
    ends = [at for sign in (" .", " ;", " ?") if (at := text.find(sign, end)) >= 0]
    return first, min(ends, default=len(text))


def _figure_before(text: str, start: int, letters: str) -> str:
    first, _ = sentence_of(text, start, start)
    marks = re.findall(rf"\b[{letters}]\d+\b", text[first:start])
    return marks[-1] if marks else ""


def _fails(text: str, start: int, end: int) -> bool:
    """Whether the words around tell when it fails: the nearest before it count, else those behind."""
    first, last = sentence_of(text, start, end)
    before = re.findall(r"[a-z']+", text[first:start])
    for at in reversed(range(len(before))):
        if before[at] in _FAIL or before[at] in _PASS:
            return (before[at] in _FAIL) != _denied(before, at)
    behind = re.findall(r"[a-z']+", re.split(r"\b(?:otherwise|else|and(?= [^.;]*\d))\b|,", text[end:last])[0])
    for at, word in enumerate(behind):
        if word in _FAIL_BEHIND:
            return not _denied(behind, at)
        if word in _PASS_BEHIND:
            return _denied(behind, at)
    # "should fail" stands behind with an auxiliary before it
    return any(word in _FAIL for word in behind)


def _denied(words: Sequence[str], at: int) -> bool:
    """Whether "not" or the like stands before a word: "is not acceptable", "isn't good enough"."""
    return any(one in ("not", "never", "no", "cannot") or one.endswith("n't") for one in words[max(0, at - 3) : at])
