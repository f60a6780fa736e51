"""Guidelines as files: rules that a person proposes, one a line or as YAML, and versions written out as YAML."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pydantic import JsonValue

from common.errors import ConfigurationError
from common.yaml_document import read_yaml
from events.catalogue.guideline import GuidelineRule
from events.state.guideline_rules import is_machine_readable

if TYPE_CHECKING:
    from supervisor.queries.guidelines import GuidelineRecord

__all__ = ["RulesFile", "file_of", "guideline_yaml", "read_rules"]

_MAX_CHARS = 200_000
_IS_YAML = re.compile(r"^rules[ \t]*:", re.MULTILINE)
_BULLET = re.compile(r"^[-*•][ \t]+")
_RULE_KEYS = frozenset({"id", "text", "origin", "evidence"})
_OWN_KEYS = frozenset({"rules", "base", "reason", "patterns", "evidence"})
_EXPORTED_KEYS = frozenset({"agent_type", "version", "status", "base_version", "proposed", "decided", "active_since"})


@dataclass(frozen=True, slots=True)
class RulesFile:
    """What a file proposes. `base` None: it names none; `agent_type` None: it is for any."""

    rules: Sequence[GuidelineRule | str]
    base: str | None = None
    reason: str = ""
    patterns: Sequence[str] = ()
    evidence: JsonValue = None
    agent_type: str | None = None


def read_rules(text: str, name: str) -> RulesFile:
    """Read rules: a YAML mapping with `rules`, or one rule a line (blank lines and ones that start with ``#`` aside).

    The YAML that `guideline_yaml` writes can be changed and proposed: the version it tells of is the base then. `name`
    is what errors call the file. Raises `ConfigurationError`; what a rule may hold is checked when it is proposed.
    """
    if len(text) > _MAX_CHARS:
        raise ConfigurationError(f"the rules are longer than {_MAX_CHARS:,} characters", where=name)
    if _IS_YAML.search(text):
        return _from_yaml(text, name)
    lines = [_BULLET.sub("", line.strip(" \t\r")) for line in text.split("\n")]
    rules = [line for line in lines if line and not line.startswith("#")]
    if not rules:
        raise ConfigurationError("there are no rules", where=name, todo="Write one rule a line, or YAML with 'rules:'.")
    return RulesFile(rules)


def _from_yaml(text: str, name: str) -> RulesFile:
    document = read_yaml(text, name)
    for problem in document.problems:
        raise ConfigurationError(problem.what, where=problem.where, todo=problem.todo)
    data = document.data
    if not isinstance(data, dict):
        raise ConfigurationError("the file is no mapping", where=name, todo="Write the rules below 'rules:'.")
    for key in data:
        if key not in _OWN_KEYS | _EXPORTED_KEYS:
            where, known = f"{name}:{document.lines[(key,)]} {key}", ", ".join(sorted(_OWN_KEYS))
            raise ConfigurationError("there is no such key", where=where, todo=f"Known: {known}.")
    rules = data.get("rules") or []
    if not isinstance(rules, list):
        raise ConfigurationError("the rules are no list", where=f"{name} rules")
    return RulesFile(
        [_rule(item, f"{name}:{document.lines[('rules', index)]} rules.{index}") for index, item in enumerate(rules)],
        base=_text(data, "base", name) or _text(data, "version", name),
        reason=_text(data, "reason", name) or "",
        patterns=_texts(data, "patterns", name),
        evidence=data.get("evidence"),
        agent_type=_text(data, "agent_type", name),
    )


def _rule(item: JsonValue, where: str) -> GuidelineRule | str:
    if isinstance(item, str):
        return item
    if not isinstance(item, dict):
        raise ConfigurationError("a rule is text", where=where, todo="Put quotes around it.")
    values = {key: value for key, value in item.items() if isinstance(value, str)}
    unknown = sorted(set(item) - _RULE_KEYS - {"machine_readable"})
    if unknown or len(values) < len(set(item) & _RULE_KEYS) or "text" not in values:
        raise ConfigurationError(
            "a rule is text, or has text, id, origin and evidence, all of them text",
            where=f"{where}.{unknown[0]}" if unknown else where,
            todo="Put quotes around a text that holds a colon.",
        )
    return GuidelineRule(**values) if "id" in values else values["text"]


def _text(data: Mapping[str, JsonValue], key: str, name: str) -> str | None:
    value = data.get(key)
    if value is not None and not isinstance(value, str):
        raise ConfigurationError("this is text", where=f"{name} {key}", todo="Put quotes around it.")
    return value


def _texts(data: Mapping[str, JsonValue], key: str, name: str) -> list[str]:
    values = data.get(key) or []
    texts = [value for value in values if isinstance(value, str)] if isinstance(values, list) else []
    if not isinstance(values, list) or len(texts) < len(values):
        raise ConfigurationError("this is a list of texts", where=f"{name} {key}")
    return texts


def file_of(folder: Path, record: GuidelineRecord) -> Path:
    """Where a version is written: a folder an agent type, a file a version."""
    kind = quote(record.agent_type, safe="").replace(".", "%2E")  # no name may be “..”
    return folder / kind / f"{record.version}.yaml"


def guideline_yaml(record: GuidelineRecord) -> str:
    """A version as a YAML document, which `read_rules` takes."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """Quotes every text: what is a number or a boolean to one reader of YAML is none to another."""

    def quoted(dumper: Any, text: str) -> Any:
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')

    Dumper.add_representer(_Quoted, quoted)
    told: dict[str, JsonValue] = {
        "agent_type": record.agent_type,
        "version": record.version,
        "status": record.status.value,
        "base_version": record.base_version,
        "active_since": _time(record.active_since),
        "rules": [{**rule.model_dump(), "machine_readable": is_machine_readable(rule.text)} for rule in record.rules],
        "proposed": {
            "by": record.proposed_by,
            "at": _time(record.proposed_at),
            "reason": record.proposed_why,
            "patterns": list(record.patterns),
            "evidence": record.evidence,
        },
        "decided": {"by": record.decided_by, "at": _time(record.decided_at), "reason": record.decided_why},
    }
    return yaml.dump(_all_quoted(told), Dumper=Dumper, sort_keys=False, allow_unicode=True, width=1_000)


class _Quoted(str):
    """A text that is written in quotes."""

    __slots__ = ()


def _all_quoted(value: JsonValue) -> JsonValue:
    if isinstance(value, str):
        return _Quoted(value)
    if isinstance(value, list):
        return [_all_quoted(item) for item in value]
    if isinstance(value, dict):
        return {key: _all_quoted(item) for key, item in value.items()}
    return value


def _time(moment: Any) -> str | None:
    return None if moment is None else moment.isoformat()
