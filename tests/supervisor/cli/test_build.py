"""`agent-supervisor build` and `builds`: from a text, a file, a specification, talked over, gone on with."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import pytest

from common.errors import ConfigurationError
from events.state.build import STAGES
from roles.engineering.findings import Finding
from supervisor.cli.main import main
from tests.roles.builder.made_parts import MadeParts, specification

REQUEST = "double a number"


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MadeParts:
    """The commands build with these parts, in a folder of their own."""
    made = MadeParts(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("supervisor.building.real_parts", lambda *_, **__: made.parts())
    return made


def shown(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_from_a_text(parts: MadeParts, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["build", *REQUEST.split(), "--by", "ann"]) == 0
    told = capsys.readouterr()
    assert "doubler 1.0.0 is in service." in told.out
    assert "coverage of the code by its tests: 90 %" in told.out
    lines = [line for line in told.err.splitlines() if line.startswith("· ")]
    assert [line.split()[1] for line in lines] == [stage.replace("_", " ").split()[0] for stage in STAGES]
    assert main(["builds"]) == 0
    assert "finished" in capsys.readouterr().out
    assert main(["builds", "--json"]) == 0
    (row,) = shown(capsys)
    assert (row["agent"], row["started_by"]) == ("doubler", "ann")
    assert main(["builds", "show", row["id"][:6]]) == 0
    told = capsys.readouterr()
    assert "asked for: double a number" in told.out
    assert "deploy" in told.out
    assert main(["builds", "show", "feed"]) == 1


def test_what_fails_is_gone_on_with(parts: MadeParts, capsys: pytest.CaptureFixture[str]) -> None:
    parts.unwell = True
    assert main(["build", REQUEST, "--quiet"]) == 1
    assert "not well" in capsys.readouterr().err
    assert main(["builds", "--json"]) == 0
    (row,) = shown(capsys)
    assert row["status"] == "failed"
    assert main(["builds", "show", row["id"]]) == 0
    assert f"build --resume {row['id']}" in capsys.readouterr().out
    parts.unwell = False
    assert main(["build", "--resume", row["id"], "--json", "--quiet"]) == 0
    assert shown(capsys)["name"] == "doubler"


def test_going_on_is_offered_only_where_it_can_be_of_use(
    parts: MadeParts, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parts.unwell = True
    assert main(["build", REQUEST, "--quiet"]) == 1
    assert "build --resume" in capsys.readouterr().err
    parts.findings = [Finding("specification", 0, "unit", "a ratio of what?")]
    assert main(["build", REQUEST, "--quiet"]) == 1
    told = capsys.readouterr().err
    assert ("a ratio of what?" in told, "--resume" in told) == (True, False)
    assert main(["builds", "--json"]) == 0
    before = shown(capsys)
    assert main(["builds", "show", before[0]["id"]]) == 0
    assert "--resume" not in capsys.readouterr().out
    (tmp_path / "spec.yaml").write_text(specification("halver").model_dump_json())
    assert main(["build", "--spec", "spec.yaml"]) == 1  # refused before anything is begun
    told = capsys.readouterr().err
    assert ("a ratio of what?" in told, "--resume" in told) == (True, False)
    assert main(["builds", "--json"]) == 0
    assert shown(capsys) == before

    def interrupted(what: str) -> None:
        if what == "health":
            raise KeyboardInterrupt

    parts.findings, parts.at = [], interrupted
    with contextlib.suppress(KeyboardInterrupt):
        assert main(["build", REQUEST, "--quiet"]) != 0
    assert "build --resume" in capsys.readouterr().err
    assert main(["builds", "--json"]) == 0
    latest = shown(capsys)[0]
    assert latest["status"] == "interrupted"
    assert main(["builds", "show", latest["id"]]) == 0
    told = capsys.readouterr().out
    assert f"build {latest['id']}: interrupted" in told
    assert f"build --resume {latest['id']}" in told


def test_a_name_of_another_role_is_refused_before_anything_is_begun(
    parts: MadeParts, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def in_service(name: str) -> None:
        if name == "weather_now":
            raise ConfigurationError(f"{name!r} is the name of another role", todo="Give the agent another name.")

    monkeypatch.setattr(parts, "in_service", in_service)
    assert main(["build", REQUEST, "--name", "Weather now"]) == 2
    told = capsys.readouterr().err
    assert ("another role" in told, "analyze" in told, "--resume" in told) == (True, False, False)
    assert main(["builds", "--json"]) == 0
    assert shown(capsys) == []
    assert main(["build", REQUEST, "--name", "Weather now", "--no-deploy", "--quiet"]) == 0


def test_files_specifications_answers_and_no_deployment(
    parts: MadeParts, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "asked.txt").write_text(REQUEST)
    assert main(["build", "--file", "asked.txt", "--no-deploy", "--json", "--quiet"]) == 0
    assert shown(capsys)["deployed"] is False
    (tmp_path / "spec.yaml").write_text(specification("halver").model_dump_json())
    assert main(["build", "--spec", "spec.yaml", "--json", "--quiet"]) == 0
    assert shown(capsys)["name"] == "halver"
    (tmp_path / "asked.yaml").write_text("text: double the size\n")
    assert main(["build", "--file", "asked.yaml", "--quiet"]) == 1
    assert "What is size?" in capsys.readouterr().err
    assert main(["build", "double the size", "--answer", "size=10", "--quiet"]) == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["a text", "--resume", "abcd"], "exclude each other"),
        (["--file", "nowhere.txt"], "can't be read"),
        (["x", "--answer", "size"], "NAME=VALUE"),
    ],
)
def test_bad_usage(parts: MadeParts, arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["build", *arguments]) == 2
    assert says in capsys.readouterr().err


def test_an_improvement_that_nobody_approved(parts: MadeParts, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["build", "--improvement", "imp-1"]) == 1
    assert "Approve it first" in capsys.readouterr().err


def test_talked_over_first(
    parts: MadeParts, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said = tmp_path / "said.txt"

    def talk(*lines: str) -> int:
        said.write_text("\n".join(lines) + "\n")
        with said.open() as file:
            monkeypatch.setattr("sys.stdin", io.TextIOWrapper(file.buffer))
            return main(["build", "--quiet"])

    assert talk(REQUEST, "", "call it something else", "yes") == 0
    told = capsys.readouterr().out
    assert "What is the agent to do?" in told
    assert "it doubles" in told
    assert "Build it? Yes, no, or what to change." in told
    assert told.rstrip().rpartition("doubler 1.0.0 is in service.")[1]
    assert talk(REQUEST, "no") == 0
    assert "Nothing was built." in capsys.readouterr().out
    assert talk("write a poem", "no") == 0
    assert "beyond what can be built without a model: poetry" in capsys.readouterr().out
    assert talk(REQUEST) == 0  # the lines end
    assert "Nothing was built." in capsys.readouterr().err
