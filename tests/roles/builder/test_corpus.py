"""The requests of the covered family are understood at the first try; what is beyond is refused, naming why."""

import math
from typing import Any

import anyio
import pytest

from roles.builder.understanding import analyze, check_specification, design, from_yaml, specify, to_yaml
from roles.engineering.specification import Specification
from tests.roles.builder.answering import Databases, answer, corpus, is_right

CORPUS = corpus("requests.yaml")
FURTHER = corpus("further_requests.yaml")["requests"]


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Databases:
    found = Databases(tmp_path_factory.mktemp("databases"), CORPUS["databases"])
    anyio.run(found.read)
    return found


def specified(request: dict[str, Any], databases: Databases) -> Specification:
    sources = databases.sources[request["database"]] if "database" in request else ()
    needs = analyze(request["text"], sources)
    assert not needs.questions, needs.summary()
    assert not needs.beyond, needs.summary()
    made = specify(needs, design(needs, sources), sources)
    assert check_specification(made) == []
    assert from_yaml(to_yaml(made)) == made
    return made


def test_there_are_as_many_as_there_should_be() -> None:
    assert len(CORPUS["requests"]) == 50
    assert len(CORPUS["uncovered"]) == 20


@pytest.mark.parametrize("request_", CORPUS["requests"], ids=lambda one: one["id"])
def test_request(request_: dict[str, Any], databases: Databases) -> None:
    made = specified(request_, databases)
    assert len(made.examples) >= 3
    for ask in request_["asks"]:
        found = answer(made, databases.url(request_.get("database", "")), ask["arguments"])
        assert is_right(ask, found), f"{ask} → {found}"


@pytest.mark.parametrize("request_", FURTHER, ids=lambda one: one["text"][:60])
def test_further_request(request_: dict[str, Any], databases: Databases) -> None:
    made = specified(request_, databases)
    found = answer(made, databases.url(request_.get("database", "")), request_["arguments"])
    assert is_right(request_, found), found


@pytest.mark.parametrize("request_", [one for one in CORPUS["requests"] if any("sql" in ask for ask in one["asks"])],
                         ids=lambda one: one["id"])  # fmt: skip
def test_the_expected_values_are_those_of_sql(request_: dict[str, Any], databases: Databases) -> None:
    for ask in (one for one in request_["asks"] if "sql" in one):
        rows = databases.rows(request_["database"], ask["sql"])
        expected = {name: value for name, value in ask["expected"].items() if name != "status"}
        wanted = expected.pop("columns", [[value] for value in expected.values()])
        told = [list(column) for column in zip(*rows, strict=True)]
        for column in wanted:
            assert any(_same(column, other) for other in told), (column, told)


def _same(left: list[Any], right: list[Any]) -> bool:
    return len(left) == len(right) and all(
        one == other
        or (not isinstance(one, str) and not isinstance(other, str) and math.isclose(one, other, rel_tol=1e-9))
        for one, other in zip(left, right, strict=True)
    )


@pytest.mark.parametrize("request_", CORPUS["uncovered"], ids=lambda one: one["text"][:60])
def test_what_is_beyond_is_refused(request_: dict[str, Any], databases: Databases) -> None:
    sources = databases.sources[request_["database"]] if "database" in request_ else ()
    needs = analyze(request_["text"], sources)
    assert needs.beyond
    words = {
        "writing": "writing", "translation": "translating", "judging": "judging", "acting": "acting", "web": "web",
        "images": "images", "audio": "audio", "learning": "learning", "changing": "changing", "documents": "documents",
        "formula": "formula", "uncovered": "",
    }  # fmt: skip
    assert any(words[request_["needs"]] in one for one in needs.beyond)
