"""The labels of the classifier: role names, `NONE`, and ``role.topic`` where a role's topics are told apart."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

__all__ = ["CONVERSATION", "NONE", "REMINDERS", "examples_digest", "role_of", "route_of"]

NONE = "none"
CONVERSATION = "conversation"
REMINDERS = "timer.reminder"


def role_of(label: str) -> str:
    """The role that serves a label."""
    return label.partition(".")[0]


def route_of(label: str) -> str:
    """What a label counts as when a prediction is judged: small talk and what nobody covers lead to the same place."""
    role = role_of(label)
    return NONE if role == CONVERSATION else role


def examples_digest(examples: Iterable[str]) -> str:
    """A digest of a role's examples in their order."""
    return hashlib.sha256("\n".join(examples).encode("utf-8", "surrogatepass")).hexdigest()
