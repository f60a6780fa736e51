"""Dates that share a year or a month, written out: "between 1 and 15 March 2025", "from March to May 2025"."""

from __future__ import annotations

import calendar
import re

__all__ = ["with_whole_dates"]

_NAMES = [name for names in (calendar.month_name, calendar.month_abbr, ("Sept",)) for name in names if name]
_MONTH = rf"(?:{'|'.join(sorted(set(_NAMES), key=len, reverse=True))})\b\.?"
_YEAR = r"(?:19|20)\d{2}"
_DAY = r"(?:the\s+)?(?:[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?"
_TO = r"\s*(?:\band\b|\bto\b|\buntil\b|\btill\b|\bthrough\b|\bup\s+to\b|–|—|-)\s*"
_I = re.IGNORECASE
_NUMBER = {name.lower()[:3]: at for at, name in enumerate(calendar.month_name) if name}
_DAYS_OF_TWO = re.compile(
    rf"\b(?P<d1>{_DAY})\s+(?:of\s+)?(?P<m1>{_MONTH})(?P<to>{_TO})"
    rf"(?P<d2>{_DAY})\s+(?:of\s+)?(?P<m2>{_MONTH}),?\s+(?P<y>{_YEAR})\b",
    _I,
)
_DAYS_OF_ONE = re.compile(
    rf"\b(?P<d1>{_DAY})(?P<to>{_TO})(?P<d2>{_DAY})\s+(?:of\s+)?(?P<m>{_MONTH}),?\s+(?P<y>{_YEAR})\b", _I
)
_MONTH_FIRST = re.compile(
    rf"\b(?P<m1>{_MONTH})\s+(?P<d1>{_DAY})(?P<to>{_TO})(?:(?P<m2>{_MONTH})\s+)?(?P<d2>{_DAY}),?\s+(?P<y>{_YEAR})\b", _I
)
_MONTHS = re.compile(
    rf"\b(?P<lead>from|between|in|during|for|over)\s+(?P<m1>{_MONTH})(?P<to>{_TO}"
    rf"|\s+or\s+)(?P<m2>{_MONTH}),?\s+(?:of\s+)?(?P<y>{_YEAR})\b",
    _I,
)
_BARE_MONTHS = re.compile(rf"\b(?P<m1>{_MONTH})\s*(?:–|-|\bto\b)\s*(?P<m2>{_MONTH}),?\s+(?:of\s+)?(?P<y>{_YEAR})\b", _I)
_QUARTERS = re.compile(
    rf"\b(?:(?:in|from|during|for|between)\s+)?q(?P<q1>[1-4])(?P<to>{_TO}"
    rf"|\s+or\s+)q(?P<q2>[1-4])[\s/]+(?:of\s+)?(?P<y>{_YEAR})\b",
    _I,
)
_YEARS = re.compile(
    rf"\b(?P<lead>in|during|for|of|from"
    rf"|since)\s+(?:either\s+)?(?P<all>(?:{_YEAR}\s*,\s*)*{_YEAR}\s*,?\s*or\s+{_YEAR})\b(?!\s*(?:or"
    rf"|and)\s+(?:later|earlier|before|after))",
    _I,
)
_WHOLE_YEAR = re.compile(
    rf"\b(?:(?:in|during|over|for)\s+)?(?:(?:the\s+)?(?:whole|entire|full)(?:\s+year)?(?:\s+of)?|all\s+of"
    rf"|the\s+course\s+of|calendar(?:\s+year)?"
    rf"|the\s+calendar\s+year)\s+(?P<y>{_YEAR})\b",
    _I,
)
_MONTH_OF = re.compile(rf"\bthe\s+month\s+of\s+(?P<m>{_MONTH})", _I)
_DOTTED = re.compile(rf"\b(?P<d>0?[1-9]|[12]\d|3[01])\.(?P<m>0?[1-9]|1[0-2])\.(?P<y>{_YEAR})\b")
_SLASHED = re.compile(rf"\b(?P<one>\d{{1,2}})/(?P<two>\d{{1,2}})/(?P<y>{_YEAR})\b")
_LATE = re.compile(
    r"\b(?:no|not)\s+(?:later\s+than|after)\s+(?=(?:the\s+)?\d|(?:the\s+)?end\s+of|" + _MONTH + r"\s)", _I
)
_EARLY = re.compile(
    r"\b(?:no|not)\s+(?:earlier\s+than|before)\s+(?=(?:the\s+)?\d|(?:the\s+)?start\s+of|" + _MONTH + r"\s)", _I
)
_ON = re.compile(
    rf"\bfrom\s+(?P<when>(?:{_DAY}\s+(?:of\s+)?{_MONTH}\s+{_YEAR}|{_MONTH}\s+{_YEAR}|{_YEAR}-\d\d-\d\d"
    rf"|{_YEAR}))\s+(?:on(?:wards?)?|forward)\b",
    _I,
)
_AN_END = re.compile(
    rf"\b(?P<word>until|till|by|up\s+to|after|since|from|starting|before)\s+(?:the\s+"
    rf"|about\s+the\s+)?(?P<end>end|start|beginning)\s+of\s+"
    rf"(?=(?:{_MONTH}\s+|q[1-4]\s+)?{_YEAR}\b)",
    _I,
)
_THE_DAY = re.compile(
    rf"\b(?P<word>on|after|before|since|until|till|from|by|to"
    rf"|and)\s+the\s+(?=(?:{_DAY})\s+(?:of\s+)?{_MONTH}|\d{{4}}-\d\d-\d\d)",
    _I,
)
_BARE_DAYS = re.compile(
    rf"(?<!from )(?<!between )\b(?P<when>(?:{_DAY}\s+(?:of\s+)?{_MONTH}\s+{_YEAR}|{_MONTH}\s+{_DAY}\s+{_YEAR})"
    rf"\s+to\s+(?:{_DAY}\s+(?:of\s+)?{_MONTH}\s+{_YEAR}|{_MONTH}\s+{_DAY}\s+{_YEAR}))\b",
    _I,
)
_LAST = re.compile(
    r"\b(?P<lead>(?:last|past|previous)\s+)(?P<what>fortnight|half[- ]?year|couple\s+of\s+(?:days|weeks"
    r"|months|years))\b",
    _I,
)
_FAR = re.compile(
    r"\b(?P<this>this\s+(?:year|month|quarter|week))\s+(?:so\s+far|to\s+date|up\s+to\s+now|until\s+now)\b", _I
)


