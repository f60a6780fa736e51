"""Settings from a YAML file and the environment, with a clear error for everything that is wrong with either.

Precedence: environment over file over default. `SUPERVISOR_STORE__URL` is ``store.url``; a value that takes lists or
mappings is given as JSON. A key or variable without a value keeps its default. Relative paths of a file stand relative
to the file's folder, all others to the current folder; either way the settings hold absolute ones.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, JsonValue, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from common.builder_settings import BUILDER_VARIABLES
from common.errors import ConfigurationError
from common.redaction import Redactor, is_secret_key
from common.sandbox_settings import SANDBOX_VARIABLES
from common.settings import Settings
from common.yaml_document import KeyPath, Problem, YamlDocument, not_encodable, read_yaml, value_from_text

__all__ = ["ENVIRONMENT_PREFIX", "load_settings"]

ENVIRONMENT_PREFIX = "SUPERVISOR_"
_SHORT = {**SANDBOX_VARIABLES, **BUILDER_VARIABLES}
_META_PLANNING = "ENABLE_PHASE4_META_PLANNING"

_NOT_SETTINGS = frozenset(
    {
        "SUPERVISOR_CONFIG",
        # what the process manager supervisord hands to every program that it runs
        "SUPERVISOR_ENABLED",
        "SUPERVISOR_PROCESS_NAME",
        "SUPERVISOR_GROUP_NAME",
        "SUPERVISOR_SERVER_URL",
    }
)


def load_settings(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """Settings from `path` (None: defaults) and the `SUPERVISOR_…` variables of `environ`; loads share nothing.

    Raises `ConfigurationError`: `where` is ``file:line key`` or the variable; several problems are listed in `what`.
    """
    sources = _Sources(str(path) if path else "", _read(path) if path else YamlDocument({}, {}))
    sources.add_environment(environ)
    sources.resolve_paths(path.absolute().parent if path else Path.cwd())
    broken = [Problem(sources.where(place), "the text is not valid Unicode") for place in not_encodable(sources.data)]
    if broken:
        raise _as_error([*sources.problems, *broken])
    try:
        settings = Settings.model_validate_json(json.dumps(sources.data), strict=True)
    except ValidationError as error:
        raise _as_error([*sources.problems, *_problems(error, sources)]) from None
    if sources.problems:
        raise _as_error(sources.problems)
    return settings


def _read(path: Path) -> YamlDocument:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise ConfigurationError(
            "there is no such configuration file", where=str(path), todo="Name an existing one, or leave it out."
        ) from None
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"the file is not UTF-8 (byte {error.start})", where=str(path)) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ConfigurationError(f"the configuration file can't be read: {reason}", where=str(path)) from None
    document = read_yaml(text, str(path))
    if document.data is not None and not isinstance(document.data, dict):
        kind = "a list" if isinstance(document.data, list) else "a single value"
        raise ConfigurationError(
            f"the top level must be sections with keys, not {kind}",
            where=f"{path}:{min(document.lines.values(), default=1)}",
            todo="Write for example “timezone: Europe/Zurich”.",
        )
    return document


@dataclass(slots=True)
class _Sources:
    """The merged data, and where each value comes from."""

    name: str
    document: YamlDocument
    data: dict[str, JsonValue] = field(init=False)
    problems: list[Problem] = field(init=False)
    variables: dict[KeyPath, str] = field(default_factory=dict[KeyPath, str])

    def __post_init__(self) -> None:
        data = _without_empty(self.document.data, Settings)
        self.data = data if isinstance(data, dict) else {}
        self.problems = list(self.document.problems)

    def where(self, path: KeyPath) -> str:
        """What a person reads: the variable, or file, line and key."""
        for end in range(len(path), 0, -1):
            if (variable := self.variables.get(path[:end])) is not None:
                return f"environment {variable}"
            if (line := self.document.lines.get(path[:end])) is not None:
                return f"{self.name}:{line} {'.'.join(map(str, path))}"
        return ".".join(map(str, path)) or self.name

    def add_environment(self, environ: Mapping[str, str]) -> None:
        """Lay the variables over the file's values."""
        for name in sorted(environ):
            short = _SHORT.get(name)
            ours = name.startswith(ENVIRONMENT_PREFIX) and not name.startswith(f"{ENVIRONMENT_PREFIX}TEST_")
            if not short and (not ours or name in _NOT_SETTINGS):
                continue
            path = short or self._path_of(name)
            if path is None:
                self.problems.append(
                    Problem(f"environment {name}", "no setting has this name", _nearest_variable(name))
                )
            elif environ[name].strip():
                self.variables[path] = name
                self._put(path, _value_for(_annotation_at(path), environ[name]))
        self._add_meta_planning(environ.get(_META_PLANNING, ""))

    def _add_meta_planning(self, text: str) -> None:
        if not text.strip():
            return
        value = {"1": True, "0": False}.get(text.strip(), value_from_text(text))
        if not isinstance(value, bool):
            self.problems.append(Problem(f"environment {_META_PLANNING}", f"expected true or false, got {text[:40]!r}"))
            return
        flags = self.data.get("flags", {})
        given = flags.get("values", {}) if isinstance(flags, dict) else None
        if isinstance(given, dict) and "meta-planning" not in given:
            self._put(("flags", "values", "meta-planning"), value)

    def _path_of(self, name: str) -> KeyPath | None:
        parts = name.removeprefix(ENVIRONMENT_PREFIX).lower().split("__")
        path: tuple[str, ...] = ()
        for part in parts:
            annotation = _annotation_at(path)
            if _value_type(annotation) is not None:
                path = (*path, self._free_key(path, part))
            elif (section := _section(annotation)) is not None and part in section.model_fields:
                path = (*path, part)
            else:
                return None
        return path if all(parts) else None

    def _free_key(self, path: tuple[str, ...], part: str) -> str:
        """The key of a mapping that a variable means: letter case, dashes and dots don't survive in its name."""
        present = self._get(path)
        if isinstance(present, dict):
            for key in present:
                if key.lower().replace("-", "_").replace(".", "_") == part:
                    return key
        return part.replace("_", "-") if path == ("flags", "values") else part

    def _get(self, path: KeyPath) -> JsonValue:
        found: JsonValue = self.data
        for key in path:
            if not isinstance(found, dict) or not isinstance(key, str):
                return None
            found = found.get(key)
        return found

    def _put(self, path: KeyPath, value: JsonValue) -> None:
        holder = self.data
        for key in path[:-1]:
            inner = holder.get(str(key))
            if not isinstance(inner, dict):
                inner = holder[str(key)] = {}
            holder = inner
        holder[str(path[-1])] = value

    def resolve_paths(self, folder: Path) -> None:
        """Make every path absolute: against `folder` where the file gave it, else against the current folder."""
        for path in _path_keys():
            given = self._get(path)
            if path == ("data_dir",) and given is None:
                given = str(Settings.model_fields["data_dir"].default)
            if isinstance(given, str):
                self._put(path, str(_absolute(given, self._base_of(path, folder))))
        prefix = "sqlite:///"
        for key in (("store", "url"), ("builder", "database_url")):
            url = self._get(key)
            if isinstance(url, str) and url.startswith(prefix) and len(url) > len(prefix):
                base = self._base_of(key, folder)
                self._put(key, f"{prefix}{_absolute(url.removeprefix(prefix), base)}")

    def _base_of(self, path: KeyPath, folder: Path) -> Path:
        from_file = path in self.document.lines and not any(path[:end] in self.variables for end in (1, 2))
        return folder if from_file else Path.cwd()


