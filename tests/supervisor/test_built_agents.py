"""Built agents in running supervisors: routed to at once, everywhere, and not any more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest

from common.builder_settings import BuilderSettings
from common.errors import DeploymentError, NotFound
from common.results import RoleResult
from common.settings import Settings
from roles.sandbox.bubblewrap import BubblewrapSandbox
from supervisor import Supervisor
from supervisor.doctor import Diagnosis, diagnose
from supervisor.live_agents import address_of
from tests.roles.deployed import sample_agent
from tests.roles.sandbox.contract import usable
from tests.supervisor.built_agents import DSCR, NAME, deploy, folder, learned, settings_in
from tests.supervisor.forked import run_forked

__all__ = ["folder", "learned"]

BOUND = 120.0


@pytest.fixture(autouse=True)
async def sandbox() -> None:
    await usable(BubblewrapSandbox())


async def answer(supervisor: Supervisor, request: str) -> tuple[str, str, str]:
    response = await supervisor.process_request(request)
    return response.text, response.metadata.route, response.metadata.approach


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    with anyio.fail_after(BOUND):
        while not await condition():
            await anyio.sleep(0.05)


async def test_requests_are_routed_to_it_at_once(folder: Path) -> None:
    async with Supervisor(settings_in(folder), background=False) as supervisor:
        assert (await answer(supervisor, DSCR))[1] != NAME
        deployed = await deploy(supervisor, build="b1")
        assert deployed.folder == f"agents/{NAME}/1.0.0"
        assert await answer(supervisor, DSCR) == (
            "The DSCR of property 5 in standard mode is 1.25 — PASS.", NAME, "direct",
        )  # fmt: skip
        text, route, _ = await answer(supervisor, "what is the DSCR of property 5 in conservative mode?")
        assert (text, route) == ("The DSCR of property 5 in conservative mode is 1.125 — FAIL.", NAME)
        text, _, _ = await answer(supervisor, "what is the DSCR of property 77?")
        assert text == "There is no property 77. Ask for another one."
        text, route, _ = await answer(supervisor, "how does an income of 120 cover a debt of 100")
        assert (text, route) == ("The coverage with income 120, debt 100 is 1.2.", NAME)
        assert (await answer(supervisor, "hello"))[1] == "conversation"
        (record,) = [agent for agent in await supervisor.agents() if agent.kind == "agent"]
        assert (record.name, record.version, record.state) == (NAME, "1.0.0", "deployed")
        assert record.tools == (f"{NAME}.calculate_dscr", f"{NAME}.coverage_of", f"{NAME}.misbehave")


async def test_of_two_that_calculate_the_same_it_is_said_which_answered(folder: Path) -> None:
    async with Supervisor(settings_in(folder), background=False) as supervisor:
        await deploy(supervisor)
        made = sample_agent.specification(name="doubled")
        await supervisor.built_agents.deploy(made, sample_agent.files(made, 2.0), by="test")
        text, _, _ = await answer(supervisor, f"{DSCR[:-1]} by doubled?")
        assert text == f"The DSCR of property 5 in standard mode is 2.5 — PASS.\ndoubled answered. {NAME} could, too."
        text, _, _ = await answer(supervisor, DSCR)
        assert "Which one is meant?" in text
        assert "is 1.25 — PASS" in text
        assert "is 2.5 — PASS" in text


async def test_it_takes_part_in_plans(folder: Path) -> None:
    async with Supervisor(settings_in(folder), background=False) as supervisor:
        await deploy(supervisor)
        for flag in (False, True):
            response = await supervisor.process_request(
                "what is the DSCR of property 5 and set a timer for 5 minutes", {"flags": {"meta-planning": flag}}
            )
            assert "1.25 — PASS" in response.text
            assert [intent.type for intent in response.intents] == ["timer.set_timer"]


async def test_it_is_there_after_a_restart_and_disabled_where_it_was(folder: Path) -> None:
    async with Supervisor(settings_in(folder), background=False) as supervisor:
        await deploy(supervisor)
    async with Supervisor(settings_in(folder), background=False) as supervisor:
        assert (await answer(supervisor, DSCR))[1] == NAME
        await supervisor.disable_agent(NAME, by="ann")
        assert (await answer(supervisor, DSCR))[1] != NAME
    async with Supervisor(settings_in(folder), background=False) as supervisor:
        assert (await answer(supervisor, DSCR))[1] != NAME
        await supervisor.restore_agent(NAME, by="ann")
        assert (await answer(supervisor, DSCR))[1] == NAME
        (record,) = [agent for agent in await supervisor.agents() if agent.name == NAME]
        assert record.kind == "agent", "it is not registered as a role of this process"


async def test_other_processes_on_the_log_follow(folder: Path) -> None:
    settings = settings_in(folder)

    async with Supervisor(settings) as here, Supervisor(settings) as there:

        async def told(text: str) -> bool:
            found, route, _ = await answer(there, DSCR)
            return route == NAME and text in found

        await deploy(here)
        await until(lambda: told("1.25 — PASS"))
        await deploy(here, 0.5)
        await until(lambda: told("0.625 — FAIL"))
        assert (await here.built_agents.rollback(NAME, by="ann")).version == "1.0.0"
        await until(lambda: told("1.25 — PASS"))
        await here.built_agents.remove(NAME, by="ann", reason="unused")

        async def gone() -> bool:
            return (await answer(there, DSCR))[1] != NAME

        await until(gone)
        assert (await answer(here, DSCR))[1] != NAME
        assert NAME not in {role.name for role in there.roles()}
        record = await here.restore_agent(NAME, by="ann")
        assert record.enabled
        await until(lambda: told("1.25 — PASS"))


async def test_a_request_under_way_goes_on_with_what_it_found(folder: Path) -> None:
    async with Supervisor(settings_in(folder), background=False) as supervisor:
        await deploy(supervisor)
        registry: Any = supervisor._running_parts.roles
        role = registry.get(NAME)
        await deploy(supervisor, 2.0)
        assert (await role._serving.current.caller.call("calculate_dscr", {"property_id": 5}))["dscr"] == 1.25
        assert (await answer(supervisor, DSCR))[0].startswith("The DSCR of property 5 in standard mode is 2.5")
        newer = registry.get(NAME)
        await supervisor.built_agents.remove(NAME, by="ann")
        assert registry.get(NAME) is newer, "a request that was routed to it still finds it"
        assert NAME not in supervisor._running_parts.tools.categories


async def test_a_tampered_agent_is_not_loaded_and_can_be_rolled_back(folder: Path) -> None:
    async with Supervisor(settings_in(folder), background=False) as supervisor:
        await deploy(supervisor)
        second = await deploy(supervisor, 2.0)
        code = folder / "data" / second.folder / NAME / "agent.py"
        code.write_text(code.read_text() + "\nimport os\n")
        health = await supervisor.built_agents.verify_health(NAME)
        assert not health.ok
        assert "agent.py was changed after the deployment" in health.told()
    async with Supervisor(settings_in(folder), background=False) as supervisor:
        assert (await answer(supervisor, DSCR))[1] != NAME
        assert "changed" in (await supervisor.built_agents.verify_health(NAME)).told()
        with pytest.raises(DeploymentError, match="changed"):
            await supervisor.built_agents.show(NAME)
        await supervisor.built_agents.rollback(NAME, by="ann")
        assert (await answer(supervisor, DSCR))[0].startswith("The DSCR of property 5 in standard mode is 1.25")
        assert (await supervisor.built_agents.verify_health(NAME)).ok


async def test_a_lost_database_has_its_own_answer(folder: Path) -> None:
    secret = "postgresql://ann:hunter2@127.0.0.1:9/none"
    settings = settings_in(folder, builder=BuilderSettings(database_url=secret))
    async with Supervisor(settings, background=False) as supervisor:
        await deploy(supervisor)
        text, route, _ = await answer(supervisor, DSCR)
        assert route == NAME
        assert "database can't be" in text
        assert "hunter2" not in text
        assert (await answer(supervisor, "how does an income of 120 cover a debt of 100"))[0].endswith("is 1.2.")
        health = await supervisor.built_agents.verify_health(NAME)
        assert (health.ok, health.checks) == (False, 1)
        assert "hunter2" not in health.told()


async def test_health_tells_what_is_well_and_doctor_asks(folder: Path) -> None:
    async with Supervisor(settings_in(folder), background=False) as supervisor:
        await deploy(supervisor)
        health = await supervisor.built_agents.verify_health(NAME)
        assert (health.ok, health.checks, health.sources, health.version) == (True, 1, ("database",), "1.0.0")
        assert health.memory is not None
        assert supervisor.built_agents.workers()[NAME].running
        found: dict[str, Diagnosis] = {one.part: one for one in await supervisor.doctor(timeout=30.0)}
        assert found[f"agent {NAME}"].status == "reached"
        with pytest.raises(NotFound, match="no built agent is called 'other'"):
            await supervisor.built_agents.verify_health("other")


async def test_what_is_wrong_by_its_own_checks_is_not_well(folder: Path) -> None:
    async with Supervisor(settings_in(folder), background=False) as supervisor:
        wrong = sample_agent.specification().model_dump(mode="json")
        wrong["operations"][1]["checks"][0]["expected"]["coverage"] = 1.3
        made = sample_agent.specification(operations=wrong["operations"])
        await supervisor.built_agents.deploy(made, sample_agent.files(made), by="test", build="b1")
        health = await supervisor.built_agents.verify_health(NAME)
        assert health.problems == ("coverage_of: coverage is 1.2, not 1.3",)
        await supervisor.built_agents.withdraw(NAME, build="b1", by="builder", reason="not well")
        assert await supervisor.built_agents.in_service(NAME) is None
        assert (await answer(supervisor, DSCR))[1] != NAME


class OwnRole:
    """A role of a host that has the agent's name."""

    name = NAME
    description = "Knows other things."
    examples = ("whatever the host's own role does", "what else the host's role does")
    tools = ()
    intent_handlers = ()

    async def execute(self, request: str, run: Any) -> RoleResult:
        return RoleResult("mine")


