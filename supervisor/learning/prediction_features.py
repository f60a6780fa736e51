"""What predictions look at, hashed: the words and shape of a request, and the steps of a run so far.

A feature is a place in a table of fixed size and a value; its name is not kept, so that what is learned holds no words
of requests. Values are scaled so that one strength of regularisation fits all of a group.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import log1p
from zlib import crc32

from supervisor.learning.records import Step

__all__ = ["RUN_GROUPS", "SIZE", "TEXT_GROUPS", "Group", "Row", "run_rows", "text_rows"]

SIZE = 1 << 14
"""Places of one group's table."""

Group = tuple["array[int]", "array[float]"]
"""Places and the values at them, each place once."""
Row = tuple[Group, ...]
"""The groups of one request or run."""

TEXT_GROUPS = ("shape", "words")
RUN_GROUPS = ("steps", "thoughts")

_MASK = SIZE - 1
_MAX_CHARS = 400
_MAX_WORDS = 48
_MAX_STEPS = 400
_MAX_THOUGHT_WORDS = 200
_WORD = 0.3
"""The value of a word that is there: many of them are, and each tells little."""
_BIGRAM = 0.5
_FIND_WORDS = re.compile(r"[^\W\d_]+(?:'[a-z]+)?|\d+").findall
_JOINTS = frozenset({"and", "then", "or", "but", "if", "also", "after", "before"})
_START, _END = "^", "$"


def text_rows(request: str, domain: str = "") -> Row:
    """The groups `shape` and `words` of a request; only its first 400 characters and 48 words are looked at."""
    text = request[:_MAX_CHARS]
    lower = text.lower()
    words = _FIND_WORDS(lower)[:_MAX_WORDS]
    places: set[int] = set()
    before = 0
    for word in words:
        single = crc32(word.encode("utf-8", "replace"))
        places.add(single & _MASK)
        if before:
            places.add((before * 31 + single) & _MASK)
        before = single
    shape = {
        "characters": log1p(len(text)) / 2,
        "words": log1p(len(words)) / 2,
        "joints": log1p(sum([word in _JOINTS for word in words]) + text.count(",") + text.count(";")),
        "names": log1p(sum([token[:1].isupper() for token in text.split()[1:]])),
        "digits": float(any(map(str.isdigit, words))),
        "question": float("?" in text),
    }
    if domain:
        shape[f"domain {domain}"] = 1.0
    return _group(shape), (array("H", places), array("f", [_WORD]) * len(places))


def run_rows(steps: Sequence[Step], *, running: bool) -> Row:
    """The groups `steps` and `thoughts` of a run; with `running` it goes on, and its last step ends nothing."""
    steps = steps[:_MAX_STEPS]
    calls = [step for step in steps if step.kind == "tool"]
    said = [step.text for step in steps if step.kind != "tool"]
    facts: dict[str, float] = {}
    for name, times in Counter([step.name for step in calls]).items():
        facts[f"calls {name}"] = log1p(times)
    order = [_START, *(step.name for step in calls)]
    for first, second in set(pairwise(order if running else [*order, _END])):
        facts[f"order {first} > {second}"] = _BIGRAM
    failed = [step.name for step in calls if step.ok is False]
    for name in set(failed):
        facts[f"failed {name}"] = _BIGRAM
    repeated = len(calls) - len({(step.name, step.arguments) for step in calls})
    facts["calls"], facts["failed"], facts["repeated"] = log1p(len(calls)), log1p(len(failed)), log1p(repeated)
    lengths = [len(text) for text in said]
    facts["thoughts"], facts["thought"] = log1p(len(said)), log1p(sum(lengths)) / 2
    facts["longest"] = log1p(max(lengths, default=0)) / 2
    facts["last"] = log1p(lengths[-1] if lengths else 0) / 2
    return _group(facts), _thoughts(said)


def _thoughts(said: Sequence[str]) -> Group:
    words = dict.fromkeys(_words(said))
    last = dict.fromkeys(_words(said[-1:]))
    places = {crc32(word.encode("utf-8", "replace")) & _MASK for word in words}
    places |= {crc32(b"last " + word.encode("utf-8", "replace")) & _MASK for word in last}
    return array("H", places), array("f", [_WORD]) * len(places)


def _words(texts: Iterable[str]) -> list[str]:
    found: list[str] = []
    for text in texts:
        found += _FIND_WORDS(text.lower())
        if len(found) >= _MAX_THOUGHT_WORDS:
            break
    return found[:_MAX_THOUGHT_WORDS]


def _group(facts: dict[str, float]) -> Group:
    """Facts by the place of their name; where two names share a place, their values add up."""
    placed: dict[int, float] = {}
    for name, value in facts.items():
        if value:
            place = crc32(name.encode("utf-8", "replace")) & _MASK
            placed[place] = placed.get(place, 0.0) + value
    return array("H", placed), array("f", placed.values())
