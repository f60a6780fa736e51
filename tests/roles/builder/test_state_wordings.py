"""States by end days and flags, what is left out, times that callers give, orders by days, and how long things take."""

from datetime import date
from typing import Any

import anyio
import pytest

from roles.builder.understanding import analyze, check_specification, design, specify
from tests.roles.builder.answering import Databases, answer, is_right

WORKSHOP = """
CREATE TABLE customers(id INTEGER PRIMARY KEY, name TEXT NOT NULL, city TEXT, created_at DATE NOT NULL);
CREATE TABLE mechanics(id INTEGER PRIMARY KEY, name TEXT NOT NULL, grade TEXT NOT NULL, start_date DATE NOT NULL,
    end_date DATE, hourly_rate NUMERIC NOT NULL);
CREATE TABLE jobs(id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers(id),
    mechanic_id INTEGER REFERENCES mechanics(id), received_on DATE NOT NULL, promised_on DATE, finished_on DATE,
    labour_hours NUMERIC, parts_cost NUMERIC, is_warranty BOOLEAN NOT NULL, bike_type TEXT NOT NULL);
INSERT INTO customers VALUES (1,'Otto','Graz','2020-05-05'),(2,'Pia','Linz','2021-06-06'),
    (3,'Quin','Graz','2024-07-07'),
    (4,'Rita',NULL,'2025-01-08');
INSERT INTO mechanics VALUES (1,'Sam','master','2010-02-01',NULL,48),(2,'Tess','journeyman','2018-08-15','2023-12-31',
    36),    (3,'Uwe','apprentice','2024-09-01',NULL,15),(4,'Vera','journeyman','2021-03-10','2999-12-31',39);
INSERT INTO jobs VALUES (1,1,1,'2025-01-10','2025-01-15','2025-01-14',3,40,0,'road'),
    (2,1,2,'2023-10-01','2023-10-05','2023-10-12',5,NULL,0,'city'),
    (3,2,4,'2025-02-03','2025-02-10',NULL,2,15,1,'e-bike'),
    (4,3,1,'2025-02-20',NULL,'2025-02-21',1,0,1,'road'),(5,3,3,'2025-03-05','2025-03-09','2025-03-20',6,120,0,'cargo'),
    (6,2,NULL,'2025-03-28','2025-04-02',NULL,NULL,NULL,0,'city'),
    (7,1,4,'2024-12-30','2025-01-03','2025-01-02',4,60,0,'e-bike');
"""
SINCE = [(date.today() - date.fromisoformat(one)).days / 365.25 for one in ("2010-02-01", "2024-09-01", "2021-03-10")]
READ: tuple[tuple[str, dict[str, Any], Any], ...] = (
    ("Jobs received between 20 Feb and 10 Mar 2025, with the customer name.", {}, [["Quin", "Quin"]]),
    ("How many jobs were received from January to March 2025?", {}, 5),
    ("How many jobs were received on a given day?", {"day": "2025-02-20"}, 1),
    ("Total parts cost of all jobs received in a given year, warranty jobs excluded.", {"year": 2025}, 160),
    ("How many jobs did we receive in a given month?", {"month": "2025-03"}, 2),
    ("Which mechanics are still employed?", {}, [["Sam", "Uwe", "Vera"]]),
    ("Average hourly rate of current mechanics.", {}, 34),
    ("Former mechanics with the date they left.", {}, [["Tess"], ["2023-12-31"]]),
    ("Mechanics who no longer work here.", {}, [["Tess"]]),
    ("How many warranty jobs were there?", {}, 2),
    ("Jobs that are not finished yet, oldest first, with the customer.", {}, [["Pia", "Pia"]]),
    ("Jobs excluding warranty jobs: total parts cost.", {}, 220),
    ("Mechanics who aren't apprentices.", {}, [["Sam", "Tess", "Vera"]]),
    ("Customers apart from those in Graz.", {}, [["Pia", "Rita"]]),
    ("Jobs without a mechanic.", {}, [[6]]),
    ("Which mechanic started first?", {}, [["Sam"]]),
    ("Mechanics, longest serving first.", {}, [["Sam", "Tess", "Vera", "Uwe"]]),
    ("Which job took longest, from received to finished?", {}, [[5], [15]]),
    ("Average days between received and finished per mechanic.", {},
     [["Sam", "Tess", "Uwe", "Vera"], [2.5, 11, 15, 3]]),
    ("Jobs finished later than promised, with how many days late they were.", {}, [[2, 5], [7, 11]]),
    ("How long have our current mechanics been with us on average, in years?", {}, sum(SINCE) / 3),
    ("How many jobs were there altogether?", {}, 7),
    ("Is there any job with more than 5 labour hours that is not a warranty job?", {}, [[5]]),
)  # fmt: skip
ASKED = (
    "Jobs received since spring.",
    "Mechanics who are not fond of tandems.",
    "Everything but the expensive jobs.",
    "How many jobs were received in January or March 2025?",
    "Jobs that were finished on time or so, ignoring weekends.",
)


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Databases:
    found = Databases(tmp_path_factory.mktemp("databases"), {"workshop": WORKSHOP})
    anyio.run(found.read)
    return found


@pytest.mark.parametrize(("text", "given", "wanted"), READ, ids=[one[0] for one in READ])
def test_wordings(text: str, given: dict[str, Any], wanted: Any, databases: Databases) -> None:
    sources = databases.sources["workshop"]
    needs = analyze(text, sources)
    assert not needs.questions, needs.summary()
    assert not needs.beyond, needs.summary()
    made = specify(needs, design(needs, sources), sources)
    assert check_specification(made) == []
    found = answer(made, databases.url("workshop"), given)
    ask: dict[str, Any] = {"expected": {"columns": wanted} if isinstance(wanted, list) else {"wanted_0": wanted}}
    assert is_right(ask, found, ordered="first" in text and "longest" in text), found


@pytest.mark.parametrize("text", ASKED)
def test_what_would_be_dropped_is_asked(text: str, databases: Databases) -> None:
    needs = analyze(text, databases.sources["workshop"])
    assert needs.questions or needs.beyond, needs.summary()
