"""The example of docs/improver.md runs."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from common.sandbox_settings import SandboxSettings
from roles.sandbox.bubblewrap import BubblewrapSandbox
from tests.roles.sandbox.contract import usable
from tests.system_parts import requires


async def test_the_example_makes_its_agent_better(capsys: pytest.CaptureFixture[str]) -> None:
    requires("bwrap", "apt-get install bubblewrap", everywhere=False)
    await usable(BubblewrapSandbox(SandboxSettings()))
    text = (Path(__file__).parents[3] / "docs" / "improver.md").read_text("utf-8")
    found = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert found is not None
    # pyright takes longer than all the rest
    code = found[1].replace("SandboxSettings()))", "SandboxSettings()), types=False)")
    space: dict[str, Any] = {}
    made = compile(code, "improver.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    await eval(made, space)
    assert "latency" in capsys.readouterr().out
    assert "seen_lookup" in space["result"].files["agent.py"]
