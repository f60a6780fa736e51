"""The builder's settings, from the file and from the short variables that other tools use too."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from common.builder_settings import BuilderSettings
from common.errors import ConfigurationError
from common.settings import Settings
from common.settings_loader import load_settings

ROOT = Path(__file__).parents[2]


def snippets(page: str) -> list[dict[str, Any]]:
    text = (ROOT / "docs" / page).read_text("utf-8")
    return [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)]


def test_short_variables_and_those_of_our_own() -> None:
    given = {"META_AGENT_MAX_RETRIES": "5", "META_AGENT_TIMEOUT": "60", "DATABASE_URL": "sqlite:///shop.db"}
    found = load_settings(None, given).builder
    assert (found.max_retries, found.timeout) == (5, 60.0)
    assert found.database_url == f"sqlite:///{Path.cwd()}/shop.db"
    found = load_settings(None, {**given, "SUPERVISOR_BUILDER__MAX_RETRIES": "1"}).builder
    assert found.max_retries == 1


def test_a_variable_that_is_no_number_is_named() -> None:
    with pytest.raises(ConfigurationError, match="expected a whole number") as raised:
        load_settings(None, {"META_AGENT_MAX_RETRIES": "many"})
    assert raised.value.where == "environment META_AGENT_MAX_RETRIES"


def test_the_folder_of_builds() -> None:
    assert Settings(data_dir=Path("/there")).builds_folder == Path("/there/builds")
    assert Settings(builder=BuilderSettings(folder=Path("/here"))).builds_folder == Path("/here")


def test_the_page_of_the_builder_shows_the_defaults(tmp_path: Path) -> None:
    (shown,) = snippets("builder.md")
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(shown))
    assert load_settings(tmp_path / "config.yaml", {}).builder == BuilderSettings()
    assert set(shown["builder"]) == set(BuilderSettings.model_fields)


def test_what_the_page_of_local_models_shows_can_be_loaded(tmp_path: Path) -> None:
    found = snippets("local-models.md")
    assert len(found) == 2
    for shown in found:
        (tmp_path / "config.yaml").write_text(yaml.safe_dump(shown))
        smart = load_settings(tmp_path / "config.yaml", {}).models["smart"]
        assert (smart.temperature, smart.fallback) == (0.1, ())
