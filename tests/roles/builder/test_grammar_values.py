"""Things named by a value, verbs that stand for tables and amounts, words for people, and what is shown beside rows."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import anyio
import pytest

from roles.builder.real_understanding import RealUnderstanding
from roles.builder.understanding import analyze, check_specification, design, read_schema, specify
from roles.builder.understanding.known_values import known_values
from tests.roles.builder.answering import Databases, answer

NURSERY = """
CREATE TABLE garden_centres(code TEXT PRIMARY KEY, title TEXT NOT NULL, town TEXT NOT NULL, opened DATE);
CREATE TABLE plants(plant_no INTEGER PRIMARY KEY, common_name TEXT NOT NULL, kind TEXT NOT NULL, light TEXT NOT NULL,
    price NUMERIC NOT NULL, is_perennial BOOLEAN);
CREATE TABLE purchases(purchase_no INTEGER PRIMARY KEY, centre_code TEXT NOT NULL REFERENCES garden_centres(code),
    plant_no INTEGER NOT NULL REFERENCES plants(plant_no), made_on DATE NOT NULL, qty INTEGER NOT NULL,
    payment TEXT NOT NULL);
CREATE TABLE gardeners(gardener_id INTEGER PRIMARY KEY, centre_code TEXT REFERENCES garden_centres(code),
    first_name TEXT NOT NULL, last_name TEXT NOT NULL, grade TEXT NOT NULL, monthly_salary NUMERIC NOT NULL,
    joined DATE NOT NULL, email TEXT);
CREATE TABLE shifts(shift_id INTEGER PRIMARY KEY, gardener_id INTEGER NOT NULL REFERENCES gardeners(gardener_id),
    day DATE NOT NULL, hours NUMERIC NOT NULL);
INSERT INTO garden_centres VALUES ('N1','Green Corner','Leeds','2010-04-01'),('N2','Fern House','York','2016-03-01'),
    ('N3','Rosehill','Leeds',NULL);
INSERT INTO plants VALUES (1,'boxwood','shrub','shade',18,1),(2,'hydrangea','shrub','half shade',22,1),
    (3,'birch','tree','sun',80,1),(4,'maple','tree','sun',95,1),(5,'petunia','flower','sun',3,0);
INSERT INTO purchases VALUES (1,'N1',1,'2025-01-05',10,'card'),(2,'N1',5,'2025-02-10',60,'cash'),
    (3,'N2',3,'2025-02-11',2,'card'),(4,'N2',5,'2025-03-02',25,'invoice'),(5,'N3',2,'2025-03-09',4,'card'),
    (6,'N3',3,'2025-03-30',1,'invoice');
INSERT INTO gardeners VALUES (1,'N1','Ida','Berg','master',3400,'2011-05-01','ida@corner.example'),
    (2,'N1','Olaf','Toms','apprentice',1100,'2023-09-01',NULL),(3,'N2','Pia','Lund','journeyman',2500,'2018-02-01',NULL),
    (4,'N3','Rex','Hall','apprentice',1000,'2024-09-01',NULL),(5,NULL,'Sue','Moss','journeyman',2600,'2019-07-01',NULL);