async def test_a_role_of_the_host_keeps_its_name(folder: Path) -> None:
    async with Supervisor(settings_in(folder), background=False) as supervisor:
        await deploy(supervisor)
    host = Supervisor(settings_in(folder), background=False)
    host.add_role(OwnRole())
    async with host:
        assert isinstance(host._running_parts.roles.get(NAME), OwnRole)
        with pytest.raises(DeploymentError, match="name of another role"):
            await deploy(host, 3.0)
    async with Supervisor(settings_in(folder), background=False) as supervisor:
        (record,) = [agent for agent in await supervisor.agents() if agent.name == NAME]
        assert (record.kind, record.state) == ("agent", "deployed")
        assert (await answer(supervisor, DSCR))[1] == NAME


async def test_the_address_is_that_of_the_settings_or_of_the_variable() -> None:
    settings = Settings(builder=BuilderSettings(database_url="sqlite:///a.db"))
    environment = {"OTHER_URL": "sqlite:///b.db", "DATABASE_URL": "sqlite:///c.db", "EMPTY": ""}
    assert address_of(settings, environment, "DATABASE_URL") == "sqlite:///a.db"
    assert address_of(Settings(), environment, "DATABASE_URL") == "sqlite:///c.db"
    assert address_of(settings, environment, "OTHER_URL") == "sqlite:///b.db"
    assert address_of(settings, environment, "EMPTY") is None


