"""Alternatives, rows that are there elsewhere, and the first rows of each kind: read, and as databases answer them."""

from typing import Any

import anyio
import pytest

from roles.builder.understanding import analyze, check_specification, design, from_yaml, specify, to_yaml
from roles.builder.writing.plan import Plan
from roles.builder.writing.planning import plan_of
from roles.builder.writing.sample_database import sample_database
from roles.engineering.specification import Specification
from tests.roles.builder.answering import Databases, answer, corpus, is_right

CORPUS = corpus("choosing_requests.yaml")


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Databases:
    found = Databases(tmp_path_factory.mktemp("databases"), CORPUS["databases"])
    anyio.run(found.read)
    return found


def specified(text: str, database: str, databases: Databases) -> Specification:
    sources = databases.sources[database]
    needs = analyze(text, sources)
    assert not needs.questions, needs.summary()
    assert not needs.beyond, needs.summary()
    made = specify(needs, design(needs, sources), sources)
    assert check_specification(made) == []
    assert from_yaml(to_yaml(made)) == made
    return made


@pytest.mark.parametrize("request_", CORPUS["requests"], ids=lambda one: one["text"])
def test_request(request_: dict[str, Any], databases: Databases) -> None:
    made = specified(request_["text"], request_["database"], databases)
    rows = databases.rows(request_["database"], request_["sql"])
    found = answer(made, databases.url(request_["database"]), {})
    assert rows
    wanted: dict[str, Any] = {"columns": [list(column) for column in zip(*rows, strict=True)]}
    if len(rows) == len(rows[0]) == 1 and found.get("row_count", 1) == 1:
        wanted, found = {"value": rows[0][0]}, {name: _only(one) for name, one in found.items()}
    assert is_right({"expected": wanted}, found, ordered=False), found


def _only(one: Any) -> Any:
    return one[0] if isinstance(one, list) else one  # pyright: ignore[reportUnknownVariableType]


@pytest.mark.parametrize("request_", CORPUS["asked"], ids=lambda one: one["text"])
def test_what_may_mean_several_things_is_asked(request_: dict[str, Any], databases: Databases) -> None:
    needs = analyze(request_["text"], databases.sources[request_["database"]])
    assert needs.questions or needs.beyond


def test_it_is_told_that_equal_ones_are_all_listed(databases: Databases) -> None:
    made = specified("the two best sellers in each region", "chain", databases)
    assert "equal" in " ".join(made.assumptions)
    assert "units" in " ".join(made.assumptions)


@pytest.mark.parametrize(
    ("database", "text"),
    [
        ("plant", "Machines with an open repair"),
        ("library", "fines that are unpaid or higher than 4"),
        ("plant", "The latest inspection of every machine."),
        ("chain", "the two best sellers in each region"),
    ],
)
def test_the_rows_of_generated_tests_tell_right_from_wrong(database: str, text: str, databases: Databases) -> None:
    plan: Plan = plan_of(specified(text, database, databases))
    sample = sample_database(plan)
    assert sample is not None
    found = [row for case in sample.cases for row in case.rows]
    whole = max(len(rows) for rows in sample.inserts.values())
    assert 0 < len(found) < whole * max(1, len(sample.inserts) - 1)
