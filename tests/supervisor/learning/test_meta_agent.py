"""`MetaAgent`: plain calls and async ones, alone and inside a supervisor; its configuration and its snapshots."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Generator
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import ConfigurationError, GuidelineError, LearningError, NotFound
from common.settings import Settings, StoreSettings
from events.catalogue.learning import OriginalPromptKept
from supervisor import Supervisor
from supervisor.learning import AgentType, MetaAgent, MetaAgentConfig, ProblemContext, trace_agent_execution
from supervisor.learning.state_file import read_state
from supervisor.testing import offline_settings
from tests.supervisor.learning.learning_help import BAD, traces


def alone(folder: Path, **config: Any) -> MetaAgent:
    return MetaAgent(MetaAgentConfig(**config), settings=Settings(data_dir=folder))


def run(agent: MetaAgent, count: int = 400) -> None:
    for each in traces(count):
        trace = agent.collect_agent_trace(AgentType.DIAGNOSIS, ProblemContext(each.trace_id, app_name="shop"))
        for step in each.steps:
            agent.add_tool_call(trace, step.name, {"of": step.digest})
        agent.add_thinking_step(trace, "so it is")
        agent.end_agent_trace(trace, success=each.success)


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Generator[MetaAgent]:
    """One that has learned."""
    with alone(tmp_path_factory.mktemp("learned")) as agent:
        run(agent)
        assert agent.start_learning_cycle()["proposed"]
        yield agent


def test_it_learns_by_plain_calls(tmp_path: Path) -> None:
    with alone(tmp_path) as agent:
        assert not agent.get_learning_status()["ready_for_learning"]
        assert agent.start_learning_cycle()["refused"]
        run(agent)
        report = agent.start_learning_cycle()
        assert report["traces"] == 400
        assert any(BAD in pattern["description"] for pattern in report["patterns"])
        status = agent.get_learning_status()
        assert (status["learning_cycles"], status["ready_for_learning"]) == (1, True)
        assert status["total_patterns_learned"] == len(report["patterns"])
        (kind,) = status["agent_types"]
        assert "a trial can't decide" in kind["note"], "nothing runs requests through versions here"
        summary = agent.get_pattern_summary()
        assert summary["total_patterns"] == len(summary["patterns"]) >= summary["high_confidence_patterns"] >= 1
        (entry,) = agent.get_guideline_history(AgentType.DIAGNOSIS)
        assert (entry["agent_type"], entry["version"], entry["status"]) == ("diagnosis", "1.0.0", "proposed")
        assert entry["patterns_applied"]
        json.dumps([status, summary, entry, report])


def test_what_it_learned_outlives_it(tmp_path: Path) -> None:
    with alone(tmp_path) as agent:
        run(agent)
        report = agent.start_learning_cycle()
    with alone(tmp_path) as again:
        assert again.get_learning_status()["total_patterns_learned"] == len(report["patterns"])
        assert again.start_learning_cycle()["new_traces"] == 0


async def test_the_async_twins_do_the_same_in_a_running_loop(tmp_path: Path) -> None:
    async with alone(tmp_path) as agent:
        run(agent)
        report = await agent.start_learning_cycle_async()
        assert (await agent.get_learning_status_async())["learning_cycles"] == 1
        assert (await agent.get_pattern_summary_async())["total_patterns"] == len(report["patterns"])
        assert await agent.get_guideline_history_async()
        assert agent.get_learning_status()["learning_cycles"] == 1, "plain calls work there, too"
        inside = await anyio.to_thread.run_sync(agent.get_learning_status)
        assert inside["learning_cycles"] == 1


async def test_a_cancelled_twin_ends_its_cycle(tmp_path: Path) -> None:
    async with alone(tmp_path) as agent:
        run(agent)
        await agent.flush_async()

        begun = threading.Event()

        def tell(stage: str, done: int, whole: int) -> None:
            begun.set()

        async with anyio.create_task_group() as group:
            group.start_soon(partial(agent.start_learning_cycle_async, progress=tell))
            assert await anyio.to_thread.run_sync(begun.wait, 20)
            group.cancel_scope.cancel()
        with anyio.fail_after(20):
            while (await agent.get_learning_status_async())["running"]:
                await anyio.sleep(0.01)
        assert (await agent.start_learning_cycle_async())["patterns"]


def test_decorated_functions_record_into_it(tmp_path: Path) -> None:
    @trace_agent_execution("triage", outcome=lambda result: result)
    def work() -> bool:
        return True

    with alone(tmp_path, min_traces_for_analysis=3) as agent:
        with agent.active():
            for _ in range(3):
                work()
        assert agent.flush()
        assert agent.counts.written == 3


def test_versions_go_into_service_and_back_and_prompts_stay_what_they_were(learned: MetaAgent) -> None:
    prompt = "You find what is broken."
    assert learned.guided_prompt("diagnosis", prompt) == (prompt, "")
    learned.activate("diagnosis", "1.0.0", by="ada")
    guided, version = learned.guided_prompt("diagnosis", prompt)
    assert guided.startswith(prompt)
    assert BAD in guided
    assert version == "1.0.0"
    assert learned.original_prompt("diagnosis") == prompt
    assert learned.guided_prompt("diagnosis", prompt) == (guided, version)
    kept = learned._home.call(learned._home.store.read_all, 0, {OriginalPromptKept.TOPIC})  # pyright: ignore[reportPrivateUsage]
    assert len(kept) == 1
    assert learned.rollback("diagnosis", by="ada") is None
    assert learned.guided_prompt("diagnosis", prompt) == (prompt, "")
    with pytest.raises(GuidelineError):
        learned.rollback("diagnosis", by="ada")
    with pytest.raises(NotFound):
        learned.activate("diagnosis", "9.0.0", by="ada")


def test_without_backup_no_prompt_is_kept(tmp_path: Path) -> None:
    with alone(tmp_path, backup_original_prompts=False) as agent:
        run(agent)
        agent.start_learning_cycle()
        agent.activate("diagnosis", "1.0.0", by="ada")
        assert agent.guided_prompt("diagnosis", "Find it.")[1] == "1.0.0"
        assert agent.original_prompt("diagnosis") is None


def test_continuous_learning_goes_on_after_a_failure_and_can_be_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[dict[str, Any]] = []
    with alone(tmp_path, learning_interval=0.01) as agent:
        run(agent)
        cycle, calls = agent.start_learning_cycle, 0

        def first_fails() -> dict[str, Any]:
            nonlocal calls
            calls += 1
            if calls == 1:
                raise LearningError("not now", where="test")
            return cycle()

        monkeypatch.setattr(agent, "start_learning_cycle", first_fails)
        assert agent.run_continuous_learning(cycles=3, told=told.append) == 3
        assert len(told) == 2
        stop = threading.Event()
        thread = threading.Thread(target=agent.run_continuous_learning, kwargs={"stop": stop})
        thread.start()
        stop.set()
        thread.join(20)
        assert not thread.is_alive()


async def test_inside_a_supervisor_it_works_on_that_ones_log(tmp_path: Path) -> None:
    async with Supervisor(offline_settings(tmp_path), background=False) as supervisor:
        agent = MetaAgent(MetaAgentConfig(), supervisor=supervisor)
        run(agent)
        assert (await agent.start_learning_cycle_async())["traces"] == 400
        assert (await supervisor.learning.status()).learning_cycles == 1
        with pytest.raises(ConfigurationError, match="event loop of yours"):
            agent.get_learning_status()
        await agent.close_async()
        assert (await supervisor.learning.status()).learning_cycles == 1, "the supervisor goes on"


def test_inside_a_supervisor_for_synchronous_use_plain_calls_work(tmp_path: Path) -> None:
    with Supervisor(offline_settings(tmp_path), background=False) as supervisor:
        agent = MetaAgent(MetaAgentConfig(), supervisor=supervisor)
        run(agent)
        assert agent.start_learning_cycle()["traces"] == 400
        agent.close()


def test_a_supervisor_and_settings_are_not_given_together(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="not both"):
        MetaAgent(MetaAgentConfig(), supervisor=Supervisor(offline_settings(tmp_path)), settings=Settings())


def test_a_saved_state_is_a_copy_that_another_log_takes_in_as_proposals(learned: MetaAgent, tmp_path: Path) -> None:
    learned.activate("diagnosis", "1.0.0", by="ada")
    file = learned.save_state(tmp_path / "state.json")
    learned.rollback("diagnosis", by="ada")
    assert file.stat().st_mode & 0o077 == 0
    assert len(read_state(file).patterns) == learned.get_pattern_summary()["total_patterns"]
    assert learned.load_state(file)["same_log"]
    with alone(tmp_path / "other") as other:
        told = other.load_state(file)
        assert told["proposed"] == [{"agent_type": "diagnosis", "version": "1.0.0"}]
        (entry,) = other.get_guideline_history("diagnosis")
        assert (entry["status"], entry["proposed_by"]) == ("proposed", "state file")
        assert other.load_state(file)["skipped"][0]["reason"] == "this log has versions of its own"


def test_a_state_ahead_of_its_log_is_refused(learned: MetaAgent, tmp_path: Path) -> None:
    file = learned.save_state(tmp_path / "state.json")
    data = json.loads(file.read_text())
    file.write_text(json.dumps({**data, "position": 10**9}))
    with pytest.raises(LearningError, match="ahead of the log"):
        learned.load_state(file)


@pytest.mark.parametrize("text", [
    "", "{", "null", "[]", "{}", '{"format": 2}', "[" * 100_000, '"\\ud800"', "\x00\xff", '{"format": 1, "extra": 1}',
])  # fmt: skip
def test_a_broken_state_is_a_typed_error(tmp_path: Path, text: str) -> None:
    file = tmp_path / "state.json"
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(LearningError):
        read_state(file)


def test_a_hostile_state_changes_nothing_by_itself(learned: MetaAgent, tmp_path: Path) -> None:
    data = json.loads(learned.save_state(tmp_path / "state.json").read_text())
    guideline = {"agent_type": "diagnosis", "version": "1.0.0", "status": "active"}
    rules = [{"id": "r", "text": "x" * 5_000}]
    data["guidelines"] = [{**guideline, "rules": rules}, {**guideline, "agent_type": "\n", "rules": []}]
    file = tmp_path / "hostile.json"
    file.write_text(json.dumps(data | {"log": "another"}))
    with alone(tmp_path / "other") as other:
        told = other.load_state(file)
        assert told["proposed"] == []
        assert len(told["skipped"]) == 2
        assert other.get_guideline_history() == []


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(), lambda v: st.lists(v) | st.dictionaries(st.text(), v)
    )
)
@settings(max_examples=60)
def test_any_json_is_a_state_or_a_typed_error(tmp_path_factory: pytest.TempPathFactory, value: object) -> None:
    file = tmp_path_factory.mktemp("state") / "state.json"
    file.write_text(json.dumps(value))
    with pytest.raises(LearningError):
        read_state(file)


def test_a_state_needs_a_file(learned: MetaAgent) -> None:
    with pytest.raises(LearningError, match="no file is named"):
        learned.save_state()
    with pytest.raises(LearningError, match="can't be read"):
        learned.load_state("/nowhere/state.json")
    with pytest.raises(LearningError, match="can't be saved"):
        learned.save_state("/proc/none/state.json")


def test_the_configuration_has_the_documented_defaults() -> None:
    config = MetaAgentConfig.load(environ={})
    assert (config.learning_interval, config.min_traces_for_analysis, config.confidence_threshold) == (3600, 10, 0.7)
    assert config.enable_auto_updates
    assert config.backup_original_prompts


@pytest.mark.parametrize(
    "text", ["learning_interval: 60\n", '{"learning_interval": 60}', "learning:\n  learning_interval: 60\n"]
)
def test_the_configuration_is_read_from_a_file_and_the_environment(tmp_path: Path, text: str) -> None:
    file = tmp_path / "meta.yaml"
    file.write_text(text)
    environ = {
        "META_AGENT_CONFIG_FILE": str(file), "META_AGENT_STATE_FILE": "state.json", "META_AGENT_LOG_LEVEL": "DEBUG"
    }  # fmt: skip
    config = MetaAgentConfig.load(environ=environ, min_traces_for_analysis=3)
    assert (config.learning_interval, config.min_traces_for_analysis) == (60, 3)
    assert (config.state_file, config.log_level) == (Path("state.json"), "debug")


@pytest.mark.parametrize(("text", "told"), [
    ("learning_intervall: 60", "learning_interval"), ("learning_interval: soon", "learning_interval"),
    ("- a", "keys with values"), ("a: 1\na: 2", "twice"), ("learning_interval: 0", "greater than 0"),
    ("{", "no YAML"),
])  # fmt: skip
def test_a_bad_configuration_names_file_and_key(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "meta.yaml"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match=told) as caught:
        MetaAgentConfig.load(environ={"META_AGENT_CONFIG_FILE": str(file)})
    assert str(file) in str(caught.value)


def test_a_missing_file_and_a_bad_level_are_told() -> None:
    with pytest.raises(ConfigurationError, match="can't be read"):
        MetaAgentConfig.load(environ={"META_AGENT_CONFIG_FILE": "/nowhere.yaml"})
    with pytest.raises(ConfigurationError, match="log_level"):
        MetaAgentConfig.load(environ={"META_AGENT_LOG_LEVEL": "loud"})


def test_the_level_is_that_of_learning_only_and_nothing_else_is_configured() -> None:
    root, ours = logging.getLogger(), logging.getLogger("supervisor.learning")
    before = (root.level, list(root.handlers), ours.level)
    try:
        memory = Settings(store=StoreSettings(url="memory://"))
        with MetaAgent(MetaAgentConfig(log_level="debug"), settings=memory):
            assert ours.level == logging.DEBUG
            assert (root.level, list(root.handlers)) == before[:2]
    finally:
        ours.setLevel(before[2])