async def test_what_can_be_no_role_is_refused_before_anything_is_written(folder: Path) -> None:
    async with Supervisor(settings_in(folder), background=False) as supervisor:
        for name in ("weather", "planning", "a" * 40):
            made = sample_agent.specification(name=name)
            with pytest.raises(DeploymentError):
                await supervisor.built_agents.deploy(made, sample_agent.files(made), by="test")
        assert not (folder / "data" / "agents").exists()


async def test_what_is_not_well_is_a_figure_of_monitoring(folder: Path) -> None:
    async with Supervisor(settings_in(folder), background=False) as supervisor:
        built = supervisor.built_agents
        await built.examine()
        deployed = await deploy(supervisor)
        await built.examine()
        assert built.health[NAME].ok
        sample = await supervisor.monitoring.sample()
        assert sample.figures["custom.built_agents_unwell"] == 0
        (folder / "data" / deployed.folder / "README.md").write_text("changed")
        await built.examine()
        assert not built.health[NAME].ok
        sample = await supervisor.monitoring.sample()
        assert sample.figures["custom.built_agents_unwell"] == 1


async def follow(folder: str) -> None:
    """Run in a process of its own: says that it is there, then waits until the agent answers."""
    async with Supervisor(settings_in(Path(folder))) as supervisor:
        assert (await answer(supervisor, DSCR))[1] != NAME
        (Path(folder) / "ready").touch()

        async def told() -> bool:
            return (await answer(supervisor, DSCR))[:2] == (
                "The DSCR of property 5 in standard mode is 1.25 — PASS.", NAME,
            )  # fmt: skip

        await until(told)


async def test_another_process_routes_to_it_too(folder: Path) -> None:
    codes: list[int] = []

    async def run() -> None:
        codes.append(await anyio.to_thread.run_sync(partial(run_forked, follow, str(folder), timeout=3 * BOUND)))

    async with Supervisor(settings_in(folder), background=False) as supervisor, anyio.create_task_group() as group:
        group.start_soon(run)

        async def ready() -> bool:
            return (folder / "ready").exists() or bool(codes)

        await until(ready)
        await deploy(supervisor)
    assert codes == [0]


async def test_the_doctor_asks_agents_without_a_running_supervisor(folder: Path) -> None:
    settings = settings_in(folder)
    async with Supervisor(settings, background=False) as supervisor:
        await deploy(supervisor)
    (found,) = [one for one in await diagnose(settings, timeout=BOUND) if one.part == f"agent {NAME}"]
    assert (found.status, found.version) == ("reached", "1.0.0")
