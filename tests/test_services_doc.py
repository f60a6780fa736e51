"""What docs/services.md, docs/time-words.md and docs/ecosystem.md tell to write into config.yaml can be read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from common.settings import Settings
from common.settings_loader import load_settings

ROOT = Path(__file__).parents[1]
PAGES = ("docs/services.md", "docs/time-words.md", "docs/ecosystem.md")


def snippets() -> list[tuple[str, str]]:
    return [
        (f"{page}:{number}", text)
        for page in PAGES
        for number, text in enumerate(re.findall(r"```yaml\n(.*?)```", (ROOT / page).read_text("utf-8"), re.DOTALL))
    ]


@pytest.mark.parametrize(("place", "text"), snippets(), ids=lambda value: value.split("\n")[0][:40])
def test_a_snippet_is_a_configuration(place: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text, encoding="utf-8")
    load_settings(path, {})
    named = {line.partition(":")[0] for line in text.splitlines() if re.match(r"[a-z_]+:", line)}
    assert named <= set(Settings.model_fields), place
