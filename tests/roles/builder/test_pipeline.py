"""The pipeline: every stage is an event; what is killed goes on, what fails is mended or says why, nothing is twice."""

from __future__ import annotations

import uuid
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from common.errors import BuildError, ConstraintViolation, NotFound
from common.updates import BuildProgress
from events.catalogue.build import BuildFailed, BuildFinished, BuildStageFailed, BuildStageFinished, BuildStarted
from events.projection import Views
from events.state.build import STAGES, BuildStatus, Stage
from events.store import EventStore
from events.views.builtin import builtin_views
from roles.builder.parts import Checked, Failed
from roles.builder.service_builder import ServiceBuilder, improvement_build_id
from roles.engineering.findings import Finding
from tests.roles.builder.made_parts import STAGES_THAT_WORK, MadeParts, build_in, builder, specification
from tests.supervisor.forked import run_forked

REQUEST = "double a number"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncGenerator[EventStore]:
    async with await EventStore.open(f"sqlite:///{tmp_path}/events.db") as opened:
        yield opened


@pytest.fixture
def parts(tmp_path: Path) -> MadeParts:
    return MadeParts(tmp_path)


@pytest.fixture
async def made(store: EventStore, tmp_path: Path, parts: MadeParts) -> ServiceBuilder:
    return builder(store, await store.ownership(), tmp_path, parts)


async def events(store: EventStore, kind: type[Any]) -> list[Any]:
    return [entry.event for entry in await store.read_all(0, {kind.TOPIC})]


async def test_a_build_goes_through_all_stages_and_says_so(made: ServiceBuilder, store: EventStore) -> None:
    told: list[BuildProgress] = []
    built = await made.create_agent(REQUEST, by="ann", emit=told.append)
    assert (built.name, built.version, built.deployed, built.repairs) == ("doubler", "1.0.0", True, 0)
    assert built.figures == {"coverage": 0.9}
    assert (built.folder / "doubler" / "library.py").read_text() == "# library\n"
    assert {path.name for path in built.folder.iterdir()} == {"README.md", "doubler", "specification.yaml", "tests"}
    assert [one.stage for one in await events(store, BuildStageFinished)] == list(STAGES)
    assert [one.stage for one in told if one.state == "finished"] == list(STAGES)
    assert [one.component for one in told if one.component] == ["errors", "library", "agent"]
    (started,) = await events(store, BuildStarted)
    (finished,) = await events(store, BuildFinished)
    assert (started.requirements, started.by, finished.name) == (REQUEST, "ann", "doubler")


async def test_the_second_unchanged_build_does_nothing_again(made: ServiceBuilder, parts: MadeParts) -> None:
    first = await made.create_agent(REQUEST, by="ann")
    parts.counts.clear()
    second = await made.create_agent(REQUEST, by="ann")
    done = {what for what in parts.counts if what.split()[0] in ("write", "syntax", "security", "test", "deploy")}
    assert not done
    assert (second.version, second.specification_hash) == (first.version, first.specification_hash)
    assert second.reused == 5


async def test_one_changed_component_is_written_alone_and_gets_a_version(
    made: ServiceBuilder, parts: MadeParts
) -> None:
    await made.create_agent(REQUEST, by="ann")
    parts.counts.clear()
    parts.templates["library"] = " changed"
    parts.made = specification(title="Doubles more")
    built = await made.create_agent(REQUEST, by="ann")
    written = [what for what in parts.counts if what.startswith("write ")]
    assert written == ["write library"]
    assert parts.counts["test"] == 1
    assert built.version == "1.1.0"


