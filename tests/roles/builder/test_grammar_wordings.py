"""Amounts and states that participles tell, kinds after names, counts over counts, formulas of one row's columns."""

from typing import Any

import anyio
import pytest

from roles.builder.understanding import analyze, check_specification, design, specify
from tests.roles.builder.answering import Databases, answer, is_right

HARBOUR = """
CREATE TABLE ships(ship_id INTEGER PRIMARY KEY, name TEXT NOT NULL, hull TEXT NOT NULL, insured_value NUMERIC,
    chartered BOOLEAN NOT NULL);
CREATE TABLE visits(visit_id INTEGER PRIMARY KEY, ship_id INTEGER NOT NULL REFERENCES ships(ship_id),
    visit_date DATE NOT NULL, status TEXT NOT NULL, delay_minutes INTEGER, tonnes NUMERIC, low_fee NUMERIC,
    high_fee NUMERIC, handling_cost NUMERIC);
CREATE TABLE repairs(repair_id INTEGER PRIMARY KEY, ship_id INTEGER NOT NULL REFERENCES ships(ship_id),
    started_on DATE NOT NULL, finished_on DATE, state TEXT NOT NULL);
INSERT INTO ships VALUES (1,'Asta','steel',900,1),(2,'Bero','wood',200,0),(3,'Cora','steel',400,0),
    (4,'Dina','plastic',700,0);
INSERT INTO visits VALUES (1,1,'2025-01-02','done',80,100,10,20,50),(2,1,'2025-02-02','cancelled',NULL,NULL,10,30,5),
    (3,2,'2024-02-03','cancelled',0,50,4,6,20),(4,3,'2025-03-03','done',20,40,2,6,12),(5,1,'2025-04-04','done',0,60,1,3,30),
    (6,1,'2025-05-05','cancelled',NULL,20,1,3,1);
INSERT INTO repairs VALUES (1,1,'2025-01-01','2025-01-11','closed'),(2,2,'2025-01-01',NULL,'open');
"""
READ: tuple[tuple[str, dict[str, Any], Any], ...] = (
    ("Which visits were delayed by more than 60 minutes? Show the ship name.", {}, [["Asta"]]),
    ("Visits that were done and delayed by at least 20 minutes, with the ship name.", {}, [["Asta", "Cora"]]),
    ("Show the visits that were cancelled in 2025, with the ship name and the visit date.", {},
     [["Asta", "Asta"], ["2025-02-02", "2025-05-05"]]),
    ("Ships who have more than one cancelled visit, with the number of visits.", {}, [["Asta"], [4]]),
    ("Ships in steel or wood that are not chartered and are insured for at least 300. Name, please.", {}, [["Cora"]]),
    ("What percentage of a ship's visits were cancelled?", {"ship_id": 1}, 50.0),
    ("What percentage of the visits of a ship were delayed by more than 60 minutes?", {"ship_id": 3}, 0.0),
    ("Loss rate for a ship: the number of visits with status cancelled divided by the number of all its visits.",
     {"ship_id": 1}, 0.5),
    ("Average load of a ship: the total of tonnes divided by the number of its visits.", {"ship_id": 1}, 45.0),
    ("Time in dock of a repair in days, that is, from the start date to the date it was finished. "
     "9 days or less is a pass.", {"repair_id": 1}, 10),
    ("Deposit for a visit is 20% of the average of low_fee and high_fee.", {"visit_id": 1}, 3.0),
    ("Cost per tonne of a ship: handling cost divided by tonnes, each summed over all visits of the ship.",
     {"ship_id": 1}, 86 / 180),
    ("Toll of a visit: bill = tonnes * toll_per_kg. The toll is given by the user.",
     {"visit_id": 1, "toll_per_kg": 3}, 300),
    ("Total tonnes per ship. Only ships above 45.", {}, [["Asta", "Bero"], [180, 50]]),
)  # fmt: skip
ASKED = (
    "Show the repairs that were cancelled in 2025.",
    "Ships in euros or dollars.",
    "Ships in green or blue ink.",
    "Which ships are chartered or idle?",
)


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Databases:
    found = Databases(tmp_path_factory.mktemp("databases"), {"harbour": HARBOUR})
    anyio.run(found.read)
    return found


@pytest.mark.parametrize(("text", "given", "wanted"), READ, ids=[one[0] for one in READ])
def test_wordings(text: str, given: dict[str, Any], wanted: Any, databases: Databases) -> None:
    sources = databases.sources["harbour"]
    needs = analyze(text, sources)
    assert not needs.questions, needs.summary()
    assert not needs.beyond, needs.summary()
    made = specify(needs, design(needs, sources), sources)
    assert check_specification(made) == []
    found = answer(made, databases.url("harbour"), given)
    ask: dict[str, Any] = {"expected": {"columns": wanted} if isinstance(wanted, list) else {"wanted_0": wanted}}
    assert is_right(ask, found, ordered=False), found


@pytest.mark.parametrize("text", ASKED)
def test_what_no_column_tells_is_asked(text: str, databases: Databases) -> None:
    needs = analyze(text, databases.sources["harbour"])
    assert needs.questions or needs.beyond
