"""The memory role as a whole: what people say, up to what they read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from roles.memory import build
from tests.roles.asking import Asking, asking

FACTS = (
    "my sister's birthday is on 3 May",
    "my locker code is 4711",
    "I am allergic to nuts",
    "the spare key is under the blue pot",
    "my wifi password is sunflower12",
    "I parked on level 3",
    "Anna likes jazz",
    "the plumber is called Rossi",
)


@pytest.fixture
async def empty(tmp_path: Path) -> AsyncIterator[Asking]:
    async with asking(build, tmp_path) as role:
        yield role


@pytest.fixture
async def memory(empty: Asking) -> Asking:
    for fact in FACTS:
        await empty.ask(f"remember that {fact}")
    return empty


@pytest.mark.parametrize(
    ("said", "fact"),
    [
        ("remember that my sister's birthday is on 3 May", "my sister's birthday is on 3 May"),
        ("Remember my locker code is 4711", "my locker code is 4711"),
        ("please remember that I am allergic to nuts", "I am allergic to nuts"),
        ("note that the spare key is under the blue pot", "the spare key is under the blue pot"),
        ("keep in mind that I don't eat meat", "I don't eat meat"),
        ("don't forget that Anna likes jazz", "Anna likes jazz"),
        ("make a note that the car needs winter tyres", "the car needs winter tyres"),
        ("Can you remember that the plumber is called Rossi?", "the plumber is called Rossi"),
        ("I want you to remember that we moved to Basel in 2019", "we moved to Basel in 2019"),
        ("for future reference, the gate code is 9921", "the gate code is 9921"),
        ("remember that I like tea and my sister likes coffee", "I like tea and my sister likes coffee"),
    ],
)
async def test_remembering(empty: Asking, said: str, fact: str) -> None:
    asked = await empty.ask(said)
    assert asked.tools == ("memory.remember",)
    assert asked.details == [f"I will remember: “{fact}”."]
    assert asked.text == "", "what was registered is told when it was carried out"


@pytest.mark.parametrize(
    ("said", "fact"),
    [
        ("what's my wifi password?", "my wifi password is sunflower12"),
        ("when is my sister's birthday?", "my sister's birthday is on 3 May"),
        ("what did I tell you about Anna?", "Anna likes jazz"),
        ("do you remember where I parked?", "I parked on level 3"),
        ("what is my locker code?", "my locker code is 4711"),
        ("where is the spare key?", "the spare key is under the blue pot"),
        ("what am I allergic to?", "I am allergic to nuts"),
        ("what do you know about Anna?", "Anna likes jazz"),
        ("who is my plumber?", "the plumber is called Rossi"),
        ("what was my locker code again?", "my locker code is 4711"),
        ("remind me what my wifi password is", "my wifi password is sunflower12"),
    ],
)
async def test_recalling(memory: Asking, said: str, fact: str) -> None:
    asked = await memory.ask(said)
    assert asked.result.ok
    assert asked.intents == []
    assert asked.text.splitlines()[0].endswith(f": “{fact}”.")


@pytest.mark.parametrize(
    ("said", "fact"),
    [
        ("forget my locker code", "my locker code is 4711"),
        ("forget what I said about Anna", "Anna likes jazz"),
        ("forget that I am allergic to nuts", "I am allergic to nuts"),
        ("delete what you know about the plumber", "the plumber is called Rossi"),
        ("please forget my wifi password", "my wifi password is sunflower12"),
        ("you can forget where I parked", "I parked on level 3"),
        ("erase what I told you about my sister", "my sister's birthday is on 3 May"),
        ("remove the fact about the spare key", "the spare key is under the blue pot"),
    ],
)
async def test_forgetting(memory: Asking, said: str, fact: str) -> None:
    asked = await memory.ask(said)
    assert asked.tools == ("memory.forget",)
    assert asked.details == [f"Forgotten: “{fact}”."]
    left = (await memory.ask("what do you remember?")).text
    assert fact not in left
    assert left.count("\n- ") == len(FACTS) - 1


@pytest.mark.parametrize("said", ["forget everything", "forget everything you know about me"])
async def test_forgetting_everything(memory: Asking, said: str) -> None:
    assert (await memory.ask(said)).details == [f"Forgotten: {len(FACTS)} things you told me."]


@pytest.mark.parametrize(
    "said",
    [
        "what do you remember?",
        "what do you know about me?",
        "list everything I told you",
        "show me my saved facts",
        "what have I asked you to remember?",
        "list your memories",
        "what have you stored about me?",
        "show everything you remember",
    ],
)
async def test_listing(memory: Asking, said: str) -> None:
    asked = await memory.ask(said)
    assert asked.tools == ("memory.list",)
    assert all(fact in asked.text for fact in FACTS)
