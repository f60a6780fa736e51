"""Which document a person means by a name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

__all__ = ["choose_document"]

_NAME_FILLER = frozenset(
    [
        *("the", "a", "an", "my", "me", "to", "of", "on", "for", "about", "see", "whole", "full", "entire", "text"),
        *("document", "documents", "file", "note", "notes", "collection", "md", "txt", "pdf", "html", "htm", "page"),
    ]
)


def choose_document(name: str, documents: Sequence[tuple[str, str, str]]) -> int | None:
    """The index of the (origin, path, title) that a title or source means; None where none comes near."""
    wanted = name.casefold().strip(" \"'“”.?!")
    words = set(_words(wanted))
    best: tuple[float, int] | None = None
    for position, (origin, path, title) in enumerate(documents):
        exact = {f"{origin}: {path}".casefold(), path.casefold(), title.casefold(), Path(path).stem.casefold()}
        mine = set(_words(f"{title} {Path(path).stem}"))
        score = 2.0 if wanted in exact else len(words & mine) / len(words) if words else 0.0
        if score >= 0.6 and (best is None or score > best[0]):
            best = (score, position)
    return best[1] if best else None


def _words(text: str) -> list[str]:
    words = "".join(char if char.isalnum() else " " for char in text.casefold()).split()
    return [word for word in words if word not in _NAME_FILLER]
