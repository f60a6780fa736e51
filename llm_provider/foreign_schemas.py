"""What a stranger says of a tool, made fit for prompts and for checks: names, descriptions, schemas.

All of it is data of unknown intent. Descriptions lose what can't be seen and are bounded; schemas are rebuilt from the
keywords that are known to be harmless, with references resolved and a bound on their size. What is left out only makes
a check more lenient: the tool's owner checks its arguments itself.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from pydantic import BaseModel, ConfigDict, create_model, model_validator

from common.errors import ToolError

__all__ = ["ArgumentCheck", "foreign_arguments", "plain_text", "safe_schema", "tool_names"]

_NOT_NAME = re.compile(r"[^a-z0-9_]+")
_MAX_NAME = 64
_ARGUMENT = re.compile(r"[A-Za-z0-9_.$-]{1,64}")
_MAX_DEPTH = 10
_MAX_NODES = 1_000
_MAX_PROPERTIES = 100
_MAX_OPTIONS = 200
_MAX_CHARS = 20_000
_DESCRIPTION = 400
_STANDARD_FORMATS = frozenset({"date-time", "date", "time", "email", "uri", "uuid", "hostname", "ipv4", "ipv6"})
_NUMBERS = frozenset(
    {
        "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength",
        "minItems", "maxItems", "minProperties", "maxProperties",
    }
)  # fmt: skip
_TYPES = frozenset({"string", "number", "integer", "boolean", "array", "object", "null"})


def plain_text(text: object, max_chars: int) -> str:
    """One line of what can be seen in a text, at most `max_chars` long.

    Control and format characters (those that hide or reorder text among them) are left out.
    """
    if not isinstance(text, str):
        return ""
    head = text[: max_chars * 4]
    seen = "".join(char if unicodedata.category(char)[0] != "C" else " " for char in head)
    line = " ".join(seen.split())
    return line if len(line) <= max_chars else f"{line[: max_chars - 1]}…"


def tool_names(category: str, names: Iterable[str]) -> dict[str, str]:
    """Registered name -> the stranger's own name; the same for the same names in any order, and never two alike.

    Names that would look alike, or that had to be cut, carry a digest of their own one.
    """
    own = list(dict.fromkeys(names))
    plain = {name: _plain_name(name) for name in own}
    seen: dict[str, int] = {}
    for short in plain.values():
        seen[short] = seen.get(short, 0) + 1
    found: dict[str, str] = {}
    for name in sorted(own, key=lambda name: (plain[name] != name, name)):
        short = plain[name]
        if short != name and (seen[short] > 1 or len(short) > _MAX_NAME or not re.search(r"[a-z0-9]", name.lower())):
            digest = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:8]
            short = f"{short[: _MAX_NAME - 9]}_{digest}"
        elif len(short) > _MAX_NAME:
            short = f"{short[: _MAX_NAME - 9]}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"
        found.setdefault(f"{category}.{short}", name)
    return found


def _plain_name(name: str) -> str:
    plain = _NOT_NAME.sub("_", name.lower()).strip("_") or "tool"
    return plain if plain[0].isalpha() else f"t_{plain}"


def safe_schema(schema: object, where: str) -> dict[str, Any]:
    """The schema of a tool's arguments, rebuilt. Raises `ToolError` for one that can't be used or is too large."""
    if not isinstance(schema, Mapping) or cast("Mapping[str, Any]", schema).get("type", "object") != "object":
        raise ToolError("the arguments of a tool must be an object", where=where)
    given = cast("Mapping[str, Any]", schema)
    definitions: dict[str, Any] = {}
    for key in ("$defs", "definitions"):
        inner = given.get(key)
        if isinstance(inner, Mapping):
            definitions |= {f"#/{key}/{name}": value for name, value in cast("Mapping[str, Any]", inner).items()}
    built = _Builder(definitions, where).build({**given, "type": "object"}, 0, ())
    built.setdefault("properties", {})
    if len(json.dumps(built)) > _MAX_CHARS:
        raise ToolError(f"the schema of its arguments has more than {_MAX_CHARS:,} characters", where=where)
    return built


class _Builder:
    """Rebuilds one schema; every node counts, so that references can't make much out of little."""

    def __init__(self, definitions: Mapping[str, Any], where: str) -> None:
        self._definitions = definitions
        self._where = where
        self._nodes = 0

    def build(self, node: object, depth: int, path: tuple[str, ...]) -> dict[str, Any]:
        self._nodes += 1
        if self._nodes > _MAX_NODES:
            raise ToolError("the schema of its arguments is too large", where=self._where)
        if not isinstance(node, Mapping) or depth > _MAX_DEPTH:
            return {}
        given = cast("Mapping[str, Any]", node)
        reference = given.get("$ref")
        if isinstance(reference, str):
            if reference in path or reference not in self._definitions:
                return {}
            target = self.build(self._definitions[reference], depth + 1, (*path, reference))
            beside = {key: value for key, value in given.items() if key != "$ref"}
            return {**target, **self.build(beside, depth + 1, path)} if beside else target
        built = {**_words(given), **_limits(given)}
        self._properties(given, built, depth, path)
        self._items(given, built, depth, path)
        options = given.get("anyOf", given.get("oneOf"))
        if isinstance(options, Sequence) and not isinstance(options, str):
            entries = cast("Sequence[object]", options)[:_MAX_OPTIONS]
            built["anyOf"] = [self.build(option, depth + 1, path) for option in entries]
        return built

    def _properties(self, given: Mapping[str, Any], built: dict[str, Any], depth: int, path: tuple[str, ...]) -> None:
        properties = given.get("properties")
        if isinstance(properties, Mapping):
            named = cast("Mapping[str, Any]", properties)
            odd = next((name for name in named if not _ARGUMENT.fullmatch(str(name))), None)
            if odd is not None or len(named) > _MAX_PROPERTIES:
                what = f"the argument name {str(odd)[:60]!r}" if odd is not None else f"{len(named)} arguments"
                raise ToolError(f"{what} can't be told to a model", where=self._where)
            built["properties"] = {name: self.build(inner, depth + 1, path) for name, inner in named.items()}
            required = given.get("required")
            if isinstance(required, list):
                names = [name for name in cast("list[Any]", required) if isinstance(name, str) and name in named]
                built["required"] = list(dict.fromkeys(names))
        others = given.get("additionalProperties")
        if "patternProperties" in given:
            return
        if isinstance(others, bool):
            built["additionalProperties"] = others
        elif isinstance(others, Mapping):
            built["additionalProperties"] = self.build(cast("object", others), depth + 1, path)

    def _items(self, given: Mapping[str, Any], built: dict[str, Any], depth: int, path: tuple[str, ...]) -> None:
        items = given.get("items")
        if isinstance(items, Mapping) and "prefixItems" not in given:
            built["items"] = self.build(cast("object", items), depth + 1, path)