def with_whole_dates(text: str) -> str:
    """The text in which every date, and every end of a window, has its own month and year."""
    plain = _DOTTED.sub(lambda one: f"{one['y']}-{int(one['m']):02d}-{int(one['d']):02d}", text)
    plain = _SLASHED.sub(_slashed, plain)
    plain = _MONTH_OF.sub(r"\g<m>", plain)
    plain = _DAYS_OF_TWO.sub(_two_days, plain)
    plain = _DAYS_OF_ONE.sub(
        lambda one: f"{_day(one['d1'])} {one['m']} {one['y']}{_to(one)}{_day(one['d2'])} {one['m']} {one['y']}", plain
    )
    plain = _MONTH_FIRST.sub(
        lambda one: (
            f"{_day(one['d1'])} {one['m1']} {one['y']}{_to(one)}{_day(one['d2'])} {one['m2'] or one['m1']} {one['y']}"
        ),
        plain,
    )
    plain = _BARE_DAYS.sub(r"from \g<when>", plain)
    plain = _AN_END.sub(_end, plain)
    plain = _THE_DAY.sub(r"\g<word> ", plain)
    plain = _MONTHS.sub(_months, plain)
    plain = _BARE_MONTHS.sub(lambda one: _months_of(one, "from"), plain)
    plain = _QUARTERS.sub(_quarters, plain)
    plain = _YEARS.sub(_years, plain)
    plain = _WHOLE_YEAR.sub(r"in \g<y>", plain)
    plain = _LATE.sub("until ", plain)
    plain = _EARLY.sub("since ", plain)
    plain = _ON.sub(r"since \g<when>", plain)
    plain = _LAST.sub(_lately, plain)
    return _FAR.sub(lambda one: one["this"] if "week" in one["this"].lower() or "quarter" in one["this"].lower()
                    else f"{one['this'].split()[-1]} to date", plain)  # fmt: skip


