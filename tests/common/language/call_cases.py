"""Requests with the calls people mean by them, over the made-up tools."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Call = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class Case:
    request: str
    calls: tuple[Call, ...]
    waits: dict[int, tuple[int, ...]] = field(default_factory=dict)
    missing: dict[int, tuple[str, ...]] = field(default_factory=dict)


CASES = [
    Case("turn on the kitchen light", (("house.switch", {"device": "kitchen light", "on": True}),)),
    Case("please switch the fan off", (("house.switch", {"device": "fan", "on": False}),)),
    Case("dim the lounge light to 40%", (("house.switch", {"device": "living room light", "brightness": 40}),)),
    Case(
        "could you set the heating to 21.5 degrees?", (("house.switch", {"device": "thermostat", "temperature": 21.5}),)
    ),
    Case("turn the light in the bedroom off please", (("house.switch", {"device": "bedroom light", "on": False}),)),
    Case("hallway light on", (("house.switch", {"device": "hall light", "on": True}),)),
    Case("set the bedroom lights to half", (("house.switch", {"device": "bedroom light", "brightness": 50}),)),
    Case("turn on the coffe machine", (("house.switch", {"device": "coffee machine", "on": True}),)),
    Case(
        "turn off the kitchen and bedroom lights",
        (
            ("house.switch", {"device": "kitchen light", "on": False}),
            ("house.switch", {"device": "bedroom light", "on": False}),
        ),
    ),
    Case(
        "switch off all the lights",
        tuple(
            ("house.switch", {"device": name, "on": False})
            for name in ("kitchen light", "living room light", "bedroom light", "hall light")
        ),
    ),
    Case("is the front door locked?", (("house.state", {"device": "front door"}),)),
    Case("did I leave the coffee maker on?", (("house.state", {"device": "coffee machine"}),)),
    Case("start the cinema scene", (("house.scene", {"scene": "movie night"}),)),
    Case("activate bedtime", (("house.scene", {"scene": "bedtime"}),)),
    Case("what's the weather like in Lisbon tomorrow?", (("sky.outlook", {"place": "Lisbon", "when": "tomorrow"}),)),
    Case("will it rain this weekend", (("sky.outlook", {"when": "this weekend"}),)),
    Case("new york weather on friday", (("sky.outlook", {"place": "new york", "when": "on friday"}),)),
    Case(
        "do I need a raincoat in St. Gallen on Sunday afternoon",
        (("sky.outlook", {"place": "St. Gallen", "when": "on Sunday afternoon"}),),
    ),
    Case(
        "how warm will it be in Rio de Janeiro next week?",
        (("sky.outlook", {"place": "Rio de Janeiro", "when": "next week"}),),
    ),
    Case("forecast", (("sky.outlook", {}),)),
    Case("set a timer for 20 minutes", (("clock.count_down", {"duration": "20 minutes"}),)),
    Case("timer for the pasta, 9 minutes", (("clock.count_down", {"duration": "9 minutes", "label": "pasta"}),)),
    Case("start a 45 minute laundry timer", (("clock.count_down", {"duration": "45 minute", "label": "laundry"}),)),
    Case("count down an hour and a half", (("clock.count_down", {"duration": "an hour and a half"}),)),
    Case("wake me at 6:45 on Monday", (("clock.ring", {"when": "at 6:45 on Monday in the morning"}),)),
    Case("set an alarm for half past five", (("clock.ring", {"when": "for half past five"}),)),
    Case(
        "remind me to water the plants tomorrow at 8",
        (("clock.nudge", {"what": "water the plants", "when": "tomorrow at 8"}),),
    ),
    Case(
        "remind me in half an hour that the cake is in the oven",
        (("clock.nudge", {"what": "cake is in the oven", "when": "in half an hour"}),),
    ),
    Case(
        "tomorrow at noon remind me to call the landlord",
        (("clock.nudge", {"what": "call the landlord", "when": "tomorrow at noon"}),),
    ),
    Case(
        "set a reminder for Thursday to put out the bins",
        (("clock.nudge", {"what": "put out the bins", "when": "for Thursday"}),),
    ),
    Case("which timers are running?", (("clock.overview", {}),)),
    Case(
        "add yoga on Tuesday at 18:30 to my calendar",
        (("dates.enter", {"subject": "yoga", "when": "on Tuesday at 18:30"}),),
    ),
    Case(
        "schedule a meeting with Anna about the budget for tomorrow from 9 to 11",
        (
            (
                "dates.enter",
                {
                    "subject": "meeting with Anna about the budget",
                    "when": "for tomorrow from 9 to 11",
                    "person": "Anna",
                },
            ),
        ),
    ),
    Case(
        "put lunch with Bob in my calendar on Friday at noon for two hours",
        (
            (
                "dates.enter",
                {"subject": "lunch with Bob", "when": "on Friday at noon", "duration": "two hours", "person": "Bob"},
            ),
        ),
    ),
    Case(
        "dinner with my wife tomorrow at 7, put it in the calendar",
        (
            (
                "dates.enter",
                {"subject": "dinner with my wife", "when": "tomorrow at 7 in the evening", "person": "my wife"},
            ),
        ),
    ),
    Case(
        "add a dentist appointment to my calendar",
        (("dates.enter", {"subject": "dentist appointment"}),),
        {},
        {0: ("when",)},
    ),
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
    Case(
        "which huts near Zermatt are open in winter?",
        (("library.search", {"query": "huts near Zermatt open in winter"}),),
    ),
    Case("remember that my locker code is 4711", (("mind.keep", {"fact": "my locker code is 4711"}),)),
    Case("note that Anna's birthday is on 3 May", (("mind.keep", {"fact": "Anna's birthday is on 3 May"}),)),
    Case("what is my locker code?", (("mind.recall", {"query": "locker code"}),)),
    Case(
        "Plan a mountain trip for Saturday: check the weather, search for lodging, add it to my calendar and "
        "remind me an hour before",
        (
            ("sky.outlook", {"when": "on Saturday"}),
            ("library.search", {"query": "lodging for mountain trip"}),
            ("dates.enter", {"subject": "mountain trip", "when": "on Saturday"}),
            ("clock.nudge", {"when": "an hour before mountain trip"}),
        ),
        {3: (2,)},
    ),
    Case(
        "I'm visiting Lugano on Sunday. What's the weather like? Add a boat tour at 10 to my calendar, then "
        "remind me 30 minutes before and set an alarm for 7.",
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
    Case(
        "pay back €12 of invoice INV-2024-07 because the parcel was late",
        (("billing.pay_back", {"invoice": "INV-2024-07", "amount": 12.0, "reason": "the parcel was late"}),),
    ),
    Case("refund invoice 99", (("billing.pay_back", {"invoice": "99"}),), {}, {0: ("amount",)}),
    Case(
        "email carla@example.com saying the keys are under the mat",
        (("post.write", {"to": "carla@example.com", "message": "the keys are under the mat"}),),
    ),
    Case(
        "open an urgent ticket for Carla about the network and the printer",
        (
            (
                "desk.open_ticket",
                {
                    "title": "network and the printer",
                    "priority": "urgent",
                    "customer": "Carla",
                    "tags": ["network", "printer"],
                },
            ),
        ),
    ),
    Case(
        "find a direct flight from Zurich to Oslo on 3 December for two people",
        (
            (
                "air.find_flights",
                {"from_city": "Zurich", "to_city": "Oslo", "date": "2026-12-03", "passengers": 2, "direct": True},
            ),
        ),
    ),
    Case(
        "flights from Bern to London tomorrow",
        (("air.find_flights", {"from_city": "Bern", "to_city": "London", "date": "2026-11-26"}),),
    ),
    Case("can u turn the hall light on pls", (("house.switch", {"device": "hall light", "on": True}),)),
    Case("kill the fan", (("house.switch", {"device": "fan", "on": False}),)),
    Case("make the bedroom light brighter, 80%", (("house.switch", {"device": "bedroom light", "brightness": 80}),)),
    Case(
        "it's too dark in the kitchen, switch the lamp on", (("house.switch", {"device": "kitchen light", "on": True}),)
    ),
    Case("heating to 19", (("house.switch", {"device": "thermostat", "temperature": 19}),)),
    Case("unlock the main door", (("house.switch", {"device": "front door"}),)),
    Case(
        "turn both the fan and the coffee machine off",
        (("house.switch", {"device": "fan", "on": False}), ("house.switch", {"device": "coffee machine", "on": False})),
    ),
    Case(
        "shut off every light",
        (
            ("house.switch", {"device": "kitchen light", "on": False}),
            ("house.switch", {"device": "living room light", "on": False}),
            ("house.switch", {"device": "bedroom light", "on": False}),
            ("house.switch", {"device": "hall light", "on": False}),
        ),
    ),
    Case("are the lights in the bedroom on?", (("house.state", {"device": "bedroom light"}),)),
    Case("what temperature is the thermostat at", (("house.state", {"device": "thermostat"}),)),
    Case("let's watch a film, set up the cinema mode", (("house.scene", {"scene": "movie night"}),)),
    Case("we are going away, activate away", (("house.scene", {"scene": "away"}),)),
    Case("is it gonna rain tomorrow in Geneva", (("sky.outlook", {"place": "Geneva", "when": "tomorrow"}),)),
    Case(
        "how's the weather in san francisco this weekend",
        (("sky.outlook", {"place": "san francisco", "when": "this weekend"}),),
    ),
    Case("temperature in Cairo tonight?", (("sky.outlook", {"place": "Cairo", "when": "tonight"}),)),
    Case("should I take an umbrella to Bern on Friday", (("sky.outlook", {"place": "Bern", "when": "on Friday"}),)),
    Case("weather for the next three days please", (("sky.outlook", {"when": "for the next three days"}),)),
    Case("will the sun shine on Sunday?", (("sky.outlook", {"when": "on Sunday"}),)),
    Case("Barcelona forecast for Monday", (("sky.outlook", {"place": "Barcelona", "when": "for Monday"}),)),
    Case("5 min timer", (("clock.count_down", {"duration": "5 min"}),)),
    Case(
        "give me a timer of two and a half minutes for the tea",
        (("clock.count_down", {"duration": "two and a half minutes", "label": "tea"}),),
    ),
    Case("start a timer called bread for 1h 20m", (("clock.count_down", {"duration": "1h 20m", "label": "bread"}),)),
    Case("please count down from 90 seconds", (("clock.count_down", {"duration": "90 seconds"}),)),
    Case(
        "wake me up tomorrow at quarter to seven",
        (("clock.ring", {"when": "tomorrow at quarter to seven in the morning"}),),
    ),
    Case("alarm for 5:15 am on weekdays", (("clock.ring", {"when": "for 5:15 am on weekdays"}),)),
    Case("I need to get up at 4 tomorrow", (("clock.ring", {"when": "at 4 tomorrow in the morning"}),)),
    Case(
        "don't let me forget to pay the rent on the 1st",
        (("clock.nudge", {"what": "pay the rent", "when": "on the 1st"}),),
    ),
    Case(
        "remind me that the plumber comes on Monday at 8",
        (("clock.nudge", {"what": "plumber comes", "when": "on Monday at 8"}),),
    ),
    Case("can you remind me tonight about the laundry", (("clock.nudge", {"what": "laundry", "when": "tonight"}),)),
    Case(
        "remind me to call Sarah back in 15 minutes",
        (("clock.nudge", {"what": "call Sarah back", "when": "in 15 minutes"}),),
    ),
    Case(
        "set a reminder: dentist tomorrow at 14:00",
        (("clock.nudge", {"what": "dentist", "when": "tomorrow at 14:00"}),),
    ),
    Case("what alarms do I have?", (("clock.overview", {}),)),
    Case("how long is left on my timer", (("clock.overview", {}),)),
    Case(
        "pencil in coffee with Mia on Wednesday at 4",
        (("dates.enter", {"subject": "coffee with Mia", "when": "on Wednesday at 4", "person": "Mia"}),),
    ),
    Case(
        "new appointment: physio, Thursday 10:15", (("dates.enter", {"subject": "physio", "when": "Thursday 10:15"}),)
    ),
    Case(
        "book the dentist for next Tuesday at 11",
        (("dates.enter", {"subject": "dentist", "when": "for next Tuesday at 11"}),),
    ),
    Case(
        'put "Board meeting" in my calendar on 12 December from 10 to 12',
        (("dates.enter", {"subject": "Board meeting", "when": "on 12 December from 10 to 12"}),),
    ),
    Case(
        "I'm meeting Lea for lunch tomorrow at 12:30, add it to my calendar",
        (("dates.enter", {"subject": "meeting Lea for lunch", "when": "tomorrow at 12:30"}),),
    ),
    Case("am I free on Monday afternoon?", (("dates.look", {"when": "on Monday afternoon"}),)),
    Case("what's next in my diary", (("dates.look", {}),)),
    Case("what do I have planned for the weekend", (("dates.look", {"when": "for the weekend"}),)),
    Case("push the standup to 10:30", (("dates.shift", {"subject": "standup", "new_when": "10:30"}),)),
    Case(
        "can we move lunch with Bob from Friday to next Monday?",
        (("dates.shift", {"subject": "lunch with Bob", "when": "Friday", "new_when": "next Monday"}),),
    ),
    Case(
        "bring my appointment with Dr. Keller forward to 9am",
        (("dates.shift", {"subject": "appointment with Dr. Keller", "new_when": "9am"}),),
    ),
    Case(
        "scrap tomorrow's meeting with the bank",
        (("dates.strike", {"subject": "meeting with the bank", "when": "tomorrow's"}),),
    ),
    Case("take the yoga class out of my calendar", (("dates.strike", {"subject": "yoga class"}),)),
    Case("look for hotels with a sauna near Davos", (("library.search", {"query": "hotels with a sauna near Davos"}),)),
    Case("is there anything in my notes about the boiler?", (("library.search", {"query": "boiler"}),)),
    Case("find the manual of the dishwasher", (("library.search", {"query": "manual of the dishwasher"}),)),
    Case("please remember I'm allergic to peanuts", (("mind.keep", {"fact": "I'm allergic to peanuts"}),)),
    Case("keep in mind that we never ski on Mondays", (("mind.keep", {"fact": "we never ski on Mondays"}),)),
    Case("where did I park the car?", (("mind.recall", {"query": "park the car"}),)),
    Case("do you remember what Anna is allergic to", (("mind.recall", {"query": "Anna allergic"}),)),
    Case("please pay back 80 euros of invoice 1203", (("billing.pay_back", {"invoice": "1203", "amount": 80}),)),
    Case(
        "refund 12.90 for invoice A-77 since the jar was broken",
        (("billing.pay_back", {"invoice": "A-77", "amount": 12.9, "reason": "the jar was broken"}),),
    ),
    Case(
        "write an email to team@acme.org that the meeting is cancelled",
        (("post.write", {"to": "team@acme.org", "message": "the meeting is cancelled"}),),
    ),
    Case(
        "open a low priority ticket about slow wifi", (("desk.open_ticket", {"title": "slow wifi", "priority": "low"}),)
    ),
    Case(
        "I need 3 seats on a flight from Geneva to Porto next Friday",
        (("air.find_flights", {"from_city": "Geneva", "to_city": "Porto", "date": "2026-12-04", "passengers": 3}),),
    ),
    Case(
        "please set the thermostat to nineteen and a half degrees",
        (("house.switch", {"device": "thermostat", "temperature": 19.5}),),
    ),
    Case("lounge light to 70 percent", (("house.switch", {"device": "living room light", "brightness": 70}),)),
    Case("could you put the fan on for me", (("house.switch", {"device": "fan", "on": True}),)),
    Case("bedside lamp off", (("house.switch", {"device": "bedroom light", "on": False}),)),
    Case(
        "turn both the hall light and the fan off",
        (("house.switch", {"device": "hall light", "on": False}), ("house.switch", {"device": "fan", "on": False})),
    ),
    Case("is the heater on?", (("house.state", {"device": "thermostat"}),)),
    Case("good morning scene", (("house.scene", {"scene": "good morning"}),)),
    Case(
        "what'll the weather be like in Porto at the weekend",
        (("sky.outlook", {"place": "Porto", "when": "at the weekend"}),),
    ),
    Case("any snow in Andermatt tomorrow?", (("sky.outlook", {"place": "Andermatt", "when": "tomorrow"}),)),
    Case("will I need a jacket tonight in oslo", (("sky.outlook", {"place": "oslo", "when": "tonight"}),)),
    Case("start a 3 minute timer for the tea", (("clock.count_down", {"duration": "3 minute", "label": "tea"}),)),
    Case("timer for an hour and fifteen minutes", (("clock.count_down", {"duration": "an hour and fifteen minutes"}),)),
    Case("wake me on Saturday at half eight", (("clock.ring", {"when": "on Saturday at half eight in the morning"}),)),
    Case(
        "remind me this evening to call grandma", (("clock.nudge", {"what": "call grandma", "when": "this evening"}),)
    ),
    Case("remind me at six to feed the dog", (("clock.nudge", {"what": "feed the dog", "when": "at six"}),)),
    Case("remind me to stretch every day at 10", (("clock.nudge", {"what": "stretch", "when": "every day at 10"}),)),
    Case("list my timers please", (("clock.overview", {}),)),
    Case(
        "schedule a workshop with Jo and Ana on 8 December from 9 to 12",
        (
            (
                "dates.enter",
                {"subject": "workshop with Jo and Ana", "when": "on 8 December from 9 to 12", "person": "Jo and Ana"},
            ),
        ),
    ),
    Case(
        "add my sister's birthday party on Saturday at 4pm to the calendar",
        (("dates.enter", {"subject": "sister's birthday party", "when": "on Saturday at 4pm"}),),
    ),
    Case(
        "book 45 minutes with Dr. Weber next Wednesday at 11",
        (
            (
                "dates.enter",
                {
                    "subject": "Dr. Weber",
                    "when": "next Wednesday at 11",
                    "duration": "45 minutes",
                    "person": "Dr. Weber",
                },
            ),
        ),
    ),
    Case("do I have any appointments on the 3rd", (("dates.look", {"when": "on the 3rd"}),)),
    Case("what's my schedule for the rest of the week", (("dates.look", {"when": "for the rest of the week"}),)),
    Case(
        "please move my haircut from Thursday to Friday at noon",
        (("dates.shift", {"subject": "haircut", "when": "Thursday", "new_when": "Friday at noon"}),),
    ),
    Case(
        "cancel the call with the bank tomorrow",
        (("dates.strike", {"subject": "call with the bank", "when": "tomorrow"}),),
    ),
    Case("search my files for the rental contract", (("library.search", {"query": "rental contract"}),)),
    Case("look up how to patch a tyre", (("library.search", {"query": "patch a tyre"}),)),
    Case("remember I parked on level 3", (("mind.keep", {"fact": "I parked on level 3"}),)),
    Case("what do you know about my locker", (("mind.recall", {"query": "locker"}),)),
    Case(
        "refund 30 euros on invoice 5512, reason: duplicate payment",
        (("billing.pay_back", {"invoice": "5512", "amount": 30, "reason": "duplicate payment"}),),
    ),
    Case(
        "email sam@example.org that the parcel arrived",
        (("post.write", {"to": "sam@example.org", "message": "the parcel arrived"}),),
    ),
    Case(
        "create a high priority ticket about login errors for Mr. Brown",
        (
            (
                "desk.open_ticket",
                {"title": "login errors for Mr. Brown", "priority": "high", "customer": "Mr. Brown", "tags": ["login"]},
            ),
        ),
    ),
    Case(
        "find flights from Lisbon to Madrid on 14 December for 4 passengers",
        (("air.find_flights", {"from_city": "Lisbon", "to_city": "Madrid", "date": "2026-12-14", "passengers": 4}),),
    ),
    Case(
        "Check the weather in Bern tomorrow, and if it's dry schedule a run at 7 and remind me 15 minutes before",
        (
            ("sky.outlook", {"place": "Bern", "when": "tomorrow"}),
            ("dates.enter", {"subject": "run", "when": "at 7 tomorrow"}),
            ("clock.nudge", {"when": "15 minutes before run"}),
        ),
        {1: (0,), 2: (0, 1)},
    ),
    Case(
        "Turn off all the lights, set an alarm for 6:30 and tell me tomorrow's forecast",
        (
            ("house.switch", {"device": "kitchen light", "on": False}),
            ("house.switch", {"device": "living room light", "on": False}),
            ("house.switch", {"device": "bedroom light", "on": False}),
            ("house.switch", {"device": "hall light", "on": False}),
            ("clock.ring", {"when": "for 6:30"}),
            ("sky.outlook", {"when": "tomorrow's"}),
        ),
    ),
    Case(
        "Find a hut near Arosa, put the stay in my calendar for Friday and remind me the day before at 6pm",
        (
            ("library.search", {"query": "hut near Arosa"}),
            ("dates.enter", {"subject": "stay", "when": "for Friday"}),
            ("clock.nudge", {"when": "the day before stay at 6pm"}),
        ),
        {2: (1,)},
    ),
    Case(
        "What's on today? And what's the weather?",
        (("dates.look", {"when": "today"}), ("sky.outlook", {"when": "today"})),
    ),
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
