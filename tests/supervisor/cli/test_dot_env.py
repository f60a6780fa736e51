"""The `.env` file: what it sets, what wins over it, and how it is told what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.errors import ConfigurationError
from common.settings import ModelSettings, Settings
from common.settings_loader import load_settings
from supervisor.cli.dot_env import read_environment, with_llm_variables
from supervisor.cli.main import main

ROOT = Path(__file__).parents[3]
STUDIO = """
# my machine
LLM_BASE_URL=http://localhost:1234/v1
export LLM_MODEL_NAME="qwen3-8b"   # as LM Studio lists it
LLM_API_KEY='lm-studio-123'
LLM_TEMPERATURE=0.2
LLM_MAX_TOKENS=800
"""


def load(folder: Path, text: str | None, environ: dict[str, str] | None = None, config: Path | None = None) -> Settings:
    if text is not None:
        (folder / ".env").write_text(text, encoding="utf-8")
    environment = read_environment(environ or {}, folder)
    return with_llm_variables(load_settings(config, environment.variables), environment)


def test_without_the_file_nothing_changes(tmp_path: Path) -> None:
    assert load(tmp_path, None) == load_settings(None, {})
    assert load(tmp_path, "# nothing\n\n") == load_settings(None, {})


def test_the_variables_set_up_both_tiers(tmp_path: Path) -> None:
    settings = load(tmp_path, STUDIO)
    tier = settings.models["smart"]
    assert settings.models["fast"] == tier
    assert (tier.provider, tier.model, tier.base_url) == ("openai", "qwen3-8b", "http://localhost:1234/v1")
    assert (tier.temperature, tier.max_tokens) == (0.2, 800)
    assert tier.api_key is not None
    assert tier.api_key.get_secret_value() == "lm-studio-123"
    assert "lm-studio-123" not in repr(settings)


def test_the_shipped_configuration_leaves_the_tiers_to_the_file(tmp_path: Path) -> None:
    assert load(tmp_path, STUDIO, config=ROOT / "config.yaml").models["smart"].model == "qwen3-8b"


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    settings = load(tmp_path, STUDIO, {"LLM_MODEL_NAME": "other", "LLM_TEMPERATURE": "1"})
    assert (settings.models["smart"].model, settings.models["smart"].temperature) == ("other", 1.0)
    assert settings.models["smart"].base_url == "http://localhost:1234/v1"


def test_the_environment_alone_is_enough(tmp_path: Path) -> None:
    assert load(tmp_path, None, {"LLM_MODEL_NAME": "gpt-5-mini"}).models["fast"].model == "gpt-5-mini"


def test_a_tier_that_is_configured_keeps_its_settings(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("models:\n  smart: {provider: ollama, model: llama3}\n", encoding="utf-8")
    settings = load(tmp_path, STUDIO, config=config)
    assert settings.models["smart"].provider == "ollama"
    assert settings.models["fast"].model == "qwen3-8b"
    environ = {"SUPERVISOR_MODELS": '{"fast": {"provider": "offline", "model": "mine"}}'}
    assert load(tmp_path, STUDIO, environ).models["fast"].model == "mine"


def test_settings_in_the_file_count_too(tmp_path: Path) -> None:
    settings = load(tmp_path, "SUPERVISOR_LOCATION=Bern\nSUPERVISOR_TIMEZONE=Europe/Zurich\nHOME=/nowhere\n")
    assert (settings.location, settings.timezone) == ("Bern", "Europe/Zurich")
    assert load(tmp_path, None, {"SUPERVISOR_LOCATION": "Basel"}).location == "Basel"


def test_variables_of_other_programs_alone_set_up_nothing(tmp_path: Path) -> None:
    assert load(tmp_path, "LLM_API_KEY=abc\nLLM_TEMPERATURE=hot\n").models["smart"] == ModelSettings()
    assert load(tmp_path, "LLM_MODEL_NAME=\nLLM_BASE_URL=  \n").models["smart"] == ModelSettings()


@pytest.mark.parametrize(
    ("line", "name", "what"),
    [
        ("LLM_TEMPERATURE=hot", "LLM_TEMPERATURE", "a number from 0 to 2"),
        ("LLM_TEMPERATURE=3", "LLM_TEMPERATURE", "a number from 0 to 2"),
        ("LLM_MAX_TOKENS=0", "LLM_MAX_TOKENS", "a whole number above 0"),
        ("LLM_MAX_TOKENS=1.5", "LLM_MAX_TOKENS", "a whole number above 0"),
        ("LLM_BASE_URL=localhost:1234", "LLM_BASE_URL", "an address such as"),
        ("LLM_BASE_URL=http://me:secret-word@localhost/v1", "LLM_BASE_URL", "an address such as"),
    ],
)
def test_a_bad_value_names_its_variable_and_file(tmp_path: Path, line: str, name: str, what: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, f"LLM_MODEL_NAME=m\n{line}\n")
    assert caught.value.where == f"{tmp_path / '.env'} {name}"
    assert what in caught.value.what
    assert "secret-word" not in str(caught.value)
    variable, _, value = line.partition("=")
    (tmp_path / ".env").unlink()
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, None, {"LLM_MODEL_NAME": "m", variable: value})
    assert caught.value.where == name


def test_an_address_needs_a_model(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no model is named") as caught:
        load(tmp_path, "LLM_BASE_URL=http://localhost:1234/v1")
    assert "LLM_MODEL_NAME" in caught.value.todo


@pytest.mark.parametrize(
    ("content", "where", "what"),
    [
        (b"LLM_MODEL_NAME=m\nthis is no line = of it\n", ".env:2", "no NAME=value"),
        (b"LLM_MODEL_NAME=\xff\xfe\n", ".env", "not UTF-8"),
        (b"LLM_MODEL_NAME='open\n", ".env:1", "no NAME=value"),
        (b"#" * 1_000_001, ".env", "too long"),
    ],
)
def test_a_broken_file_is_told_with_its_line(tmp_path: Path, content: bytes, where: str, what: str) -> None:
    (tmp_path / ".env").write_bytes(content)
    with pytest.raises(ConfigurationError, match=what) as caught:
        read_environment({}, tmp_path)
    assert caught.value.where.endswith(where)


def test_a_folder_of_that_name_is_no_file(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    assert read_environment({"A": "b"}, tmp_path).variables == {"A": "b"}


def test_commands_read_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("LLM_MODEL_NAME=m\nLLM_TEMPERATURE=hot\n", encoding="utf-8")
    assert main(["ask", "hello"]) == 2
    assert "LLM_TEMPERATURE is not a number" in capsys.readouterr().err
