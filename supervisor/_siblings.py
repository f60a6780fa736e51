"""Says which module of a host hides one of the packages that the supervisor is made of."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

__all__ = ["SIBLINGS", "check_siblings"]

SIBLINGS = ("common", "events", "llm_provider", "roles")


def check_siblings(file: str) -> None:
    """Raise `ImportError` where one of the packages beside that of `file` is found somewhere else, or not at all.

    Their names are common words: a host's own ``common.py``, found first, would make imports fail obscurely.
    """
    home = Path(file).parent.parent
    for name in SIBLINGS:
        places = _places(name)
        if not any(place.resolve() == (home / name).resolve() for place in places):
            raise ImportError(_told(name, places, home), name=name)


def _places(name: str) -> list[Path]:
    """Where Python finds a package; the file where it is a plain module; nothing where there is none."""
    loaded = sys.modules.get(name)
    spec = find_spec(name) if loaded is None else None
    found = getattr(loaded, "__path__", None) if spec is None else spec.submodule_search_locations
    if found is not None:
        return [Path(place) for place in found]
    origin = getattr(loaded, "__file__", None) if spec is None else spec.origin
    return [Path(origin)] if origin else []


def _told(name: str, places: list[Path], home: Path) -> str:
    if not places:
        return f"the package {name!r} of agent-supervisor is missing: it belongs into {home}. Install it again."
    return (
        f"agent-supervisor needs its own package {name!r} from {home}, but Python finds {places[0]} first. "
        f"Rename that module, move it into a package, or put it behind agent-supervisor on sys.path."
    )
