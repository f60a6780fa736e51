"""Finds the clauses of a request: what is asked for each by itself, and the words around that all of them share."""

from __future__ import annotations

from dataclasses import dataclass

from common.language.circumstances import opens_circumstance
from common.language.connectors import CONDITIONS, SIGNALS, Connector, opens_with_order, read_connector
from common.language.follow_ups import asked_again, only_time
from common.language.phrases import (
    INTENT_NOUNS,
    PRONOUNS,
    SWITCH_VERBS,
    VERBS,
    opens_question,
    opens_request,
    opens_statement,
    opens_terse,
)
from common.language.sentences import ENDS, find_sentences, held_together
from common.language.time_words.expressions import find_expressions
from common.language.words import Tokens, tokenize, word_set
from common.language.wrappers import skip_wrapper

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


@dataclass(frozen=True, slots=True)
class Context:
    """Words that ask for nothing themselves but hold for others: a `head` for all, else for those of its sentence
    and after it (clauses from number `first` on)."""

    text: str
    first: int
    head: bool = False
    sentence: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """The clauses of a request and what they share."""

    clauses: tuple[Clause, ...]
    context: tuple[Context, ...] = ()


_TELLING = word_set("remind reminder remember forget tell ask note todo memo task text message email mail write say")
_HOW = frozenset({"how", "learn", "want", "wants"})
_TOLD = frozenset({"that", "saying", "says"})
_CONTAINERS = frozenset({"reminder", "note", "memo", "todo", "task", "message"})
_LEAVE = frozenset({"can", "could", "should", "may", "must"})
_OWN_THINGS = frozenset({"timer", "alarm", "reminder", "weather", "forecast", "calendar", "schedule", "agenda"})
_PLAIN_ORDERS = word_set(
    "set turn switch add check search find show cancel remind tell send start stop lock wake create delete schedule"
)
_BEFORE_SUBJECT = frozenset({"do", "can", "should", "could", "must", "would", "may"})
_BEFORE_VERB = word_set("i we you can could should would please and how")
_ASKING = word_set("know see check sure ask out wonder verify ensure whether even as what determine me")
_BEFORE_NO_ORDER = word_set(
    "i you we they he she it to not is it's are be am was were isn't aren't don't doesn't can will would should "
    "could a an the my your our if unless and or any some no"
)
_INDIRECT = frozenset({"what", "when", "where", "who", "how", "which", "why", "if", "whether"})
_PLEASANTRIES = word_set(
    "thanks thank you please cheers a lot much so very bye there great ok now too love mate dear . ! ,"
)
_LOOSE = frozenset({"and", "then", "also", ",", "&", "plus", "but", "so"})
_WORD_LIMIT = 14


def find_clauses(text: str) -> Found:
    """Cut a request into clauses."""
    tokens = tokenize(text)
    if SIGNALS.isdisjoint(tokens.low) and not any(char in text for char in "\n.?!"):
        return Found((Clause(text),))
    return _Finder(tokens).find()


