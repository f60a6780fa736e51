"""Tells what a question is to be answered with ("if NOI is 90k, …") from a circumstance that somebody has to check."""

from __future__ import annotations

from common.language.words import read_number, tokenize, word_set
from common.language.wrappers import skip_wrapper

__all__ = ["is_supposition"]

_ASKS = word_set("what what's whats how how's which is are does would will calculate compute determine estimate")
_PROPOSES = (("how", "about"), ("what", "about"))
_CHECKED = word_set(
    "above below over under more less fewer than least most exceeds exceed reaches reach beyond between not unless "
    "higher lower bigger greater smaller larger > < >= <= ever still already when once until"
)
"""Words of a circumstance that holds or not, rather than of a value that is given."""


def is_supposition(condition: str, action: str) -> bool:
    """Whether a condition states values that the question beside it is to be answered with.

    "If NOI is 90k and debt service 60k, what is the DSCR?" asks for one answer, and nothing hangs on whether that is
    so. "If it is above 30 degrees, turn on the fan" does: an order is no question, and "above" is to be checked.
    """
    said = tokenize(condition)
    if said.word(0) != "if" or not _CHECKED.isdisjoint(said.low):
        return False
    if not any(read_number(said, index) for index in range(len(said)) if said.word(index) not in ("a", "an")):
        return False
    asked = tokenize(action)
    first = skip_wrapper(asked, 0, len(asked))
    opening = tuple(asked.low[first : first + 2])
    return bool(opening) and opening[0] in _ASKS and opening not in _PROPOSES
