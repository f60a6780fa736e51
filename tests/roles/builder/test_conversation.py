"""Talking an agent over: what is missing is asked, what is corrected is taken, what is not understood is said."""

import sqlite3
from pathlib import Path

import pytest

from roles.builder.conversation import Conversation, Talk
from roles.builder.real_understanding import RealUnderstanding
from roles.builder.understanding import read_schema

TABLE = "CREATE TABLE houses (id INTEGER PRIMARY KEY, net_operating_income NUMERIC, annual_debt_service NUMERIC)"


@pytest.fixture
async def talk(tmp_path: Path) -> Conversation:
    with sqlite3.connect(tmp_path / "houses.db") as connection:
        connection.execute(TABLE)
    connection.close()
    return Conversation(RealUnderstanding(), await read_schema(f"sqlite:///{tmp_path / 'houses.db'}"))


async def test_what_is_missing_is_asked_and_corrections_are_taken(talk: Conversation) -> None:
    assert "houses" in talk.begin()
    assert "What does the mode 'conservative' change" in (await talk.hear("DSCR of a house, a conservative mode")).text
    shown = await talk.hear("a 12 % haircut on NOI")
    assert "amount: 0.88" in shown.text
    assert "dscr >= 1.25" in shown.text
    shown = await talk.hear("make it a 15 % haircut on NOI in conservative mode")
    assert "amount: 0.85" in shown.text
    assert "amount: 0.88" not in shown.text
    shown = await talk.hear("The DSCR must be at least 1.3")
    assert "dscr >= 1.3" in shown.text
    agreed = await talk.hear("yes")
    assert agreed.state is Talk.AGREED
    assert "amount: 0.85" in agreed.specification


async def test_a_correction_that_changes_nothing_is_said(talk: Conversation) -> None:
    first = await talk.hear("DSCR of a house")
    assert "changed nothing" not in first.text
    unheard = await talk.hear("make it somehow nicer")
    assert unheard.text.startswith("That changed nothing")
    assert "nicer" not in unheard.text
    assert "changed nothing" not in (await talk.hear("call it cover checker")).text
    agreed = await talk.hear("yes")
    assert "nicer" not in agreed.specification
    assert "nicer" not in agreed.requirements


async def test_a_correction_that_is_beyond_leaves_what_was_agreed_on(talk: Conversation) -> None:
    assert "beyond what can be built" in (await talk.hear("write me a poem")).text
    shown = await talk.hear("DSCR of a house, which must be at least 1.4")
    assert "dscr >= 1.4" in shown.text
    assert "beyond what can be built" in (await talk.hear("also paint a picture of it")).text
    agreed = await talk.hear("yes")
    assert agreed.state is Talk.AGREED
    assert "dscr >= 1.4" in agreed.specification
    assert "picture" not in agreed.requirements
