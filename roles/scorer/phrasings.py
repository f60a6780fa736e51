"""More ways to say things than anybody writes down: phrasings with open slots, filled in a fixed order of choices.

`phrasings/<label>.txt` holds one phrasing a line: ``[a|b|]`` picks one of the alternatives (the empty one too) and
``{slot}`` a value of `phrasings/slots.txt`. What `phrasings/left_out.txt` lists is not made: people say it word for
word, so that it stands in the collections that routing is judged on. The same files give the same utterances on every
machine.
"""

from __future__ import annotations

import random
import re
from collections.abc import Container, Iterator, Mapping, Sequence
from importlib.resources import files

__all__ = ["LEAST_WORDS", "PER_PHRASING", "TAIL", "expand", "generate", "phrasings_of", "slots"]

PER_PHRASING = 10
LEAST_WORDS = 6
"""Shorter utterances are what everybody says word for word, and would copy the collections that routing is judged on:
they get a value of the slot `TAIL`, which says nothing about the topic."""
TAIL = "tail"
_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_SLOT = re.compile(r"\{(\w+)\}")
_COMMENT = "#"


def _lines(name: str) -> list[str]:
    text = files("roles.scorer").joinpath("phrasings", name).read_text(encoding="utf-8")
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith(_COMMENT)]


def slots() -> dict[str, tuple[str, ...]]:
    """The values of every slot."""
    found: dict[str, list[str]] = {}
    for line in _lines("slots.txt"):
        name, _, values = line.partition(":")
        found.setdefault(name.strip(), []).extend(value.strip() for value in values.split("|"))
    return {name: tuple(values) for name, values in found.items()}


def phrasings_of(label: str) -> tuple[str, ...]:
    """The phrasings written for a role, or for "none"; empty where there are none."""
    if not files("roles.scorer").joinpath("phrasings", f"{label}.txt").is_file():
        return ()
    return tuple(_lines(f"{label}.txt"))


def expand(
    phrasing: str,
    values: Mapping[str, Sequence[str]],
    count: int = PER_PHRASING,
    filling: int = 0,
    without: Container[str] = (),
) -> Iterator[str]:
    """Up to `count` different utterances of one phrasing, none of `without`; other ones for another number `filling`.

    Raises `KeyError` for a slot without values.
    """
    choose = random.Random(f"{phrasing}{filling or ''}")  # noqa: S311 (a repeatable choice, not a secret)
    seen: set[str] = set()
    for _ in range(count * 3):
        text = phrasing
        while _CHOICE.search(text):
            text = _CHOICE.sub(lambda match: choose.choice(match.group(1).split("|")), text, count=1)
        text = _SLOT.sub(lambda match: choose.choice(values[match.group(1)]), text)
        text = " ".join(text.split()).replace(" ,", ",").replace(" ?", "?")
        if text.count(" ") < LEAST_WORDS - 1 and TAIL in values:
            text = f"{text}, {choose.choice(values[TAIL])}"
        if text not in seen and text not in without:
            seen.add(text)
            yield text
            if len(seen) == count:
                return


def generate(label: str, filling: int = 0) -> list[tuple[str, str]]:
    """All utterances of a label as (phrasing, utterance); utterances of one phrasing belong together when folds are
    made, so that a model is never tested on a phrasing it was fitted on."""
    values, without = slots(), frozenset(_lines("left_out.txt"))
    return [
        (phrasing, text)
        for phrasing in phrasings_of(label)
        for text in expand(phrasing, values, filling=filling, without=without)
    ]
