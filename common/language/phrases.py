"""The words by which people ask: verbs of request, openings of questions and statements, nouns of things asked for.

Plain English vocabulary; nothing here knows which tools exist.
"""

from __future__ import annotations

from common.language.concepts import STOP_WORDS
from common.language.words import Tokens, word_set

__all__ = [
    "AMBIGUOUS_VERBS",
    "ARTICLES",
    "DEVICES",
    "EVENT_NOUNS",
    "INTENT_NOUNS",
    "PRONOUNS",
    "QUESTION_WORDS",
    "ROOMS",
    "SWITCH_VERBS",
    "VERBS",
    "opens_question",
    "opens_request",
    "opens_statement",
    "opens_terse",
    "statement_end",
]

AMBIGUOUS_VERBS = word_set(
    "book plan search call email mail text message order light lock time note list schedule water cook "
    "play open close set show check program record pause post file log mark name print queue rate report "
    "request reserve review save shift ship share start stop study test track transfer update view watch "
    "wash clean dry warm cool cancel charge visit ring switch turn total copy count dim block cover "
    "credit debit delay dial display document download draft estimate export fax filter fix flag grant "
    "group handle host import invoice issue join label lift limit load locate look map match measure "
    "merge move notice offer pack page pay phone photograph ping place point price process profile push "
    "query quote rank reach read refund release rent repair repeat reply reset return ride route run "
    "sample scan score sell ship sign skip sort source space sum supply support survey tag tell text tip "
    "toggle tour trace trade train translate type upload value vote walk weigh work write wake drop heat "
    "snooze change convert finish add buy book get bring put raise lower increase decrease drink hold "
    "nudge alarm renew summarise summarize"
)
VERBS = AMBIGUOUS_VERBS | word_set(
    "remind remember forget find tell give send activate deactivate create make delete remove recall "
    "enter insert arrange organise organize prepare compute calculate compare define describe explain "
    "suggest recommend list reschedule postpone rearrange extend shorten clear erase unlock brighten "
    "darken adjust enable disable mute unmute shut keep let announce inform notify alert warn ask verify "
    "confirm ensure fetch retrieve gather collect obtain provide pull pencil pop stick jot write archive "
    "attach assign approve reject deny submit register subscribe unsubscribe cancel redeem reimburse "
    "generate build deploy install configure validate analyse analyze classify convert decode encode "
    "encrypt decrypt merge rename resize rotate crop translate transcribe proofread rewrite summarize "
    "summarise simplify solve evaluate determine choose pick select purchase navigate drive direct guide "
    "invite contact learn memorise memorize store keep snooze stop resume restart begin identify look see "
    "take wake power dim fade illuminate lock arm disarm disconnect connect sync synchronise synchronize "
    "escalate dispatch allocate deposit withdraw exchange modify edit correct amend append include "
    "exclude replace discard dismiss scrap kill drop extract predict forecast monitor inspect examine "
    "investigate research google browse hunt scout subscribe publish broadcast tweet upload visualise "
    "visualize plot draw paint sketch compose sing recite narrate dictate spell pronounce imagine "
    "simulate estimate rate rank recommend advise figure close open warm heat cool turn switch put go use "
    "try check set book plan"
)
_OBJECT_STARTS = word_set(
    "a an the my our your his her their its this that these those it them him me us some any all every "
    "each both one two three four five for up out on off down in into to at about with from what when "
    "where who how whether if new another mom mum dad everything everyone someone something anything"
)
PRONOUNS = frozenset({"it", "them", "this", "that", "these", "those"})
ARTICLES = frozenset(
    {"a", "an", "the", "my", "our", "some", "any", "another", "your", "this", "that", "these", "those"}
)
QUESTION_WORDS = word_set(
    "what what's whats which who who's whose whom when when's where where's why how how's is are am was "
    "were do does did will won't would could should can may has have isn't aren't don't doesn't any "
    "anything whether what'll how'll what're who'll where're"
)
_AUXILIARY = word_set("is are am was were do does did will would could should can may has have isn't aren't don't")
_SUBJECTS = frozenset({"i", "we", "you", "they", "he", "she", "it"})
_QUESTION_SUBJECTS = word_set(
    "i it we there the my our they he she this that these those anything anyone any a an you it's your "
    "his her their all everything somebody someone anybody today tomorrow"
)
DEVICES = word_set(
    "light lights lamp lamps fan fans heater heaters heating blinds blind shutter shutters curtain "
    "curtains door doors lock locks tv television speaker speakers radio oven kettle thermostat ac aircon "
    "plug plugs switch socket vacuum music projector dishwasher radiator radiators window windows gate "
    "humidifier dehumidifier sprinkler sprinklers stove furnace boiler computer stereo chandelier "
    "spotlight spotlights hood dryer washer bulb bulbs machine maker conditioner conditioning purifier "
    "console monitor printer toaster microwave"
)
ROOMS = word_set(
    "kitchen living bedroom bathroom hall hallway office study garage garden dining nursery basement "
    "attic balcony terrace porch corridor lounge entrance cellar guest kids upstairs downstairs patio den "
    "playroom laundry toilet pantry closet stairs staircase driveway yard conservatory veranda loft room"
)
SWITCH_VERBS = word_set(
    "turn switch dim brighten lock unlock open close shut activate deactivate enable disable start stop "
    "put power raise lower lift toggle flip light illuminate"
)
EVENT_NOUNS = word_set(
    "meeting appointment event call lunch dinner breakfast brunch coffee party interview session class "
    "lesson trip flight dentist doctor haircut checkup workshop training gym birthday date drinks visit "
    "review standup presentation"
)
INTENT_NOUNS = word_set(
    "timer timers alarm alarms reminder reminders weather forecast temperature calendar schedule agenda "
    "appointments meetings events diary meeting appointment event"
)


