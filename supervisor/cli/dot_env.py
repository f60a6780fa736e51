"""The `.env` file of the command line: settings of one's own machine, and the five variables that name a model.

``LLM_BASE_URL``, ``LLM_MODEL_NAME``, ``LLM_API_KEY``, ``LLM_TEMPERATURE`` and ``LLM_MAX_TOKENS`` set up the tiers
`fast` and `smart` where nothing else does. The environment's own variables win over the file's. The library reads no
such file.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.errors import ConfigurationError

if TYPE_CHECKING:
    from common.settings import Settings

__all__ = ["Environment", "read_environment", "with_llm_variables"]

_FILE = ".env"
_OURS = ("SUPERVISOR_", "LLM_", "ENABLE_PHASE4_META_PLANNING")
_MAX_BYTES = 1_000_000
_TIERS = ("fast", "smart")
_KEYS = {
    "LLM_BASE_URL": "base_url",
    "LLM_MODEL_NAME": "model",
    "LLM_API_KEY": "api_key",
    "LLM_TEMPERATURE": "temperature",
    "LLM_MAX_TOKENS": "max_tokens",
}
_EXPECTED = {
    "base_url": "an address such as http://localhost:1234/v1",
    "temperature": "a number from 0 to 2",
    "max_tokens": "a whole number above 0",
}


@dataclass(frozen=True, slots=True)
class Environment:
    """The variables that count, and in which file those stand that the process's own environment does not have."""

    variables: Mapping[str, str]
    file: Path | None = None
    of_file: frozenset[str] = frozenset()

    def where(self, name: str) -> str:
        """Where a variable was set, for messages."""
        return f"{self.file} {name}" if name in self.of_file else name


def read_environment(environ: Mapping[str, str], folder: Path) -> Environment:
    """`environ` with what `.env` in `folder` adds of our variables. Raises `ConfigurationError` for a broken file."""
    path = folder / _FILE
    if not path.is_file():
        return Environment(environ)
    added = {
        name: value
        for name, value in _read(path).items()
        if name.startswith(_OURS) and value.strip() and name not in environ
    }
    return Environment({**environ, **added}, path, frozenset(added))


def with_llm_variables(settings: Settings, environment: Environment) -> Settings:
    """The settings with the tiers `fast` and `smart` as the `LLM_…` variables say, where they are as by default.

    Raises `ConfigurationError` that names the variable, and the file where it stands in one.
    """
    from common.settings import ModelSettings

    named = {name: environment.variables.get(name, "").strip() for name in _KEYS}
    if not named["LLM_BASE_URL"] and not named["LLM_MODEL_NAME"]:
        return settings
    unset = [tier for tier in _TIERS if settings.models.get(tier, ModelSettings()) == ModelSettings()]
    if not unset:
        return settings
    if not named["LLM_MODEL_NAME"]:
        raise ConfigurationError(
            "LLM_BASE_URL is set, but no model is named",
            where=environment.where("LLM_BASE_URL"),
            todo="Set LLM_MODEL_NAME to the model's id as the server lists it.",
        )
    tier = _tier({name: value for name, value in named.items() if value}, environment)
    return settings.model_copy(update={"models": {**settings.models, **dict.fromkeys(unset, tier)}})


def _tier(named: Mapping[str, str], environment: Environment) -> Any:
    from pydantic import ValidationError

    from common.settings import ModelSettings
    from llm_provider.providers.base import needs_url

    given = {_KEYS[name]: value for name, value in named.items()}
    try:
        tier = ModelSettings.model_validate({"provider": "openai", **given})
        needs_url(tier, "")
    except ValidationError as error:
        wrong = [str(problem["loc"][0]) for problem in error.errors(include_url=False, include_input=False)]
    except ConfigurationError:
        wrong = ["base_url"]
    else:
        return tier
    name = next(name for name, key in _KEYS.items() if key == wrong[0])
    raise ConfigurationError(
        f"{name} is not {_EXPECTED.get(wrong[0], 'usable')}",
        where=environment.where(name),
        todo="Correct it, or leave it out.",
    )


def _read(path: Path) -> dict[str, str]:
    from dotenv.parser import parse_stream

    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ConfigurationError("the file is too long to be one of variables", where=str(path))
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"the file is not UTF-8 (byte {error.start})", where=str(path)) from None
    except OSError as error:
        raise ConfigurationError(f"the file can't be read: {error.strerror}", where=str(path)) from None
    found: dict[str, str] = {}
    for binding in parse_stream(io.StringIO(text)):
        if binding.error:
            raise ConfigurationError(
                "the line is no NAME=value", where=f"{path}:{binding.original.line}", todo="Correct or remove it."
            )
        if binding.key is not None:
            found[binding.key] = binding.value or ""
    return found
