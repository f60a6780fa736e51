"""The settings of evolution: their defaults as files and pages show them, and what they refuse."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from common.errors import ConfigurationError
from common.evolution_settings import EvolutionSettings
from common.settings_loader import load_settings

ROOT = Path(__file__).parents[2]


def test_the_page_and_the_file_show_the_defaults(tmp_path: Path) -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "evolution.md").read_text("utf-8"), re.DOTALL)
    for shown in (yaml.safe_load(block), yaml.safe_load((ROOT / "config.yaml").read_text("utf-8"))):
        own = {"evolution": shown["evolution"]}
        (tmp_path / "config.yaml").write_text(yaml.safe_dump(own))
        assert load_settings(tmp_path / "config.yaml", {}).evolution == EvolutionSettings()
        assert set(own["evolution"]) == set(EvolutionSettings.model_fields)


@pytest.mark.parametrize(
    ("name", "value"), [("ALLOWED", '["deploy"]'), ("WEIGHTS__SUCCESS", "0.9"), ("WINDOW", "0"), ("PRUNE_BELOW", "2")]
)
def test_what_makes_no_sense_is_refused(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError):
        load_settings(None, {f"SUPERVISOR_EVOLUTION__{name}": value})
