"""How callers name things, sentences that leave out or take in, which of two keys, lists with what is computed."""

from typing import Any

import anyio
import pytest

from roles.builder.understanding import analyze, check_specification, design, specify
from tests.roles.builder.answering import Databases, answer, is_right

HIRE = """
CREATE TABLE devices(device_no INTEGER PRIMARY KEY, serial_no TEXT NOT NULL, model TEXT NOT NULL,
    purchase_cost NUMERIC NOT NULL, bought_on DATE NOT NULL, scrapped_on DATE);
CREATE TABLE clients(client_id INTEGER PRIMARY KEY, full_name TEXT NOT NULL, town TEXT NOT NULL, credit_line NUMERIC);
CREATE TABLE rentals(rental_id INTEGER PRIMARY KEY, device_no INTEGER NOT NULL REFERENCES devices(device_no),
    client_id INTEGER REFERENCES clients(client_id), start_date DATE NOT NULL, end_date DATE, fee NUMERIC NOT NULL,
    deposit NUMERIC NOT NULL, days INTEGER NOT NULL);
INSERT INTO devices VALUES (1,'S-1','drill',400,'2022-01-01',NULL),(2,'S-2','crane',9000,'2021-05-01','2025-02-01'),
    (3,'S-3','saw',250,'2023-03-03',NULL),(4,'S-4','mixer',700,'2024-04-04',NULL);
INSERT INTO clients VALUES (1,'Ann Lee','York',500),(2,'Bob Ray','Hull',100),(3,'Cy Dow','York',NULL),
    (4,'Di Fox','Leeds',50);
INSERT INTO rentals VALUES (1,1,1,'2025-01-01','2025-01-05',100,50,5),(2,1,2,'2025-02-01','2025-02-03',60,50,3),
    (3,2,1,'2024-12-01','2024-12-21',900,500,21),(4,3,3,'2025-03-01',NULL,30,20,1),
    (5,1,NULL,'2025-03-05','2025-03-06',40,50,2),(6,3,1,'2025-04-01','2025-04-04',75,20,4);
"""
DEPOT = """
CREATE TABLE warehouses(wh_id INTEGER PRIMARY KEY, name TEXT NOT NULL, town TEXT NOT NULL, capacity INTEGER NOT NULL);
CREATE TABLE transfers(transfer_no INTEGER PRIMARY KEY, from_wh_id INTEGER NOT NULL REFERENCES warehouses(wh_id),
    to_wh_id INTEGER NOT NULL REFERENCES warehouses(wh_id), sent_on DATE NOT NULL, pallets INTEGER NOT NULL);
INSERT INTO warehouses VALUES (1,'North Hall','Leeds',500),(2,'South Yard','Dover',300),(3,'Mid Store','Derby',800);
INSERT INTO transfers VALUES (1,1,2,'2025-01-05',20),(2,1,3,'2025-02-05',35),(3,2,1,'2025-02-15',10),
    (4,3,1,'2024-11-01',50),(5,1,1,'2025-03-01',5);
"""
READ: tuple[tuple[str, str, dict[str, Any], Any], ...] = (
    ("hire", "Payback of a device identified by serial number: total of its rental fees divided by the purchase cost.",
     {"serial_no": "S-1"}, 0.5),
    ("hire", "For whichever device I type in (by serial number), the total deposit.", {"serial_no": "S-1"}, 150),
    ("hire", "How much has a client spent on fees in "
             "total? I will give you the full name.", {"full_name": "Bob Ray"}, 60),
    ("hire", "List the devices with model and purchase cost, but skip the scrapped ones.", {},
     [["drill", "saw", "mixer"], [400, 250, 700]]),
    ("hire", "Total fee per device model; rentals without a client are not counted.", {},
     [["drill", "crane", "saw"], [160, 900, 105]]),
    ("hire", "Rentals per client, 0 for those who never rented anything.", {},
     [["Ann Lee", "Bob Ray", "Cy Dow", "Di Fox"], [3, 1, 1, 0]]),
    ("hire", "Devices that cost less than the average device. Model and purchase cost.", {},
     [["drill", "saw", "mixer"], [400, 250, 700]]),
    ("hire", "Total 2025 fees per client,"
             " biggest payer on top.", {}, [["Ann Lee", "Bob Ray", "Cy Dow"], [175, 60, 30]]),
    ("depot", "When the user enters a warehouse name, show its town and capacity.", {"name": "Mid Store"}, 800),
    ("depot", "How many transfers were sent from each warehouse in 2025?", {},
     [["North Hall", "South Yard"], [3, 1]]),
    ("depot", "Pallets by destination warehouse.", {}, [["Mid Store", "North Hall", "South Yard"], [35, 65, 20]]),
    ("depot", "How many transfers ended at the same warehouse they were sent from?", {}, 1),
)  # fmt: skip
ASKED = (
    ("depot", "Transfers with number, the name of the warehouse they left from and the name of the one they went to."),
    ("hire", "For a given client and a given bonus: the credit line; pass if the bonus is at most the credit line."),
)


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Databases:
    found = Databases(tmp_path_factory.mktemp("databases"), {"hire": HIRE, "depot": DEPOT})
    anyio.run(found.read)
    return found


@pytest.mark.parametrize(("name", "text", "given", "wanted"), READ, ids=[one[1] for one in READ])
def test_wordings(name: str, text: str, given: dict[str, Any], wanted: Any, databases: Databases) -> None:
    sources = databases.sources[name]
    needs = analyze(text, sources)
    assert not needs.questions, needs.summary()
    assert not needs.beyond, needs.summary()
    made = specify(needs, design(needs, sources), sources)
    assert check_specification(made) == []
    found = answer(made, databases.url(name), given)
    ask: dict[str, Any] = {"expected": {"columns": wanted} if isinstance(wanted, list) else {"wanted_0": wanted}}
    if not isinstance(wanted, list) and any(isinstance(one, list) for one in found.values()):
        ask = {"expected": {"columns": [[wanted]]}}
    assert is_right(ask, found, ordered=False), found


@pytest.mark.parametrize(("name", "text"), ASKED)
def test_what_is_not_carried_is_asked(name: str, text: str, databases: Databases) -> None:
    needs = analyze(text, databases.sources[name])
    assert needs.questions or needs.beyond