def _words(given: Mapping[str, Any]) -> dict[str, Any]:
    built: dict[str, Any] = {}
    kind = given.get("type")
    if isinstance(kind, str) and kind in _TYPES:
        built["type"] = kind
    elif isinstance(kind, list) and kind and all(str(one) in _TYPES for one in cast("list[Any]", kind)):
        built["type"] = list(cast("list[str]", kind))
    description = plain_text(given.get("description") or given.get("title"), _DESCRIPTION)
    if description:
        built["description"] = description
    if str(given.get("format")) in _STANDARD_FORMATS:
        built["format"] = given["format"]
    return built


def _limits(given: Mapping[str, Any]) -> dict[str, Any]:
    built: dict[str, Any] = {key: given[key] for key in _NUMBERS if _is_number(given.get(key))}
    if built.get("multipleOf", 1) <= 0:
        del built["multipleOf"]
    choices = cast("list[Any]", given["enum"]) if isinstance(given.get("enum"), list) else []
    if 0 < len(choices) <= _MAX_OPTIONS and _all_small(choices):
        built["enum"] = list(choices)
    for key in ("const", "default"):
        if key in given and _all_small([given[key]]):
            built[key] = given[key]
    if given.get("uniqueItems") is True:
        built["uniqueItems"] = True
    return built


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _all_small(values: object) -> bool:
    """Whether these are values that a prompt can show as they are: short, plain, of one line."""
    for value in cast("list[Any]", values):
        if isinstance(value, str):
            if plain_text(value, 200) != value:
                return False
        elif value is not None and not isinstance(value, (bool, int, float)):
            return False
    return True


class ArgumentCheck:
    """Checks arguments against a schema that `safe_schema` built."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._schema = schema
        self._validator: Any = None

    def __call__(self, arguments: Mapping[str, Any]) -> str | None:
        """What is wrong with them, or None; values are not repeated."""
        if self._validator is None:
            from jsonschema import Draft202012Validator

            self._validator = Draft202012Validator(dict(self._schema))
        problem = next(iter(self._validator.iter_errors(dict(arguments))), None)
        if problem is None:
            return None
        place = ".".join(str(key) for key in problem.absolute_path) or "arguments"
        rule = str(problem.validator)
        if rule in ("required", "additionalProperties"):
            return f"{place}: {plain_text(problem.message, 200)}"
        expected = plain_text(json.dumps(problem.validator_value, default=str), 200)
        return f"{place}: it does not meet {rule} {expected}"


class _Arguments(BaseModel):
    """Arguments of a tool whose schema is no pydantic class."""

    model_config = ConfigDict(extra="allow")


def foreign_arguments(name: str, schema: dict[str, Any], check: ArgumentCheck | None = None) -> type[BaseModel]:
    """A pydantic class that shows this schema and takes what `check` finds nothing wrong with."""

    def checked(cls: type[BaseModel], value: Any) -> Any:
        given: Any = value
        wrong = check(given) if check is not None and isinstance(value, Mapping) else None
        if wrong is not None:
            raise ValueError(wrong)
        return given

    def model_json_schema(cls: type[BaseModel], *_: Any, **__: Any) -> dict[str, Any]:
        return dict(schema)

    validators = cast("dict[str, Any]", {"checked": model_validator(mode="before")(cast("Any", classmethod(checked)))})
    made = create_model(f"{name.replace('.', '_')}_arguments", __base__=_Arguments, __validators__=validators)
    made.model_json_schema = classmethod(model_json_schema)  # type: ignore[method-assign]
    return made
