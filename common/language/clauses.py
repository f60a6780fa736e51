"""Finds the clauses of a request: what is asked for each by itself, and the words around that all of them share."""

from __future__ import annotations

from dataclasses import dataclass

from common.language.phrases import INTENT_NOUNS, opens_question, opens_request, skip_wrapper
from common.language.time_words.expressions import find_expressions
from common.language.words import Tokens, tokenize, word_set

__all__ = ["Clause", "Context", "Found", "find_clauses"]


@dataclass(frozen=True, slots=True)
class Clause:
    """One thing asked for. `follows` tells that an order word stands before it ("then"), `precedes` that it is to be
    done before the one said last ("but before that"); `sentence` counts sentences from 0."""

    text: str
    follows: bool = False
    precedes: bool = False
    condition: str | None = None
    sentence: int = 0
    question: bool = False


@dataclass(frozen=True, slots=True)
class Context:
    """Words that ask for nothing themselves but hold for the clauses from `first` up to `last` (None: all after)."""

    text: str
    first: int
    last: int | None = None
    head: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """The clauses of a request and what they share."""

    clauses: tuple[Clause, ...]
    context: tuple[Context, ...] = ()


_SIGNALS = word_set(
    ", ; : and & then also plus but if unless otherwise afterwards before after so finally lastly next as "
    "/ - * • ) when once"
)
_ABBREVIATIONS = word_set("dr mr mrs ms prof st e g i no nr vs approx a p m etc inc ltd jr sr min sec hr hrs tel ca")
_ENDS = frozenset(".?!;")
_CONNECTORS: dict[str, tuple[tuple[tuple[str, ...], str], ...]] = {}
for _phrase, _mark in (
    (",", ""), ("and", ""), ("&", ""), ("+", ""), ("then", "follows"), ("also", ""), ("plus", ""), ("but", ""), ("so", ""),
    ("as well as", ""), ("along with", ""), ("and then", "follows"), ("after that", "follows"), ("after this", "follows"),
    ("afterwards", "follows"), ("afterward", "follows"), ("after which", "follows"), ("followed by", "follows"),
    ("before that", "precedes"), ("but first", "precedes"), ("beforehand", "precedes"), ("finally", "follows"),
    ("lastly", "follows"), ("once that's done", "follows"), ("once that is done", "follows"), ("once done", "follows"),
    ("when that's done", "follows"), ("when you're done", "follows"), ("when done", "follows"), ("next", "follows"),
    ("once you have that", "follows"), ("when you have that", "follows"), ("in addition", ""), ("additionally", ""),
    ("based on that", "follows"), ("depending on that", "follows"), ("with that", "follows"), ("-", ""), ("/", ""),
    ("or", ""), ("while you're at it", ""), ("on top of that", ""), ("besides", ""), ("furthermore", ""), ("moreover", ""),
    ("last", ""), ("second", ""), ("secondly", ""), ("third", ""), ("thirdly", ""), ("later", "follows"),
):  # fmt: skip
    _words = tuple(_phrase.split())
    _CONNECTORS[_words[0]] = (*_CONNECTORS.get(_words[0], ()), (_words, _mark))
_OPENERS = frozenset(
    {"first", "firstly", "second", "third", "last", "later", "next", "so", "or", "-", "/", "+", "before"}
)
_CONDITIONS = frozenset({"if", "unless"})
_ASKING = word_set("know see check sure tell me ask find out wonder verify ensure whether even as what determine")
_STATEMENTS = (
    "i'm", "i am", "we're", "we are", "i have", "i've", "we have", "we've", "there's", "there is", "there are", "there will",
    "i'll", "we'll", "i will", "we will", "i plan", "we plan", "i need to be", "we need to be", "i must be", "i have to be",
    "i'm going", "i had", "we had", "it's", "it is", "my flight", "my train", "my meeting", "our flight", "our train",
    "our meeting", "my appointment", "my shift", "my interview",
)  # fmt: skip
_STATEMENT_WORDS = frozenset(tuple(statement.split()) for statement in _STATEMENTS)
_LOCKS = word_set(
    "remind reminder remember forget tell ask note todo memo task text message email mail write say how learn"
)
_TOLD = frozenset({"that", "saying", "says"})
_ASSISTED = frozenset({"me", "us"})
_OWN_THINGS = frozenset({"timer", "alarm", "reminder", "weather", "forecast", "calendar", "schedule", "agenda"})


