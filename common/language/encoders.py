"""Encoders: what turns texts into vectors, so that texts can be compared by more than their words."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any, Protocol, runtime_checkable

from common.errors import ConfigurationError

__all__ = ["LEXICAL", "MINILM", "Encoder", "load_encoder"]

LEXICAL = "lexical"
"""The name that stands for no encoder: words, their classes and their pieces are compared."""
MINILM = "minilm"


@runtime_checkable
class Encoder(Protocol):
    """Turns texts into vectors. May be called from any thread."""

    @property
    def name(self) -> str:
        """Names the encoder and its version: what was learned from its vectors is kept under this name."""
        ...

    def encode(self, texts: Sequence[str]) -> Any:
        """A numpy array of 32-bit floats with a row of length 1 for each text. Any text may come, the empty one too."""
        ...


def load_encoder(name: str) -> Encoder | None:
    """The encoder that settings name: None for ``lexical``, ``minilm``, or a host's own as ``module:attribute``, an
    encoder or what makes one when called.

    Raises `ConfigurationError` for another name, and where what the encoder needs is not installed.
    """
    if name == LEXICAL:
        return None
    if name == MINILM:
        from common.language.minilm import MiniLM

        return MiniLM.load()
    module, colon, attribute = name.partition(":")
    if not colon:
        raise ConfigurationError(
            f"there is no encoder {name!r}",
            where="encoder",
            todo=f"Give {LEXICAL}, {MINILM}, or your own as module:attribute.",
        )
    try:
        found: Any = getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigurationError(f"the encoder {name} can't be loaded: {error}", where="encoder") from error
    made = found() if isinstance(found, type) or (callable(found) and not isinstance(found, Encoder)) else found
    if not isinstance(made, Encoder):
        raise ConfigurationError(f"{name} is no encoder: it needs a name and encode(texts)", where="encoder")
    return made
