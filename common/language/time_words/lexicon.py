"""Words that stand around and in expressions of time."""

from __future__ import annotations

from common.language.time_words.calendar_words import MONTHS, WEEKDAYS
from common.language.time_words.dayparts import DAYPARTS
from common.language.time_words.durations import UNITS
from common.language.time_words.repeating import REPEATERS
from common.language.words import NUMBER_WORDS, word_set

__all__ = ["ADJUSTING", "APPROXIMATE", "JOINTS", "LEADS", "MEASURES", "MOVING", "SCHEDULED", "STARTS"]

APPROXIMATE = frozenset({"about", "around", "roughly", "approximately", "approx", "circa", "exactly", "maybe", "say"})
MOVING = word_set("move reschedule shift push postpone change bring delay moved rescheduled switch")

LEADS = word_set(
    "on at in by for from until till til before after around about since starting during over within "
    "between past to this throughout till, approximately roughly toward towards circa @ ~ um exactly approx maybe say"
)
JOINTS = frozenset(
    {
        ",",
        "um",
        "roughly",
        "approximately",
        "circa",
        "at",
        "on",
        "in",
        "the",
        "around",
        "about",
        "of",
        "for",
        "by",
        "from",
        "between",
        "during",
        "@",
    }
)
STARTS = (
    frozenset(WEEKDAYS)
    | frozenset(MONTHS)
    | frozenset(NUMBER_WORDS)
    | frozenset(UNITS)
    | frozenset(DAYPARTS)
    | REPEATERS
    | word_set(
        "today tonight tonite tomorrow tomorrow's today's todays tonight's tomorrows tommorow tomorow "
        "tommorrow tmrw tmr tmrow tomorrrow overmorrow yesterday yesterday's noon midday noontime midnight "
        "half quarter a an the this next last past coming upcoming following every each previous current end "
        "beginning start middle mid rest remainder early late later christmas xmas boxing new halloween "
        "valentine's valentines easter good thanksgiving weekend weekends wkend couple few several first "
        "second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
        "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth thirtieth now immediately asap "
        "mornings evenings afternoons nights mornin arvo mid same work school bed bedtime dinner breakfast "
        "supper dinnertime teatime tea small wee close eod eob cob overnight midmorning midafternoon oh noonish pt "
        "two ½ ¼ ¾ dozen"
    )
)
MEASURES = word_set(
    "degrees degree ° % percent percentage pct celsius fahrenheit c f people persons guests adults kids "
    "children euro euros eur dollar dollars usd chf francs pounds gbp bucks cents km kilometers "
    "kilometres miles mile meters metres m kg kilos grams g liters litres cups cup eggs times items "
    "pieces rooms beds pages results places street st road rd avenue ave lane drive stars star slices "
    "tickets copies x points lbs k € $ £ / : * + friends of nd rd th"
)
ADJUSTING = word_set(
    "up down increase decrease raise lower reduce dim brighten warmer cooler brighter temperature "
    "thermostat heating brightness volume heat invoice order room page chapter channel number bus table "
    "gate platform version level"
)
SCHEDULED = word_set(
    "alarm alarms wake up reminder remind me meeting appointment call lunch dinner breakfast drinks it "
    "that move moved reschedule push shift postpone bring delay rescheduled earlier later forward back "
    "interview event dentist doctor session class flight train party date coffee brunch run booking"
)