@pytest.mark.parametrize("stage", STAGES_THAT_WORK)
async def test_a_build_killed_at_any_stage_goes_on_from_the_last_finished_one(tmp_path: Path, stage: str) -> None:
    build_id = uuid.uuid4().hex
    assert run_forked(build_in, str(tmp_path), build_id, stage) == -9
    async with await EventStore.open(f"sqlite:///{tmp_path}/events.db") as store:
        parts = MadeParts(tmp_path)
        made = builder(store, await store.ownership(), tmp_path, parts)
        reached = Stage.DEPLOY if stage in ("deploy", "deployed") else Stage(stage)
        before = await made.state(build_id)
        assert (before.status, before.next_stage) == (BuildStatus.RUNNING, reached)
        built = await made.resume(build_id, by="bea")
        assert built.deployed
        again = {*STAGES[: STAGES.index(reached)]} & {*parts.counts}
        assert not again
        assert [one.stage for one in await events(store, BuildStageFinished)] == list(STAGES)
        served = parts._served()["doubler"]
        assert [one["build"] for one in served] == [build_id]
        assert (await made.resume(build_id, by="bea")) == built  # it is told again, and nothing is done


async def test_nobody_goes_on_with_a_build_that_somebody_works_on(
    made: ServiceBuilder, parts: MadeParts, store: EventStore, tmp_path: Path
) -> None:
    other = builder(store, await store.ownership(), tmp_path, MadeParts(tmp_path))
    seen: list[str] = []

    class Stop(BaseException):
        pass

    def stop(what: str) -> None:
        if what == "design":
            raise Stop

    parts.at = stop
    with pytest.raises(Stop):
        await made.create_agent(REQUEST, by="ann", build_id="a" * 32, emit=lambda one: seen.append(one.stage))
    with pytest.raises(BuildError, match="somebody works on this build"):
        await other.resume("a" * 32, by="bea")
    parts.at = lambda _: None
    assert (await made.resume("a" * 32, by="ann")).deployed
    with pytest.raises(NotFound):
        await made.resume("b" * 32, by="ann")


async def test_what_was_changed_in_the_folder_is_made_again(made: ServiceBuilder, parts: MadeParts) -> None:
    def fail(what: str) -> None:
        if what == "test":
            raise BuildError("out of order", where="test")

    parts.at = fail
    with pytest.raises(BuildError, match="out of order"):
        await made.create_agent(REQUEST, by="ann", build_id="a" * 32)
    made.workspace("a" * 32).write("project/doubler/library.py", "import os\n")
    parts.at = lambda _: None
    built = await made.resume("a" * 32, by="ann")
    assert (built.folder / "doubler" / "library.py").read_text() == "# library\n"
    (sent,) = (await made.state("a" * 32)).tried
    assert (sent.stage, sent.back_to) == ("write", "write")


async def test_a_template_that_writes_nothing_else_fails_at_once_with_the_reason(
    made: ServiceBuilder, parts: MadeParts, store: EventStore
) -> None:
    parts.failures = [Checked((Failed("library", "double(2) gave 5, not 4"),))]
    with pytest.raises(BuildError, match=r"double\(2\) gave 5") as raised:
        await made.create_agent(REQUEST, by="ann", build_id="a" * 32)
    assert raised.value.where == "library"
    (sent,) = await events(store, BuildStageFailed)
    assert (sent.stage, sent.component, sent.back_to, sent.attempt) == ("test", "library", "write", 1)
    (failed,) = await events(store, BuildFailed)
    assert (failed.stage, failed.code) == ("write", "build")
    assert made.workspace("a" * 32).find("project/doubler/library.py") == "# library\n"  # left for a look


async def test_what_was_kept_wrongly_is_written_anew(made: ServiceBuilder, parts: MadeParts) -> None:
    """A failing component of earlier builds is no longer taken from them."""
    parts.templates["library"] = " of old"
    await made.create_agent(REQUEST, by="ann")
    component = parts.made.components[1]
    key = parts.component_hash(parts.made, component)
    held = {"by": "template", "files": {"doubler/library.py": "# of another time\n"}}
    made._cache.put("components", key, held)
    parts.failures = [Checked((Failed("library", "wrong"),))]
    built = await made.create_agent(REQUEST, by="ann")
    assert (built.folder / "doubler" / "library.py").read_text() == "# library of old\n"
    assert built.repairs == 1


