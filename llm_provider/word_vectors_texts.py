"""The texts that the word vectors are fitted on: phrasings of requests and descriptions with words put in."""

from __future__ import annotations

import random
from collections.abc import Sequence

from llm_provider.tool_meanings import lines_of_meanings

__all__ = ["texts_to_fit"]

_OF_ANY, _OF_ONE_MEANING = 16_000, 6_000
_USUAL, _KNOWN = 8_000, 14_000
_SEED = 3
_FRAMES = (
    "I need help with {} and {}.", "Can you find a {} for my {}?", "What is the best {} to {}?", "{} and {} for {}",
    "Get the {} of a {}.", "Search for {} by {}.", "Tells the {} and {} of a {}.", "How do I {} a {}?",
    "A tool for {} and {}.", "Recommend a good {} {}.", "Where can I get {} near the {}?",
    "I would like to {} my {} with {}.", "Calculates the {} from {} and {}.", "Please show me the latest {} {}.",
    "Is there any {} about {}?", "Give me some {} ideas.", "Provides {} {} for {}.", "My {} needs a {} tomorrow.",
    "{} {}", "{} {} {}", "Could you {} this {} for me?", "Turns {} into {}.", "I'm looking for a {} that is {}.",
    "When does the {} {}?", "Lists every {} with its {} and {}.", "I want to know more about {} and {}.",
    "We lost our {}, what about the {}?", "Compare {} with {}.", "Which {} should I {} for the {}?",
    "Creates a {} of your {}, with {}.", "Check whether the {} is {}.", "Any news about {} in {}?",
)  # fmt: skip


def texts_to_fit(words: Sequence[str]) -> list[str]:
    """Texts made of `words` (the most used first) and of words of one meaning; the same for the same words."""
    choose = random.Random(_SEED)  # noqa: S311 - texts, no secrets
    usual, known, meanings = words[:_USUAL], words[:_KNOWN], lines_of_meanings()
    texts = [_filled(choose, usual if choose.random() < 0.7 else known, known) for _ in range(_OF_ANY)]
    texts += [_filled(choose, choose.choice(meanings), known) for _ in range(_OF_ONE_MEANING)]
    return list(dict.fromkeys(texts))


def _filled(choose: random.Random, mostly: Sequence[str], sometimes: Sequence[str]) -> str:
    frame = choose.choice(_FRAMES)
    return frame.format(
        *(choose.choice(mostly if choose.random() < 0.85 else sometimes) for _ in range(frame.count("{}")))
    )
