"""Formulas in prose, figures named and defined elsewhere, margins, what is assumed, verdicts in words."""

from typing import Any

import anyio
import pytest

from roles.builder.understanding import analyze, check_specification, design, specify
from tests.roles.builder.answering import Databases, answer, is_right

STAGE = """
CREATE TABLE shows(show_id INTEGER PRIMARY KEY, title TEXT NOT NULL, genre TEXT NOT NULL, ticket_price NUMERIC NOT NULL,
    production_cost NUMERIC NOT NULL);
CREATE TABLE performances(performance_id INTEGER PRIMARY KEY, show_id INTEGER NOT NULL REFERENCES shows(show_id),
    played_on DATE NOT NULL, tickets_sold INTEGER NOT NULL, bar_takings NUMERIC NOT NULL);
CREATE TABLE wares(ware_id INTEGER PRIMARY KEY, name TEXT NOT NULL, sell_price NUMERIC NOT NULL,
    buy_price NUMERIC NOT NULL);
INSERT INTO shows VALUES (1,'Hamlet','drama',30,9000),(2,'Cats','musical',45,20000),(3,'Duet','drama',15,500);
INSERT INTO performances VALUES (1,1,'2025-01-10',150,700),(2,1,'2025-01-11',180,900),(3,2,'2025-02-02',200,1500),
    (4,3,'2025-02-03',40,120),(5,3,'2025-03-04',55,160),(6,2,'2025-03-08',170,1200),(7,1,'2024-12-20',120,500);
INSERT INTO wares VALUES (1,'Poster',4,1.5),(2,'Mug',5,2),(3,'Scarf',20,9),(4,'Opera glass',80,50);
"""
READ: tuple[tuple[str, dict[str, Any], Any], ...] = (
    ("Margin for each ware: sell price minus buy price over sell price, in percent; lowest first.", {},
     [["Opera glass", "Scarf", "Mug", "Poster"], [37.5, 55, 60, 62.5]]),
    ("Give me the markup of a ware: sell price less buy price, divided by buy price.", {"ware_id": 3}, 11 / 9),
    ("Deposit for a ware: half of the sell price.", {"ware_id": 3}, 10),
    ("What is twice the sell price of a ware?", {"ware_id": 3}, 40),
    ("Sell price plus 19 % VAT for a ware, please.", {"ware_id": 1}, 4.76),
    ("Tickets to break even of a show = production cost / ticket price, rounded up to whole tickets.", {"show_id": 2},
     445),
    ("What is left of a ware after deducting the buy price from the sell price?", {"ware_id": 4}, 30),
    ("Box office (tickets sold times ticket price) of a show between two dates.",
     {"show_id": 1, "start_date": "2025-01-01", "end_date": "2025-01-31"}, 9900),
    ("Revenue by genre for 2025. Revenue is tickets sold times ticket price.", {},
     [["drama", "musical"], [11325, 16650]]),
    ("What did each show take in ticket money (tickets sold times ticket price) in the first quarter of 2025?", {},
     [["Hamlet", "Cats", "Duet"], [9900, 16650, 1425]]),
    ("What was our revenue in 2025? Revenue = tickets_sold * ticket_price.", {}, 27975),
    ("How many tickets did each show sell in 2025?", {}, [["Hamlet", "Cats", "Duet"], [330, 370, 95]]),
    ("Wares whose margin is under 60 percent.", {}, [["Scarf", "Opera glass"]]),
    ("Which ware has the best margin?", {}, [["Poster"]]),
    ("If sell prices rise by 3 % and buy prices by 5 %, what is the margin of a ware?", {"ware_id": 4},
     (82.4 - 52.5) / 82.4),
    ("New sell price of a ware: sell price plus an increase in percent. Let me enter the increase.",
     {"ware_id": 1, "increase": 10}, 4.4),
)  # fmt: skip
JUDGED: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("An agent for checking prices: passes when a show's ticket price is at least 20, otherwise fails.",
     {"show_id": 3}, "FAIL"),
    ("Pass if the buy price of a ware is no more than 50 % of its sell price.", {"ware_id": 3}, "PASS"),
    ("Is the margin of a ware OK? OK means at least 55 %.", {"ware_id": 4}, "FAIL"),
    ("Cover of a show: production cost over ticket price. Red above 400, amber above 200, otherwise green.",
     {"show_id": 1}, "FAIL"),
)  # fmt: skip
ASKED = (
    "Yield of a ware: sell price minus buy price over ware id.",
    "What is the margin of a show?",
    "Bar takings / tickets sold of a show.",
    "Is the margin of a ware OK?",
)


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Databases:
    found = Databases(tmp_path_factory.mktemp("databases"), {"stage": STAGE})
    anyio.run(found.read)
    return found


def _answered(text: str, given: dict[str, Any], databases: Databases) -> dict[str, Any]:
    sources = databases.sources["stage"]
    needs = analyze(text, sources)
    assert not needs.questions, needs.summary()
    assert not needs.beyond, needs.summary()
    made = specify(needs, design(needs, sources), sources)
    assert check_specification(made) == []
    return answer(made, databases.url("stage"), given)


@pytest.mark.parametrize(("text", "given", "wanted"), READ, ids=[one[0] for one in READ])
def test_wordings(text: str, given: dict[str, Any], wanted: Any, databases: Databases) -> None:
    found = _answered(text, given, databases)
    ask: dict[str, Any] = {"expected": {"columns": wanted} if isinstance(wanted, list) else {"wanted_0": wanted}}
    assert is_right(ask, found, ordered=False), found


@pytest.mark.parametrize(("text", "given", "status"), JUDGED, ids=[one[0] for one in JUDGED])
def test_verdicts(text: str, given: dict[str, Any], status: str, databases: Databases) -> None:
    assert _answered(text, given, databases)["validation_status"] == status


@pytest.mark.parametrize("text", ASKED)
def test_what_is_open_is_asked(text: str, databases: Databases) -> None:
    needs = analyze(text, databases.sources["stage"])
    assert needs.questions or needs.beyond, needs.summary()
