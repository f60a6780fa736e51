"""What somebody wants of devices ("dim", "a bit warmer", "to 40 percent"), read from their words.

Which devices are meant is read elsewhere; what a wish comes to depends on the device and its present state.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal, get_args

from common.language.words import Tokens, read_number, tokenize, word_set
from common.remembered import Remembered

__all__ = ["COLOURS", "Colour", "Wish", "read_wish"]

Colour = Literal["white", "warm white", "cool white", "red", "orange", "yellow", "green", "blue", "purple", "pink"]
COLOURS: tuple[str, ...] = get_args(Colour)

_COLOUR_WORDS = {
    **{colour: colour for colour in COLOURS},
    "daylight": "cool white", "cold white": "cool white", "neutral white": "white", "violet": "purple",
    "lilac": "purple", "magenta": "pink", "amber": "orange", "turquoise": "blue", "gold": "yellow",
}  # fmt: skip
_COLOUR = re.compile(rf"\b(?:{'|'.join(sorted(_COLOUR_WORDS, key=len, reverse=True))})\b", re.IGNORECASE)
_NEGATED = re.compile(r"\b(?:don['’]?t|do not|never|no need to)\b", re.IGNORECASE)
_ON_VERBS = word_set("turn turned switch switched put power get have flip flick click keep leave set bring all go")
_ON_WORDS = word_set("start run activate enable brew make boil launch play unmute resume heat preheat begin")
_OFF_WORDS = word_set("off stop deactivate disable kill extinguish mute silence pause out")
_ON_FOLLOWERS = word_set("please now in and at too again for everywhere upstairs downstairs , . ! ?")
_UP = {
    "up": "", "raise": "", "increase": "", "boost": "", "higher": "", "more": "", "lift": "", "bump": "",
    "brighten": "light", "brighter": "light", "lighter": "light", "gloomy": "light", "louder": "sound",
    "faster": "speed", "stronger": "speed", "warmer": "heat", "hotter": "heat", "warm": "heat",
}  # fmt: skip
_DOWN = {
    "down": "", "lower": "", "decrease": "", "reduce": "", "less": "", "drop": "",
    "dim": "light", "dimmer": "light", "darker": "light", "darken": "light", "dimmed": "light", "softer": "",
    "quieter": "sound", "slower": "speed", "cooler": "heat", "colder": "heat", "cool": "heat",
}  # fmt: skip
_COMPLAINTS: dict[str, tuple[int, str]] = {
    "cold": (1, "heat"), "chilly": (1, "heat"), "freezing": (1, "heat"), "cool": (1, "heat"),
    "hot": (-1, "heat"), "warm": (-1, "heat"), "boiling": (-1, "heat"), "sweating": (-1, "heat"),
    "stuffy": (-1, "heat"), "dark": (1, "light"), "gloomy": (1, "light"), "dim": (1, "light"), "bright": (-1, "light"),
    "loud": (-1, "sound"), "quiet": (1, "sound"),
}  # fmt: skip
_COMPLAINING = word_set("too so really pretty bit little quite very i'm we're it's is am are feel feeling")
_NO_DIRECTION = frozenset({("shut", "down"), ("power", "down"), ("power", "up"), ("light", "up")})
_MAKING = word_set("make get keep turn set change")
_OPEN = word_set("open raise lift opened")
_CLOSE = word_set("close shut lower closed draw drop")
_LEVELS = {
    "half": 50.0, "halfway": 50.0, "medium": 50.0, "middle": 50.0, "quarter": 25.0, "full": 100.0, "fully": 100.0,
    "max": 100.0, "maximum": 100.0, "brightest": 100.0, "high": 100.0, "highest": 100.0, "min": 1.0, "minimum": 1.0,
    "lowest": 1.0, "dimmest": 1.0, "low": 25.0,
}  # fmt: skip
_SMALL = word_set("bit little slightly touch tad somewhat")
_BIG = word_set("lot much way lots far considerably")
_PERCENT = word_set("% percent percentage pct per")
_DEGREES = word_set("degree degrees ° celsius centigrade c fahrenheit f grad")
_TO = word_set("to at on = : with of")
_COMPARATIVES = word_set(
    "more less higher lower warmer hotter cooler colder brighter darker dimmer louder quieter up down"
)
_ABOUT: dict[str, str] = {
    "brightness": "light", "light": "light", "lights": "light", "lamp": "light", "lamps": "light", "volume": "sound",
    "sound": "sound", "music": "sound", "temperature": "heat", "heat": "heat", "heating": "heat", "thermostat": "heat",
    "degrees": "heat", "speed": "speed",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted; everything that was not said is None, 0 or "".

    `level` is a percentage, `degrees` a temperature in Celsius, `number` a number without unit; with `relative` they
    are steps. `direction` is 1 for more and -1 for less, `amount` scales it. `aspect` is what the words are about:
    light, sound, heat or speed.
    """

    power: Literal["on", "off", "toggle", ""] = ""
    movement: Literal["open", "close", ""] = ""
    lock: Literal["locked", "unlocked", ""] = ""
    level: float | None = None
    degrees: float | None = None
    number: float | None = None
    relative: bool = False
    direction: int = 0
    amount: float = 1.0
    colour: str = ""
    aspect: str = ""
    negated: bool = False

    @property
    def empty(self) -> bool:
        """Whether nothing is wanted."""
        values = (self.power, self.movement, self.lock, self.colour, self.direction)
        return not any(values) and self.level is None and self.degrees is None and self.number is None


