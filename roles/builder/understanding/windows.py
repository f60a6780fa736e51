"""Windows of time in words, brought into one form: "in March 2024" is ``span 2024-03-01 2024-03-31``."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from datetime import date

from roles.builder.understanding.shared_dates import with_whole_dates

__all__ = ["moment_of", "moment_text", "windows_in_dates"]

NOTE = "{!r} is counted from the day on which it is asked"
_MONTHS = {
    name.lower(): number
    for names in (calendar.month_name, calendar.month_abbr, (*[""] * 9, "sept"))
    for number, name in enumerate(names) if name
}  # fmt: skip
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_YEAR = r"(?:19|20)\d{2}"
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_ISO = r"\d{4}-\d{2}-\d{2}"
_FULL: tuple[str, ...] = (
    rf"(?P<day>{_DAY})\s+(?:of\s+)?(?P<month>{_MONTH})\.?,?\s+(?P<year>{_YEAR})",
    rf"(?P<month>{_MONTH})\.?\s+(?P<day>{_DAY}),?\s+(?P<year>{_YEAR})",
    rf"(?P<year>{_YEAR})/(?P<number>\d{{1,2}})/(?P<day>\d{{1,2}})",
)
_ISO_MONTH = re.compile(r"(?<![\d-])(?P<year>(?:19|20)\d{2})-(?P<month>0[1-9]|1[0-2])(?![-\d])")
_QUARTERS = {"1st": 1, "first": 1, "2nd": 2, "second": 2, "3rd": 3, "third": 3, "4th": 4, "fourth": 4, "last": 4}
_PERIOD = (
    rf"(?:(?P<month>{_MONTH})\.?,?(?:\s+of)?\s+(?P<y1>{_YEAR})|q(?P<q>[1-4])[\s/-]*(?:of\s+)?(?P<y2>{_YEAR})"
    rf"|(?:the\s+)?(?P<qw>{'|'.join(_QUARTERS)})\s+quarter\s+(?:of\s+)?(?P<y3>{_YEAR})|(?P<y5>{_YEAR})[\s-]*q(?P<q2>[1-4])"
    rf"|(?:the\s+)?(?:calendar\s+|fiscal\s+|financial\s+)?(?:year\s+)?(?P<y4>{_YEAR}))(?![\d-])"
)
_P1, _P2 = (re.sub(r"\?P<(\w+)>", rf"?P<{side}_\1>", _PERIOD) for side in ("a", "b"))
_SPAN = re.compile(rf"\b(?:between|from|in|during)\s+(?P<a>{_ISO}|{_P1})\s*(?:and|to|until|till|through|up to|–|-)\s*"
                   rf"(?P<b>{_ISO}|{_P2})", re.IGNORECASE)  # fmt: skip
_WITHIN = re.compile(rf"\b(?:in|during|within|throughout|over|for|dated|of)\s+(?P<a>{_P1})(?!\s*%)", re.IGNORECASE)
_BARE = re.compile(rf"(?<![\d-])\b(?P<a>{_P1})", re.IGNORECASE)
_EDGE = re.compile(
    rf"\b(?P<word>since|after|later than|from|starting(?: from| in)?|on or after|before|earlier than|prior to"
    rf"|until|till"
    rf"|up to|by|on or before)\s+(?:the\s+(?:start|beginning|end)\s+of\s+)?(?P<a>{_P1})(?:\s+(?:on|onwards?))?",
    re.IGNORECASE,
)
_UNITS = ("day", "week", "month", "quarter", "year", "months")
_SMALL = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "ten": 10, "twelve": 12, "thirty": 30}
_LEAD = r"\b(?:(?:in|over|during|within|for|from|of|since)\s+)?(?:the\s+|this\s+)?"
_RELATIVE = re.compile(
    _LEAD
    + r"(?:(?P<back>last|past|previous|preceding|trailing|prior|most recent)|(?P<on>next|coming|following|upcoming))"
    rf"\s+(?:(?P<number>\d+|{'|'.join(_SMALL)})\s+)?(?:calendar\s+|full\s+|business\s+)?(?P<unit>day|week|month|quarter"
    r"|year)s?\b(?!\s*['’]s)(?!\s+(?:statement|report|balance|figure|row|record)s?\b)",
    re.IGNORECASE,
)
_NOW = re.compile(
    _LEAD
    + r"(?:(?:this|current)\s+(?P<unit>week|month|quarter|year)|(?P<to>year|month)[ -]to[ -]date|(?P<short>ytd|mtd)"
    r"|(?P<day>today|yesterday|tomorrow))\b",
    re.IGNORECASE,
)


def moment_of(said: str) -> str:
    """The moment that stands for a date in a text, as filters name it; empty for a date."""
    if not said.startswith("9"):
        return ""
    unit, away = _UNITS[int(said[1])], int(said[5:7] + said[8:10]) - 5000
    return f"{unit}{away:+d}"


def moment_text(unit: str, away: int) -> str:
    """A moment in the form of a date, of a year that no window reaches."""
    digits = f"{away + 5000:04d}"
    return f"9{_UNITS.index(unit)}00-{digits[:2]}-{digits[2:]}"


def _as_relative(match: re.Match[str]) -> str:
    unit = match["unit"].lower()
    said = (match["number"] or "").lower()
    number = _SMALL.get(said) or int(said or 1)
    forward = match["on"] is not None
    if unit == "quarter" and said:
        unit, number = "month", 3 * number
    if not said and not (unit == "day" or (match["back"] or "").lower() in ("past", "trailing")):
        away = 1 if forward else -1
        return f"span {moment_text(unit, away)} {moment_text(unit, away + 1)}"
    days = {"day": number, "week": 7 * number}.get(unit, 0)
    away = number * (12 if unit == "year" else 1)
    here = ("day", days) if days else ("months", away)
    if forward:
        return f"span {moment_text('day', 0)} {moment_text(here[0], here[1] + (1 if days else 0))}"
    return f"span {moment_text(here[0], -here[1])} {moment_text('day', 1)}"


def _as_now(match: re.Match[str]) -> str:
    if match["day"]:
        away = {"yesterday": -1, "today": 0, "tomorrow": 1}[match["day"].lower()]
        return f"span {moment_text('day', away)} {moment_text('day', away + 1)}"
    if match["unit"]:
        unit = match["unit"].lower()
        return f"span {moment_text(unit, 0)} {moment_text(unit, 1)}"
    unit = (match["to"] or {"ytd": "year", "mtd": "month"}[match["short"].lower()]).lower()
    return f"span {moment_text(unit, 0)} {moment_text('day', 1)}"


def windows_in_dates(text: str) -> tuple[str, tuple[str, ...]]:
    """The text with all its times as ISO dates, and notes on what was put in place of others.

    A window becomes ``span START END`` (both belong to it). One that depends on the day of the question has moments
    (see `moment_of`) in their place, of which the end does not belong to it.
    """
    plain = with_whole_dates(text)
    plain = _ISO_MONTH.sub(lambda match: f"{calendar.month_name[int(match['month'])]} {match['year']}", plain)
    for pattern in _FULL:
        plain = re.sub(rf"\b{pattern}\b", _as_iso, plain, flags=re.IGNORECASE)
    plain = _HALF.sub(_as_half, plain)
    plain = _SPAN.sub(_as_span, plain)
    plain = _OPEN.sub(_as_open, plain)
    plain = _WITHIN.sub(_as_within, plain)
    plain = _EDGE.sub(_as_edge, plain)
    plain = _BARE.sub(_as_within, plain)
    notes: list[str] = []

    def told(change: Callable[[re.Match[str]], str]) -> Callable[[re.Match[str]], str]:
        def noted(match: re.Match[str]) -> str:
            notes.append(NOTE.format(" ".join(match[0].split())))
            return change(match)

        return noted

    plain = _RELATIVE.sub(told(_as_relative), plain)
    plain = _NOW.sub(told(_as_now), plain)
    return _AT_EDGE.sub(_as_moment, plain), tuple(notes)


_AT_EDGE = re.compile(
    r"\b(?P<word>before|earlier than|prior to|after|later than|since|starting from|until|till|up to|by)"
    r" span (?P<start>9\d{3}-\d{2}-\d{2}) (?P<end>9\d{3}-\d{2}-\d{2})"
)


def _as_moment(match: re.Match[str]) -> str:
    """ "Before today": one end of a window that depends on the day; its end does not belong to it."""
    word = match["word"]
    if word in ("since", "starting from"):
        return f"since {match['start']}"
    if word in ("after", "later than"):
        return f"since {match['end']}"
    return f"before {match['end' if word in ('until', 'till', 'up to', 'by') else 'start']}"


_HALF = re.compile(
    r"\b(?:(?:in|during|within|throughout|over|for|of)\s+)?(?:(?:the\s+)?(?P<half>first|second|1st|2nd)\s+half\s+of\s+(?:the\s+year\s+)?"
    rf"|h(?P<h>[12])[\s/-]*(?:of\s+)?)(?P<year>{_YEAR})\b",
    re.IGNORECASE,
)


def _as_half(match: re.Match[str]) -> str:
    first = (match["half"] or match["h"]).lower() in ("first", "1st", "1")
    return f"in {match['year']}-{'01-01' if first else '07-01'} to {match['year']}-{'06-30' if first else '12-31'}"


def _as_iso(match: re.Match[str]) -> str:
    named = match.groupdict()
    month = int(named["number"]) if named.get("number") else _MONTHS[named["month"].lower()]
    try:
        return date(int(named["year"]), month, int(re.sub(r"\D", "", named["day"]))).isoformat()
    except ValueError:
        return match[0]


def _ends(match: re.Match[str], side: str) -> tuple[date, date]:
    """The first and the last day of a period."""

    def part(name: str) -> str:
        return match.groupdict().get(f"{side}_{name}") or ""

    year = int(next(part(name) for name in ("y1", "y2", "y3", "y4", "y5") if part(name)))
    if part("month"):
        first = last = _MONTHS[part("month").lower()]
    elif part("q") or part("q2") or part("qw"):
        quarter = int(part("q") or part("q2") or 0) or _QUARTERS[part("qw").lower()]
        first, last = 3 * quarter - 2, 3 * quarter
    else:
        first, last = 1, 12
    return date(year, first, 1), date(year, last, calendar.monthrange(year, last)[1])


def _as_span(match: re.Match[str]) -> str:
    start = match["a"] if re.fullmatch(_ISO, match["a"]) else _ends(match, "a")[0].isoformat()
    end = match["b"] if re.fullmatch(_ISO, match["b"]) else _ends(match, "b")[1].isoformat()
    return f"span {start} {end}"


_OPEN = re.compile(
    rf"\b(?:in|from|of|during)?\s*(?P<a>{_P1})\s+(?:or|and)\s+(?P<way>later|after|newer|onwards?|earlier|before|older)\b",
    re.IGNORECASE,
)


def _as_open(match: re.Match[str]) -> str:
    start, end = _ends(match, "a")
    later = match["way"].lower() in ("later", "after", "newer", "onward", "onwards")
    return f" since {start.isoformat()}" if later else f" until {end.isoformat()}"


def _as_within(match: re.Match[str]) -> str:
    start, end = _ends(match, "a")
    plain_year = match["a_y4"] and not re.search(r"year", match[0], re.IGNORECASE)
    if plain_year and not match[0].lower().startswith(("in", "during", "within", "throughout", "dated", "for")):
        # "a price of 2024" is no year
        return match[0]
    return f"span {start.isoformat()} {end.isoformat()}"


_ONWARDS = re.compile(r"\bon(?:wards?)?$", re.IGNORECASE)
_THINGS_BEFORE = re.compile(r"\b[a-z]{2,}s\s+$", re.IGNORECASE)


def _as_edge(match: re.Match[str]) -> str:
    start, end = _ends(match, "a")
    word = match["word"].lower()
    said_end = re.search(r"\bend of\b", match[0], re.IGNORECASE)
    ways: dict[str, Callable[[], str]] = {
        "after": lambda: f"after {end.isoformat()}",
        "later than": lambda: f"after {end.isoformat()}",
        "before": lambda: f"before {(end if said_end else start).isoformat()}",
        "earlier than": lambda: f"before {start.isoformat()}",
        "prior to": lambda: f"before {start.isoformat()}",
    }
    if word in ways:
        return ways[word]()
    if word in ("until", "till", "up to", "by", "on or before"):
        return f"until {end.isoformat()}"
    if word == "from" and _THINGS_BEFORE.search(match.string[: match.start()]) and not _ONWARDS.search(match[0]):
        # "orders from 2024" are of that year, who is "hired from 2024 on" came since
        return f"span {start.isoformat()} {end.isoformat()}"
    return f"since {start.isoformat()}"
