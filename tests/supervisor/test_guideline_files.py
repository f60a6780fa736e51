"""Rules as files, and versions as YAML that can be proposed again."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import ConfigurationError, GuidelineError
from events.catalogue.guideline import GuidelineRule
from events.state.guideline import GuidelineStatus
from events.state.guideline_rules import checked_rules, name_rules
from supervisor.guideline_files import file_of, guideline_yaml, read_rules
from supervisor.queries.guidelines import GuidelineRecord
from tests.events.samples import MOMENT, json_values


def record(*rules: GuidelineRule, **values: Any) -> GuidelineRecord:
    given: dict[str, Any] = {
        "agent_type": "agent", "version": "1.2.0", "status": GuidelineStatus.ACTIVE, "base_version": "1.1.0",
        "rules": rules, "diff": (), "patterns": ("p1",), "evidence": {"support": 12}, "proposed_by": "learning",
        "proposed_at": MOMENT, "proposed_why": "it helps", "share": None, "decided_by": "ann", "decided_at": MOMENT,
        "decided_why": "yes", "active_since": MOMENT, "position": 7,
    }  # fmt: skip
    return GuidelineRecord(**{**given, **values})


def test_one_rule_a_line() -> None:
    text = "# what we learned\n\n- prefer a.b over c.d\r\n* Be brief.\n• thrice  \nno bullet - here\n-5 stays\n"
    read = read_rules(text, "rules.txt")
    assert list(read.rules) == ["prefer a.b over c.d", "Be brief.", "thrice", "no bullet - here", "-5 stays"]
    assert (read.base, read.reason, read.agent_type) == (None, "", None)


def test_rules_as_yaml() -> None:
    text = """
reason: less noise
base: 1.0.0
patterns: [p1, p2]
evidence: {support: 12}
rules:
  - avoid a.b
  - {id: brief, text: Be brief., origin: ann, evidence: t1}
  - text: "with: colon"
"""
    read = read_rules(text, "rules.yaml")
    assert list(read.rules) == [
        "avoid a.b",
        GuidelineRule(id="brief", text="Be brief.", origin="ann", evidence="t1"),
        "with: colon",
    ]
    assert (read.reason, read.base, read.patterns, read.evidence) == (
        "less noise",
        "1.0.0",
        ["p1", "p2"],
        {"support": 12},
    )
    assert list(read_rules("rules: []", "none.yaml").rules) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "there are no rules"),
        ("# only a comment\n", "there are no rules"),
        ("rules:\n  - 5\n", "a rule is text [f:2 rules.0]"),
        ("rules:\n  - fine\n  - when: this\n", "a rule is text, or has text, id, origin and evidence"),
        ("rules:\n  - {id: a}\n", "a rule is text, or has"),
        ("rules:\n  - {text: 5}\n", "a rule is text, or has"),
        ("rules: yes\n", "the rules are no list"),
        ("rules: []\nbasis: 1.0.0\n", "there is no such key [f:2 basis]"),
        ("rules: []\nrules: []\n", "given twice"),
        ("rules: []\nreason: [a]\n", "this is text [f reason]"),
        ("rules: []\npatterns: [1]\n", "this is a list of texts [f patterns]"),
        ("rules: []\npatterns: p\n", "this is a list of texts [f patterns]"),
        ("rules: [\n", "this is no YAML"),
        ("- rules: []\nrules:", "this is no YAML"),
        ("x" * 200_001, "longer than 200,000"),
    ],
)
def test_files_that_are_no_rules(text: str, told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_rules(text, "f")
    assert told in str(caught.value)


def test_an_exported_version_can_be_changed_and_proposed() -> None:
    rules = (GuidelineRule(id="a", text="avoid a.b", origin="p1"), GuidelineRule(id="b", text="yes"))
    written = guideline_yaml(record(*rules))
    assert '"machine_readable": true' in written.replace("machine_readable:", '"machine_readable":')
    read = read_rules(written, "1.2.0.yaml")
    assert tuple(read.rules) == rules
    assert (read.base, read.agent_type) == ("1.2.0", "agent"), "its own version, not the one that it was made from"
    assert (read.reason, list(read.patterns), read.evidence) == ("", [], None), "what it was proposed on is not ours"


@given(st.lists(st.text(min_size=1, max_size=40), max_size=4), st.text(max_size=40), json_values)
def test_whatever_a_rule_says_comes_back(texts: list[str], why: str, evidence: Any) -> None:
    rules = [GuidelineRule(id=f"r{number}", text=text) for number, text in enumerate(dict.fromkeys(texts))]
    try:
        checked_rules(rules)
    except GuidelineError:
        return
    why = why.encode(errors="replace").decode()
    written = guideline_yaml(record(*rules, proposed_why=why, evidence=evidence))
    assert list(read_rules(written, "f").rules) == rules


@pytest.mark.parametrize(
    "text", ["yes", "1e5", "0x10", "null", "- a", "a: b", "#x", "'", '"', "\\n", "10:30", "*", "é"]
)
def test_texts_that_yaml_has_its_own_ideas_about(text: str) -> None:
    rule = GuidelineRule(id="r", text=text, origin=text)
    assert list(read_rules(guideline_yaml(record(rule)), "f").rules) == [rule]


@pytest.mark.parametrize("agent_type", ["..", ".", "../../etc", "a/b", "ü", "a\\b", "CON"])
def test_no_agent_type_leads_out_of_the_folder(agent_type: str) -> None:
    folder = Path("/exported")
    path = file_of(folder, record(agent_type=agent_type))
    assert path.parent.parent == folder
    assert path.resolve().is_relative_to(folder)
    assert ".." not in path.parts


def test_the_file_that_the_documentation_shows_can_be_read() -> None:
    text = (Path(__file__).parents[2] / "docs/guidelines.md").read_text()
    (shown,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    read = read_rules(shown, "docs/guidelines.md")
    assert (read.base, read.reason, len(read.rules)) == ("1.1.0", "the forecast is asked for twice", 2)
    assert len(checked_rules(name_rules(read.rules))) == 2