class _Finder:
    """One walk over the tokens of a request."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self.held = held_together(tokens)
        self.clauses: list[Clause] = []
        self.context: list[Context] = []
        self._condition: str | None = None
        self._number = 0

    def find(self) -> Found:
        """All clauses and contexts."""
        for number, (start, end) in enumerate(find_sentences(self.tokens, self.held)):
            self._condition, self._number = None, number
            self._sentence(start, end)
        if not self.clauses:
            return Found((Clause(self.tokens.text.strip()),))
        return Found(tuple(self.clauses), tuple(self.context))

    def _sentence(self, start: int, end: int) -> None:
        tokens = self.tokens
        while end > start and tokens.word(end - 1) in ENDS:
            end -= 1
        if skip_wrapper(tokens, start, end) >= end:
            return
        start = self._head(start, end)
        if start >= end:
            return
        first, before = start, Connector(start, bool(self.clauses) and opens_with_order(tokens, start, end))
        index = start
        while index < end:
            connector = None
            if index > first and not self.held[index]:
                connector = read_connector(tokens, index, end)
            if connector is None:
                index += 1
                continue
            opens = skip_wrapper(tokens, connector.end, end)
            if not self._cuts(first, index, opens, end, connector):
                index += 1
                continue
            self._take(first, index, before, joined=True)
            first, before = connector.end, connector
            index = max(opens, connector.end)
        self._take(first, end, before)

    # ---- where a clause starts -------------------------------------------------------------------------------------

    def _opens(self, index: int, end: int) -> bool:
        tokens = self.tokens
        if opens_request(tokens, index, end) or opens_question(tokens, index, end) or self._needs(index, end):
            return True
        if tokens.word(index) in CONDITIONS or self._circumstance(index, end):
            return index + 2 < end
        return tokens.word(index) in ("otherwise", "else") and index + 1 < end

    def _needs(self, index: int, end: int) -> bool:
        """I need a timer, I want an alarm."""
        tokens = self.tokens
        return (
            tokens.word(index) in ("i", "we", "i'd")
            and tokens.word(index + 1) in ("need", "want", "like", "require", "would")
            and index + 3 < end
            and not _OWN_THINGS.isdisjoint(tokens.low[index + 2 : index + 7])
        )

    def _cuts(self, first: int, index: int, opens: int, end: int, connector: Connector) -> bool:
        """Whether a new clause starts at `opens`, the one before reaching from `first` to `index`."""
        tokens = self.tokens
        start = skip_wrapper(tokens, first, end)
        if start >= index:
            return False
        if not self._opens(opens, end):
            return opens_terse(tokens, start, index) and opens_terse(tokens, opens, end)
        if tokens.word(start) in CONDITIONS or self._circumstance(start, end):
            start = skip_wrapper(tokens, self._condition_end(start, index), index)
            if start >= index:
                return False
        if tokens.word(index) in ("or", "/", "-") and not connector.strong:
            return False
        if tokens.word(index - 1) in _INDIRECT or self._shares_object(start, index, connector):
            return False
        if tokens.word(opens) in CONDITIONS and self._condition_end(opens, end) >= end:
            return False
        return not self._goes_on(start, index, opens, end, connector)

    def _shares_object(self, start: int, index: int, connector: Connector) -> bool:
        """How do I plan *and* book a trip: two verbs before one object."""
        tokens = self.tokens
        if connector.strong or index - 1 <= start or tokens.word(index) != "and":
            return False
        before = tokens.word(index - 2)
        asked = before not in ("i", "we", "you") or tokens.word(index - 3) in _BEFORE_SUBJECT
        verb = tokens.word(index - 1) in VERBS and before in _BEFORE_VERB and asked
        return verb or (before == "to" and not only_time(tokens, index - 1, index))

    def _goes_on(self, start: int, index: int, opens: int, end: int, connector: Connector) -> bool:
        """Whether what opens belongs to words that the clause holds ("remind me to buy milk *and call mom*")."""
        tokens = self.tokens
        bare = tokens.low[index:opens] in (["and"], [","], [",", "and"])
        if bare and tokens.word(index - 1) in _CONTAINERS and tokens.word(index) == ",":
            return True
        if bare and self._asks_leave(start) and not opens_question(tokens, opens, end):
            return True
        lock = self._lock(start, index)
        if not lock:
            return False
        if opens_question(tokens, opens, end) or tokens.word(opens) in CONDITIONS:
            return False
        following = tokens.low[opens + 1 : opens + 8]
        if following[:1] in (["me"], ["us"]) or not _OWN_THINGS.isdisjoint(following):
            return False
        if connector.strong and tokens.low[index:opens] != [",", "and"]:
            return False
        if tokens.word(opens) not in _PLAIN_ORDERS:
            return True
        return lock == "to" and not self.held[index - 1]

    def _asks_leave(self, start: int) -> bool:
        """Whether a question about what one may do stands here, whose verbs go together ("can I bake and freeze")."""
        return self.tokens.word(start) in _LEAVE and self.tokens.word(start + 1) in ("i", "we", "one", "you")

    def _lock(self, start: int, end: int) -> str:
        """What holds the rest of a clause together: "to" (remind me to …), "that" (tell Bob that …), or ""."""
        low = self.tokens.low
        for index in range(start, min(end, start + _WORD_LIMIT)):
            if low[index] not in _TELLING and low[index] not in _HOW:
                continue
            for at in range(index + 1, min(end, index + _WORD_LIMIT)):
                if low[at] in _TOLD and low[index] not in _HOW:
                    return "that"
                if low[at] == "to" and not self.held[at] and at + 1 < end and self._infinitive(at + 1):
                    return "to"
            return "that" if low[index] in ("note", "remember", "say", "text", "message") and end - index > 3 else ""
        return ""

    def _infinitive(self, index: int) -> bool:
        word = self.tokens.word(index)
        return word not in ("the", "my", "a", "an", "our", "your") and not word[0].isdigit()

    def _asks(self, start: int, end: int) -> bool:
        """Whether the words ask for something, if only in brief ("lights off")."""
        return self._complete(start, end) or opens_terse(self.tokens, start, end)

    def _complete(self, start: int, end: int) -> bool:
        """Whether the words ask for something by themselves."""
        return self._opens(start, end) or not INTENT_NOUNS.isdisjoint(self.tokens.low[start:end])

    # ---- heads and conditions ----------------------------------------------------------------------------------------

    def _head(self, start: int, end: int) -> int:
        """Take in what stands before a colon and holds for all that follows; where the clauses start then."""
        tokens = self.tokens
        if tokens.word(end - 1) == ":" and end - start > 1:
            self._share(start, end - 1, head=True)
            return end
        for colon in range(start + 1, end - 1):
            if tokens.word(colon) not in (":", "-") or self.held[colon] or not self._stands_alone(colon):
                continue
            behind = skip_wrapper(tokens, colon + 1, end)
            if tokens.word(behind).isdecimal() and tokens.word(behind + 1) in (")", "."):
                behind = skip_wrapper(tokens, behind + 2, end)
            if self._opens(behind, end) and (self._several(behind, end) or not self._quotes(start, colon)):
                self._share(start, colon, head=True)
                return behind
            return start
        return start

    def _stands_alone(self, index: int) -> bool:
        """Whether a colon or dash parts what is around it (not that of "7:30", "http://", "well-known")."""
        tokens = self.tokens
        if tokens.word(index) == "-":
            return not tokens.glued(index) and not tokens.glued(index + 1)
        return not (tokens.glued(index + 1) and (tokens.word(index + 1) == "/" or tokens.word(index + 1).isdecimal()))

    def _quotes(self, start: int, colon: int) -> bool:
        """Whether the words before a colon take what follows as their content ("remind me: call mom")."""
        first = skip_wrapper(self.tokens, start, colon)
        content = _TELLING | {"search", "find", "add", "query", "question", "how"}
        return not content.isdisjoint(self.tokens.low[first:colon])

    def _several(self, start: int, end: int) -> bool:
        """Whether at least two requests stand between `start` and `end`."""
        for index in range(start + 1, end):
            connector = None if self.held[index] else read_connector(self.tokens, index, end)
            if connector is not None and self._opens(skip_wrapper(self.tokens, connector.end, end), end):
                return True
        return False

    def _condition_end(self, start: int, end: int) -> int:
        """Where the words of a leading condition end: at a comma, at "then", or where a request opens."""
        tokens = self.tokens
        for index in range(start + 2, end):
            if self.held[index]:
                continue
            if tokens.word(index) in (",", "then", ":", "-"):
                return index
            if tokens.word(index - 1) not in _BEFORE_NO_ORDER and opens_request(tokens, index, end):
                return index
        return end

    def _circumstance(self, start: int, end: int) -> bool:
        """Whether an order follows a circumstance that only the future can tell; one with a time is a plain time."""
        if not opens_circumstance(self.tokens, start):
            return False
        behind = self._condition_end(start, end)
        order = skip_wrapper(self.tokens, behind, end)
        return not any(self.held[start:behind]) and opens_request(self.tokens, order, end)

    def _trailing_condition(self, start: int, end: int) -> int | None:
        tokens = self.tokens
        switching = tokens.word(start) in SWITCH_VERBS
        for index in range(start + 2, end - 1):
            if switching and opens_circumstance(tokens, index) and not any(self.held[index:end]):
                return index
            if tokens.word(index) in CONDITIONS and not self.held[index]:
                return index if _ASKING.isdisjoint(tokens.low[index - 1 : index]) else None
        return None

    # ---- clauses and what they share ---------------------------------------------------------------------------------

    def _text(self, start: int, end: int) -> str:
        return self.tokens.cut(start, end).strip(" ,;:-") if start < end else ""

    def _share(self, start: int, end: int, *, head: bool = False) -> None:
        if text := self._text(start, end):
            self.context.append(Context(text, len(self.clauses), head, self._number))

    def _take(self, start: int, end: int, before: Connector, *, joined: bool = False) -> None:
        """Add the clause, or what it shares with the others."""
        tokens = self.tokens
        while end > start and tokens.word(end - 1) in _LOOSE and not self.held[end - 1]:
            end -= 1
        first = skip_wrapper(tokens, start, end)
        if first >= end:
            return
        condition = self._condition
        if tokens.word(first) in ("otherwise", "else"):
            self._otherwise(skip_wrapper(tokens, first + 1, end), end)
            return
        if tokens.word(first) in CONDITIONS or self._circumstance(first, end):
            behind = self._condition_end(first, end)
            if behind < end:
                self._condition = condition = self._text(first, behind)
                start = first = skip_wrapper(tokens, behind, end)
        elif (trailing := self._trailing_condition(first, end)) is not None:
            polite = skip_wrapper(tokens, trailing, end) >= end  # "…, if you can" hangs on nothing
            condition, end = condition if polite else self._text(trailing, end), trailing
        if first >= end:
            return
        if (again := self._asked_again(first, end)) is not None:
            self.clauses.append(Clause(again, sentence=self._number))
        elif self._only_shared(start, first, end) or (joined and not self._asks(first, end)):
            self._share(start, end)
        elif not self.clauses or not _PLEASANTRIES.issuperset(tokens.low[first:end]):
            self.clauses.append(
                Clause(self._text(start, end), before.follows, before.precedes, condition, self._number)
            )

    def _asked_again(self, first: int, end: int) -> str | None:
        """The question before, asked of another place or time ("And in Bergen?"), or None."""
        if not self.clauses or self.clauses[-1].sentence == self._number:
            return None
        return asked_again(self.clauses[-1].text, self.tokens.cut(first, end))

    def _otherwise(self, first: int, end: int) -> None:
        """The clause for when the last condition does not hold; of a lone time the verb is that of the one before."""
        if not self.clauses or first >= end:
            return
        last = self.clauses[-1]
        text = self._text(first, end)
        if only_time(self.tokens, first, end):
            spans = find_expressions(tokenize(last.text))
            text = f"{last.text[: spans[-1].start]}{text}" if spans else text
        self.clauses.append(Clause(text, condition=_opposite(self._condition or last.condition), sentence=self._number))

    def _only_shared(self, raw: int, start: int, end: int) -> bool:
        """Whether the words only say when or where, tell of a situation, or name what "it" will stand for."""
        if only_time(self.tokens, start, end):
            return True
        told = raw
        while told < end - 1 and (self.held[told + 1] or self.tokens.word(told) in (",", "so", "hi", "hey")):
            told += 1
        told = told + 1 if self.held[told] else told
        if any(opens_statement(self.tokens, at, end) for at in {start, raw, told, self._behind_time(raw, end)}):
            return not self._needs(start, end)
        return not self._opens(start, end) and self._taken_up(end)

    def _behind_time(self, start: int, end: int) -> int:
        """The index behind words of time that open a statement ("tomorrow I have …")."""
        behind = [index for index in range(start + 1, min(end, start + 6)) if only_time(self.tokens, start, index)]
        return behind[-1] if behind else start

    def _taken_up(self, end: int) -> bool:
        """Whether a comma and a request about "it" follow ("the dentist on Friday, please cancel it")."""
        tokens = self.tokens
        if tokens.word(end) != ",":
            return False
        behind = skip_wrapper(tokens, end + 1, len(tokens))
        opens = opens_request(tokens, behind, len(tokens)) or opens_question(tokens, behind, len(tokens))
        return opens and not PRONOUNS.isdisjoint(tokens.low[behind + 1 : behind + 4])


def _opposite(condition: str | None) -> str | None:
    if condition is None:
        return None
    first, _, rest = condition.partition(" ")
    return f"{'if' if first.lower() == 'unless' else 'unless'} {rest}"
