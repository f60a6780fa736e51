"""The path of a configured model: it designs, specifies and writes what no template does, and mends what it wrote."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from common.errors import BuildError, LimitExceeded, ModelError
from common.settings import BreakerSettings, ModelSettings
from events.catalogue.build import BuildStageFailed
from events.state.build import BuildStatus
from events.store import EventStore
from llm_provider.factory import LLMFactory
from roles.builder.model_writing import tokens_of
from roles.builder.parts import Checked, Failed
from roles.engineering.specification import Specification
from tests.roles.builder.made_parts import MadeParts, builder
from tests.services.llmock_server import LLMockProcess, calls, llmock_process, llmock_server  # noqa: F401

BY = "ann"
REQUEST = "count the syllables of a poem"
OUTLINE: dict[str, Any] = {
    "name": "syllables", "class_name": "SyllableAgent", "title": "Syllables", "purpose": "Counts syllables.",
    "examples": ["how many syllables has this line?"],
    "operations": [{"name": "count_syllables", "description": "Count the syllables of a line"}],
    "components": [{"name": "counting", "responsibility": "count_syllables(source, *, line)", "depends_on": []}],
}  # fmt: skip
OPERATION: dict[str, Any] = {
    "name": "count_syllables", "inputs": [{"name": "line", "type": "text"}],
    "outputs": [{"name": "syllables", "type": "integer"}],
    "checks": [{"arguments": '{"line": "a rose"}', "expected": '{"syllables": 2}'}],
}  # fmt: skip
GOOD = "def count_syllables(source, *, line):\n    return {'syllables': 2}\n"
BAD = "def count_syllables(  # bad syntax\n"


def outline(**more: Any) -> dict[str, Any]:
    return calls(("OutlineOutput", {**OUTLINE, **more}))


def operations(*given: dict[str, Any]) -> dict[str, Any]:
    return calls(("OperationsOutput", {"operations": list(given or (OPERATION,))}))


def code(text: str) -> dict[str, Any]:
    return calls(("ComponentOutput", {"code": text}))


@pytest.fixture
def server(llmock_server: LLMockProcess) -> LLMockProcess:  # noqa: F811
    return llmock_server


@pytest.fixture
async def models(server: LLMockProcess) -> AsyncGenerator[LLMFactory]:
    settings = ModelSettings(
        provider="openai", model="gpt-x", base_url=server.openai, retries=0, timeout=20.0, idle_timeout=20.0
    )
    made = LLMFactory({"smart": settings}, breaker=BreakerSettings(failures=100))
    yield made
    await made.aclose()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncGenerator[EventStore]:
    async with await EventStore.open(f"sqlite:///{tmp_path}/events.db") as opened:
        yield opened


@pytest.fixture
def parts(tmp_path: Path) -> MadeParts:
    return MadeParts(tmp_path)


def sent(server: LLMockProcess) -> list[str]:
    return [json.dumps(one, ensure_ascii=False) for one in server.requests()]


async def test_bad_code_first_goes_back_with_the_exact_error(
    models: LLMFactory, server: LLMockProcess, store: EventStore, parts: MadeParts, tmp_path: Path
) -> None:
    server.script(outline(), operations(), code(BAD), code(f"```python\n{GOOD}```"))
    made = builder(store, await store.ownership(), tmp_path, parts, models=models)
    built = await made.create_agent(REQUEST, by=BY)
    assert (built.name, built.repairs, built.model_calls) == ("syllables", 1, 4)
    assert built.tokens > 0
    assert (built.folder / "syllables" / "counting.py").read_text() == GOOD
    last = sent(server)[-1]
    assert "counting.py:1: syntax" in last
    assert "bad syntax" in last
    (tried,) = [entry.event for entry in await store.read_all(0, {BuildStageFailed.TOPIC})]
    assert (tried.stage, tried.component, tried.back_to) == ("syntax", "counting", "write")
    state = await made.state(built.build_id)
    assert [(stage, done.model_calls) for stage, done in state.done.items() if done.model_calls] == [
        ("specify", 2), ("write", 1),
    ]  # fmt: skip
    assert (await made.resume(built.build_id, by=BY)) == built


async def test_a_second_build_asks_only_for_the_specification(
    models: LLMFactory, server: LLMockProcess, store: EventStore, parts: MadeParts, tmp_path: Path
) -> None:
    server.script(outline(), operations(), code(GOOD), outline(), operations())
    made = builder(store, await store.ownership(), tmp_path, parts, models=models)
    await made.create_agent(REQUEST, by=BY)
    assert (await made.create_agent(REQUEST, by=BY)).model_calls == 2
    assert server.pending() == 0


async def test_what_stays_bad_fails_after_so_many_repairs_and_can_be_gone_on_with(
    models: LLMFactory, server: LLMockProcess, store: EventStore, parts: MadeParts, tmp_path: Path
) -> None:
    server.script(outline(), operations(), code(BAD), code(BAD + "#1\n"), code(BAD + "#2\n"))
    made = builder(store, await store.ownership(), tmp_path, parts, models=models, max_retries=2)
    with pytest.raises(BuildError, match="could not be mended in 2 attempts"):
        await made.create_agent(REQUEST, by=BY, build_id="a" * 32)
    state = await made.state("a" * 32)
    assert (state.status, len(state.tried), state.model_calls) == (BuildStatus.FAILED, 2, 5)
    assert made.workspace("a" * 32).find("project/syllables/counting.py") == BAD + "#2\n"
    server.script(code(GOOD))
    assert (await made.resume("a" * 32, by=BY)).model_calls == 6


async def test_a_failing_test_goes_back_too(
    models: LLMFactory, server: LLMockProcess, store: EventStore, parts: MadeParts, tmp_path: Path
) -> None:
    parts.failures = [Checked((Failed("counting", "count_syllables('a rose') gave 3, not 2"),))]
    server.script(outline(), operations(), code(GOOD + "# wrong\n"), code(GOOD))
    made = builder(store, await store.ownership(), tmp_path, parts, models=models)
    built = await made.create_agent(REQUEST, by=BY)
    assert built.repairs == 1
    assert "gave 3, not 2" in sent(server)[-1]


async def test_written_code_that_costs_too_much_is_made_cheaper_before_the_model_is_asked_again(
    models: LLMFactory, server: LLMockProcess, store: EventStore, parts: MadeParts, tmp_path: Path
) -> None:
    async def optimise(spec: Specification, files: Mapping[str, str], component: str) -> Mapping[str, str]:
        return {"syllables/counting.py": files["syllables/counting.py"] + "# smaller\n"}

    parts.failures = [Checked((Failed("agent", "an instance takes 9 KiB, 6.5 are allowed", constraint=True),))]
    server.script(outline(), operations(), code(GOOD))
    made = builder(store, await store.ownership(), tmp_path, parts, models=models)
    made.parts = replace(made.parts, optimise=optimise)
    built = await made.create_agent(REQUEST, by=BY)
    assert (built.repairs, built.model_calls) == (1, 3)
    assert (built.folder / "syllables" / "counting.py").read_text() == GOOD + "# smaller\n"


async def test_calls_are_bounded_over_all_attempts(
    models: LLMFactory, server: LLMockProcess, store: EventStore, parts: MadeParts, tmp_path: Path
) -> None:
    server.script(outline(), operations(), code(BAD), code(BAD + "#1\n"))
    made = builder(store, await store.ownership(), tmp_path, parts, models=models, model_calls=3)
    with pytest.raises(LimitExceeded, match="the build reached its limit of 3 model calls") as raised:
        await made.create_agent(REQUEST, by=BY, build_id="a" * 32)
    assert raised.value.where == "builder.model_calls"
    with pytest.raises(LimitExceeded):
        await made.resume("a" * 32, by=BY)
    assert len(server.requests()) == 3


async def test_a_long_specification_is_asked_for_in_parts_and_joined(
    models: LLMFactory, server: LLMockProcess, store: EventStore, parts: MadeParts, tmp_path: Path
) -> None:
    both = [{"name": name, "description": f"Does {name}"} for name in ("first", "second")]
    one, two = ({**OPERATION, "name": name, "inputs": []} for name in ("first", "second"))
    server.script(outline(operations=both), operations(one), operations(two), code(GOOD))
    made = builder(store, await store.ownership(), tmp_path, parts, models=models, whole_tokens=1_000)
    built = await made.create_agent(REQUEST, by=BY)
    assert built.model_calls == 4
    specified = parts.from_yaml((built.folder / "specification.yaml").read_text())
    assert [one.name for one in specified.operations] == ["first", "second"]
    assert [one.name for one in specified.component_order()] == ["errors", "types", "counting", "agent"]


async def test_operations_that_make_no_specification_are_asked_for_once_more_with_the_reason(
    models: LLMFactory, server: LLMockProcess, store: EventStore, parts: MadeParts, tmp_path: Path
) -> None:
    wrong = {**OPERATION, "checks": [{"arguments": "nothing", "expected": "{}"}]}
    server.script(outline(), operations(wrong), operations(), code(GOOD))
    made = builder(store, await store.ownership(), tmp_path, parts, models=models)
    assert (await made.create_agent(REQUEST, by=BY)).name == "syllables"
    assert "is no JSON object" in sent(server)[2]


async def test_a_model_that_is_not_there_fails_the_build_and_says_so(
    server: LLMockProcess, store: EventStore, parts: MadeParts, tmp_path: Path
) -> None:
    server.script({"type": "fail", "status": 401, "times": 5})
    settings = ModelSettings(provider="openai", model="gpt-x", base_url=server.openai, retries=0, timeout=20.0)
    models = LLMFactory({"smart": settings})
    made = builder(store, await store.ownership(), tmp_path, parts, models=models)
    with pytest.raises(ModelError):
        await made.create_agent(REQUEST, by=BY, build_id="a" * 32)
    assert (await made.state("a" * 32)).status is BuildStatus.FAILED
    await models.aclose()


def test_the_size_of_a_text_in_tokens() -> None:
    assert (tokens_of(""), tokens_of("a"), tokens_of("a" * 400)) == (0, 1, 100)
