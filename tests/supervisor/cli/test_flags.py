"""`agent-supervisor flags`: list, set, reset, history, and what they refuse."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from supervisor.cli.main import main


class Done(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Done]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text("store: {url: 'sqlite:///data/events.db'}\n")
    return tmp_path


@pytest.fixture
def run(home: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def command(*arguments: str) -> Done:
        code = main(["flags", *arguments])
        captured = capsys.readouterr()
        return Done(code, captured.out, captured.err)

    return command


def test_the_example_of_the_help(run: Run, home: Path) -> None:
    done = run("set", "meta-planning", "--percent", "10", "--tenant", "beta=on", "--reason", "try it", "--by", "eva")
    assert done == Done(0, "meta-planning: tenant beta: on; 10 %: on; everybody else: off\n", "")
    assert json.loads((home / "data" / "flags.json").read_text())["flags"]["meta-planning"] == {
        "state": "ENABLED",
        "variants": {"on": True, "off": False},
        "defaultVariant": "off",
        "targeting": {"if": [{"===": [{"var": "tenant"}, "beta"]}, "on", {"fractional": [["on", 10], ["off", 90]]}]},
    }
    report = json.loads(run("--json", "--tenant", "beta").out)
    (row,) = [row for row in report["flags"] if row["key"] == "meta-planning"]
    assert (row["value"], row["variant"], row["reason"], row["provider"]) == (
        True, "on", "TARGETING_MATCH", "flags.json",
    )  # fmt: skip
    assert (report["fault"], report["provider"]) == (None, "flags.json")
    listed = run().out
    assert listed.splitlines()[0].split()[:5] == ["FLAG", "VARIANT", "VALUE", "REASON", "PROVIDER"]
    assert "meta-planning: tenant beta: on; 10 %: on; everybody else: off" in listed
    (step,) = json.loads(run("history", "--json").out)
    assert (step["key"], step["by"], step["reason"], step["before"]) == ("meta-planning", "eva", "try it", None)
    assert step["after"]["defaultVariant"] == "off"


def test_rules_come_and_go(run: Run) -> None:
    done = run(
        "set", "meta-planning", "--user", "eva=off", "--user", "tim=off", "--session", "s1=on",
        "--attribute", "plan=pro=on", "--attribute", "seats=5=on", "--percent", "2.5%", "--per", "user",
    )  # fmt: skip
    assert done.out == (
        "meta-planning: user eva: off; user tim: off; session s1: on; plan pro: on; seats 5: on; "
        "2.5 % of the users: on; everybody else: off\n"
    )
    value = "--json", "--attribute", "seats=5"
    (row,) = [row for row in json.loads(run(*value).out)["flags"] if row["key"] == "meta-planning"]
    assert row["value"] is True
    gone = run("set", "meta-planning", "--user", "eva=", "--attribute", "plan=pro=", "--percent", "0")
    assert gone.out == "meta-planning: user tim: off; session s1: on; seats 5: on; everybody else: off\n"
    assert run("set", "meta-planning", "--variant", "on", "--only").out == "meta-planning: everybody: on\n"
    assert run("set", "meta-planning", "--disable").out.startswith("meta-planning: disabled")
    assert run("set", "meta-planning", "--enable").out == "meta-planning: everybody: on\n"
    assert run("set", "meta-planning", "--variant", "on").err == "meta-planning is so already; nothing was changed.\n"
    assert run("reset", "meta-planning", "--reason", "done").out == "meta-planning: not defined\n"
    assert run("reset", "meta-planning").err == "meta-planning is so already; nothing was changed.\n"
    history = run("history", "meta-planning").out.splitlines()
    assert len(history) == 7
    assert history[-1].split()[-1] == "done"


def test_shares_of_several_variants(run: Run) -> None:
    done = run("set", "router-model", "--percent", "fast=20", "--percent", "smart=5")
    assert done.out == "router-model: 20 %: fast; 5 %: smart; everybody else: off\n"
    assert json.loads(run("set", "router-model", "--percent", "smart=0", "--json").out)["key"] == "router-model"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("set", "meta-planing", "--percent", "1"), "unknown flag 'meta-planing'"),
        (("set", "meta-planning"), "nothing to change was named"),
        (("set", "meta-planning", "--percent", "101"), "no percentage"),
        (("set", "meta-planning", "--percent", "1", "--percent", "2"), "'1' is no pair"),
        (("set", "meta-planning", "--percent", "on=1", "--percent", "on=2"), "on is named twice"),
        (("set", "meta-planning", "--tenant", "beta"), "'beta' is no pair"),
        (("set", "meta-planning", "--tenant", "beta=yes"), "no variant 'yes'"),
        (("set", "meta-planning", "--attribute", "plan=pro"), "NAME=VALUE=VARIANT"),
        (("set", "meta-planning", "--attribute", "a=1=on", "--attribute", "a=1=off"), "a=1 is named twice"),
        (("set", "meta-planning", "--define", "on=3", "--variant", "on"), "the variant on is on already"),
        (("set", "router-model", "--variant", "huge", "--define", "huge=huge"), "it may be off, fast, smart"),
        (("set", "meta-planning", "--enable", "--disable"), "can't be both"),
        (("set", "meta-planning", "--per", "galaxy"), "--per"),
        (("reset", "nothing"), "unknown flag"),
        (("--attribute", "plan"), "'plan' is no pair"),
    ],
)
def test_what_can_not_be_is_refused_and_writes_nothing(
    run: Run, home: Path, arguments: tuple[str, ...], told: str
) -> None:
    done = run(*arguments)
    assert (done.code, done.out) == (2, "")
    assert told in " ".join(done.err.replace("│", " ").split())
    assert not (home / "data" / "flags.json").exists()


def test_targeting_written_by_hand_is_not_overwritten(run: Run, home: Path) -> None:
    (home / "data").mkdir()
    by_hand = {
        "$comment": "ask eva",
        "state": "ENABLED",
        "variants": {"on": True, "off": False},
        "defaultVariant": "off",
        "targeting": {"if": [{"ends_with": [{"var": "user"}, "@ours"]}, "on"]},
    }
    text = json.dumps({"flags": {"meta-planning": by_hand}})
    (home / "data" / "flags.json").write_text(text)
    done = run("set", "meta-planning", "--percent", "10")
    assert done.code == 2
    assert "was written by hand" in done.err
    assert "--only" in done.err
    assert (home / "data" / "flags.json").read_text() == text
    assert "meta-planning: targeting written by hand" in run().out
    assert run("set", "meta-planning", "--variant", "off", "--only").code == 0
    after = json.loads((home / "data" / "flags.json").read_text())["flags"]["meta-planning"]
    assert after == {
        "$comment": "ask eva",
        "state": "ENABLED",
        "variants": by_hand["variants"],
        "defaultVariant": "off",
    }


def test_a_fault_is_shown_with_its_place_and_what_holds(run: Run, home: Path) -> None:
    (home / "data").mkdir()
    (home / "data" / "flags.json").write_text('{"flags": {"meta-planing": {"state": "ENABLED", "variants": {"a": 1}}}}')
    assert "meta-planing is defined, but nothing declares it; did you mean meta-planning?" in run().err
    (home / "data" / "flags.json").write_text('{"flags": {"meta-planning": {"state": "ENABLED"}}}')
    done = run()
    assert done.code == 0
    assert "variants must be an object with at least one variant [flags.json: flags.meta-planning.variants]" in done.out
    assert "Meanwhile settings and defaults hold." in done.out
    assert json.loads(run("--json").out)["fault"]["where"] == "flags.json: flags.meta-planning.variants"


def test_nothing_recorded_is_told(run: Run) -> None:
    assert run("history") == Done(0, "", "No change is recorded.\n")
    assert run("history", "meta-planning").err == "No change of meta-planning is recorded.\n"
    assert run("history", "--json").out == "[]\n"
