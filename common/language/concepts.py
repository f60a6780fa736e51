"""Words of one meaning: what people call the same thing, so that a text matches others that say it differently."""

from __future__ import annotations

from functools import cache

from common.language.words import stem

__all__ = ["STOP_WORDS", "WEAK_WORDS", "concepts_of"]


def _with_stems(text: str) -> frozenset[str]:
    words = text.split()
    return frozenset(words) | frozenset(stem(word) for word in words)


STOP_WORDS = _with_stems(
    "a an the this that these those and or but so if then than as of at by for from in into to with about is "
    "am are was were be been being it its it's i i'm i'd i'll i've me my mine we us our you your he him his "
    "she her they them their please pls plz can could would will shall should may might must do does did have "
    "has had having just really very also too there here some any no not want wanna like need let let's lets "
    "us gonna going get got give tell hey hi hello ok okay thanks thank kindly maybe perhaps again yes yeah "
    "all every each what what's whats which who whom whose when where why how whether is' s t d ll ve re m o"
)
"""Words that carry next to nothing of what a text is about."""

WEAK_WORDS = _with_stems(
    "anything something everything nothing thing things stuff someone somebody one ones way kind sort bit lot "
    "much many more other others next now out up back down over away along through today good great nice "
    "little set have make go do use using user user's users"
)
"""Words that say little by themselves."""

_GROUPS = {
    "weather": (
        "weather forecast forecasts rain rains rainy raining snow snows snowing snowy sun sunny sunshine "
        "shine cloud clouds cloudy storm stormy thunder thunderstorm lightning wind winds windy hail humid "
        "humidity umbrella drizzle degrees outside freezing freeze precipitation meteo jacket coat raincoat "
        "sleet fog foggy frost chilly wet dry warm cold hot mild temperature temperatures heatwave blizzard "
        "uv climate overcast shower showers"
    ),
    "warmth": (
        "temperature warm hot cold cool heat heating heater thermostat radiator warmer hotter cooler colder "
        "celsius fahrenheit degree boiler furnace ac"
    ),
    "timer": "timer timers countdown stopwatch egg minute minutes seconds hourglass",
    "alarm": "alarm alarms wake waking wakeup snooze getup",
    "remind": "remind reminder reminders nudge ping notify notification prompt",
    "event": (
        "event events meeting meetings appointment appointments calendar agenda schedule diary session "
        "booking engagement call lunch dinner breakfast brunch coffee date plans entry dentist doctor "
        "interview haircut checkup physio party birthday class lesson workshop standup"
    ),
    "light": (
        "light lights lamp lamps bulb bulbs brightness dim dimmer brighten bright brighter dark darker darken "
        "illuminate lighting chandelier spotlight"
    ),
    "device": (
        "device devices switch plug socket fan heater blinds blind shutter shutters curtain curtains lock "
        "unlock door garage tv television speaker oven kettle vacuum thermostat radiator heating machine "
        "appliance gate window"
    ),
    "scene": "scene scenes mode mood ambience atmosphere",
    "seek": "search find look lookup seek locate browse google hunt research query explore discover",
    "document": (
        "document documents file files note notes pdf pdfs paper papers page pages article articles folder "
        "text report guide manual handbook instructions recipe letter contract"
    ),
    "add": (
        "add adds create make put insert enter set schedule book plan arrange register log record save pencil "
        "block reserve organise organize append new"
    ),
    "remove": (
        "remove delete cancel drop scrap erase clear discard forget dismiss scratch unschedule abolish revoke "
        "wipe eliminate purge undo"
    ),
    "move": ("move reschedule postpone shift push delay bring change defer forward earlier later rearrange transfer"),
    "list": (
        "list show display see view read overview enumerate pending upcoming active running current left remaining"
    ),
    "free": "free available availability busy open slot gap vacant spare booked",
    "off": "off disable deactivate shut kill stop",
    "on": "on enable activate start",
    "money": (
        "money pay payment payments refund refunds invoice invoices bill bills charge price cost costs euro "
        "euros dollar dollars francs amount fee budget bank account balance transfer reimburse reimbursement "
        "credit debit currency spend spent expense expenses cash"
    ),
    "mail": (
        "mail mails email emails e-mail message messages send sent text sms letter inbox reply forward write recipient"
    ),
    "trip": (
        "trip travel travels journey vacation holiday flight flights fly hotel hotels hostel lodging "
        "accommodation lodge hut huts stay airbnb train tour tourism cruise ferry airline airport visa"
    ),
    "music": "music song songs playlist album play track artist listen melody concert band lyrics audio",
    "food": (
        "food recipe recipes cook cooking restaurant restaurants meal meals eat cuisine dish dishes "
        "ingredient ingredients bake nutrition calories diet menu vegan vegetarian drink wine"
    ),
    "place": (
        "place places location address city town near nearby nearest where map directions route distance area region"
    ),
    "person": "person people contact contacts customer customers client user employee colleague friend",
    "fact": "fact facts know remember recall memorize memorise preference preferences favourite favorite",
    "order": (
        "order orders purchase buy shop shopping delivery deliver ship shipping shipment parcel package cart "
        "product products store item items"
    ),
    "ticket": "ticket tickets issue bug incident support case problem complaint",
    "translate": "translate translation translator language languages french german spanish italian",
    "compute": (
        "calculate calculates calculation compute sum convert conversion average multiply percentage equation "
        "math area volume solve number"
    ),
    "picture": "picture image images photo photos photograph draw drawing illustration visual logo design gif",
    "video": "video videos movie movies film films youtube watch stream episode show series",
    "news": "news headline headlines article articles latest",
    "job": "job jobs career resume cv hiring salary interview employment work",
    "learn": "learn learning course courses lesson study teach tutorial quiz exam school university education",
    "health": "health medical doctor symptom symptoms medicine hospital exercise workout fitness gym diet",
    "law": "law legal lawyer court case lawsuit contract patent statute",
    "stock": (
        "stock stocks share shares market invest investment investing portfolio crypto bitcoin trading fund funds"
    ),
    "home": "house home property real estate apartment flat rent mortgage room rooms",
    "sport": ("sport sports game games team teams player players match league score football soccer basketball tennis"),
    "science": "science physics chemistry biology gene dna cell molecule force velocity energy acceleration",
    "write": (
        "write writing essay blog copy content rewrite paraphrase edit grammar proofread summarize summarise summary"
    ),
    "data": (
        "data database sql table chart graph analytics analysis analyze analyse statistics dataset csv spreadsheet"
    ),
    "code": "code coding program programming software developer api script function repository github git",
    "web": "website websites web site url link links page domain seo internet online",
}
"""Words that people use for one thing; a word may stand in several groups."""


@cache
def _table() -> dict[str, tuple[str, ...]]:
    table: dict[str, list[str]] = {}
    for name, words in _GROUPS.items():
        for word in dict.fromkeys(stem(word) for word in words.split()):
            table.setdefault(word, []).append(f"<{name}>")
    return {word: tuple(names) for word, names in table.items()}


def concepts_of(stemmed: str) -> tuple[str, ...]:
    """The meanings a stemmed word belongs to, as marks such as ``<weather>``."""
    return _table().get(stemmed, ())
