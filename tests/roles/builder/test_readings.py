"""Two readings of one request: only what is open is asked about, in words of people, and nothing is lost."""

import anyio
import pytest

from roles.builder.understanding import analyze
from roles.builder.understanding.requirements import Requirements
from tests.roles.builder.answering import Databases

DESK = """
CREATE TABLE clients(client_id INTEGER PRIMARY KEY, name TEXT NOT NULL, tier TEXT NOT NULL, city TEXT);
CREATE TABLE tickets(ticket_id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL REFERENCES clients(client_id),
    subject TEXT NOT NULL, priority TEXT, opened_on DATE NOT NULL, closed_on DATE, hours_spent NUMERIC, cost NUMERIC);
CREATE TABLE accounts(account_id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL REFERENCES clients(client_id),
    fiscal_year INTEGER NOT NULL, net_income NUMERIC, revenue NUMERIC, current_assets NUMERIC,
    current_liabilities NUMERIC);
"""


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Databases:
    found = Databases(tmp_path_factory.mktemp("databases"), {"desk": DESK})
    anyio.run(found.read)
    return found


def read(text: str, databases: Databases) -> Requirements:
    return analyze(text, databases.sources["desk"])


@pytest.mark.parametrize(
    "text",
    [
        "tickets with a cost over 100, most expensive first. Show the subject, the cost and the client's name.",
        "tickets with more than 2 hours spent, with their subject and cost, highest cost first",
        "tickets that cost more than 20, most expensive tickets at the top",
    ],
)  # fmt: skip
def test_an_order_is_no_limit(text: str, databases: Databases) -> None:
    made = read(text, databases)
    assert made.limit == 1_000
    assert made.order is not None
    assert made.order.column == "cost"
    assert made.descending


def test_the_most_expensive_ones_are_some(databases: Databases) -> None:
    assert read("the 3 most expensive tickets", databases).limit == 3


@pytest.mark.parametrize("text", ["Which clients had a current ratio below 1.4 in fiscal year 2024?",
                                  "Top 2 clients by net profit margin in fiscal year 2024."])  # fmt: skip
def test_a_ratio_of_a_thing_in_a_year_is_that_of_its_totals(text: str, databases: Databases) -> None:
    made = read(text, databases)
    assert not made.questions, made.summary()
    assert {one.table for one in made.groups} == {"clients"}
    assert any("that of the totals" in one for one in made.assumptions)


def test_pets_of_an_owner_with_their_names(databases: Databases) -> None:
    made = read("List all tickets of a client with their subject, priority and cost", databases)
    assert not made.questions
    assert made.entity == "clients"


@pytest.mark.parametrize("figure", ["Hours spent", "Load: hours spent divided by cost,"])
def test_which_end_is_worst_is_asked(figure: str, databases: Databases) -> None:
    (question,) = read(f"{figure} by client, worst first", databases).questions
    assert "worst" in question.text.lower()


def test_of_what_is_known_to_be_bad_the_highest_is_worst(databases: Databases) -> None:
    made = read("Ticket cost by client, worst first", databases)
    assert not made.questions
    assert made.descending
    assert "which end is bad" in read("Hours spent by client, worst first", databases).questions[0].text


@pytest.mark.parametrize(("text", "said"), [("stock overview for Berlin: client name, tier", "Berlin"),
                                            ("pieces in oil: subject, cost", "in oil")])  # fmt: skip
def test_what_chooses_is_not_skipped(text: str, said: str, databases: Databases) -> None:
    assert said in read(text, databases).questions[0].text


def test_for_whom_it_is_is_skipped(databases: Databases) -> None:
    assert not read("For the weekly meeting: client name, tier", databases).questions


def test_things_without_rows_are_told(databases: Databases) -> None:
    assert "clients without such tickets are left out" in read("total cost of tickets by client", databases).assumptions


@pytest.mark.parametrize("text", [
    "Cost per hour by client, best first, that is cost divided by hours spent",
    "clients by current ratio, worst first, in 2024", "tickets by hours, worst first",
    "tickets by priority, worst first",
])  # fmt: skip
def test_questions_are_in_words_of_people(text: str, databases: Databases) -> None:
    for one in read(text, databases).questions:
        assert not any(sign in one.text for sign in ("_", "tickets.", "clients.", "True", "None", "1000"))
