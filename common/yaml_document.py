"""YAML as configuration wants it: plain data, every key's line, and no value that quietly means something else.

Scalars follow YAML 1.2 (so `10:30` stays text and is no number in base 60, and a date stays text), with yes/no and
on/off as booleans besides true/false. A key given twice is a problem, not a silent overwrite.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from pydantic import JsonValue

from common.errors import ConfigurationError

if TYPE_CHECKING:
    from yaml import MarkedYAMLError
    from yaml.nodes import MappingNode, Node, ScalarNode

__all__ = ["KeyPath", "Problem", "YamlDocument", "not_encodable", "read_yaml", "scalar", "value_from_text"]

KeyPath = tuple[str | int, ...]
"""Where a value stands: keys, and indexes in lists."""

_MAX_CHARS = 1_000_000
_MAX_DEPTH = 50
_MAX_NODES = 100_000

_BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"[-+]?(?:[0-9]{1,30}\.[0-9]{0,30}|\.[0-9]{1,30}|[0-9]{1,30})(?:[eE][-+]?[0-9]{1,2})?")


class Problem(NamedTuple):
    """One thing that is wrong with a configuration."""

    where: str
    what: str
    todo: str = ""


@dataclass(frozen=True, slots=True)
class YamlDocument:
    """A document's data, the line (from 1) of each key and list item, and what is wrong with its keys."""

    data: JsonValue
    lines: Mapping[KeyPath, int]
    problems: tuple[Problem, ...] = ()


def scalar(text: str) -> JsonValue:
    """What an unquoted scalar means."""
    if text in _NULLS:
        return None
    if (boolean := _BOOLEANS.get(text.lower())) is not None:
        return boolean
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


def read_yaml(text: str, name: str) -> YamlDocument:
    """Read one document. Raises `ConfigurationError` that names `name` and the line where it can't be read at all."""
    import yaml

    if len(text) > _MAX_CHARS:
        raise ConfigurationError(f"the file is longer than {_MAX_CHARS:,} characters", where=name)
    try:
        root: Node | None = yaml.BaseLoader(text).get_single_node()
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(error, name) from None
    except yaml.YAMLError as error:
        raise ConfigurationError(f"this is no YAML: {_one_line(str(error))}", where=name) from None
    except RecursionError:
        raise ConfigurationError("the YAML is nested too deeply", where=name) from None
    reader = _Reader(name)
    data = None if root is None else reader.value(root, ())
    return YamlDocument(data, reader.lines, tuple(reader.problems))


def value_from_text(text: str) -> JsonValue:
    """What a value given as text (an environment variable, an option) means: a flow list or mapping, or a scalar.

    Text that is neither is returned as it is.
    """
    stripped = text.strip()
    if not stripped.startswith(("{", "[")):
        return scalar(stripped)
    try:
        document = read_yaml(stripped, "value")
    except ConfigurationError:
        return text
    return text if document.problems else document.data


@dataclass(slots=True)
class _Reader:
    name: str
    lines: dict[KeyPath, int] = field(default_factory=dict[KeyPath, int])
    problems: list[Problem] = field(default_factory=list[Problem])
    nodes: int = 0

    def value(self, node: Node, path: KeyPath) -> JsonValue:
        from yaml.nodes import MappingNode, ScalarNode

        self.nodes += 1
        if len(path) > _MAX_DEPTH or self.nodes > _MAX_NODES:
            raise ConfigurationError(
                "the YAML is nested too deeply or expands to too much",
                where=self._where(node, path[:3]),
                todo="Write the values out instead of using anchors.",
            )
        if isinstance(node, ScalarNode):
            return self._scalar(node, path)
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        items: list[JsonValue] = []
        for index, item in enumerate(node.value):
            self.lines[(*path, index)] = item.start_mark.line + 1
            items.append(self.value(item, (*path, index)))
        return items

    def _scalar(self, node: ScalarNode, path: KeyPath) -> JsonValue:
        if not node.tag.endswith(":str"):
            self.problems.append(Problem(self._where(node, path), f"tags such as {node.tag} are not supported"))
        return node.value if node.style else scalar(node.value)

    def _mapping(self, node: MappingNode, path: KeyPath) -> JsonValue:
        from yaml.nodes import ScalarNode

        found: dict[str, JsonValue] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                self.problems.append(Problem(self._where(key_node, path), "a key must be plain text"))
                continue
            key = key_node.value
            inner = (*path, key)
            if key in found:
                first = self.lines[inner]
                what = f"the key {key!r} is given twice (first on line {first})"
                self.problems.append(Problem(self._where(key_node, inner), what, "Keep one of them."))
                continue
            self.lines[inner] = key_node.start_mark.line + 1
            found[key] = self.value(value_node, inner)
        return found

    def _where(self, node: Node, path: KeyPath) -> str:
        return f"{self.name}:{node.start_mark.line + 1} {'.'.join(map(str, path))}".rstrip()


def _syntax_error(error: MarkedYAMLError, name: str) -> ConfigurationError:
    mark = error.problem_mark or error.context_mark
    where = name if mark is None else f"{name}:{mark.line + 1} column {mark.column + 1}"
    what = _one_line(error.problem or error.context or "it can't be read")
    if "'\\t'" in what:
        return ConfigurationError("a tab stands where YAML wants spaces", where=where, todo="Indent with spaces.")
    return ConfigurationError(f"this is no YAML: {what}", where=where)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def not_encodable(value: JsonValue, path: KeyPath = ()) -> Iterator[KeyPath]:
    """Where text can't be encoded: bytes of the environment that are no UTF-8, escapes that are half a character."""
    if isinstance(value, str) and any("\ud800" <= character <= "\udfff" for character in value):
        yield path
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from not_encodable(item, (*path, index))
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from not_encodable(key, (*path, key))
            yield from not_encodable(inner, (*path, key))
