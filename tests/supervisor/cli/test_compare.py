"""`agent-supervisor compare`: what it takes, prints, refuses and writes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from supervisor.cli.main import main


class Done(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Done]
TIMER = "set a timer for 5 minutes"
LIGHT = "turn on the kitchen light"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text("timezone: Europe/Zurich\n")
    return tmp_path


@pytest.fixture
def run(home: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def command(*arguments: str) -> Done:
        code = main(list(arguments))
        captured = capsys.readouterr()
        return Done(code, captured.out, captured.err)

    return command


def test_texts_are_compared_dry_and_told_side_by_side(run: Run) -> None:
    done = run("compare", TIMER, LIGHT)
    assert done.code == 0
    assert done.err == "Both engines run dry: what they want to change is collected, and not carried out.\n"
    lines = done.out.splitlines()
    assert lines[0] == f"1. {TIMER}"
    told = r"   task_graph \(dry\): success, [0-9.]+ s, 1,\d{3} tokens, \$0.0000, 1 model and 1 tool calls"
    assert re.match(told, lines[1])
    assert "      intent    set a 5 minute timer [collected]" in lines
    assert f"2. {LIGHT}" in lines
    assert "too few to tell" in lines[-1]
    assert json.loads(run("traces", "list", "--json").out) == []
    exported = [json.loads(line) for line in run("events", "export").out.splitlines()]
    topics = [line["topic"] for line in exported if "topic" in line]
    assert topics.count("comparison.engines_compared") == 2
    assert not {topic for topic in topics if topic.startswith(("timer.", "home.", "intent.", "trace."))}


def test_the_json_document(run: Run, home: Path) -> None:
    (home / "requests.jsonl").write_bytes(
        f'{TIMER}\n\n{{"text": "{LIGHT}", "context": {{"session": "s"}}}}\n{{"text": 5}}\n\xff\n'.encode("latin-1")
    )
    done = run("compare", "requests.jsonl", "--json")
    assert done.code == 0
    assert 'not compared: line 4: "text" is no text\n' in done.err
    assert "not compared: line 5: it is not UTF-8 (byte 1)\n" in done.err
    told: dict[str, Any] = json.loads(done.out)
    assert set(told) == {"id", "engines", "real", "seed", "requests", "skipped", "metrics", "results"}
    assert (told["engines"], told["real"], told["requests"]) == (["task_graph", "meta_planning"], None, 2)
    assert [entry["line"] for entry in told["skipped"]] == [4, 5]
    assert [metric["name"] for metric in told["metrics"]] == [
        "success", "time", "tokens", "cost", "model calls", "tool calls",
    ]  # fmt: skip
    assert set(told["metrics"][0]) == {
        "name", "unit", "pairs", "test", "first", "second", "difference", "low", "high", "p", "p_holm", "verdict",
    }  # fmt: skip
    first = told["results"][1]["first"]
    assert told["results"][1]["session"] == "s"
    assert set(first) == {
        "engine", "dry", "place", "trace_id", "approach", "outcome", "text", "tools_selected", "tools_used", "intents",
        "seconds", "input_tokens", "output_tokens", "model_calls", "tool_calls", "cost", "error", "fallback", "steps",
    }  # fmt: skip
    assert first["intents"][0]["arguments"] == {"states": {"kitchen light": {"power": "on"}}}


def test_a_real_engine_is_named_and_carried_out(run: Run) -> None:
    done = run("compare", "--real", "second", LIGHT)
    assert done.code == 0
    assert done.err == "What meta_planning wants to change IS CARRIED OUT; the other engine runs dry.\n"
    assert "[processed]" in done.out
    assert "[collected]" in done.out
    (trace,) = json.loads(run("traces", "list", "--json").out)
    assert trace["approach"] == "meta_planning"


class Page(HTMLParser):
    """Gathers tags and what they refer to."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.references: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.references += [value or "" for name, value in attrs if name in ("src", "href", "data", "action")]


def test_the_report_stands_alone_and_shows_no_markup_of_others(run: Run, home: Path) -> None:
    hostile = 'remember that <script>alert(1)</script> & "quotes" are fun'
    done = run("compare", hostile, TIMER, LIGHT, "--html", "report.html")
    assert done.code == 0
    assert "The report is in report.html.\n" in done.err
    report = home / "report.html"
    assert report.stat().st_mode & 0o077 == 0
    text = report.read_text()
    page = Page()
    page.feed(text)
    assert page.references == []
    assert "@import" not in text
    assert "http" not in text.replace("http-equiv", "")
    assert {"svg", "circle", "table", "details"} <= set(page.tags)
    assert "script" not in page.tags
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "prefers-color-scheme:dark" in text


def test_a_limit_takes_the_first_ones_over_all_arguments(run: Run, home: Path) -> None:
    (home / "more.txt").write_text(f"{TIMER}\n{TIMER}\n{TIMER}\n")
    told = json.loads(run("compare", LIGHT, "more.txt", LIGHT, "--limit", "3", "--json").out)
    assert [result["request"] for result in told["results"]] == [LIGHT, TIMER, TIMER]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ((), 2, "say what is to be compared"),
        (("--dry", "--real", "first", "x"), 2, "exclude each other"),
        (("--real", "third", "x"), 2, "third"),
        (("--limit", "0", "x"), 2, "at least one request"),
        (("--html", "nowhere/report.html", "x"), 2, "can't be written there"),
        (("--flag", "colour=red", "x"), 2, "no flag 'colour'"),
        ((" ",), 1, "not compared: the request is empty"),
        (("empty.txt",), 1, "Both engines run dry"),
    ],
)
def test_what_can_not_be_done_is_said(
    run: Run, home: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    (home / "empty.txt").write_text("\n\n")
    done = run("compare", *arguments)
    assert (done.code, message in done.err) == (code, True), done
    assert not list(home.glob("*.html"))


def test_secrets_are_shown_nowhere(run: Run, home: Path) -> None:
    key = "sk-live-" + "a1b2c3d4e5f6g7h8i9j0k1l2"
    done = run("compare", f"remember that my api key is {key}", "--json", "--html", "report.html")
    assert done.code == 0
    assert key not in done.out + done.err + (home / "report.html").read_text()
