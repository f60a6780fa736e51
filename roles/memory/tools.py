"""The tools of the memory role."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from common.language.formats import PART, Query
from common.tool import Tool, ToolContext, ToolResult
from events.projection import Views
from roles.memory.intents import MAX_FORGOTTEN, FactReference, ForgetFacts, RememberFact
from roles.memory.matching import match
from roles.memory.view import RememberedFact, facts_of
from roles.memory.words import fact_in, is_everything, is_everything_about, is_question, topic_in

__all__ = ["ForgetArguments", "ListArguments", "MemoryTools", "RecallArguments", "RememberArguments"]

_MAX_FACT = 4_000
_MAX_QUERY = 1_000
_MAX_RECALLED = 3
_MAX_LISTED = 50
_MAX_ASKED = 5
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)

_REMEMBER_UTTERANCES = (
    "remember that my sister's birthday is on 3 May",
    "remember my locker code is 4711",
    "please remember that I am allergic to nuts",
    "note that the spare key is under the blue pot",
    "keep in mind that I don't eat meat",
    "don't forget that Anna likes jazz",
    "make a note that the car needs winter tyres",
    "my wifi password is sunflower12, remember that",
    "memorize my shoe size: 43",
    "for the record, my employee number is 5521",
    "remember I parked on level 3",
    "I want you to remember that we moved to Basel",
    "can you remember that the plumber is called Rossi?",
    "store the fact that my passport expires in 2029",
    "save this: the gate code is 9921",
    "for future reference, the shed key hangs behind the door",
    "for later: my blood type is 0 negative",
)
_RECALL_UTTERANCES = (
    "what's my wifi password?",
    "when is my sister's birthday?",
    "what did I tell you about the car?",
    "what did I tell you about my bike?",
    "do you remember where I parked?",
    "what is my locker code?",
    "what am I allergic to?",
    "where is the spare key?",
    "do you still know my shoe size?",
    "what do you know about Anna?",
    "what was the name of the plumber again?",
    "remind me what my employee number is",
    "when does my passport expire?",
    "what did I say about the gate?",
    "who is my dentist?",
    "what was the door code again?",
    "what's the name of my wife's boss?",
)
_FORGET_UTTERANCES = (
    "forget my locker code",
    "forget what I said about my sister",
    "forget that I am allergic to nuts",
    "delete what you know about the car",
    "please forget my wifi password",
    "forget everything you know about me",
    "remove the fact about the spare key",
    "you can forget where I parked",
    "erase what I told you about Anna",
    "don't remember my shoe size any more",
    "forget about the plumber",
    "forget the door code I gave you",
    "forget the name of my wife's boss",
)
_LIST_UTTERANCES = (
    "what do you remember?",
    "what do you know about me?",
    "list everything I told you",
    "show me my saved facts",
    "what have I asked you to remember?",
    "list your memories",
    "what facts have you stored?",
    "show everything you remember about me",
    "tell me all you know about me",
    "which things did I tell you?",
)


class RememberArguments(BaseModel):
    """Arguments of memory.remember."""

    model_config = ConfigDict(extra="forbid")

    fact: str = Field(
        min_length=1,
        max_length=_MAX_FACT,
        description="the fact, word for word as said",
        json_schema_extra={"format": PART},
    )


class RecallArguments(BaseModel):
    """Arguments of memory.recall."""

    model_config = ConfigDict(extra="forbid")

    query: Query = Field(min_length=1, max_length=_MAX_QUERY, description="what the user wants to know, as said")


class ForgetArguments(BaseModel):
    """Arguments of memory.forget."""

    model_config = ConfigDict(extra="forbid")

    which: str = Field(
        min_length=1,
        max_length=_MAX_QUERY,
        description="what to forget, as said; “everything” for all",
        json_schema_extra={"format": PART},
    )


class ListArguments(BaseModel):
    """memory.list takes no arguments."""

    model_config = ConfigDict(extra="forbid")


class MemoryTools:
    """Tools over the memory view; each sees the facts of the request's owner alone."""

    def __init__(self, views: Views) -> None:
        self._views = views

    def tools(self) -> tuple[Tool, ...]:
        """The tools to register."""
        return (
            Tool(
                name="memory.remember",
                description="Keep a fact that the user states about themselves or their life, word for word.",
                arguments=RememberArguments,
                handler=self.remember,
                utterances=_REMEMBER_UTTERANCES,
                effect=True,
            ),
            Tool(
                name="memory.recall",
                description="Look up what the user asked to remember about something.",
                arguments=RecallArguments,
                handler=self.recall,
                utterances=_RECALL_UTTERANCES,
            ),
            Tool(
                name="memory.forget",
                description="Forget a remembered fact, all facts about something, or everything.",
                arguments=ForgetArguments,
                handler=self.forget,
                utterances=_FORGET_UTTERANCES,
                effect=True,
            ),
            Tool(
                name="memory.list",
                description="List everything the user asked to remember.",
                arguments=ListArguments,
                handler=self.list,
                utterances=_LIST_UTTERANCES,
            ),
        )

    async def remember(self, arguments: RememberArguments, context: ToolContext) -> ToolResult:
        """Register what is to be remembered. A question changes nothing and is answered instead."""
        if is_question(arguments.fact):
            return await self.recall(RecallArguments(query=arguments.fact[:_MAX_QUERY]), context)
        fact = fact_in(arguments.fact)
        if not fact:
            return ToolResult(
                ok=False, text="What shall I remember? Say, for example, “remember that my locker code is 4711”."
            )
        await context.register_intent(RememberFact(text=fact))
        return ToolResult(text=f"I am going to remember: “{fact}”.", data={"fact": fact})

    async def recall(self, arguments: RecallArguments, context: ToolContext) -> ToolResult:
        """Look facts up. Knowing nothing is a true answer, so it is no failure."""
        topic = topic_in(arguments.query) or arguments.query
        facts = await facts_of(self._views, context.context.owner)
        zone = context.context.zone
        found = [facts[item.place] for item in match(topic, [fact.text for fact in facts])][:_MAX_RECALLED]
        pending = _pending(topic, context)
        if not found and not pending:
            return ToolResult(text=f"You have not told me anything about “{topic}”.")
        lines = [f"You told me on {_day(fact.remembered_at, zone)}: “{fact.text}”." for fact in found]
        lines += [f"You have just told me: “{text}”." for text in pending]
        return ToolResult(text="\n".join(lines), data=[_data(fact) for fact in found])

    async def forget(self, arguments: ForgetArguments, context: ToolContext) -> ToolResult:
        """Register which facts are to be forgotten; asks where it is not clear which one is meant.

        A question changes nothing and is answered instead.
        """
        if is_question(arguments.which):
            return await self.recall(RecallArguments(query=arguments.which), context)
        facts = await facts_of(self._views, context.context.owner)
        chosen = facts if is_everything(arguments.which) else _meant(arguments.which, facts)
        if len(chosen) > 1 and not (is_everything(arguments.which) or is_everything_about(arguments.which)):
            return _ask_which(chosen)
        if not chosen:
            return ToolResult(ok=False, text="I remember nothing like that, so there is nothing to forget.")
        chosen = chosen[:MAX_FORGOTTEN]
        references = tuple(FactReference(fact_id=fact.fact_id, text=fact.text) for fact in chosen)
        intent = ForgetFacts(facts=references)
        await context.register_intent(intent)
        return ToolResult(text=f"I am going to {intent.summary()}.", data=[_data(fact) for fact in chosen])

    async def list(self, arguments: ListArguments, context: ToolContext) -> ToolResult:
        """All facts, newest first."""
        facts = await facts_of(self._views, context.context.owner)
        pending = [intent.text for intent in context.pending(RememberFact) if isinstance(intent, RememberFact)]
        if not facts and not pending:
            return ToolResult(text="You have not asked me to remember anything yet.")
        zone = context.context.zone
        lines = ["You told me:", *(f"- just now: {text}" for text in pending)]
        lines += [f"- {_day(fact.remembered_at, zone)}: {fact.text}" for fact in facts[:_MAX_LISTED]]
        if len(facts) > _MAX_LISTED:
            lines.append(f"… and {len(facts) - _MAX_LISTED} older ones; ask about one of them.")
        return ToolResult(text="\n".join(lines), data=[_data(fact) for fact in facts[:_MAX_LISTED]])


