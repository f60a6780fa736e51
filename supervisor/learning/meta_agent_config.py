"""What a `MetaAgent` can be told, by arguments, by a file, and by its three variables of the environment."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self, cast

from pydantic import Field, ValidationError

from common.errors import ConfigurationError
from common.learning_settings import LearningSettings

__all__ = ["CONFIG_FILE", "LOG_LEVEL", "STATE_FILE", "MetaAgentConfig"]

CONFIG_FILE = "META_AGENT_CONFIG_FILE"
STATE_FILE = "META_AGENT_STATE_FILE"
LOG_LEVEL = "META_AGENT_LOG_LEVEL"


class MetaAgentConfig(LearningSettings):
    """The section `learning` of a supervisor's settings, and what only matters to a meta agent that stands alone.

    `log_level` is the level of this project's own loggers of learning; no handler is set up and nothing of the host's
    is changed. `state_file` is where `save_state` and `load_state` look where they are given no file.
    """

    state_file: Path | None = None
    log_level: Literal["debug", "info", "warning", "error"] | None = None
    ready_wait: float = Field(default=10.0, gt=0, description="seconds that a cycle waits for traces being written")

    @classmethod
    def load(cls, path: Path | None = None, *, environ: Mapping[str, str] | None = None, **given: Any) -> Self:
        """From a file (default: the one that META_AGENT_CONFIG_FILE names, if any), the environment and `given`.

        The file is YAML or JSON: the keys themselves, or a whole configuration of a supervisor, of which the section
        `learning` counts. `given` counts most, then the environment, then the file. Raises `ConfigurationError` that
        names file, line and key.
        """
        variables = os.environ if environ is None else environ
        named = variables.get(CONFIG_FILE)
        file = path if path is not None else Path(named) if named else None
        values = {} if file is None else _read(file)
        if state := variables.get(STATE_FILE):
            values["state_file"] = state
        if level := variables.get(LOG_LEVEL):
            values["log_level"] = level.strip().lower()
        try:
            return cls.model_validate({**values, **given})
        except ValidationError as error:
            raise _problem(error, file) from None


def _read(file: Path) -> dict[str, Any]:
    from common.yaml_document import read_yaml

    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        raise ConfigurationError(
            f"the configuration of the meta agent can't be read: {reason}",
            where=str(file),
            todo=f"Name another file in {CONFIG_FILE}.",
        ) from None
    document = read_yaml(text, str(file))
    if document.problems:
        first = document.problems[0]
        raise ConfigurationError(first.what, where=first.where, todo=first.todo)
    data: object = document.data if document.data is not None else {}
    if isinstance(data, dict) and isinstance(data.get("learning"), dict):
        data = cast("object", data["learning"])
    if not isinstance(data, dict):
        raise ConfigurationError("the top level must be keys with values", where=str(file))
    return dict(cast("dict[str, Any]", data))


def _problem(error: ValidationError, file: Path | None) -> ConfigurationError:
    first = error.errors(include_url=False)[0]
    key = ".".join(str(part) for part in first["loc"])
    where = f"{file} {key}" if file is not None else key
    if first["type"] == "extra_forbidden":
        near = difflib.get_close_matches(key, MetaAgentConfig.model_fields, n=1)
        todo = (
            f"Did you mean {near[0]!r}?" if near else f"Known keys: {', '.join(sorted(MetaAgentConfig.model_fields))}."
        )
        return ConfigurationError(f"unknown key {key!r}", where=where, todo=todo)
    return ConfigurationError(first["msg"], where=where)
