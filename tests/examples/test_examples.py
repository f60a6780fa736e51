"""Every example runs and does what it says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

EXPECTED = {
    "embed_minimal.py": ["success", "tea", "kitchen light"],
    "notebook_style.py": ["4 minute", "meta_planning", "lunch with Anna", "→ success"],
    "agent_role.py": ["exchange: 1 euro is 1.08 dollars", "words: 3 words"],
    "mcp_tools.py": [
        "On the shelf: Dune, Emma.",
        "awaiting_approval",
        "call add_book of shelf",
        "Ulysses is on the shelf",
    ],
    "run_configuration.py": ["4711: Miller", "wants: pay invoice 4711", "wants: nothing"],
    "billing_role.py": ["4711: Miller", "Invoice 4711 is paid.", "Open invoices: 4712: Baker"],
}


def test_every_example_is_run() -> None:
    assert {path.name for path in (ROOT / "examples").glob("*.py")} == set(EXPECTED)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_an_example(name: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / name],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
    )
    assert done.returncode == 0, done.stderr
    for text in EXPECTED[name]:
        assert text.lower() in done.stdout.lower()
