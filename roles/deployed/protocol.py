"""What a supervisor and the process of a built agent say to each other: one line of JSON at a time.

The supervisor asks for a call or a ping. The process answers with a result or an error, or, any number of times before
that, with a query that it needs rows of; it is told the rows, or why there are none. What comes from the process was
written by code that nobody has read: it is believed only where it has exactly the form below.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter, ValidationError
from pydantic_core import from_json

from common.errors import AgentError

__all__ = ["AgentAnswer", "Answered", "Failed", "Pong", "QueryAsked", "encode", "read_answer"]

MAX_LINE = 8 * 2**20
"""Bytes of one message to the process."""


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class QueryAsked(_Message):
    """The process needs the rows of one of its specification's queries."""

    query: str = Field(max_length=64)
    parameters: dict[str, JsonValue] = Field(default_factory=dict, max_length=64)


class Answered(_Message):
    """The answer to a call: the operation's outputs by their names."""

    result: dict[str, JsonValue] = Field(max_length=256)


class Failure(_Message):
    """Why there is no answer: a code of the specification's error cases, or ``internal``."""

    code: str = Field(max_length=64)
    message: str = Field(max_length=4_000)
    todo: str = Field(default="", max_length=4_000)


class Failed(_Message):
    """The call could not be answered."""

    error: Failure


class Pong(_Message):
    """The process lives and has loaded the agent; it tells the class that it made, and its Python."""

    pong: dict[str, str] = Field(max_length=8)


AgentAnswer = QueryAsked | Answered | Failed | Pong
_ANSWER: TypeAdapter[AgentAnswer] = TypeAdapter(AgentAnswer)


def encode(message: Mapping[str, JsonValue | Sequence[Mapping[str, JsonValue]]]) -> bytes:
    """A message to the process, without the newline. Raises `AgentError` for one that is too long."""
    line = json.dumps(message, ensure_ascii=True, separators=(",", ":"), allow_nan=False).encode()
    if len(line) > MAX_LINE:
        raise AgentError(
            "unsupported",
            f"the rows that this calculation needs are {len(line) // 2**20} MiB, more than the {MAX_LINE // 2**20} MiB "
            "that an agent may be given",
            todo="Ask for fewer of them.",
        )
    return line


def read_answer(line: bytes, where: str) -> AgentAnswer:
    """What the process said. Raises `AgentError` (case ``worker``) for whatever has no known form."""
    try:
        return _ANSWER.validate_python(from_json(line, allow_inf_nan=False))
    except (ValueError, ValidationError):
        raise AgentError(
            "worker", "the agent's process answered in a way that can't be understood", where=where, todo=_REPORT
        ) from None


_REPORT = "Look at it with agents health; roll it back if it stays so."
