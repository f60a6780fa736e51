"""Schemas on their way to a model: what the offline model reads, and what every other model is given.

The keywords of `common.language.formats` mean something to the offline model only. Real providers refuse or ignore
them, so they are taken out, and what they say goes into descriptions instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from common.language import formats
from common.tool import Choices, Tool

__all__ = ["Schema", "choice_notes", "for_offline", "for_provider", "inlined", "tool_schema"]

Schema = dict[str, Any]

_MAX_DEPTH = 12
_MAX_NOTES = 60

_FORMAT_HINTS = {
    formats.WHEN: "Words of time as said, such as 'on Saturday at 9' or 'an hour before it', or ISO 8601.",
    formats.DURATION: "A length of time in words, such as '20 minutes'.",
    formats.PLACE: "The name of a place.",
    formats.SUBJECT: "What it is called or about, in a few words.",
    formats.PERSON: "A person's name.",
    formats.QUERY: "Words to search for.",
    formats.REQUEST: "",
    formats.PART: "",
    formats.PART_ID: "",
    formats.PART_REFERENCE: "",
    formats.PART_ORDER: "",
    formats.PLAN: "Numbered steps, one a line.",
}


def tool_schema(tool: Tool, choices: Choices, *, offline: bool) -> Schema:
    """A tool's input schema for one request: with utterances and choices for the offline model, plain otherwise.

    The schema is a copy the caller may keep; `choices` are the values that arguments can take in this request.
    """
    schema: Schema = {**tool.schema}
    if choices:
        schema["properties"] = _with_choices(schema.get("properties", {}), choices)
    if offline:
        return for_offline(schema, tool.utterances)
    return for_provider(schema)


def for_offline(schema: Mapping[str, Any], utterances: tuple[str, ...] = ()) -> Schema:
    """The schema with every keyword kept and references resolved."""
    full = inlined(schema)
    return {**full, formats.UTTERANCES: list(utterances)} if utterances else full


def for_provider(schema: Mapping[str, Any]) -> Schema:
    """The schema in plain JSON Schema: references resolved, ``x-`` keywords and formats of our own taken out."""
    return cast("Schema", _plain(inlined(schema)))


def inlined(schema: Mapping[str, Any]) -> Schema:
    """The schema with local references replaced by what they refer to; a recursive one ends in a plain object."""
    definitions = cast("Mapping[str, Any]", schema.get("$defs", {}))
    body = {key: value for key, value in schema.items() if key != "$defs"}
    return cast("Schema", _resolve(body, definitions, ()))


def choice_notes(schema: Mapping[str, Any]) -> str:
    """What a schema's choices mean, one line a value, for the prompt of a model that doesn't read the keyword."""
    notes: dict[str, str] = {}
    _collect_notes(schema, notes, 0)
    return "\n".join(f"- {value}: {note}" for value, note in notes.items())


def _with_choices(properties: Mapping[str, Any], choices: Choices) -> Schema:
    changed: Schema = dict(properties)
    for name, values in choices.items():
        if name in changed and values:
            aliases = {value: list(others) for value, others in values.items()}
            changed[name] = {**changed[name], formats.CHOICES: aliases}
    return changed


def _resolve(node: Any, definitions: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    if isinstance(node, list):
        return [_resolve(item, definitions, path) for item in cast("list[Any]", node)]
    if not isinstance(node, dict):
        return node
    mapping = cast("dict[str, Any]", node)
    reference = mapping.get("$ref")
    if not isinstance(reference, str):
        return {key: _resolve(value, definitions, path) for key, value in mapping.items()}
    name = reference.rpartition("/")[2]
    if name in path or name not in definitions or len(path) >= _MAX_DEPTH:
        return {"type": "object"}
    target = _resolve(definitions[name], definitions, (*path, name))
    beside = {key: value for key, value in mapping.items() if key != "$ref"}
    return {**target, **_resolve(beside, definitions, path)}


def _plain(node: Any) -> Any:
    if isinstance(node, list):
        return [_plain(item) for item in cast("list[Any]", node)]
    if not isinstance(node, dict):
        return node
    mapping = cast("dict[str, Any]", node)
    if "properties" in mapping:
        mapping = {**mapping, "properties": _Properties(mapping["properties"])}
    plain: Schema = {}
    for key, value in mapping.items():
        if key.startswith("x-"):
            continue
        if isinstance(value, _Properties):
            plain[key] = {name: _plain(inner) for name, inner in value.items()}
        elif key == "format" and value in _FORMAT_HINTS:
            continue
        elif key in ("default", "enum", "const", "examples"):
            plain[key] = value
        else:
            plain[key] = _plain(value)
    _describe(mapping, plain)
    return plain


class _Properties(dict[str, Any]):
    """The `properties` of a schema, whose keys are names of the user's and no keywords."""


def _describe(schema: Mapping[str, Any], plain: Schema) -> None:
    """Say in the description what the removed keywords said."""
    said: list[str] = [str(schema["description"])] if schema.get("description") else []
    format_name = schema.get("format")
    hint = _FORMAT_HINTS.get(format_name, "") if isinstance(format_name, str) else ""
    if hint and not said:
        said.append(hint)
    aliases = _aliases(schema)
    if aliases and "enum" not in schema:
        said.append(f"One of: {'; '.join(aliases)}.")
    if said:
        plain["description"] = " ".join(said)


def _aliases(schema: Mapping[str, Any]) -> list[str]:
    choices = schema.get(formats.CHOICES)
    if not isinstance(choices, dict):
        return []
    shown: list[str] = []
    for value, others in cast("dict[str, Any]", choices).items():
        words = [str(word) for word in cast("list[Any]", others)] if isinstance(others, list) else []
        shown.append(f"{value} (also: {', '.join(words)})" if words else value)
    return shown[:_MAX_NOTES]


def _collect_notes(node: Any, notes: dict[str, str], depth: int) -> None:
    if depth > _MAX_DEPTH * 2:
        return
    if isinstance(node, list):
        for item in cast("list[Any]", node):
            _collect_notes(item, notes, depth + 1)
    if not isinstance(node, dict):
        return
    mapping = cast("dict[str, Any]", node)
    choices = mapping.get(formats.CHOICES)
    if isinstance(choices, dict):
        for value, about in cast("dict[str, Any]", choices).items():
            if isinstance(about, dict) and len(notes) < _MAX_NOTES:
                notes[value] = _note(cast("Mapping[str, Any]", about))
    for key, inner in mapping.items():
        if key != formats.CHOICES:
            _collect_notes(inner, notes, depth + 1)


def _note(about: Mapping[str, Any]) -> str:
    description = str(about.get("description") or "")
    examples = [str(example) for example in cast("list[Any]", about.get("examples") or [])[:3]]
    return f"{description} (such as: {'; '.join(examples)})" if examples else description
