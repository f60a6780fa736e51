"""Words for times that are compared, brought into one form before windows are looked for.

"From 2024 to 2025" behind a word for a change is ``in 2025 against in 2024``; "the previous month" that periods are
compared with is ``priormonth``; "year over year" is ``yearonyear``.
"""

from __future__ import annotations

import re

__all__ = ["AGAINST", "as_said", "with_times_compared"]

AGAINST = (
    "against|versus|vs|vs_.|compared_with|compared_to|in_comparison_with|in_comparison_to|relative_to|over|as_against"
    "|comparing_with|as_compared_to|as_compared_with|compared_against|with_respect_to|than_in|set_against|next_to|v_."
    "|measured_against|and_compare_it_with|and_compare_it_to|to_compare_with"
)
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\.?"
)
_YEAR = r"(?:19|20)\d{2}(?![-\d%])"
_PERIOD = (
    rf"(?:(?:the\s+)?(?:(?:fiscal\s+|calendar\s+)?year\s+)?{_YEAR}|{_MONTH}\s+{_YEAR}"
    rf"|q[1-4][\s/-]*{_YEAR}|{_YEAR}[\s-]*q[1-4])"
)
_GREW = (
    r"\b(?:ris\w*|rose|grow\w*|grew|increas\w*|chang\w*|(?:go|goes|went|gone)\s+(?:up|down)|develop\w*|fall\w*|fell"
    r"|drop\w*|declin\w*|decreas\w*|differ\w*|mov(?:e|ed)|improv\w*|evol\w*|compar\w*|delta|gain\w*|climb\w*|shr[aiu]nk)\b"
)
_FROM_TO = re.compile(
    rf"(?P<grew>{_GREW}[^.;:?]*?)\b(?:from|between)\s+(?P<a>{_PERIOD})\s+(?:to|and|until|till)\s+(?P<b>{_PERIOD})",
    re.IGNORECASE,
)
_GREW_BEHIND = re.compile(
    rf"\b(?:from|between)\s+(?P<a>{_PERIOD})\s+(?:to|and|until|till)\s+(?P<b>{_PERIOD})(?=[^.;:?]*{_GREW})",
    re.IGNORECASE,
)
_TWO = re.compile(
    rf"(?:\b(?:in|for|of|during)\s+)?(?<![-\d])\b(?P<a>{_PERIOD})\s*,?\s+(?P<with>against|versus|vs\.?|v\.|compared\s+(?:with|to|against)"
    rf"|in\s+comparison\s+(?:with|to)|relative\s+to|over|as\s+against|measured\s+against|set\s+against)\s+(?:that\s+of\s+|those\s+of\s+)?(?:in\s+|of\s+|for\s+)?(?P<b>{_PERIOD})",
    re.IGNORECASE,
)
_BARE_BEHIND = re.compile(
    rf"\b(?P<with>against|versus|vs\.?|compared\s+(?:with|to|against)|in\s+comparison\s+(?:with|to)|relative\s+to"
    rf"|as\s+against|measured\s+against)\s+(?:that\s+of\s+|those\s+of\s+)?(?P<b>{_PERIOD})",
    re.IGNORECASE,
)
_COMPARE_WITH = re.compile(
    rf"\b(?P<lead>compar(?:e|ing)\b[^.;:?]*?)\b(?:in|for|of|during)\s+(?P<a>{_PERIOD})\s+(?:with|to|and)\s+(?:in\s+|of\s+)?(?P<b>{_PERIOD})",
    re.IGNORECASE,
)
_BETWEEN_TWO = re.compile(
    rf"\b(?P<lead>(?:difference|change|growth|increase|comparison)\b[^.;:?]*?)\bbetween\s+(?P<a>{_PERIOD})\s+and\s+(?P<b>{_PERIOD})",
    re.IGNORECASE,
)
_CHANGE_FROM = re.compile(
    rf"\b(?P<lead>(?:change|growth|increase|decrease|difference|rise|drop|decline|delta)s?(?:\s+in\s+(?:percent|%))?)\s+(?:from|since|on|over|to|against"
    rf"|compared\s+(?:to|with)|versus|vs\.?)\s+(?P<b>{_PERIOD})(?!\s+(?:to|and|until|till|-)\s)",
    re.IGNORECASE,
)
_ON_OTHER = re.compile(
    r"\b(?P<unit>year|month|quarter)[\s-]*(?:over|on|to|upon|by)[\s-]*(?P=unit)\b|\b(?P<short>yoy|mom|qoq|y/y|m/m|q/q|y-o-y|m-o-m|q-o-q)\b",
    re.IGNORECASE,
)
_SHORT = {"y": "year", "m": "month", "q": "quarter"}
_UNIT = r"(?P<unit>day|month|quarter|year)"
_PRIOR = re.compile(
    rf"(?<=\s)(?:(?:the|that\s+of\s+the|those\s+of\s+the|its|their|each)\s+)?(?:(?:respective\s+)?(?:previous|prior|preceding)\s+{_UNIT}"
    rf"|(?P<u2>day|month|quarter|year)\s+(?:right\s+|just\s+|immediately\s+)?(?:before|earlier|prior|previously)"
    rf"|(?:one|a)\s+(?P<u3>month|quarter|year)\s+(?:before|earlier|ago|prior)|(?P<u4>day|month|quarter|year)\s+preceding\s+it)(?:'s)?\b"
    r"(?!\s+(?:the|that|[12]\d{3}))",
    re.IGNORECASE,
)
_LAST = re.compile(r"(?<=\s)(?:the\s+)?last\s+(?P<unit>day|month|quarter|year)(?:'s)?\b", re.IGNORECASE)
_SAME = re.compile(
    r"\b(?:the\s+)?(?:same|corresponding|respective)\s+(?P<unit>month|quarter|period|time)\s+(?:of\s+|in\s+|a\s+|one\s+)?(?:the\s+)?"
    r"(?:last\s+year|previous\s+year|prior\s+year|year\s+before|year\s+earlier|preceding\s+year|year\s+ago)\b",
    re.IGNORECASE,
)
_COMPARED = re.compile(
    r"\b(?:against|versus|vs|compar\w*|relative\s+to|change\w*|growth|grow\w*|grew|increase\w*|decrease\w*|rise\w*|rose|difference"
    r"|delta|decline\w*|drop\w*|development|fell|fall\w*|more\s+than|less\s+than|went|go(?:es)?\s+(?:up|down)|trend)\b",
    re.IGNORECASE,
)
_BY_PERIOD = re.compile(
    r"\b(?:per|by|each|every|for\s+each|of\s+each|for\s+every)\s+(?:calendar\s+)?(?P<unit>month|quarter|year)\b|\b(?P<ly>monthly|quarterly|yearly|annual|annually)\b"
    r"|\b(?P<on>month|quarter|year)on(?P=on)\b|\b(?P<by>month|quarter|year)\s+by\s+(?P=by)\b",
    re.IGNORECASE,
)
_OWN = re.compile(r"\b((?:this|last|current|previous) (?:month|quarter|year|week))['’]s\b", re.IGNORECASE)
_OF_PERIOD = {"monthly": "month", "quarterly": "quarter", "yearly": "year", "annual": "year", "annually": "year"}


