"""Feature flags through OpenFeature, on a domain of their own.

`Flags` evaluates the flags of one supervisor, `RequestFlags` those of one request, each once. Without a provider of the
host's, definitions in flagd's format are read from a file (`FlagFile`), which `editing` changes safely.
"""

from common.flags.declarations import (
    AGENT_VERSION,
    AUTO_APPLY_IMPROVEMENTS,
    CURRENT,
    GUIDELINE_VERSION,
    IMPROVED,
    META_PLANNING,
    OFF,
    ROUTER_MODEL,
    SHADOW_COMPARISON,
    FlagDeclaration,
    FlagValue,
    shipped_flags,
)
from common.flags.evaluation import Flags, ReadFlag
from common.flags.request_flags import RequestFlags
from common.flags.watched_file import FlagFault

__all__ = [
    "AGENT_VERSION",
    "AUTO_APPLY_IMPROVEMENTS",
    "CURRENT",
    "GUIDELINE_VERSION",
    "IMPROVED",
    "META_PLANNING",
    "OFF",
    "ROUTER_MODEL",
    "SHADOW_COMPARISON",
    "FlagDeclaration",
    "FlagFault",
    "FlagValue",
    "Flags",
    "ReadFlag",
    "RequestFlags",
    "shipped_flags",
]
