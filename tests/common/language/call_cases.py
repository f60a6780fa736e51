"""Requests with the calls people mean by them, over the made-up tools."""

from __future__ import annotations

from typing import Any, NamedTuple

Call = tuple[str, dict[str, Any]]


class Case(NamedTuple):
    request: str
    calls: tuple[Call, ...]
    waits: dict[int, tuple[int, ...]] = {}
    missing: dict[int, tuple[str, ...]] = {}


CASES = [
    Case("turn on the kitchen light", (("house.switch", {"device": "kitchen light", "on": True}),)),
    Case("please switch the fan off", (("house.switch", {"device": "fan", "on": False}),)),
    Case("dim the lounge light to 40%", (("house.switch", {"device": "living room light", "brightness": 40}),)),
    Case("could you set the heating to 21.5 degrees?", (("house.switch", {"device": "thermostat", "temperature": 21.5}),)),
    Case("turn the light in the bedroom off please", (("house.switch", {"device": "bedroom light", "on": False}),)),
    Case("hallway light on", (("house.switch", {"device": "hall light", "on": True}),)),
    Case("set the bedroom lights to half", (("house.switch", {"device": "bedroom light", "brightness": 50}),)),
    Case("turn on the coffe machine", (("house.switch", {"device": "coffee machine", "on": True}),)),
    Case(
        "turn off the kitchen and bedroom lights",
        (("house.switch", {"device": "kitchen light", "on": False}), ("house.switch", {"device": "bedroom light", "on": False})),
    ),
    Case(
        "switch off all the lights",
        tuple(("house.switch", {"device": name, "on": False}) for name in ("kitchen light", "living room light", "bedroom light", "hall light")),
    ),
    Case("is the front door locked?", (("house.state", {"device": "front door"}),)),
    Case("did I leave the coffee maker on?", (("house.state", {"device": "coffee machine"}),)),
    Case("start the cinema scene", (("house.scene", {"scene": "movie night"}),)),
    Case("activate bedtime", (("house.scene", {"scene": "bedtime"}),)),
    Case("what's the weather like in Lisbon tomorrow?", (("sky.outlook", {"place": "Lisbon", "when": "tomorrow"}),)),
    Case("will it rain this weekend", (("sky.outlook", {"when": "this weekend"}),)),
    Case("new york weather on friday", (("sky.outlook", {"place": "new york", "when": "on friday"}),)),
    Case("do I need a raincoat in St. Gallen on Sunday afternoon", (("sky.outlook", {"place": "St. Gallen", "when": "on Sunday afternoon"}),)),
    Case("how warm will it be in Rio de Janeiro next week?", (("sky.outlook", {"place": "Rio de Janeiro", "when": "next week"}),)),
    Case("forecast", (("sky.outlook", {}),)),
    Case("set a timer for 20 minutes", (("clock.count_down", {"duration": "20 minutes"}),)),
    Case("timer for the pasta, 9 minutes", (("clock.count_down", {"duration": "9 minutes", "label": "pasta"}),)),
    Case("start a 45 minute laundry timer", (("clock.count_down", {"duration": "45 minute", "label": "laundry"}),)),
    Case("count down an hour and a half", (("clock.count_down", {"duration": "an hour and a half"}),)),
    Case("wake me at 6:45 on Monday", (("clock.ring", {"when": "at 6:45 on Monday in the morning"}),)),
    Case("set an alarm for half past five", (("clock.ring", {"when": "for half past five"}),)),
    Case("remind me to water the plants tomorrow at 8", (("clock.nudge", {"what": "water the plants", "when": "tomorrow at 8"}),)),
    Case("remind me in half an hour that the cake is in the oven", (("clock.nudge", {"what": "cake is in the oven", "when": "in half an hour"}),)),
    Case("tomorrow at noon remind me to call the landlord", (("clock.nudge", {"what": "call the landlord", "when": "tomorrow at noon"}),)),
    Case("set a reminder for Thursday to put out the bins", (("clock.nudge", {"what": "put out the bins", "when": "for Thursday"}),)),
    Case("which timers are running?", (("clock.overview", {}),)),
    Case("add yoga on Tuesday at 18:30 to my calendar", (("dates.enter", {"subject": "yoga", "when": "on Tuesday at 18:30"}),)),
    Case(
        "schedule a meeting with Anna about the budget for tomorrow from 9 to 11",
        (("dates.enter", {"subject": "meeting with Anna about the budget", "when": "for tomorrow from 9 to 11", "person": "Anna"}),),
    ),
    Case(
        "put lunch with Bob in my calendar on Friday at noon for two hours",
        (("dates.enter", {"subject": "lunch with Bob", "when": "on Friday at noon", "duration": "two hours", "person": "Bob"}),),
    ),
    Case("dinner with my wife tomorrow at 7, put it in the calendar", (("dates.enter", {"subject": "dinner with my wife", "when": "tomorrow at 7 in the evening", "person": "my wife"}),)),
    Case("add a dentist appointment to my calendar", (("dates.enter", {"subject": "dentist appointment"}),), {}, {0: ("when",)}),
    Case("what's on my calendar on Thursday?", (("dates.look", {"when": "on Thursday"}),)),
    Case("do I have any meetings tomorrow morning", (("dates.look", {"when": "tomorrow morning"}),)),
    Case("move the dentist to Friday at 9", (("dates.shift", {"subject": "dentist", "new_when": "Friday at 9"}),)),
    Case(
        "reschedule my call with Dana from Monday to Wednesday at 2",
        (("dates.shift", {"subject": "call with Dana", "when": "Monday", "new_when": "Wednesday at 2"}),),
    ),
    Case("cancel my haircut on Saturday", (("dates.strike", {"subject": "haircut", "when": "on Saturday"}),)),
    Case("delete the meeting with HR", (("dates.strike", {"subject": "meeting with HR"}),)),
    Case("search my notes for the router password", (("library.search", {"query": "router password"}),)),
    Case("find documents about the roof repair", (("library.search", {"query": "roof repair"}),)),
    Case("which huts near Zermatt are open in winter?", (("library.search", {"query": "huts near Zermatt open in winter"}),)),
    Case("remember that my locker code is 4711", (("mind.keep", {"fact": "my locker code is 4711"}),)),
    Case("note that Anna's birthday is on 3 May", (("mind.keep", {"fact": "Anna's birthday is on 3 May"}),)),
    Case("what is my locker code?", (("mind.recall", {"query": "locker code"}),)),
    Case(
        "Plan a mountain trip for Saturday: check the weather, search for lodging, add it to my calendar and remind me an hour before",
        (
            ("sky.outlook", {"when": "on Saturday"}),
            ("library.search", {"query": "lodging for mountain trip"}),
            ("dates.enter", {"subject": "mountain trip", "when": "on Saturday"}),
            ("clock.nudge", {"when": "an hour before mountain trip"}),
        ),
        {3: (2,)},
    ),
    Case(
        "I'm visiting Lugano on Sunday. What's the weather like? Add a boat tour at 10 to my calendar, then remind me 30 minutes before and set an alarm for 7.",
        (
            ("sky.outlook", {"place": "Lugano", "when": "on Sunday"}),
            ("dates.enter", {"subject": "boat tour", "when": "on Sunday at 10"}),
            ("clock.nudge", {"when": "30 minutes before boat tour"}),
            ("clock.ring", {"when": "for 7 on Sunday"}),
        ),
        {2: (1,)},
    ),
    Case(
        "set a timer for 10 minutes, turn off the fan and tell me the weather in Bern",
        (
            ("clock.count_down", {"duration": "10 minutes"}),
            ("house.switch", {"device": "fan", "on": False}),
            ("sky.outlook", {"place": "Bern"}),
        ),
    ),
    Case("refund invoice 4711 with 25.50 euros", (("billing.pay_back", {"invoice": "4711", "amount": 25.5}),)),
    Case("pay back €12 of invoice INV-2024-07 because the parcel was late", (("billing.pay_back", {"invoice": "INV-2024-07", "amount": 12.0, "reason": "the parcel was late"}),)),
    Case("refund invoice 99", (("billing.pay_back", {"invoice": "99"}),), {}, {0: ("amount",)}),
    Case("email carla@example.com saying the keys are under the mat", (("post.write", {"to": "carla@example.com", "message": "the keys are under the mat"}),)),
    Case("open an urgent ticket for Carla about the network and the printer", (("desk.open_ticket", {"title": "network and the printer", "priority": "urgent", "customer": "Carla", "tags": ["network", "printer"]}),)),
    Case("find a direct flight from Zurich to Oslo on 3 December for two people", (("air.find_flights", {"from_city": "Zurich", "to_city": "Oslo", "date": "2026-12-03", "passengers": 2, "direct": True}),)),
    Case("flights from Bern to London tomorrow", (("air.find_flights", {"from_city": "Bern", "to_city": "London", "date": "2026-11-26"}),)),
]

NOTHING = [
    "tell me a joke",
    "what is the capital of France",
    "who wrote Faust",
    "how are you today",
    "what is 17 times 23",
    "thanks, that's all",
    "asdf qwer zxcv",
    "translate good night to Spanish",
    "what's the exchange rate of the dollar",
    "how tall is Mount Everest",
]