def _meant(which: str, facts: Sequence[RememberedFact]) -> list[RememberedFact]:
    """The fact in these very words, else all facts that hold most of what is named."""
    topic = topic_in(which) or which
    words = fact_in(topic.removeprefix("that ")).casefold()
    if same := [fact for fact in facts if fact.text.casefold() == words]:
        return same
    found = match(topic, [fact.text for fact in facts])
    return [facts[item.place] for item in found if item.covered == found[0].covered]


def _pending(topic: str, context: ToolContext) -> list[str]:
    """Matching facts that this very request asked to remember before."""
    texts = [intent.text for intent in context.pending(RememberFact) if isinstance(intent, RememberFact)]
    return [texts[item.place] for item in match(topic, texts)]


def _ask_which(facts: Sequence[RememberedFact]) -> ToolResult:
    shown = "; ".join(f"“{fact.text}”" for fact in facts[:_MAX_ASKED])
    return ToolResult(
        ok=False,
        text=f"Which one shall I forget: {shown}? Say it in its words, or “forget everything about …” for all.",
    )


def _day(moment: datetime, zone: ZoneInfo) -> str:
    day = moment.astimezone(zone)
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def _data(fact: RememberedFact) -> JsonValue:
    return {"id": fact.fact_id, "text": fact.text, "remembered_at": fact.remembered_at.isoformat()}
