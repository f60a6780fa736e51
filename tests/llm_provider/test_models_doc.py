"""Every piece of configuration in docs/models.md loads and passes the check at the start."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from common.settings_loader import load_settings
from llm_provider.factory import LLMFactory
from llm_provider.providers import PROVIDERS
from supervisor.cli.dot_env import read_environment, with_llm_variables

DOC = (Path(__file__).parents[2] / "docs/models.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", DOC, re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_works_as_it_stands(example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.setenv(name, "x")
    path = tmp_path / "config.yaml"
    path.write_text(example, encoding="utf-8")
    settings = load_settings(path, {})
    LLMFactory(settings.models, settings.model_aliases, breaker=settings.model_breaker).check()


def test_every_provider_has_an_example() -> None:
    assert all(f"provider: {name}" in DOC for name in PROVIDERS if name != "offline")


def test_the_example_of_the_file_works(tmp_path: Path) -> None:
    (example,) = re.findall(r"```sh\n(.*?)```", DOC, re.DOTALL)
    (tmp_path / ".env").write_text(example, encoding="utf-8")
    environment = read_environment({}, tmp_path)
    settings = with_llm_variables(load_settings(None, environment.variables), environment)
    LLMFactory(settings.models).check()
    assert settings.models["smart"].model == "qwen3-8b"
    assert settings.models["smart"].api_key is None