def find_clauses(text: str) -> Found:
    """Cut a request into clauses."""
    tokens = tokenize(text)
    if not _SIGNALS.intersection(tokens.low) and not any(char in text for char in "\n.?!"):
        return Found((Clause(text),))
    return _Finder(tokens).find()


class _Finder:
    """One walk over the tokens of a request."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self.covered = self._protected()
        self.clauses: list[Clause] = []
        self.context: list[Context] = []
        self._condition: str | None = None

    def _protected(self) -> bytearray:
        """Tokens that hold together: words of time, and what stands in quotation marks."""
        tokens = self.tokens
        covered = bytearray(len(tokens))
        for found in find_expressions(tokens):
            for index in range(found.first + 1, found.last):
                covered[index] = 1
        quotes = [index for index, word in enumerate(tokens.low) if word == '"']
        for first, last in zip(quotes[::2], quotes[1::2], strict=False):
            covered[first + 1 : last] = b"\x01" * (last - first - 1)
        return covered

    def find(self) -> Found:
        """All clauses and contexts."""
        for number, (start, end) in enumerate(self._sentences()):
            self._condition = None
            self._sentence(start, end, number)
        if not self.clauses:
            return Found((Clause(self.tokens.text.strip()),))
        return Found(tuple(self.clauses), tuple(self.context))

    # ---- sentences -----------------------------------------------------------------------------------------------

    def _sentences(self) -> list[tuple[int, int]]:
        tokens, bounds, start = self.tokens, list[tuple[int, int]](), 0
        for index in range(len(tokens)):
            if index > start and self._line_break(index):
                bounds.append((start, index))
                start = index
            if self.covered[index] or not self._ends_sentence(index):
                continue
            bounds.append((start, index + 1))
            start = index + 1
        bounds.append((start, len(tokens)))
        return [self._unbulleted(first, last) for first, last in bounds if last > first]

    def _line_break(self, index: int) -> bool:
        gap = self.tokens.text[self.tokens.ends[index - 1] : self.tokens.starts[index]]
        if "\n" in gap:
            return True
        return self._numbered(index)

    def _numbered(self, index: int) -> bool:
        """Whether "2)" or "2." that leads to a request stands here, inside a line."""
        tokens = self.tokens
        if not tokens.word(index).isdecimal() or len(tokens.word(index)) > 2 or self.covered[index]:
            return False
        if tokens.word(index + 1) not in (")", ".") or not tokens.glued(index + 1) or tokens.glued(index + 2):
            return False
        at = skip_wrapper(tokens, index + 2, len(tokens))
        return self._opens(at, len(tokens))

    def _ends_sentence(self, index: int) -> bool:
        tokens = self.tokens
        word = tokens.word(index)
        if word not in _ENDS:
            return False
        if word == ";":
            return True
        if tokens.glued(index + 1) and tokens.word(index + 1) not in _ENDS:
            return False
        return not (
            word == "." and (tokens.word(index - 1) in _ABBREVIATIONS or index == 0 or self._list_number(index))
        )

    def _list_number(self, index: int) -> bool:
        """Whether the full stop belongs to a number that opens a line or a list item."""
        tokens = self.tokens
        return tokens.word(index - 1).isdecimal() and (index == 1 or self._line_break(index - 1))

    def _unbulleted(self, first: int, last: int) -> tuple[int, int]:
        tokens = self.tokens
        while first < last and tokens.word(first) in ("-", "*", "•", ".", "?", "!", ";", ","):
            first += 1
        if tokens.word(first).isdecimal() and tokens.word(first + 1) in (".", ")") and first + 2 < last:
            if tokens.glued(first + 1) and not tokens.glued(first + 2):
                first += 2
        if tokens.word(first) == "(" and tokens.word(first + 2) == ")" and first + 3 < last:
            first += 3
        return first, last

    # ---- one sentence --------------------------------------------------------------------------------------------

    def _sentence(self, start: int, end: int, number: int) -> None:
        tokens = self.tokens
        question = end > start and tokens.word(end - 1) == "?"
        while end > start and tokens.word(end - 1) in _ENDS:
            end -= 1
        if skip_wrapper(tokens, start, end) >= end:
            return
        start = self._head(start, end, number)
        if start >= end:
            return
        before = len(self.clauses)
        first, follows, precedes = start, self._ordered(start, end), False
        index = start
        while index < end:
            if self.covered[index] or tokens.word(index) not in _CONNECTORS or index == first:
                index += 1
                continue
            behind, marks = self._connector(index, end)
            opens = skip_wrapper(tokens, behind, end)
            if behind == index or not self._cuts(first, index, opens, end, strong=bool(marks) or behind - index > 1):
                index = max(index + 1, behind if behind > index + 1 and not self._opens(opens, end) else index + 1)
                continue
            self._take(first, index, number, follows, precedes, question)
            first, follows, precedes = behind, "follows" in marks, "precedes" in marks
            index = max(opens, behind)
        self._take(first, end, number, follows, precedes, question)
        del before

    def _ordered(self, start: int, end: int) -> bool:
        """Whether the sentence opens with an order word that refers to what came before."""
        if not self.clauses:
            return False
        index = start
        for _ in range(3):
            for phrase, mark in _CONNECTORS.get(self.tokens.word(index), ()):
                if mark == "follows" and tuple(self.tokens.low[index : index + len(phrase)]) == phrase:
                    return index + len(phrase) <= end
            index += 1
            if self.tokens.word(index - 1) not in ("and", ",", "please", "but"):
                return False
        return False

    def _connector(self, index: int, end: int) -> tuple[int, set[str]]:
        """The run of connecting words at `index`: (index behind it, what they say of the order)."""
        tokens, marks = self.tokens, set[str]()
        first = index
        for _ in range(6):
            best: tuple[tuple[str, ...], str] | None = None
            for phrase, mark in _CONNECTORS.get(tokens.word(index), ()):
                fits = tuple(tokens.low[index : index + len(phrase)]) == phrase and index + len(phrase) <= end
                if fits and (best is None or len(phrase) > len(best[0])):
                    best = phrase, mark
            if best is None:
                break
            index += len(best[0])
            if best[1]:
                marks.add(best[1])
        if marks and index - first == 1 and tokens.word(first) in _OPENERS and tokens.word(first - 1) != ",":
            return first, set()
        return index, marks

    def _opens(self, index: int, end: int) -> bool:
        tokens = self.tokens
        return (
            opens_request(tokens, index, end)
            or opens_question(tokens, index, end)
            or (tokens.word(index) in _CONDITIONS and index + 2 < end)
            or (tokens.word(index) in ("otherwise", "else") and index + 1 < end)
            or self._needs(index, end)
        )

    def _needs(self, index: int, end: int) -> bool:
        """I need a timer, I want an alarm."""
        tokens = self.tokens
        return (
            tokens.word(index) in ("i", "we", "i'd")
            and tokens.word(index + 1) in ("need", "want", "like", "require", "would")
            and index + 3 < end
            and bool(_OWN_THINGS.intersection(tokens.low[index + 2 : index + 7]))
        )

    def _cuts(self, first: int, index: int, opens: int, end: int, *, strong: bool) -> bool:
        """Whether a new clause starts at `opens`, the one before reaching from `first` to `index`."""
        if not self._opens(opens, end):
            return self._reported(first, index, opens, end)
        tokens = self.tokens
        start = skip_wrapper(tokens, first, index)
        if tokens.word(index) in ("or", "/", "-") and not strong:
            return False
        if start >= index:
            return False
        if tokens.word(start) in _CONDITIONS:
            return False
        if self._locked(start, index) and not self._unlocks(index, opens, end):
            return False
        if tokens.word(index - 1) in ("what", "when", "where", "who", "how", "which", "why", "if", "whether"):
            return False
        return not (
            tokens.word(opens) in _CONDITIONS and tokens.word(index) == "," and not self._complete(start, index)
        )

    def _reported(self, first: int, index: int, opens: int, end: int) -> bool:
        """Tell me what the weather is *and what I have on*: a second question under one verb of telling."""
        del first
        return (
            self.tokens.word(opens) in ("what", "when", "where", "how", "whether", "if") and opens + 2 < end and False
        )

    def _locked(self, start: int, end: int) -> bool:
        """Whether the clause holds words of its own that go on ("remind me to buy milk …", "tell Bob that …")."""
        low = self.tokens.low
        for index in range(start, min(end, start + 12)):
            if low[index] in _LOCKS:
                for at in range(index + 1, min(end, index + 14)):
                    if low[at] in _TOLD and low[index] != "how":
                        return True
                    if low[at] == "to" and not self.covered[at] and at + 1 < end:
                        following = low[at + 1]
                        if following not in ("the", "my", "a", "an", "our") and not following[0].isdigit():
                            return True
                    if low[index] in ("note", "remember", "say", "text", "message") and at - index > 2:
                        return True
                return False
        return False

    def _unlocks(self, index: int, opens: int, end: int) -> bool:
        """Whether a clause at `opens` is said to the assistant even though the one before could go on."""
        tokens = self.tokens
        if opens_question(tokens, opens, end) or tokens.word(opens) in _CONDITIONS:
            return True
        near = tokens.low[opens + 1 : opens + 8]
        if _ASSISTED.intersection(near[:1]) or _OWN_THINGS.intersection(near):
            return True
        connector = tokens.low[index:opens]
        if any(word in ("then", "also", "plus", "afterwards", "finally") for word in connector):
            return True
        closed = index > 0 and self.covered[index - 1] == 1
        return closed and tokens.word(opens) in (
            "set",
            "turn",
            "switch",
            "add",
            "check",
            "search",
            "find",
            "show",
            "cancel",
        )

    def _complete(self, start: int, end: int) -> bool:
        """Whether the words ask for something by themselves."""
        return self._opens(start, end) or bool(INTENT_NOUNS.intersection(self.tokens.low[start:end]))

    # ---- clauses and contexts ------------------------------------------------------------------------------------

    def _head(self, start: int, end: int, number: int) -> int:
        """Take in what stands before a colon and holds for all that follows; where the clauses start then."""
        tokens = self.tokens
        colon = next(
            (
                index
                for index in range(start + 1, end - 1)
                if tokens.word(index) in (":", "-") and not self.covered[index] and self._lone_sign(index)
            ),
            None,
        )
        if colon is None:
            if tokens.word(end - 1) == ":" and end - start > 1:
                self._context(start, end - 1, head=True)
                return end
            return start
        behind = skip_wrapper(tokens, colon + 1, end)
        if tokens.word(behind).isdecimal() and tokens.word(behind + 1) in (")", "."):
            behind = skip_wrapper(tokens, behind + 2, end)
        if not self._opens(behind, end):
            return start
        if self._quoting(start, colon) and not self._several(behind, end):
            return start
        self._context(start, colon, head=True)
        del number
        return behind

    def _lone_sign(self, index: int) -> bool:
        tokens = self.tokens
        if tokens.word(index) == "-":
            return not tokens.glued(index) and not tokens.glued(index + 1)
        return not (tokens.glued(index + 1) and (tokens.word(index + 1) == "/" or tokens.word(index + 1).isdecimal()))

    def _quoting(self, start: int, colon: int) -> bool:
        """Whether the words before a colon take what follows as their content ("remind me: call mom")."""
        first = skip_wrapper(self.tokens, start, colon)
        return bool(
            (_LOCKS | {"search", "find", "add", "query", "question"}).intersection(self.tokens.low[first:colon])
        )

    def _several(self, start: int, end: int) -> bool:
        """Whether at least two requests stand between `start` and `end`."""
        for index in range(start + 1, end):
            if self.tokens.word(index) in (",", "and", ";") and not self.covered[index]:
                behind, _ = self._connector(index, end)
                if behind > index and self._opens(skip_wrapper(self.tokens, behind, end), end):
                    return True
        return False

    def _context(self, start: int, end: int, *, head: bool = False) -> None:
        text = self._text(start, end)
        if text:
            self.context.append(Context(text, len(self.clauses), None, head))

    def _text(self, start: int, end: int) -> str:
        return self.tokens.cut(start, end).strip(" ,;:-") if start < end else ""

    def _take(self, start: int, end: int, number: int, follows: bool, precedes: bool, question: bool) -> None:
        """Add the clause, or what it shares with the others."""
        tokens = self.tokens
        while start < end and tokens.word(start) in (",", "and", "then", "also", "-", "*"):
            follows = follows or (tokens.word(start) == "then" and bool(self.clauses))
            start += 1
        first = skip_wrapper(tokens, start, end)
        if first >= end:
            return
        condition = self._condition
        if tokens.word(first) in ("otherwise", "else"):
            condition = _opposite(self._condition or (self.clauses[-1].condition if self.clauses else None))
            start = first = skip_wrapper(tokens, first + 1, end)
        elif tokens.word(first) in _CONDITIONS:
            behind = self._condition_end(first, end)
            if behind < end:
                self._condition = condition = self._text(first, behind)
                start = first = skip_wrapper(tokens, behind, end)
        elif trailing := self._trailing_condition(first, end):
            condition = self._text(trailing, end)
            end = trailing
        if first >= end:
            return
        if self._is_context(first, end):
            self._context(start, end)
            return
        text = self._text(start, end)
        if not self._complete(first, end) and self.clauses and number != self.clauses[-1].sentence:
            if not self._stands(first, end):
                return
        self.clauses.append(Clause(text, follows, precedes, condition, number, question))

    def _stands(self, first: int, end: int) -> bool:
        """Whether a sentence that neither asks nor names anything asked for is still to be kept."""
        return end - first > 2

    def _condition_end(self, start: int, end: int) -> int:
        """Where the words of a leading condition end: at a comma, at "then", or where a request opens."""
        tokens = self.tokens
        for index in range(start + 2, end):
            if self.covered[index]:
                continue
            word = tokens.word(index)
            if word in (",", "then", ":", "-"):
                return index
            if opens_request(tokens, index, end) and word in ("remind", "set", "turn", "add", "tell", "wake", "cancel",
                                                             "send", "switch", "notify", "let", "please", "move",
                                                             "give", "find", "text", "email", "order"):  # fmt: skip
                return index
        return end

    def _trailing_condition(self, start: int, end: int) -> int | None:
        tokens = self.tokens
        for index in range(start + 2, end - 1):
            if tokens.word(index) in _CONDITIONS and not self.covered[index]:
                before = set(tokens.low[max(start, index - 2) : index])
                if tokens.word(index - 1) in _ASKING or before & {"know", "check", "see", "find", "whether"}:
                    return None
                return index
        return None

    def _is_context(self, start: int, end: int) -> bool:
        """Whether the words only say when or where, or tell of a situation."""
        tokens = self.tokens
        if self._only_time(start, end):
            return True
        two, three = tuple(tokens.low[start : start + 2]), tuple(tokens.low[start : start + 4])
        stated = two[:1] in _STATEMENT_WORDS or two in _STATEMENT_WORDS or three in _STATEMENT_WORDS
        return stated and not self._needs(start, end) and not opens_request(tokens, start, end)

    def _only_time(self, start: int, end: int) -> bool:
        tokens = self.tokens
        expressions = find_expressions(tokenize(tokens.cut(start, end)))
        if not expressions:
            return tokens.word(start) in ("in", "at") and end - start <= 3 and tokens.raw(start + 1)[:1].isupper()
        size = sum(found.last - found.first for found in expressions)
        return size >= end - start


def _opposite(condition: str | None) -> str | None:
    if condition is None:
        return None
    first, _, rest = condition.partition(" ")
    return f"{'if' if first.lower() == 'unless' else 'unless'} {rest}"
