"""The words that open a circumstance under which an order is meant, beside “if” and “unless”."""

from __future__ import annotations

from common.language.words import Tokens, word_set

__all__ = ["opens_circumstance"]

_CIRCUMSTANCES = (
    ("as", "soon", "as"), ("as", "long", "as"), ("in", "case"), ("only", "if"), ("only", "when"), ("even", "if"),
    ("provided", "that"), ("provided",), ("whenever",), ("when",), ("once",), ("should",),
)  # fmt: skip
_SUBJECTS = word_set(
    "i we he she it they there the my our his her their this that everyone everybody somebody someone nobody anyone "
    "i'm we're it's they're he's she's there's it'll"
)


def opens_circumstance(tokens: Tokens, index: int) -> bool:
    """Whether words at `index` may tell under which circumstance the order behind them is meant: “when I get home”.

    “Should it rain, …” is one; “should I …” is a question.
    """
    for words in _CIRCUMSTANCES:
        if tuple(tokens.low[index : index + len(words)]) == words:
            subject = tokens.word(index + len(words))
            return subject in _SUBJECTS and not (words == ("should",) and subject in ("i", "we"))
    return False