def _absolute(text: str, base: Path) -> Path:
    path = Path(text)
    if text.startswith("~"):
        try:
            path = path.expanduser()
        except RuntimeError:  # no such user: it is a name that starts with a tilde
            path = Path(text)
    return base / path


def _members(annotation: Any) -> Sequence[Any]:
    return get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)


def _section(annotation: Any) -> type[BaseModel] | None:
    for member in _members(annotation):
        if isinstance(member, type) and issubclass(member, BaseModel):
            return member
    return None


def _value_type(annotation: Any) -> Any:
    """The type of a mapping's values, None for all but mappings with free keys."""
    for member in _members(annotation):
        if get_origin(member) is dict:
            return get_args(member)[1]
    return None


def _item_type(annotation: Any) -> Any:
    for member in _members(annotation):
        if get_origin(member) in (tuple, list):
            return get_args(member)[0]
    return None


def _annotation_at(path: Sequence[str | int]) -> Any:
    """The annotation of the setting at a path; `Any` where the path leaves what is declared."""
    annotation: Any = Settings
    for key in path:
        section = _section(annotation)
        if section is not None and key in section.model_fields:
            annotation = section.model_fields[str(key)].annotation
        elif isinstance(key, int):
            annotation = _item_type(annotation)
        else:
            annotation = _value_type(annotation)
    return annotation