INSERT INTO shifts VALUES (1,1,'2025-01-06',8),(2,2,'2025-01-07',9.5),(3,2,'2025-01-08',4),(4,3,'2025-02-03',10);
"""
READ: tuple[tuple[str, list[list[Any]]], ...] = (
    ("List trees under 90 euros.", [["birch"]]),
    ("How many petunias did we sell per month?", [["2025-02", "2025-03"], [60, 25]]),
    ("Which apprentice earns least?", [["Hall"]]),
    ("Number of masters, journeymen and apprentices at each garden centre.",
     [["Fern House", "Green Corner", "Rosehill"], [0, 1, 0], [1, 0, 0], [0, 1, 1]]),
    ("Units sold per kind, most first.", [["flower", "shrub", "tree"], [85, 14, 3]]),
    ("Total quantity of shrubs and trees sold in 2025, by kind.", [["shrub", "tree"], [14, 3]]),
    ("Which plants were never sold?", [["maple"]]),
    ("Which garden centre sold most?", [["Green Corner"], [70]]),
    ("Takings per centre in 2025, highest first.", [["Green Corner", "Fern House", "Rosehill"], [360, 235, 168]]),
    ("Purchases paid in cash, with the plant, the centre and the date.",
     [["petunia"], ["Green Corner"], ["2025-02-10"]]),
    ("Average salary of journeymen.", [[2550]]),
    ("Everyone who is not an apprentice, with their salary.", [["Berg", "Lund", "Moss"], [3400, 2500, 2600]]),
    ("Colleagues hired before 2020, with their grade and centre.",
     [["Berg", "Lund", "Moss"], ["master", "journeyman", "journeyman"], ["Green Corner", "Fern House", None]]),
    ("Which plant brings in the most money?", [["petunia"], [255]]),
    ("List every shift longer than 9 hours with the person's name and centre.",
     [["Toms", "Lund"], ["Green Corner", "Fern House"]]),
    ("Hours worked per person.", [["Berg", "Toms", "Lund"], [8, 13.5, 10]]),
    ("The three cheapest shrubs or trees.", [["boxwood", "hydrangea", "birch"]]),
    ("How much did we take with trees in 2025?", [[240]]),
    ("Which plants sold more than 20 pieces in total?", [["petunia"], [85]]),
    ("Number of flowers sold per garden centre.", [["Fern House", "Green Corner"], [25, 60]]),
)  # fmt: skip
ASKED = (
    ("How many tulips did we sell per month?", "tulip"),
    ("Which cactus earns least?", "cactus"),
    ("Average salary of foremen.", "foremen"),
)


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Databases:
    found = Databases(tmp_path_factory.mktemp("databases"), {"nursery": NURSERY})
    anyio.run(found.read)
    return found


def _among(wanted: list[Any], found: list[list[Any]]) -> bool:
    return any(_rounded(wanted) == _rounded(one) for one in found)


def _rounded(values: list[Any]) -> list[Any]:
    return [round(float(one), 6) if isinstance(one, int | float) else one for one in values]


@pytest.mark.parametrize(("text", "wanted"), READ, ids=[one[0] for one in READ])
def test_wordings(text: str, wanted: list[list[Any]], databases: Databases) -> None:
    sources = databases.sources["nursery"]
    needs = analyze(text, sources)
    assert not needs.questions, needs.summary()
    assert not needs.beyond, needs.summary()
    made = specify(needs, design(needs, sources), sources)
    assert not check_specification(made)
    found = answer(made, databases.url("nursery"), {})
    columns: list[list[Any]] = [one if isinstance(one, list) else [one] for one in found.values()]
    for column in wanted:
        assert _among(column, columns), found


@pytest.mark.parametrize(("text", "word"), ASKED, ids=[one[0] for one in ASKED])
def test_what_is_no_value_is_asked_about(text: str, word: str, databases: Databases) -> None:
    needs = analyze(text, databases.sources["nursery"])
    assert needs.questions or needs.beyond, needs.summary()
    told = " ".join([*(one.text for one in needs.questions), *needs.beyond]).lower()
    assert word in told or needs.beyond


@pytest.mark.parametrize("text", ["Everyone who joined since 2018 and isn't a master.", "Staff at Rosehill."])
def test_values_are_never_dropped(text: str, databases: Databases) -> None:
    sources = databases.sources["nursery"]
    needs = analyze(text, sources)
    held = str([one.value for one in needs.all_filters])
    assert needs.questions or needs.beyond or "master" in held or "Rosehill" in held


def test_values_go_no_further(databases: Databases) -> None:
    (source,) = databases.sources["nursery"]
    assert "boxwood" not in source.model_dump_json()
    assert "boxwood" not in repr(source.model_dump())
    needs = analyze("List trees under 90 euros.", databases.sources["nursery"])
    made = specify(needs, design(needs, databases.sources["nursery"]), databases.sources["nursery"])
    assert "boxwood" not in made.model_dump_json()
    assert "tree" in made.model_dump_json()


def test_what_is_nobodys_business_is_not_read(databases: Databases) -> None:
    from roles.builder.understanding.known_values import known_values

    values = known_values(databases.sources["nursery"])
    assert ("gardeners", "email") not in values
    assert values[("plants", "kind")] == ("flower", "shrub", "tree")


def test_columns_of_too_many_values_are_left_out(tmp_path: Path) -> None:
    from roles.builder.understanding.known_values import known_values

    rows = ",".join(f"({number},'name {number}','k{number % 3}')" for number in range(600))
    script = f"CREATE TABLE things(id INTEGER PRIMARY KEY, name TEXT, kind TEXT); INSERT INTO things VALUES {rows};"
    made = Databases(tmp_path, {"many": script})
    anyio.run(made.read)
    assert dict(known_values(made.sources["many"])) == {("things", "kind"): ("k0", "k1", "k2")}


async def test_rows_are_left_alone_where_that_is_wanted(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'source.db'}"
    with closing(sqlite3.connect(tmp_path / "source.db")) as made:
        made.executescript(
            "CREATE TABLE goods (id INTEGER PRIMARY KEY, kind TEXT); INSERT INTO goods VALUES (1, 'bread');"
        )
    assert known_values(await read_schema(url)) == {("goods", "kind"): ("bread",)}
    assert known_values(await RealUnderstanding(read_values=False).read_schema(url)) == {}
