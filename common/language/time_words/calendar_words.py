"""The words of the calendar: weekdays, months, relative days, periods and feasts, with common misspellings."""

from __future__ import annotations

from common.language.words import by_word

__all__ = [
    "EDGES",
    "HOLIDAYS",
    "MONTHS",
    "NAMED_DAYS",
    "PERIODS",
    "RELATIVE_DAYS",
    "WEAK_MONTHS",
    "WEAK_WEEKDAYS",
    "WEEKDAYS",
    "WHICH",
]

WEEKDAYS = by_word(
    {
        0: "monday mon mondays monday's",
        1: "tuesday tue tues tuesdays teusday tuesday's",
        2: "wednesday wed weds wednesdays wendsday wensday wednsday wednesday's",
        3: "thursday thu thur thurs thursdays thrusday thursday's",
        4: "friday fri fridays firday friady friday's",
        5: "saturday sat saturdays saterday satuday saturday's",
        6: "sunday sun sundays sunday's",
    }
)
WEAK_WEEKDAYS = frozenset({"sun", "sat", "wed", "mon", "thu"})
NAMED_DAYS = frozenset({"black", "casual", "cyber", "ash", "super", "bloody"})
"""Words that make a weekday a name ("Black Friday")."""
MONTHS = by_word(
    {
        1: "january jan",
        2: "february feb febuary",
        3: "march mar",
        4: "april apr",
        5: "may",
        6: "june jun",
        7: "july jul",
        8: "august aug",
        9: "september sept sep septemer",
        10: "october oct",
        11: "november nov",
        12: "december dec decemeber",
    }
)
WEAK_MONTHS = frozenset({"may", "march", "mar"})
RELATIVE_DAYS = by_word(
    {
        0: "today tonight todays today's tonite tonight's",
        1: "tomorrow tomorrow's tomorrows tommorow tomorow tommorrow tmrw tmr tmrow tomorrrow",
        2: "overmorrow",
        -1: "yesterday yesterday's",
    }
)
WHICH = by_word(
    {"this": "this current", "next": "next", "last": "last past previous", "": "coming upcoming following every each"}
)
PERIODS = by_word(
    {"week": "week week's weeks", "weekend": "weekend week-end wkend weekend's", "month": "month", "year": "year"}
)
EDGES = by_word(
    {
        "end": "end late",
        "start": "beginning start early",
        "middle": "middle mid",
        "rest": "rest remainder",
        "later": "later",
    }
)
HOLIDAYS: dict[tuple[str, ...], str] = {
    ("christmas", "eve"): "christmas eve", ("christmas", "day"): "christmas", ("christmas",): "christmas",
    ("xmas",): "christmas", ("boxing", "day"): "boxing day", ("new", "year's", "eve"): "new year's eve",
    ("new", "years", "eve"): "new year's eve", ("new", "year's", "day"): "new year", ("new", "year's"): "new year",
    ("new", "year"): "new year", ("halloween",): "halloween", ("valentine's", "day"): "valentine's day",
    ("valentines", "day"): "valentine's day", ("easter", "sunday"): "easter", ("easter", "monday"): "easter monday",
    ("good", "friday"): "good friday", ("easter",): "easter", ("thanksgiving",): "thanksgiving",
}  # fmt: skip