def _read_wish(text: str) -> Wish:
    colour = _COLOUR.search(text)
    plain = _COLOUR.sub(" ", text) if colour else text
    tokens = tokenize(plain)
    words = frozenset(tokens.low)
    direction, aspect = _direction(tokens)
    wish = Wish(
        power=_power(tokens),
        movement=_movement(tokens),
        lock="unlocked"
        if words & {"unlock", "unlocked", "unbolt"}
        else "locked"
        if words & {"lock", "locked", "bolt"}
        else "",
        direction=direction,
        amount=0.5 if words & _SMALL else 2.0 if words & _BIG else 1.0,
        colour=_COLOUR_WORDS[colour.group().lower()] if colour else "",
        aspect=aspect,
        negated=_NEGATED.search(text) is not None,
    )
    return _with_numbers(wish, tokens)


read_wish = Remembered(_read_wish)
"""What the words ask for."""


def _power(tokens: Tokens) -> Literal["on", "off", "toggle", ""]:
    low = tokens.low
    if "toggle" in low:
        return "toggle"
    for index, word in enumerate(low):
        if word in _OFF_WORDS and not (word == "out" and tokens.word(index - 1) not in ("lights", "light", "lamps")):
            return "off"
    if "shut" in low and tokens.word(low.index("shut") + 1) == "down":
        return "off"
    for index, word in enumerate(low):
        if word == "on" and (
            index == len(low) - 1 or tokens.word(index + 1) in _ON_FOLLOWERS or _ON_VERBS & set(low[:index])
        ):
            return "on"
        if word in _ON_WORDS and index < 4 and not _made(tokens, index):
            return "on"
        if word == "light" and tokens.word(index + 1) == "up":
            return "on"
    return "on" if {"power", "up"} <= set(low) else ""


def _made(tokens: Tokens, index: int) -> bool:
    """Whether "make" goes with an adjective ("make it warmer") and not with a thing ("make coffee")."""
    return tokens.word(index) == "make" and tokens.word(index + 1) in word_set("it the them my this that all sure")


def _movement(tokens: Tokens) -> Literal["open", "close", ""]:
    for index, word in enumerate(tokens.low):
        behind = tokens.word(index + 1)
        if word in _OPEN or (word in ("roll", "pull") and "up" in tokens.low[index : index + 5]):
            return "open"
        if word in _CLOSE and not (word == "shut" and behind in ("off", "down")):
            return "close"
        if word in ("roll", "pull") and "down" in tokens.low[index : index + 5]:
            return "close"
    return ""


def _direction(tokens: Tokens) -> tuple[int, str]:
    """More (1) or less (-1), and of what, if the words tell."""
    low = tokens.low
    about = next((_ABOUT[word] for word in low if word in _ABOUT), "")
    made = bool(_MAKING & set(low[:4]))
    for index, word in enumerate(low):
        before = low[max(0, index - 4) : index]
        if word in _COMPLAINTS and not made and (_COMPLAINING & set(before)):
            return _COMPLAINTS[word]
    for index, word in enumerate(low):
        if (tokens.word(index - 1), word) in _NO_DIRECTION:
            continue
        if word in ("warm", "cool") and not (made or index == 0):
            continue
        for table, sign in ((_UP, 1), (_DOWN, -1)):
            if word in table:
                return sign, _aspect(table[word], low) or about
    if "heat" in low[:2]:
        return 1, "heat"
    return 0, about


def _aspect(said: str, low: list[str]) -> str:
    """What a word such as "brighter" speaks of; "up" leaves it to a stronger word of the same text."""
    stronger = (table[word] for word in low for table in (_UP, _DOWN) if table.get(word))
    return said or next(stronger, "")


def _with_numbers(wish: Wish, tokens: Tokens) -> Wish:
    low = tokens.low
    for index in range(len(low)):
        found = read_number(tokens, index) if low[index] not in ("a", "couple") else None
        if found is None or tokens.word(index - 1) in ("-", "#"):
            continue
        value, after = found
        unit = tokens.word(after)
        known = unit in _PERCENT or unit in _DEGREES
        if not known and not low[index][0].isdecimal() and tokens.word(index - 1) not in ("to", "by", "at"):
            continue
        return _with_number(wish, tokens, index, after, value)
    if "three" in low and "quarters" in low:
        return replace(wish, level=75.0)
    level = next((_LEVELS[word] for word in low if word in _LEVELS), None)
    if level is None and {"all", "way"} <= set(low):
        level = 100.0 if wish.direction >= 0 and wish.movement != "close" else 1.0
        level = None if wish.movement else level
    if level == 100.0 and wish.movement == "close":
        level = None
    return replace(wish, level=level) if level is not None else wish


def _with_number(wish: Wish, tokens: Tokens, first: int, after: int, value: float) -> Wish:
    unit = tokens.word(after)
    behind = tokens.word(after + 2) if unit == "per" else tokens.word(after + 1)
    before = tokens.word(first - 1)
    relative = before == "by" or (
        before not in _TO and (behind in _COMPARATIVES or unit in _COMPARATIVES or _steps(wish, tokens))
    )
    if unit in _DEGREES:
        tail = tokens.low[after : after + 3]
        if "fahrenheit" in tail or "f" in tail:
            value = value * 5 / 9 if relative else (value - 32) * 5 / 9
            value = round(value * 2) / 2
        return replace(wish, degrees=value, relative=relative, aspect=wish.aspect or "heat")
    if unit in _PERCENT:
        return replace(wish, level=value, relative=relative)
    return replace(wish, number=value, relative=relative)


def _steps(wish: Wish, tokens: Tokens) -> bool:
    """Whether a bare number is a step ("turn the heat up 2 degrees"), as it is with words of more and less."""
    return wish.direction != 0 and not {"dim", "brighten"} & set(tokens.low)
