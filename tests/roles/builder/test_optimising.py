"""An agent over a limit is made cheaper where that can be done for certain; else the build fails with the figures.

The whole way takes most of 20 seconds, since types are checked four times: twice by the build, twice by the gate.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from common.builder_settings import BuilderSettings
from common.errors import BuildError, ConstraintViolation
from common.sandbox_settings import SandboxSettings
from events.catalogue.build import BuildFailed, BuildStageFailed
from events.store import EventStore
from llm_provider.factory import LLMFactory
from llm_provider.offline_model import OfflineModel
from roles.builder.parts import Checked, Failed
from roles.builder.real_parts import Templates, real_parts
from roles.builder.service_builder import ServiceBuilder
from roles.builder.understanding import to_yaml
from roles.engineering.specification import Component, Constraints, Specification
from roles.sandbox.bubblewrap import BubblewrapSandbox
from tests.roles.builder.made_parts import MadeParts, builder
from tests.roles.builder.odd_specifications import given, made
from tests.roles.sandbox.contract import usable
from tests.system_parts import requires

KEEPS = "        self._source = source\n"
MANY = 200
WITHOUT_SLOTS = KEEPS + "".join(f"        self._part_{number} = {number}\n" for number in range(MANY))
AS_LARGE_AS_IT_IS = KEEPS + "        _KEPT.append('x' * 9_000 + str(len(_KEPT)))\n"


class Heavy(Templates):
    """Templates whose main class makes instances that are too large."""

    def __init__(self, body: str, *, slots: bool) -> None:
        self._body = body
        self._slots = slots

    def component(self, specification: Specification, component: Component) -> Mapping[str, str]:
        files = dict(super().component(specification, component))
        if component.kind == "main":
            (path,) = files
            text = files[path].replace(KEEPS, self._body, 1)
            if not self._slots:
                text = text.replace('    __slots__ = ("_source",)\n\n', "", 1)
            files[path] = text.replace("\nclass ", "\n_KEPT: list[str] = []\n\n\nclass ", 1) if self._slots else text
        return files


def specification() -> Specification:
    spec = made(
        "share_agent",
        formulas=[{"name": "share", "expression": "part / whole", "on_zero": "Of nothing there is no share."}],
        operations=[{
            "name": "compute_share", "description": "Computes a share.", "formulas": ["share"],
            "inputs": [given("part"), given("whole")], "outputs": [given("share")],
            "examples": ["what share is 2 of 5?"],
        }],
    )  # fmt: skip
    # time wavers on a busy machine, memory does not
    return spec.model_copy(update={"constraints": Constraints(instantiation_us=1e4, memory_kib=4.0)})


@pytest.fixture
async def store(tmp_path: Path) -> AsyncGenerator[EventStore]:
    async with await EventStore.open(f"sqlite:///{tmp_path}/events.db") as opened:
        yield opened


async def events(store: EventStore, kind: type[Any]) -> list[Any]:
    return [entry.event for entry in await store.read_all(0, {kind.TOPIC})]


async def real_builder(store: EventStore, folder: Path, writing: Templates) -> ServiceBuilder:
    requires("bwrap", "apt-get install bubblewrap", everywhere=False)
    settings = SandboxSettings(backends=("bubblewrap",), concurrent=2, timeout=60.0)
    await usable(BubblewrapSandbox(settings))
    parts = replace(real_parts(settings), writing=writing)
    models = LLMFactory.with_model(OfflineModel())
    return ServiceBuilder(
        BuilderSettings(), folder / "builds", folder / "cache", store, await store.ownership(), models, parts,
        memory=lambda: 2**40,
    )  # fmt: skip


async def test_what_is_too_large_for_want_of_slots_is_made_smaller_and_built(store: EventStore, tmp_path: Path) -> None:
    building = await real_builder(store, tmp_path, Heavy(WITHOUT_SLOTS, slots=False))
    built = await building.create_agent("", by="ann", specification=to_yaml(specification()))
    (tried,) = await events(store, BuildStageFailed)
    assert "4 KiB are allowed" in tried.error
    assert (tried.component, built.repairs) == ("agent", 1)
    assert isinstance(built.figures["memory_kib"], float)
    assert built.figures["memory_kib"] < 4.0
    text = (built.folder / "share_agent" / "agent.py").read_text()
    assert f'"_part_{MANY - 1}"' in text
    assert "__slots__" in text
    again = await building.create_agent("", by="ann", specification=to_yaml(specification()))
    assert (again.repairs, (again.folder / "share_agent" / "agent.py").read_text()) == (0, text)


async def test_what_can_not_be_made_smaller_fails_with_the_figures(store: EventStore, tmp_path: Path) -> None:
    building = await real_builder(store, tmp_path, Heavy(AS_LARGE_AS_IT_IS, slots=True))
    with pytest.raises(ConstraintViolation, match=r"takes (8|9)\.\d+ KiB, 4 KiB are allowed"):
        await building.create_agent("", by="ann", specification=to_yaml(specification()))
    (failed,) = await events(store, BuildFailed)
    assert failed.code == "constraint_violation"


OVER = Checked((Failed("agent", "an instance takes 9 KiB, 6.5 are allowed", constraint=True),))


async def test_the_component_that_was_changed_is_written_anew_and_not_the_one_that_was_blamed(
    store: EventStore, tmp_path: Path
) -> None:
    parts = MadeParts(tmp_path)
    seen: list[tuple[set[str], str]] = []

    async def optimise(spec: Specification, files: Mapping[str, str], component: str) -> Mapping[str, str] | None:
        seen.append((set(files), component))
        return {"doubler/library.py": "# smaller\n"} if len(seen) == 1 else None

    building = builder(store, await store.ownership(), tmp_path, parts)
    building.parts = replace(parts.parts(), optimise=optimise)
    parts.failures = [OVER]
    built = await building.create_agent("double a number", by="ann")
    assert (built.folder / "doubler" / "library.py").read_text() == "# smaller\n"
    assert (built.folder / "doubler" / "agent.py").read_text() == "# agent\n"
    assert seen[0][1] == "agent"
    assert {"doubler/library.py", "tests/test_it.py"} <= seen[0][0]
    assert (parts.counts["write agent"], parts.counts["test"]) == (1, 2)


async def test_what_is_still_over_after_it_was_made_cheaper_fails(store: EventStore, tmp_path: Path) -> None:
    parts = MadeParts(tmp_path)
    turns: list[int] = []

    async def optimise(spec: Specification, files: Mapping[str, str], component: str) -> Mapping[str, str] | None:
        turns.append(1)
        return {"doubler/agent.py": f"# smaller by {len(turns)}\n"}

    building = builder(store, await store.ownership(), tmp_path, parts, max_retries=2)
    building.parts = replace(parts.parts(), optimise=optimise)
    parts.failures = [OVER] * 5
    with pytest.raises(ConstraintViolation, match="9 KiB") as raised:
        await building.create_agent("double a number", by="ann")
    assert isinstance(raised.value, BuildError)
    assert len(turns) == 3
