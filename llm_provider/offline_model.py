"""`OfflineModel`: a deterministic model for agents and tests that need no LLM.

``from llm_provider.offline_model import OfflineModel`` loads `strands`; importing this module does not. What the
model can and can't do is written at the class, in `llm_provider.offline.model`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from llm_provider.offline.model import OfflineModel

__all__ = ["OfflineModel"]


def __getattr__(name: str) -> Any:
    if name == "OfflineModel":
        from llm_provider.offline.model import OfflineModel

        return OfflineModel
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
