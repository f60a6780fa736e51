"""What people say that the weather tools serve."""

from __future__ import annotations

__all__ = ["CURRENT", "FORECAST"]

# Both lists name the same few places, so that a place never speaks for one tool or the other.
CURRENT = (
    "what's the weather like?",
    "what is the weather in Bern right now?",
    "how's the weather in Oslo at the moment?",
    "how many degrees is it outside?",
    "is there fog?",
    "how warm is it outside?",
    "is it raining in Bern?",
    "is it snowing?",
    "temperature in Oslo",
    "current weather in Oslo",
    "is it windy outside?",
    "do I need a jacket right now?",
    "check the weather",
    "what's it like outside?",
    "what's it like out there?",
    "weather Bern",
    "how hot is it in Oslo?",
    "how strong is the wind in Bern?",
    "how's the wind in Oslo in knots?",
    "what's the temperature in Fahrenheit?",
    "is it cold in Bern?",
    "tell me the current conditions in Bern",
    "tell me the weather in Oslo",
)
FORECAST = (
    "what will the weather be tomorrow?",
    "what will the weather be like in Bern tomorrow?",
    "will it rain in Bern on Saturday?",
    "weather forecast for Oslo this weekend",
    "check the weather for Saturday",
    "do I need an umbrella tomorrow?",
    "how cold will it get tonight?",
    "how hot is it going to be in Oslo?",
    "is it going to snow in Bern next week?",
    "forecast for the next three days",
    "what's the weather like on Sunday in Bern?",
    "what's the temperature going to be in Oslo on Friday?",
    "will the sun shine this afternoon?",
    "what are the chances of rain tonight?",
    "is a storm coming?",
    "will it freeze tonight?",
    "how windy will it be in Oslo on Sunday?",
    "how many inches of rain will fall in Bern tomorrow?",
    "will it be sunny in Bern tomorrow afternoon?",
    "how's the weather looking for Friday?",
    "weather in Oslo tomorrow morning",
    "is Saturday going to be dry?",
    "what's the outlook for the weekend in Bern?",
)
