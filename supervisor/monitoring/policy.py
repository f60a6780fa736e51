"""The operator's policy: which improvements the flag `auto-apply-improvements` may approve without a person."""

from __future__ import annotations

from collections.abc import Collection

from common.context import TaskContext
from common.flags import AUTO_APPLY_IMPROVEMENTS, Flags
from supervisor.commands.improvements import PolicyCheck

__all__ = ["policy_check"]


def policy_check(flags: Flags, types: Collection[str]) -> PolicyCheck:
    """Whether a policy allows a type now: the flag is on, and the settings name the type. Any doubt means no."""

    async def allows(policy: str, type_: str) -> bool:
        if policy != AUTO_APPLY_IMPROVEMENTS or type_ not in types:
            return False
        read = await flags.read(AUTO_APPLY_IMPROVEMENTS, TaskContext())
        return read.value is True and not read.error

    return allows
