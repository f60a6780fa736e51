"""What tokens are by themselves, whatever the tables: numbers, years, dates, names of figures, participles, spans."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from common.language.words import word_set
from roles.builder.understanding.grammar.chart import Reading
from roles.builder.understanding.grammar.forms import Number
from roles.builder.understanding.grammar.tokens import Token
from roles.builder.understanding.words import NUMBERS

__all__ = [
    "INNER", "NO_NAMES", "identifier", "is_deed", "is_participle", "own", "plain_date", "plain_name", "plain_number",
    "spans", "year",
]  # fmt: skip

_MAX_WORDS = 6
INNER = frozenset({"in", "of", "the", "as"})
NO_NAMES = word_set(
    """the a an of in on at by for from with to and or not no is are was were be been has have had do does did that
    which who whose what where when how many much each every all any some than then more less at least most per as it
    its them they their this these those i we you me us my our your please show list give tell find get first last
    top best worst highest lowest over under above below between above total sum average mean number count
    only just if pass passes fail fails must should agent tool number one two three"""
)
_NOT_IN_NAMES = word_set(
    """is are and or compute calculate show give list need want looking agent tool that which where when how what it
    must should with please i we you they d ll m re works work out build make tell us me our calculates computes gives
    by rank compare top best sort sorted order ordered each every all any whose who report overview
    not never without except excluding ignoring omitting leaving"""
)
_NOT_FIRST = word_set("of for per by the a an in to one each every as from given at on than")


def spans(tokens: Sequence[Token], at: int, longest: int = _MAX_WORDS) -> Iterable[tuple[int, tuple[str, ...]]]:
    """The spans of words from a place on, each with its words in singular; hyphens and "of the" may be within."""
    words: list[str] = []
    end = at
    while end < len(tokens) and len(words) < longest:
        token = tokens[end]
        if token.kind == "word":
            words += token.words or (token.low,)
            end += 1
            if token.low not in INNER and words[0] not in INNER:
                yield end, tuple(words)
        elif words and token.text in ("-", "/") and token.glued and end + 1 < len(tokens) and tokens[end + 1].glued:
            end += 1
        elif words and token.kind == "number" and token.glued:
            words.append(token.low)
            end += 1
            yield end, tuple(words)
        else:
            return


def is_deed(tokens: Sequence[Token], at: int) -> bool:
    """Whether "ordered" tells what was done, not how rows come: "never ordered", "were ordered"."""
    before = tokens[at - 1].plain if at else ""
    behind = tokens[at + 1].plain if at + 1 < len(tokens) else ""
    return (
        tokens[at].plain == "ordered"
        and before in ("never", "not", "been", "was", "were", "we", "have")
        and behind not in ("by", "from")
    )


def is_participle(word: str) -> bool:
    """Whether a word tells that something was done."""
    return (word.endswith(("ed", "wn")) and len(word) > 3) or word in (
        "given", "taken", "written", "driven", "chosen", "broken", "stolen", "fallen", "eaten", "beaten", "hidden",
        "paid", "sold", "sent", "built", "made", "left", "bought", "lent", "held", "won", "lost", "born", "met", "put",
        "begun", "closed", "set", "taught", "spent", "seen", "done", "run",
    )  # fmt: skip


def plain_number(tokens: Sequence[Token], at: int) -> Iterable[Reading]:
    """A number, in digits or as a word."""
    if at >= len(tokens):
        return
    token = tokens[at]
    if token.kind == "number":
        yield at + 1, Number(float(token.low)), 0.0
    elif token.plain in NUMBERS:
        yield at + 1, Number(float(NUMBERS[token.plain])), 0.02


def plain_date(tokens: Sequence[Token], at: int) -> Iterable[Reading]:
    """A date."""
    if at < len(tokens) and tokens[at].kind == "date":
        yield at + 1, tokens[at].text, 0.0


def year(tokens: Sequence[Token], at: int) -> Iterable[Reading]:
    """A year in digits."""
    if (
        at < len(tokens)
        and tokens[at].kind == "number"
        and tokens[at].low.isdigit()
        and 1900 <= int(tokens[at].low) < 2100
    ):
        yield at + 1, int(tokens[at].low), 0.0


def plain_name(tokens: Sequence[Token], at: int) -> Iterable[Reading]:
    """Up to six words as the name of a figure."""
    words: list[str] = []
    end = at
    while end < len(tokens) and len(words) < 6:
        token = tokens[end]
        hyphen = words and token.text == "-" and token.glued and end + 1 < len(tokens) and tokens[end + 1].glued
        if token.kind != "word" and not hyphen:
            return
        end += 1
        if token.kind == "word":
            words.append(token.plain)
            hyphened = end < len(tokens) and tokens[end].text == "-" and tokens[end].glued
            if words[-1] in _NOT_IN_NAMES or (
                words[0] in _NOT_FIRST and not (len(words) == 1 and hyphened) and words[:2] != ["on", "time"]
            ):
                return
            yield end, " ".join(words), 0.3 + 0.1 * len(words)


def identifier(tokens: Sequence[Token], at: int) -> Iterable[Reading]:
    """Any word that may be part of a name."""
    if at < len(tokens) and tokens[at].kind == "word" and tokens[at].plain not in NO_NAMES:
        yield at + 1, tokens[at].plain, 0.3


def own(tokens: Sequence[Token], at: int) -> Iterable[Reading]:
    """Nothing, where what follows is said of the last thing: behind "and" it may be of the one before."""
    if at < len(tokens) and tokens[at].plain not in ("and", "but", "or") and tokens[at].text not in ",;":
        yield at, True, 0.0
