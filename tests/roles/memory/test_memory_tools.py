"""Remembering, recalling, forgetting: tools, intents and view over a real event store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.context import Owner, TaskContext
from common.errors import IntentError
from common.intent_collector import IntentCollector
from common.intents import Effect, Intent, IntentExecution, IntentHandler
from common.tool import ToolContext, ToolResult
from events.projection import Views
from events.store import EventStore
from roles.memory.handlers import ForgetHandler, RememberHandler
from roles.memory.intents import FactReference, ForgetFacts, RememberFact
from roles.memory.tools import ForgetArguments, ListArguments, MemoryTools, RecallArguments, RememberArguments
from roles.memory.view import VIEW, MemoryView

ANNA = Owner("acme", "anna")


class MovableClock:
    def __init__(self) -> None:
        self.moment = datetime(2026, 5, 3, 22, 30, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment


class Memory:
    """The role's tools and handlers on a store, carried out as the intent processor does it."""

    def __init__(self, store: EventStore, views: Views, clock: MovableClock) -> None:
        self.store, self.views, self.clock = store, views, clock
        self.tools = MemoryTools(views)
        handlers: list[IntentHandler] = [RememberHandler(views), ForgetHandler(views)]
        self.handlers = {handler.intent_type: handler for handler in handlers}
        self._count = 0

    def context(self, owner: Owner = ANNA, collector: IntentCollector | None = None) -> ToolContext:
        context = TaskContext(
            tenant=owner.tenant, user=owner.user, timezone="Europe/Zurich", current_time=self.clock.now()
        )
        return ToolContext(context, collector or IntentCollector())

    async def settle(self, intents: Sequence[Intent], owner: Owner = ANNA) -> list[str]:
        details: list[str] = []
        for intent in intents:
            self._count += 1
            context = self.context(owner).context
            execution = IntentExecution(f"i{self._count}", f"k{self._count}", 1, context, self.clock.now())
            result = await self.handlers[type(intent)].carry_out(intent, execution)
            if result.appends:
                await self.store.append(list(result.appends), tenant=owner.tenant)
            details.append(result.detail)
        return details

    async def remember(self, text: str, owner: Owner = ANNA) -> list[str]:
        context = self.context(owner)
        result = await self.tools.remember(RememberArguments(fact=text), context)
        assert result.ok, result.text
        return await self.settle(context.collector.get_intents(), owner)

    async def forget(self, text: str, owner: Owner = ANNA) -> tuple[ToolResult, list[str]]:
        context = self.context(owner)
        result = await self.tools.forget(ForgetArguments(which=text), context)
        return result, await self.settle(context.collector.get_intents(), owner)

    async def recall(self, query: str, owner: Owner = ANNA) -> str:
        return (await self.tools.recall(RecallArguments(query=query), self.context(owner))).text

    async def list(self, owner: Owner = ANNA) -> str:
        return (await self.tools.list(ListArguments(), self.context(owner))).text


@pytest.fixture(params=["memory", "sqlite"])
async def memory(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Memory]:
    url = "memory://" if request.param == "memory" else f"sqlite:///{tmp_path / 'events.db'}"
    clock = MovableClock()
    async with await EventStore.open(url, clock=clock) as store:
        views = Views(store, [MemoryView()])
        yield Memory(store, views, clock)
        await views.close()


async def test_what_was_told_is_told_again_with_the_day(memory: Memory) -> None:
    assert await memory.remember("remember that my sister's birthday is on 3 May") == [
        "I will remember: “my sister's birthday is on 3 May”."
    ]
    # 22:30 UTC is the next day in Zurich.
    expected = "You told me on 4 May 2026: “my sister's birthday is on 3 May”."
    for question in ("when is my sister's birthday?", "my sister's birthday", "what did I tell you about my sister?"):
        assert await memory.recall(question) == expected


async def test_nothing_is_remembered_before_its_intent_is_carried_out(memory: Memory) -> None:
    context = memory.context()
    result = await memory.tools.remember(RememberArguments(fact="remember my locker code is 4711"), context)
    assert result.text == "I am going to remember: “my locker code is 4711”."
    assert context.collector.get_intents() == [RememberFact(text="my locker code is 4711")]
    assert await memory.recall("my locker code") == "You have not told me anything about “my locker code”."


async def test_a_fact_of_the_same_request_is_known_to_it(memory: Memory) -> None:
    context = memory.context()
    await memory.tools.remember(RememberArguments(fact="remember my locker code is 4711"), context)
    recalled = await memory.tools.recall(RecallArguments(query="what is my locker code?"), context)
    assert recalled.text == "You have just told me: “my locker code is 4711”."
    listed = await memory.tools.list(ListArguments(), context)
    assert listed.text == "You told me:\n- just now: my locker code is 4711"


async def test_the_newest_of_two_versions_comes_first(memory: Memory) -> None:
    await memory.remember("my wifi password is sunflower")
    memory.clock.moment += timedelta(days=30)
    await memory.remember("my wifi password is tulip")
    assert await memory.recall("what's my wifi password?") == (
        "You told me on 3 June 2026: “my wifi password is tulip”.\n"
        "You told me on 4 May 2026: “my wifi password is sunflower”."
    )


async def test_the_same_fact_is_kept_once(memory: Memory) -> None:
    await memory.remember("my shoe size is 43")
    assert await memory.remember("My shoe size is 43") == ["I knew that already: “my shoe size is 43”."]
    assert (await memory.list()).count("shoe size") == 1


async def test_an_unrelated_question_finds_nothing(memory: Memory) -> None:
    await memory.remember("my employee number is 5521")
    assert "not told me" in await memory.recall("what is my bank account number?")
    assert "not told me" in await memory.recall("who painted the Mona Lisa?")


