"""What the shipped classifier is fitted on: the roles' examples, the requests no role covers, and the phrasings."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from typing import NamedTuple

from roles.none_examples import none_examples
from roles.scorer.features import extract
from roles.scorer.labels import NONE, REMINDERS
from roles.scorer.phrasings import generate
from roles.shipped import SHIPPED

__all__ = ["LABELS", "Example", "corpus_digest", "shipped_corpus", "shipped_examples", "written_by_hand"]

LABELS = (*SHIPPED, REMINDERS, NONE)
_NEIGHBOURS = 6


class Example(NamedTuple):
    """One utterance with its label. Utterances of one group are alike, so they stay in one fold."""

    text: str
    label: str
    group: str


def shipped_examples() -> Mapping[str, tuple[str, ...]]:
    """Role -> the examples of its package."""
    return {name: import_module(f"roles.{name}.examples").EXAMPLES for name in SHIPPED}


def written_by_hand() -> list[Example]:
    """The roles' examples and the requests that no role covers."""
    reminders = frozenset(import_module("roles.timer.examples").REMINDERS)
    corpus: list[Example] = []
    for role, texts in shipped_examples().items():
        for number, text in enumerate(texts):
            label = REMINDERS if text in reminders else role
            corpus.append(Example(text, label, f"{label} {number // _NEIGHBOURS}"))
    for topic, texts in none_examples().items():
        corpus.extend(
            Example(text, NONE, f"{NONE} {topic} {number // _NEIGHBOURS}") for number, text in enumerate(texts)
        )
    return _without_repetition(corpus)


def shipped_corpus(filling: int = 0) -> list[Example]:
    """Everything the shipped weights are fitted on: what was written by hand, then the phrasings, filled in one of many
    ways.
    """
    corpus = written_by_hand()
    for label in LABELS:
        corpus.extend(Example(text, label, f"{label} {phrasing}") for phrasing, text in generate(label, filling))
    return _without_repetition(corpus)


def _without_repetition(corpus: Sequence[Example]) -> list[Example]:
    return list({example.text: example for example in reversed(corpus)}.values())[::-1]


def corpus_digest(corpus: Iterable[Example]) -> str:
    """A digest of texts, labels and the features read from them: weights fitted on another one are out of date."""
    digest = hashlib.sha256()
    for example in corpus:
        blocks = extract(example.text)
        line = "\x1f".join((example.text, example.label, *("\x1e".join(block) for block in blocks)))
        digest.update(line.encode() + b"\n")
    return digest.hexdigest()