def _day(said: str) -> str:
    return re.sub(r"^the\s+", "", said, flags=_I)


def _to(match: re.Match[str]) -> str:
    word = match["to"].strip().lower()
    return f" {'to' if word in ('-', '–', '—') else ' '.join(word.split())} "


def _two_days(match: re.Match[str]) -> str:
    first, last = _number(match["m1"]), _number(match["m2"])
    # from December to January is into the next year, which nobody said
    year = match["y"] if first <= last else str(int(match["y"]) - 1)
    return f"{_day(match['d1'])} {match['m1']} {year}{_to(match)}{_day(match['d2'])} {match['m2']} {match['y']}"


def _number(month: str) -> int:
    return _NUMBER[month.lower()[:3]]


def _months(match: re.Match[str]) -> str:
    word = " ".join(match["to"].split()).lower()
    if (
        word in ("and", "or")
        and match["lead"].lower() != "between"
        and _number(match["m2"]) != _number(match["m1"]) + 1
    ):
        # "in January and March" is no window
        return match[0]
    if word == "and" and match["lead"].lower() != "between":
        return match[0]
    return _months_of(match, "from")


def _months_of(match: re.Match[str], lead: str) -> str:
    first, last = _number(match["m1"]), _number(match["m2"])
    year = match["y"] if first <= last else str(int(match["y"]) - 1)
    return f"{lead} {match['m1']} {year} to {match['m2']} {match['y']}"


def _quarters(match: re.Match[str]) -> str:
    first, last = int(match["q1"]), int(match["q2"])
    word = " ".join(match["to"].split()).lower()
    if first >= last or (word == "or" and last != first + 1) or word == "and":
        return match[0]
    return f"from Q{first} {match['y']} to Q{last} {match['y']}"


def _years(match: re.Match[str]) -> str:
    years = sorted({int(one) for one in re.findall(_YEAR, match["all"])})
    if match["lead"].lower() == "since" or years != list(range(years[0], years[-1] + 1)):
        return match[0]
    return f"from {years[0]} to {years[-1]}"


def _end(match: re.Match[str]) -> str:
    """ "Until the end of May" is until May, which belongs to it; other ends are read elsewhere."""
    word = " ".join(match["word"].lower().split())
    if match["end"].lower() == "end":
        return {"until": "until ", "till": "until ", "by": "until ", "up to": "until ", "after": "after "}.get(
            word, match[0]
        )
    return {"since": "since ", "from": "since ", "starting": "since ", "before": "before "}.get(word, match[0])


def _slashed(match: re.Match[str]) -> str:
    """The day that can't be a month tells which is which; where both can be either, it is left as it is."""
    one, two = int(match["one"]), int(match["two"])
    if one > 12 >= two >= 1:
        one, two = two, one
    elif not two > 12 >= one >= 1:
        return match[0]
    return f"{match['y']}-{one:02d}-{two:02d}" if two <= 31 else match[0]


def _lately(match: re.Match[str]) -> str:
    what = " ".join(match["what"].lower().split())
    if what == "fortnight":
        return f"{match['lead']}14 days"
    if what.startswith("half"):
        return f"{match['lead']}6 months"
    return f"{match['lead']}2 {what.split()[-1]}"
