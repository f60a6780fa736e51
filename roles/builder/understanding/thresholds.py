"""Reads the conditions that figures have to keep: "at least 1.25", "anything above 80% should fail"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from common.language.words import word_set

__all__ = ["Threshold", "find_thresholds"]

_NUMBER = r"(?P<number>\d+(?:,\d{3})*(?:\.\d+)?) ?(?P<percent>%)?(?: ?x\b)?"
_BEFORE: tuple[tuple[str, str], ...] = (
    (r"(?:(?:minimum|min|floor|lower limit)(?: \.)?(?: (?:acceptable|allowed|required|permitted|accepted"
     r"|tolerated|wanted|value|level"
     r"|limit|score|ratio|threshold|is|of|at|should|must|be|:|=))*|at or above|at or over|equal to or (?:above"
     r"|greater than)|at least|no less than|not less than|not (?:be |go |fall |drop )?(?:below|under)|a? "
     r"?minimum (?:of|is)|min"
     r"|no lower "
     r"than|never below|reach|>=|≥)", ">="),
    (r"(?:(?:maximum|max|ceiling|cap|upper limit|limit)(?: \.)?(?: (?:acceptable|allowed|required|permitted"
     r"|accepted|tolerated|wanted|value"
     r"|level|limit|score|ratio|threshold|is|of|at|should|must|be|:|=))*|at or below|at or under|equal to or "
     r"(?:below|less than)|at most|no more than|not more than|not (?:be |go |rise )?(?:above|over|exceed|more "
     r"than|higher than)|a? "
     r"?maximum "
     r"(?:of|is)|max|up to|no higher than|never above|never exceed|<=|≤)", "<="),
    (r"(?:above|over|more than|greater than|higher than|exceed|exceeding|bigger than|larger than|>)", ">"),
    (r"(?:below|under|less than|lower than|smaller than|beneath|<)", "<"),
)  # fmt: skip
_AFTER: tuple[tuple[str, str], ...] = (
    (r"(?:or more|or higher|or better|or above|or greater|and above|and more|upward|minimum|or over)", ">="),
    (r"(?:or less|or lower|or below|or under|or fewer|and below|maximum)", "<="),
)
_FAIL = word_set(
    """fail failed decline declined reject rejected refuse refused deny denied flag flagged warn warning alert bad risky
    unacceptable problem violation insufficient weak unhealthy critical alarm"""
)
_PASS = word_set(
    """pass passed approve approved accept accepted ok okay good healthy should must need require required has fine
    acceptable sufficient want target"""
)
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


def find_thresholds(text: str, letters: str = "RD") -> list[Threshold]:
    """The conditions in a marked text; the marks of figures have these letters."""
    found: list[Threshold] = []
    for pattern, comparison, number_first in _patterns():
        for match in re.finditer(pattern, text):
            if any(match.start() < one.end and one.start < match.end() for one in found):
                continue
            within = re.search(rf"\b[{letters}]\d+\b", match[0])
            mark = within[0] if within is not None else _figure_before(text, match.start(), letters)
            meant = _OPPOSITE[comparison] if _fails(text, match.start(), match.end()) else comparison
            value = float(match["number"].replace(",", ""))
            found.append(Threshold(mark, meant, value, match["percent"] is not None, match.start(), match.end()))
        del number_first
    return sorted(found, key=lambda one: one.start)


def _patterns() -> Sequence[tuple[str, str, bool]]:
    before = [
        (rf"(?:(?<=\s)|^){words} (?:an? |the )?{_NUMBER}(?! ?(?:day|month|year|row|result)\b)", sign, False)
        for words, sign in _BEFORE
    ]
    after = [(rf"(?:(?<=\s)|^){_NUMBER} {words}", sign, True) for words, sign in _AFTER]
    of = r"(?: (?:of|is|at|:|=|should|must|to|be|set|at least|now|for)){1,4}"
    kinds = (("(?:minimum|min|lowest acceptable|required|target)", ">="), ("(?:maximum|max|highest acceptable)", "<="))
    named = [(rf"\b{word} [RD]\d+{of} {_NUMBER}", sign, False) for word, sign in kinds]
    onwards = [(rf"\bfrom {_NUMBER} (?:on|onwards|upwards|up)\b", ">=", False)]
    return [*named, *onwards, *after, *before]


def _sentence(text: str, start: int, end: int) -> tuple[int, int]:
    first = max(text.rfind(sign, 0, start) for sign in (" . ", " ; ", " : ", " ? ")) + 1
    ends = [at for sign in (" .", " ;", " ?") if (at := text.find(sign, end)) >= 0]
    return first, min(ends, default=len(text))


def _figure_before(text: str, start: int, letters: str) -> str:
    first, _ = _sentence(text, start, start)
    marks = re.findall(rf"\b[{letters}]\d+\b", text[first:start])
    return marks[-1] if marks else ""


def _fails(text: str, start: int, end: int) -> bool:
    """Whether the words around tell when it fails: the nearest before it count, else those behind."""
    first, last = _sentence(text, start, end)
    for word in reversed(re.findall(r"[a-z]+", text[first:start])):
        if word in _FAIL or word in _PASS:
            return word in _FAIL
    behind = re.split(r"\b(?:otherwise|else|and|,)\b", text[end:last])[0]
    for word in re.findall(r"[a-z]+", behind):
        if word in ("fail", "failed", "decline", "declined", "reject", "rejected", "flag", "flagged", "bad", "refused"):
            return True
        if word in ("pass", "passed", "ok", "good", "approved", "accepted", "fine"):
            return False
    # "should fail" stands behind with an auxiliary before it
    return any(word in _FAIL for word in re.findall(r"[a-z]+", behind))