def _walk(section: type[BaseModel], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, info in section.model_fields.items():
        here = (*path, name)
        inner = _section(info.annotation)
        if inner is None:
            yield here, info.annotation
        else:
            yield from _walk(inner, here)


@cache
def _known_keys() -> tuple[tuple[str, ...], ...]:
    return tuple(path for path, _ in _walk(Settings))


@cache
def _path_keys() -> tuple[tuple[str, ...], ...]:
    return tuple(path for path, annotation in _walk(Settings) if Path in _members(annotation))


def _without_empty(value: JsonValue, annotation: Any) -> JsonValue:
    """The value without keys that were left empty, so that these keep their defaults."""
    if isinstance(value, list):
        item = _item_type(annotation)
        return [_without_empty(inner, item) for inner in value]
    section = _section(annotation)
    if not isinstance(value, dict) or section is None:
        return value
    return {
        key: _without_empty(inner, section.model_fields[key].annotation if key in section.model_fields else None)
        for key, inner in value.items()
        if inner is not None or key not in section.model_fields
    }


def _value_for(annotation: Any, text: str) -> JsonValue:
    """What a variable's text means for a setting of this type: a number, boolean, list …, else the text itself."""
    parsed = value_from_text(text)
    adapter: TypeAdapter[Any] = TypeAdapter(annotation)
    for candidate in (parsed, text):
        try:
            adapter.validate_json(json.dumps(candidate), strict=True)
        except ValidationError:
            continue
        return candidate
    return text if parsed is None else parsed


_EXPECTED = {
    "bool_type": "true or false",
    "dict_type": "keys with values below it",
    "float_type": "a number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "model_attributes_type": "keys with values below it",
    "model_type": "keys with values below it",
    "path_type": "a path",
    "string_type": "text (in quotes where it looks like a number or like true or false)",
    "tuple_type": "a list",
}


def _problems(error: ValidationError, sources: _Sources) -> list[Problem]:
    grouped: dict[KeyPath, list[ErrorDetails]] = {}
    for details in error.errors(include_url=False):
        grouped.setdefault(_real_path(details, sources.data), []).append(details)
    return [_problem(path, details, sources) for path, details in grouped.items()]


def _real_path(details: ErrorDetails, data: JsonValue) -> KeyPath:
    """The error's location without what pydantic adds for the members of unions."""
    path: list[str | int] = []
    for key in details["loc"]:
        match data, key:
            case dict(), str() if key in data:
                data = data[key]
            case list(), int():
                data = data[key]
            case _ if details["type"] != "missing":
                break
            case _:
                pass
        path.append(key)
    return tuple(path)


def _problem(path: KeyPath, errors: Sequence[ErrorDetails], sources: _Sources) -> Problem:
    where = sources.where(path)
    first = errors[0]
    if first["type"] == "extra_forbidden":
        key = str(path[-1])
        return Problem(where, f"unknown key {key!r}", _nearest_key(path))
    if first["type"] == "missing":
        return Problem(where, f"the key {path[-1]!r} is missing")
    wanted = dict.fromkeys(_EXPECTED[error["type"]] for error in errors if error["type"] in _EXPECTED)
    if len(wanted) == len({error["type"] for error in errors}):
        return Problem(where, f"expected {' or '.join(wanted)}, got {_shown(path, first['input'])}")
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "value_error":
        return Problem(where, message)
    return Problem(where, f"{message[:1].lower()}{message[1:]}, got {_shown(path, first['input'])}")


def _shown(path: KeyPath, value: Any) -> str:
    if isinstance(value, dict):
        return "keys with values"
    if isinstance(value, list):
        return "a list"
    if any(is_secret_key(str(key)) for key in path):
        return "a value that is not shown"
    text = json.dumps(Redactor().value(value), ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _nearest_key(path: KeyPath) -> str:
    key = str(path[-1])
    section = _section(_annotation_at(path[:-1]))
    siblings = list(section.model_fields) if section is not None else []
    if near := difflib.get_close_matches(key, siblings, n=1, cutoff=0.6):
        return f"Did you mean {near[0]!r}?"
    elsewhere = {known[-1]: ".".join(known) for known in _known_keys()}
    if near := difflib.get_close_matches(key, elsewhere, n=1, cutoff=0.8):
        return f"Did you mean {elsewhere[near[0]]!r}?"
    return f"Known keys here: {', '.join(siblings)}."


def _nearest_variable(name: str) -> str:
    known = ["__".join(key).upper() for key in _known_keys()]
    near = difflib.get_close_matches(name.removeprefix(ENVIRONMENT_PREFIX), known, n=1, cutoff=0.6)
    return f"Did you mean {ENVIRONMENT_PREFIX}{near[0]}?" if near else "See config.yaml for the settings that exist."


def _as_error(problems: Sequence[Problem]) -> ConfigurationError:
    first = problems[0]
    if len(problems) == 1:
        return ConfigurationError(first.what, where=first.where, todo=first.todo)
    lines = [f"\n  {where}: {what}{f'. {todo}' if todo else ''}" for where, what, todo in problems]
    return ConfigurationError(f"{len(problems)} problems in the configuration:{''.join(lines)}", where=first.where)
