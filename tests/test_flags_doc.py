"""What docs/flags.md and docs/migration.md show can be done: commands, files, settings and programs."""

from __future__ import annotations

import inspect
import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from common.flags import shipped_flags
from common.flags.declarations import Declarations
from common.flags.flag_set import FlagSet
from common.settings_loader import load_settings
from supervisor import Supervisor
from supervisor.cli.main import main
from supervisor.testing import offline_settings

ROOT = Path(__file__).parents[1]
PAGES = ("docs/flags.md", "docs/migration.md")


def snippets(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / page).read_text("utf-8"), re.DOTALL)


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_of_a_page_work_one_after_the_other(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = [line for snippet in snippets(page, "sh") for line in snippet.splitlines()]
    assert len(lines) >= 8
    for line in lines:
        program, *arguments = shlex.split(line)
        assert program == "agent-supervisor"
        assert main(arguments) == 0, (line, capsys.readouterr())
        assert "nothing was changed" not in capsys.readouterr().err, line


def definition_after(page: str, count: int, folder: Path) -> Any:
    """The definition of meta-planning once the first commands of a page were given."""
    lines = [line for snippet in snippets(page, "sh") for line in snippet.splitlines()]
    for line in lines[:count]:
        assert main(shlex.split(line)[1:]) == 0
    return json.loads((folder / "data" / "flags.json").read_text())["flags"].get("meta-planning")


def test_the_first_command_writes_the_file_that_the_page_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (shown,) = snippets("docs/flags.md", "json")
    FlagSet.read(shown.encode(), "flags.json", Declarations(shipped_flags(), {}))
    assert definition_after("docs/flags.md", 1, tmp_path) == json.loads(shown)["flags"]["meta-planning"]
    assert (tmp_path / "data" / "flags.json").read_text() == shown


def test_settings_of_the_pages_can_be_read(tmp_path: Path) -> None:
    for page in PAGES:
        for number, text in enumerate(snippets(page, "yaml")):
            path = tmp_path / f"{number}.yaml"
            path.write_text(text, encoding="utf-8")
            assert load_settings(path, {}).flags


async def test_the_programs_of_the_page_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    changing, own = snippets("docs/flags.md", "python")
    names: dict[str, Any] = {}
    exec(compile(changing, "docs/flags.md", "exec"), names)
    async with Supervisor(offline_settings(tmp_path), background=False) as supervisor:
        await names["first_tenth"](supervisor)
        assert len(await supervisor.flags.history("meta-planning")) == 2
    assert "eva first tenth" in capsys.readouterr().out
    exec(compile(own, "docs/flags.md", "exec"), names)
    assert inspect.iscoroutinefunction(names["in_a_role"])


def test_the_page_lists_the_shipped_flags_with_their_defaults() -> None:
    rows = re.findall(
        r"^\| `([a-z-]+)` \| (\w+) \| (.*?) \| (.*?) \|$", (ROOT / "docs/flags.md").read_text(), re.MULTILINE
    )
    listed = {key: (kind, default, decides.partition(" ([")[0]) for key, kind, default, decides in rows}
    assert set(listed) == {flag.key for flag in shipped_flags()}
    for flag in shipped_flags():
        kind, default, decides = listed[flag.key]
        assert (kind, decides) == (flag.type, flag.description)
        assert default.endswith("off" if flag.default is False else str(flag.default))
