"""`agent-supervisor eval`: the figures other programs read, the pictures, and what is refused."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from supervisor.cli.main import OK, USAGE, main

REQUESTS = (
    ("will it rain in Bern tomorrow", "weather", False),
    ("set a timer for ten minutes", "timer", False),
    ("put lunch with Ann on my calendar for Friday at noon", "calendar", False),
    ("turn off the lamp in the bedroom", "smart_home", False),
    ("how much money is left on my savings account", "none", False),
    ("please remember that my daughter is called Mia", "memory", False),
    ("what is the date in three weeks", "none", True),
)
TOOLS: tuple[dict[str, object], ...] = (
    {
        "id": "a1", "source": "ours", "name": "convert_money", "description": "Converts an amount between currencies.",
        "parameters": {"amount": {"type": "number"}, "to_currency": {"type": "string"}},
    },
    {
        "id": "a2", "source": "ours", "name": "find_recipe", "description": "Finds a recipe by its ingredients.",
        "parameters": {"type": "object", "properties": {"ingredients": {"type": "array"}}},
    },
    {
        "id": "b1", "source": "theirs", "name": "convert_money", "description": "Currency exchange by day.",
        "parameters": {},
    },
)  # fmt: skip
TOOL_REQUESTS: tuple[dict[str, object], ...] = (
    {"request": "convert 20 euros to dollars", "tools": "registry:ours", "expected": ["convert_money"]},
    {"request": "a recipe with leeks and eggs, please", "tools": ["a1", "a2"], "expected": ["find_recipe"]},
    {"request": "who won the tennis final", "tools": ["a2", "b1"], "expected": [], "expect_none": True},
    {"request": "what to do with leeks", "tools": ["a1", "a2"], "expected": ["find_recipe"], "ambiguous": True},
)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    lines = [json.dumps({"text": text, "role": role, "ambiguous": odd}) for text, role, odd in REQUESTS]
    (tmp_path / "rows.jsonl.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    (tmp_path / "tools.jsonl").write_text("\n".join(map(json.dumps, TOOLS)))
    (tmp_path / "requests.jsonl").write_text("\n".join(map(json.dumps, TOOL_REQUESTS)) + "\n\n")
    return tmp_path


def test_routing_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "routing", "rows.jsonl.gz", "--json"]) == OK
    told = json.loads(capsys.readouterr().out)
    assert told["rows"] == 6
    assert told["accuracy"] == 1.0
    assert told["in_role_recall"] == 1.0
    assert told["role_recall"] == {"calendar": 1.0, "smart_home": 1.0, "timer": 1.0, "weather": 1.0}
    assert told["none_recall"] == 1.0
    assert 0 <= told["ece"] < 0.5
    assert set(told["coverage"]) == {"0.90", "0.95", "0.99"}
    assert set(told["shipped"]) == {"coverage", "precision"}
    assert 0 < told["latency_ms"]["p50"] <= told["latency_ms"]["p95"]
    assert told["confusion"]["none"] == {"none": 2}
    assert told["ambiguous"]["rows"] == 1


def test_routing_for_people_with_pictures(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "routing", "rows.jsonl.gz", "--png-prefix", "seen"]) == OK
    shown = capsys.readouterr()
    assert "in-role recall     1.000" in shown.out
    assert "ambiguous, apart   1 rows" in shown.out
    for kind in ("reliability", "confusion"):
        assert f"written: seen-{kind}.png" in shown.err
        assert (here / f"seen-{kind}.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


def test_the_configured_precision_sets_the_threshold(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    covered: list[float] = []
    for precision in ("0.6", "0.9999"):
        (here / "config.yaml").write_text(f"router: {{precision: {precision}}}\n")
        assert main(["eval", "routing", "rows.jsonl.gz", "--json"]) == OK
        covered.append(json.loads(capsys.readouterr().out)["shipped"]["coverage"])
    assert covered[0] > covered[1]


def test_tools_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "tools", "requests.jsonl", "--registry", "tools.jsonl", "--json"]) == OK
    told = json.loads(capsys.readouterr().out)
    assert told["rows"] == 3
    assert told["precision_at_1"] == 1.0
    assert told["recall_at"] == {"1": 1.0, "3": 1.0, "5": 1.0}
    assert told["exact_set"] == 1.0
    assert told["no_tool_auc"] == 1.0
    assert 0 < told["latency_ms"]["p50"] <= told["latency_ms"]["p95"]
    assert told["ambiguous"]["rows"] == 1


def test_tools_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "tools", "requests.jsonl", "--registry", "tools.jsonl"]) == OK
    assert "precision at 1   1.000" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("command", "content", "told"),
    [
        ("routing", '{"text": "hello", "role": "none"}\n{"text": 5, "role": "none"}', "bad.jsonl:2"),
        ("routing", "[1]", "no JSON object"),
        ("routing", "{", "bad.jsonl:1"),
        ("routing", "", "no unambiguous rows"),
        ("tools", '{"request": "x", "tools": ["zz"], "expected": ["y"]}', "the registry does not have"),
        ("tools", '{"request": "x", "tools": "registry:nobody", "expected": ["y"]}', "registry:nobody"),
        ("tools", '{"request": "x"}', "tools"),
    ],
)
def test_what_can_not_be_judged_is_refused(
    here: Path, capsys: pytest.CaptureFixture[str], command: str, content: str, told: str
) -> None:
    (here / "bad.jsonl").write_text(content)
    more = ["--registry", "tools.jsonl"] if command == "tools" else []
    assert main(["eval", command, "bad.jsonl", *more]) == USAGE
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["routing", "gone.jsonl"],
        ["routing", "rows.jsonl.gz", "--png-prefix", "no/where/at"],
        ["tools", "requests.jsonl"],
    ],
)
def test_files_that_are_not_there(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    assert main(["eval", *arguments]) == USAGE
    assert capsys.readouterr().err


def test_a_file_cut_short_is_told(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = (here / "rows.jsonl.gz").read_bytes()
    (here / "rows.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    assert main(["eval", "routing", "rows.jsonl.gz"]) == USAGE
    assert "can't be read" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["routing", "rows.jsonl.gz"], ["tools", "requests.jsonl", "--registry", "tools.jsonl"]]
)
def test_an_encoder_that_is_not_there_is_refused(
    here: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    (here / "config.yaml").write_text("router: {encoder: word2vec}\n")
    assert main(["eval", *arguments]) == USAGE
    assert "there is no encoder 'word2vec'" in capsys.readouterr().err


def test_the_configured_encoder_is_asked(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    encoder = "tests.llm_provider.test_tool_evidence:Topics"
    (here / "config.yaml").write_text(f"router: {{encoder: '{encoder}'}}\n")
    assert main(["eval", "tools", "requests.jsonl", "--registry", "tools.jsonl", "--json"]) == OK
    assert json.loads(capsys.readouterr().out)["rows"] == 3
