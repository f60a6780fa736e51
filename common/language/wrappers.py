"""Politeness and order words that stand before what is asked and change nothing about it."""

from __future__ import annotations

from common.language.words import Tokens

__all__ = ["skip_wrapper"]

_PHRASES = """
please|pls|plz|kindly|hey|hi|hello|hi there|hello there|hey there|good morning|good evening|good afternoon|hi again
ok|okay|alright|well|so|oh|yes|yeah|right|now|just|also|then|and|but|maybe|perhaps|thanks|thank you|sorry
quickly|quick
real quick|assistant|computer|by the way|btw|if possible|if you can|if you could|when you can|when you get a chance
first|firstly|second|secondly|third|thirdly|finally|lastly|last|next|afterwards|afterward|later|additionally
furthermore
moreover|besides|meanwhile|at the end|in addition|plus|first of all|to start|to begin with|after that|after this
after which|once that's done|once that is done|once done|when that's done|when that is done|when you're done
when done
while you're at it|while you are at it|on top of that|after you have done that|as a last step|as a first step
as next step
step one|step two|step three
could you|can you|would you|will you|can u|could u|would u|can we|could we|cld you|would you mind|do you mind
are you able to|is it possible to|would it be possible to|please could you|please can you
i was wondering if you could|i wonder if you could|it would be great if you could|it'd be great if you could
i want you to|i need you to|i'd like you to|i would like you to|i'd love you to|i want to|i need to|i'd like to
i would like to|i'd love to|i wanna|i gotta|i have to|i wish to|i must|i also want to|i also need to
i also want you to
i also need you to|i would also like you to|i'd also like you to|i'd also like to|i would also like to
we need to|we want to
you should|you can|let's|lets|let us|help me to|help me|go ahead and|be so kind and|be so kind as to
make sure to|make sure you|make sure that you|be sure to|don't forget to|dont forget to|do not forget to
my request is|if you would
"""


def _by_first_word() -> dict[str, tuple[tuple[str, ...], ...]]:
    found: dict[str, list[tuple[str, ...]]] = {}
    for phrase in _PHRASES.replace("\n", "|").split("|"):
        if words := tuple(phrase.split()):
            found.setdefault(words[0], []).append(words)
    return {first: tuple(sorted(phrases, key=len, reverse=True)) for first, phrases in found.items()}


_BY_FIRST = _by_first_word()
_SIGNS = frozenset({",", "-", "*", '"', "'"})
_ROUNDS = 8


def skip_wrapper(tokens: Tokens, index: int, end: int) -> int:
    """The index behind politeness and order words that stand at `index` ("could you please also")."""
    for _ in range(_ROUNDS):
        if index < end and tokens.word(index) in _SIGNS:
            index += 1
            continue
        for phrase in _BY_FIRST.get(tokens.word(index), ()):
            size = len(phrase)
            if index + size <= end and tuple(tokens.low[index : index + size]) == phrase:
                index += size
                break
        else:
            break
    return index
