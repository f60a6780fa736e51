"""Requests with the parts people mean by them: what each says by itself, and what it waits for."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Case:
    request: str
    parts: tuple[str, ...]
    depends: dict[int, tuple[int, ...]] = field(default_factory=dict)
    conditions: dict[int, str] = field(default_factory=dict)
    after: dict[int, tuple[int, ...]] = field(default_factory=dict)


CASES = [
    Case(
        "move the dentist to Friday and the gym to Monday",
        ("move the dentist to Friday", "move the gym to Monday"),
    ),
    Case(
        "schedule lunch with Kim on Monday and dinner with Lee on Tuesday",
        ("schedule lunch with Kim on Monday", "schedule dinner with Lee on Tuesday"),
    ),
    Case(
        "add dinner with Tom on Friday at 7 and make lunch an hour later",
        ("add dinner with Tom on Friday at 7", "make lunch an hour later"),
    ),
    Case(
        "add dinner on Friday at 7 and remind me an hour later",
        ("add dinner on Friday at 7", "remind me an hour after dinner"),
        {1: (0,)},
    ),
    Case(
        "when the alarm rings turn on the coffee machine and open the blinds",
        ("when the alarm rings, turn on the coffee machine", "when the alarm rings, open the blinds"),
        conditions={0: "when the alarm rings", 1: "when the alarm rings"},
    ),
    Case(
        "turn on the lights when I get home and lock the door",
        ("when I get home, turn on the lights", "lock the door"),
        conditions={0: "when I get home"},
    ),
    Case(
        "bake a cake for Anna and drive to Bern tomorrow",
        ("bake a cake for Anna", "drive to Bern tomorrow"),
    ),
    Case("rinse the glasses, then polish them", ("rinse the glasses", "polish glasses"), {1: (0,)}),
    Case(
        "Plan a mountain trip for Saturday: check the weather, search for lodging, add it to my calendar and "
        "remind me an hour before",
        (
            "check the weather on Saturday",
            "search for lodging for mountain trip",
            "add mountain trip to my calendar on Saturday",
            "remind me an hour before mountain trip",
        ),
        depends={3: (2,)},
    ),
    Case(
        "I'm planning a hike on Sunday. Check the weather, find a hut, put it in my calendar and remind me "
        "the day before.",
        (
            "Check the weather on Sunday",
            "find a hut for hike",
            "put hike in my calendar on Sunday",
            "remind me the day before hike",
        ),
        depends={3: (2,)},
    ),
    Case(
        "what's the weather tomorrow and do I have anything on?",
        ("what's the weather tomorrow", "do I have anything on tomorrow"),
    ),
    Case(
        "check the weather in Bern and set a timer for 10 minutes",
        ("check the weather in Bern", "set a timer for 10 minutes"),
    ),
    Case(
        "Could you please turn off the lights, lock the front door and set an alarm for 6:30?",
        ("turn off the lights", "lock the front door", "set an alarm for 6:30"),
    ),
    Case("turn on the kitchen and living room lights", ("turn on the kitchen light", "turn on the living room light")),
    Case("switch off the fan and the heater", ("switch off the fan", "switch off the heater")),
    Case("turn the heating up and the lights off", ("turn the heating up", "turn the lights off")),
    Case(
        "turn off the lights in the kitchen and the bedroom",
        ("turn off the lights in the kitchen", "turn off the lights in the bedroom"),
    ),
    Case(
        "set a timer for 8 minutes for the pasta and another one for 20 minutes",
        ("set a timer for 8 minutes for the pasta", "set a timer for 20 minutes"),
    ),
    Case("set an alarm for 6 and 7:30", ("set an alarm for 6", "set an alarm for 7:30")),
    Case("set timers for 5 and 10 minutes", ("set timers for 5 minutes", "set timers for 10 minutes")),
    Case("set a timer for 10 minutes and an alarm for 7am", ("set a timer for 10 minutes", "set an alarm for 7am")),
    Case("tomorrow, check the weather and wake me at 7", ("check the weather tomorrow", "wake me at 7 tomorrow")),
    Case(
        "First check my calendar for Friday, then book a table at Luigi's for 8pm",
        ("check my calendar for Friday", "book a table at Luigi's for 8pm on Friday"),
        after={1: (0,)},
    ),
    Case(
        "Look up the opening hours of the museum. After that, add a visit on Sunday at 2 to my calendar.",
        ("Look up the opening hours of the museum", "add a visit on Sunday at 2 to my calendar"),
        after={1: (0,)},
    ),
    Case(
        "remind me to buy milk, and also tell me the weather for tomorrow",
        ("remind me to buy milk", "tell me the weather for tomorrow"),
    ),
    Case(
        "Dim the bedroom light to 20% plus set the heating to 19 degrees",
        ("Dim the bedroom light to 20%", "set the heating to 19 degrees"),
    ),
    Case(
        "show me my appointments for today as well as the forecast",
        ("show me my appointments for today", "show me the forecast"),
    ),
    Case(
        "1. check the weather in Bern\n2. set a timer for 5 minutes\n3. turn off the heating",
        ("check the weather in Bern", "set a timer for 5 minutes", "turn off the heating"),
    ),
    Case(
        "Please do the following:\n- find my notes about the roof\n- remind me tomorrow at 9 to call the roofer",
        ("find my notes about the roof", "remind me tomorrow at 9 to call the roofer"),
    ),
    Case("wake me at 6; start the coffee machine at 6:15", ("wake me at 6", "start the coffee machine at 6:15")),
    Case(
        "add lunch with Anna on Friday at 12 to my calendar and remind me 30 minutes before",
        ("add lunch with Anna on Friday at 12 to my calendar", "remind me 30 minutes before lunch with Anna"),
        depends={1: (0,)},
    ),
    Case(
        "schedule the dentist for Monday at 10 and remind me of it the evening before",
        ("schedule the dentist for Monday at 10", "remind me of dentist the evening before dentist"),
        depends={1: (0,)},
    ),
    Case(
        "find a hotel in Lugano and add it to my calendar for Friday",
        ("find a hotel in Lugano", "add hotel in Lugano to my calendar for Friday"),
        depends={1: (0,)},
    ),
    Case(
        "cancel my 3pm meeting and move the dentist to Friday", ("cancel my 3pm meeting", "move the dentist to Friday")
    ),
    Case(
        "check the weather for Saturday and if it rains remind me to book the museum",
        ("check the weather for Saturday", "if it rains, remind me to book the museum"),
        depends={1: (0,)},
        conditions={1: "if it rains"},
    ),
    Case(
        "will it snow tomorrow? If so, wake me at 6, otherwise at 7",
        ("will it snow tomorrow", "If so, wake me at 6", "unless so, wake me at 7"),
        depends={1: (0,), 2: (0,)},
        conditions={1: "If so", 2: "unless so"},
    ),
    Case(
        "remember that my locker code is 4711 and turn on the hall light",
        ("remember that my locker code is 4711", "turn on the hall light"),
    ),
    Case(
        "how warm is it in Rome and when is my next appointment",
        ("how warm is it in Rome", "when is my next appointment"),
    ),
    Case(
        "refund invoice 4711 with 25.50 euros and email the customer",
        ("refund invoice 4711 with 25.50 euros", "email the customer"),
    ),
    Case(
        "Translate the report to French, summarize it and send it to Bob",
        ("Translate the report to French", "summarize report", "send report to Bob"),
        depends={1: (0,), 2: (1,)},
    ),
    Case(
        "Hi there! Can you turn on the porch light? Also, what's the time in Tokyo?",
        ("turn on the porch light", "what's the time in Tokyo"),
    ),
    Case(
        "what's the forecast for Davos this weekend, and are there any huts nearby?",
        ("what's the forecast for Davos this weekend", "are there any huts nearby"),
    ),
    Case(
        "remind me to call the dentist at 5 and turn off the lights",
        ("remind me to call the dentist at 5", "turn off the lights"),
    ),
    Case(
        "I need a timer for 20 minutes and then remind me to call Bob",
        ("I need a timer for 20 minutes", "remind me to call Bob"),
        after={1: (0,)},
    ),
    Case("what's the weather in Bern and Zurich", ("what's the weather in Bern", "what's the weather in Zurich")),
    Case(
        "book a flight to Oslo for the 3rd, reserve a hotel there and let me know the weather",
        ("book a flight to Oslo for the 3rd", "reserve a hotel there", "let me know the weather"),
    ),
    Case(
        "delete the reminder about the bins and create a new one for tomorrow at 8",
        ("delete the reminder about the bins", "create a new one for tomorrow at 8"),
    ),
    Case("pls check if it's raining and close the blinds", ("check if it's raining", "close the blinds")),
    Case(
        "lock the doors before that switch off all the lights",
        ("switch off all the lights", "lock the doors"),
        after={1: (0,)},
    ),
    Case(
        "search my notes for the wifi password, then email it to Clara",
        ("search my notes for the wifi password", "email wifi password to Clara"),
        depends={1: (0,)},
    ),
    Case(
        "My flight leaves at 9 on Saturday, so wake me three hours before and check the weather in Lisbon",
        ("wake me three hours before flight at 9 on Saturday", "check the weather in Lisbon on Saturday"),
    ),
    Case(
        "Organise a dinner with Tom on Thursday: find a restaurant, add it to the calendar at 7pm, remind me "
        "two hours before",
        (
            "find a restaurant for dinner with Tom",
            "add dinner with Tom to the calendar at 7pm on Thursday",
            "remind me two hours before dinner with Tom",
        ),
        depends={2: (1,)},
    ),
    Case(
        "Tell me the weather in Basel and remind me to water the plants tonight",
        ("Tell me the weather in Basel", "remind me to water the plants tonight"),
    ),
    Case("turn off the tv, dim the lights and lock the door", ("turn off the tv", "dim the lights", "lock the door")),
    Case(
        "set an alarm for 7 and a reminder at 8 to take out the trash",
        ("set an alarm for 7", "set a reminder at 8 to take out the trash"),
    ),
    Case(
        "what time is it in Tokyo and how's the weather there", ("what time is it in Tokyo", "how's the weather there")
    ),
    Case(
        "book a table for two at 8 tonight and add it to my calendar",
        ("book a table for two at 8 tonight", "add table for two to my calendar tonight"),
        depends={1: (0,)},
    ),
    Case(
        "Check if the front door is locked and turn off all the lights",
        ("Check if the front door is locked", "turn off all the lights"),
    ),
    Case(
        "hey, could you look up train times to Milan, and then set an alarm an hour before the first one",
        ("look up train times to Milan", "set an alarm an hour before the first one"),
        depends={1: (0,)},
    ),
    Case(
        "Please cancel my dentist appointment, then find a free slot next week and book it",
        ("cancel my dentist appointment", "find a free slot next week", "book free slot"),
        depends={2: (1,)},
        after={1: (0,)},
    ),
    Case(
        "Add milk to my shopping list. Also remind me to go shopping at 5.",
        ("Add milk to my shopping list", "remind me to go shopping at 5"),
    ),
    Case(
        "what meetings do I have tomorrow, and will it rain?",
        ("what meetings do I have tomorrow", "will it rain tomorrow"),
    ),
    Case(
        "I'm hosting a party on Friday at 8: find a cocktail recipe, remind me two hours before, and put it "
        "in my calendar",
        (
            "find a cocktail recipe for party",
            "remind me two hours before party on Friday at 8",
            "put party in my calendar on Friday at 8",
        ),
    ),
    Case("turn on the fan and set it to 50 percent", ("turn on the fan", "set fan to 50 percent"), depends={1: (0,)}),
    Case(
        "wake me at 6 tomorrow, tell me the weather and turn on the coffee machine",
        ("wake me at 6 tomorrow", "tell me the weather", "turn on the coffee machine"),
    ),
    Case(
        "schedule a call with Ben on Monday at 3 and a meeting with Lea on Tuesday at 10",
        ("schedule a call with Ben on Monday at 3", "schedule a meeting with Lea on Tuesday at 10"),
    ),
    Case(
        "show my calendar for tomorrow; if I'm free at noon, schedule lunch with Kim",
        ("show my calendar for tomorrow", "if I'm free at noon, schedule lunch with Kim tomorrow"),
        depends={1: (0,)},
        conditions={1: "if I'm free at noon"},
    ),
    Case(
        "find my notes about the boiler then remind me to call the plumber tomorrow at 9",
        ("find my notes about the boiler", "remind me to call the plumber tomorrow at 9"),
        after={1: (0,)},
    ),
    Case("lights off in the bedroom and heating to 18", ("lights off in the bedroom", "heating to 18")),
    Case("timer 10 minutes and lights on", ("timer 10 minutes", "lights on")),
    Case(
        "remember that the gate code is 9921 and tell me what's on today",
        ("remember that the gate code is 9921", "tell me what's on today"),
    ),
    Case("is it raining and do I have any appointments?", ("is it raining", "do I have any appointments")),
    Case(
        "On Saturday I want to go hiking. Is the weather good? Find a hut near Davos and add the hike to my "
        "calendar at 9.",
        (
            "Is the weather good on Saturday",
            "Find a hut near Davos for hiking",
            "add the hike to my calendar at 9 on Saturday",
        ),
    ),
    Case(
        "Could you 1) check tomorrow's weather, 2) move my run to Sunday and 3) set an alarm for 8?",
        ("check tomorrow's weather", "move my run to Sunday", "set an alarm for 8"),
    ),
    Case(
        "first turn off the oven, next set a timer for 5 minutes, lastly remind me to eat",
        ("turn off the oven", "set a timer for 5 minutes", "remind me to eat"),
        after={1: (0,), 2: (1,)},
    ),
    Case("pause the music & lock the house", ("pause the music", "lock the house")),
    Case(
        "What's the weather like in Oslo? And in Bergen?",
        ("What's the weather like in Oslo", "What's the weather like in Bergen"),
    ),
]

ONE_PART = [
    "turn on the kitchen light",
    "salt and pepper",
    "remind me to buy milk and bread",
    "remind me to wash and iron the shirts",
    "schedule a meeting with Anna and Bob tomorrow at 3",
    "search for hotels and restaurants in Bern",
    "find a recipe with tomatoes, onions and basil",
    "set a timer for an hour and a half",
    "set a timer for 1 hour and 20 minutes",
    "do I have meetings on Monday and Tuesday",
    "what's the difference between TCP and UDP?",
    "add lunch with Tim and Sara to my calendar on Friday at noon",
    "am I free between 9 and 11 and a half?",
    "remember that I like tea and Anna likes coffee",
    "tell Bob that I'm late and will be there at 8",
    "will it be warm and sunny tomorrow",
    "is the back door locked?",
    "Dr. Smith's appointment on Friday at 10.30, please cancel it",
    "find documents about research and development",
    "remind me to call mom and dad at 5",
    "note that the plumber comes on Monday, and his name is Rossi",
    "if it rains tomorrow, remind me to take an umbrella",
    "let me know if it is going to rain",
    "play rock and roll",
    "Thanks! Please turn off the radio.",
    "wake me up at quarter past six",
    "move my meeting with HR from Tuesday to Thursday",
    "add milk, eggs and bread to my shopping list",
    "how do I plan and book a trip?",
    "turn on the light and",
    "what does 'pick and place' mean",
    "set the living room to 21 degrees",
    "remind me to call Anna and ask her about the keys",
    "search for a place to eat and drink in Basel",
    "what's on between Monday and Friday",
    "how long does it take to boil and peel eggs",
    "send a message to Tom saying I will come and bring wine",
    "add a meeting with Jo, Kim and Lee tomorrow at noon",
    "book a room for Tuesday and Wednesday",
    "turn on black and white mode",
    "do I need boots and gloves tomorrow?",
    "remind me tomorrow at 8 to pack and leave",
    "play songs by Simon and Garfunkel",
    "tell me about the war and peace of 1648",
    "note: buy paint, brushes and tape",
    "find papers on supply and demand",
    "what should I see and do in Lisbon",
    "in Lisbon, where can I eat well?",
    "for a fondue, which cheese do I need",
    "I'd love some ramen, is there a good place nearby?",
    "when I travel to Peru, do I need a vaccination?",
    "instead of butter, can I take oil",
    "the thermostat, what is it set to?",
    "can I bake the bread and freeze it?",
    "make a reminder, call the plumber on Monday",
    "how much are 12,500 yen in francs",
    "go ahead and turn off the fan",
    "should I sell my flat or rent it out",
    "my soup stood in the fridge for a week, is it still good?",
    "do I need a visa, if I fly to Japan?",
    "I can't decide what to cook, do you have an idea?",
]