async def test_an_empty_memory_says_so(memory: Memory) -> None:
    assert await memory.list() == "You have not asked me to remember anything yet."


async def test_remembering_nothing_asks_back(memory: Memory) -> None:
    result = await memory.tools.remember(RememberArguments(fact="remember"), memory.context())
    assert not result.ok
    assert "What shall I remember?" in result.text


async def test_one_fact_is_forgotten(memory: Memory) -> None:
    await memory.remember("my locker code is 4711")
    await memory.remember("my shoe size is 43")
    result, details = await memory.forget("forget my locker code")
    assert result.text == "I am going to forget “my locker code is 4711”."
    assert details == ["Forgotten: “my locker code is 4711”."]
    assert await memory.list() == "You told me:\n- 4 May 2026: my shoe size is 43"


async def test_which_one_is_asked_where_it_is_not_clear(memory: Memory) -> None:
    await memory.remember("my sister lives in Oslo")
    await memory.remember("my sister likes jazz")
    result, details = await memory.forget("forget my sister")
    assert not result.ok
    assert details == []
    assert "“my sister lives in Oslo”" in result.text
    assert "“my sister likes jazz”" in result.text


async def test_a_whole_topic_is_forgotten(memory: Memory) -> None:
    await memory.remember("my sister lives in Oslo")
    await memory.remember("my sister likes jazz")
    await memory.remember("the spare key is under the pot")
    _, details = await memory.forget("forget what I said about my sister")
    assert details == ["Forgotten: 2 things you told me."]
    assert "not told me" in await memory.recall("my sister")
    assert "spare key" in await memory.list()


async def test_everything_is_forgotten(memory: Memory) -> None:
    for text in ("I like tea", "the gate code is 9921", "my dog is called Rex"):
        await memory.remember(text)
    await memory.forget("forget everything you know about me")
    assert await memory.list() == "You have not asked me to remember anything yet."


async def test_a_question_changes_nothing_and_is_answered(memory: Memory) -> None:
    await memory.remember("the plumber is called Rossi")
    context = memory.context()
    answers = [
        await memory.tools.forget(ForgetArguments(which="who is my plumber?"), context),
        await memory.tools.remember(RememberArguments(fact="who is my plumber?"), context),
    ]
    assert context.collector.get_intents() == []
    assert {answer.text for answer in answers} == {"You told me on 4 May 2026: “the plumber is called Rossi”."}


async def test_there_must_be_something_to_forget(memory: Memory) -> None:
    await memory.remember("I like tea")
    result, details = await memory.forget("forget my locker code")
    assert (result.ok, details) == (False, [])
    assert "nothing to forget" in result.text


async def test_forgetting_twice_fails_plainly(memory: Memory) -> None:
    await memory.remember("I like tea")
    context = memory.context()
    await memory.tools.forget(ForgetArguments(which="everything"), context)
    intents = context.collector.get_intents()
    await memory.settle(intents)
    with pytest.raises(IntentError, match="nothing left to forget"):
        await memory.settle(intents)


async def test_a_long_list_is_cut_and_says_so(memory: Memory) -> None:
    for number in range(53):
        memory.clock.moment += timedelta(minutes=1)
        await memory.remember(f"box {number} holds books")
    listed = (await memory.list()).splitlines()
    assert listed[1].endswith("box 52 holds books")
    assert listed[-1] == "… and 3 older ones; ask about one of them."


async def test_the_view_is_the_same_when_built_anew(memory: Memory) -> None:
    await memory.remember("I like tea")
    await memory.remember("I like jazz")
    await memory.forget("forget that I like tea")
    rows = await memory.views.query(VIEW)
    again = Views(memory.store, [MemoryView()])
    assert await again.query(VIEW) == rows
    await again.close()


def test_effects_are_in_the_log() -> None:
    assert (RememberHandler.effect, ForgetHandler.effect) == (Effect.LOG, Effect.LOG)


def test_intents_say_what_they_do() -> None:
    first = FactReference(fact_id="1", text="I like tea")
    assert RememberFact(text="I like tea").summary() == "remember “I like tea”"
    assert ForgetFacts(facts=(first,)).summary() == "forget “I like tea”"
    assert ForgetFacts(facts=(first, first)).summary() == "forget 2 things you told me, such as “I like tea”"


names = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"]), min_size=1, max_size=10).filter(
    str.isprintable
)
people = st.lists(st.builds(Owner, names, names), min_size=2, max_size=4, unique=True)


@given(people, st.sampled_from(["forget everything", "forget my code", "forget what I said about my code"]))
@settings(deadline=None, max_examples=25)
async def test_no_owner_reads_or_forgets_what_is_anothers(owners: list[Owner], order: str) -> None:
    async with await EventStore.open("memory://") as store:
        views = Views(store, [MemoryView()])
        memory = Memory(store, views, MovableClock())
        for number, owner in enumerate(owners):
            await memory.remember(f"my code is secret{number}", owner)
        first, *others = owners
        stolen = [
            FactReference(fact_id=row["fact"], text=row["text"])
            for row in await views.query(VIEW)
            if (row["tenant"], row["user"]) != first
        ]
        with pytest.raises(IntentError):
            await memory.settle([ForgetFacts(facts=tuple(stolen))], first)
        await memory.forget(order, first)
        assert "secret" not in await memory.list(first)
        for number, owner in enumerate(others, 1):
            for text in (await memory.list(owner), await memory.recall("my code", owner)):
                assert f"secret{number}" in text
                assert text.count("secret") == 1
        await views.close()