async def test_a_specification_that_can_not_be_used_fails(made: ServiceBuilder, parts: MadeParts) -> None:
    parts.findings = [Finding("specification.yaml", 3, "unit", "a ratio of what?")]
    with pytest.raises(BuildError, match="a ratio of what"):
        await made.create_agent(REQUEST, by="ann")


async def test_over_a_limit_with_nothing_to_mend_it(made: ServiceBuilder, parts: MadeParts, store: EventStore) -> None:
    parts.failures = [Checked((Failed("agent", "an instance takes 4.1 µs, 3 are allowed", constraint=True),))]
    with pytest.raises(ConstraintViolation, match=r"4\.1 µs"):
        await made.create_agent(REQUEST, by="ann")
    (failed,) = await events(store, BuildFailed)
    assert failed.code == "constraint_violation"


async def test_an_agent_that_is_not_well_is_taken_back_and_deployed_again_later(
    made: ServiceBuilder, parts: MadeParts
) -> None:
    parts.unwell = True
    with pytest.raises(BuildError, match="it says nothing"):
        await made.create_agent(REQUEST, by="ann", build_id="a" * 32)
    assert await parts.in_service("doubler") is None
    state = await made.state("a" * 32)
    assert (state.status, state.next_stage) == (BuildStatus.FAILED, Stage.DEPLOY)
    parts.unwell = False
    assert (await made.resume("a" * 32, by="ann")).deployed
    assert parts.counts["test"] == 1


async def test_questions_and_what_no_template_covers(made: ServiceBuilder) -> None:
    with pytest.raises(BuildError, match="What is size"):
        await made.create_agent("double the size", by="ann")
    with pytest.raises(BuildError, match="poetry") as raised:
        await made.create_agent("write a poem", by="ann")
    assert "Configure a model for poetry" in raised.value.todo
    assert (await made.create_agent("double the size", by="ann", answers={"size": "10"})).deployed


async def test_built_without_being_put_into_service(made: ServiceBuilder, parts: MadeParts) -> None:
    built = await made.create_agent(REQUEST, by="ann", deploy=False)
    assert not built.deployed
    assert await parts.in_service("doubler") is None


async def test_a_given_specification(made: ServiceBuilder, parts: MadeParts) -> None:
    built = await made.create_agent("", by="ann", specification=specification("halver").model_dump_json())
    assert (built.name, parts.counts["analyze"]) == ("halver", 0)


async def test_too_little_memory_and_too_little_time(store: EventStore, tmp_path: Path, parts: MadeParts) -> None:
    ownership = await store.ownership()
    poor = builder(store, ownership, tmp_path, parts, memory=lambda: 2**20)
    with pytest.raises(BuildError, match="MiB of memory are free"):
        await poor.create_agent(REQUEST, by="ann", build_id="a" * 32)
    quick = builder(store, ownership, tmp_path, parts, timeout=1e-9)
    with pytest.raises(BuildError, match="longer than"):
        await quick.resume("a" * 32, by="ann")
    assert (await builder(store, ownership, tmp_path, parts).resume("a" * 32, by="ann")).deployed


async def test_the_view_tells_where_builds_stand(made: ServiceBuilder, parts: MadeParts, store: EventStore) -> None:
    views = Views(store, builtin_views())
    await made.create_agent(REQUEST, by="ann", build_id=improvement_build_id("i1"), improvement="i1")
    parts.failures = [Checked((Failed("library", "wrong"),))]
    parts.templates["library"] = " new"
    with pytest.raises(BuildError):
        await made.create_agent(REQUEST, by="ann")
    rows = await views.query("builds", order_by="position")
    assert [(row["status"], row["agent"], row["repairs"], row["improvement"]) for row in rows] == [
        ("finished", "doubler", 0, "i1"), ("failed", "", 1, None),
    ]  # fmt: skip
    await views.close()