def with_times_compared(text: str) -> str:
    """The text with times that are compared in one form; texts that compare none are as they were."""
    plain = (
        _OWN.sub(r"\1", _ON_OTHER.sub(_as_on_other, text))
        if _COMPARED.search(text)
        else _ON_OTHER.sub(_as_on_other, text)
    )
    plain = _SAME.sub("sameperiod", plain) if _COMPARED.search(plain) else plain
    if _COMPARED.search(plain):
        plain = _PRIOR.sub(_as_prior, plain)
        plain = _last_as_prior(plain)
    for pattern in (_FROM_TO, _BETWEEN_TWO):
        plain = pattern.sub(
            lambda match: (
                f"{match['grew' if 'grew' in match.groupdict() else 'lead']}{_in(match['b'])} against {_in(match['a'])}"
            ),
            plain,
        )
    plain = _GREW_BEHIND.sub(lambda match: f"{_in(match['b'])} against {_in(match['a'])}", plain)
    plain = _COMPARE_WITH.sub(lambda match: f"{match['lead']}{_in(match['a'])} against {_in(match['b'])}", plain)
    plain = _CHANGE_FROM.sub(lambda match: f"{match['lead']} against {_in(match['b'])}", plain)
    plain = _TWO.sub(lambda match: f"{_in(match['a'])} against {_in(match['b'])}", plain)
    return _BARE_BEHIND.sub(lambda match: f"{match['with']} {_in(match['b'])}", plain)


def as_said(text: str) -> str:
    """A text with the forms of this module in the words of people."""
    plain = _FORMS.sub(lambda match: f"{match['unit']} over {match['unit']}" if match["unit"] else
                       f"the {match['prior']} before", text)  # fmt: skip
    return plain.replace("sameperiod", "the same period of the year before")


_FORMS = re.compile(r"\b(?P<unit>year|month|quarter)on(?P=unit)\b|\bprior(?P<prior>day|month|quarter|year)\b")


def _in(period: str) -> str:
    """A period with a word before it, by which it is a window."""
    return f"in {period.strip()}"


def _as_on_other(match: re.Match[str]) -> str:
    unit = (match["unit"] or _SHORT[match["short"][0].lower()]).lower()
    return match[0] if re.fullmatch(rf"{unit}\s+by\s+{unit}", match[0], re.IGNORECASE) else f"{unit}on{unit}"


def _as_prior(match: re.Match[str]) -> str:
    unit = next(match[name] for name in ("unit", "u2", "u3", "u4") if match[name])
    return f"prior{unit.lower()}"


def _last_as_prior(text: str) -> str:
    """ "Compared with last month" of figures by month: the month before each."""
    units = {(match["unit"] or match["on"] or match["by"] or _OF_PERIOD.get((match["ly"] or "").lower(), "")).lower()
             for match in _BY_PERIOD.finditer(text)}  # fmt: skip
    if len(units) != 1:
        return text
    unit = units.pop()
    return _LAST.sub(lambda match: f"prior{unit}" if match["unit"].lower() == unit else match[0], text)
