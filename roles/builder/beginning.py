"""What is refused before a build begins, since no attempt would come to anything: then nothing of it is in the log."""

from __future__ import annotations

import anyio.to_thread
from pydantic import JsonValue

from common.errors import BuildError, ConfigurationError, DeploymentError, ValidationFailed
from events.state.build import STAGES, Stage
from roles.builder.parts import BuildParts

__all__ = ["check_beginning", "is_worth_resuming"]

_UNDERSTANDING = frozenset(STAGES[: STAGES.index(Stage.WRITE)])
"""Stages that come to the same result whenever the same thing is asked for."""
_OF_WHAT_WAS_ASKED = frozenset(
    error.code for error in (BuildError, ValidationFailed, ConfigurationError, DeploymentError)
)


async def check_beginning(parts: BuildParts, requirements: JsonValue, specification: str, *, deploy: bool) -> None:
    """Raise for a given specification that can't be used, and for a given name that the agent can't have.

    Raises `ValidationFailed` or `BuildError`, and `ConfigurationError` for the name of a role that was not built.
    """
    if specification:
        name = await anyio.to_thread.run_sync(_name_of_specification, parts, specification)
    else:
        name = _given_name(requirements)
    if name and deploy and parts.deploying is not None:
        await parts.deploying.in_service(name)


def is_worth_resuming(stage: str, code: str, *, model: bool) -> bool:
    """Whether a build that failed at a stage, with an error of that code, may come further when it is gone on with.

    What can't be understood, or is no use as a specification, stays so; but a `model` may specify something else.
    """
    if code not in _OF_WHAT_WAS_ASKED or stage not in _UNDERSTANDING:
        return True
    return model and stage != Stage.ANALYZE


def _name_of_specification(parts: BuildParts, text: str) -> str:
    made = parts.understanding.from_yaml(text)
    findings = parts.understanding.check(made)
    if findings:
        told = "; ".join(str(one) for one in findings[:10])
        raise BuildError(f"the specification that was given can't be used: {told}", where="specification")
    return made.name


def _given_name(requirements: JsonValue) -> str:
    """The name that was asked for, as the agent would have it; empty where none was."""
    from roles.builder.understanding.words import identifier

    name = requirements.get("name") if isinstance(requirements, dict) else None
    return identifier(name) if isinstance(name, str) and name.strip() else ""