def opens_question(tokens: Tokens, index: int, end: int) -> bool:
    """Whether a question begins at `index` ("what's", "do I have", "any meetings")."""
    word, second = tokens.word(index), tokens.word(index + 1)
    if index >= end or word not in QUESTION_WORDS:
        return False
    if word == "when" and (second in _SUBJECTS or second.endswith("ing")):
        return False
    if word in _AUXILIARY:
        return index + 1 < end and (second in _QUESTION_SUBJECTS or tokens.raw(index + 1)[:1].isupper())
    if word in ("any", "anything"):
        return second in INTENT_NOUNS or second in ("plans", "chance", "news", "on", "rain", "snow", "planned", "free")
    return index + 1 < end


def opens_request(tokens: Tokens, index: int, end: int) -> bool:
    """Whether an imperative begins at `index`; a word that is a noun too counts only with an object behind it."""
    word = tokens.word(index)
    if index >= end:
        return False
    if word not in VERBS:
        return _reads_as_order(tokens, index, end)
    if word not in AMBIGUOUS_VERBS:
        return True
    following = tokens.word(index + 1)
    if index + 1 >= end:
        return False
    return (
        following in _OBJECT_STARTS
        or following[0].isdigit()
        or following in DEVICES | ROOMS | INTENT_NOUNS
        or following[0] in "\"'#"
        or (following[0].isalpha() and not _noun_follows(tokens, index, end))
    )


_SITUATIONS = (
    ("i'm",), ("i", "am"), ("we're",), ("we", "are"), ("i", "have"), ("i've",), ("we", "have"), ("we've",),
    ("there's",), ("there", "is"), ("there", "are"), ("there", "will"), ("i'll",), ("we'll",), ("i", "will"),
    ("we", "will"),
    ("i", "plan"), ("we", "plan"), ("i", "need", "to", "be"), ("we", "need", "to", "be"), ("i", "must", "be"),
    ("i", "have", "to", "be"), ("i", "had"), ("we", "had"), ("it's",), ("it", "is"), ("i", "got"), ("we", "got"),
)  # fmt: skip
_OWNED = word_set(
    "flight train bus meeting appointment shift interview exam class lesson guests parents plane ferry game"
)
_ACTIVITIES = word_set(
    "go visit travel fly drive hike ski stay meet attend leave run swim climb camp celebrate host be cycle sail walk"
)
_STATING = word_set(
    "i'm i am we're we are have i've we've got had there's there there're is will be going gonna planning "
    "plan having organising organizing hosting throwing doing taking attending on for to a an the my our "
    "it's it need must i'll we'll that some flying driving travelling traveling leaving visiting seeing "
    "want would like go visit i'd we'd"
)


def _reads_as_order(tokens: Tokens, index: int, end: int) -> bool:
    """Whether a word that is no listed verb stands like one: before an object ("bake a cake", "rinse the glasses")."""
    word = tokens.word(index)
    plain = word.isalpha() and len(word) > 2 and word not in STOP_WORDS and word not in _NO_VERBS
    following = tokens.word(index + 1)
    object_follows = following in ("it", "them") if index + 2 >= end else following in _OBJECT_ARTICLES
    object_follows = object_follows and index + 1 < end
    return plain and object_follows and (tokens.raw(index).islower() or index == 0)


def opens_statement(tokens: Tokens, index: int, end: int) -> bool:
    """Whether the words tell of a situation and ask for nothing ("I have a flight at 9", "my train leaves at 6")."""
    if index >= end:
        return False
    if tokens.word(index) in ("my", "our", "the") and tokens.word(index + 1) in _OWNED:
        return index + 2 < end
    low = tuple(tokens.low[index : index + 4])
    if any(low[: len(words)] == words for words in _SITUATIONS):
        return not opens_request(tokens, index, end)
    return _own_activity(tokens, index, end)


def _own_activity(tokens: Tokens, index: int, end: int) -> bool:
    """I want to go hiking, we'd like to visit Rome."""
    if tokens.word(index) not in ("i", "we", "i'd", "we'd"):
        return False
    to = next((at for at in range(index + 1, min(end, index + 4)) if tokens.word(at) == "to"), None)
    return to is not None and tokens.word(to + 1) in _ACTIVITIES


def opens_terse(tokens: Tokens, index: int, end: int) -> bool:
    """Whether an order without a verb stands here: "lights off", "heating to 18", "timer 10 minutes"."""
    words = tokens.low[index:end]
    if (
        not words
        or len(words) > 8
        or (words[0] not in DEVICES | ROOMS and words[0].rstrip("s") not in ("timer", "alarm"))
    ):
        return False
    return any(word in ("on", "off", "up", "down") or word[0].isdigit() for word in words[1:])


def statement_end(tokens: Tokens, index: int, end: int) -> int:
    """The index behind the words that only open a statement ("I'm planning a")."""
    while index < end and tokens.word(index) in _STATING:
        index += 1
    return index


_OBJECT_ARTICLES = frozenset(
    {"a", "an", "the", "my", "our", "me", "us", "him", "her", "them", "some", "another", "each"}
)
_NO_VERBS = word_set(
    "on off over under near around between through during before after since until while because although though "
    "than like likes against without within behind beside across along upon toward towards per via despite except "
    "inside outside once unless whereas half both double what's that's there's here's it's let's who's when's where's "
    "how's not only even just still never always often also too instead well today tomorrow tonight yesterday"
)
_LINKS = word_set("and or of in on at with for is are was to , . ; ? !")


def _noun_follows(tokens: Tokens, index: int, end: int) -> bool:
    """Whether the word reads as the first half of a compound noun or stands alone ("book club", "search engine")."""
    return tokens.word(index + 1) in _LINKS or index + 1 >= end
