"""Tools as role and host authors would declare them; none of them is a shipped one."""

from __future__ import annotations

from typing import Any

from common.language.calls import ToolShape

Schema = dict[str, Any]


def text(form: str = "", **more: Any) -> Schema:
    return {"type": "string", **({"format": form} if form else {}), **more}


def shape(name: str, description: str, properties: Schema, required: tuple[str, ...], *utterances: str) -> ToolShape:
    schema = {"type": "object", "properties": properties, "required": list(required), "x-utterances": list(utterances)}
    return ToolShape(name, description, schema)


DEVICES = {
    "kitchen light": ["kitchen lamp", "light in the kitchen", "kitchen lights"],
    "living room light": ["lounge light", "living room lamp", "living room lights"],
    "bedroom light": ["bedside lamp", "bedroom lights"],
    "hall light": ["hallway light"],
    "thermostat": ["heating", "heater", "radiator"],
    "fan": ["ventilator"],
    "front door": ["main door", "house door"],
    "coffee machine": ["coffee maker", "espresso machine"],
}
ROOMS = ["kitchen", "living room", "bedroom", "hall"]

SKY = shape(
    "sky.outlook",
    "The weather forecast for a place on a day or over several days.",
    {"place": text("place"), "when": text("when")},
    (),
    "what's the weather tomorrow",
    "will it rain on Saturday",
    "how cold does it get tonight in Oslo",
    "forecast for the weekend",
    "do I need an umbrella on Monday",
    "check the weather",
    "is it going to snow in Davos",
    "how windy will it be tomorrow afternoon",
)
COUNT = shape(
    "clock.count_down",
    "Start a countdown timer for a length of time.",
    {"duration": text("duration"), "label": text("subject")},
    ("duration",),
    "set a timer for 10 minutes",
    "start a pasta timer for 8 minutes",
    "count down two hours",
    "20 minute timer please",
    "time 3 minutes for the eggs",
    "I need a timer for half an hour",
)
ALARM = shape(
    "clock.ring",
    "Set an alarm that rings at a time of day.",
    {"when": text("when"), "label": text("subject")},
    ("when",),
    "wake me up at 7",
    "set an alarm for 6:30",
    "get me up at half past five tomorrow",
    "alarm at 8 please",
    "I have to get up at six on Monday",
    "make the alarm go off at noon",
)
NUDGE = shape(
    "clock.nudge",
    "Remind the user of something at a time or before an event.",
    {"what": text("subject"), "when": text("when")},
    ("when",),
    "remind me to call mom at 5",
    "remind me an hour before",
    "set a reminder for tomorrow to pay the rent",
    "don't let me forget the bins on Thursday",
    "remind me about the meeting 10 minutes before it starts",
    "nudge me in 20 minutes to stretch",
    "can you remind me the day before",
    "tell me to take my pills at nine",
)
TIMERS = shape(
    "clock.overview",
    "List the timers, alarms and reminders that are set.",
    {},
    (),
    "which timers are running",
    "how much time is left on my timer",
    "list my alarms",
    "what reminders do I have",
    "show me all timers",
    "do I have an alarm set for tomorrow",
)
ENTER = shape(
    "dates.enter",
    "Add an event to the user's calendar.",
    {"subject": text("subject"), "when": text("when"), "duration": text("duration"), "person": text("person")},
    ("subject", "when"),
    "add dentist on Friday at 3 to my calendar",
    "schedule a meeting with Anna tomorrow at 10",
    "put lunch with Bob in my calendar for Monday noon",
    "book two hours for the report on Thursday afternoon",
    "new event on the 3rd: team dinner at 7",
    "pencil in a call with the bank next week",
    "plan a hike for Sunday",
)
AGENDA = shape(
    "dates.look",
    "List the events in the user's calendar on a day or in a range.",
    {"when": text("when")},
    (),
    "what's on my calendar today",
    "do I have anything on tomorrow",
    "show me my appointments for next week",
    "when is my next meeting",
    "am I busy on Friday afternoon",
    "what does my week look like",
    "read me my schedule for Monday",
    "any meetings this morning?",
)
SHIFT = shape(
    "dates.shift",
    "Move an event of the calendar to another time.",
    {"subject": text("subject"), "when": text("when", description="the old time"), "new_when": text("when")},
    ("subject", "new_when"),
    "move the dentist to Friday at 9",
    "reschedule my meeting with Anna from Monday to Wednesday at 2",
    "push the call back to 4pm",
    "postpone lunch with Bob to next week",
    "change my haircut to Thursday",
)
STRIKE = shape(
    "dates.strike",
    "Cancel an event of the calendar.",
    {"subject": text("subject"), "when": text("when")},
    ("subject",),
    "cancel my dentist appointment",
    "delete the meeting with Anna on Friday",
    "remove lunch from my calendar",
    "I can't make it to yoga on Thursday, take it out of my calendar",
    "clear the 3pm call",
)
SWITCH = shape(
    "house.switch",
    "Switch a device of the house on or off, dim it or set its temperature.",
    {
        "device": text(enum=list(DEVICES), **{"x-choices": DEVICES}),
        "on": {"type": "boolean"},
        "brightness": {"type": "integer", "minimum": 0, "maximum": 100, "description": "percent"},
        "temperature": {"type": "number", "minimum": 5, "maximum": 30, "description": "degrees"},
    },
    ("device",),
    "turn on the kitchen light",
    "switch the fan off",
    "dim the bedroom lights to 30 percent",
    "set the heating to 21 degrees",
    "lights off in the living room",
    "make it warmer, 22 degrees",
    "turn the coffee machine on",
    "bedroom light to half",
)
SCENE = shape(
    "house.scene",
    "Activate a scene of the house.",
    {
        "scene": text(
            enum=["movie night", "good morning", "away", "bedtime"],
            **{"x-choices": {"away": ["leaving", "nobody home"], "movie night": ["cinema", "film"]}},
        )
    },
    ("scene",),
    "start movie night",
    "activate the bedtime scene",
    "set the house to away",
    "good morning scene please",
    "we're leaving, switch to away mode",
)
STATE = shape(
    "house.state",
    "Tell the state of a device of the house.",
    {"device": text(enum=list(DEVICES), **{"x-choices": DEVICES})},
    ("device",),
    "is the kitchen light on",
    "is the front door locked",
    "what's the heating set to",
    "did I leave the coffee machine on",
    "are the bedroom lights off",
)
LIBRARY = shape(
    "library.search",
    "Search the user's own documents and notes.",
    {"query": text("query")},
    ("query",),
    "search my notes for the wifi password",
    "find documents about the roof repair",
    "what do my files say about taxes",
    "look up the opening hours of the museum",
    "search for lodging near Zermatt",
    "which huts are open in winter",
    "find my recipe for lemon cake",
)
KEEP = shape(
    "mind.keep",
    "Remember a fact about the user.",
    {"fact": text("subject")},
    ("fact",),
    "remember that my locker code is 4711",
    "note that Anna is allergic to nuts",
    "keep in mind that I prefer window seats",
    "don't forget that my car is on level 3",
    "please remember my shoe size is 42",
)
RECALL = shape(
    "mind.recall",
    "Recall what the user asked to remember.",
    {"query": text("query")},
    ("query",),
    "what is my locker code",
    "where did I park",
    "what do you know about Anna",
    "what did I tell you about my shoe size",
    "do you remember my wifi password",
)
REFUND = shape(
    "billing.pay_back",
    "Refund an invoice, in full or in part.",
    {
        "invoice": text(description="number of the invoice"),
        "amount": {"type": "number", "description": "euros to refund"},
        "reason": text(description="why"),
    },
    ("invoice", "amount"),
    "refund invoice 12",
    "pay back 10 euros of invoice 3",
    "return the money for invoice 88",
)
MAIL = shape(
    "post.write",
    "Send an e-mail to somebody.",
    {"to": text("email"), "subject_line": text("subject"), "message": text()},
    ("to", "message"),
    "email bob@example.com saying I'm late",
    "write a mail to the office",
    "send an email to anna@example.org that the report is done",
)
TICKET = shape(
    "desk.open_ticket",
    "Open a support ticket.",
    {
        "title": text("subject"),
        "priority": text(enum=["low", "normal", "high", "urgent"]),
        "customer": text("person"),
        "tags": {"type": "array", "items": text(enum=["billing", "login", "printer", "network"])},
    },
    ("title",),
    "open a ticket about the broken printer",
    "create an urgent ticket for Carla: login fails",
    "file a support case",
)
FLIGHT = shape(
    "air.find_flights",
    "Find flights between two cities.",
    {
        "from_city": text(description="city of departure"),
        "to_city": text(description="city of arrival"),
        "date": text("date"),
        "passengers": {"type": "integer", "minimum": 1, "maximum": 9},
        "direct": {"type": "boolean", "description": "only direct flights"},
    },
    ("from_city", "to_city", "date"),
    "find a flight from Bern to Oslo on 3 May",
    "flights to Rome tomorrow for two people",
    "book me a direct flight from Zurich to Berlin",
)
HOME = (SKY, COUNT, ALARM, NUDGE, TIMERS, ENTER, AGENDA, SHIFT, STRIKE, SWITCH, SCENE, STATE, LIBRARY, KEEP, RECALL)
HOST = (REFUND, MAIL, TICKET, FLIGHT)
