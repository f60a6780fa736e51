"""What a run of an agent was, in the compact form that learning works on.

Collectors make records from events, trace files and decorated functions; analysis, guidelines, experiments and
prediction read nothing else. A record holds no arguments and no answers, only a digest that tells equal calls from
different ones, and bounded excerpts of text.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from json.encoder import encode_basestring_ascii
from typing import Any, Literal

__all__ = ["MAX_NAME", "MAX_STEPS", "MAX_TEXT", "Record", "Step", "StepKind", "argument_digest"]

StepKind = Literal["tool", "thinking", "reply"]

MAX_TEXT = 300
"""Characters of a step's text or error that are kept."""
MAX_NAME = 128
"""Characters of a tool's, agent's or domain's name that are kept."""
MAX_STEPS = 10_000
"""Steps of one record that are kept; what lies behind is not looked at."""

_DIGEST_BYTES = 6
_encode = json.JSONEncoder(sort_keys=True, ensure_ascii=True, separators=(",", ":"), default=repr).encode


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a run.

    kind: a tool's call, a thought, or words to the user. name: the tool, or the kind of thought.
    ok: whether the call succeeded; None where that is not known or does not apply.
    seconds: how long it took; None where not measured. arguments: see `argument_digest`; "" for none.
    error: why the call failed, "" otherwise. text: excerpt of the thought, the reply or the tool's answer.
    """

    kind: StepKind
    name: str
    ok: bool | None = None
    seconds: float | None = None
    arguments: str = ""
    error: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """One run of one agent on one task.

    success: the outcome; None while unknown (such a record is counted and otherwise left out). score: 0 to 1.
    seconds, tokens, cost: of the whole run; None where not measured. agent: which agent or model ran it.
    version: the guideline version it ran under. finished: whether the run came to an end of its own.
    position: where in the log it ended (or the line of a file), so that later readers know where to go on.
    tenant: whose it is; within a tenant its id is unique. task: the task in words, bounded; "" where not known.
    """

    trace_id: str
    agent_type: str
    task_id: str
    success: bool | None = None
    score: float | None = None
    steps: tuple[Step, ...] = ()
    seconds: float | None = None
    tokens: int | None = None
    cost: float | None = None
    agent: str = ""
    version: str = ""
    domain: str = ""
    finished: bool = True
    position: int = 0
    tenant: str = "default"
    task: str = ""


def argument_digest(arguments: Mapping[str, Any] | None) -> str:
    """Twelve hexadecimal digits that are equal for equal arguments whatever their order; "" for none.

    Values that JSON has no form for count by their `repr`.
    """
    if not arguments:
        return ""
    return hashlib.blake2b(_canonical(arguments).encode(), digest_size=_DIGEST_BYTES).hexdigest()


def _canonical(arguments: Mapping[str, Any]) -> str:
    """The same as `_encode` gives; put together by hand where all is text, which is most and takes a third."""
    parts: list[str] = []
    for key in sorted(arguments):
        value = arguments[key]
        if type(value) is not str or type(key) is not str:
            return _encode(arguments)
        parts.append(f"{encode_basestring_ascii(key)}:{encode_basestring_ascii(value)}")
    return f"{{{','.join(parts)}}}"
