"""Words of one meaning: what people call the same thing, so that a text matches others that say it differently."""

from __future__ import annotations

from functools import cache

from common.language.words import stem, word_set

__all__ = ["STOP_WORDS", "concepts_of"]

STOP_WORDS = word_set(
    "a an the this that these those and or but so if then than as of at by for from in into to with about "
    "is am are was were be been being it its it's i i'm i'd i'll i've me my mine we us our you your he "
    "him his she her they them their please pls plz can could would will shall should may might must do "
    "does did have has had having just really very also too there here some any no not want wanna like "
    "need let let's lets us gonna going get got give tell hey hi hello ok okay thanks thank kindly maybe "
    "perhaps again yes yeah all every each what what's whats which who whom whose when where why how whether is' s t d "
    "ll ve re m o"
)
"""Words that carry next to nothing of what a text is about."""

_GROUPS = {
    "weather": "weather forecast rain rainy raining snow snowing snowy sunny sunshine cloud cloudy storm stormy thunder "
    "thunderstorm wind windy hail humid humidity umbrella drizzle degrees outside freezing precipitation meteo jacket "
    "raincoat sleet fog foggy frost chilly wet warm cold hot",
    "warmth": "temperature warm hot cold cool heat heating thermostat radiator warmer cooler celsius fahrenheit degree",
    "timer": "timer countdown stopwatch egg",
    "alarm": "alarm wake waking wakeup snooze",
    "remind": "remind reminder reminders forget remember nudge ping notify alert notification",
    "event": "event meeting appointment calendar agenda schedule diary session booking engagement call lunch dinner "
    "date plans entry dentist doctor interview",
    "light": "light lights lamp lamps bulb brightness dim dimmer brighten bright dark illuminate",
    "device": "device switch plug socket fan heater blinds blind shutter shutters curtain curtains lock door garage tv "
    "television speaker oven kettle vacuum thermostat radiator heating",
    "scene": "scene mode mood ambience atmosphere",
    "seek": "search find look lookup seek locate browse google hunt research query",
    "document": "document documents file files note notes pdf paper papers page pages article folder text report guide",
    "add": "add create make put insert enter new set schedule book plan arrange register log record save pencil",
    "remove": "remove delete cancel drop scrap erase clear discard kill forget dismiss scratch",
    "move": "move reschedule postpone shift push delay bring change defer",
    "list": "list show display see view read overview enumerate pending upcoming active running",
    "free": "free available availability open slot gap vacant spare",
    "off": "off disable deactivate shut kill",
    "on": "on enable activate",
    "money": "money pay payment refund invoice bill charge price cost euro euros dollar dollars francs amount fee budget "
    "bank account balance transfer reimburse",
    "mail": "mail email e-mail message send text sms letter inbox reply forward write",
    "trip": "trip travel journey vacation holiday flight flights hotel hotels hostel lodging accommodation lodge hut huts "
    "stay airbnb train route",
    "music": "music song songs playlist album play track artist listen",
    "food": "food recipe recipes cook restaurant meal eat cuisine dish ingredient ingredients bake",
    "place": "place location address city town near nearby nearest where map directions",
    "person": "person contact customer client user employee colleague friend name",
    "fact": "fact know remember recall memorize memorise store preference favourite favorite birthday",
    "order": "order purchase buy shop shopping delivery deliver ship shipping shipment parcel package cart",
    "ticket": "ticket issue bug incident support case",
    "translate": "translate translation language french german spanish english italian",
    "compute": "calculate compute sum convert conversion average multiply add total percentage",
}


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
