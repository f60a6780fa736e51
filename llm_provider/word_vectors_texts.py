"""The texts that the word vectors are fitted on: phrasings of requests and descriptions with words put in.

Half of them are frames filled with words, alone, of one meaning or near each other; they make every word known. The
others are put together from what people speak of (`word_vectors_topics.txt`), now and then with a word near the one
written; they show how much each word of a whole sentence counts.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from importlib import import_module
from importlib.resources import files
from typing import Any

from common.language.words import word_set
from llm_provider.tool_meanings import lines_of_meanings

__all__ = ["framed", "texts_to_fit", "told"]

TOPICS = "word_vectors_topics.txt"
_LOTS_FRAMED, _LOTS_TOLD, _LOT = 3, 8, 10_000
_SEED_FRAMED, _SEED_TOLD = 100, 500
_FLATTENED, _FIRST = 0.75, 400.0
"""A word is drawn by its rank r in the vocabulary, with weight (r + 400) ** -0.75."""
FRAMES = (
    "{}", "{} {}", "{} {}", "{} {} {}", "{}: {} and {}", "{}, {}, {}", "{} for {}", "{} of {}", "{} and {} for {}",
    "{} {} about {}", "I need help with {} and {}.", "Can you find a {} for my {}?", "What is the best {} to {}?",
    "Get the {} of a {}.", "Search for {} by {}.", "Tells the {} and {} of a {}.", "How do I {} a {}?",
    "A tool for {} and {}.", "Recommend a good {} {}.", "Where can I get {} near the {}?",
    "I would like to {} my {} with {}.", "Calculates the {} from {} and {}.", "Please show me the latest {} {}.",
    "Is there any {} about {}?", "Give me some {} ideas.", "Provides {} {} for {}.", "My {} needs a {} tomorrow.",
    "Could you {} this {} for me?", "Turns {} into {}.", "I'm looking for a {} that is {}.",
    "When does the {} {}?", "Lists every {} with its {} and {}.", "I want to know more about {} and {}.",
    "We lost our {}, what about the {}?", "Compare {} with {}.", "Which {} should I {} for the {}?",
    "Creates a {} of your {}, with {}.", "Check whether the {} is {}.", "Any news about {} in {}?",
    "The {} of the {} is {}.", "She said the {} was {}.", "Helps you {} {} and {} in one place.",
    "Finds {} and {} near you.", "Explains {} to people who {}.", "My {} is {}, what should I do?",
    "Who makes the {} with the {}?", "{} without {}", "How much {} does a {} have?", "Is {} good for {}?",
    "I have to {} before the {}, any {}?", "Ask anything about {} and get {}.", "Plans your {} by {} and {}.",
    "The easiest way to {} a {}", "an {} of {} by {}", "Tell me a {} about a {} and a {}.",
    "Look up {} in {} and return the {}.", "What does {} mean for {}?", "Our {} won't {} since the {} changed.",
    "Write a {} on {}", "Books, {} and {} for every {}", "make my {} less {}", "what {} goes with {}",
    "it is {} and the {} is {}", "the {} who {} at the {}", "Gives {} advice on {}.", "Real-time {} data, {} and {}.",
    "Your personal {} for {}, {} and {}.",
)  # fmt: skip
REQUESTS = (
    "How do I {d}?", "Can you help me {d}?", "I want to {d}.", "{d}, please", "I need to {d} before Friday, any idea?",
    "What is the {f} of this {t}?", "Could you tell me the {f}?", "I'd like to know the {f} of my {t}.",
    "my {t} is broken, what now?", "Where can I {d} around here?", "I have a {t} and want to {d}.",
    "We are planning to {d} next month.", "Is there a good {t} for my sister?", "Please {d} for me.",
    "Which {t} should I take?", "Tell me about {t} and {t}.", "I can't decide about the {t}.", "show me the {f}",
    "what's the {f} for a {t}", "Who can {d}?", "Help, I have to {d} and don't know how.",
    "Do you know something about {n}?", "I'm new to {n}, where do I start?", "Find me a {t}.", "{t}: {f}?",
    "the {f}, and how to {d}", "Any tips to {d} without much money?", "I forgot the {f}.",
    "My friend wants to {d} with a {t}.", "Why is the {f} so high?", "Give me the {f} and the {f}.",
    "Is it hard to {d}?", "I was wondering whether I should {d} or {d}.",
    "Last week I bought a {t}. Now I need the {f}.",
    "Let's {d}!", "Can I {d} when I have a {t}?", "We lost the {t}.", "What do I need to {d}?",
    "Compare the {f} of two {t}s.", "I've got only ten minutes to {d}.", "It's about my {t}: what is the {f}?",
    "I am looking for {t} with a good {f}.", "how much does it cost to {d}", "Someone said I should {d}. True?",
    "I will {d} tomorrow", "Explain {n} to me like I'm five.", "Got a question about {f}.", "Recommend a {t} to {d}.",
)  # fmt: skip
DESCRIPTIONS = (
    "Helps you {d} and {d}.", "Finds {f} and {f} of a {t}.", "An app to {d}, with {f} and {f}.",
    "Returns the {f} for a given {t}.", "Tells the {f}.", "Your assistant for {n}: {d}, {d}.", "{n}: {t}, {t} and {t}.",
    "Answers questions about {n}.", "Search for {t} by {f} and {f}.", "Get {f}, {f} and more for any {t}.",
    "Lets people {d}.", "Lists {t}s with {f}.", "Calculates the {f} from the {f}.", "A service to {d} online.",
    "Tool to {d} quickly.", "Provides real-time {f} and {f}.", "Gives advice on {n}, such as how to {d}.",
    "Checks the {f} of a {t}.", "{d} in seconds.", "Makes it easy to {d} and {d}.",
    "Discover {t}s, see {f}, and {d}.", "Retrieves {f} of {t}s.", "Updates the {t} of a user.",
    "Everything about {n}: {f}, {f}.", "Recommends {t}s for people who want to {d}.", "Plans how to {d}.",
    "Creates a {t} for you.", "Access {n} data: {f} and {f}.", "get_{t}: the {f} of a {t}", "Deletes a {t}.",
    "Your {t} expert.", "Learn to {d}.",
)  # fmt: skip
PHRASES = ("{t}", "{d}", "{f}", "{n} {f}", "{t} {f}", "{d} {t}", "{t}, {t}", "{f} and {f}", "{n}: {d}")
_KEPT = word_set(
    "the a an of to for my in on with and or if is it by as at be do no any this that their from out up me how much"
)
"""Words that no other is put for."""


def texts_to_fit(words: Sequence[str], near: Any) -> list[list[str]]:
    """Lots of 10,000 texts made of `words` (the most used first), whose neighbours (places in `words`) are the rows of
    `near`; the same for the same words and neighbours."""
    return [framed(_LOT, _SEED_FRAMED + lot, words, near) for lot in range(_LOTS_FRAMED)] + [
        told(_LOT, _SEED_TOLD + lot, words, near) for lot in range(_LOTS_TOLD)
    ]


def framed(count: int, seed: int, words: Sequence[str], near: Any) -> list[str]:
    """Frames filled with words: of one meaning, near the first one, or any."""
    numpy: Any = import_module("numpy")
    choose, size, meanings = random.Random(seed), len(words), lines_of_meanings()  # noqa: S311 - texts, no secrets
    chances = (numpy.arange(size) + _FIRST) ** -_FLATTENED
    drawn: Iterator[int] = iter(
        numpy.random.default_rng(seed).choice(size, size=count * 4, p=chances / chances.sum()).tolist()
    )

    def any_word() -> str:
        return words[choose.randrange(size)] if choose.random() < 0.3 else words[next(drawn)]

    texts: list[str] = []
    for _ in range(count):
        frame = choose.choice(FRAMES)
        places, kind = frame.count("{}"), choose.random()
        if kind < 0.2:
            meaning = choose.choice(meanings)
            put = [choose.choice(meaning) if choose.random() < 0.75 else words[next(drawn)] for _ in range(places)]
        elif kind < 0.7:
            first = next(drawn)
            put = [words[first]] + [
                words[int(near[first][choose.randrange(near.shape[1])])] if choose.random() < 0.6 else any_word()
                for _ in range(places - 1)
            ]
            choose.shuffle(put)
        else:
            put = [any_word() for _ in range(places)]
        texts.append(frame.format(*put))
    return texts


def told(count: int, seed: int, words: Sequence[str], near: Any) -> list[str]:
    """Requests and descriptions about the subjects that people speak of."""
    choose, subjects = random.Random(seed), _subjects()  # noqa: S311 - texts, no secrets
    places = {word: place for place, word in enumerate(words)}
    texts: list[str] = []
    for _ in range(count):
        subject, other, kind = choose.choice(subjects), choose.choice(subjects), choose.random()
        frame = choose.choice(REQUESTS if kind < 0.5 else DESCRIPTIONS if kind < 0.9 else PHRASES)

        def put(slot: re.Match[str], about: _Subject = subject, instead: _Subject = other) -> str:
            told_of = about if choose.random() < 0.85 else instead
            phrase = choose.choice(told_of[slot[1]]) if slot[1] != "n" else told_of["n"][0]
            return _varied(phrase, choose, words, places, near) if choose.random() < 0.55 else phrase

        text = re.sub(r"\{(\w)\}", put, frame)
        texts.append(text[0].upper() + text[1:] if choose.random() < 0.3 else text)
    return texts


_Subject = dict[str, list[str]]


def _subjects() -> list[_Subject]:
    """Each subject with its name (n), things (t), doings (d) and what is asked of it (f)."""
    lines = files("llm_provider").joinpath(TOPICS).read_text(encoding="utf-8").splitlines()
    parted = (line.split(" | ") for line in lines if not line.startswith("#"))
    return [{slot: part.split("; ") for slot, part in zip("ntdf", parts, strict=True)} for parts in parted]


def _varied(phrase: str, choose: random.Random, words: Sequence[str], places: dict[str, int], near: Any) -> str:
    """The phrase with one of its words replaced by one near it."""
    said = phrase.split()
    known = [at for at, word in enumerate(said) if word.lower() in places and word.lower() not in _KEPT]
    if not known:
        return phrase
    at = choose.choice(known)
    put = int(near[places[said[at].lower()]][choose.randrange(near.shape[1])])
    if choose.random() < 0.3:
        put = int(near[put][choose.randrange(near.shape[1])])
    said[at] = words[put]
    return " ".join(said)
